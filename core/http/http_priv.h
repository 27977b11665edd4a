/* What the files of the HTTP server share: server.c (libwebsockets' callbacks), request.c (taking a request over), answer.c
 * (answering), accept.c (sockets), addresses.c and alive.c (who may have how many, and who still is there). */
#ifndef TRAWL_HTTP_HTTP_PRIV_H
#define TRAWL_HTTP_HTTP_PRIV_H

#include <libwebsockets.h>

#include "http/http.h"
#include "util/buf.h"
#include "util/log.h"

/* What one lws_write() may hand to the kernel at once; lws would cut raw writes at 4 KB and copy the rest. */
#define HTTP_TX_PACKET (1u << 20)
/* Largest whole answer, and what may wait of a download. */
#define HTTP_ANSWER_MAX (64u << 20)
/* A download asks its writer to wait beyond this. */
#define HTTP_DOWNLOAD_QUEUE (64u << 10)
/* A peer that is told to go and does not read is cut after this. */
#define HTTP_CLOSE_TIMEOUT_S 10
/* Of a close frame: RFC 6455, 5.5, less the code. */
#define HTTP_CLOSE_REASON_MAX 123
/* A peer that acknowledges nothing for so long is gone; the kernel then ends the connection. */
#define HTTP_UNACKED_TIMEOUT_MS 60000

enum http_kind {
    HTTP_REQUEST, /* until it is known what it becomes, and for whole answers */
    HTTP_DOWNLOAD,
    HTTP_EVENTS,
    HTTP_WEBSOCKET,
};

struct http_field {
    struct http_field *next;
    const char *value; /* behind name, in the same allocation */
    char name[];
};

/* What was asked, until an answer that lasts begins. */
struct http_asked {
    const char *method;
    char *path;
    char *query;
    struct http_field *fields;
};

/* Sees the peer of a stream go away: libwebsockets 4.1 does not notice it (it would spin instead). */
struct http_watch {
    uv_poll_t poll;
    int fd; /* a dup of the socket, since libwebsockets polls the socket itself */
    struct lws *wsi;
};

struct http_bufs {
    struct trawl_buf in;  /* request body, or a message of which more fragments will come */
    struct trawl_buf out; /* head and body, or a close frame, that wait for the socket */
};

/* There are many, most of them idle. */
struct trawl_http_conn {
    struct trawl_http_conn *prev, *next; /* in server->websockets */
    struct trawl_http_server *server;
    struct lws *wsi;
    void *data;
    struct http_asked *asked; /* NULL once it is forgotten */
    struct http_field *added; /* to the answer */
    struct http_bufs *bufs;   /* NULL while a stream or a WebSocket needs none */
    struct http_watch *watch;
    enum http_kind kind;
    bool head : 1;       /* a HEAD request: no body in the answer */
    bool old : 1;        /* HTTP/1.0: no chunks */
    bool keep_alive : 1; /* another request may follow on the connection */
    bool answered : 1;   /* respond() or stream_begin() was called */
    bool ended : 1;      /* nothing will be added to `out` */
    bool wants_writable : 1;
    bool closing : 1;
    bool gone : 1;     /* on_closed was called or is being called */
    bool aborted : 1;  /* to be closed at the next call */
    bool pinged : 1;   /* and not heard since */
    uint64_t heard_ns; /* WEBSOCKET: when anything came of it, or it was pinged */
};

struct http_listener {
    struct http_listener *next;
    struct trawl_http_server *server;
    uv_poll_t poll;
    uv_timer_t pause; /* after running out of descriptors */
    int fd;
    int open_handles;
};

struct trawl_http_server {
    uv_loop_t *loop;
    struct trawl_http_limits limits;
    struct trawl_http_handler handler;
    struct lws_context *context;
    struct lws_vhost *vhost;
    lws_retry_bo_t no_pings;            /* of libwebsockets' own */
    struct trawl_http_conn *websockets; /* utlist */
    uv_timer_t alive;
    uint64_t alive_ns; /* when it was last looked who is */
    struct http_listener *listeners;
    unsigned connections;
    struct http_address *addresses; /* uthash, as are */
    struct http_link *links;        /* both are empty where there is no limit for each address */
    uv_timer_t teardown;
    unsigned teardown_turns;
    bool closing;
    void (*on_closed)(void *user);
    void *on_closed_user;
    struct trawl_log log;
};

/* request.c */
struct trawl_http_conn *trawl__http_conn_create(struct trawl_http_server *server, struct lws *wsi);
void trawl__http_conn_free(struct trawl_http_conn *conn);
/* Of the body that is announced, 0 if none is; -EINVAL: that is no length (RFC 9110, 8.6). */
int trawl__http_body_length(struct lws *wsi, size_t *ret_len);
/* Made where there are none. */
struct http_bufs *trawl__http_bufs(struct trawl_http_conn *conn);
void trawl__http_bufs_free(struct trawl_http_conn *conn);
bool trawl__http_has_out(const struct trawl_http_conn *conn);

/* answer.c */
void trawl__http_refuse(struct trawl_http_conn *conn, int status);
void trawl__http_head(struct trawl_http_conn *conn, struct trawl_buf *buf, int status,
                      const char *content_type, const struct trawl_http_header *headers);

/* alive.c */
void trawl__http_alive_start(struct trawl_http_server *server);
void trawl__http_alive_enter(struct trawl_http_conn *conn);
void trawl__http_alive_leave(struct trawl_http_conn *conn); /* of any kind */
void trawl__http_alive_heard(struct trawl_http_conn *conn);

/* addresses.c */
/* Whether the peer of a socket may have one more connection. */
bool trawl__http_address_has_room(const struct trawl_http_server *server, int fd);
void trawl__http_address_enter(struct trawl_http_server *server, struct lws *wsi);
void trawl__http_address_leave(struct trawl_http_server *server, struct lws *wsi);

/* accept.c */
void trawl__http_watch_stop(struct trawl_http_conn *conn);
int trawl__http_watch_start(struct trawl_http_conn *conn, int events);

#endif
