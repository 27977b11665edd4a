/* The one place that knows libwebsockets' callbacks. docs/architecture.md tells which of its habits shaped this. */
#include "http/http.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "http/http_priv.h"
#include "util/alloc.h"

/* All headers of a request; beyond it libwebsockets answers 431. */
#define HTTP_HEADERS_MAX 8192
/* Of the buffer that each WebSocket has for what its client sends; clients say little, but libwebsockets answers a ping that
 * does not fit by two pongs. RFC 6455, 5.5: at most 125 bytes. */
#define HTTP_RX_BUFFER        125
#define HTTP_TEARDOWN_POLL_MS 5
#define HTTP_TEARDOWN_TURNS   3

static void conn_gone(struct trawl_http_conn *conn)
{
    struct trawl_http_server *server = conn->server;

    lws_set_opaque_user_data(conn->wsi, NULL);
    conn->gone = true;
    if (server->handler.on_closed)
        server->handler.on_closed(server->handler.user, conn);
    trawl__http_alive_leave(conn);
    trawl__http_conn_free(conn);
}

/* The answer has left, or is with libwebsockets; ready for the connection's next request, or -1 to close it. */
static int conn_completed(struct trawl_http_conn *conn)
{
    struct lws *wsi = conn->wsi;
    bool keep = conn->keep_alive;

    conn_gone(conn);
    if (!keep)
        return -1;
    return lws_http_transaction_completed(wsi) ? -1 : 0;
}

static int on_request(struct trawl_http_conn *conn)
{
    struct trawl_http_server *server = conn->server;

    lws_set_timeout(conn->wsi, NO_PENDING_TIMEOUT, 0);
    server->handler.on_request(server->handler.user, conn);
    return 0;
}

static int on_head(struct trawl_http_server *server, struct lws *wsi)
{
    struct trawl_http_conn *conn = trawl__http_conn_create(server, wsi);
    bool changes = strcmp(trawl_http_method(conn), "GET") != 0 && !conn->head;
    size_t len;
    int r = trawl__http_body_length(wsi, &len);

    lws_set_opaque_user_data(wsi, conn);
    if (server->handler.on_head)
        server->handler.on_head(server->handler.user, conn);
    if (trawl_http_header(conn, "transfer-encoding")) {
        conn->keep_alive = false;
        trawl__http_refuse(conn, 411); /* libwebsockets 4.1 does not undo chunks of a request */
        return 0;
    }
    if (changes && len > 0 && len <= server->limits.max_body)
        return 0; /* on_body() goes on */
    if (r < 0 || len > 0) {
        conn->keep_alive = false;
        trawl__http_refuse(conn, changes && len > 0 ? 413 : 400);
        return 0;
    }
    /* libwebsockets waits for a body after a POST that announces none, so this is its connection's last. */
    if (changes && !trawl_http_header(conn, "content-length"))
        conn->keep_alive = false;
    return on_request(conn);
}

static int on_body(struct trawl_http_conn *conn, const void *bytes, size_t len)
{
    if (!conn || conn->answered)
        return 0; /* what comes behind an early refusal */
    if (trawl_buf_append(&trawl__http_bufs(conn)->in, bytes, len) < 0) {
        conn->keep_alive = false;
        trawl__http_refuse(conn, 413);
    }
    return 0;
}

/* Write what waits; -1 to close the connection. */
static int flush(struct trawl_http_conn *conn)
{
    struct trawl_buf *out;
    int n;

    if (!trawl__http_has_out(conn))
        return 0;
    out = &conn->bufs->out;
    n = lws_write(conn->wsi, (unsigned char *)out->data, out->len, LWS_WRITE_HTTP);
    trawl_buf_finish(out);
    if (conn->kind == HTTP_DOWNLOAD)
        lws_set_timeout(conn->wsi, PENDING_TIMEOUT_USER_OK,
                        (int)(conn->server->limits.idle_timeout_ms / 1000) + 1);
    return n < 0 ? -1 : 0;
}

/* The close frame is ours, as all frames are; libwebsockets closes when the client's own has come, or at the timeout. */
static int send_close(struct trawl_http_conn *conn)
{
    struct trawl_buf *out;
    int n;

    if (!trawl__http_has_out(conn))
        return 0; /* it has left */
    if (lws_partial_buffered(conn->wsi)) {
        lws_callback_on_writable(conn->wsi);
        return 0;
    }
    out = &conn->bufs->out;
    n = lws_write(conn->wsi, (unsigned char *)out->data, out->len, LWS_WRITE_RAW);
    trawl_buf_finish(out);
    return n < 0 ? -1 : 0;
}

static int on_writable(struct trawl_http_conn *conn)
{
    struct trawl_http_server *server;

    if (!conn)
        return 0;
    server = conn->server;
    if (conn->aborted)
        return -1;
    if (conn->closing && conn->kind == HTTP_WEBSOCKET)
        return send_close(conn);
    if (flush(conn) < 0 || conn->closing)
        return -1;
    if (conn->ended) {
        if (lws_partial_buffered(conn->wsi) && !conn->keep_alive) {
            lws_callback_on_writable(conn->wsi); /* closed once the rest has left */
            return 0;
        }
        return conn->kind == HTTP_EVENTS ? -1 : conn_completed(conn);
    }
    if (lws_partial_buffered(conn->wsi)) {
        lws_callback_on_writable(conn->wsi);
        return 0;
    }
    if (conn->wants_writable) {
        conn->wants_writable = false;
        server->handler.on_writable(server->handler.user, conn);
    }
    return 0;
}

/* 0 to go on, 1 when it was refused with a status, -1 to hang up. */
static int on_upgrade(struct trawl_http_server *server, struct lws *wsi, const char *protocol)
{
    struct trawl_http_conn *conn;
    int status = 426;

    if (!protocol || strcmp(protocol, "websocket") != 0)
        return -1; /* HTTP/2 in clear text: no browser asks for it */
    conn = trawl__http_conn_create(server, wsi);
    lws_set_opaque_user_data(wsi, conn);
    conn->keep_alive = false;
    if (server->handler.on_upgrade)
        status = server->handler.on_upgrade(server->handler.user, conn);
    if (status == 0 && !conn->answered) {
        conn->kind = HTTP_WEBSOCKET;
        trawl__http_alive_enter(conn);
        return 0;
    }
    if (!conn->answered)
        trawl__http_refuse(conn, status);
    flush(conn);
    conn_gone(conn);
    lws_set_timeout(wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
    return 1;
}

static int on_established(struct trawl_http_conn *conn)
{
    struct trawl_http_server *server;

    if (!conn)
        return -1;
    server = conn->server;
    conn->kind = HTTP_WEBSOCKET;
    server->handler.on_open(server->handler.user, conn);
    return 0;
}

static int close_websocket(struct trawl_http_conn *conn, enum lws_close_status code,
                           const char *reason)
{
    conn->closing = true;
    lws_close_reason(conn->wsi, code, (unsigned char *)(uintptr_t)reason, strlen(reason));
    return -1;
}

static int on_message(struct trawl_http_conn *conn, const char *bytes, size_t len)
{
    struct trawl_http_server *server;
    struct http_bufs *bufs;

    if (!conn || conn->closing)
        return conn ? 0 : -1;
    server = conn->server;
    bufs = trawl__http_bufs(conn);
    if (lws_frame_is_binary(conn->wsi))
        return close_websocket(conn, LWS_CLOSE_STATUS_UNACCEPTABLE_OPCODE, "text only");
    if (trawl_buf_append(&bufs->in, bytes, len) < 0)
        return close_websocket(conn, LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE, "message too long");
    if (lws_remaining_packet_payload(conn->wsi) > 0 || !lws_is_final_fragment(conn->wsi))
        return 0;
    server->handler.on_message(server->handler.user, conn, trawl_buf_text(&bufs->in), bufs->in.len);
    if (bufs->out.len > 0)
        trawl_buf_finish(&bufs->in);
    else
        trawl__http_bufs_free(conn); /* idle ones hold no memory for what they once said */
    return 0;
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *session, void *in,
                    size_t len)
{
    struct lws_vhost *vhost = lws_get_vhost(wsi);
    struct trawl_http_server *server = vhost ? lws_get_vhost_user(vhost) : NULL;
    struct trawl_http_conn *conn;

    (void)session;
    if (!server) /* of the context itself */
        return 0;
    conn = lws_get_opaque_user_data(wsi);
    switch (reason) {
    case LWS_CALLBACK_HTTP:
        return on_head(server, wsi);
    case LWS_CALLBACK_HTTP_BODY:
        return on_body(conn, in, len);
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        return conn && !conn->answered ? on_request(conn) : 0;
    case LWS_CALLBACK_HTTP_WRITEABLE:
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return on_writable(conn);
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return on_upgrade(server, wsi, in);
    case LWS_CALLBACK_ESTABLISHED:
        return on_established(conn);
    case LWS_CALLBACK_RECEIVE_PONG:
        if (conn)
            trawl__http_alive_heard(conn);
        return 0;
    case LWS_CALLBACK_RECEIVE:
        if (conn)
            trawl__http_alive_heard(conn);
        return on_message(conn, in, len);
    case LWS_CALLBACK_CLOSED_HTTP:
    case LWS_CALLBACK_CLOSED:
        if (conn)
            conn_gone(conn);
        return 0;
    case LWS_CALLBACK_WSI_DESTROY:
        if (conn)
            conn_gone(conn);
        if (server->connections > 0)
            server->connections--;
        trawl__http_address_leave(server, wsi);
        return 0;
    default:
        return 0;
    }
}

static void emit_log(int level, const char *line)
{
    static const struct trawl_log log = {.origin = "libwebsockets"};
    char room[256];
    size_t len = strcspn(line, "\n");
    char *text = trawl_xstrndup(line, len);

    trawl_log_write(&log, level == LLL_ERR ? TRAWL_LOG_WARNING : TRAWL_LOG_DEBUG, "%s",
                    trawl_log_quote(room, sizeof(room), text));
    free(text);
}

static const struct lws_protocols protocols[] = {
    {.name = "trawl",
     .callback = on_event,
     .rx_buffer_size = HTTP_RX_BUFFER,
     .tx_packet_size = HTTP_TX_PACKET},
    {.name = NULL},
};

static int open_context(struct trawl_http_server *server)
{
    void *loops[1] = {server->loop};
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN_SERVER,
        .protocols = protocols,
        .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_VALIDATE_UTF8 |
                   LWS_SERVER_OPTION_EXPLICIT_VHOSTS,
        .foreign_loops = loops,
        .pcontext = &server->context,
        .max_http_header_data2 = HTTP_HEADERS_MAX,
        .max_http_header_pool2 = server->limits.max_connections,
        .timeout_secs = server->limits.idle_timeout_ms / 1000 + 1,
        .keepalive_timeout = (int)(server->limits.idle_timeout_ms / 1000) + 1,
        .retry_and_idle_policy = &server->no_pings,
        .gid = (gid_t)-1,
        .uid = (uid_t)-1,
        .user = server,
        .vhost_name = "trawl",
    };

    lws_set_log_level(LLL_ERR | LLL_WARN, emit_log);
    server->context = lws_create_context(&info);
    if (!server->context)
        return -EIO;
    server->vhost = lws_create_vhost(server->context, &info);
    return server->vhost ? 0 : -EIO;
}

int trawl_http_server_create(uv_loop_t *loop, const struct trawl_http_limits *limits,
                             const struct trawl_http_handler *handler,
                             struct trawl_http_server **ret_server, struct trawl_err *err)
{
    struct trawl_http_server *server = TRAWL_NEW(struct trawl_http_server);

    server->loop = loop;
    server->limits = *limits;
    server->handler = *handler;
    trawl_log_init(&server->log, "http");
    if (open_context(server) < 0) {
        if (server->context)
            lws_context_destroy(server->context);
        free(server);
        return trawl_err_set(err, -EIO, "", "the HTTP server could not be made");
    }
    trawl__http_alive_start(server);
    uv_timer_init(loop, &server->teardown);
    server->teardown.data = server;
    *ret_server = server;
    return 0;
}

static void server_on_closed(uv_handle_t *handle)
{
    struct trawl_http_server *server = handle->data;

    if (server->on_closed)
        server->on_closed(server->on_closed_user);
    free(server);
}

/* On a loop that is not its own libwebsockets is destroyed in two calls: the first closes connections and handles, which
 * takes some turns of the loop, the second frees what the handles lay in. */
static void server_on_teardown(uv_timer_t *timer)
{
    struct trawl_http_server *server = timer->data;

    if (server->connections > 0 || ++server->teardown_turns < HTTP_TEARDOWN_TURNS)
        return;
    if (server->context)
        lws_context_destroy(server->context);
    uv_timer_stop(timer);
    uv_close((uv_handle_t *)timer, server_on_closed);
}

void trawl_http_server_close(struct trawl_http_server *server, void (*on_closed)(void *user),
                             void *user)
{
    server->closing = true;
    server->on_closed = on_closed;
    server->on_closed_user = user;
    trawl_http_server_stop_listening(server);
    uv_close((uv_handle_t *)&server->alive, NULL);
    lws_context_destroy(server->context);
    uv_timer_start(&server->teardown, server_on_teardown, HTTP_TEARDOWN_POLL_MS,
                   HTTP_TEARDOWN_POLL_MS);
}

unsigned trawl_http_server_connections(const struct trawl_http_server *server)
{
    return server->connections;
}
