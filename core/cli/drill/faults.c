/* The faults, in their order. */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "cli/drill/drill_priv.h"
#include "util/alloc.h"
#include "util/clock.h"

/* --- on the way ---------------------------------------------------------------------------------- */

static bool has_kind(const struct drill *drill, enum drill_kind kind)
{
    for (size_t i = 0; i < drill->chain.count; i++) {
        if (drill->ways[i].kind == kind)
            return true;
    }
    return false;
}

static const char *missing_websocket(const struct drill *drill)
{
    return has_kind(drill, DRILL_WEBSOCKET) ? NULL : "no WebSocket transport";
}

static const char *missing_stream(const struct drill *drill)
{
    return has_kind(drill, DRILL_STREAM) ? NULL : "no event stream transport";
}

/* Those that came by it go on by the next, where they have one. */
static bool is_left(const struct drill *drill, enum drill_kind kind)
{
    for (size_t i = 0; i < drill->client_count; i++) {
        const struct drill_client *client = &drill->clients[i];

        if (client->chain.ways[0].kind == kind && client->chain.count > 1 &&
            client->story.moves == 0 && !client->ended)
            return false;
    }
    return true;
}

static bool websocket_is_left(const struct drill *drill)
{
    return is_left(drill, DRILL_WEBSOCKET);
}

static bool stream_is_left(const struct drill *drill)
{
    return is_left(drill, DRILL_STREAM);
}

static int cut_begin(struct drill *drill, struct trawl_err *err)
{
    (void)err;
    drill_proxy_set_fault(drill->proxy, DRILL_CUT);
    return 0;
}

static int mute_begin(struct drill *drill, struct trawl_err *err)
{
    (void)err;
    drill_proxy_set_fault(drill->proxy, DRILL_MUTE);
    return 0;
}

static int buffer_begin(struct drill *drill, struct trawl_err *err)
{
    (void)err;
    drill_proxy_set_fault(drill->proxy, DRILL_BUFFER);
    return 0;
}

static int pass(struct drill *drill, struct trawl_err *err)
{
    (void)err;
    drill_proxy_set_fault(drill->proxy, DRILL_PASS);
    return 0;
}

/* --- processes ----------------------------------------------------------------------------------- */

static int kill_role(struct drill *drill, const char *role, struct trawl_err *err)
{
    drill->victim_count = drill_children(drill_server_pid(drill->server), role, drill->victims);
    for (size_t i = 0; i < drill->victim_count; i++) {
        if (kill(drill->victims[i], SIGKILL) < 0 && errno != ESRCH)
            return trawl_err_set(err, -errno, "", "a %s cannot be killed: %s", role,
                                 strerror(errno));
    }
    if (drill->victim_count == 0)
        return trawl_err_set(err, -ESRCH, "", "the server has no %s", role);
    return 0;
}

static bool is_victim(const struct drill *drill, pid_t pid)
{
    for (size_t i = 0; i < drill->victim_count; i++) {
        if (drill->victims[i] == pid)
            return true;
    }
    return false;
}

/* As many as there were, and none of those. */
static bool are_replaced(const struct drill *drill, const char *role)
{
    pid_t children[DRILL_CHILDREN_MAX];
    size_t count = drill_children(drill_server_pid(drill->server), role, children);

    for (size_t i = 0; i < count; i++) {
        if (is_victim(drill, children[i]))
            return false;
    }
    return count >= drill->victim_count;
}

static int gateway_begin(struct drill *drill, struct trawl_err *err)
{
    return kill_role(drill, "gateway", err);
}

static bool gateway_is_over(struct drill *drill)
{
    return are_replaced(drill, "gateway");
}

static int worker_begin(struct drill *drill, struct trawl_err *err)
{
    return kill_role(drill, "worker", err);
}

static bool worker_is_over(struct drill *drill)
{
    return are_replaced(drill, "worker");
}

static int supervisor_begin(struct drill *drill, struct trawl_err *err)
{
    (void)err;
    drill->is_restarting = false;
    drill_server_kill(drill->server);
    return 0;
}

/* A child of the one that was killed may hold the port a little longer. */
static bool supervisor_is_over(struct drill *drill)
{
    if (!drill->is_restarting && drill_server_is_gone(drill->server)) {
        drill->is_restarting = true;
        drill->healed_ns = trawl_mono_ns();
        (void)drill_server_start(drill->server, &drill->err); /* that it did not is noticed */
    }
    return drill_server_is_ready(drill->server);
}

/* --- the receiver -------------------------------------------------------------------------------- */

static const char *missing_webhook(const struct drill *drill)
{
    return drill->receiver ? NULL : "no webhook transport";
}

static int receiver_begin(struct drill *drill, struct trawl_err *err)
{
    (void)err;
    drill_receiver_stop(drill->receiver);
    return 0;
}

static int receiver_heal(struct drill *drill, struct trawl_err *err)
{
    return drill_receiver_restart(drill->receiver, err);
}

const struct drill_fault drill_faults[] = {
    {.name = "websocket_cut",
     .title = "WebSocket cut",
     .hold_ms = 2500,
     .about_clients = true,
     .missing = missing_websocket,
     .begin = cut_begin,
     .is_felt = websocket_is_left,
     .heal = pass},
    {.name = "websocket_mute",
     .title = "WebSocket mute",
     .hold_ms = 2500,
     .about_clients = true,
     .missing = missing_websocket,
     .begin = mute_begin,
     .is_felt = websocket_is_left,
     .heal = pass},
    {.name = "sse_buffered",
     .title = "SSE buffered",
     .hold_ms = 2500,
     .about_clients = true,
     .missing = missing_stream,
     .begin = buffer_begin,
     .is_felt = stream_is_left,
     .heal = pass},
    {.name = "gateway_killed",
     .title = "gateway killed",
     .about_clients = true,
     .begin = gateway_begin,
     .is_over = gateway_is_over},
    {.name = "worker_killed",
     .title = "worker killed",
     .about_clients = true,
     .begin = worker_begin,
     .is_over = worker_is_over},
    {.name = "receiver_down",
     .title = "webhook receiver down",
     .hold_ms = 2500,
     .about_receiver = true,
     .missing = missing_webhook,
     .begin = receiver_begin,
     .heal = receiver_heal},
    {.name = "supervisor_killed",
     .title = "supervisor killed",
     .hold_ms = 1000,
     .about_clients = true,
     .about_receiver = true,
     .begin = supervisor_begin,
     .is_over = supervisor_is_over},
};

const size_t drill_fault_count = TRAWL_ARRAY_SIZE(drill_faults);
