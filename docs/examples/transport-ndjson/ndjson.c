/* Events as lines of JSON, over an HTTP response that does not end: what `curl -N` and a shell can read.
 *
 *     curl -N 'http://127.0.0.1:8080/api/ndjson?topics=items,logs'
 *
 * Build it against the installed headers alone (see the Makefile beside it), and name it in the configuration:
 *
 *     "plugins": {"paths": ["/where/it/is"]},
 *     "transports": {"websocket": {}, "sse": {}, "ndjson": {}}
 */
#include <stdlib.h>

#include <trawl/plugin.h>
#include <trawl/transport.h>

struct ndjson {
    const struct trawl_transport_host *host;
};

static int ndjson_create(const struct trawl_transport_host *host, struct trawl_hub *hub,
                         json_t *options, void **ret_transport, struct trawl_err *err)
{
    struct ndjson *ndjson = malloc(sizeof(*ndjson));

    (void)hub;
    (void)options;
    if (!ndjson)
        return trawl_err_set(err, -1, "", "no memory");
    ndjson->host = host;
    *ret_transport = ndjson;
    return 0;
}

/* Called once for each message, however many read. JSON as Trawl writes it has no line breaks. */
static int ndjson_encode(void *transport, const struct trawl_message *message,
                         struct trawl_out *out)
{
    const struct ndjson *ndjson = transport;
    int r = ndjson->host->append(out, message->json, message->json_len);

    return r < 0 ? r : ndjson->host->append(out, "\n", 1);
}

static int ndjson_opened(void *transport, struct trawl_conn *conn, struct trawl_err *err)
{
    const struct trawl_transport_host *host = ((const struct ndjson *)transport)->host;
    struct trawl_subscription subscription = {
        .size = sizeof(subscription),
        .since = host->query(conn, "since"),
    };
    const char *topics = host->query(conn, "topics");
    int r = topics ? host->parse_topics(topics, &subscription.topics, err) : 0;

    return r < 0 ? r : host->subscribe(conn, &subscription, err);
}

static void ndjson_destroy(void *transport)
{
    free(transport);
}

static const struct trawl_endpoint ndjson_endpoints[] = {
    {.kind = TRAWL_ENDPOINT_STREAM, .path = "/api/ndjson", .content_type = "application/x-ndjson"},
    {.kind = TRAWL_ENDPOINT_END},
};

static const struct trawl_transport_ops ndjson_ops = {
    .endpoints = ndjson_endpoints,
    .create = ndjson_create,
    .encode = ndjson_encode,
    .opened = ndjson_opened,
    .destroy = ndjson_destroy,
};

TRAWL_EXPORT const struct trawl_plugin trawl_plugin = {
    TRAWL_PLUGIN_HEADER,      .name = "ndjson",
    .version = "1.0.0",       .summary = "events as lines of JSON",
    .transport = &ndjson_ops,
};
