#include "supervisor/gateways.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

#include "ipc/messages.h"
#include "supervisor/gateways_priv.h"
#include "supervisor/policy.h"
#include "supervisor/pushing.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/json.h"

/* Events in one frame. */
#define EVENTS_PER_FRAME 4096

static void gateway_spawn(struct trawl_gateway *gateway);

static void gateway_on_closed(uv_handle_t *handle)
{
    struct trawl_gateway *gateway = handle->data;

    trawl_culprit_close(gateway->culprit);
    free(gateway);
}

static void gateway_end(struct trawl_gateway *gateway)
{
    struct trawl_supervisor *supervisor = gateway->supervisor;

    uv_close((uv_handle_t *)&gateway->timer, gateway_on_closed);
    DL_DELETE(supervisor->gateways, gateway);
    trawl__shutdown_advance(supervisor);
}

static void gateway_on_pause_over(uv_timer_t *timer)
{
    gateway_spawn(timer->data);
}

static void gateway_restart(struct trawl_gateway *gateway, const char *how)
{
    uint64_t lived_ms = (trawl_mono_ns() - gateway->started_ns) / 1000000u;
    uint64_t pause_ms;

    if (lived_ms >= TRAWL_GATEWAY_STABLE_MS)
        gateway->short_lives = 0;
    pause_ms = trawl_policy_pause_ms(gateway->short_lives++);
    trawl_warning(&gateway->log, "it %s, restarting in %llu ms", how, (unsigned long long)pause_ms);
    uv_timer_start(&gateway->timer, gateway_on_pause_over, pause_ms, 0);
}

/* A transport of the configuration that the process was in when it ended. */
static void gateway_blame(struct trawl_gateway *gateway, const char *how)
{
    struct trawl_supervisor *supervisor = gateway->supervisor;
    const json_t *root = supervisor->options->config->root;
    uint64_t within_ms = TRAWL_CULPRIT_WITHIN_MS;
    char name[TRAWL_CULPRIT_MAX];
    bool hangs = trawl_culprit_read(gateway->culprit, name);
    const json_t *transport = json_object_get(json_object_get(root, "transports"), name);

    if (!transport)
        return;
    if (hangs) {
        how = "hung";
        within_ms +=
            TRAWL_CULPRIT_CRASHES * (uint64_t)trawl_json_int(transport, "stall_timeout", 0);
    }
    trawl_error(&gateway->log, "it %s in transport '%s'", how, name);
    if (trawl_culprits_blame(&supervisor->culprits, name, how, within_ms, trawl_mono_ns()))
        trawl_error(&gateway->log, "transport '%s' is left out until it is enabled by command",
                    name);
}

static void gateway_on_gone(void *user, const char *how)
{
    struct trawl_gateway *gateway = user;

    gateway_blame(gateway, how);
    gateway->process = NULL;
    gateway->serving = false;
    trawl__gateway_forget(gateway);
    if (gateway->stopping)
        gateway_end(gateway);
    else if (gateway->reloading)
        gateway_spawn(gateway);
    else
        gateway_restart(gateway, how);
}

/* With the listening sockets of one that serves, and where it leaves the name of what crashed it. */
static int gateway_start_process(struct trawl_gateway *gateway, const struct trawl_process_ops *ops)
{
    struct trawl_supervisor *supervisor = gateway->supervisor;
    size_t count = gateway->pushes ? 0 : supervisor->listen_count;
    TRAWL_AUTO_FREE int *fds = trawl_xalloc((count + 1) * sizeof(*fds));
    int r;

    trawl_culprit_close(gateway->culprit);
    gateway->culprit = NULL;
    if (count > 0)
        memcpy(fds, supervisor->listen_fds, count * sizeof(*fds));
    r = trawl_culprit_create(&fds[count], &gateway->culprit);
    if (r < 0)
        return r;
    r = trawl_process_spawn(&supervisor->loop, gateway->pushes ? "pusher" : "gateway", fds,
                            count + 1, ops, gateway, &gateway->process);
    close(fds[count]);
    return r;
}

static void gateway_stalled(struct trawl_gateway *gateway)
{
    json_auto_t *message = json_pack("{s:s?}", "reason", gateway->supervisor->stalled);
    struct trawl_channel *channel = trawl__gateway_channel(gateway);

    if (channel && trawl_channel_send_json(channel, TRAWL_MSG_STALLED, message) < 0)
        trawl_process_kill(gateway->process);
}

static void gateway_spawn(struct trawl_gateway *gateway)
{
    static const struct trawl_process_ops ops = {
        .on_frame = trawl__gateway_on_frame,
        .on_gone = gateway_on_gone,
    };
    struct trawl_supervisor *supervisor = gateway->supervisor;
    json_auto_t *configuration = trawl__gateway_configuration(gateway);
    int r;

    if (gateway->pushes)
        trawl__pushing_configure(supervisor, configuration);
    gateway->reloading = false;
    gateway->generation = ++supervisor->gateway_generations;
    gateway->started_ns = trawl_mono_ns();
    r = gateway_start_process(gateway, &ops);
    if (r < 0)
        gateway_restart(gateway, strerror(-r));
    else if (trawl_channel_send_json(trawl__gateway_channel(gateway), TRAWL_MSG_CONFIGURE,
                                     configuration) < 0)
        trawl_process_kill(gateway->process);
    else if (supervisor->stalled)
        gateway_stalled(gateway);
}

static void gateway_start(struct trawl_supervisor *supervisor, bool pushes)
{
    struct trawl_gateway *gateway = TRAWL_NEW(struct trawl_gateway);

    gateway->supervisor = supervisor;
    gateway->pushes = pushes;
    trawl_log_init(&gateway->log, "%s", pushes ? "pusher" : "gateway");
    uv_timer_init(&supervisor->loop, &gateway->timer);
    gateway->timer.data = gateway;
    DL_APPEND(supervisor->gateways, gateway);
    gateway_spawn(gateway);
}

void trawl__gateways_start(struct trawl_supervisor *supervisor)
{
    const json_t *server = json_object_get(supervisor->options->config->root, "server");

    for (json_int_t i = trawl_json_int(server, "gateways", 1); i > 0; i--)
        gateway_start(supervisor, false);
    if (trawl__pushing_is_configured(supervisor))
        gateway_start(supervisor, true);
}

/* The pusher reads events for itself. */
static void pusher_head(struct trawl_gateway *pusher, uint64_t head)
{
    json_auto_t *message = json_pack("{s:I}", "head", (json_int_t)head);
    struct trawl_channel *channel = trawl__gateway_channel(pusher);

    if (channel && trawl_channel_send_json(channel, TRAWL_MSG_HEAD, message) < 0)
        trawl_process_kill(pusher->process);
}

void trawl__gateways_enable(struct trawl_supervisor *supervisor, const char *transport)
{
    json_auto_t *message = json_pack("{s:s}", "transport", transport);
    struct trawl_gateway *gateway;

    DL_FOREACH (supervisor->gateways, gateway) {
        if (gateway->pushes && trawl__gateway_channel(gateway))
            (void)trawl_channel_send_json(trawl__gateway_channel(gateway), TRAWL_MSG_ENABLE,
                                          message);
    }
}

static void gateway_events(struct trawl_gateway *gateway, const struct trawl_event *events,
                           size_t count)
{
    struct trawl_buf buf;

    if (!trawl__gateway_channel(gateway))
        return;
    trawl_buf_init(&buf, TRAWL_FRAME_MAX);
    /* Its successor reads the journal: nothing is lost by ending one that does not keep up. */
    if (trawl_events_encode(events, count, &buf) < 0 ||
        trawl_channel_send_buf(trawl__gateway_channel(gateway), TRAWL_MSG_EVENTS, &buf) < 0)
        trawl_process_kill(gateway->process);
    trawl_buf_finish(&buf);
}

void trawl__gateways_events(struct trawl_supervisor *supervisor, const struct trawl_event *events,
                            size_t count)
{
    struct trawl_gateway *gateway;

    while (count > 0) {
        size_t piece = count < EVENTS_PER_FRAME ? count : EVENTS_PER_FRAME;

        DL_FOREACH (supervisor->gateways, gateway) {
            if (gateway->pushes)
                pusher_head(gateway, events[piece - 1].seq);
            else
                gateway_events(gateway, events, piece);
        }
        events += piece;
        count -= piece;
    }
}

void trawl__gateways_stalled(struct trawl_supervisor *supervisor)
{
    struct trawl_gateway *gateway;

    DL_FOREACH (supervisor->gateways, gateway)
        gateway_stalled(gateway);
}

/* Clients come back within the time that they are told, each at a moment of its own: a millisecond for each spreads them. */
static void gateway_drain(struct trawl_gateway *gateway)
{
    json_auto_t *drain = json_pack("{s:I}", "retry_ms",
                                   TRAWL_GATEWAY_RETRY_MS + trawl__gateway_watcher_count(gateway));

    if (trawl__gateway_channel(gateway))
        (void)trawl_channel_send_json(trawl__gateway_channel(gateway), TRAWL_MSG_DRAIN, drain);
}

void trawl__gateways_reload(struct trawl_supervisor *supervisor)
{
    struct trawl_gateway *gateway;

    DL_FOREACH (supervisor->gateways, gateway) {
        gateway->reloading = gateway->process != NULL;
        gateway_drain(gateway);
    }
}

static void gateway_on_drain_over(uv_timer_t *timer)
{
    struct trawl_gateway *gateway = timer->data;

    trawl_warning(&gateway->log, "it did not end in time and is killed");
    trawl_process_kill(gateway->process);
}

static void gateway_stop(struct trawl_gateway *gateway)
{
    if (gateway->stopping)
        return;
    gateway->stopping = true;
    uv_timer_stop(&gateway->timer);
    if (!gateway->process) {
        gateway_end(gateway);
        return;
    }
    gateway_drain(gateway);
    uv_timer_start(&gateway->timer, gateway_on_drain_over,
                   TRAWL_GATEWAY_DRAIN_MS + (uint64_t)trawl__gateway_watcher_count(gateway), 0);
}

void trawl__gateways_stop(struct trawl_supervisor *supervisor)
{
    struct trawl_gateway *gateway;
    struct trawl_gateway *next;

    DL_FOREACH_SAFE(supervisor->gateways, gateway, next) gateway_stop(gateway);
}
