#include "cli/drill/connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/drill/link.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/json.h"

#define ACK_MS        5000
#define HEARTBEAT_MS  20000
#define RESTART_CODE  1012
#define RESTART_MS    1000
#define REQUEST_MAX   2048
#define TOPICS        "scrape_progress,items,logs"
#define SUBSCRIBE_MAX 512

struct drill_connection {
    uv_loop_t *loop;
    uv_timer_t timer;
    const struct drill_target *target;
    const struct drill_way *way;
    const struct drill_connection_ops *ops;
    void *user;
    struct drill_link *link;
    struct drill_feed feed;
    char *since;
    uint64_t acknowledged_ns; /* 0: not yet */
    uint64_t heard_ns;
    uint64_t heartbeat_ms;
    unsigned poll_ms; /* the first answer comes at once, and tells the heartbeat's interval */
    int status;       /* of the answer, 0 before its head */
    bool in_doubt;    /* it was silent for too long when last looked at */
    bool closed;
};

static void connect_link(struct drill_connection *connection);

static void connection_on_closed(uv_handle_t *handle)
{
    struct drill_connection *connection = handle->data;

    drill_feed_finish(&connection->feed);
    free(connection->since);
    free(connection);
}

void drill_connection_close(struct drill_connection *connection)
{
    if (!connection || connection->closed)
        return;
    connection->closed = true;
    connection->feed.stopped = true;
    drill_link_close(connection->link);
    uv_close((uv_handle_t *)&connection->timer, connection_on_closed);
}

static void connection_end(struct drill_connection *connection, enum drill_end_kind kind,
                           unsigned retry_ms)
{
    uint64_t lived_ns = trawl_mono_ns() - connection->acknowledged_ns;
    const struct drill_end end = {
        .kind = kind,
        .retry_ms = retry_ms,
        .lived =
            connection->acknowledged_ns > 0 && lived_ns >= 2 * connection->heartbeat_ms * 1000000,
    };

    if (connection->closed)
        return;
    drill_connection_close(connection);
    connection->ops->on_end(connection->user, &end);
}

/* --- does it still speak? ------------------------------------------------------------------------ */

static void on_no_acknowledgement(uv_timer_t *timer)
{
    struct drill_connection *connection = timer->data;

    connection_end(connection, connection->status > 0 ? DRILL_END_SILENT : DRILL_END_REFUSED, 0);
}

/* Timers come before sockets: where both are late, as after the machine has slept, what has come meanwhile is read first. */
static void on_check(uv_timer_t *timer)
{
    struct drill_connection *connection = timer->data;
    uint64_t silent_ms = (trawl_mono_ns() - connection->heard_ns) / 1000000;
    uint64_t most_ms = 2 * connection->heartbeat_ms;

    if (silent_ms < most_ms) {
        connection->in_doubt = false;
        uv_timer_start(timer, on_check, most_ms - silent_ms, 0);
    } else if (!connection->in_doubt) {
        connection->in_doubt = true;
        uv_timer_start(timer, on_check, 1, 0);
    } else {
        connection_end(connection, DRILL_END_SILENT, 0);
    }
}

/* --- messages ------------------------------------------------------------------------------------ */

static void say(struct drill_connection *connection, unsigned opcode, const void *bytes, size_t len)
{
    struct trawl_buf frame;

    trawl_buf_init(&frame, DRILL_HEAD_MAX);
    drill_frame_write(&frame, opcode, bytes, len);
    drill_link_send(connection->link, frame.data, frame.len);
    trawl_buf_finish(&frame);
}

static void subscribe(struct drill_connection *connection)
{
    const char *since = connection->since;
    char text[SUBSCRIBE_MAX];
    int len =
        snprintf(text, sizeof(text),
                 "{\"type\":\"subscribe\",\"topics\":[\"scrape_progress\",\"items\",\"logs\"],"
                 "\"run_id\":%lld%s%s%s}",
                 (long long)connection->target->run_id, since ? ",\"since\":\"" : "",
                 since ? since : "", since ? "\"" : "");

    say(connection, DRILL_OPCODE_TEXT, text, (size_t)len);
}

static void on_acknowledgement(struct drill_connection *connection, const json_t *data)
{
    json_int_t heartbeat_ms = trawl_json_int(data, "heartbeat_ms", HEARTBEAT_MS);

    if (connection->acknowledged_ns > 0) /* each answer of a poll has one */
        return;
    connection->acknowledged_ns = trawl_mono_ns();
    connection->heartbeat_ms = heartbeat_ms < 100 ? 100 : (uint64_t)heartbeat_ms;
    connection->poll_ms = (unsigned)connection->heartbeat_ms;
    uv_timer_start(&connection->timer, on_check, 2 * connection->heartbeat_ms, 0);
    connection->ops->on_acknowledged(connection->user);
    if (connection->way->kind == DRILL_WEBSOCKET && !connection->closed)
        subscribe(connection);
}

static void keep_id(struct drill_connection *connection, const json_t *message)
{
    const char *id = trawl_json_string(message, "id", NULL);

    if (!id || connection->way->kind != DRILL_POLL)
        return;
    free(connection->since);
    connection->since = trawl_xstrdup(id);
}

static void on_message(void *user, const json_t *message)
{
    struct drill_connection *connection = user;
    const char *type = trawl_json_string(message, "type", "");

    connection->heard_ns = trawl_mono_ns();
    keep_id(connection, message);
    if (strcmp(type, "connection_ack") == 0) {
        on_acknowledgement(connection, json_object_get(message, "data"));
        return;
    }
    connection->ops->on_message(connection->user, message);
    if (strcmp(type, "heartbeat") == 0 && json_object_get(message, "id") && !connection->closed)
        connection->ops->on_caught_up(connection->user);
}

static void on_ping(void *user, const char *bytes, size_t len)
{
    if (len < 126) /* so RFC 6455 has it */
        say(user, DRILL_OPCODE_PONG, bytes, len);
}

static void on_close(void *user, unsigned code, const char *reason, size_t len)
{
    static const char told[] = "retry_ms=";
    TRAWL_AUTO_FREE char *text = trawl_xstrndup(reason, len);
    const char *at = strstr(text, told);

    if (code == RESTART_CODE)
        connection_end(user, DRILL_END_RESTART,
                       at ? (unsigned)strtoul(at + strlen(told), NULL, 10) : RESTART_MS);
    else
        connection_end(user, DRILL_END_LOST, 0);
}

static const struct drill_feed_ops feed_ops = {
    .on_message = on_message,
    .on_ping = on_ping,
    .on_close = on_close,
};

/* --- the link ------------------------------------------------------------------------------------ */

static void on_head(void *user, int status)
{
    struct drill_connection *connection = user;
    int wanted = connection->way->kind == DRILL_WEBSOCKET ? 101 : 200;

    connection->status = status;
    if (status == 204)
        connection_end(connection, DRILL_END_OVER, 0);
    else if (status != wanted)
        connection_end(connection, DRILL_END_REFUSED, 0);
}

static void on_body(void *user, const char *bytes, size_t len)
{
    struct drill_connection *connection = user;

    if (drill_feed_take(&connection->feed, bytes, len) < 0)
        connection_end(connection, DRILL_END_LOST, 0);
}

static void on_link_end(void *user, bool whole)
{
    struct drill_connection *connection = user;

    if (whole && connection->way->kind == DRILL_POLL) {
        if (drill_feed_end(&connection->feed) == 0) {
            if (!connection->closed)
                connect_link(connection);
            return;
        }
    }
    connection_end(connection, connection->acknowledged_ns > 0 ? DRILL_END_LOST : DRILL_END_REFUSED,
                   0);
}

static const struct drill_link_ops link_ops = {
    .on_head = on_head,
    .on_body = on_body,
    .on_end = on_link_end,
};

static void write_request(const struct drill_connection *connection, char request[REQUEST_MAX])
{
    const struct drill_way *way = connection->way;
    const char *since = connection->since;
    char query[256] = "";
    size_t used = 0;

    if (way->kind != DRILL_WEBSOCKET)
        used = (size_t)snprintf(query, sizeof(query), "?topics=" TOPICS "%s%s",
                                since ? "&since=" : "", since ? since : "");
    if (way->kind == DRILL_POLL)
        snprintf(query + used, sizeof(query) - used, "&run_id=%lld&timeout=%u.%03u",
                 (long long)connection->target->run_id, connection->poll_ms / 1000,
                 connection->poll_ms % 1000);
    snprintf(request, REQUEST_MAX, "GET %s%s HTTP/1.1\r\nHost: %s\r\n%s\r\n", way->path, query,
             connection->target->host,
             way->kind == DRILL_WEBSOCKET ? "Connection: Upgrade\r\nUpgrade: websocket\r\n"
                                            "Sec-WebSocket-Version: 13\r\n"
                                            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
             : way->kind == DRILL_STREAM  ? "Accept: text/event-stream\r\n"
                                          : "Accept: application/json\r\nConnection: close\r\n");
}

static void connect_link(struct drill_connection *connection)
{
    char request[REQUEST_MAX];

    write_request(connection, request);
    drill_link_close(connection->link);
    connection->link =
        drill_link_open(connection->loop, connection->target->port, request, &link_ops, connection);
}

/* --- for its client ------------------------------------------------------------------------------ */

struct drill_connection *drill_connection_open(uv_loop_t *loop, const struct drill_target *target,
                                               const struct drill_way *way, const char *since,
                                               const struct drill_connection_ops *ops, void *user)
{
    struct drill_connection *connection = TRAWL_NEW(struct drill_connection);

    connection->loop = loop;
    connection->target = target;
    connection->way = way;
    connection->since = trawl_xstrdup(since);
    connection->ops = ops;
    connection->user = user;
    connection->heartbeat_ms = HEARTBEAT_MS;
    drill_feed_init(&connection->feed, way->kind, &feed_ops, connection);
    uv_timer_init(loop, &connection->timer);
    connection->timer.data = connection;
    uv_timer_start(&connection->timer, on_no_acknowledgement, ACK_MS, 0);
    connect_link(connection);
    return connection;
}

void drill_connection_redirect(struct drill_connection *connection,
                               const struct drill_connection_ops *ops, void *user)
{
    connection->ops = ops;
    connection->user = user;
}

bool drill_connection_is_acknowledged(const struct drill_connection *connection)
{
    return connection && connection->acknowledged_ns > 0;
}
