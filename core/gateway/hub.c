#include "gateway/hub.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/frame.h"
#include "gateway/gateway_priv.h"
#include "util/alloc.h"
#include "util/clock.h"

struct trawl_hub *hub_create(struct trawl_gateway *gateway, const char *name)
{
    struct trawl_hub *hub = TRAWL_NEW(struct trawl_hub);

    hub->gateway = gateway;
    hub->name = trawl_xstrdup(name);
    hub->transport.name = hub->name;
    trawl_buf_init(&hub->scratch, HUB_MESSAGE_MAX);
    trawl_log_init(&hub->log, "transport %s", name);
    return hub;
}

void hub_destroy(struct trawl_hub *hub)
{
    if (!hub)
        return;
    if (hub->transport.state)
        trawl_transport_destroy(&hub->transport);
    trawl_buf_finish(&hub->scratch);
    free(hub->name);
    free(hub);
}

/* Set the frame's head before what was encoded behind `begin`. */
static int frame(struct trawl_buf *buf, size_t begin)
{
    uint8_t head[FRAME_HEAD_MAX];
    size_t len = buf->len - begin;
    size_t head_len = frame_head(head, len);
    char *room;
    int r = trawl_buf_reserve(buf, head_len, &room);

    if (r < 0)
        return r;
    memmove(buf->data + begin + head_len, buf->data + begin, len);
    memcpy(buf->data + begin, head, head_len);
    trawl_buf_grew(buf, head_len);
    return 0;
}

int hub_encode(struct trawl_hub *hub, const char *id, const char *type, const char *json,
               size_t len, struct trawl_buf *buf)
{
    struct trawl_message message = {
        .size = sizeof(message), .id = id, .type = type, .json = json, .json_len = len};
    struct trawl_out out = {.buf = buf, .begin = buf->len};
    int r = trawl_transport_encode(&hub->transport, &message, &out);

    if (r >= 0 && buf->len < out.begin) /* past its limit, which the transport has not looked at */
        r = -EFBIG;
    if (r >= 0 && hub->kind == TRAWL_ENDPOINT_WEBSOCKET)
        r = frame(buf, out.begin);
    else if (r >= 0 && hub->kind == TRAWL_ENDPOINT_POLL)
        r = trawl_buf_append(buf, HUB_POLL_COMMA, strlen(HUB_POLL_COMMA));
    if (r < 0 && buf->len > out.begin) /* half of it is worse than nothing */
        trawl_buf_cut(buf, out.begin);
    return r;
}

int hub_encode_event(struct trawl_hub *hub, const struct trawl_event *event, struct trawl_buf *buf)
{
    struct trawl_buf json;
    char id[TRAWL_EVENT_ID_SIZE];
    int r;

    trawl_buf_init(&json, HUB_MESSAGE_MAX);
    trawl_event_id(id, hub->gateway->epoch, event->seq);
    r = trawl_event_write(event, hub->gateway->epoch, &json);
    if (r >= 0)
        r = hub_encode(hub, id, trawl_event_type_name(event->type), json.data, json.len, buf);
    trawl_buf_finish(&json);
    if (r < 0)
        hub_failed(hub, event->seq);
    else
        hub_worked(hub);
    return r;
}

struct hub_ring *hub_ring_get(struct trawl_hub *hub, uint32_t topics, int64_t run_id)
{
    struct hub_ring *ring;

    for (ring = hub->rings; ring; ring = ring->next) {
        if (ring->topics == topics && ring->run_id == run_id)
            break;
    }
    if (!ring) {
        ring = TRAWL_NEW(struct hub_ring);
        ring->topics = topics;
        ring->run_id = run_id;
        ring_init(&ring->ring, hub->gateway->ring_bytes, hub->gateway->head);
        ring->next = hub->rings;
        hub->rings = ring;
    }
    ring->refs++;
    return ring;
}

void hub_ring_put(struct trawl_hub *hub, struct hub_ring *ring)
{
    if (--ring->refs > 0)
        return;
    for (struct hub_ring **at = &hub->rings; *at; at = &(*at)->next) {
        if (*at == ring) {
            *at = ring->next;
            break;
        }
    }
    ring_finish(&ring->ring);
    free(ring);
}

static void append_to_rings(struct trawl_hub *hub, const struct trawl_event *event)
{
    uint32_t topic = trawl_event_topic(event->type);
    bool encoded = false;
    int r = 0;

    for (struct hub_ring *ring = hub->rings; ring; ring = ring->next) {
        if (ring->run_id && ring->run_id != event->run_id)
            continue;
        if (ring->run_id && (event->flags & TRAWL_EVENT_RUN_END)) {
            ring->ended = true;
            ring->has_news = true;
        }
        if (!(ring->topics & topic))
            continue;
        if (!encoded) {
            trawl_buf_clear(&hub->scratch);
            r = hub_encode_event(hub, event, &hub->scratch);
            encoded = true;
        }
        if (r < 0)
            ring_skip(&ring->ring, event->seq);
        else
            ring_append(&ring->ring, event->seq, hub->scratch.data, hub->scratch.len);
        ring->has_news = true;
    }
}

void hub_events(struct trawl_hub *hub, const struct trawl_event *events, size_t count)
{
    struct trawl_conn *next;

    if (!hub->rings)
        return;
    for (size_t i = 0; i < count; i++)
        append_to_rings(hub, &events[i]);
    for (struct trawl_conn *conn = hub->conns; hub->gateway->waiting > 0 && conn; conn = next) {
        next = conn->next;
        if (conn->state == CONN_WAITING)
            conn_catch_up(conn);
    }
}

static void close_all(struct trawl_hub *hub, uint16_t code, const char *reason)
{
    struct trawl_conn *next;

    for (struct trawl_conn *conn = hub->conns; conn; conn = next) {
        next = conn->next;
        conn_close(conn, code, reason);
    }
}

/* They go on from where they are, by the next transport. */
static void send_away_if_it_fails(struct trawl_hub *hub)
{
    if (!hub_may_serve(hub))
        close_all(hub, 1011, "the transport fails");
}

void hub_flush_begin(struct trawl_hub *hub)
{
    send_away_if_it_fails(hub);
    for (struct hub_ring *ring = hub->rings; ring; ring = ring->next) {
        if (ring->has_news)
            ring->due = ring->conns;
        ring->has_news = false;
    }
}

static unsigned flush_ring(struct hub_ring *ring, unsigned most)
{
    unsigned count = 0;

    while (ring->due && count < most) {
        struct trawl_conn *conn = ring->due;

        ring->due = conn->ring_next;
        if (!conn->blocked)
            conn_pump(conn);
        count++;
    }
    return count;
}

unsigned hub_flush_some(struct trawl_hub *hub, unsigned most)
{
    struct hub_ring *next;
    unsigned count = 0;

    for (struct hub_ring *ring = hub->rings; ring && count < most; ring = next) {
        ring->refs++; /* its last subscriber may leave while we are in it */
        count += flush_ring(ring, most - count);
        next = ring->next;
        hub_ring_put(hub, ring);
    }
    return count;
}

bool hub_has_news(const struct trawl_hub *hub)
{
    const struct hub_ring *ring = hub->rings;

    while (ring && !ring->has_news)
        ring = ring->next;
    return ring != NULL;
}

/* What waits for one that does not read is memory, of ours and of the kernel's. */
static void close_if_stalled(struct trawl_conn *conn)
{
    uint64_t stall_ns = (uint64_t)conn_gateway(conn)->stall_ms * 1000000u;

    if (conn->blocked && conn->http && trawl_mono_ns() - conn->blocked_ns >= stall_ns)
        trawl_http_abort(conn->http);
}

void hub_heartbeat(struct trawl_hub *hub, unsigned slot)
{
    struct trawl_conn *next;

    send_away_if_it_fails(hub);
    for (struct trawl_conn *conn = hub->conns; conn; conn = next) {
        next = conn->next;
        if (conn->poll) {
            conn_poll_check(conn);
            continue;
        }
        close_if_stalled(conn);
        if (conn->serial % HUB_HEARTBEAT_SLOTS != slot || !conn->begun || conn->blocked ||
            conn->closing)
            continue;
        conn_heartbeat(conn);
        conn_pump(conn);
    }
}

void hub_drain(struct trawl_hub *hub, json_int_t retry_ms)
{
    char reason[64];

    snprintf(reason, sizeof(reason), "restarting, retry_ms=%lld", (long long)retry_ms);
    close_all(hub, 1012, reason);
}
