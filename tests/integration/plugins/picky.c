/* A transport that brings events, but cannot encode one type of message as long as there is a file. Built by the tests against the
 * installed headers, of either KIND that is read with GET. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <trawl/plugin.h>
#include <trawl/transport.h>

#ifndef KIND
#define KIND TRAWL_ENDPOINT_STREAM
#endif

struct picky {
    const struct trawl_transport_host *host;
    char *file;
    char *type;
};

static int picky_create(const struct trawl_transport_host *host, struct trawl_hub *hub,
                        json_t *options, void **ret_transport, struct trawl_err *err)
{
    struct picky *picky = calloc(1, sizeof(*picky));

    (void)hub;
    (void)err;
    if (!picky)
        return -ENOMEM;
    picky->host = host;
    picky->file = strdup(json_string_value(json_object_get(options, "file")));
    picky->type = strdup(json_string_value(json_object_get(options, "type")));
    *ret_transport = picky;
    return 0;
}

static void picky_destroy(void *transport)
{
    struct picky *picky = transport;

    free(picky->file);
    free(picky->type);
    free(picky);
}

static int picky_encode(void *transport, const struct trawl_message *message, struct trawl_out *out)
{
    struct picky *picky = transport;
    int r;

    if (strcmp(message->type, picky->type) == 0 && access(picky->file, F_OK) == 0) {
        (void)picky->host->append(out, message->json, message->json_len / 2);
        return -EINVAL;
    }
    r = picky->host->append(out, message->json, message->json_len);
    return r < 0 ? r : picky->host->append(out, "\n", 1);
}

static int picky_opened(void *transport, struct trawl_conn *conn, struct trawl_err *err)
{
    struct picky *picky = transport;
    struct trawl_subscription subscription = {
        .size = sizeof(subscription),
        .topics = TRAWL_TOPIC_PROGRESS | TRAWL_TOPIC_ITEMS,
        .since = picky->host->query(conn, "since"),
    };

    return picky->host->subscribe(conn, &subscription, err);
}

static const struct trawl_endpoint picky_endpoints[] = {
    {.kind = KIND, .path = "/api/picky", .content_type = "application/x-ndjson"},
    {.kind = TRAWL_ENDPOINT_END},
};

static const struct trawl_option picky_options[] = {
    {.name = "file",
     .type = TRAWL_OPTION_STRING,
     .required = true,
     .help = "what it stumbles over"},
    {.name = "type",
     .type = TRAWL_OPTION_STRING,
     .default_json = "\"item_changed\"",
     .help = "the messages at which it does"},
    {.type = TRAWL_OPTION_END},
};

static const struct trawl_transport_ops picky_ops = {
    .endpoints = picky_endpoints,
    .create = picky_create,
    .encode = picky_encode,
    .opened = picky_opened,
    .destroy = picky_destroy,
};

TRAWL_EXPORT const struct trawl_plugin trawl_plugin = {
    TRAWL_PLUGIN_HEADER,      .name = "picky",
    .version = "1.0.0",       .summary = "events as lines, but not all",
    .options = picky_options, .transport = &picky_ops,
};
