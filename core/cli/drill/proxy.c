#include "cli/drill/proxy.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "util/alloc.h"
#include "util/buf.h"

/* Head of a request or of an upgrade's answer. */
#define HEAD_MAX 16384u
/* What is held for a client that may not have it yet, or does not read. */
#define HELD_MAX    (16u << 20)
#define READ_SIZE   65536
#define BACKLOG     128
#define REFUSAL     "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
#define END_OF_HEAD "\r\n\r\n"

enum tunnel_kind {
    OTHER,
    WEBSOCKET,
    STREAM,
};

struct tunnel {
    struct tunnel *prev;
    struct tunnel *next;
    struct drill_proxy *proxy;
    uv_tcp_t client;
    uv_tcp_t server;
    uv_connect_t connecting;
    uv_shutdown_t shutting;
    struct trawl_buf request; /* until the server is connected */
    struct trawl_buf
        held; /* of the server's: the head of an upgrade's answer, or what is buffered */
    enum tunnel_kind kind;
    int open_handles;
    bool is_known;    /* the request's head was read */
    bool is_open;     /* connected to the server */
    bool is_upgraded; /* the head of the answer has passed */
    bool has_swallowed;
    bool server_ended;
    bool closed;
    char room[READ_SIZE];
};

struct drill_proxy {
    uv_loop_t *loop;
    uv_tcp_t listener;
    struct tunnel *tunnels;
    enum drill_proxy_fault fault;
    int port;
    int target;
    bool closed;
    bool listener_closed;
};

struct tunnel_write {
    uv_write_t request;
    char bytes[];
};

/* --- ends ---------------------------------------------------------------------------------------- */

static void proxy_free_if_over(struct drill_proxy *proxy)
{
    if (proxy->listener_closed && !proxy->tunnels)
        free(proxy);
}

static void tunnel_on_closed(uv_handle_t *handle)
{
    struct tunnel *tunnel = handle->data;
    struct drill_proxy *proxy = tunnel->proxy;

    if (--tunnel->open_handles > 0)
        return;
    DL_DELETE(proxy->tunnels, tunnel);
    trawl_buf_finish(&tunnel->request);
    trawl_buf_finish(&tunnel->held);
    free(tunnel);
    proxy_free_if_over(proxy);
}

/* The client is told by a reset, as by a cable that is cut, unless all that was for it has left. */
static void tunnel_close(struct tunnel *tunnel)
{
    if (tunnel->closed)
        return;
    tunnel->closed = true;
    if (uv_tcp_close_reset(&tunnel->client, tunnel_on_closed) < 0)
        uv_close((uv_handle_t *)&tunnel->client, tunnel_on_closed);
    uv_close((uv_handle_t *)&tunnel->server, tunnel_on_closed);
}

static void on_written(uv_write_t *request, int status)
{
    (void)status; /* a connection that is lost is noticed by reading */
    free(TRAWL_CONTAINER_OF(request, struct tunnel_write, request));
}

static void on_shut(uv_shutdown_t *shutting, int status)
{
    (void)status;
    tunnel_close(shutting->handle->data);
}

/* What was written leaves first. */
static void tunnel_end(struct tunnel *tunnel)
{
    if (!tunnel->closed &&
        uv_shutdown(&tunnel->shutting, (uv_stream_t *)&tunnel->client, on_shut) < 0)
        tunnel_close(tunnel);
}

static void write_to(struct tunnel *tunnel, uv_tcp_t *to, const char *bytes, size_t len)
{
    struct tunnel_write *out;
    uv_buf_t buf;

    if (tunnel->closed || len == 0)
        return;
    if (uv_stream_get_write_queue_size((uv_stream_t *)to) + len > HELD_MAX) {
        tunnel_close(tunnel);
        return;
    }
    out = trawl_xalloc(sizeof(*out) + len);
    memcpy(out->bytes, bytes, len);
    buf = uv_buf_init(out->bytes, (unsigned)len);
    if (uv_write(&out->request, (uv_stream_t *)to, &buf, 1, on_written) < 0) {
        free(out);
        tunnel_close(tunnel);
    }
}

/* --- from the server ----------------------------------------------------------------------------- */

static bool is_held_back(const struct tunnel *tunnel)
{
    return tunnel->kind == STREAM && tunnel->proxy->fault == DRILL_BUFFER && !tunnel->server_ended;
}

static void release(struct tunnel *tunnel)
{
    write_to(tunnel, &tunnel->client, trawl_buf_text(&tunnel->held), tunnel->held.len);
    trawl_buf_finish(&tunnel->held);
}

/* The head of an upgrade's answer passes whatever the fault; gives how many of the bytes belong to it. */
static size_t pass_head(struct tunnel *tunnel, const char *bytes, size_t len)
{
    size_t before = tunnel->held.len;
    const char *end;

    if (before + len > HEAD_MAX || trawl_buf_append(&tunnel->held, bytes, len) < 0) {
        tunnel_close(tunnel);
        return len;
    }
    end = strstr(trawl_buf_text(&tunnel->held), END_OF_HEAD);
    if (!end)
        return len;
    tunnel->is_upgraded = true;
    tunnel->held.len = (size_t)(end - tunnel->held.data) + strlen(END_OF_HEAD);
    len = tunnel->held.len - before;
    release(tunnel);
    return len;
}

static void from_server(struct tunnel *tunnel, const char *bytes, size_t len)
{
    if (tunnel->kind == WEBSOCKET && !tunnel->is_upgraded) {
        size_t used = pass_head(tunnel, bytes, len);

        bytes += used;
        len -= used;
    }
    if (tunnel->closed || len == 0)
        return;
    if (tunnel->kind == WEBSOCKET && tunnel->proxy->fault == DRILL_MUTE) {
        tunnel->has_swallowed = true;
    } else if (!is_held_back(tunnel)) {
        write_to(tunnel, &tunnel->client, bytes, len);
    } else if (tunnel->held.len + len > HELD_MAX ||
               trawl_buf_append(&tunnel->held, bytes, len) < 0) {
        tunnel_close(tunnel);
    }
}

static void server_ended(struct tunnel *tunnel)
{
    tunnel->server_ended = true;
    release(tunnel);
    tunnel_end(tunnel);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct tunnel *tunnel = handle->data;

    (void)suggested;
    *buf = uv_buf_init(tunnel->room, sizeof(tunnel->room));
}

static void on_server_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
    struct tunnel *tunnel = stream->data;

    if (len > 0) {
        from_server(tunnel, buf->base, (size_t)len);
    } else if (len < 0) {
        uv_read_stop(stream);
        if (len == UV_EOF)
            server_ended(tunnel);
        else
            tunnel_close(tunnel);
    }
}

static void on_connected(uv_connect_t *connecting, int status)
{
    struct tunnel *tunnel = connecting->handle->data;

    if (tunnel->closed)
        return;
    if (status == 0)
        status = uv_read_start((uv_stream_t *)&tunnel->server, on_alloc, on_server_read);
    if (status < 0) {
        tunnel_close(tunnel); /* as the server itself would: there is nobody */
        return;
    }
    tunnel->is_open = true;
    write_to(tunnel, &tunnel->server, trawl_buf_text(&tunnel->request), tunnel->request.len);
    trawl_buf_finish(&tunnel->request);
}

static void connect_server(struct tunnel *tunnel)
{
    struct sockaddr_in address;

    uv_ip4_addr("127.0.0.1", tunnel->proxy->target, &address);
    if (uv_tcp_connect(&tunnel->connecting, &tunnel->server, (const struct sockaddr *)&address,
                       on_connected) < 0)
        tunnel_close(tunnel);
}

/* --- from the client ----------------------------------------------------------------------------- */

static enum tunnel_kind kind_of(const char *request)
{
    if (strcasestr(request, "\r\nUpgrade: websocket\r\n"))
        return WEBSOCKET;
    return strcasestr(request, "\r\nAccept: text/event-stream\r\n") ? STREAM : OTHER;
}

static void take_request(struct tunnel *tunnel, const char *bytes, size_t len)
{
    if (tunnel->request.len + len > HEAD_MAX ||
        trawl_buf_append(&tunnel->request, bytes, len) < 0) {
        tunnel_close(tunnel);
        return;
    }
    if (tunnel->is_known || !strstr(trawl_buf_text(&tunnel->request), END_OF_HEAD))
        return;
    tunnel->is_known = true;
    tunnel->kind = kind_of(trawl_buf_text(&tunnel->request));
    if (tunnel->kind == WEBSOCKET && tunnel->proxy->fault == DRILL_CUT) {
        write_to(tunnel, &tunnel->client, REFUSAL, strlen(REFUSAL));
        tunnel_end(tunnel);
        return;
    }
    connect_server(tunnel);
}

static void on_client_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
    struct tunnel *tunnel = stream->data;

    if (len < 0)
        tunnel_close(tunnel);
    else if (tunnel->is_open)
        write_to(tunnel, &tunnel->server, buf->base, (size_t)len);
    else
        take_request(tunnel, buf->base, (size_t)len);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct drill_proxy *proxy = listener->data;
    struct tunnel *tunnel;

    if (status < 0)
        return;
    tunnel = TRAWL_NEW(struct tunnel);
    tunnel->proxy = proxy;
    trawl_buf_init(&tunnel->request, HEAD_MAX);
    trawl_buf_init(&tunnel->held, HELD_MAX);
    uv_tcp_init(proxy->loop, &tunnel->client);
    uv_tcp_init(proxy->loop, &tunnel->server);
    tunnel->client.data = tunnel;
    tunnel->server.data = tunnel;
    tunnel->open_handles = 2;
    DL_APPEND(proxy->tunnels, tunnel);
    if (uv_accept(listener, (uv_stream_t *)&tunnel->client) < 0 ||
        uv_read_start((uv_stream_t *)&tunnel->client, on_alloc, on_client_read) < 0)
        tunnel_close(tunnel);
}

/* --- for the drill ------------------------------------------------------------------------------- */

static int listen_on_loopback(struct drill_proxy *proxy)
{
    struct sockaddr_in address;
    int len = sizeof(address);
    int r;

    uv_ip4_addr("127.0.0.1", 0, &address);
    r = uv_tcp_bind(&proxy->listener, (const struct sockaddr *)&address, 0);
    if (r == 0)
        r = uv_listen((uv_stream_t *)&proxy->listener, BACKLOG, on_connection);
    if (r == 0)
        r = uv_tcp_getsockname(&proxy->listener, (struct sockaddr *)&address, &len);
    if (r == 0)
        proxy->port = ntohs(address.sin_port);
    return r;
}

int drill_proxy_create(uv_loop_t *loop, struct drill_proxy **ret_proxy, struct trawl_err *err)
{
    struct drill_proxy *proxy = TRAWL_NEW(struct drill_proxy);
    int r;

    proxy->loop = loop;
    uv_tcp_init(loop, &proxy->listener);
    proxy->listener.data = proxy;
    r = listen_on_loopback(proxy);
    if (r < 0) {
        drill_proxy_close(proxy);
        return trawl_err_set(err, r, "", "the proxy cannot listen: %s", strerror(-r));
    }
    *ret_proxy = proxy;
    return 0;
}

int drill_proxy_port(const struct drill_proxy *proxy)
{
    return proxy->port;
}

void drill_proxy_set_target(struct drill_proxy *proxy, int port)
{
    proxy->target = port;
}

static void apply_fault(struct tunnel *tunnel)
{
    bool is_cut = tunnel->proxy->fault == DRILL_CUT && tunnel->kind == WEBSOCKET;

    /* A WebSocket that has lost bytes on the way is of no use any more, and nobody must take it for a good one. */
    if (is_cut || tunnel->has_swallowed)
        tunnel_close(tunnel);
    else if (tunnel->kind == STREAM && !is_held_back(tunnel))
        release(tunnel);
}

void drill_proxy_set_fault(struct drill_proxy *proxy, enum drill_proxy_fault fault)
{
    struct tunnel *tunnel;

    proxy->fault = fault;
    DL_FOREACH (proxy->tunnels, tunnel)
        apply_fault(tunnel);
}

static void on_listener_closed(uv_handle_t *handle)
{
    struct drill_proxy *proxy = handle->data;

    proxy->listener_closed = true;
    proxy_free_if_over(proxy);
}

void drill_proxy_close(struct drill_proxy *proxy)
{
    struct tunnel *tunnel;

    if (!proxy || proxy->closed)
        return;
    proxy->closed = true;
    DL_FOREACH (proxy->tunnels, tunnel)
        tunnel_close(tunnel);
    uv_close((uv_handle_t *)&proxy->listener, on_listener_closed);
}
