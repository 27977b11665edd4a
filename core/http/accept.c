/* Sockets: binding, accepting, and seeing the peer of a stream go away. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/http_priv.h"
#include "util/alloc.h"

#define HTTP_BACKLOG 1024
/* Accepted in one turn, so that a flood of connections does not keep the loop from those that are open. */
#define HTTP_ACCEPT_BURST 16
#define HTTP_ACCEPT_PAUSE 100 /* ms */

/* Split "host:port"; `host` is "" where none is given. */
static int split_address(const char *address, char host[256], const char **ret_port)
{
    const char *colon = strrchr(address, ':');
    size_t len = colon ? (size_t)(colon - address) : 0;

    *ret_port = colon ? colon + 1 : address;
    if (len >= 2 && address[0] == '[' && address[len - 1] == ']') {
        address++;
        len -= 2;
    }
    if (len >= 256)
        return -EINVAL;
    memcpy(host, address, len);
    host[len] = '\0';
    if (**ret_port == '\0' || strspn(*ret_port, "0123456789") != strlen(*ret_port))
        return -EINVAL;
    return 0;
}

static int bind_one(const struct addrinfo *info)
{
    int one = 1, off = 0;
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int r;

    if (fd < 0)
        return -errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (info->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    if (bind(fd, info->ai_addr, info->ai_addrlen) < 0 || listen(fd, HTTP_BACKLOG) < 0) {
        r = -errno;
        close(fd);
        return r;
    }
    return fd;
}

int trawl_http_bind(const char *address, int *ret_fd, struct trawl_err *err)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    const char *port;
    char host[256];
    int r;

    r = split_address(address, host, &port);
    if (r < 0 || strlen(port) > 5 || strtoul(port, NULL, 10) > 65535)
        return trawl_err_set(err, -EINVAL, address,
                             "not an address to listen on, expected host:port");
    r = getaddrinfo(*host ? host : NULL, port, &hints, &found);
    if (r != 0)
        return trawl_err_set(err, -EADDRNOTAVAIL, address, "cannot listen: %s", gai_strerror(r));
    r = -EADDRNOTAVAIL;
    for (const struct addrinfo *info = found; info; info = info->ai_next) {
        r = bind_one(info);
        if (r >= 0)
            break;
    }
    freeaddrinfo(found);
    if (r < 0)
        return trawl_err_set(err, r, address, "cannot listen: %s",
                             r == -EADDRINUSE ? "the port is in use" : strerror(-r));
    *ret_fd = r;
    return 0;
}

/* Refuse with a reset rather than keep a socket in TIME_WAIT for each. */
static void drop_socket(int fd)
{
    struct linger linger = {.l_onoff = 1};

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    close(fd);
}

static void adopt(struct trawl_http_server *server, int fd)
{
    struct lws *wsi;
    int one = 1;
    unsigned unacked = HTTP_UNACKED_TIMEOUT_MS;

    if (server->closing || server->connections >= server->limits.max_connections ||
        !trawl__http_address_has_room(server, fd)) {
        drop_socket(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacked, sizeof(unacked));
    server->connections++;
    wsi = lws_adopt_socket_vhost(server->vhost, fd);
    if (wsi)
        trawl__http_address_enter(server, wsi);
    else /* it has closed it */
        server->connections--;
}

static void listener_on_readable(uv_poll_t *poll, int status, int events);

static void listener_on_pause_over(uv_timer_t *timer)
{
    struct http_listener *listener = timer->data;

    uv_poll_start(&listener->poll, UV_READABLE, listener_on_readable);
}

static void listener_on_readable(uv_poll_t *poll, int status, int events)
{
    struct http_listener *listener = poll->data;

    (void)status;
    (void)events;
    for (int i = 0; i < HTTP_ACCEPT_BURST; i++) {
        int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0) {
            adopt(listener->server, fd);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            trawl_warning(&listener->server->log, "cannot accept, waiting a moment: %s",
                          strerror(errno));
            uv_poll_stop(poll);
            uv_timer_start(&listener->pause, listener_on_pause_over, HTTP_ACCEPT_PAUSE, 0);
            return;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            return;
    }
}

int trawl_http_server_listen(struct trawl_http_server *server, int fd)
{
    struct http_listener *listener = TRAWL_NEW(struct http_listener);
    int r;

    listener->server = server;
    listener->fd = fd;
    r = uv_poll_init(server->loop, &listener->poll, fd);
    if (r < 0) {
        free(listener);
        close(fd);
        return r;
    }
    uv_timer_init(server->loop, &listener->pause);
    listener->open_handles = 2;
    listener->poll.data = listener;
    listener->pause.data = listener;
    listener->next = server->listeners;
    server->listeners = listener;
    return uv_poll_start(&listener->poll, UV_READABLE, listener_on_readable);
}

static void listener_on_closed(uv_handle_t *handle)
{
    struct http_listener *listener = handle->data;

    if (--listener->open_handles == 0)
        free(listener);
}

void trawl_http_server_stop_listening(struct trawl_http_server *server)
{
    struct http_listener *next;

    for (struct http_listener *listener = server->listeners; listener; listener = next) {
        next = listener->next;
        uv_poll_stop(&listener->poll);
        close(listener->fd);
        uv_close((uv_handle_t *)&listener->poll, listener_on_closed);
        uv_close((uv_handle_t *)&listener->pause, listener_on_closed);
    }
    server->listeners = NULL;
}

static void watch_on_event(uv_poll_t *poll, int status, int events)
{
    struct http_watch *watch = poll->data;

    (void)status;
    (void)events;
    uv_poll_stop(poll);
    lws_set_timeout(watch->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
}

static void watch_on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

int trawl__http_watch_start(struct trawl_http_conn *conn, int events)
{
    struct http_watch *watch;
    int fd = fcntl(lws_get_socket_fd(conn->wsi), F_DUPFD_CLOEXEC, 0);
    int r;

    if (fd < 0)
        return -errno;
    watch = TRAWL_NEW(struct http_watch);
    watch->fd = fd;
    watch->wsi = conn->wsi;
    r = uv_poll_init(conn->server->loop, &watch->poll, fd);
    if (r < 0) {
        close(fd);
        free(watch);
        return r;
    }
    watch->poll.data = watch;
    conn->watch = watch;
    return uv_poll_start(&watch->poll, events, watch_on_event);
}

void trawl__http_watch_stop(struct trawl_http_conn *conn)
{
    struct http_watch *watch = conn->watch;

    if (!watch)
        return;
    conn->watch = NULL;
    uv_poll_stop(&watch->poll);
    close(watch->fd);
    uv_close((uv_handle_t *)&watch->poll, watch_on_closed);
}
