#include "worker/worker.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "extract/plan.h"
#include "ipc/child.h"
#include "ipc/messages.h"
#include "plugin/loader.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/json.h"
#include "worker/trail.h"
#include "worker/worker_priv.h"

#define HEARTBEAT_MS 1000

/* --- the job --------------------------------------------------------------------------------------- */

static int load_scraper(struct trawl_worker *worker, struct trawl_err *err)
{
    /* Never freed: a plugin stays loaded until its process ends. */
    static struct trawl_loaded *loaded;
    const json_t *plugin = json_object_get(worker->task, "plugin");
    json_t *options = json_object_get(worker->task, "options");
    int r;

    r = trawl_plugin_load(trawl_json_string(plugin, "file", ""), &loaded, err);
    if (r < 0)
        return r;
    trawl__validate_open(worker, &loaded->plugin);
    worker->ops = loaded->plugin.scraper;
    if (!worker->ops)
        return trawl_err_set(err, -EINVAL, loaded->plugin.name, "the plugin is not a scraper");
    trawl__trail_enter(TRAWL_CALL_CREATE, NULL);
    r = worker->ops->create(&trawl_scraper_host, &worker->job, options, &worker->scraper, err);
    trawl__trail_leave();
    worker->created = r >= 0;
    return r;
}

static int prepare(struct trawl_worker *worker, struct trawl_err *err)
{
    struct trawl_settings *settings = &worker->settings;
    int r;

    trawl_settings_read(settings, worker->task);
    trawl_job_init(&worker->job, &trawl__report_job_ops, worker, settings->max_item);
    /* Jitter only has to differ between workers. */
    worker->frontier = trawl_frontier_create(&settings->frontier, &trawl__host_ops, worker,
                                             trawl_mono_ns() ^ (uint64_t)getpid() << 32);
    r = trawl_fetcher_create(&worker->loop, settings, trawl__crawl_on_fetched, worker,
                             &worker->fetcher);
    if (r < 0)
        return trawl_err_set(err, r, "", "fetching cannot be set up: %s", uv_strerror(r));
    return load_scraper(worker, err);
}

static void on_job(struct trawl_worker *worker, const json_t *message)
{
    json_auto_t *ready = NULL;
    struct trawl_err err = {0};
    int r;

    worker->task = json_deep_copy(message);
    worker->lease = (uint32_t)trawl_json_int(message, "lease", 0);
    trawl_log_init(
        &worker->log, "worker %lld/%.40s/%lld", (long long)trawl_json_int(message, "run_id", 0),
        trawl_json_string(message, "platform", ""), (long long)trawl_json_int(message, "shard", 0));
    worker->state = TRAWL_WORKER_LOADING;
    r = prepare(worker, &err);
    if (r < 0) {
        trawl__crawl_fail(worker, "%s%s%s", err.where, *err.where ? ": " : "",
                          *err.message ? err.message : uv_strerror(r));
        trawl__crawl_pump(worker);
        return;
    }
    ready = json_pack("{s:i}", "pid", (int)getpid());
    trawl_channel_send_json(worker->channel, TRAWL_MSG_READY, ready);
}

static void restore(struct trawl_worker *worker, const struct trawl_frame *frame,
                    const struct trawl_page_request *requests, size_t count)
{
    for (size_t i = 0; i < count; i++)
        trawl_frontier_restore(worker->frontier, &requests[i], trawl_mono_ns(), trawl_now_ms());
    if (!(frame->flags & TRAWL_FLAG_LAST))
        return;
    if (trawl_json_bool(worker->task, "fresh", false))
        trawl__crawl_begin(worker);
    else
        worker->state = TRAWL_WORKER_RUNNING;
}

/* What other shards have found for this one. */
static void take_over(struct trawl_worker *worker, const struct trawl_page_request *requests,
                      size_t count)
{
    for (size_t i = 0; i < count; i++)
        trawl_frontier_add(worker->frontier, &requests[i], trawl_mono_ns());
    trawl__crawl_heard(worker);
}

/* What had found its host's queue full. */
static void take_stored(struct trawl_worker *worker, const struct trawl_page_request *requests,
                        size_t count)
{
    for (size_t i = 0; i < count; i++)
        trawl_frontier_take_stored(worker->frontier, &requests[i], trawl_mono_ns());
}

static int on_requests(struct trawl_worker *worker, const struct trawl_frame *frame)
{
    struct trawl_page_request *requests = NULL;
    size_t count = 0;
    int r;

    r = trawl_page_requests_decode(frame->payload, frame->len, &requests, &count);
    if (r < 0)
        return r;
    if (worker->state == TRAWL_WORKER_LOADING)
        restore(worker, frame, requests, count);
    else if (worker->state == TRAWL_WORKER_RUNNING && frame->type == TRAWL_MSG_STORED)
        take_stored(worker, requests, count);
    else if (worker->state == TRAWL_WORKER_RUNNING)
        take_over(worker, requests, count);
    free(requests);
    trawl__crawl_pump(worker);
    return 0;
}

/* --- the channel ----------------------------------------------------------------------------------- */

/* A worker whose supervisor is gone, or talks rubbish, has nobody to work for. What was not committed will be fetched
 * again, so there is nothing to put in order. */
static void leave(struct trawl_worker *worker, const char *reason)
{
    trawl_error(&worker->log, "%s, leaving", reason);
    _exit(EXIT_FAILURE);
}

/* Once the shard is told to stop, or has failed, there is no more. */
static void on_more(struct trawl_worker *worker, uint16_t type, const json_t *message)
{
    if (worker->state != TRAWL_WORKER_RUNNING)
        return;
    trawl__crawl_heard(worker);
    if (type == TRAWL_MSG_FINISH) {
        trawl__crawl_finish(worker);
    } else {
        worker->starved = false;
        trawl_frontier_allow(worker->frontier, (uint64_t)trawl_json_int(message, "pages", 0),
                             trawl_mono_ns());
    }
    trawl__crawl_pump(worker);
}

static bool is_about_host(uint16_t type)
{
    return type == TRAWL_MSG_HOST_GRANT || type == TRAWL_MSG_HOST_RECALL ||
           type == TRAWL_MSG_HOST_SHUT || type == TRAWL_MSG_ROBOTS_FETCH ||
           type == TRAWL_MSG_MORE_CAME;
}

static void on_json_frame(struct trawl_worker *worker, const struct trawl_frame *frame)
{
    json_auto_t *message = NULL;

    if (trawl_json_parse(frame->payload, frame->len, &message, NULL) < 0)
        leave(worker, "the supervisor sent a broken frame");
    if (frame->type == TRAWL_MSG_JOB && worker->state == TRAWL_WORKER_IDLE) {
        on_job(worker, message);
    } else if (frame->type == TRAWL_MSG_ACK) {
        trawl__pages_on_ack(worker, (uint64_t)trawl_json_int(message, "serial", 0));
        trawl__crawl_pump(worker);
    } else if (frame->type == TRAWL_MSG_GRANT || frame->type == TRAWL_MSG_FINISH) {
        on_more(worker, frame->type, message);
    } else if (frame->type == TRAWL_MSG_STOP) {
        trawl__crawl_stop(worker);
    } else if (is_about_host(frame->type) && worker->frontier) {
        trawl__host_words(worker, frame->type, message);
        trawl__crawl_pump(worker);
    } else {
        leave(worker, "the supervisor sent a frame that does not fit");
    }
}

static int on_validators(struct trawl_worker *worker, const struct trawl_frame *frame)
{
    int r = trawl__validate_on_answer(worker, frame);

    trawl__crawl_pump(worker);
    return r;
}

static void on_binary_frame(struct trawl_worker *worker, const struct trawl_frame *frame)
{
    int r;

    if (worker->state == TRAWL_WORKER_IDLE)
        leave(worker, "the supervisor sent a frame before a job");
    if (frame->type == TRAWL_MSG_ROBOTS)
        r = trawl__host_robots(worker, frame);
    else if (frame->type == TRAWL_MSG_REQUESTS || frame->type == TRAWL_MSG_STORED)
        r = on_requests(worker, frame);
    else
        r = on_validators(worker, frame);
    if (r < 0)
        leave(worker, "the supervisor sent a broken frame");
}

static void on_frame(void *user, const struct trawl_frame *frame)
{
    struct trawl_worker *worker = user;

    if (frame->type == TRAWL_MSG_ROBOTS || frame->type == TRAWL_MSG_REQUESTS ||
        frame->type == TRAWL_MSG_STORED || frame->type == TRAWL_MSG_VALIDATORS)
        on_binary_frame(worker, frame);
    else
        on_json_frame(worker, frame);
}

static void on_closed(void *user, int reason)
{
    struct trawl_worker *worker = user;

    if (worker->state != TRAWL_WORKER_OVER && !worker->idle)
        leave(worker, reason < 0 ? uv_strerror(reason) : "the supervisor is gone");
    uv_stop(&worker->loop);
}

static const struct trawl_channel_ops channel_ops = {
    .on_frame = on_frame,
    .on_closed = on_closed,
};

static void on_heartbeat(uv_timer_t *timer)
{
    struct trawl_worker *worker = timer->data;
    json_auto_t *value = json_object();

    trawl_channel_send_json(worker->channel, TRAWL_MSG_HEARTBEAT, value);
}

/* --- the process ----------------------------------------------------------------------------------- */

static int worker_open(struct trawl_worker *worker)
{
    int r;

    trawl_log_init(&worker->log, "worker");
    worker->parked_last = &worker->parked_first;
    r = uv_loop_init(&worker->loop);
    if (r < 0)
        return r;
    uv_timer_init(&worker->loop, &worker->heartbeat);
    uv_timer_init(&worker->loop, &worker->wake);
    worker->heartbeat.data = worker;
    worker->wake.data = worker;
    uv_timer_start(&worker->heartbeat, on_heartbeat, HEARTBEAT_MS, HEARTBEAT_MS);
    return trawl_channel_open(&worker->loop, TRAWL_CHANNEL_FD, &channel_ops, worker,
                              &worker->channel);
}

static void worker_finish(struct trawl_worker *worker)
{
    if (worker->created) {
        trawl__trail_enter(TRAWL_CALL_DESTROY, NULL);
        worker->ops->destroy(worker->scraper);
        trawl__trail_leave();
    }
    while (worker->parked_first) {
        struct trawl_fetch *fetch = worker->parked_first;

        worker->parked_first = *trawl_fetch_next(fetch);
        trawl_fetch_release(fetch);
    }
    trawl_fetcher_close(worker->fetcher);
    trawl__robots_finish(worker);
    trawl__validate_finish(worker);
    trawl_frontier_destroy(worker->frontier);
    if (worker->task)
        trawl_job_finish(&worker->job);
    trawl_channel_close(worker->channel);
    uv_close((uv_handle_t *)&worker->heartbeat, NULL);
    uv_close((uv_handle_t *)&worker->wake, NULL);
    uv_run(&worker->loop, UV_RUN_DEFAULT);
    uv_loop_close(&worker->loop);
    json_decref(worker->task);
    free(worker);
}

static void apply_log_level(void)
{
    enum trawl_log_level level;
    const char *name = getenv("TRAWL_LOG_LEVEL");

    if (name && trawl_log_level_parse(name, &level) == 0)
        trawl_log_set_level(level);
}

int trawl_worker_main(void)
{
    struct trawl_worker *worker;
    int r;

    if (trawl_child_begin("trawl-worker") < 0)
        return EXIT_FAILURE;
    trawl__trail_open();
    apply_log_level();
    curl_global_init(CURL_GLOBAL_DEFAULT);
    trawl_extract_init();
    worker = TRAWL_NEW(struct trawl_worker);
    r = worker_open(worker);
    if (r < 0)
        leave(worker, uv_strerror(r));
    uv_run(&worker->loop, UV_RUN_DEFAULT);
    worker_finish(worker);
    curl_global_cleanup();
    return EXIT_SUCCESS;
}
