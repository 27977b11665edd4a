/* One transport and its subscribers.
 *
 * An event is encoded once and appended to the ring of each filter that takes it; a subscriber (struct trawl_conn) has one
 * cursor into one ring, so all that waits for it leaves in one write. A subscriber that is not inside its ring is fed from the
 * journal until it is (subscriber.c).
 */
#ifndef TRAWL_GATEWAY_HUB_H
#define TRAWL_GATEWAY_HUB_H

#include <jansson.h>

#include "gateway/query.h"
#include "gateway/readers.h"
#include "gateway/ring.h"
#include "http/http.h"
#include "journal/event.h"
#include "plugin/breaker.h"
#include "plugin/transport.h"
#include "trawl/transport.h"
#include "util/buf.h"
#include "util/log.h"
#include "util/rate.h"

/* One write to one subscriber; what a slow one makes the library hold at most. */
#define HUB_WRITE_MAX (256u << 10)
/* Control messages that wait for a subscriber; one that asks and does not read is closed. */
#define HUB_QUEUE_MAX (8u << 20)
/* Longest message, encoded. */
#define HUB_MESSAGE_MAX (16u << 20)
/* Events of one journal piece. */
#define HUB_PIECE 500
/* A cursor that lies further back than this gets a snapshot rather than hours of events. */
#define HUB_LAG_MAX 250000
/* Heartbeats are spread over so many ticks of their interval. */
#define HUB_HEARTBEAT_SLOTS 16

#define HUB_POLL_COMMA ",\n"

struct trawl_gateway;

struct hub_ring {
    struct hub_ring *next;
    uint32_t topics;
    int64_t run_id;
    struct ring ring;
    struct trawl_conn *conns; /* those that read from it */
    struct trawl_conn *due;   /* where a pass over them goes on; NULL: none is under way */
    unsigned refs;
    bool ended;    /* the run's last event has passed */
    bool has_news; /* for the next pass */
};

struct trawl_hub {
    struct trawl_gateway *gateway;
    char *name;
    struct trawl_transport transport;
    enum trawl_endpoint_kind kind; /* one for all of a transport's endpoints */
    struct trawl_breaker breaker;
    char error[128]; /* the last */
    json_t *told;    /* of gateway->transports, borrowed */
    struct hub_ring *rings;
    struct trawl_conn *conns;
    unsigned conn_count;
    unsigned told_count; /* as the supervisor knows it */
    struct trawl_buf scratch;
    struct trawl_log log;
};

struct trawl_out {
    struct trawl_buf *buf;
    size_t begin;
};

enum conn_state {
    CONN_IDLE,    /* no subscription */
    CONN_READING, /* a read job is under way */
    CONN_SENDING, /* a piece from the journal is on its way to the client */
    CONN_WAITING, /* it knows more than we were told by the supervisor yet */
    CONN_LIVE,
};

/* What trawl_http_data() points to begins with this. */
enum http_user_kind {
    HTTP_USER_SUBSCRIBER,
    HTTP_USER_REQUEST,
    HTTP_USER_STATIC,
};

/* An answer to a poll. */
struct conn_poll {
    uint64_t deadline_ns; /* it ends then */
    size_t sent;          /* bytes of it */
    bool has_news;        /* something that the client has waited for */
};

/* What a client asked with, but for its headers. */
struct conn_asked {
    struct query path;
    struct query query;
};

/* There are many, most of them idle: what only some need has its own memory. */
struct trawl_conn {
    enum http_user_kind kind;
    unsigned serial;
    struct trawl_hub *hub;
    struct trawl_http_conn *http; /* NULL once it is closed */
    struct trawl_conn *next, **prev;
    struct trawl_conn *ring_next, **ring_prev;
    const struct trawl_endpoint *endpoint;
    const struct conn_asked *asked; /* NULL once opened() has returned */
    struct conn_poll *poll;         /* NULL: not a poll */
    int64_t created_ms;
    struct trawl_buf out; /* whole messages that are not written yet */
    int64_t run_id;
    uint32_t topics;
    enum conn_state state;
    unsigned snapshots; /* that it was sent because it had fallen too far behind */
    bool end_with_run;
    bool opened;  /* the transport knows it */
    bool begun;   /* STREAM: head sent; WEBSOCKET: established */
    bool blocked; /* until on_writable */
    bool closing;
    bool told_caught_up; /* that it has everything, once for each subscription */
    uint64_t cursor;     /* it has all up to this seq */
    uint64_t position;   /* LIVE: place in the ring */
    uint64_t end_seq;    /* the run's last event, 0 if not known */
    struct hub_ring *ring;
    struct trawl_rate messages; /* that it sends */
    uint64_t blocked_ns;        /* since when it is blocked */
    uint64_t shown;             /* the last event that the client says it has shown */
    struct wanted *wanted;      /* a subscription that is being looked up */
    struct piece_job *piece;    /* a piece of the journal that is being read */
    json_t *moves;              /* that brought its client here, as that told; NULL: none */
};

/* "19ac3f01b52-4d2-1": what a client and the log call it. */
#define CONN_ID_SIZE 48

static inline struct trawl_gateway *conn_gateway(const struct trawl_conn *conn)
{
    return conn->hub->gateway;
}

/* --- hub.c --------------------------------------------------------------------------------------- */

struct trawl_hub *hub_create(struct trawl_gateway *gateway, const char *name);
void hub_destroy(struct trawl_hub *hub);

/* Events that the supervisor committed, in order. */
void hub_events(struct trawl_hub *hub, const struct trawl_event *events, size_t count);
/* A pass over all whose rings have news: begin it, and write to at most `most` of them. How many it has written to; fewer than
 * `most`: the pass is over. */
void hub_flush_begin(struct trawl_hub *hub);
unsigned hub_flush_some(struct trawl_hub *hub, unsigned most);
bool hub_has_news(const struct trawl_hub *hub);
void hub_heartbeat(struct trawl_hub *hub, unsigned slot);
void hub_drain(struct trawl_hub *hub, json_int_t retry_ms);

/* Encode one message and append it, framed, to `buf`. `id` may be NULL. */
int hub_encode(struct trawl_hub *hub, const char *id, const char *type, const char *json,
               size_t len, struct trawl_buf *buf);
int hub_encode_event(struct trawl_hub *hub, const struct trawl_event *event, struct trawl_buf *buf);

struct hub_ring *hub_ring_get(struct trawl_hub *hub, uint32_t topics, int64_t run_id);
void hub_ring_put(struct trawl_hub *hub, struct hub_ring *ring);

/* --- hub_health.c -------------------------------------------------------------------------------- */

/* It has encoded an event, or could not. */
void hub_worked(struct trawl_hub *hub);
void hub_failed(struct trawl_hub *hub, uint64_t seq);
/* Whether it may have clients now. */
bool hub_may_serve(struct trawl_hub *hub);

/* --- conn.c: what a subscriber is sent ----------------------------------------------------------- */

struct trawl_conn *conn_create(struct trawl_hub *hub, struct trawl_http_conn *http,
                               const struct trawl_endpoint *endpoint);
void conn_destroy(struct trawl_conn *conn);
void conn_id(const struct trawl_conn *conn, char id[CONN_ID_SIZE]);
void conn_begin(struct trawl_conn *conn);
/* Queue a message; `id` NULL: without one. `data` is stolen. conn_pump() sends it. */
void conn_message(struct trawl_conn *conn, const char *id, const char *type, json_t *data);
void conn_ack(struct trawl_conn *conn);
/* Queue a heartbeat; it has an id if the client has everything. */
void conn_heartbeat(struct trawl_conn *conn);
void conn_pump(struct trawl_conn *conn);
void conn_close(struct trawl_conn *conn, uint16_t code, const char *reason);
void conn_error(struct trawl_conn *conn, const char *code, const char *detail);
void conn_set_blocked(struct trawl_conn *conn, bool blocked);
void conn_ring_join(struct trawl_conn *conn);
void conn_ring_leave(struct trawl_conn *conn);

/* It was sent all that there is for it. */
bool conn_is_caught_up(const struct trawl_conn *conn);

/* --- conn_poll.c: answers to polls; the functions do nothing for others -------------------------------- */

void conn_poll_create(struct trawl_conn *conn);
/* What the client waits for is among what it is sent. */
void conn_poll_news(struct trawl_conn *conn);
/* False: nothing was taken. */
bool conn_poll_write(struct trawl_conn *conn, const char *bytes, size_t len);
/* It has had enough for one answer. */
bool conn_poll_is_full(const struct trawl_conn *conn);
/* End the answer if it is time. */
void conn_poll_check(struct trawl_conn *conn);
void conn_poll_end(struct trawl_conn *conn);

/* --- subscriber.c: subscribing -------------------------------------------------------------------- */

void conn_set_state(struct trawl_conn *conn, enum conn_state state);
int conn_subscribe(struct trawl_conn *conn, const struct trawl_subscription *subscription,
                   struct trawl_err *err);
void conn_unsubscribe(struct trawl_conn *conn);
/* Its next event is out of reach: a snapshot says so, and it goes on from there. */
void conn_fall_behind(struct trawl_conn *conn);

/* --- catch_up.c ------------------------------------------------------------------------------------ */

/* Go on from the cursor: live if the ring has what follows, else by a piece of the journal. */
void conn_catch_up(struct trawl_conn *conn);
void conn_drop_piece(struct trawl_conn *conn);

/* --- transport_host.c ------------------------------------------------------------------------------ */

extern const struct trawl_transport_host transport_host;
json_t *topics_to_json(uint32_t topics);

#endif
