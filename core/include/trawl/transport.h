/* What a transport plugin implements, and what the process that runs it offers.
 *
 * A serving transport turns messages into bytes for its subscribers. The gateway owns sockets, rings,
 * cursors, heartbeats and limits: it calls encode() once for each message, however many subscribers
 * there are. All calls come on one thread and must not block. It has endpoints, encode() and opened().
 *
 * A pushing transport brings events to a program, a file or a server. The pusher owns order, retries,
 * the way to the next transport of a chain, and the place in the journal: it calls push() with the
 * events that are next. It has push(), and nothing of what serves. push() may block: it and destroy() are
 * called on a thread of the transport's own, one call at a time. create() comes earlier, also where a
 * configuration is only checked, so it opens and starts nothing; the first push() does. log() and
 * stopping() may be called on any thread. SIGPIPE is ignored.
 */
#ifndef TRAWL_TRANSPORT_H
#define TRAWL_TRANSPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trawl/err.h"
#include "trawl/log_level.h"

struct trawl_hub;  /* the host's handle of one transport in the gateway */
struct trawl_conn; /* one connection */
struct trawl_out;  /* where encode() puts its bytes */

enum trawl_endpoint_kind {
    TRAWL_ENDPOINT_END,       /* ends a table */
    TRAWL_ENDPOINT_WEBSOCKET, /* RFC 6455; encode() gives a text message, the gateway frames it */
    TRAWL_ENDPOINT_STREAM,    /* an HTTP response that does not end; bytes leave as encoded */
    TRAWL_ENDPOINT_POLL, /* an HTTP response that ends with the first events, or after a time: a JSON array, of which
                          * encode() gives the elements (1.3) */
};

struct trawl_endpoint {
    enum trawl_endpoint_kind kind;
    const char *path;         /* may hold parameters: "/api/scrape/runs/{id}/progress" */
    const char *content_type; /* STREAM, POLL */
};

/* Topics of a subscription, or'ed together. */
enum trawl_topic {
    TRAWL_TOPIC_PROGRESS = 1u << 0, /* "scrape_progress" */
    TRAWL_TOPIC_ITEMS = 1u << 1,    /* "items" */
    TRAWL_TOPIC_LOGS = 1u << 2,     /* "logs" */
};

/* One message, whole: the JSON text that every transport carries. */
struct trawl_message {
    uint32_t size;
    const char *id;   /* "5f3a9c01-1842", or NULL if the message is not at a place of the journal */
    const char *type; /* "scrape_progress", "heartbeat", … */
    const char *json;
    size_t json_len;
};

struct trawl_subscription {
    uint32_t size;
    uint32_t topics;     /* enum trawl_topic; 0: TRAWL_TOPIC_PROGRESS */
    int64_t run_id;      /* one run; 0: all */
    const char *since;   /* id of the last message that the client has; NULL: none */
    bool end_with_run;   /* close the connection after the run's last event; one run only */
    uint32_t timeout_ms; /* POLL: answer after this, whatever has come (1.3) */
};

struct trawl_transport_host {
    uint16_t abi_major;
    uint16_t abi_minor;
    uint32_t size;

    /* Add bytes to what is being encoded. 0, or -EFBIG past the limit of one message. */
    int (*append)(struct trawl_out *out, const void *bytes, size_t len);

    /* What the client asked with: a path parameter, a query parameter (decoded), a header (name in lower
     * case). NULL if it is not there. Borrowed until opened() returns: connections that last do not keep them. */
    const char *(*path_param)(struct trawl_conn *conn, const char *name);
    const char *(*query)(struct trawl_conn *conn, const char *name);
    const char *(*header)(struct trawl_conn *conn, const char *name);

    /* Topics from "scrape_progress,items" (or the names of a JSON array joined so). 0, or -EINVAL with
     * the unknown name in `err`. */
    int (*parse_topics)(const char *names, uint32_t *ret_topics, struct trawl_err *err);

    /* Replace this connection's subscription. The answer (`subscribed`, after it a `snapshot` where one is
     * due) and all that follows leave through encode(). -EINVAL with `err` if `since` is no id: the
     * connection is unchanged. What only the store knows comes later: for a run that does not exist a stream
     * is answered 404 and a WebSocket gets `error`; a stream with end_with_run whose client has seen the
     * run's end is answered 204. Until then nothing of a stream's answer has been sent. */
    int (*subscribe)(struct trawl_conn *conn, const struct trawl_subscription *subscription,
                     struct trawl_err *err);
    void (*unsubscribe)(struct trawl_conn *conn);

    /* Send a message of the transport's own to one client: {"type": type, "timestamp": …, "data": data}.
     * `data` is stolen. */
    void (*reply)(struct trawl_conn *conn, const char *type, json_t *data);

    /* The client says what it has shown last. */
    void (*acknowledged)(struct trawl_conn *conn, const char *id);

    /* Close after what was queued has left. `code` is a WebSocket close code (RFC 6455, 7.4). */
    void (*close)(struct trawl_conn *conn, uint16_t code, const char *reason);

    void (*log)(struct trawl_hub *hub, enum trawl_log_level level, const char *message);

    /* For pushing transports: true once the process is to end. A push() that waits looks now and then. (1.3) */
    bool (*stopping)(struct trawl_hub *hub);
};

/* What became of the messages of a push(). */
enum trawl_push_outcome {
    TRAWL_PUSH_DELIVERED, /* `delivered` of them have arrived, at least one */
    TRAWL_PUSH_FAILED,    /* those after `delivered` have not: another try, or the next transport */
    TRAWL_PUSH_LATER,     /* the receiver asks to be left alone for `retry_after_ms`; no failure */
    TRAWL_PUSH_GONE,      /* it wants no more: nothing is sent until somebody enables it again */
};

/* `size` and a retry_after_ms of -1 are the host's. */
struct trawl_push_result {
    uint32_t size;
    size_t delivered;       /* messages, from the first on */
    int64_t retry_after_ms; /* LATER, FAILED: no sooner; -1: as the chain says */
    char detail[256];       /* one sentence about what went wrong, UTF-8 */
};

struct trawl_transport_ops {
    const struct trawl_endpoint *endpoints; /* of one kind, up to TRAWL_ENDPOINT_END */

    int (*create)(const struct trawl_transport_host *host, struct trawl_hub *hub, json_t *options,
                  void **ret_transport, struct trawl_err *err);

    /* Turn a message into bytes with host->append(). */
    int (*encode)(void *transport, const struct trawl_message *message, struct trawl_out *out);

    /* A client has come; `connection_ack` is already on its way. Negative: it is refused, over HTTP with
     * status 400 (-EINVAL), 404 (-ENOENT) or 204 (-ENODATA: it has seen all, and need not come back) and
     * the sentence in `err`. */
    int (*opened)(void *transport, struct trawl_conn *conn, struct trawl_err *err);

    /* WEBSOCKET: a text message came, whole, at most the configured limit. */
    void (*received)(void *transport, struct trawl_conn *conn, const char *text, size_t len);

    /* Optional: the client is gone; `conn` is invalid after this call. */
    void (*closed)(void *transport, struct trawl_conn *conn);

    void (*destroy)(void *transport);

    /* Pushing (1.3): bring messages, in order, to whom they are for. A transport that takes fewer than
     * `count` at once says so by `delivered`. A message that is not known to have arrived comes again, with
     * the same id; another transport may have got it meanwhile, then those after it come. It is to come back
     * within the transport's stall_timeout: what does not is ended with its process. */
    enum trawl_push_outcome (*push)(void *transport, const struct trawl_message *messages,
                                    size_t count, struct trawl_push_result *result);
};

#endif
