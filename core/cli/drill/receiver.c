#include "cli/drill/receiver.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "http/http.h"
#include "journal/event.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/json.h"
#include "util/listen.h"

/* Largest request that is taken. */
#define BODY_MAX (32u << 20)

struct drill_receiver {
    uv_loop_t *loop;
    struct trawl_http_server *http; /* NULL while it is down */
    char *address;
    char *url;
    struct drill_tally tally;
    uint64_t behind;
    uint64_t next_ns;
    unsigned closing; /* servers that are not closed yet */
    bool closed;
};

static int receiver_listen(struct drill_receiver *receiver, struct trawl_err *err);

/* --- what comes ---------------------------------------------------------------------------------- */

/* What has no id is no event: it tells of a gap, and that shows by itself. */
static void take_event(struct drill_receiver *receiver, const json_t *event)
{
    const char *id = trawl_json_string(event, "id", NULL);
    bool is_progress = strcmp(trawl_json_string(event, "type", ""), "scrape_progress") == 0;
    json_int_t n = trawl_json_int(json_object_get(event, "data"), "n", 0);
    uint32_t epoch;
    uint64_t seq;

    if (!id || trawl_event_id_parse(id, &epoch, &seq) < 0 ||
        !drill_tally_take(&receiver->tally, seq, is_progress ? n : 0))
        return;
    if (receiver->next_ns == 0 && seq > receiver->behind)
        receiver->next_ns = trawl_mono_ns();
}

static void receiver_on_request(void *user, struct trawl_http_conn *conn)
{
    struct drill_receiver *receiver = user;
    size_t len = 0;
    const char *body = trawl_http_body(conn, &len);
    json_auto_t *batch = NULL;
    json_t *event;
    size_t i;

    if (trawl_json_parse(body ? body : "", len, &batch, NULL) < 0) {
        trawl_http_respond(conn, 400, "text/plain", NULL, "", 0);
        return;
    }
    json_array_foreach (json_object_get(batch, "events"), i, event)
        take_event(receiver, event);
    trawl_http_respond(conn, 200, "text/plain", NULL, "", 0);
}

static int receiver_on_upgrade(void *user, struct trawl_http_conn *conn)
{
    (void)user;
    (void)conn;
    return 404;
}

/* --- up and down --------------------------------------------------------------------------------- */

static int receiver_listen(struct drill_receiver *receiver, struct trawl_err *err)
{
    char *address = NULL;
    int fd;
    int r =
        trawl_listen(receiver->address ? receiver->address : "127.0.0.1:0", "", &fd, &address, err);

    if (r < 0)
        return r;
    free(receiver->address);
    receiver->address = address;
    r = trawl_http_server_listen(receiver->http, fd);
    if (r < 0)
        return trawl_err_set(err, r, "", "the receiver cannot listen: %s", strerror(-r));
    return 0;
}

int drill_receiver_restart(struct drill_receiver *receiver, struct trawl_err *err)
{
    static const struct trawl_http_limits limits = {
        .max_body = BODY_MAX,
        .max_message = 1024,
        .max_connections = 64,
        .idle_timeout_ms = 30000,
        .pong_timeout_ms = 30000,
    };
    const struct trawl_http_handler handler = {
        .on_request = receiver_on_request,
        .on_upgrade = receiver_on_upgrade,
        .user = receiver,
    };
    int r = trawl_http_server_create(receiver->loop, &limits, &handler, &receiver->http, err);

    if (r == 0)
        r = receiver_listen(receiver, err);
    return r;
}

static void receiver_free_if_over(struct drill_receiver *receiver)
{
    if (!receiver->closed || receiver->closing > 0)
        return;
    drill_tally_finish(&receiver->tally);
    free(receiver->address);
    free(receiver->url);
    free(receiver);
}

static void receiver_on_stopped(void *user)
{
    struct drill_receiver *receiver = user;

    receiver->closing--;
    receiver_free_if_over(receiver);
}

void drill_receiver_stop(struct drill_receiver *receiver)
{
    struct trawl_http_server *http = receiver->http;

    if (!http)
        return;
    receiver->http = NULL;
    receiver->closing++;
    trawl_http_server_close(http, receiver_on_stopped, receiver);
}

int drill_receiver_create(uv_loop_t *loop, struct drill_receiver **ret_receiver,
                          struct trawl_err *err)
{
    struct drill_receiver *receiver = TRAWL_NEW(struct drill_receiver);
    int r;

    receiver->loop = loop;
    r = drill_receiver_restart(receiver, err);
    if (r < 0) {
        drill_receiver_close(receiver);
        return r;
    }
    receiver->url = trawl_xasprintf("http://%s/events", receiver->address);
    *ret_receiver = receiver;
    return 0;
}

/* --- for the drill ------------------------------------------------------------------------------- */

const char *drill_receiver_url(const struct drill_receiver *receiver)
{
    return receiver->url;
}

struct drill_tally *drill_receiver_tally(struct drill_receiver *receiver)
{
    return &receiver->tally;
}

void drill_receiver_begin(struct drill_receiver *receiver, uint64_t behind)
{
    receiver->behind = behind;
    receiver->next_ns = 0;
}

uint64_t drill_receiver_next_ns(const struct drill_receiver *receiver)
{
    return receiver->next_ns;
}

void drill_receiver_close(struct drill_receiver *receiver)
{
    if (!receiver || receiver->closed)
        return;
    receiver->closed = true;
    drill_receiver_stop(receiver);
    receiver_free_if_over(receiver);
}
