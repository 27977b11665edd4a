/* Subscribing: where a subscriber begins, which the store is asked for once for all who want the same. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "gateway/gateway_priv.h"
#include "gateway/problem.h"
#include "util/alloc.h"
#include "util/clock.h"

/* What decides where a subscriber begins. Zeroed before it is filled: it is hashed. */
struct start {
    uint64_t since;
    int64_t run_id;
    bool has_since; /* `since` is an id of this epoch */
    bool fresh;     /* no id was given at all */
};

/* What the store said. */
struct found {
    json_t *snapshot; /* or NULL */
    uint64_t cursor;
    uint64_t last; /* event of the run, if it is over */
    bool resumed;
};

/* One look into the store. */
struct resolve_job {
    struct read_job job;
    struct trawl_gateway *gateway;
    UT_hash_handle hh; /* in gateway->resolves, until another one of its kind takes its place */
    struct start start;
    struct found found;
    struct wanted *wanted;
};

/* One subscriber that waits for it. */
struct wanted {
    struct wanted *next;
    struct trawl_conn *conn; /* NULL once it is not wanted any more */
    uint32_t topics;
    bool end_with_run;
    bool quiet; /* a subscriber that fell too far behind: no new `subscribed` */
};

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

static void drop_wanted(struct trawl_conn *conn)
{
    if (conn->wanted)
        conn->wanted->conn = NULL;
    conn->wanted = NULL;
}

static void drop_subscription(struct trawl_conn *conn)
{
    conn_drop_piece(conn);
    conn_set_state(conn, CONN_IDLE);
    if (conn->ring)
        hub_ring_put(conn->hub, conn->ring);
    conn->ring = NULL;
}

void conn_unsubscribe(struct trawl_conn *conn)
{
    drop_wanted(conn);
    drop_subscription(conn);
}

/* --- what a client is told ------------------------------------------------------------------------- */

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
    conn_poll_news(conn);
    conn_message(conn, id, "snapshot", json_incref(data));
}

/* The new subscription takes the place of the one before; whatever the client has is told by the cursor. */
static void apply(struct trawl_conn *conn, const struct wanted *wanted, const struct start *start,
                  const struct found *found)
{
    drop_subscription(conn);
    conn->topics = wanted->topics;
    conn->run_id = start->run_id;
    conn->end_with_run = wanted->end_with_run;
    conn->cursor = found->cursor;
    conn->end_seq = found->last;
    conn->ring = hub_ring_get(conn->hub, conn->topics, conn->run_id);
    if (!conn->begun) {
        conn_begin(conn);
        conn_ack(conn);
    }
    if (!wanted->quiet) {
        conn->told_caught_up = false;
        send_subscribed(conn, found->resumed);
    }
    if (found->snapshot)
        send_snapshot(conn, found->snapshot, found->cursor);
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
    if (conn->endpoint->kind != TRAWL_ENDPOINT_WEBSOCKET)
        conn_close(conn, 1011, code);
}

/* --- looking up what a subscription needs ---------------------------------------------------------- */

/* In a thread. Decide between going on from an id, replaying a run, and a snapshot. */
static int resolve_run(struct read_job *read_job, struct trawl_reader *reader)
{
    struct resolve_job *job = TRAWL_CONTAINER_OF(read_job, struct resolve_job, job);
    const struct start *start = &job->start;
    struct found *found = &job->found;
    uint64_t tail, head, first = 0, since = 0;
    bool has_since;
    int r;

    if (start->run_id) {
        r = trawl_reader_run_span(reader, start->run_id, &first, &found->last, read_job->err);
        if (r < 0)
            return r;
    }
    r = trawl_reader_bounds(reader, &tail, &head, read_job->err);
    if (r < 0)
        return r;
    has_since = start->has_since && start->since <= head;
    if (has_since && start->since + 1 >= tail && head - start->since <= HUB_LAG_MAX) {
        found->resumed = true;
        found->cursor = start->since;
        return 0;
    }
    if (start->fresh && start->run_id && first + 1 >= tail) {
        found->cursor = first;
        return 0;
    }
    if (has_since) /* it may have seen nothing yet, which is not the same as to have no place */
        since = start->since > 0 ? start->since : 1;
    return trawl_reader_snapshot(reader, since, start->run_id, &found->snapshot, &found->cursor,
                                 read_job->err);
}

static void resolved(struct trawl_conn *conn, const struct wanted *wanted,
                     const struct resolve_job *job)
{
    int status = job->job.status;
    const struct found *found = &job->found;

    if (status < 0 && wanted->quiet)
        conn_close(conn, 1013, "the journal cannot be read now"); /* it comes back by its id */
    else if (status == -ENOENT)
        refuse(conn, 404, "unknown_run", "there is no such run");
    else if (status < 0)
        refuse(conn, 503, "unavailable", "the store cannot be read now");
    else if (!conn->begun && wanted->end_with_run && found->last && found->resumed &&
             job->start.since >= found->last)
        trawl_http_respond(conn->http, 204, NULL, NULL, NULL, 0); /* stops an EventSource */
    else
        apply(conn, wanted, &job->start, found);
}

static void job_free(struct trawl_gateway *gateway, struct resolve_job *job)
{
    struct resolve_job *listed;

    HASH_FIND(hh, gateway->resolves, &job->start, sizeof(job->start), listed);
    if (listed == job)
        HASH_DEL(gateway->resolves, job);
    json_decref(job->found.snapshot);
    free(job);
}

static void resolve_done(struct read_job *read_job)
{
    struct resolve_job *job = TRAWL_CONTAINER_OF(read_job, struct resolve_job, job);
    struct trawl_gateway *gateway = job->gateway;
    struct wanted *next;

    for (struct wanted *wanted = job->wanted; wanted; wanted = next) {
        struct trawl_conn *conn = wanted->conn;

        next = wanted->next;
        if (conn && conn->http) {
            conn->wanted = NULL;
            resolved(conn, wanted, job);
        }
        free(wanted);
    }
    job_free(gateway, job);
}

/* One that has not begun, so that what it finds is not older than who asks. NULL: there is no room for it. */
static struct resolve_job *job_for(struct trawl_gateway *gateway, const struct start *start)
{
    struct resolve_job *job, *listed;

    HASH_FIND(hh, gateway->resolves, start, sizeof(*start), listed);
    if (listed && !listed->job.begun)
        return listed;
    job = TRAWL_NEW(struct resolve_job);
    job->gateway = gateway;
    job->start = *start;
    job->job.run = resolve_run;
    job->job.done = resolve_done;
    if (readers_submit(gateway->readers, &job->job) < 0) {
        free(job);
        return NULL;
    }
    if (listed)
        HASH_DEL(gateway->resolves, listed);
    HASH_ADD(hh, gateway->resolves, start, sizeof(*start), job);
    return job;
}

static void resolve(struct trawl_conn *conn, const struct wanted *wanted, const struct start *start)
{
    struct resolve_job *job = job_for(conn_gateway(conn), start);

    drop_wanted(conn);
    if (job) {
        conn->wanted = TRAWL_NEW(struct wanted);
        *conn->wanted = *wanted;
        conn->wanted->conn = conn;
        conn->wanted->next = job->wanted;
        job->wanted = conn->wanted;
    } else if (wanted->quiet) {
        conn_close(conn, 1013, "too many clients catch up at once");
    } else {
        refuse(conn, 503, "unavailable", "too many readers wait");
    }
}

void conn_fall_behind(struct trawl_conn *conn)
{
    struct wanted wanted = {
        .topics = conn->topics, .end_with_run = conn->end_with_run, .quiet = true};
    struct start start;
    char id[CONN_ID_SIZE];

    memset(&start, 0, sizeof(start));
    start.run_id = conn->run_id;
    start.has_since = true;
    start.since = conn->cursor;
    conn_id(conn, id);
    trawl_info(&conn->hub->log, "subscriber %s is too far behind, it gets a snapshot", id);
    conn->snapshots++;
    conn_gateway(conn)->snapshots++;
    conn_set_state(conn, CONN_READING);
    resolve(conn, &wanted, &start);
}

/* Everything after `since` is in memory: no need to ask the store. */
static bool ring_covers(struct trawl_conn *conn, uint32_t topics, const struct start *start)
{
    uint64_t position;

    if (start->run_id || !start->has_since || start->since > conn_gateway(conn)->head)
        return false;
    for (struct hub_ring *ring = conn->hub->rings; ring; ring = ring->next) {
        if (ring->topics == topics && ring->run_id == 0)
            return ring_find(&ring->ring, start->since, &position) == 0;
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
    struct wanted wanted = {
        .topics = subscription->topics ? subscription->topics : TRAWL_TOPIC_PROGRESS,
        .end_with_run = subscription->end_with_run && subscription->run_id,
    };
    struct found found = {.resumed = true};
    struct start start;
    uint32_t epoch = 0;

    memset(&start, 0, sizeof(start));
    start.run_id = subscription->run_id;
    start.fresh = !subscription->since;
    if (subscription->since && trawl_event_id_parse(subscription->since, &epoch, &start.since) < 0)
        return trawl_err_set(err, -EINVAL, "since", "not an id; ids look like 5f3a9c01-1842");
    if (subscription->run_id < 0)
        return trawl_err_set(err, -EINVAL, "run_id", "a run's id is a whole number above 0");
    if (conn->poll)
        conn->poll->deadline_ns = trawl_mono_ns() + (uint64_t)timeout_ms(subscription) * 1000000;
    start.has_since = subscription->since && epoch == conn_gateway(conn)->epoch;
    if (!ring_covers(conn, wanted.topics, &start)) {
        resolve(conn, &wanted, &start);
        return 0;
    }
    drop_wanted(conn);
    found.cursor = start.since;
    apply(conn, &wanted, &start, &found);
    return 0;
}
