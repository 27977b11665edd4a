/* A transport that brings events as an event stream, but not all of them: now and then it swallows one. Built by the tests against
 * the installed headers, for those who are to notice. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <trawl/plugin.h>
#include <trawl/transport.h>

/* One event in so many. */
#define SWALLOWED 7

struct lossy {
    const struct trawl_transport_host *host;
};

static int lossy_create(const struct trawl_transport_host *host, struct trawl_hub *hub,
                        json_t *options, void **ret_transport, struct trawl_err *err)
{
    struct lossy *lossy = calloc(1, sizeof(*lossy));

    (void)hub;
    (void)options;
    (void)err;
    if (!lossy)
        return -ENOMEM;
    lossy->host = host;
    *ret_transport = lossy;
    return 0;
}

static void lossy_destroy(void *transport)
{
    free(transport);
}

static int is_swallowed(const struct trawl_message *message)
{
    const char *seq = message->id ? strchr(message->id, '-') : NULL;

    return seq && strcmp(message->type, "item_changed") == 0 &&
           strtoull(seq + 1, NULL, 10) % SWALLOWED == 0;
}

static int lossy_encode(void *transport, const struct trawl_message *message, struct trawl_out *out)
{
    struct lossy *lossy = transport;
    int r;

    if (is_swallowed(message))
        return lossy->host->append(out, ":\n\n", 3);
    r = lossy->host->append(out, "data: ", 6);
    if (r >= 0)
        r = lossy->host->append(out, message->json, message->json_len);
    return r < 0 ? r : lossy->host->append(out, "\n\n", 2);
}

static int lossy_opened(void *transport, struct trawl_conn *conn, struct trawl_err *err)
{
    struct lossy *lossy = transport;
    struct trawl_subscription subscription = {.size = sizeof(subscription)};
    const char *topics = lossy->host->query(conn, "topics");
    int r = topics ? lossy->host->parse_topics(topics, &subscription.topics, err) : 0;

    if (r < 0)
        return r;
    subscription.since = lossy->host->query(conn, "since");
    subscription.run_id = strtoll(lossy->host->path_param(conn, "id"), NULL, 10);
    subscription.end_with_run = 1;
    return lossy->host->subscribe(conn, &subscription, err);
}

static const struct trawl_endpoint lossy_endpoints[] = {
    {.kind = TRAWL_ENDPOINT_STREAM, .path = "/api/lossy/{id}", .content_type = "text/event-stream"},
    {.kind = TRAWL_ENDPOINT_END},
};

static const struct trawl_transport_ops lossy_ops = {
    .endpoints = lossy_endpoints,
    .create = lossy_create,
    .encode = lossy_encode,
    .opened = lossy_opened,
    .destroy = lossy_destroy,
};

TRAWL_EXPORT const struct trawl_plugin trawl_plugin = {
    TRAWL_PLUGIN_HEADER,       .name = "lossy",         .version = "1.0.0",
    .summary = "loses events", .transport = &lossy_ops,
};
