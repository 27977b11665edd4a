/* What the worker and its supervisor say to each other about hosts. */
#include <string.h>

#include "ipc/messages.h"
#include "ipc/robots.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/json.h"
#include "worker/worker_priv.h"

/* --- to the supervisor --------------------------------------------------------------------------- */

static void on_want(void *user, const char *host, unsigned slots)
{
    struct trawl_worker *worker = user;
    json_auto_t *words = json_pack("{s:s, s:i}", "host", host, "slots", (int)slots);

    trawl_channel_send_json(worker->channel, TRAWL_MSG_HOST_WANT, words);
}

static void add_count(json_t *words, const char *name, uint64_t count)
{
    if (count > 0)
        json_object_set_new(words, name, json_integer((json_int_t)count));
}

static void on_report(void *user, const char *host, const struct trawl_host_report *report)
{
    struct trawl_worker *worker = user;
    json_auto_t *words = json_pack("{s:s, s:s*, s:s*}", "host", host, "excluded_url",
                                   report->excluded_url, "excluded_rule", report->excluded_rule);

    add_count(words, "back", report->back);
    add_count(words, "started_ns", report->started_ns);
    add_count(words, "fine", report->fine);
    add_count(words, "fine_ms", report->fine_ms);
    add_count(words, "failed", report->failed);
    add_count(words, "busy", report->busy);
    add_count(words, "excluded", report->excluded);
    if (report->retry_after_ms >= 0)
        json_object_set_new(words, "retry_after_ms", json_integer(report->retry_after_ms));
    trawl_channel_send_json(worker->channel, TRAWL_MSG_HOST_REPORT, words);
}

/* A shard that ends needs no more. */
static void on_more(void *user, const char *host, size_t count)
{
    struct trawl_worker *worker = user;
    json_auto_t *words = json_pack("{s:s, s:I}", "host", host, "count", (json_int_t)count);

    if (worker->state == TRAWL_WORKER_RUNNING)
        trawl_channel_send_json(worker->channel, TRAWL_MSG_MORE, words);
}

const struct trawl_hosts_ops trawl__host_ops = {
    .want = on_want,
    .report = on_report,
    .more = on_more,
};

/* --- from the supervisor ------------------------------------------------------------------------- */

void trawl__host_words(struct trawl_worker *worker, uint16_t type, const json_t *words)
{
    struct trawl_hosts *hosts = trawl_frontier_hosts(worker->frontier);
    const char *host = trawl_json_string(words, "host", "");
    unsigned slots = (unsigned)trawl_json_int(words, "slots", 0);
    uint64_t now_ns = trawl_mono_ns();

    if (type == TRAWL_MSG_HOST_GRANT)
        trawl_hosts_grant(hosts, host, slots, trawl_json_bool(words, "once", false), now_ns);
    else if (type == TRAWL_MSG_HOST_RECALL)
        trawl_hosts_recall(hosts, host, slots, now_ns);
    else if (type == TRAWL_MSG_HOST_SHUT)
        trawl_hosts_shut(hosts, host, trawl_json_string(words, "kind", ""),
                         trawl_json_string(words, "reason", ""), now_ns);
    else if (type == TRAWL_MSG_MORE_CAME)
        trawl_hosts_more_came(hosts, host, now_ns);
    else
        trawl__robots_fetch(worker, host);
}

/* What cannot be parsed for want of memory allows nothing. */
static int take_rules(struct trawl_worker *worker, const struct trawl_robots_answer *answer,
                      uint32_t *ret_delay_ms)
{
    struct trawl_hosts *hosts = trawl_frontier_hosts(worker->frontier);
    struct trawl_robots *robots = NULL;
    int r = 0;

    if (answer->state == TRAWL_ROBOTS_RULES)
        r = trawl_robots_parse(answer->body.ptr, answer->body.len, worker->settings.user_agent,
                               &robots);
    if (r < 0)
        return r;
    *ret_delay_ms = robots ? trawl_robots_crawl_delay_ms(robots) : 0;
    trawl_hosts_set_robots(hosts, answer->host.ptr, robots);
    return 0;
}

int trawl__host_robots(struct trawl_worker *worker, const struct trawl_frame *frame)
{
    struct trawl_robots_answer answer;
    json_auto_t *words = NULL;
    uint32_t delay_ms = 0;
    int r = trawl_robots_answer_decode(frame->payload, frame->len, &answer);

    if (r == 0)
        r = take_rules(worker, &answer, &delay_ms);
    if (r < 0)
        return r;
    words =
        json_pack("{s:s, s:I}", "host", answer.host.ptr, "crawl_delay_ms", (json_int_t)delay_ms);
    trawl_channel_send_json(worker->channel, TRAWL_MSG_HOST_RULES, words);
    return 0;
}
