/* WebSocket: one JSON message a frame, and a client that may say what it wants to follow (docs/wire-protocol.md). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trawl/plugin.h"
#include "trawl/transport.h"

/* Longest list of topics as one string; there are three topics. */
#define TOPICS_MAX 256

struct websocket {
    const struct trawl_transport_host *host;
};

static int websocket_create(const struct trawl_transport_host *host, struct trawl_hub *hub,
                            json_t *options, void **ret_transport, struct trawl_err *err)
{
    struct websocket *websocket = calloc(1, sizeof(*websocket));

    (void)hub;
    (void)options;
    if (!websocket)
        return trawl_err_set(err, -ENOMEM, "", "no memory");
    websocket->host = host;
    *ret_transport = websocket;
    return 0;
}

static void websocket_destroy(void *transport)
{
    free(transport);
}

static int websocket_encode(void *transport, const struct trawl_message *message,
                            struct trawl_out *out)
{
    struct websocket *websocket = transport;

    return websocket->host->append(out, message->json, message->json_len);
}

static int websocket_opened(void *transport, struct trawl_conn *conn, struct trawl_err *err)
{
    (void)transport;
    (void)conn;
    (void)err;
    return 0; /* nothing flows until the client subscribes */
}

static void reply_error(struct websocket *websocket, struct trawl_conn *conn, const char *code,
                        const char *detail)
{
    websocket->host->reply(conn, "error", json_pack("{s:s, s:s}", "code", code, "detail", detail));
}

/* The names of a JSON array, joined by commas. */
static int join_topics(const json_t *topics, char joined[TOPICS_MAX], struct trawl_err *err)
{
    size_t used = 0;

    joined[0] = '\0';
    if (!topics)
        return 0;
    if (!json_is_array(topics))
        return trawl_err_set(err, -EINVAL, "topics", "expected a list of names");
    for (size_t i = 0; i < json_array_size(topics); i++) {
        const char *name = json_string_value(json_array_get(topics, i));
        int n = name ? snprintf(joined + used, TOPICS_MAX - used, "%s%s", i ? "," : "", name) : -1;

        if (n < 0 || (size_t)n >= TOPICS_MAX - used)
            return trawl_err_set(err, -EINVAL, "topics", "expected a list of names");
        used += (size_t)n;
    }
    return 0;
}

static int read_subscription(struct websocket *websocket, const json_t *message,
                             struct trawl_subscription *subscription, struct trawl_err *err)
{
    const json_t *run_id = json_object_get(message, "run_id");
    const json_t *since = json_object_get(message, "since");
    char topics[TOPICS_MAX];
    int r = join_topics(json_object_get(message, "topics"), topics, err);

    if (r >= 0)
        r = websocket->host->parse_topics(topics, &subscription->topics, err);
    if (r < 0)
        return r;
    if (run_id && !json_is_null(run_id)) {
        subscription->run_id = json_integer_value(run_id);
        if (subscription->run_id <= 0)
            return trawl_err_set(err, -EINVAL, "run_id", "a run's id is a whole number above 0");
    }
    if (since && !json_is_null(since)) {
        subscription->since = json_string_value(since);
        if (!subscription->since)
            return trawl_err_set(err, -EINVAL, "since", "expected an id, as a string");
    }
    return 0;
}

static void on_subscribe(struct websocket *websocket, struct trawl_conn *conn,
                         const json_t *message)
{
    struct trawl_subscription subscription = {.size = sizeof(subscription)};
    struct trawl_err err = {0};
    int r = read_subscription(websocket, message, &subscription, &err);

    if (r >= 0)
        r = websocket->host->subscribe(conn, &subscription, &err);
    if (r < 0)
        reply_error(websocket, conn, "bad_subscription", err.message);
}

static void on_message(struct websocket *websocket, struct trawl_conn *conn, const json_t *message)
{
    const char *type = json_string_value(json_object_get(message, "type"));
    const char *id = json_string_value(json_object_get(message, "id"));

    if (!type)
        reply_error(websocket, conn, "bad_message", "expected an object with a type");
    else if (strcmp(type, "subscribe") == 0)
        on_subscribe(websocket, conn, message);
    else if (strcmp(type, "unsubscribe") == 0)
        websocket->host->unsubscribe(conn);
    else if (strcmp(type, "ping") == 0)
        websocket->host->reply(conn, "pong", json_object());
    else if (strcmp(type, "ack") == 0 && id)
        websocket->host->acknowledged(conn, id);
    else
        reply_error(websocket, conn, "unknown_type",
                    "there are subscribe, unsubscribe, ping and ack (with an id)");
}

static void websocket_received(void *transport, struct trawl_conn *conn, const char *text,
                               size_t len)
{
    struct websocket *websocket = transport;
    json_error_t error;
    json_t *message = json_loadb(text, len, 0, &error);

    if (message)
        on_message(websocket, conn, message);
    else
        reply_error(websocket, conn, "bad_message", "not JSON");
    json_decref(message);
}

static const struct trawl_endpoint websocket_endpoints[] = {
    {.kind = TRAWL_ENDPOINT_WEBSOCKET, .path = "/api/ws"},
    {.kind = TRAWL_ENDPOINT_END},
};

static const struct trawl_transport_ops websocket_ops = {
    .endpoints = websocket_endpoints,
    .create = websocket_create,
    .encode = websocket_encode,
    .opened = websocket_opened,
    .received = websocket_received,
    .destroy = websocket_destroy,
};

TRAWL_EXPORT const struct trawl_plugin trawl_plugin = {
    TRAWL_PLUGIN_HEADER,         .name = "websocket",
    .version = "1.0.0",          .summary = "brings events over WebSocket",
    .transport = &websocket_ops,
};
