/* An HTTP and WebSocket server on a libuv loop: the one room that knows libwebsockets.
 *
 * Everything runs on the loop's thread. A request is answered once, now or later: by trawl_http_respond() with the whole
 * body, or by trawl_http_stream_begin() and writes. Its handle is valid until on_closed for it was called.
 */
#ifndef TRAWL_HTTP_HTTP_H
#define TRAWL_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "trawl/err.h"

struct trawl_http_server;
struct trawl_http_conn; /* one request, stream or WebSocket */

struct trawl_http_limits {
    size_t max_body;          /* of a request; beyond it 413 */
    size_t max_message;       /* of a WebSocket message; beyond it close 1009 */
    unsigned max_connections; /* beyond it new ones are closed */
    unsigned max_per_address; /* likewise, those from one address; 0: no limit */
    unsigned idle_timeout_ms; /* a connection without a request, a request that does not arrive */
    unsigned pong_timeout_ms; /* a WebSocket that does not answer pings */
};

struct trawl_http_header {
    const char *name;
    const char *value;
};

struct trawl_http_handler {
    /* A request's head has come: what is added here by trawl_http_add_header() is in its answer, also where the server
     * itself refuses it. May be NULL. */
    void (*on_head)(void *user, struct trawl_http_conn *conn);

    /* A request has come, body included. libwebsockets has decoded and normalised path and query ("..", "%2F", "//" are
     * gone from the path); both are given percent-encoded again, so what must stay as it is travels in the query, whose
     * values are exact. */
    void (*on_request)(void *user, struct trawl_http_conn *conn);

    /* A WebSocket upgrade is asked for: 0 to accept, else the HTTP status to refuse it with. */
    int (*on_upgrade)(void *user, struct trawl_http_conn *conn);
    void (*on_open)(void *user, struct trawl_http_conn *conn); /* WebSocket established */
    void (*on_message)(void *user, struct trawl_http_conn *conn, const char *text, size_t len);

    /* A stream or WebSocket can take more after trawl_http_write_raw() said -EAGAIN. */
    void (*on_writable)(void *user, struct trawl_http_conn *conn);

    /* The peer or we are done with it; last call for `conn`. Also called for answered requests. */
    void (*on_closed)(void *user, struct trawl_http_conn *conn);
    void *user;
};

int trawl_http_server_create(uv_loop_t *loop, const struct trawl_http_limits *limits,
                             const struct trawl_http_handler *handler,
                             struct trawl_http_server **ret_server, struct trawl_err *err);

/* Accept connections from a bound, listening socket (taken over). May be called several times. */
int trawl_http_server_listen(struct trawl_http_server *server, int fd);
void trawl_http_server_stop_listening(struct trawl_http_server *server);

/* Open connections. */
unsigned trawl_http_server_connections(const struct trawl_http_server *server);

/* Close all, then call on_closed, after which nothing is left on the loop. */
void trawl_http_server_close(struct trawl_http_server *server, void (*on_closed)(void *user),
                             void *user);

/* "host:port", "[::1]:8080", ":8080" or "8080" to a listening socket, close-on-exec, SO_REUSEADDR; port 0 is any. */
int trawl_http_bind(const char *address, int *ret_fd, struct trawl_err *err);

const char *trawl_http_method(const struct trawl_http_conn *conn);
const char *trawl_http_path(const struct trawl_http_conn *conn);  /* encoded, without the query */
const char *trawl_http_query(const struct trawl_http_conn *conn); /* encoded, "" if none */
const char *trawl_http_header(const struct trawl_http_conn *conn,
                              const char *name); /* lower case; NULL if not there */
const char *trawl_http_body(const struct trawl_http_conn *conn, size_t *ret_len);

/* A stream or WebSocket lasts: drop method, path, query and headers, which are then "" and not there. */
void trawl_http_forget_request(struct trawl_http_conn *conn);

/* The numeric address, "" if it is gone already. */
#define TRAWL_HTTP_PEER_SIZE 48
void trawl_http_peer(const struct trawl_http_conn *conn, char peer[TRAWL_HTTP_PEER_SIZE]);

void trawl_http_set_data(struct trawl_http_conn *conn, void *data);
void *trawl_http_data(const struct trawl_http_conn *conn);

/* "Not Found" of 404. */
const char *trawl_http_reason(int status);

/* A header of the answer, whichever it will be; both are copied. */
void trawl_http_add_header(struct trawl_http_conn *conn, const char *name, const char *value);

/* Answer whole; the body is copied. `headers` ends with a NULL name, or is NULL. */
void trawl_http_respond(struct trawl_http_conn *conn, int status, const char *content_type,
                        const struct trawl_http_header *headers, const void *body, size_t len);

/* Begin an answer of unknown length (Transfer-Encoding: chunked for downloads; `event_stream`: bytes leave as they are and
 * the peer's going away is watched for). */
int trawl_http_stream_begin(struct trawl_http_conn *conn, int status, const char *content_type,
                            const struct trawl_http_header *headers, bool event_stream);
/* One piece of a download. 0, or -EAGAIN: taken, wait for on_writable before the next; -EPIPE. */
int trawl_http_stream_write(struct trawl_http_conn *conn, const void *bytes, size_t len);
void trawl_http_stream_end(struct trawl_http_conn *conn);

/* Write bytes that are frames or stream text already, for event streams and WebSockets. Returns how many were taken (all
 * or none of a call's bytes are written or queued by the library), or -EAGAIN while an earlier write is unfinished (wait
 * for on_writable), or -EPIPE. */
ssize_t trawl_http_write_raw(struct trawl_http_conn *conn, const void *bytes, size_t len);

/* Close at once, whatever is left to send. */
void trawl_http_abort(struct trawl_http_conn *conn);

/* Send a WebSocket close frame and close; end an event stream. */
void trawl_http_close(struct trawl_http_conn *conn, uint16_t code, const char *reason);

#endif
