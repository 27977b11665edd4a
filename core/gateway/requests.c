/* The HTTP server's callbacks: who may ask, and who answers. */
#include <errno.h>
#include <string.h>

#include "gateway/api/api.h"
#include "gateway/problem.h"
#include "gateway/static.h"

static bool changes_something(const char *method)
{
    return strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0 &&
           strcmp(method, "OPTIONS") != 0;
}

static bool may_ask(struct trawl_gateway *gateway, struct trawl_http_conn *http)
{
    if (!origins_host_allowed(gateway->origins, trawl_http_header(http, "host"))) {
        problem_respond(http, 421, "this Host is not served here; see server.hosts", NULL);
        return false;
    }
    if (changes_something(trawl_http_method(http)) &&
        !origins_origin_allowed(gateway->origins, trawl_http_header(http, "origin"))) {
        problem_respond(http, 403, "this Origin may change nothing here; see server.origins", NULL);
        return false;
    }
    return true;
}

/* --- pages of other origins (CORS) ----------------------------------------------------------------- */

/* Scripts of the origins in server.origins may read what is answered. A cache must not give one origin what was made for
 * another, or for none. */
static void on_head(void *user, struct trawl_http_conn *http)
{
    struct trawl_gateway *gateway = user;
    const char *origin = trawl_http_header(http, "origin");

    if (!origins_are_shared(gateway->origins))
        return;
    trawl_http_add_header(http, "Vary", "Origin");
    if (!origins_origin_listed(gateway->origins, origin))
        return;
    trawl_http_add_header(http, "Access-Control-Allow-Origin", origin);
    trawl_http_add_header(http, "Access-Control-Expose-Headers", "Location");
}

/* What a browser asks before it lets such a script send JSON. */
static bool answer_preflight(struct trawl_gateway *gateway, struct trawl_http_conn *http)
{
    static const struct trawl_http_header headers[] = {
        {"Access-Control-Allow-Methods", "GET, HEAD, POST"},
        {"Access-Control-Allow-Headers", "Content-Type, Idempotency-Key, Last-Event-ID"},
        {"Access-Control-Max-Age", "600"},
        {NULL, NULL}};

    if (strcmp(trawl_http_method(http), "OPTIONS") != 0 ||
        !origins_origin_listed(gateway->origins, trawl_http_header(http, "origin")))
        return false;
    trawl_http_respond(http, 204, NULL, headers, NULL, 0);
    return true;
}

/* --- requests -------------------------------------------------------------------------------------- */

static struct trawl_hub *find_endpoint(struct trawl_gateway *gateway, enum trawl_endpoint_kind kind,
                                       const char *path, const struct trawl_endpoint **ret_endpoint)
{
    struct query params = {.count = 0};

    for (size_t i = 0; i < gateway->hub_count; i++) {
        const struct trawl_endpoint *endpoint = gateway->hubs[i]->transport.ops->endpoints;

        for (; endpoint->kind != TRAWL_ENDPOINT_END; endpoint++) {
            if (endpoint->kind == kind && query_match_path(endpoint->path, path, &params)) {
                query_finish(&params);
                *ret_endpoint = endpoint;
                return gateway->hubs[i];
            }
        }
    }
    return NULL;
}

static void asked_finish(struct conn_asked *asked)
{
    query_finish(&asked->path);
    query_finish(&asked->query);
}

/* 0, or -EINVAL: the query cannot be read. */
static int asked_read(const struct trawl_endpoint *endpoint, const struct trawl_http_conn *http,
                      struct conn_asked *ret_asked)
{
    *ret_asked = (struct conn_asked){0};
    query_match_path(endpoint->path, trawl_http_path(http), &ret_asked->path);
    if (query_parse(trawl_http_query(http), &ret_asked->query) >= 0)
        return 0;
    asked_finish(ret_asked);
    return -EINVAL;
}

/* --- streams and WebSockets ------------------------------------------------------------------------ */

static int tell_opened(struct trawl_conn *conn, const struct conn_asked *asked,
                       struct trawl_err *err)
{
    int r;

    conn->opened = true;
    conn->asked = asked;
    r = trawl_transport_opened(&conn->hub->transport, conn, err);
    conn->asked = NULL;
    trawl_http_forget_request(conn->http);
    return r;
}

static void refuse_stream(struct trawl_http_conn *http, int r, const struct trawl_err *err)
{
    if (r == -ENODATA)
        trawl_http_respond(http, 204, NULL, NULL, NULL, 0);
    else
        problem_respond(http, r == -ENOENT ? 404 : 400, *err->message ? err->message : NULL, NULL);
}

/* A stream's head is sent when its subscription is known to be possible (subscriber.c). */
static void open_stream(struct trawl_hub *hub, struct trawl_http_conn *http,
                        const struct trawl_endpoint *endpoint)
{
    struct trawl_err err = {0};
    struct conn_asked asked;
    struct trawl_conn *conn;
    int r;

    if (asked_read(endpoint, http, &asked) < 0) {
        problem_respond(http, 400, "the query cannot be read", NULL);
        return;
    }
    conn = conn_create(hub, http, endpoint);
    trawl_http_set_data(http, conn);
    r = tell_opened(conn, &asked, &err);
    asked_finish(&asked);
    if (r < 0) {
        conn->closing = true;
        refuse_stream(http, r, &err);
        return;
    }
    if (!conn->begun && !conn->wanted) {
        conn_begin(conn);
        conn_ack(conn);
        conn_pump(conn);
    }
}

static bool serve_stream(struct trawl_gateway *gateway, struct trawl_http_conn *http)
{
    static const struct trawl_http_header allow[] = {{"Allow", "GET"}, {NULL, NULL}};
    const struct trawl_endpoint *endpoint;
    const char *path = trawl_http_path(http);
    struct trawl_hub *hub = find_endpoint(gateway, TRAWL_ENDPOINT_STREAM, path, &endpoint);

    if (!hub)
        hub = find_endpoint(gateway, TRAWL_ENDPOINT_POLL, path, &endpoint);
    if (hub && gateway->draining)
        problem_respond(http, 503, "restarting", NULL);
    else if (hub && !hub_may_serve(hub))
        problem_respond(http, 503, hub->error, NULL);
    else if (hub && strcmp(trawl_http_method(http), "GET") != 0)
        problem_respond_with(http, 405, "a stream is read with GET", NULL, allow);
    else if (hub)
        open_stream(hub, http, endpoint);
    return hub != NULL;
}

static void on_request(void *user, struct trawl_http_conn *http)
{
    struct trawl_gateway *gateway = user;
    const char *path = trawl_http_path(http);

    if (!may_ask(gateway, http) || answer_preflight(gateway, http) || serve_stream(gateway, http) ||
        api_serve(gateway, http))
        return;
    if (strcmp(path, "/api") == 0 || strncmp(path, "/api/", 5) == 0)
        problem_respond(http, 404, "there is nothing at this path; see /api/openapi.json", NULL);
    else
        static_serve(gateway, http);
}

/* 0, or the status to refuse with. */
static int on_upgrade(void *user, struct trawl_http_conn *http)
{
    struct trawl_gateway *gateway = user;
    const struct trawl_endpoint *endpoint;
    struct conn_asked asked;
    struct trawl_hub *hub;

    if (!origins_host_allowed(gateway->origins, trawl_http_header(http, "host")))
        return 421;
    if (!origins_origin_allowed(gateway->origins, trawl_http_header(http, "origin")))
        return 403;
    if (gateway->draining)
        return 503;
    hub = find_endpoint(gateway, TRAWL_ENDPOINT_WEBSOCKET, trawl_http_path(http), &endpoint);
    if (!hub)
        return 404;
    if (!hub_may_serve(hub))
        return 503;
    if (asked_read(endpoint, http, &asked) < 0)
        return 400;
    asked_finish(&asked);
    trawl_http_set_data(http, conn_create(hub, http, endpoint));
    return 0;
}

static void on_open(void *user, struct trawl_http_conn *http)
{
    struct trawl_conn *conn = trawl_http_data(http);
    struct trawl_err err = {0};
    struct conn_asked asked;

    (void)user;
    conn->begun = true;
    conn_ack(conn);
    conn_pump(conn);
    (void)asked_read(conn->endpoint, http, &asked); /* could be read before the upgrade */
    if (tell_opened(conn, &asked, &err) < 0) {
        conn_error(conn, "refused", err.message);
        conn_close(conn, 1008, "refused");
    }
    asked_finish(&asked);
}

static void on_message(void *user, struct trawl_http_conn *http, const char *text, size_t len)
{
    struct trawl_conn *conn = trawl_http_data(http);

    (void)user;
    if (conn->closing)
        return;
    if (!trawl_rate_take(&conn->messages, conn_gateway(conn)->max_messages))
        conn_close(conn, 1008, "too many messages");
    else
        trawl_transport_received(&conn->hub->transport, conn, text, len);
}

static void on_writable(void *user, struct trawl_http_conn *http)
{
    enum http_user_kind *kind = trawl_http_data(http);

    (void)user;
    if (!kind)
        return;
    if (*kind == HTTP_USER_SUBSCRIBER) {
        struct trawl_conn *conn = trawl_http_data(http);

        conn->blocked = false;
        conn_pump(conn);
    } else if (*kind == HTTP_USER_REQUEST) {
        api_download_writable(trawl_http_data(http));
    }
}

static void on_closed(void *user, struct trawl_http_conn *http)
{
    enum http_user_kind *kind = trawl_http_data(http);

    (void)user;
    if (!kind)
        return;
    if (*kind == HTTP_USER_REQUEST) {
        api_closed(trawl_http_data(http));
    } else if (*kind == HTTP_USER_STATIC) {
        static_closed(trawl_http_data(http));
    } else {
        struct trawl_conn *conn = trawl_http_data(http);

        if (conn->opened)
            trawl_transport_closed(&conn->hub->transport, conn);
        conn->http = NULL;
        conn_destroy(conn);
    }
}

const struct trawl_http_handler gateway_http_handler = {
    .on_head = on_head,
    .on_request = on_request,
    .on_upgrade = on_upgrade,
    .on_open = on_open,
    .on_message = on_message,
    .on_writable = on_writable,
    .on_closed = on_closed,
};
