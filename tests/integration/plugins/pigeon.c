/* A transport that serves lines, and dies where a client asks it to: `?die=crash`, `?die=abort`, `?die=exit`. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <trawl/plugin.h>
#include <trawl/transport.h>

static const struct trawl_transport_host *pigeon_host;

static int pigeon_create(const struct trawl_transport_host *host, struct trawl_hub *hub,
                         json_t *options, void **ret_transport, struct trawl_err *err)
{
    (void)hub;
    (void)options;
    (void)err;
    pigeon_host = host;
    *ret_transport = &pigeon_host;
    return 0;
}

static int pigeon_encode(void *transport, const struct trawl_message *message,
                         struct trawl_out *out)
{
    int r = pigeon_host->append(out, message->json, message->json_len);

    (void)transport;
    return r < 0 ? r : pigeon_host->append(out, "\n", 1);
}

static int pigeon_opened(void *transport, struct trawl_conn *conn, struct trawl_err *err)
{
    const struct trawl_subscription subscription = {.size = sizeof(subscription)};
    const char *die = pigeon_host->query(conn, "die");

    (void)transport;
    if (die && strcmp(die, "crash") == 0)
        raise(SIGSEGV);
    if (die && strcmp(die, "abort") == 0)
        abort();
    if (die && strcmp(die, "exit") == 0)
        exit(0);
    return pigeon_host->subscribe(conn, &subscription, err);
}

static void pigeon_destroy(void *transport)
{
    (void)transport;
}

static const struct trawl_endpoint pigeon_endpoints[] = {
    {.kind = TRAWL_ENDPOINT_STREAM, .path = "/api/pigeon", .content_type = "application/x-ndjson"},
    {.kind = TRAWL_ENDPOINT_END},
};

static const struct trawl_transport_ops pigeon_ops = {
    .endpoints = pigeon_endpoints,
    .create = pigeon_create,
    .encode = pigeon_encode,
    .opened = pigeon_opened,
    .destroy = pigeon_destroy,
};

TRAWL_EXPORT const struct trawl_plugin trawl_plugin = {
    TRAWL_PLUGIN_HEADER,      .name = "pigeon",
    .version = "1.0.0",       .summary = "lines, until it falls from the sky",
    .transport = &pigeon_ops,
};
