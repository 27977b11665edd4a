/* Inside the worker process: worker.c is the process and its channel, crawl.c drives the shard from its first request to
 * its end, page.c makes a page of each answer, pages_out.c sends pages and counts what is not acknowledged, host_words.c
 * talks about hosts with the supervisor, robots_fetch.c fetches their robots.txt. */
#ifndef TRAWL_WORKER_WORKER_PRIV_H
#define TRAWL_WORKER_WORKER_PRIV_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "ipc/channel.h"
#include "ipc/page.h"
#include "trawl/plugin.h"
#include "trawl/scraper.h"
#include "util/log.h"
#include "worker/fetch.h"
#include "worker/frontier.h"
#include "worker/job.h"
#include "worker/settings.h"

/* What may be sent and not yet committed. Beyond it, nothing is fetched and no answer is looked at: the store decides how
 * fast a worker goes. 256 pages are a tenth of a second at full speed, longer than a commit takes. */
#define TRAWL_UNACKED_PAGES_MAX 256
#define TRAWL_UNACKED_BYTES_MAX (32u << 20)

enum trawl_worker_state {
    TRAWL_WORKER_IDLE,     /* waits for its JOB */
    TRAWL_WORKER_LOADING,  /* waits for the last of the REQUESTS */
    TRAWL_WORKER_RUNNING,  /* fetches; when there is nothing left says IDLE */
    TRAWL_WORKER_STOPPING, /* finishes what is under way, then says STOPPED */
    TRAWL_WORKER_FAILING,  /* waits for the last acknowledgements, then says FAILED */
    TRAWL_WORKER_OVER,     /* has said so; waits for the channel's end */
};

/* Conditional requests. */
struct trawl_validate {
    bool on;  /* what later runs need for them is kept */
    bool ask; /* the platform has some of that */
    struct trawl_hash
        scope; /* what all pages of the job have in common, see struct trawl_validators */
    struct trawl_task **tasks; /* that wait for an answer: */
    size_t count;
    size_t cap;
    size_t asked; /* so many of them have been asked for; the others are next */
};

struct trawl_worker {
    uv_loop_t loop;
    uv_timer_t heartbeat;
    uv_timer_t wake; /* for retries, delays, and progress that was held back */
    struct trawl_channel *channel;
    struct trawl_log log;
    enum trawl_worker_state state;

    json_t *task; /* the JOB message */
    const struct trawl_scraper_ops *ops;
    void *scraper;
    bool created;
    struct trawl_settings settings;
    struct trawl_job job;
    struct trawl_frontier *frontier;
    struct trawl_fetcher *fetcher;
    struct trawl_validate validate;

    struct trawl_robots_fetch *robots_fetches; /* utlist */

    struct trawl_fetch *parked_first; /* answers that wait for acknowledgements */
    struct trawl_fetch **parked_last;

    bool idle;      /* has said so, and nothing has come since */
    bool starved;   /* has said so, and no GRANT has come since */
    uint64_t heard; /* of what may end its being idle, see TRAWL_MSG_IDLE */

    uint32_t lease;
    uint64_t serial; /* of the last page sent */
    uint64_t acked;
    uint64_t unacked_bytes;
    uint32_t sizes[TRAWL_UNACKED_PAGES_MAX * 2]; /* of the pages sent, by serial */

    bool progress_held;
    uint64_t progress_ns; /* when the last was sent */
    uint64_t progress_current;
    uint64_t progress_total;
    char progress_message[512];

    char failure[1024]; /* why the shard failed, "" if it has not */
};

/* --- crawl.c --------------------------------------------------------------------------------------- */

/* All requests of a continued shard are known, or there are none: begin. */
void trawl__crawl_begin(struct trawl_worker *worker);

/* Do whatever can be done now. Called whenever something has changed. */
void trawl__crawl_pump(struct trawl_worker *worker);

/* Something has come that may give it more to do. */
void trawl__crawl_heard(struct trawl_worker *worker);

/* No shard has anything left: let the scraper finish. */
void trawl__crawl_finish(struct trawl_worker *worker);

/* End the shard; `message` is said with FAILED. */
__attribute__((format(printf, 2, 3))) void trawl__crawl_fail(struct trawl_worker *worker,
                                                             const char *format, ...);
void trawl__crawl_stop(struct trawl_worker *worker);

/* Fetch a request, under the condition that it has changed since `validators` (or NULL), or give it up. */
void trawl__crawl_fetch(struct trawl_worker *worker, struct trawl_task *task,
                        const struct trawl_validators *validators);

/* Do not fetch it, as the shard has been told to stop; its request stays as it is. */
void trawl__crawl_leave(struct trawl_worker *worker, struct trawl_task *task);

/* The fetcher's callback. */
void trawl__crawl_on_fetched(void *user, struct trawl_fetch *fetch);

/* --- page.c ---------------------------------------------------------------------------------------- */

/* Make a page of an answer, or let its request wait for another try. Releases the fetch. */
void trawl__page_process(struct trawl_worker *worker, struct trawl_fetch *fetch);

/* Give up a request that was not even tried, or is not to be. */
void trawl__page_refuse(struct trawl_worker *worker, struct trawl_task *task,
                        const struct trawl_refusal *refusal);

/* What an answer, or the lack of one, tells of its host. */
void trawl__page_judge_host(const struct trawl_fetch_result *result,
                            struct trawl_host_result *ret_result);

/* --- validate.c ------------------------------------------------------------------------------------ */

/* Once the plugin is loaded. */
void trawl__validate_open(struct trawl_worker *worker, const struct trawl_plugin *plugin);
void trawl__validate_finish(struct trawl_worker *worker);

/* What decides what comes of a page, but for its content; changes with the task's depth. */
struct trawl_hash trawl__validate_scope(const struct trawl_worker *worker,
                                        const struct trawl_task *task);

/* Put into a page that ended well what a later run needs to ask whether it has changed. */
void trawl__validate_page(const struct trawl_worker *worker, const struct trawl_task *task,
                          const struct trawl_fetch_result *result, struct trawl_page *page);

/* Whether to ask for validators before this is fetched; then it waits with the others until all are asked for. */
bool trawl__validate_wants(const struct trawl_worker *worker, const struct trawl_task *task);
void trawl__validate_add(struct trawl_worker *worker, struct trawl_task *task);
void trawl__validate_send(struct trawl_worker *worker);

/* The answer has come. 0 or -EBADMSG. */
int trawl__validate_on_answer(struct trawl_worker *worker, const struct trawl_frame *frame);

/* --- pages_out.c ----------------------------------------------------------------------------------- */

bool trawl__pages_may_send(const struct trawl_worker *worker);

/* Send a page with what the job has emitted; its new requests enter the frontier. */
void trawl__pages_send(struct trawl_worker *worker, struct trawl_page *page);

/* Send a page with these requests, which are in the frontier already. */
void trawl__pages_send_as_is(struct trawl_worker *worker, struct trawl_page *page);

void trawl__pages_on_ack(struct trawl_worker *worker, uint64_t serial);
bool trawl__pages_all_acked(const struct trawl_worker *worker);

/* --- host_words.c ---------------------------------------------------------------------------------- */

extern const struct trawl_hosts_ops trawl__host_ops;

/* A message of the supervisor about a host. */
void trawl__host_words(struct trawl_worker *worker, uint16_t type, const json_t *words);

/* A TRAWL_MSG_ROBOTS. 0, -EBADMSG or -ENOMEM. */
int trawl__host_robots(struct trawl_worker *worker, const struct trawl_frame *frame);

/* --- robots_fetch.c -------------------------------------------------------------------------------- */

/* Fetch a host's robots.txt, and tell the supervisor. */
void trawl__robots_fetch(struct trawl_worker *worker, const char *host);

/* Of a task with `robots`. Releases the fetch. */
void trawl__robots_on_fetched(struct trawl_worker *worker, struct trawl_fetch *exchange);

/* Try again what has waited long enough; when that will be the case, or UINT64_MAX. */
void trawl__robots_tick(struct trawl_worker *worker, uint64_t now_ns);
uint64_t trawl__robots_next_ns(const struct trawl_worker *worker);
void trawl__robots_finish(struct trawl_worker *worker);

/* --- report.c -------------------------------------------------------------------------------------- */

extern const struct trawl_job_ops trawl__report_job_ops;

/* Send the progress that was held back. When it may go, or UINT64_MAX if nothing is held. */
void trawl__report_flush(struct trawl_worker *worker);
uint64_t trawl__report_next_ns(const struct trawl_worker *worker);

#endif
