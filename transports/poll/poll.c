/* Long-polling: a GET that is answered with the first events, or after a time. Each message is an element of the answer, a JSON
 * array; the last one is a heartbeat. The last id of one answer is `since` of the next request. For where nothing else gets
 * through. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trawl/plugin.h"
#include "trawl/transport.h"

/* Seconds. Many proxies give up after 60. */
#define TIMEOUT_DEFAULT 25
#define TIMEOUT_MAX     55

struct poll {
    const struct trawl_transport_host *host;
};

static int poll_create(const struct trawl_transport_host *host, struct trawl_hub *hub,
                       json_t *options, void **ret_transport, struct trawl_err *err)
{
    struct poll *poll = calloc(1, sizeof(*poll));

    (void)hub;
    (void)options;
    if (!poll)
        return trawl_err_set(err, -ENOMEM, "", "no memory");
    poll->host = host;
    *ret_transport = poll;
    return 0;
}

static void poll_destroy(void *transport)
{
    free(transport);
}

static int poll_encode(void *transport, const struct trawl_message *message, struct trawl_out *out)
{
    struct poll *poll = transport;

    return poll->host->append(out, message->json, message->json_len);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* In seconds, as `text` or TIMEOUT_DEFAULT. */
static int read_timeout(const char *text, uint32_t *ret_ms, struct trawl_err *err)
{
    double seconds = TIMEOUT_DEFAULT;
    char *end = NULL;

    if (text)
        seconds = strtod(text, &end);
    if (text && (*end || !is_digit(*text) || seconds > TIMEOUT_MAX))
        return trawl_err_set(err, -EINVAL, "timeout",
                             "timeout: expected a number of seconds from 0 to %d", TIMEOUT_MAX);
    *ret_ms = (uint32_t)(seconds * 1000);
    return 0;
}

/* 0 where there is none. */
static int read_run_id(const char *text, int64_t *ret_run_id, struct trawl_err *err)
{
    char *end;

    *ret_run_id = 0;
    if (!text)
        return 0;
    errno = 0;
    *ret_run_id = strtoll(text, &end, 10);
    if (errno != 0 || *end || !is_digit(*text) || *text == '0')
        return trawl_err_set(err, -ENOENT, "run_id", "there is no such run");
    return 0;
}

static int poll_opened(void *transport, struct trawl_conn *conn, struct trawl_err *err)
{
    struct poll *poll = transport;
    struct trawl_subscription subscription = {.size = sizeof(subscription)};
    const char *topics = poll->host->query(conn, "topics");
    int r = 0;

    if (topics)
        r = poll->host->parse_topics(topics, &subscription.topics, err);
    if (r >= 0)
        r = read_timeout(poll->host->query(conn, "timeout"), &subscription.timeout_ms, err);
    if (r >= 0)
        r = read_run_id(poll->host->query(conn, "run_id"), &subscription.run_id, err);
    if (r < 0)
        return r;
    subscription.end_with_run = subscription.run_id > 0;
    subscription.since = poll->host->query(conn, "since");
    return poll->host->subscribe(conn, &subscription, err);
}

static const struct trawl_endpoint poll_endpoints[] = {
    {.kind = TRAWL_ENDPOINT_POLL, .path = "/api/scrape/poll", .content_type = "application/json"},
    {.kind = TRAWL_ENDPOINT_END},
};

static const struct trawl_transport_ops poll_ops = {
    .endpoints = poll_endpoints,
    .create = poll_create,
    .encode = poll_encode,
    .opened = poll_opened,
    .destroy = poll_destroy,
};

TRAWL_EXPORT const struct trawl_plugin trawl_plugin = {
    TRAWL_PLUGIN_HEADER,
    .name = "poll",
    .version = "1.0.0",
    .summary = "answers with the events that a client does not have, once there are any",
    .transport = &poll_ops,
};
