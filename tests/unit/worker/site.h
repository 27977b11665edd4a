/* A tiny HTTP server on loopback and on the test's own loop: each path has its bytes, which are sent as they stand, and
 * then the connection is closed, or, for a path that stalls, left as it is. */
#ifndef TRAWL_TESTS_WORKER_SITE_H
#define TRAWL_TESTS_WORKER_SITE_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "util/alloc.h"

#define SITE_REQUEST_MAX 8192

struct site_route {
    const char *path;
    const char *bytes;
    size_t len; /* 0: strlen(bytes) */
    bool stall;
};

struct site {
    uv_tcp_t server;
    const struct site_route *routes; /* up to path NULL, whose bytes answer all other paths */
    char root[64];                   /* "http://127.0.0.1:PORT" */
    unsigned hits;
    char last_request[SITE_REQUEST_MAX];
    struct site_connection *connections;
};

struct site_connection {
    uv_tcp_t tcp;
    uv_write_t write;
    struct site *site;
    struct site_connection *next;
    char request[SITE_REQUEST_MAX];
    size_t len;
    bool closing;
};

static void site_on_closed(uv_handle_t *handle)
{
    struct site_connection *connection = handle->data;
    struct site_connection **at = &connection->site->connections;

    while (*at != connection)
        at = &(*at)->next;
    *at = connection->next;
    free(connection);
}

static void site_hang_up(struct site_connection *connection)
{
    if (!connection->closing)
        uv_close((uv_handle_t *)&connection->tcp, site_on_closed);
    connection->closing = true;
}

static void site_on_written(uv_write_t *write, int status)
{
    (void)status;
    site_hang_up(write->data);
}

static const struct site_route *site_route_of(const struct site *site, const char *path)
{
    const struct site_route *route = site->routes;

    while (route->path && strcmp(route->path, path) != 0)
        route++;
    return route;
}

static void site_answer(struct site_connection *connection)
{
    const struct site_route *route;
    char path[1024];
    uv_buf_t buf;

    connection->site->hits++;
    memcpy(connection->site->last_request, connection->request, sizeof(connection->request));
    if (sscanf(connection->request, "%*s %1023s", path) != 1)
        path[0] = '\0';
    route = site_route_of(connection->site, path);
    buf = uv_buf_init((char *)route->bytes,
                      (unsigned)(route->len > 0 ? route->len : strlen(route->bytes)));
    if (route->stall && buf.len == 0)
        return;
    connection->write.data = connection;
    uv_write(&connection->write, (uv_stream_t *)&connection->tcp, &buf, 1,
             route->stall ? NULL : site_on_written);
}

static void site_on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct site_connection *connection = handle->data;

    (void)suggested;
    *buf = uv_buf_init(connection->request + connection->len,
                       (unsigned)(SITE_REQUEST_MAX - 1 - connection->len));
}

static void site_on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf)
{
    struct site_connection *connection = stream->data;

    (void)buf;
    if (got < 0) {
        site_hang_up(connection);
        return;
    }
    connection->len += (size_t)got;
    connection->request[connection->len] = '\0';
    if (strstr(connection->request, "\r\n\r\n"))
        site_answer(connection);
}

static void site_on_connection(uv_stream_t *server, int status)
{
    struct site *site = server->data;
    struct site_connection *connection;

    if (status < 0)
        return;
    connection = TRAWL_NEW(struct site_connection);
    connection->site = site;
    connection->next = site->connections;
    site->connections = connection;
    uv_tcp_init(server->loop, &connection->tcp);
    connection->tcp.data = connection;
    uv_accept(server, (uv_stream_t *)&connection->tcp);
    uv_read_start((uv_stream_t *)&connection->tcp, site_on_alloc, site_on_read);
}

static void site_open(struct site *site, uv_loop_t *loop, const struct site_route *routes)
{
    struct sockaddr_in address;
    int len = sizeof(address);

    memset(site, 0, sizeof(*site));
    site->routes = routes;
    uv_tcp_init(loop, &site->server);
    site->server.data = site;
    uv_ip4_addr("127.0.0.1", 0, &address);
    assert_int_equal(uv_tcp_bind(&site->server, (struct sockaddr *)&address, 0), 0);
    assert_int_equal(uv_listen((uv_stream_t *)&site->server, 64, site_on_connection), 0);
    uv_tcp_getsockname(&site->server, (struct sockaddr *)&address, &len);
    snprintf(site->root, sizeof(site->root), "http://127.0.0.1:%u",
             (unsigned)ntohs(address.sin_port));
}

static void site_close(struct site *site)
{
    for (struct site_connection *c = site->connections; c; c = c->next)
        site_hang_up(c);
    uv_close((uv_handle_t *)&site->server, NULL);
}

#endif
