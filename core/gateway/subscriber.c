/* Subscribing, and catching up: from the journal in bounded pieces until the ring has what follows. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/gateway_priv.h"
#include "gateway/problem.h"
#include "util/alloc.h"
#include "util/clock.h"

/* One look into the store for one subscriber. */
struct subscribe_job {
    struct read_job job;
    struct trawl_conn *conn; /* NULL once it is not wanted any more */
    uint32_t topics;
    int64_t run_id;
    bool end_with_run;
    bool quiet;     /* a subscriber that fell too far behind: no new `subscribed` */
    bool has_since; /* `since` is an id of this epoch */
    bool fresh;     /* no id was given at all */
    uint64_t since;
    uint64_t until; /* piece */

    bool resumed;
    json_t *snapshot;
    uint64_t cursor;
    uint64_t last;
    struct trawl_event *events;
    size_t count;
};

static void job_free(struct subscribe_job *job)
{
    json_decref(job->snapshot);
    trawl_reader_events_free(job->events, job->count);
    free(job);
}

void conn_set_state(struct trawl_conn *conn, enum conn_state state)
{
    struct trawl_gateway *gateway = conn_gateway(conn);

    if (conn->state == CONN_WAITING)
        gateway->waiting--;
    if (conn->state == CONN_LIVE && state != CONN_LIVE)
        conn_ring_leave(conn);
    if (state == CONN_WAITING)
        gateway->waiting++;
    if (state == CONN_LIVE && conn->state != CONN_LIVE)
        conn_ring_join(conn);
    conn->state = state;
}

static void drop_piece(struct trawl_conn *conn)
{
    if (conn->piece)
        conn->piece->conn = NULL;
    conn->piece = NULL;
}

static void drop_subscription(struct trawl_conn *conn)
{
    drop_piece(conn);
    conn_set_state(conn, CONN_IDLE);
    if (conn->ring)
        hub_ring_put(conn->hub, conn->ring);
    conn->ring = NULL;
}

void conn_unsubscribe(struct trawl_conn *conn)
{
    if (conn->resolving)
        conn->resolving->conn = NULL;
    conn->resolving = NULL;
    drop_subscription(conn);
}

/* --- looking up what a subscription needs ---------------------------------------------------------- */

/* In a thread. Decide between going on from an id, replaying a run, and a snapshot. */
static int resolve_run(struct read_job *read_job, struct trawl_reader *reader)
{
    struct subscribe_job *job = TRAWL_CONTAINER_OF(read_job, struct subscribe_job, job);
    uint64_t tail, head, first = 0, since = 0;
    int r;

    if (job->run_id) {
        r = trawl_reader_run_span(reader, job->run_id, &first, &job->last, &read_job->err);
        if (r < 0)
            return r;
    }
    r = trawl_reader_bounds(reader, &tail, &head, &read_job->err);
    if (r < 0)
        return r;
    if (job->has_since && job->since > head)
        job->has_since = false;
    if (job->has_since && job->since + 1 >= tail && head - job->since <= HUB_LAG_MAX) {
        job->resumed = !job->fresh;
        job->cursor = job->since;
        return 0;
    }
    if (job->fresh && job->run_id && first + 1 >= tail) {
        job->cursor = first;
        return 0;
    }
    if (job->has_since) /* it may have seen nothing yet, which is not the same as to have no place */
        since = job->since > 0 ? job->since : 1;
    return trawl_reader_snapshot(reader, since, job->run_id, &job->snapshot, &job->cursor,
                                 &read_job->err);
}

static void send_subscribed(struct trawl_conn *conn, bool resumed)
{
    char id[TRAWL_EVENT_ID_SIZE];

    trawl_event_id(id, conn_gateway(conn)->epoch, conn_gateway(conn)->head);
    conn_message(conn, NULL, "subscribed",
                 json_pack("{s:o, s:o, s:b, s:s}", "topics", topics_to_json(conn->topics), "run_id",
                           conn->run_id ? json_integer(conn->run_id) : json_null(), "resumed",
                           (int)resumed, "last_id", id));
}

static void send_snapshot(struct trawl_conn *conn, json_t *data, uint64_t through)
{
    char id[TRAWL_EVENT_ID_SIZE];

    trawl_event_id(id, conn_gateway(conn)->epoch, through);
    json_object_set_new(data, "last_id", json_string(id));
    conn->news = true;
    conn_message(conn, id, "snapshot", json_incref(data));
}

/* The new subscription takes the place of the one before; whatever the client has is told by `cursor`. */
static void apply(struct trawl_conn *conn, struct subscribe_job *job)
{
    drop_subscription(conn);
    conn->topics = job->topics;
    conn->run_id = job->run_id;
    conn->end_with_run = job->end_with_run;
    conn->cursor = job->cursor;
    conn->end_seq = job->last;
    conn->ring = hub_ring_get(conn->hub, conn->topics, conn->run_id);
    if (!conn->begun) {
        conn_begin(conn);
        conn_ack(conn);
    }
    if (!job->quiet) {
        conn->told_caught_up = false;
        send_subscribed(conn, job->resumed);
    }
    if (job->snapshot)
        send_snapshot(conn, job->snapshot, job->cursor);
    conn_set_state(conn, CONN_READING);
    conn_catch_up(conn);
    conn_pump(conn);
}

static void refuse(struct trawl_conn *conn, int status, const char *code, const char *detail)
{
    if (!conn->begun) {
        problem_respond(conn->http, status, detail, NULL);
        return;
    }
    conn_error(conn, code, detail);
    conn_pump(conn);
    if (conn->kind == HTTP_USER_SUBSCRIBER && conn->endpoint->kind != TRAWL_ENDPOINT_WEBSOCKET)
        conn_close(conn, 1011, code);
}

static void resolve_done(struct read_job *read_job)
{
    struct subscribe_job *job = TRAWL_CONTAINER_OF(read_job, struct subscribe_job, job);
    struct trawl_conn *conn = job->conn;

    if (conn && conn->http) {
        conn->resolving = NULL;
        if (read_job->status < 0 && job->quiet)
            conn_close(conn, 1013, "the journal cannot be read now"); /* it comes back by its id */
        else if (read_job->status == -ENOENT)
            refuse(conn, 404, "unknown_run", "there is no such run");
        else if (read_job->status < 0)
            refuse(conn, 503, "unavailable", "the store cannot be read now");
        else if (!conn->begun && job->end_with_run && job->last && job->resumed &&
                 job->since >= job->last)
            trawl_http_respond(conn->http, 204, NULL, NULL, NULL, 0); /* stops an EventSource */
        else
            apply(conn, job);
    }
    job_free(job);
}

static void resolve(struct trawl_conn *conn, struct subscribe_job *job)
{
    if (conn->resolving)
        conn->resolving->conn = NULL;
    conn->resolving = job;
    job->conn = conn;
    job->job.run = resolve_run;
    job->job.done = resolve_done;
    if (readers_submit(conn_gateway(conn)->readers, &job->job) == 0)
        return;
    conn->resolving = NULL;
    if (job->quiet)
        conn_close(conn, 1013, "too many clients catch up at once");
    else
        refuse(conn, 503, "unavailable", "too many readers wait");
    job_free(job);
}

/* Everything after `since` is in memory: no need to ask the store. */
static bool ring_covers(struct trawl_conn *conn, const struct subscribe_job *job)
{
    uint64_t position;

    if (job->run_id || !job->has_since || job->since > conn_gateway(conn)->head)
        return false;
    for (struct hub_ring *ring = conn->hub->rings; ring; ring = ring->next) {
        if (ring->topics == job->topics && ring->run_id == 0)
            return ring_find(&ring->ring, job->since, &position) == 0;
    }
    return false;
}

/* Transports of an earlier ABI do not have it, nor polls. */
static uint32_t timeout_ms(const struct trawl_subscription *subscription)
{
    return subscription->size >= sizeof(*subscription) ? subscription->timeout_ms : 0;
}

int conn_subscribe(struct trawl_conn *conn, const struct trawl_subscription *subscription,
                   struct trawl_err *err)
{
    struct subscribe_job *job;
    uint32_t epoch = 0;
    uint64_t since = 0;

    if (subscription->since && trawl_event_id_parse(subscription->since, &epoch, &since) < 0)
        return trawl_err_set(err, -EINVAL, "since", "not an id; ids look like 5f3a9c01-1842");
    if (subscription->run_id < 0)
        return trawl_err_set(err, -EINVAL, "run_id", "a run's id is a whole number above 0");
    conn->deadline_ns = trawl_mono_ns() + (uint64_t)timeout_ms(subscription) * 1000000;
    job = TRAWL_NEW(struct subscribe_job);
    job->topics = subscription->topics ? subscription->topics : TRAWL_TOPIC_PROGRESS;
    job->run_id = subscription->run_id;
    job->end_with_run = subscription->end_with_run && job->run_id;
    job->fresh = !subscription->since;
    job->has_since = subscription->since && epoch == conn_gateway(conn)->epoch;
    job->since = since;
    if (!ring_covers(conn, job)) {
        resolve(conn, job);
        return 0;
    }
    if (conn->resolving)
        conn->resolving->conn = NULL;
    conn->resolving = NULL;
    job->resumed = true;
    job->cursor = since;
    apply(conn, job);
    job_free(job);
    return 0;
}

/* --- catching up ----------------------------------------------------------------------------------- */

/* In a thread. */
static int piece_run(struct read_job *read_job, struct trawl_reader *reader)
{
    struct subscribe_job *job = TRAWL_CONTAINER_OF(read_job, struct subscribe_job, job);
    struct trawl_event_filter filter = {.topics = job->topics, .run_id = job->run_id};
    uint64_t tail, head;
    int r;

    r = trawl_reader_events(reader, &filter, job->since, job->until, HUB_PIECE, &job->events,
                            &job->count, &read_job->err);
    if (r < 0)
        return r;
    /* Looked at afterwards: what was pruned meanwhile may be missing from what was read. */
    r = trawl_reader_bounds(reader, &tail, &head, &read_job->err);
    if (r < 0)
        return r;
    return job->since + 1 < tail ? -ERANGE : 0;
}

/* The journal does not cover it any more: say so with a snapshot, and go on from there. */
static void fall_behind(struct trawl_conn *conn)
{
    struct subscribe_job *job = TRAWL_NEW(struct subscribe_job);

    trawl_info(&conn->hub->log, "subscriber %s is too far behind, it gets a snapshot",
               conn->connection_id);
    job->topics = conn->topics;
    job->run_id = conn->run_id;
    job->end_with_run = conn->end_with_run;
    conn->snapshots++;
    conn_gateway(conn)->snapshots++;
    job->quiet = true;
    job->has_since = true;
    job->since = conn->cursor;
    conn_set_state(conn, CONN_READING);
    resolve(conn, job);
}

static void piece_send(struct trawl_conn *conn, struct subscribe_job *job)
{
    for (size_t i = 0; i < job->count; i++) {
        if (hub_encode_event(conn->hub, &job->events[i], &conn->out) < 0) {
            conn_close(conn, 1011, "cannot be served");
            return;
        }
    }
    conn->news |= job->count > 0;
    conn->cursor = job->count == HUB_PIECE ? job->events[job->count - 1].seq : job->until;
    conn_set_state(conn, CONN_SENDING);
    conn_pump(conn);
}

static void piece_done(struct read_job *read_job)
{
    struct subscribe_job *job = TRAWL_CONTAINER_OF(read_job, struct subscribe_job, job);
    struct trawl_conn *conn = job->conn;

    if (conn && conn->http) {
        conn->piece = NULL;
        if (read_job->status == -ERANGE)
            fall_behind(conn);
        else if (read_job->status < 0)
            conn_close(conn, 1013, "the journal cannot be read now"); /* it comes back by its id */
        else
            piece_send(conn, job);
    }
    job_free(job);
}

static void read_piece(struct trawl_conn *conn)
{
    struct subscribe_job *job = TRAWL_NEW(struct subscribe_job);

    job->conn = conn;
    job->topics = conn->topics;
    job->run_id = conn->run_id;
    job->since = conn->cursor;
    job->until = conn_gateway(conn)->head;
    job->job.run = piece_run;
    job->job.done = piece_done;
    conn->piece = job;
    if (readers_submit(conn_gateway(conn)->readers, &job->job) == 0)
        return;
    conn->piece = NULL;
    job_free(job);
    conn_close(conn, 1013, "too many clients catch up at once");
}

void conn_catch_up(struct trawl_conn *conn)
{
    uint64_t head = conn_gateway(conn)->head;

    if (conn->closing)
        return;
    if (conn->cursor > head) {
        conn_set_state(conn, CONN_WAITING);
        return;
    }
    if (ring_find(&conn->ring->ring, conn->cursor, &conn->position) == 0) {
        conn_set_state(conn, CONN_LIVE);
        conn_pump(conn);
        return;
    }
    conn_set_state(conn, CONN_READING);
    if (head - conn->cursor > HUB_LAG_MAX)
        fall_behind(conn);
    else
        read_piece(conn);
}
