#include "pusher/sender.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/loader.h"
#include "plugin/transport.h"
#include "trawl/plugin.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/log.h"

struct trawl_sender {
    char *name;
    struct trawl_log log;
    struct trawl_transport transport;
    uv_async_t async;
    uv_thread_t thread;
    _Atomic bool stopping;

    uv_mutex_t mutex; /* for all below */
    uv_cond_t cond;
    struct trawl_sender_job *queue;
    struct trawl_sender_job **queue_end;
    struct trawl_sender_job *finished;
    struct trawl_sender_job **finished_end;
    bool closing;
    bool ended; /* the thread is done with the transport */
};

/* --- what a plugin may call ----------------------------------------------------------------------- */

/* The host's handle of a transport is its sender. */
static struct trawl_sender *sender_of(struct trawl_hub *hub)
{
    return (struct trawl_sender *)(void *)hub;
}

static void host_log(struct trawl_hub *hub, enum trawl_log_level level, const char *message)
{
    char room[1024];

    trawl_log_write(&sender_of(hub)->log, level, "%s",
                    trawl_log_quote(room, sizeof(room), message));
}

static bool host_stopping(struct trawl_hub *hub)
{
    return sender_of(hub)->stopping;
}

static const struct trawl_transport_host push_host = {
    .abi_major = TRAWL_ABI_MAJOR,
    .abi_minor = TRAWL_ABI_MINOR,
    .size = sizeof(struct trawl_transport_host),
    .log = host_log,
    .stopping = host_stopping,
};

/* --- the thread ----------------------------------------------------------------------------------- */

/* The next job, waiting for one. NULL: it is to end. */
static struct trawl_sender_job *take(struct trawl_sender *sender)
{
    struct trawl_sender_job *job;

    uv_mutex_lock(&sender->mutex);
    while (!sender->queue && !sender->closing)
        uv_cond_wait(&sender->cond, &sender->mutex);
    job = sender->closing ? NULL : sender->queue;
    if (job) {
        sender->queue = job->next;
        if (!sender->queue)
            sender->queue_end = &sender->queue;
    }
    uv_mutex_unlock(&sender->mutex);
    return job;
}

/* What makes no sense counts as failed: nothing is taken for delivered that is not said to be. */
static void judge(struct trawl_sender_job *job)
{
    struct trawl_push_result *result = &job->result;

    result->detail[sizeof(result->detail) - 1] = '\0';
    if (result->delivered > job->count)
        result->delivered = job->count;
    if (job->outcome == TRAWL_PUSH_DELIVERED && result->delivered == 0) {
        job->outcome = TRAWL_PUSH_FAILED;
        snprintf(result->detail, sizeof(result->detail), "it says that nothing was delivered");
    }
}

static void give_back(struct trawl_sender *sender, struct trawl_sender_job *job)
{
    job->next = NULL;
    uv_mutex_lock(&sender->mutex);
    *sender->finished_end = job;
    sender->finished_end = &job->next;
    uv_mutex_unlock(&sender->mutex);
    uv_async_send(&sender->async);
}

static void run(void *user)
{
    struct trawl_sender *sender = user;
    struct trawl_sender_job *job;

    while ((job = take(sender))) {
        job->result = (struct trawl_push_result){.size = sizeof(job->result), .retry_after_ms = -1};
        job->began_ns = trawl_mono_ns();
        job->outcome =
            trawl_transport_push(&sender->transport, job->messages, job->count, &job->result);
        job->began_ns = 0;
        judge(job);
        give_back(sender, job);
    }
    trawl_transport_destroy(&sender->transport);
    uv_mutex_lock(&sender->mutex);
    sender->ended = true;
    uv_mutex_unlock(&sender->mutex);
    uv_async_send(&sender->async);
}

/* --- on the loop ---------------------------------------------------------------------------------- */

static void sender_free(struct trawl_sender *sender)
{
    uv_cond_destroy(&sender->cond);
    uv_mutex_destroy(&sender->mutex);
    free(sender->name);
    free(sender);
}

static void on_closed(uv_handle_t *handle)
{
    sender_free(handle->data);
}

static void on_async(uv_async_t *async)
{
    struct trawl_sender *sender = async->data;
    struct trawl_sender_job *job;
    struct trawl_sender_job *next;
    bool ended;

    uv_mutex_lock(&sender->mutex);
    job = sender->finished;
    sender->finished = NULL;
    sender->finished_end = &sender->finished;
    ended = sender->ended;
    uv_mutex_unlock(&sender->mutex);
    for (; job; job = next) {
        next = job->next;
        job->done(job);
    }
    if (ended) {
        uv_thread_join(&sender->thread);
        uv_close((uv_handle_t *)&sender->async, on_closed);
    }
}

static int load(struct trawl_sender *sender, const char *file, json_t *options,
                struct trawl_err *err)
{
    struct trawl_loaded *loaded;
    int r = trawl_plugin_load(file, &loaded, err);

    if (r < 0)
        return r;
    if (!trawl_plugin_pushes(&loaded->plugin))
        return trawl_err_set(err, -ENOTSUP, "", "plugin '%s' does not push events",
                             loaded->plugin.name);
    sender->transport.ops = loaded->plugin.transport;
    return trawl_transport_create(&sender->transport, &push_host,
                                  (struct trawl_hub *)(void *)sender, options, err);
}

/* Where it fails, what was made is gone, and the sender with it. */
static int start_thread(struct trawl_sender *sender, uv_loop_t *loop, struct trawl_err *err)
{
    int r = uv_async_init(loop, &sender->async, on_async);
    bool has_async = r == 0;

    sender->async.data = sender;
    if (r == 0)
        r = uv_thread_create(&sender->thread, run, sender);
    if (r == 0)
        return 0;
    trawl_transport_destroy(&sender->transport);
    if (has_async)
        uv_close((uv_handle_t *)&sender->async, on_closed);
    else
        sender_free(sender);
    return trawl_err_set(err, r, "", "no thread for it: %s", uv_strerror(r));
}

int trawl_sender_create(uv_loop_t *loop, const char *name, const char *file, json_t *options,
                        struct trawl_sender **ret_sender, struct trawl_err *err)
{
    struct trawl_sender *sender = TRAWL_NEW(struct trawl_sender);
    int r;

    sender->name = trawl_xstrdup(name);
    sender->transport.name = sender->name;
    sender->queue_end = &sender->queue;
    sender->finished_end = &sender->finished;
    trawl_log_init(&sender->log, "pusher/%.40s", name);
    uv_mutex_init(&sender->mutex);
    uv_cond_init(&sender->cond);
    r = load(sender, file, options, err);
    if (r < 0) {
        sender_free(sender);
        return r;
    }
    r = start_thread(sender, loop, err);
    if (r < 0)
        return r;
    *ret_sender = sender;
    return 0;
}

const char *trawl_sender_name(const struct trawl_sender *sender)
{
    return sender->name;
}

void trawl_sender_push(struct trawl_sender *sender, struct trawl_sender_job *job)
{
    job->next = NULL;
    uv_mutex_lock(&sender->mutex);
    *sender->queue_end = job;
    sender->queue_end = &job->next;
    uv_cond_signal(&sender->cond);
    uv_mutex_unlock(&sender->mutex);
}

void trawl_sender_stop(struct trawl_sender *sender)
{
    sender->stopping = true;
}

void trawl_sender_close(struct trawl_sender *sender)
{
    sender->stopping = true;
    uv_mutex_lock(&sender->mutex);
    sender->closing = true;
    uv_cond_signal(&sender->cond);
    uv_mutex_unlock(&sender->mutex);
}
