/* What a scraper says of itself: its progress, its log. */
#include <stdio.h>
#include <string.h>

#include "ipc/messages.h"
#include "util/clock.h"
#include "worker/worker_priv.h"

/* A scraper may call progress() in its innermost loop. */
#define PROGRESS_INTERVAL_NS 100000000u
/* Longest message that is passed on; the rest is cut. */
#define MESSAGE_MAX 4096

/* `text` cut at `max` bytes, not within a character; broken UTF-8 is shown as escapes. */
static json_t *message_json(const char *text, size_t max)
{
    size_t len = strnlen(text, max);
    char quoted[MESSAGE_MAX];
    json_t *value;

    while (len > 0 && text[len] != '\0' && ((unsigned char)text[len] & 0xc0) == 0x80)
        len--;
    value = json_stringn(text, len);
    if (value)
        return value;
    trawl_log_quote(quoted, sizeof(quoted), text);
    for (char *p = quoted; *p; p++) {
        if ((unsigned char)*p >= 0x80)
            *p = '?';
    }
    return json_string(quoted);
}

static void send_progress(struct trawl_worker *worker)
{
    json_auto_t *value =
        json_pack("{s:I, s:I, s:o}", "current", (json_int_t)worker->progress_current, "total",
                  (json_int_t)worker->progress_total, "message",
                  message_json(worker->progress_message, sizeof(worker->progress_message)));

    worker->progress_held = false;
    worker->progress_ns = trawl_mono_ns();
    trawl_channel_send_json(worker->channel, TRAWL_MSG_PROGRESS, value);
}

static void on_progress(void *user, uint64_t current, uint64_t total, const char *message)
{
    struct trawl_worker *worker = user;

    worker->progress_current = current;
    worker->progress_total = total;
    snprintf(worker->progress_message, sizeof(worker->progress_message), "%s",
             message ? message : "");
    worker->progress_held = true;
    if (trawl_mono_ns() - worker->progress_ns >= PROGRESS_INTERVAL_NS)
        send_progress(worker);
}

void trawl__report_flush(struct trawl_worker *worker)
{
    if (worker->progress_held)
        send_progress(worker);
}

uint64_t trawl__report_next_ns(const struct trawl_worker *worker)
{
    return worker->progress_held ? worker->progress_ns + PROGRESS_INTERVAL_NS : UINT64_MAX;
}

static void on_log(void *user, enum trawl_log_level level, const char *message)
{
    struct trawl_worker *worker = user;
    json_auto_t *value = NULL;

    /* Debug lines are for whoever runs the worker; they would only fill the journal. */
    if (level <= TRAWL_LOG_DEBUG) {
        trawl_debug(&worker->log, "%s", message);
        return;
    }
    if (level > TRAWL_LOG_ERROR)
        level = TRAWL_LOG_ERROR;
    value = json_pack("{s:s, s:o}", "level", trawl_log_level_name(level), "message",
                      message_json(message, MESSAGE_MAX - 1));
    trawl_channel_send_json(worker->channel, TRAWL_MSG_LOG, value);
}

static bool wants(void *user, struct trawl_hash fingerprint, uint16_t depth)
{
    const struct trawl_worker *worker = user;

    return trawl_frontier_wants(worker->frontier, fingerprint, depth);
}

const struct trawl_job_ops trawl__report_job_ops = {
    .wants = wants,
    .on_progress = on_progress,
    .on_log = on_log,
};
