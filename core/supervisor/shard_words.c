/* What the processes of shards say, but for their pages. */
#include <string.h>

#include "ipc/messages.h"
#include "supervisor/hosts.h"
#include "supervisor/shard_priv.h"
#include "util/alloc.h"
#include "util/json.h"

static void shard_on_log(struct trawl_shard *shard, const json_t *log)
{
    const char *message = trawl_json_string(log, "message", "");
    enum trawl_log_level level = TRAWL_LOG_INFO;
    char dropped[64];

    (void)trawl_log_level_parse(trawl_json_string(log, "level", "info"), &level);
    if (!trawl_rate_take(&shard->logs, TRAWL_SHARD_LOGS_PER_SECOND)) {
        shard->logs_dropped++;
        return;
    }
    if (shard->logs_dropped > 0) {
        snprintf(dropped, sizeof(dropped), "%u log lines were dropped", shard->logs_dropped);
        trawl_store_log(shard->supervisor->store, shard->task->run->id, shard->task->platform,
                        TRAWL_LOG_WARNING, dropped);
        shard->logs_dropped = 0;
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
    shard->new_progress = true;
    shard->progress_current = current > 0 ? (uint64_t)current : 0;
    shard->progress_total = total > 0 ? (uint64_t)total : 0;
    free(shard->progress_message);
    shard->progress_message = trawl_xstrdup(message);
}

bool trawl__shard_add_progress(struct trawl_shard *shard, struct trawl_shard_progress *sum)
{
    bool is_new = shard->new_progress;

    if (!shard->has_progress)
        return false;
    shard->new_progress = false;
    sum->current += shard->progress_current;
    sum->total += shard->progress_total;
    if (is_new || !sum->message)
        sum->message = shard->progress_message;
    return is_new;
}

static void shard_on_starved(struct trawl_shard *shard)
{
    shard->starving = true;
    trawl__task_on_starved(shard->task);
}

static void shard_on_idle(struct trawl_shard *shard, const json_t *idle)
{
    json_int_t unused = trawl_json_int(idle, "unused", 0);
    struct trawl_task *task = shard->task;

    if (shard->state != TRAWL_SHARD_RUNNING || shard->serial != shard->acknowledged) {
        trawl__shard_broken(shard, "it was idle before its pages were stored");
        return;
    }
    if (unused < 0 || (uint64_t)unused > shard->granted) {
        trawl__shard_broken(shard, "it gave back more than it had");
        return;
    }
    shard->starving = trawl_json_bool(idle, "starved", false);
    shard->idle = trawl_json_int(idle, "heard", -1) == (json_int_t)shard->sent;
    shard->granted -= (uint64_t)unused;
    trawl__task_take_back(task, (uint64_t)unused);
    trawl__task_on_idle(task);
}

static void shard_on_failed(struct trawl_shard *shard, const json_t *failed)
{
    const char *message = trawl_json_string(failed, "message", "");

    if (shard->serial != shard->acknowledged)
        trawl__shard_broken(shard, "it failed before its pages were stored");
    else if (shard->stopping)
        trawl__shard_end(shard, TRAWL_OVER_STOPPED, NULL);
    else
        trawl__shard_end(shard, TRAWL_OVER_FAILED, message);
}

static void shard_on_stopped(struct trawl_shard *shard)
{
    if (!shard->stopping || shard->serial != shard->acknowledged)
        trawl__shard_broken(shard, "it stopped out of turn");
    else
        trawl__shard_end(shard, TRAWL_OVER_STOPPED, NULL);
}

static void shard_on_words(struct trawl_shard *shard, const struct trawl_frame *frame)
{
    json_auto_t *value = NULL;

    if (trawl_json_parse(frame->payload, frame->len, &value, NULL) < 0 || !json_is_object(value))
        trawl__shard_broken(shard, "it sent a message that is no JSON object");
    else if (frame->type == TRAWL_MSG_READY)
        trawl__shard_load(shard);
    else if (frame->type == TRAWL_MSG_PROGRESS)
        shard_on_progress(shard, value);
    else if (frame->type == TRAWL_MSG_LOG)
        shard_on_log(shard, value);
    else if (frame->type == TRAWL_MSG_STARVED)
        shard_on_starved(shard);
    else if (frame->type == TRAWL_MSG_IDLE)
        shard_on_idle(shard, value);
    else if (frame->type == TRAWL_MSG_FAILED)
        shard_on_failed(shard, value);
    else if (frame->type == TRAWL_MSG_STOPPED)
        shard_on_stopped(shard);
    else if (frame->type == TRAWL_MSG_MORE)
        trawl__shard_more(shard, value);
    else if (!trawl__hosts_on_words(shard, frame->type, value))
        trawl__shard_broken(shard, "it said of a host what cannot be");
}

void trawl__shard_on_frame(void *user, const struct trawl_frame *frame)
{
    struct trawl_shard *shard = user;

    if (shard->broken)
        return;
    shard->silent_ticks = 0;
    switch (frame->type) {
    case TRAWL_MSG_PAGE:
        trawl__shard_on_page(shard, frame);
        break;
    case TRAWL_MSG_ASK:
        trawl__shard_on_ask(shard, frame);
        break;
    case TRAWL_MSG_HEARTBEAT:
        break;
    case TRAWL_MSG_ROBOTS:
        if (!trawl__hosts_on_robots(shard, frame))
            trawl__shard_broken(shard, "it sent a robots.txt that nobody asked for");
        break;
    case TRAWL_MSG_READY:
    case TRAWL_MSG_PROGRESS:
    case TRAWL_MSG_LOG:
    case TRAWL_MSG_STARVED:
    case TRAWL_MSG_IDLE:
    case TRAWL_MSG_FAILED:
    case TRAWL_MSG_STOPPED:
    case TRAWL_MSG_HOST_WANT:
    case TRAWL_MSG_HOST_REPORT:
    case TRAWL_MSG_HOST_RULES:
    case TRAWL_MSG_MORE:
        shard_on_words(shard, frame);
        break;
    default:
        trawl__shard_broken(shard, "it sent a message of unknown type");
    }
}
