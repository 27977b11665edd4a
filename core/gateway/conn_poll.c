/* Answers to polls: a JSON list of messages, ended by a heartbeat as soon as there is news, or in time. */
#include <errno.h>
#include <string.h>

#include "gateway/gateway_priv.h"
#include "util/alloc.h"
#include "util/clock.h"

/* An answer that has news ends when all has left, or so much has. */
#define POLL_BYTES (1u << 20)

void conn_poll_create(struct trawl_conn *conn)
{
    if (conn->hub->kind == TRAWL_ENDPOINT_POLL)
        conn->poll = TRAWL_NEW(struct conn_poll);
}

void conn_poll_news(struct trawl_conn *conn)
{
    if (conn->poll)
        conn->poll->has_news = true;
}

bool conn_poll_write(struct trawl_conn *conn, const char *bytes, size_t len)
{
    int r = trawl_http_stream_write(conn->http, bytes, len);

    conn_set_blocked(conn, r < 0);
    conn->poll->sent += len;
    return r == 0 || r == -EAGAIN; /* then it was taken, and is the last for now */
}

bool conn_poll_is_full(const struct trawl_conn *conn)
{
    return conn->poll && conn->poll->sent >= POLL_BYTES;
}

void conn_poll_check(struct trawl_conn *conn)
{
    bool has_news, is_due;

    if (!conn->poll || !conn->http || !conn->begun || conn->closing)
        return;
    is_due = trawl_mono_ns() >= conn->poll->deadline_ns;
    has_news = conn->poll->has_news && (conn_is_caught_up(conn) || conn_poll_is_full(conn));
    if (is_due || has_news)
        conn_poll_end(conn);
}

/* A heartbeat is the last element, so that the client knows where it stands; it has no comma behind it. */
void conn_poll_end(struct trawl_conn *conn)
{
    size_t before = conn->out.len;

    conn->closing = true; /* whatever fails from here on does not end it once more */
    conn_heartbeat(conn);
    conn_unsubscribe(conn);
    if (conn->out.len <= before) {
        trawl_http_close(conn->http, 0, NULL); /* cut, so that it is not taken for whole */
        return;
    }
    trawl_buf_cut(&conn->out, conn->out.len - strlen(HUB_POLL_COMMA));
    (void)trawl_buf_append(&conn->out, "]", 1);
    conn_poll_write(conn, conn->out.data, conn->out.len);
    trawl_buf_finish(&conn->out);
    trawl_http_stream_end(conn->http);
}
