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

/* A query parameter that is a whole number up to `max`; what is not there stays as it is. */
static int read_number(struct poll *poll, struct trawl_conn *conn, const char *name, long long max,
                       long long *number, struct trawl_err *err)
{
    const char *text = poll->host->query(conn, name);
    long long value;
    char *end;

    if (!text)
        return 0;
    errno = 0;
    value = strtoll(text, &end, 10);
    if (errno != 0 || *end || *text < '0' || *text > '9' || value > max)
        return trawl_err_set(err, -EINVAL, name, "%s: expected a whole number from 0 to %lld", name,
                             max);
    *number = value;
    return 0;
}

static int poll_opened(void *transport, struct trawl_conn *conn, struct trawl_err *err)
{
    struct poll *poll = transport;
    struct trawl_subscription subscription = {.size = sizeof(subscription)};
    const char *topics = poll->host->query(conn, "topics");
    long long timeout = TIMEOUT_DEFAULT;
    long long run_id = 0;
    int r = 0;

    if (topics)
        r = poll->host->parse_topics(topics, &subscription.topics, err);
    if (r >= 0)
        r = read_number(poll, conn, "timeout", TIMEOUT_MAX, &timeout, err);
    if (r >= 0)
        r = read_number(poll, conn, "run_id", INT64_MAX, &run_id, err);
    if (r < 0)
        return r;
    subscription.run_id = run_id;
    subscription.end_with_run = run_id > 0;
    subscription.since = poll->host->query(conn, "since");
    subscription.timeout_ms = (uint32_t)timeout * 1000;
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
