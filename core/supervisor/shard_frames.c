#include "supervisor/shard_frames.h"

#include <errno.h>
#include <string.h>

#include "ipc/messages.h"
#include "ipc/page.h"
#include "supervisor/process.h"
#include "supervisor/shard_priv.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/json.h"

/* Requests in one frame. */
#define REQUESTS_PER_FRAME 1000

/* --- the frontier -------------------------------------------------------------------------------- */

/* A call to the store on behalf of one process of a shard. By the time of its answer that process may have a successor, or the
 * shard may be over, but the run is held. */
struct shard_call {
    struct trawl_task *task;
    uint32_t lease;
    uint64_t serial;
    bool begins; /* it is the page of start() */
};

static struct shard_call *shard_call(struct trawl_shard *shard)
{
    struct shard_call *call = TRAWL_NEW(struct shard_call);

    trawl__run_ref(shard->task->run);
    call->task = shard->task;
    call->lease = shard->lease;
    return call;
}

/* The shard, if the process that the call was made for is still its process. */
static struct trawl_shard *shard_call_shard(const struct shard_call *call)
{
    struct trawl_shard *shard = call->task->shard;

    return shard && shard->lease == call->lease && shard->process && !shard->broken ? shard : NULL;
}

static void shard_call_free(struct shard_call *call)
{
    trawl__run_unref(call->task->run);
    free(call);
}

/* One frame, or two halves where bodies make it too large. */
static int shard_send_requests(struct trawl_channel *channel,
                               const struct trawl_page_request *requests, size_t count, bool last)
{
    struct trawl_buf buf;
    int r;

    trawl_buf_init(&buf, TRAWL_FRAME_MAX);
    r = trawl_page_requests_encode(requests, count, &buf);
    if (r == -EFBIG && count > 1) {
        r = shard_send_requests(channel, requests, count / 2, false);
        if (r < 0)
            return r;
        return shard_send_requests(channel, requests + count / 2, count - count / 2, last);
    }
    if (r == 0)
        r = trawl_channel_send_flags(channel, TRAWL_MSG_REQUESTS, last ? TRAWL_FLAG_LAST : 0,
                                     trawl_buf_text(&buf), buf.len);
    trawl_buf_finish(&buf);
    return r;
}

static void shard_begin(struct trawl_shard *shard, const struct trawl_page_request *requests,
                        size_t count)
{
    struct trawl_channel *channel = trawl_process_channel(shard->process);
    int r = channel ? 0 : -EPIPE;

    while (r == 0 && count > REQUESTS_PER_FRAME) {
        r = shard_send_requests(channel, requests, REQUESTS_PER_FRAME, false);
        requests += REQUESTS_PER_FRAME;
        count -= REQUESTS_PER_FRAME;
    }
    if (r == 0)
        r = shard_send_requests(channel, requests, count, true);
    if (r < 0) {
        trawl__shard_broken(shard, strerror(-r));
        return;
    }
    shard->state = TRAWL_SHARD_RUNNING;
    trawl__task_set_phase(shard->task, TRAWL_PHASE_SCRAPING, NULL);
}

static void shard_on_frontier(void *user, int status, const struct trawl_page_request *requests,
                              size_t count)
{
    struct shard_call *call = user;
    struct trawl_shard *shard = shard_call_shard(call);

    if (shard && status < 0)
        trawl__shard_broken(shard, "its frontier could not be read");
    else if (shard && trawl_process_channel(shard->process))
        shard_begin(shard, requests, count);
    shard_call_free(call);
}

static void shard_on_ready(struct trawl_shard *shard)
{
    if (shard->state != TRAWL_SHARD_STARTING) {
        trawl__shard_broken(shard, "it was ready twice");
        return;
    }
    if (!shard->task->begun) {
        shard_begin(shard, NULL, 0);
        return;
    }
    shard->state = TRAWL_SHARD_LOADING;
    trawl_store_load_frontier(shard->supervisor->store, shard->task->run->id, shard->task->platform,
                              shard_on_frontier, shard_call(shard));
}

/* --- pages --------------------------------------------------------------------------------------- */

static void shard_take_tally(struct trawl_task *task, const struct trawl_tally *tally)
{
    if (tally->ok > task->tally.ok)
        trawl_blame_good_page(&task->blame);
    task->tally = *tally;
}

static void shard_on_poisoned(void *user, int status, const struct trawl_tally *tally)
{
    struct shard_call *call = user;

    if (status == 0)
        shard_take_tally(call->task, tally);
    shard_call_free(call);
}

void trawl__shard_poison(struct trawl_shard *shard, const struct trawl_hash *page,
                         const char *evidence)
{
    trawl_store_give_up_request(shard->supervisor->store, shard->task->run->id,
                                shard->task->platform, page, "poison", evidence, shard_on_poisoned,
                                shard_call(shard));
}

static void shard_on_committed(void *user, int status, const struct trawl_tally *tally)
{
    struct shard_call *call = user;
    struct trawl_shard *shard = shard_call_shard(call);
    struct trawl_supervisor *supervisor = call->task->run->supervisor;

    if (status == 0)
        shard_take_tally(call->task, tally);
    else if (call->begins)
        call->task->begun = false;
    if (shard && status < 0) {
        trawl__shard_broken(shard, "a page of it could not be stored");
    } else if (shard) {
        shard->committed = call->serial;
        if (!uv_is_active((uv_handle_t *)&supervisor->ack_idle))
            uv_idle_start(&supervisor->ack_idle, trawl__shards_on_idle);
    }
    shard_call_free(call);
}

/* NULL, or why the page is refused. */
static const char *shard_check_page(const struct trawl_shard *shard, const struct trawl_page *page)
{
    if (shard->state != TRAWL_SHARD_RUNNING)
        return "it sent a page before it had begun";
    if (page->lease != shard->lease)
        return "it sent a page with an old lease";
    if (page->serial != shard->serial + 1)
        return "it sent pages out of order";
    if (page->kind == TRAWL_PAGE_START && shard->task->begun)
        return "it began a shard that had begun";
    return NULL;
}

static void shard_on_page(struct trawl_shard *shard, const struct trawl_frame *frame)
{
    struct trawl_page page = {0};
    struct shard_call *call;
    const char *refused;

    if (trawl_page_decode(frame->payload, frame->len, &page) < 0) {
        trawl__shard_broken(shard, "it sent a page that cannot be read");
        return;
    }
    refused = shard_check_page(shard, &page);
    if (refused) {
        trawl_page_finish(&page);
        trawl__shard_broken(shard, refused);
        return;
    }
    shard->serial = page.serial;
    if (page.kind == TRAWL_PAGE_START)
        shard->task->begun = true;
    call = shard_call(shard);
    call->serial = page.serial;
    call->begins = page.kind == TRAWL_PAGE_START;
    trawl_page_finish(&page);
    trawl_store_commit_page(shard->supervisor->store, shard->task->run->id, shard->task->platform,
                            frame->payload, frame->len, shard_on_committed, call);
}

/* --- words --------------------------------------------------------------------------------------- */

static void shard_on_log(struct trawl_shard *shard, const json_t *log)
{
    const char *message = trawl_json_string(log, "message", "");
    enum trawl_log_level level = TRAWL_LOG_INFO;
    uint64_t second = trawl_mono_ns() / 1000000000u;
    char dropped[64];

    (void)trawl_log_level_parse(trawl_json_string(log, "level", "info"), &level);
    if (second != shard->logs_second) {
        if (shard->logs_dropped > 0) {
            snprintf(dropped, sizeof(dropped), "%u log lines were dropped", shard->logs_dropped);
            trawl_store_log(shard->supervisor->store, shard->task->run->id, shard->task->platform,
                            TRAWL_LOG_WARNING, dropped);
        }
        shard->logs_second = second;
        shard->logs = 0;
        shard->logs_dropped = 0;
    }
    if (shard->logs++ >= TRAWL_SHARD_LOGS_PER_SECOND) {
        shard->logs_dropped++;
        return;
    }
    trawl_store_log(shard->supervisor->store, shard->task->run->id, shard->task->platform, level,
                    message);
}

static void shard_on_progress(struct trawl_shard *shard, const json_t *progress)
{
    json_int_t current = trawl_json_int(progress, "current", 0);
    json_int_t total = trawl_json_int(progress, "total", 0);
    const char *message = trawl_json_string(progress, "message", NULL);

    shard->has_progress = true;
    shard->progress_current = current > 0 ? (uint64_t)current : 0;
    shard->progress_total = total > 0 ? (uint64_t)total : 0;
    free(shard->progress_message);
    shard->progress_message = trawl_xstrdup(message);
}

void trawl__shard_flush_progress(struct trawl_shard *shard)
{
    if (!shard->has_progress)
        return;
    shard->has_progress = false;
    trawl_store_set_progress(shard->supervisor->store, shard->task->run->id, shard->task->platform,
                             shard->progress_current, shard->progress_total,
                             shard->progress_message);
}

static void shard_on_finished(struct trawl_shard *shard, const json_t *finished)
{
    const char *message = trawl_json_string(finished, "message", NULL);
    bool completed = strcmp(trawl_json_string(finished, "outcome", ""), "completed") == 0;

    shard->task->limited = trawl_json_bool(finished, "limited", false);

    if (shard->serial != shard->acknowledged)
        trawl__shard_broken(shard, "it finished before its pages were stored");
    else
        trawl__shard_finished(shard, completed, message && message[0] ? message : NULL);
}

static void shard_on_stopped(struct trawl_shard *shard)
{
    if (!shard->stopping || shard->serial != shard->acknowledged)
        trawl__shard_broken(shard, "it stopped out of turn");
    else
        trawl__shard_stopped(shard);
}

static void shard_on_words(struct trawl_shard *shard, const struct trawl_frame *frame)
{
    json_auto_t *value = NULL;

    if (trawl_json_parse(frame->payload, frame->len, &value, NULL) < 0 || !json_is_object(value))
        trawl__shard_broken(shard, "it sent a message that is no JSON object");
    else if (frame->type == TRAWL_MSG_READY)
        shard_on_ready(shard);
    else if (frame->type == TRAWL_MSG_PROGRESS)
        shard_on_progress(shard, value);
    else if (frame->type == TRAWL_MSG_LOG)
        shard_on_log(shard, value);
    else if (frame->type == TRAWL_MSG_FINISHED)
        shard_on_finished(shard, value);
    else if (frame->type == TRAWL_MSG_STOPPED)
        shard_on_stopped(shard);
}

void trawl__shard_on_frame(void *user, const struct trawl_frame *frame)
{
    struct trawl_shard *shard = user;

    if (shard->broken)
        return;
    shard->silent_ticks = 0;
    switch (frame->type) {
    case TRAWL_MSG_PAGE:
        shard_on_page(shard, frame);
        break;
    case TRAWL_MSG_HEARTBEAT:
        break;
    case TRAWL_MSG_READY:
    case TRAWL_MSG_PROGRESS:
    case TRAWL_MSG_LOG:
    case TRAWL_MSG_FINISHED:
    case TRAWL_MSG_STOPPED:
        shard_on_words(shard, frame);
        break;
    default:
        trawl__shard_broken(shard, "it sent a message of unknown type");
    }
}
