/* Whether WebSockets still answer. libwebsockets can do that too, but its timers stand in one sorted list: with ten thousand
 * connections their pings cost half a core. */
#include <utlist.h>

#include "http/http_priv.h"
#include "util/clock.h"

/* How often all are looked at, as a part of the time that they have. */
#define ALIVE_PART   8
#define ALIVE_MS_MIN 20

/* With a byte, which the pong has to bring back: of one that is empty libwebsockets 4.1 tells nothing. */
static const char ping[] = {(char)0x89, 1, 0};

/* One that is blocked cannot be asked, and does not read; how long that may go on is not decided here. */
static void check(struct trawl_http_conn *conn, uint64_t now_ns, uint64_t timeout_ns)
{
    if (now_ns - conn->heard_ns < timeout_ns / 2)
        return;
    if (conn->pinged) {
        trawl_http_abort(conn);
    } else if (trawl_http_write_raw(conn, ping, sizeof(ping)) > 0) {
        conn->pinged = true;
        conn->heard_ns = now_ns; /* it has as long again to answer */
    }
}

static void on_alive(uv_timer_t *timer)
{
    struct trawl_http_server *server = timer->data;
    uint64_t timeout_ns = (uint64_t)server->limits.pong_timeout_ms * 1000000u;
    uint64_t now_ns = trawl_mono_ns();
    uint64_t since_ns = now_ns - server->alive_ns;
    struct trawl_http_conn *conn;
    struct trawl_http_conn *next;

    server->alive_ns = now_ns;
    if (since_ns > 2 * uv_timer_get_repeat(timer) * 1000000u)
        return; /* we did not run: answers may lie in the sockets, which come after the timers */
    DL_FOREACH_SAFE(server->websockets, conn, next)
    {
        check(conn, now_ns, timeout_ns);
    }
}

void trawl__http_alive_start(struct trawl_http_server *server)
{
    unsigned every_ms = server->limits.pong_timeout_ms / ALIVE_PART;

    if (every_ms < ALIVE_MS_MIN)
        every_ms = ALIVE_MS_MIN;
    uv_timer_init(server->loop, &server->alive);
    server->alive.data = server;
    server->alive_ns = trawl_mono_ns();
    uv_timer_start(&server->alive, on_alive, every_ms, every_ms);
}

void trawl__http_alive_enter(struct trawl_http_conn *conn)
{
    DL_APPEND(conn->server->websockets, conn);
    trawl__http_alive_heard(conn);
}

void trawl__http_alive_leave(struct trawl_http_conn *conn)
{
    if (conn->kind == HTTP_WEBSOCKET)
        DL_DELETE(conn->server->websockets, conn);
}

void trawl__http_alive_heard(struct trawl_http_conn *conn)
{
    conn->heard_ns = trawl_mono_ns();
    conn->pinged = false;
}
