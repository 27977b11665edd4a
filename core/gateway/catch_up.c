/* Catching up: from the journal in bounded pieces until the ring has what follows. */
#include <errno.h>
#include <stdlib.h>

#include "gateway/gateway_priv.h"
#include "util/alloc.h"

struct piece_job {
    struct read_job job;
    struct trawl_conn *conn; /* NULL once it is not wanted any more */
    struct trawl_event_filter filter;
    uint64_t since;
    uint64_t until;
    struct trawl_event *events;
    size_t count;
};

static void job_free(struct piece_job *job)
{
    trawl_reader_events_free(job->events, job->count);
    free(job);
}

void conn_drop_piece(struct trawl_conn *conn)
{
    if (conn->piece)
        conn->piece->conn = NULL;
    conn->piece = NULL;
}

/* In a thread. */
static int piece_run(struct read_job *read_job, struct trawl_reader *reader)
{
    struct piece_job *job = TRAWL_CONTAINER_OF(read_job, struct piece_job, job);
    uint64_t tail, head;
    int r;

    r = trawl_reader_events(reader, &job->filter, job->since, job->until, HUB_PIECE, &job->events,
                            &job->count, read_job->err);
    if (r < 0)
        return r;
    /* Looked at afterwards: what was pruned meanwhile may be missing from what was read. */
    r = trawl_reader_bounds(reader, &tail, &head, read_job->err);
    if (r < 0)
        return r;
    return job->since + 1 < tail ? -ERANGE : 0;
}

static void piece_send(struct trawl_conn *conn, const struct piece_job *job)
{
    for (size_t i = 0; i < job->count; i++) {
        if (hub_encode_event(conn->hub, &job->events[i], &conn->out) < 0) {
            conn_close(conn, 1011, "cannot be served");
            return;
        }
    }
    if (job->count > 0)
        conn_poll_news(conn);
    conn->cursor = job->count == HUB_PIECE ? job->events[job->count - 1].seq : job->until;
    conn_set_state(conn, CONN_SENDING);
    conn_pump(conn);
}

static void piece_done(struct read_job *read_job)
{
    struct piece_job *job = TRAWL_CONTAINER_OF(read_job, struct piece_job, job);
    struct trawl_conn *conn = job->conn;

    if (conn && conn->http) {
        conn->piece = NULL;
        if (read_job->status == -ERANGE)
            conn_fall_behind(conn); /* the journal does not cover it any more */
        else if (read_job->status < 0)
            conn_close(conn, 1013, "the journal cannot be read now"); /* it comes back by its id */
        else
            piece_send(conn, job);
    }
    job_free(job);
}

static void read_piece(struct trawl_conn *conn)
{
    struct piece_job *job = TRAWL_NEW(struct piece_job);

    job->conn = conn;
    job->filter = (struct trawl_event_filter){.topics = conn->topics, .run_id = conn->run_id};
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
        conn_fall_behind(conn);
    else
        read_piece(conn);
}
