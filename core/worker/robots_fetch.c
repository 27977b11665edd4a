/* Fetching a host's robots.txt for all who ask of it (RFC 9309 section 2.3). */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <utlist.h>

#include "ipc/messages.h"
#include "ipc/robots.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/url.h"
#include "worker/worker_priv.h"

#define NS_PER_MS 1000000u

struct trawl_robots_fetch {
    struct trawl_robots_fetch *prev, *next; /* in worker->robots_fetches */
    char *host;
    struct trawl_task *task; /* what is fetched, or waits for its next try */
    bool waiting;
    unsigned redirects;
};

/* --- the answer ---------------------------------------------------------------------------------- */

static void robots_fetch_free(struct trawl_worker *worker, struct trawl_robots_fetch *fetch)
{
    DL_DELETE(worker->robots_fetches, fetch); /* NOLINT: it is in the list */
    trawl_task_destroy(fetch->task);
    free(fetch->host);
    free(fetch);
}

static void answer(struct trawl_worker *worker, struct trawl_robots_fetch *fetch,
                   struct trawl_robots_answer *robots)
{
    struct trawl_buf buf;

    robots->host = trawl_str_of(fetch->host);
    trawl_buf_init(&buf, TRAWL_FRAME_MAX);
    if (trawl_robots_answer_encode(robots, &buf) == 0)
        trawl_channel_send_buf(worker->channel, TRAWL_MSG_ROBOTS, &buf);
    trawl_buf_finish(&buf);
    robots_fetch_free(worker, fetch);
}

static void answer_unknown(struct trawl_worker *worker, struct trawl_robots_fetch *fetch,
                           uint16_t status, const char *kind, const char *reason)
{
    bool refused = strcmp(kind, "refused") == 0 || strcmp(kind, "proxy") == 0;
    struct trawl_robots_answer robots = {
        .state = refused ? TRAWL_ROBOTS_REFUSED : TRAWL_ROBOTS_UNKNOWN,
        .status = status,
        .kind = trawl_str_of(kind),
    };
    char quoted[600];

    trawl_log_quote(quoted, sizeof(quoted), reason);
    robots.reason = trawl_str_of(quoted);
    answer(worker, fetch, &robots);
}

static void answer_known(struct trawl_worker *worker, struct trawl_robots_fetch *fetch,
                         const struct trawl_fetch_result *result, enum trawl_robots_state state)
{
    struct trawl_robots_answer robots = {
        .state = (uint8_t)state,
        .status = result->status,
        .kind = trawl_str_of(""),
        .reason = trawl_str_of(""),
        .body = {.ptr = result->body, .len = result->body_len},
    };

    answer(worker, fetch, &robots);
}

/* --- fetching ------------------------------------------------------------------------------------ */

static void start(struct trawl_worker *worker, struct trawl_robots_fetch *fetch)
{
    int r;

    fetch->waiting = false;
    fetch->task->attempts++;
    r = trawl_fetch_start(worker->fetcher, fetch->task);
    if (r < 0)
        answer_unknown(worker, fetch, 0, "network", uv_strerror(r));
}

static struct trawl_task *make_task(const char *url)
{
    const struct trawl_page_request request = {.url = trawl_str_of(url)};
    struct trawl_task *task = trawl_task_create(&request);

    task->robots = true;
    return task;
}

void trawl__robots_fetch(struct trawl_worker *worker, const char *host)
{
    struct trawl_robots_fetch *fetch = TRAWL_NEW(struct trawl_robots_fetch);
    TRAWL_AUTO_FREE char *url = trawl_xasprintf("%s/robots.txt", host);

    fetch->host = trawl_xstrdup(host);
    fetch->task = make_task(url);
    DL_APPEND(worker->robots_fetches, fetch);
    start(worker, fetch);
}

static void follow(struct trawl_worker *worker, struct trawl_robots_fetch *fetch,
                   const struct trawl_fetch_result *result)
{
    TRAWL_AUTO_FREE char *url = NULL;

    if (trawl_url_resolve(fetch->task->url, result->location, strlen(result->location), &url) <
        0) { /* a redirect to nowhere is one too many */
        answer_known(worker, fetch, result, TRAWL_ROBOTS_NONE);
        return;
    }
    trawl_task_destroy(fetch->task);
    fetch->task = make_task(url);
    fetch->redirects++;
    start(worker, fetch);
}

/* Like any request it is tried again, as often as the platform's settings say. */
static void retry_or_give_up(struct trawl_worker *worker, struct trawl_robots_fetch *fetch,
                             const struct trawl_fetch_result *result)
{
    bool may_pass = result->error_kind ? result->transient : trawl_retry_status(result->status);
    char reason[64];
    int64_t delay_ms = -ERANGE;

    if (may_pass)
        delay_ms = trawl_frontier_retry_ms(worker->frontier, fetch->task->attempts);
    if (delay_ms >= 0) {
        fetch->waiting = true;
        fetch->task->due_ns = trawl_mono_ns() + (uint64_t)delay_ms * NS_PER_MS;
        return;
    }
    snprintf(reason, sizeof(reason), "status %u", result->status);
    answer_unknown(worker, fetch, result->status,
                   result->error_kind ? result->error_kind : "robots",
                   result->error_kind ? result->error : reason);
}

static struct trawl_robots_fetch *find(const struct trawl_worker *worker,
                                       const struct trawl_task *task)
{
    struct trawl_robots_fetch *fetch = worker->robots_fetches;

    while (fetch->task != task)
        fetch = fetch->next;
    return fetch;
}

void trawl__robots_on_fetched(struct trawl_worker *worker, struct trawl_fetch *exchange)
{
    const struct trawl_fetch_result *result = trawl_fetch_result(exchange);
    struct trawl_robots_fetch *fetch = find(worker, trawl_fetch_task(exchange));

    switch (trawl_robots_outcome(result->error_kind ? 0 : result->status, fetch->redirects)) {
    case TRAWL_ROBOTS_PARSE:
        answer_known(worker, fetch, result, TRAWL_ROBOTS_RULES);
        break;
    case TRAWL_ROBOTS_FOLLOW:
        follow(worker, fetch, result);
        break;
    case TRAWL_ROBOTS_ALLOW_ALL:
        answer_known(worker, fetch, result, TRAWL_ROBOTS_NONE);
        break;
    case TRAWL_ROBOTS_DISALLOW_ALL:
        retry_or_give_up(worker, fetch, result);
        break;
    }
    trawl_fetch_release(exchange);
}

/* --- time ---------------------------------------------------------------------------------------- */

void trawl__robots_tick(struct trawl_worker *worker, uint64_t now_ns)
{
    struct trawl_robots_fetch *fetch;
    struct trawl_robots_fetch *next;

    DL_FOREACH_SAFE(worker->robots_fetches, fetch, next)
    {
        if (fetch->waiting && fetch->task->due_ns <= now_ns)
            start(worker, fetch);
    }
}

uint64_t trawl__robots_next_ns(const struct trawl_worker *worker)
{
    const struct trawl_robots_fetch *fetch;
    uint64_t next_ns = UINT64_MAX;

    DL_FOREACH (worker->robots_fetches, fetch) {
        if (fetch->waiting && fetch->task->due_ns < next_ns)
            next_ns = fetch->task->due_ns;
    }
    return next_ns;
}

void trawl__robots_finish(struct trawl_worker *worker)
{
    struct trawl_robots_fetch *fetch;
    struct trawl_robots_fetch *next;

    DL_FOREACH_SAFE(worker->robots_fetches, fetch, next)
    {
        robots_fetch_free(worker, fetch);
    }
}
