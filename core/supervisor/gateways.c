#include "supervisor/gateways.h"

#include <string.h>
#include <unistd.h>
#include <utlist.h>

#include "ipc/channel.h"
#include "ipc/culprit.h"
#include "ipc/messages.h"
#include "supervisor/commands.h"
#include "supervisor/policy.h"
#include "supervisor/process.h"
#include "supervisor/pushing.h"
#include "supervisor/watchers.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/json.h"

/* Events in one frame. */
#define EVENTS_PER_FRAME 4096

struct trawl_gateway {
    struct trawl_gateway *prev, *next; /* in supervisor->gateways */
    struct trawl_supervisor *supervisor;
    struct trawl_log log;
    struct trawl_process *process;       /* NULL during a pause */
    const struct trawl_culprit *culprit; /* of the process, or of the one before it */
    uint64_t generation; /* of the process: answers to an earlier one's commands are dropped */
    uint64_t started_ns;
    unsigned short_lives; /* in a row */
    bool pushes;          /* it is the pusher */
    bool serving;
    bool stopping;
    bool reloading;   /* it was told to end, and starts again */
    json_t *watchers; /* {transport: subscribers}, as it told last; NULL: none */
    uv_timer_t timer; /* a pause, or the time to drain */
};

static void gateway_spawn(struct trawl_gateway *gateway);

static struct trawl_channel *gateway_channel(const struct trawl_gateway *gateway)
{
    return gateway->process ? trawl_process_channel(gateway->process) : NULL;
}

/* --- its first message --------------------------------------------------------------------------- */

static bool gateway_pushes_file(const struct trawl_supervisor *supervisor, const json_t *file)
{
    json_t *plugin;
    size_t i;

    json_array_foreach (supervisor->options->plugins, i, plugin) {
        if (json_equal(json_object_get(plugin, "file"), file))
            return trawl_json_bool(plugin, "pushes", false);
    }
    return false;
}

/* A chain besides "live" names the transport. */
static bool gateway_is_in_pushing_chain(const json_t *root, const char *transport)
{
    const char *name;
    json_t *chain;

    json_object_foreach (json_object_get(root, "chains"), name, chain) {
        json_t *value;
        size_t i;

        json_array_foreach (json_object_get(chain, "order"), i, value) {
            if (strcmp(name, "live") != 0 && strcmp(json_string_value(value), transport) == 0)
                return true;
        }
    }
    return false;
}

/* The transports that are for this process; of one that cannot be used no more than its name. A gateway faces the network:
 * it does not learn the secrets of those that push. */
static json_t *gateway_transports(const struct trawl_gateway *gateway)
{
    const struct trawl_supervisor *supervisor = gateway->supervisor;
    const json_t *root = supervisor->options->config->root;
    json_t *transports = json_object();
    const char *name;
    json_t *transport;

    json_object_foreach (json_object_get(root, "transports"), name, transport) {
        const json_t *file = json_object_get(transport, "plugin_file");
        bool pushes =
            file ? gateway_pushes_file(supervisor, file) : gateway_is_in_pushing_chain(root, name);

        if (pushes == gateway->pushes)
            json_object_set_new(transports, name, file ? json_incref(transport) : json_object());
    }
    return transports;
}

/* {name: file} of the transports that can be used. */
static json_t *gateway_transport_files(const json_t *transports)
{
    json_t *files = json_object();
    const char *name;
    json_t *transport;

    json_object_foreach ((json_t *)(uintptr_t)transports, name, transport) {
        json_t *file = json_object_get(transport, "plugin_file");

        if (json_is_string(file))
            json_object_set(files, name, file);
    }
    return files;
}

/* As the API shows them: without secrets. */
static json_t *gateway_platforms(const struct trawl_config *config)
{
    json_t *platforms = json_array();
    const char *name;
    json_t *platform;

    json_object_foreach (json_object_get(config->root, "platforms"), name, platform) {
        json_t *shown =
            json_pack("{s:s, s:s, s:b, s:O?, s:O?, s:o?, s:o?}", "name", name, "plugin",
                      trawl_json_string(platform, "plugin", ""), "enabled",
                      trawl_json_bool(platform, "enabled", true), "overridable",
                      json_object_get(platform, "overridable"), "schedule",
                      json_object_get(platform, "schedule"), "options",
                      trawl_config_shown(config, json_object_get(platform, "options")), "fetch",
                      trawl_config_shown(config, json_object_get(platform, "fetch")));

        json_array_append_new(platforms, shown);
    }
    return platforms;
}

/* What a gateway needs to know of the configuration: it learns no platform's secrets. */
static json_t *gateway_sections(const json_t *root, json_t *transports)
{
    return json_pack("{s:O*, s:O, s:O*}", "server", json_object_get(root, "server"), "transports",
                     transports, "chains", json_object_get(root, "chains"));
}

static json_t *gateway_configuration(const struct trawl_gateway *gateway)
{
    const struct trawl_supervisor *supervisor = gateway->supervisor;
    const struct trawl_supervisor_options *options = supervisor->options;
    json_auto_t *transports = gateway_transports(gateway);
    json_t *listen = json_array();

    for (size_t i = 0; i < supervisor->listen_count; i++)
        json_array_append_new(listen, json_string(supervisor->listen_addresses[i]));
    return json_pack(
        "{s:o, s:o, s:s, s:I, s:I, s:o, s:o, s:O*, s:O*, s:O*}", "config",
        gateway_sections(options->config->root, transports), "listen", listen, "data",
        options->data_folder, "epoch", (json_int_t)trawl_store_epoch(supervisor->store), "head",
        (json_int_t)supervisor->head, "plugins", gateway_transport_files(transports), "platforms",
        gateway_platforms(options->config), "plugin_list", options->plugins, "broken",
        options->broken, "left_out", supervisor->culprits.left_out);
}

/* --- commands ------------------------------------------------------------------------------------ */

struct gateway_command {
    struct trawl_supervisor *supervisor;
    uint64_t generation;
    json_int_t seq;
};

static void gateway_on_command_done(void *user, int status, const json_t *result)
{
    struct gateway_command *command = user;
    struct trawl_gateway *gateway;
    json_auto_t *reply = NULL;

    DL_SEARCH_SCALAR(command->supervisor->gateways, gateway, generation, command->generation);
    if (gateway && gateway_channel(gateway)) {
        reply = json_pack("{s:I, s:i, s:O*}", "seq", command->seq, "status", status, "result",
                          (json_t *)result);
        (void)trawl_channel_send_json(gateway_channel(gateway), TRAWL_MSG_REPLY, reply);
    }
    free(command);
}

static void gateway_on_command(struct trawl_gateway *gateway, const json_t *message)
{
    struct gateway_command *command = TRAWL_NEW(struct gateway_command);

    command->supervisor = gateway->supervisor;
    command->generation = gateway->generation;
    command->seq = trawl_json_int(message, "seq", 0);
    trawl__command(gateway->supervisor, trawl_json_string(message, "name", ""),
                   json_object_get(message, "args"), gateway_on_command_done, command);
}

/* Those who watch need not wait for a pusher that does not come up. */
static bool gateways_all_serve(const struct trawl_supervisor *supervisor)
{
    const struct trawl_gateway *gateway;

    DL_FOREACH (supervisor->gateways, gateway) {
        if (!gateway->serving && !gateway->pushes)
            return false;
    }
    return true;
}

static void gateway_on_serving(struct trawl_gateway *gateway, const json_t *message)
{
    struct trawl_supervisor *supervisor = gateway->supervisor;
    json_t *transport;
    size_t i;

    json_array_foreach (json_object_get(message, "transports"), i, transport) {
        if (!trawl_json_bool(transport, "ok", false))
            trawl_warning(&gateway->log, "transport '%s' is not served: %s",
                          trawl_json_string(transport, "name", ""),
                          trawl_json_string(transport, "reason", "no reason given"));
    }
    trawl_debug(&gateway->log, "process %d serves", (int)trawl_process_pid(gateway->process));
    gateway->serving = true;
    if (supervisor->ready || !gateways_all_serve(supervisor))
        return;
    supervisor->ready = true;
    if (supervisor->options->on_ready)
        supervisor->options->on_ready(supervisor->options->user, 0);
}

/* --- watchers ------------------------------------------------------------------------------------ */

static void gateway_set_watchers(struct trawl_gateway *gateway, json_t *watchers)
{
    json_decref(gateway->watchers);
    gateway->watchers = json_incref(watchers);
}

json_t *trawl__gateways_watchers(const struct trawl_supervisor *supervisor)
{
    json_t *sum = json_object();
    const struct trawl_gateway *gateway;
    const char *transport;
    json_t *count;

    DL_FOREACH (supervisor->gateways, gateway) {
        json_object_foreach (gateway->watchers, transport, count) {
            json_int_t before = trawl_json_int(sum, transport, 0);

            json_object_set_new(sum, transport, json_integer(before + json_integer_value(count)));
        }
    }
    return sum;
}

unsigned trawl__gateways_list_watchers(struct trawl_supervisor *supervisor, json_int_t seq,
                                       size_t limit)
{
    json_auto_t *message = json_pack("{s:I, s:I}", "seq", seq, "limit", (json_int_t)limit);
    struct trawl_gateway *gateway;
    unsigned asked = 0;

    DL_FOREACH (supervisor->gateways, gateway) {
        if (gateway->pushes || !gateway->serving || !gateway_channel(gateway))
            continue;
        asked += trawl_channel_send_json(gateway_channel(gateway), TRAWL_MSG_LIST_WATCHERS,
                                         message) == 0;
    }
    return asked;
}

static void gateway_on_frame(void *user, const struct trawl_frame *frame)
{
    struct trawl_gateway *gateway = user;
    json_auto_t *message = NULL;

    if (trawl_json_parse(frame->payload, frame->len, &message, NULL) == 0 &&
        frame->type == TRAWL_MSG_SERVING) {
        gateway_on_serving(gateway, message);
    } else if (message && frame->type == TRAWL_MSG_COMMAND) {
        gateway_on_command(gateway, message);
    } else if (message && frame->type == TRAWL_MSG_WATCHERS) {
        gateway_set_watchers(gateway, message);
    } else if (message && frame->type == TRAWL_MSG_WATCHER_LIST) {
        trawl__watchers_on_list(gateway->supervisor, message);
    } else if (message && frame->type == TRAWL_MSG_CHAINS && gateway->pushes) {
        trawl__pushing_on_chains(gateway->supervisor, message);
    } else {
        trawl_error(&gateway->log, "ending process %d: it sent what makes no sense",
                    (int)trawl_process_pid(gateway->process));
        trawl_process_kill(gateway->process);
    }
}

/* --- life ---------------------------------------------------------------------------------------- */

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

/* A transport of the configuration that the process was in when it crashed. */
static void gateway_blame(struct trawl_gateway *gateway, const char *how)
{
    struct trawl_supervisor *supervisor = gateway->supervisor;
    const json_t *root = supervisor->options->config->root;
    char transport[TRAWL_CULPRIT_MAX];

    trawl_culprit_read(gateway->culprit, transport);
    if (!json_object_get(json_object_get(root, "transports"), transport))
        return;
    trawl_error(&gateway->log, "it %s in transport '%s'", how, transport);
    if (trawl_culprits_blame(&supervisor->culprits, transport, how, trawl_mono_ns()))
        trawl_error(&gateway->log, "transport '%s' is left out until it is enabled by command",
                    transport);
}

static void gateway_on_gone(void *user, const char *how)
{
    struct trawl_gateway *gateway = user;

    gateway_blame(gateway, how);
    gateway->process = NULL;
    gateway->serving = false;
    gateway_set_watchers(gateway, NULL);
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
    struct trawl_channel *channel = gateway_channel(gateway);

    if (channel && trawl_channel_send_json(channel, TRAWL_MSG_STALLED, message) < 0)
        trawl_process_kill(gateway->process);
}

static void gateway_spawn(struct trawl_gateway *gateway)
{
    static const struct trawl_process_ops ops = {
        .on_frame = gateway_on_frame,
        .on_gone = gateway_on_gone,
    };
    struct trawl_supervisor *supervisor = gateway->supervisor;
    json_auto_t *configuration = gateway_configuration(gateway);
    int r;

    if (gateway->pushes)
        trawl__pushing_configure(supervisor, configuration);
    gateway->reloading = false;
    gateway->generation = ++supervisor->gateway_generations;
    gateway->started_ns = trawl_mono_ns();
    r = gateway_start_process(gateway, &ops);
    if (r < 0)
        gateway_restart(gateway, strerror(-r));
    else if (trawl_channel_send_json(gateway_channel(gateway), TRAWL_MSG_CONFIGURE, configuration) <
             0)
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
    struct trawl_channel *channel = gateway_channel(pusher);

    if (channel && trawl_channel_send_json(channel, TRAWL_MSG_HEAD, message) < 0)
        trawl_process_kill(pusher->process);
}

void trawl__gateways_enable(struct trawl_supervisor *supervisor, const char *transport)
{
    json_auto_t *message = json_pack("{s:s}", "transport", transport);
    struct trawl_gateway *gateway;

    DL_FOREACH (supervisor->gateways, gateway) {
        if (gateway->pushes && gateway_channel(gateway))
            (void)trawl_channel_send_json(gateway_channel(gateway), TRAWL_MSG_ENABLE, message);
    }
}

static void gateway_events(struct trawl_gateway *gateway, const struct trawl_event *events,
                           size_t count)
{
    struct trawl_buf buf;

    if (!gateway_channel(gateway))
        return;
    trawl_buf_init(&buf, TRAWL_FRAME_MAX);
    /* Its successor reads the journal: nothing is lost by ending one that does not keep up. */
    if (trawl_events_encode(events, count, &buf) < 0 ||
        trawl_channel_send_buf(gateway_channel(gateway), TRAWL_MSG_EVENTS, &buf) < 0)
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

static json_int_t gateway_watcher_count(const struct trawl_gateway *gateway)
{
    json_int_t sum = 0;
    const char *transport;
    json_t *count;

    json_object_foreach (gateway->watchers, transport, count) {
        sum += json_integer_value(count);
    }
    return sum;
}

/* Clients come back within the time that they are told, each at a moment of its own: a millisecond for each spreads them. */
static void gateway_drain(struct trawl_gateway *gateway)
{
    json_auto_t *drain =
        json_pack("{s:I}", "retry_ms", TRAWL_GATEWAY_RETRY_MS + gateway_watcher_count(gateway));

    if (gateway_channel(gateway))
        (void)trawl_channel_send_json(gateway_channel(gateway), TRAWL_MSG_DRAIN, drain);
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
                   TRAWL_GATEWAY_DRAIN_MS + (uint64_t)gateway_watcher_count(gateway), 0);
}

void trawl__gateways_stop(struct trawl_supervisor *supervisor)
{
    struct trawl_gateway *gateway;
    struct trawl_gateway *next;

    DL_FOREACH_SAFE(supervisor->gateways, gateway, next) gateway_stop(gateway);
}
