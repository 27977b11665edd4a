/* What one subscriber is sent, and when. */
#include <stdlib.h>
#include <unistd.h>

#include "gateway/gateway_priv.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/json.h"

void conn_id(const struct trawl_conn *conn, char id[CONN_ID_SIZE])
{
    snprintf(id, CONN_ID_SIZE, "%llx-%x-%x", (unsigned long long)conn->created_ms,
             (unsigned)getpid(), conn->serial);
}

struct trawl_conn *conn_create(struct trawl_hub *hub, struct trawl_http_conn *http,
                               const struct trawl_endpoint *endpoint)
{
    struct trawl_conn *conn = TRAWL_NEW(struct trawl_conn);

    conn->kind = HTTP_USER_SUBSCRIBER;
    conn->hub = hub;
    conn->http = http;
    conn->endpoint = endpoint;
    conn->created_ms = trawl_now_ms();
    conn->serial = ++hub->gateway->conn_serial;
    conn_poll_create(conn);
    trawl_buf_init(&conn->out, HUB_QUEUE_MAX);
    conn->next = hub->conns;
    conn->prev = &hub->conns;
    if (conn->next)
        conn->next->prev = &conn->next;
    hub->conns = conn;
    hub->conn_count++;
    return conn;
}

void conn_destroy(struct trawl_conn *conn)
{
    conn_unsubscribe(conn);
    *conn->prev = conn->next;
    if (conn->next)
        conn->next->prev = conn->prev;
    conn->hub->conn_count--;
    trawl_buf_finish(&conn->out);
    free(conn->poll);
    json_decref(conn->moves);
    free(conn);
}

void conn_ring_join(struct trawl_conn *conn)
{
    conn->ring_next = conn->ring->conns;
    conn->ring_prev = &conn->ring->conns;
    if (conn->ring_next)
        conn->ring_next->ring_prev = &conn->ring_next;
    conn->ring->conns = conn;
}

void conn_ring_leave(struct trawl_conn *conn)
{
    if (!conn->ring_prev)
        return;
    if (conn->ring->due == conn)
        conn->ring->due = conn->ring_next;
    *conn->ring_prev = conn->ring_next;
    if (conn->ring_next)
        conn->ring_next->ring_prev = conn->ring_prev;
    conn->ring_prev = NULL;
    conn->ring_next = NULL;
}

void conn_begin(struct trawl_conn *conn)
{
    static const struct trawl_http_header headers[] = {
        {"Cache-Control", "no-store"}, {"X-Accel-Buffering", "no"}, {NULL, NULL}};

    if (conn->begun || !conn->http)
        return;
    conn->begun = true;
    if (trawl_http_stream_begin(conn->http, 200, conn->endpoint->content_type, headers,
                                !conn->poll) < 0)
        conn_close(conn, 1011, "cannot be served");
    if (conn->poll)
        (void)trawl_buf_append(&conn->out, "[", 1);
}

void conn_message(struct trawl_conn *conn, const char *id, const char *type, json_t *data)
{
    struct trawl_buf json;
    char stamp[TRAWL_TIMESTAMP_SIZE];
    int r;

    trawl_timestamp(stamp, trawl_now_ms());
    trawl_buf_init(&json, HUB_MESSAGE_MAX);
    r = trawl_buf_append_char(&json, '{');
    if (r >= 0 && id)
        r = trawl_buf_printf(&json, "\"id\":\"%s\",", id);
    if (r >= 0)
        r = trawl_buf_printf(&json, "\"type\":\"%s\",\"timestamp\":\"%s\",\"data\":", type, stamp);
    if (r >= 0)
        r = trawl_json_write(&json, data, TRAWL_JSON_COMPACT);
    if (r >= 0)
        r = trawl_buf_append_char(&json, '}');
    if (r >= 0)
        r = hub_encode(conn->hub, id, type, json.data, json.len, &conn->out);
    trawl_buf_finish(&json);
    json_decref(data);
    if (r < 0)
        conn_close(conn, 1008, "reads too slowly");
}

void conn_error(struct trawl_conn *conn, const char *code, const char *detail)
{
    conn_poll_news(conn);
    conn_message(conn, NULL, "error", json_pack("{s:s, s:s}", "code", code, "detail", detail));
}

void conn_ack(struct trawl_conn *conn)
{
    struct trawl_gateway *gateway = conn->hub->gateway;
    char id[TRAWL_EVENT_ID_SIZE], own_id[CONN_ID_SIZE];
    json_t *data;

    conn_id(conn, own_id);
    trawl_event_id(id, gateway->epoch, gateway->head);
    data = json_pack("{s:s, s:i, s:s, s:O}", "connection_id", own_id, "heartbeat_ms",
                     (int)gateway->heartbeat_ms, "last_id", id, "transports", gateway->transports);
    json_object_update(data, gateway->chain);
    conn_message(conn, NULL, "connection_ack", data);
}

bool conn_is_caught_up(const struct trawl_conn *conn)
{
    return conn->state == CONN_LIVE && conn->position == conn->ring->ring.end;
}

void conn_heartbeat(struct trawl_conn *conn)
{
    struct trawl_gateway *gateway = conn_gateway(conn);
    bool caught_up = conn_is_caught_up(conn);
    char id[TRAWL_EVENT_ID_SIZE];

    trawl_event_id(id, gateway->epoch, gateway->head);
    conn_message(conn, caught_up ? id : NULL, "heartbeat", json_pack("{s:s}", "last_id", id));
    conn->told_caught_up |= caught_up;
}

void conn_set_blocked(struct trawl_conn *conn, bool blocked)
{
    conn->blocked = blocked;
    if (blocked)
        conn->blocked_ns = trawl_mono_ns();
}

/* False: nothing was taken. */
static bool write_bytes(struct trawl_conn *conn, const char *bytes, size_t len)
{
    if (conn->poll)
        return conn_poll_write(conn, bytes, len);
    conn_set_blocked(conn, trawl_http_write_raw(conn->http, bytes, len) < 0);
    return !conn->blocked;
}

/* Write what waits in `out`. True if nothing is left, and more may follow. */
static bool pump_out(struct trawl_conn *conn)
{
    if (conn->out.len == 0)
        return true;
    if (!write_bytes(conn, conn->out.data, conn->out.len))
        return false;
    trawl_buf_finish(&conn->out);
    return !conn->blocked;
}

static void pump_ring(struct trawl_conn *conn)
{
    const char *bytes;
    size_t len;
    uint64_t seq;

    for (;;) {
        if (ring_read(&conn->ring->ring, conn->position, HUB_WRITE_MAX, &bytes, &len, &seq) < 0) {
            conn_catch_up(conn); /* has fallen out of the ring */
            return;
        }
        if (len == 0)
            return;
        if (!write_bytes(conn, bytes, len))
            return;
        conn->position += len;
        conn->cursor = seq;
        conn_poll_news(conn);
        if (conn->blocked || conn_poll_is_full(conn))
            return;
    }
}

static bool run_is_over(const struct trawl_conn *conn)
{
    if (!conn->end_with_run || conn->out.len > 0)
        return false;
    if (conn->end_seq && conn->cursor >= conn->end_seq)
        return true;
    return conn->state == CONN_LIVE && conn->ring->ended && conn->position == conn->ring->ring.end;
}

/* The client need not wait an interval to know that it has everything. */
static void tell_caught_up(struct trawl_conn *conn)
{
    if (conn->told_caught_up || conn->blocked || !conn_is_caught_up(conn))
        return;
    conn_heartbeat(conn);
    pump_out(conn);
}

void conn_pump(struct trawl_conn *conn)
{
    if (!conn->http || !conn->begun || conn->closing || conn->blocked)
        return;
    if (!pump_out(conn))
        return;
    if (conn->state == CONN_SENDING && conn_poll_is_full(conn)) {
        conn_poll_end(conn);
        return;
    }
    if (conn->state == CONN_SENDING) {
        conn->state = CONN_READING;
        conn_catch_up(conn);
        return;
    }
    if (conn->state == CONN_LIVE)
        pump_ring(conn);
    if (run_is_over(conn))
        conn_close(conn, 1000, "the run is over");
    else if (conn->poll)
        conn_poll_check(conn);
    else
        tell_caught_up(conn);
}

void conn_close(struct trawl_conn *conn, uint16_t code, const char *reason)
{
    if (conn->closing || !conn->http)
        return;
    if (conn->begun && conn->poll) {
        conn_poll_end(conn);
        return;
    }
    pump_out(conn);
    conn->closing = true;
    conn_unsubscribe(conn);
    if (conn->begun)
        trawl_http_close(conn->http, code, reason);
    else
        trawl_http_respond(conn->http, 503, NULL, NULL, NULL, 0);
}
