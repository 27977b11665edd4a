/* The hosts that this worker has requests for, and what it may ask of each of them now. A host is a scheme, a name and a port.
 *
 * How much is asked of a host is decided once for the whole server, by the supervisor, which deals out slots: a worker says
 * how many it could use, is granted some, and gives them back when they are recalled or no longer used. A slot allows one
 * request at a time. Where requests to a host are kept apart, slots are good for one request only.
 *
 * Tasks queue with their host. Hosts that may start one stand in a heap by their first task, so the next task is found in a
 * few steps however many hosts are saturated. The caller brings the clock: nanoseconds that never go back.
 */
#ifndef TRAWL_WORKER_HOSTS_H
#define TRAWL_WORKER_HOSTS_H

#include <stddef.h>
#include <stdint.h>

#include "worker/robots.h"
#include "worker/task.h"

/* Nothing happens by itself. */
#define TRAWL_HOSTS_NEVER UINT64_MAX

/* A host without a request gives its slots back after this, and is forgotten after that: a page often brings the next
 * request, and a crawl may meet any number of hosts. */
#define TRAWL_HOSTS_IDLE_NS   UINT64_C(100000000)
#define TRAWL_HOSTS_LINGER_NS UINT64_C(10000000000)

/* What went well is told no more often than this. */
#define TRAWL_HOSTS_REPORT_NS UINT64_C(100000000)

struct trawl_hosts_limits {
    unsigned concurrency; /* slots of one host that are asked for */
    unsigned total;       /* requests under way */
    size_t queue;         /* tasks of one host that wait here; further ones wait in the store */
};

/* What a request tells of its host. */
enum trawl_host_news {
    TRAWL_HOST_FINE,   /* it answers */
    TRAWL_HOST_FAILED, /* it does not, or only with 5xx */
    TRAWL_HOST_BUSY,   /* it asks for less: 429, 503, Retry-After */
};

struct trawl_host_result {
    enum trawl_host_news news;
    uint32_t elapsed_ms;    /* until its answer began */
    int64_t retry_after_ms; /* negative: it did not say */
};

/* What the supervisor is told of a host; all since the last time. */
struct trawl_host_report {
    unsigned back;       /* slots that are given back */
    uint64_t started_ns; /* when the request of a slot for one was started; 0: none was */
    unsigned fine;
    uint64_t fine_ms; /* that these took together */
    unsigned failed;
    unsigned busy;
    int64_t retry_after_ms; /* the longest, negative if none */
    unsigned excluded;      /* requests that robots.txt asks not to make */
    char *excluded_url; /* the last of them, and the rule that says so; NULL if there were none */
    char *excluded_rule;
};

struct trawl_hosts_ops {
    void (*want)(void *user, const char *host, unsigned slots);
    void (*report)(void *user, const char *host, const struct trawl_host_report *report);

    /* Ask the store for the first `count` of the host's requests that have not been made. What comes goes to
     * trawl_hosts_push_stored(), and when that was all, trawl_hosts_more_came() is called. */
    void (*more)(void *user, const char *host, size_t count);
};

struct trawl_hosts;

struct trawl_hosts *trawl_hosts_create(const struct trawl_hosts_limits *limits,
                                       const struct trawl_hosts_ops *ops, void *user);

/* Frees the tasks in its queues, too. NULL is fine. */
void trawl_hosts_destroy(struct trawl_hosts *hosts);

/* --- tasks --------------------------------------------------------------------------------------- */

/* Queue a task. */
void trawl_hosts_push(struct trawl_hosts *hosts, struct trawl_task *task, uint64_t now_ns);

/* True if the queue of the URL's host is full: the request is left to the store. What is asked of a host that is shut comes to
 * its end at once. */
bool trawl_hosts_store(struct trawl_hosts *hosts, const char *url, uint64_t now_ns);

/* Queue a task of a request that was left there, however full the queue is. */
void trawl_hosts_push_stored(struct trawl_hosts *hosts, struct trawl_task *task, uint64_t now_ns);
void trawl_hosts_more_came(struct trawl_hosts *hosts, const char *host, uint64_t now_ns);

/* The depth of a queued task has changed. */
void trawl_hosts_update(struct trawl_hosts *hosts, struct trawl_task *task);

/* The task to start now, or NULL. It stays queued until it is begun or dropped. */
struct trawl_task *trawl_hosts_peek(struct trawl_hosts *hosts);

/* Why a task must not be fetched. */
struct trawl_refusal {
    const char *kind; /* static: "robots", or of what keeps its robots.txt from us, or "host" */
    bool excluded;    /* the site does not want it; else it could not be tried */
    char reason[512];
};

/* True if the host does not allow the peeked task, or is not to be asked at all. */
bool trawl_hosts_refuse(struct trawl_hosts *hosts, const struct trawl_task *task,
                        struct trawl_refusal *ret_refusal, uint64_t now_ns);

/* Take the peeked task from its queue and count it as under way. */
void trawl_hosts_begin(struct trawl_hosts *hosts, struct trawl_task *task, uint64_t now_ns);

/* Whether tasks that begin from now on start only when trawl_hosts_started() says so: a slot for one request is good for the
 * next once it has started. Else they start when they begin. */
void trawl_hosts_start_late(struct trawl_hosts *hosts, bool late);
void trawl_hosts_started(struct trawl_hosts *hosts, struct trawl_task *task, uint64_t now_ns);

/* Take the peeked task from its queue. */
void trawl_hosts_drop(struct trawl_hosts *hosts, struct trawl_task *task, uint64_t now_ns);

/* A task that was begun is no longer under way. */
void trawl_hosts_end(struct trawl_hosts *hosts, struct trawl_task *task,
                     const struct trawl_host_result *result, uint64_t now_ns);

/* --- what the supervisor says -------------------------------------------------------------------- */

/* `once`: each for one request. What is granted for a host that has nothing to do goes back by itself. */
void trawl_hosts_grant(struct trawl_hosts *hosts, const char *host, unsigned slots, bool once,
                       uint64_t now_ns);

/* So many slots are to be given back, as they become free. */
void trawl_hosts_recall(struct trawl_hosts *hosts, const char *host, unsigned slots,
                        uint64_t now_ns);

/* Its rules, which are taken over; NULL: there are none. */
void trawl_hosts_set_robots(struct trawl_hosts *hosts, const char *host,
                            struct trawl_robots *robots);

/* Refuse all that is asked of it until there is another grant. `kind` is copied. */
void trawl_hosts_shut(struct trawl_hosts *hosts, const char *host, const char *kind,
                      const char *reason, uint64_t now_ns);

/* Give back all slots, and want none until trawl_hosts_resume(): nothing of what is queued may be fetched for now. Nothing is
 * under way. */
void trawl_hosts_pause(struct trawl_hosts *hosts);
void trawl_hosts_resume(struct trawl_hosts *hosts, uint64_t now_ns);

/* --- time ---------------------------------------------------------------------------------------- */

/* Tell what is to be told by now, give back what is not used, forget who is idle. */
void trawl_hosts_tick(struct trawl_hosts *hosts, uint64_t now_ns);

/* Tell all that is to be told. */
void trawl_hosts_flush(struct trawl_hosts *hosts);

/* When there is something to do for trawl_hosts_tick(), or TRAWL_HOSTS_NEVER. */
uint64_t trawl_hosts_next_ns(const struct trawl_hosts *hosts);

unsigned trawl_hosts_active(const struct trawl_hosts *hosts);
size_t trawl_hosts_count(const struct trawl_hosts *hosts);

/* "https://name:port" of a canonical URL, without a default port, into room for TRAWL_URL_MAX + 1 bytes; its length. */
size_t trawl_host_name(const char *url, char *room);

#endif
