/* Server-sent events: `id:` and `data:` lines and no `event:`, so that onmessage of an EventSource gets all. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trawl/plugin.h"
#include "trawl/transport.h"

struct sse {
    const struct trawl_transport_host *host;
    int retry_ms;
};

static int sse_create(const struct trawl_transport_host *host, struct trawl_hub *hub,
                      json_t *options, void **ret_transport, struct trawl_err *err)
{
    struct sse *sse = calloc(1, sizeof(*sse));

    (void)hub;
    if (!sse)
        return trawl_err_set(err, -ENOMEM, "", "no memory");
    sse->host = host;
    sse->retry_ms = (int)json_integer_value(json_object_get(options, "retry"));
    *ret_transport = sse;
    return 0;
}

static void sse_destroy(void *transport)
{
    free(transport);
}

static int append_text(struct sse *sse, struct trawl_out *out, const char *text)
{
    return sse->host->append(out, text, strlen(text));
}

static int sse_encode(void *transport, const struct trawl_message *message, struct trawl_out *out)
{
    struct sse *sse = transport;
    char retry[48];
    int r = 0;

    /* The acknowledgement is the first message of a stream: it also says how soon to come back. */
    if (strcmp(message->type, "connection_ack") == 0 && sse->retry_ms > 0) {
        snprintf(retry, sizeof(retry), "retry: %d\n", sse->retry_ms);
        r = append_text(sse, out, retry);
    }
    if (r >= 0 && message->id) {
        r = append_text(sse, out, "id: ");
        if (r >= 0)
            r = append_text(sse, out, message->id);
        if (r >= 0)
            r = append_text(sse, out, "\n");
    }
    if (r >= 0)
        r = append_text(sse, out, "data: ");
    if (r >= 0) /* JSON as Trawl writes it has no line breaks */
        r = sse->host->append(out, message->json, message->json_len);
    return r < 0 ? r : append_text(sse, out, "\n\n");
}

static int read_run_id(const char *text, int64_t *ret_run_id, struct trawl_err *err)
{
    char *end;

    errno = 0;
    *ret_run_id = strtoll(text, &end, 10);
    if (errno != 0 || *end || *text < '1' || *text > '9')
        return trawl_err_set(err, -ENOENT, "id", "there is no such run");
    return 0;
}

static int sse_opened(void *transport, struct trawl_conn *conn, struct trawl_err *err)
{
    struct sse *sse = transport;
    struct trawl_subscription subscription = {.size = sizeof(subscription)};
    const char *topics = sse->host->query(conn, "topics");
    const char *run_id = sse->host->path_param(conn, "id");
    int r = 0;

    if (topics)
        r = sse->host->parse_topics(topics, &subscription.topics, err);
    if (r >= 0 && run_id)
        r = read_run_id(run_id, &subscription.run_id, err);
    if (r < 0)
        return r;
    subscription.end_with_run = run_id != NULL;
    subscription.since = sse->host->header(conn, "last-event-id");
    if (!subscription.since)
        subscription.since = sse->host->query(conn, "since");
    return sse->host->subscribe(conn, &subscription, err);
}

static const struct trawl_endpoint sse_endpoints[] = {
    {.kind = TRAWL_ENDPOINT_STREAM,
     .path = "/api/scrape/stream",
     .content_type = "text/event-stream"},
    {.kind = TRAWL_ENDPOINT_STREAM,
     .path = "/api/scrape/runs/{id}/progress",
     .content_type = "text/event-stream"},
    {.kind = TRAWL_ENDPOINT_END},
};

static const struct trawl_option sse_options[] = {
    {.name = "retry",
     .type = TRAWL_OPTION_DURATION,
     .default_json = "\"2s\"",
     .min = 100,
     .max = 600000,
     .help = "how long a browser waits before it connects again"},
    {.type = TRAWL_OPTION_END},
};

static const struct trawl_transport_ops sse_ops = {
    .endpoints = sse_endpoints,
    .create = sse_create,
    .encode = sse_encode,
    .opened = sse_opened,
    .destroy = sse_destroy,
};

TRAWL_EXPORT const struct trawl_plugin trawl_plugin = {
    TRAWL_PLUGIN_HEADER,    .name = "sse",
    .version = "1.0.0",     .summary = "brings events as a server-sent event stream",
    .options = sse_options, .transport = &sse_ops,
};
