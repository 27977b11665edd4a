/* Who is connected, by what, after which moves, and how far they are: for people, and so asked for only now and then. */
#include <stdlib.h>
#include <string.h>

#include "gateway/gateway_priv.h"
#include "ipc/messages.h"
#include "util/clock.h"
#include "util/json.h"

/* The latest that are kept of one connection. */
#define MOVES_MAX 16

/* A subscriber that is live and has taken all is where the journal is, whatever the last event for it was. */
static uint64_t sent_through(const struct trawl_conn *conn)
{
    bool has_all =
        conn->state == CONN_LIVE && conn->out.len == 0 && conn->position == conn->ring->ring.end;

    return has_all ? conn_gateway(conn)->head : conn->cursor;
}

static json_t *id_json(const struct trawl_gateway *gateway, uint64_t seq)
{
    char id[TRAWL_EVENT_ID_SIZE];

    trawl_event_id(id, gateway->epoch, seq);
    return json_string(id);
}

static json_t *watcher_json(const struct trawl_conn *conn)
{
    const struct trawl_gateway *gateway = conn_gateway(conn);
    uint64_t sent = sent_through(conn);
    char since[TRAWL_TIMESTAMP_SIZE], id[CONN_ID_SIZE], peer[TRAWL_HTTP_PEER_SIZE];

    conn_id(conn, id);
    trawl_http_peer(conn->http, peer);

    trawl_timestamp(since, conn->created_ms);
    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:I, s:i, s:b, s:o}",
                     "connection_id", id, "transport", conn->hub->name, "address", peer,
                     "connected_at", since, "topics", topics_to_json(conn->topics), "run_id",
                     conn->run_id ? json_integer(conn->run_id) : json_null(), "sent_id",
                     conn->ring ? id_json(gateway, sent) : json_null(), "shown_id",
                     conn->shown ? id_json(gateway, conn->shown) : json_null(), "lag",
                     (json_int_t)(conn->ring && gateway->head > sent ? gateway->head - sent : 0),
                     "snapshots", (int)conn->snapshots, "blocked", (int)conn->blocked, "moves",
                     conn->moves ? json_incref(conn->moves) : json_array());
}

/* Its number is a part of its id; NULL: it is another gateway's, or has gone. */
static struct trawl_conn *find_conn(const struct trawl_gateway *gateway, const char *wanted)
{
    const char *number = strrchr(wanted, '-');
    unsigned long serial = number ? strtoul(number + 1, NULL, 16) : 0;
    struct trawl_conn *conn = NULL;
    char id[CONN_ID_SIZE];

    for (size_t i = 0; i < gateway->hub_count && !conn; i++) {
        conn = gateway->hubs[i]->conns;
        while (conn && conn->serial != serial)
            conn = conn->next;
    }
    if (!conn)
        return NULL;
    conn_id(conn, id);
    return strcmp(id, wanted) == 0 ? conn : NULL;
}

void gateway_note_move(struct trawl_gateway *gateway, const json_t *message)
{
    struct trawl_conn *conn = find_conn(gateway, trawl_json_string(message, "connection_id", ""));
    json_t *move;

    if (!conn)
        return;
    move = json_copy((json_t *)(uintptr_t)message);
    json_object_del(move, "connection_id");
    if (!conn->moves)
        conn->moves = json_array();
    json_array_append_new(conn->moves, move);
    if (json_array_size(conn->moves) > MOVES_MAX)
        json_array_remove(conn->moves, 0);
}

void gateway_list_watchers(struct trawl_gateway *gateway, const json_t *message)
{
    size_t limit = (size_t)trawl_json_int(message, "limit", 0);
    json_t *watchers = json_array();
    json_auto_t *list =
        json_pack("{s:I, s:I, s:o}", "seq", trawl_json_int(message, "seq", 0), "snapshots",
                  (json_int_t)gateway->snapshots, "watchers", watchers);

    for (size_t i = 0; i < gateway->hub_count; i++) {
        const struct trawl_conn *conn = gateway->hubs[i]->conns;

        for (; conn && json_array_size(watchers) < limit; conn = conn->next) {
            if (conn->http)
                json_array_append_new(watchers, watcher_json(conn));
        }
    }
    (void)trawl_channel_send_json(gateway->channel, TRAWL_MSG_WATCHER_LIST, list);
}
