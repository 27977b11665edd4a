/* A shard's life: begin, fetch until nothing is left, finish when all shards have come so far. */
#include <stdarg.h>
#include <stdio.h>

#include "ipc/messages.h"
#include "util/clock.h"
#include "worker/trail.h"
#include "worker/worker_priv.h"

#define NS_PER_MS 1000000u

static const char *why(const struct trawl_err *err, int r)
{
    return *err->message ? err->message : uv_strerror(r);
}

void trawl__crawl_fail(struct trawl_worker *worker, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(worker->failure, sizeof(worker->failure), format, args);
    va_end(args);
    worker->state = TRAWL_WORKER_FAILING;
}

void trawl__crawl_begin(struct trawl_worker *worker)
{
    struct trawl_page page = {.kind = TRAWL_PAGE_START};
    struct trawl_err err = {0};
    int r;

    worker->state = TRAWL_WORKER_RUNNING;
    trawl_job_open(&worker->job, NULL, 0);
    trawl__trail_enter(TRAWL_CALL_START, NULL);
    r = worker->ops->start(worker->scraper, &err);
    trawl__trail_leave();
    trawl_job_close(&worker->job);
    if (r < 0)
        trawl__crawl_fail(worker, "the scraper did not start: %s", why(&err, r));
    else
        trawl__pages_send(worker, &page);
}

void trawl__crawl_heard(struct trawl_worker *worker)
{
    worker->heard++;
    worker->idle = false;
}

/* The scraper may emit what it has gathered, or ask for more. */
void trawl__crawl_finish(struct trawl_worker *worker)
{
    struct trawl_page page = {.kind = TRAWL_PAGE_FINISH};
    struct trawl_err err = {0};
    int r = 0;

    trawl_job_open(&worker->job, NULL, 0);
    trawl__trail_enter(TRAWL_CALL_FINISH, NULL);
    if (worker->ops->finish)
        r = worker->ops->finish(worker->scraper, &err);
    trawl__trail_leave();
    trawl_job_close(&worker->job);
    if (r < 0)
        trawl__crawl_fail(worker, "the scraper did not finish: %s", why(&err, r));
    else if (worker->job.emission.item_count > 0 || worker->job.emission.request_count > 0)
        trawl__pages_send(worker, &page);
}

/* --- fetching -------------------------------------------------------------------------------------- */

static void park(struct trawl_worker *worker, struct trawl_fetch *fetch)
{
    *trawl_fetch_next(fetch) = NULL;
    *worker->parked_last = fetch;
    worker->parked_last = trawl_fetch_next(fetch);
}

static struct trawl_fetch *unpark(struct trawl_worker *worker)
{
    struct trawl_fetch *fetch = worker->parked_first;

    worker->parked_first = *trawl_fetch_next(fetch);
    if (!worker->parked_first)
        worker->parked_last = &worker->parked_first;
    return fetch;
}

static void process_parked(struct trawl_worker *worker)
{
    while (worker->parked_first && trawl__pages_may_send(worker))
        trawl__page_process(worker, unpark(worker));
}

/* One that is not even tried tells nothing of its host. */
static const struct trawl_host_result nothing = {.retry_after_ms = -1};

void trawl__crawl_fetch(struct trawl_worker *worker, struct trawl_task *task,
                        const struct trawl_validators *validators)
{
    struct trawl_refusal refusal = {.kind = "network"};
    int r = trawl_fetch_start_if(worker->fetcher, task, validators);

    trawl_hosts_started(trawl_frontier_hosts(worker->frontier), task, trawl_mono_ns());
    if (r == 0)
        return;
    snprintf(refusal.reason, sizeof(refusal.reason), "%s", uv_strerror(r));
    trawl_frontier_end(worker->frontier, task, &nothing, trawl_mono_ns());
    trawl__page_refuse(worker, task, &refusal);
}

void trawl__crawl_leave(struct trawl_worker *worker, struct trawl_task *task)
{
    trawl_hosts_started(trawl_frontier_hosts(worker->frontier), task, trawl_mono_ns());
    trawl_frontier_end(worker->frontier, task, &nothing, trawl_mono_ns());
}

static void fetch_more(struct trawl_worker *worker)
{
    struct trawl_refusal refusal;
    struct trawl_task *task;

    while (trawl__pages_may_send(worker) &&
           (task = trawl_frontier_next(worker->frontier, trawl_mono_ns(), &refusal))) {
        if (refusal.kind)
            trawl__page_refuse(worker, task, &refusal);
        else if (trawl__validate_wants(worker, task))
            trawl__validate_add(worker, task);
        else
            trawl__crawl_fetch(worker, task, NULL);
    }
    trawl__validate_send(worker);
}

void trawl__crawl_on_fetched(void *user, struct trawl_fetch *fetch)
{
    struct trawl_worker *worker = user;
    struct trawl_task *task = trawl_fetch_task(fetch);
    struct trawl_host_result result;

    if (task->robots) {
        trawl__robots_on_fetched(worker, fetch);
    } else {
        trawl__page_judge_host(trawl_fetch_result(fetch), &result);
        trawl_frontier_end(worker->frontier, task, &result, trawl_mono_ns());
        park(worker, fetch);
    }
    trawl__crawl_pump(worker);
}

/* --- the end --------------------------------------------------------------------------------------- */

/* What was held back. */
static void flush(struct trawl_worker *worker)
{
    trawl__report_flush(worker);
    if (worker->frontier)
        trawl_hosts_flush(trawl_frontier_hosts(worker->frontier));
}

static void say_failed(struct trawl_worker *worker)
{
    char quoted[sizeof(worker->failure)];
    json_t *value;

    flush(worker);
    trawl_log_quote(quoted, sizeof(quoted), worker->failure);
    value = json_pack("{s:s}", "message", quoted);
    if (!value) /* the scraper's sentence is not UTF-8 */
        value = json_pack("{s:s}", "message", "the scraper failed");
    trawl_channel_send_json(worker->channel, TRAWL_MSG_FAILED, value);
    json_decref(value);
    worker->state = TRAWL_WORKER_OVER;
}

/* What is left of the grants is given back with it. */
static void say_idle(struct trawl_worker *worker)
{
    bool starved = trawl_frontier_is_starved(worker->frontier);
    json_auto_t *value =
        json_pack("{s:I, s:I, s:b}", "heard", (json_int_t)worker->heard, "unused",
                  (json_int_t)trawl_frontier_disallow(worker->frontier), "starved", starved);

    flush(worker);
    trawl_channel_send_json(worker->channel, TRAWL_MSG_IDLE, value);
    worker->idle = true;
}

static void say_starved(struct trawl_worker *worker)
{
    json_auto_t *value = json_object();

    trawl_channel_send_json(worker->channel, TRAWL_MSG_STARVED, value);
    worker->starved = true;
}

static void say_stopped(struct trawl_worker *worker)
{
    json_auto_t *value = json_object();

    flush(worker);
    trawl_channel_send_json(worker->channel, TRAWL_MSG_STOPPED, value);
    worker->state = TRAWL_WORKER_OVER;
}

void trawl__crawl_stop(struct trawl_worker *worker)
{
    if (worker->state == TRAWL_WORKER_OVER)
        return;
    worker->state = TRAWL_WORKER_STOPPING;
    trawl__crawl_pump(worker);
}

static bool is_quiet(const struct trawl_worker *worker)
{
    return !worker->parked_first &&
           (!worker->frontier || trawl_frontier_active(worker->frontier) == 0);
}

static void on_wake(uv_timer_t *timer)
{
    struct trawl_worker *worker = timer->data;

    if (trawl__report_next_ns(worker) <= trawl_mono_ns())
        trawl__report_flush(worker);
    if (worker->frontier) {
        trawl_hosts_tick(trawl_frontier_hosts(worker->frontier), trawl_mono_ns());
        trawl__robots_tick(worker, trawl_mono_ns());
    }
    trawl__crawl_pump(worker);
}

static uint64_t earlier(uint64_t a_ns, uint64_t b_ns)
{
    return a_ns < b_ns ? a_ns : b_ns;
}

/* One timer for all that happens by itself. A paused worker waits for an acknowledgement, not for a time. */
static void arm(struct trawl_worker *worker)
{
    uint64_t next_ns = trawl__report_next_ns(worker);
    uint64_t now_ns = trawl_mono_ns();
    uint64_t delay_ms;

    if (worker->state == TRAWL_WORKER_RUNNING && trawl__pages_may_send(worker))
        next_ns = earlier(next_ns, trawl_frontier_next_ns(worker->frontier));
    if (worker->frontier) {
        next_ns = earlier(next_ns, trawl_hosts_next_ns(trawl_frontier_hosts(worker->frontier)));
        next_ns = earlier(next_ns, trawl__robots_next_ns(worker));
    }
    if (next_ns == UINT64_MAX) {
        uv_timer_stop(&worker->wake);
        return;
    }
    delay_ms = next_ns > now_ns ? (next_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS : 0;
    uv_update_time(&worker->loop);
    uv_timer_start(&worker->wake, on_wake, delay_ms, 0);
}

static void run(struct trawl_worker *worker)
{
    fetch_more(worker);
    if (!worker->starved && trawl_frontier_is_starved(worker->frontier))
        say_starved(worker);
    if (!worker->idle && !worker->parked_first && trawl_frontier_is_over(worker->frontier) &&
        trawl__pages_all_acked(worker))
        say_idle(worker);
}

void trawl__crawl_pump(struct trawl_worker *worker)
{
    if (worker->frontier)
        process_parked(worker);
    if (worker->state == TRAWL_WORKER_RUNNING)
        run(worker);
    if (worker->state == TRAWL_WORKER_STOPPING && is_quiet(worker) &&
        trawl__pages_all_acked(worker))
        say_stopped(worker);
    if (worker->state == TRAWL_WORKER_FAILING && is_quiet(worker) && trawl__pages_all_acked(worker))
        say_failed(worker);
    arm(worker);
}
