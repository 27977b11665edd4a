/* The hosts of a worker, shared by hosts.c (their tasks), hosts_stored.c (what waits in the store) and hosts_told.c (what the
 * supervisor says, and what happens by itself). */
#ifndef TRAWL_WORKER_HOSTS_PRIV_H
#define TRAWL_WORKER_HOSTS_PRIV_H

#include <uthash.h>

#include "util/alloc.h"
#include "worker/hosts.h"

struct trawl_host {
    UT_hash_handle hh;
    struct trawl_heap queue;      /* of tasks */
    struct trawl_heap_node ready; /* may start its first task */
    struct trawl_heap_node timed; /* has something to do by itself, */
    uint64_t due_ns;              /* then */
    uint64_t report_ns;           /* when what it has to tell is due, or NEVER */
    uint64_t idle_ns;             /* since when it has no task, or NEVER */
    unsigned wanted;              /* as last told */
    unsigned held;                /* slots, of which some are */
    unsigned used;
    unsigned recalled;   /* of those in use, that go back when they are free */
    unsigned once;       /* slots for one request each that are unused */
    unsigned active;     /* by slots of either kind */
    size_t stored;       /* requests that are in the store only */
    size_t stored_count; /* how many of the host's to ask for next */
    size_t stored_taken; /* of those that were asked for, so far */
    uint64_t stored_ns;  /* when to ask for some, or NEVER */
    bool stored_asked;   /* and they have not all come yet */
    struct trawl_robots *robots;
    struct trawl_host_report report;
    char shut_kind[32]; /* "": it is open */
    char *shut_reason;
    char name[];
};

struct trawl_hosts {
    struct trawl_hosts_limits limits;
    const struct trawl_hosts_ops *ops;
    void *user;
    struct trawl_host *by_name; /* uthash */
    struct trawl_heap ready;
    struct trawl_heap timed;
    unsigned active;
    bool paused;
    bool start_late;
};

static inline struct trawl_host *trawl__host_timed(const struct trawl_heap_node *node)
{
    return TRAWL_CONTAINER_OF(node, struct trawl_host, timed);
}

/* --- hosts.c ------------------------------------------------------------------------------------- */

struct trawl_host *trawl__host_find(struct trawl_hosts *hosts, const char *name);

/* The host of a URL, made if it is new. */
struct trawl_host *trawl__host_of(struct trawl_hosts *hosts, const char *url);
void trawl__host_destroy(struct trawl_hosts *hosts, struct trawl_host *host);

/* Something of it has changed: put it where it belongs. */
void trawl__host_settle(struct trawl_hosts *hosts, struct trawl_host *host, uint64_t now_ns);
void trawl__host_settle_timed(struct trawl_hosts *hosts, struct trawl_host *host);

/* When it gives back what it holds, or is forgotten; NEVER if it is not idle. */
uint64_t trawl__host_idle_due(const struct trawl_host *host);

void trawl__host_report_now(struct trawl_hosts *hosts, struct trawl_host *host);
void trawl__host_give_back(struct trawl_hosts *hosts, struct trawl_host *host, unsigned slots);

/* Give back the slots that nobody uses, of those that are held. Those in use will follow. */
void trawl__host_let_go(struct trawl_hosts *hosts, struct trawl_host *host);

/* Give back all, and want none. */
void trawl__host_unwant(struct trawl_hosts *hosts, struct trawl_host *host);

/* --- hosts_stored.c ------------------------------------------------------------------------------ */

/* See to it that the host's queue does not run dry while there is something in the store. */
void trawl__host_settle_stored(struct trawl_hosts *hosts, struct trawl_host *host, uint64_t now_ns);

/* It is time to ask for some. */
void trawl__host_ask_stored(struct trawl_hosts *hosts, struct trawl_host *host, uint64_t now_ns);

#endif
