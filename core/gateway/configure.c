/* Making of the gateway what the supervisor's first message says. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "gateway/gateway_priv.h"
#include "gateway/static.h"
#include "ipc/culprit.h"
#include "ipc/messages.h"
#include "plugin/loader.h"
#include "util/alloc.h"
#include "util/json.h"

/* Descriptors besides the connections: store, loop, plugins' own. */
#define DESCRIPTORS_SPARE 256

static bool same_kind(const struct trawl_endpoint *endpoints)
{
    for (const struct trawl_endpoint *at = endpoints; at->kind != TRAWL_ENDPOINT_END; at++) {
        if (at->kind != endpoints->kind)
            return false;
    }
    return true;
}

/* What the loader does not ask for. */
static int check_plugin(const struct trawl_plugin *plugin, struct trawl_err *err)
{
    if (!plugin->transport || trawl_plugin_pushes(plugin))
        return trawl_err_set(err, -ENOTSUP, "", "plugin '%s' does not serve clients", plugin->name);
    if (!same_kind(plugin->transport->endpoints))
        return trawl_err_set(err, -EINVAL, "",
                             "plugin '%s' mixes kinds of endpoints, expected one kind",
                             plugin->name);
    return 0;
}

static int load_hub(struct trawl_gateway *gateway, const char *name, const char *file,
                    struct trawl_err *err)
{
    json_t *section = json_object_get(json_object_get(gateway->config, "transports"), name);
    struct trawl_loaded *loaded;
    struct trawl_hub *hub;
    int r;

    if (gateway->hub_count == GATEWAY_HUBS_MAX)
        return trawl_err_set(err, -E2BIG, "", "too many transports");
    r = trawl_plugin_load(file, &loaded, err);
    if (r >= 0)
        r = check_plugin(&loaded->plugin, err);
    if (r < 0)
        return r;
    hub = hub_create(gateway, name);
    hub->transport.ops = loaded->plugin.transport;
    hub->kind = hub->transport.ops->endpoints->kind;
    r = trawl_transport_create(&hub->transport, &transport_host, hub,
                               json_object_get(section, "options"), err);
    if (r < 0) {
        hub_destroy(hub);
        return r;
    }
    gateway->hubs[gateway->hub_count++] = hub;
    return 0;
}

static json_t *describe(const char *name, const struct trawl_hub *hub, const char *reason)
{
    json_t *paths = json_array();
    const char *kind = NULL;

    if (hub) {
        kind = trawl_endpoint_kind_name(hub->kind);
        for (const struct trawl_endpoint *at = hub->transport.ops->endpoints;
             at->kind != TRAWL_ENDPOINT_END; at++)
            json_array_append_new(paths, json_string(at->path));
    }
    return json_pack("{s:s, s:s?, s:o, s:b, s:s?, s:s?}", "name", name, "kind", kind, "paths",
                     paths, "ok", hub != NULL, "state",
                     hub ? trawl_breaker_state_name(hub->breaker.state) : NULL, "reason", reason);
}

/* A transport that cannot be had is left out with its reason, unless it is `required`. */
static int add_transport(struct trawl_gateway *gateway, const json_t *message, const char *name)
{
    const json_t *section = json_object_get(json_object_get(gateway->config, "transports"), name);
    const char *file = trawl_json_string(json_object_get(message, "plugins"), name, NULL);
    const char *reason = trawl_transport_left_out(message, name);
    struct trawl_err err = {0};
    struct trawl_hub *hub = NULL;
    json_t *told;
    int r = -ENOENT;

    if (!reason) {
        r = load_hub(gateway, name, file, &err);
        if (r < 0)
            reason = err.message;
        else
            hub = gateway->hubs[gateway->hub_count - 1];
    }
    told = describe(name, hub, reason);
    json_array_append_new(gateway->transports, told);
    if (hub)
        hub->told = told;
    if (r >= 0 || !trawl_json_bool(section, "required", false))
        return 0;
    trawl_error(&gateway->log, "transport '%s' is required: %s", name, reason);
    return r;
}

static bool is_listed(const json_t *order, const char *name)
{
    size_t i;
    json_t *value;

    json_array_foreach ((json_t *)(uintptr_t)order, i, value) {
        if (strcmp(json_string_value(value), name) == 0)
            return true;
    }
    return false;
}

/* Those of the chain in its order, then all others that are configured. */
static int add_transports(struct trawl_gateway *gateway, const json_t *message)
{
    const json_t *live = json_object_get(json_object_get(gateway->config, "chains"), "live");
    const json_t *order = json_object_get(live, "order");
    const char *name;
    json_t *value;
    size_t i;
    int r;

    gateway->transports = json_array();
    gateway->limits = (struct trawl_breaker_limits){
        .failures = (unsigned)trawl_json_int(live, "failures", 3),
        .retry_after_ms = (uint64_t)trawl_json_int(live, "retry_after", 30000),
    };
    gateway->chain = json_pack("{s:I, s:I}", "failures", (json_int_t)gateway->limits.failures,
                               "retry_after_ms", (json_int_t)gateway->limits.retry_after_ms);
    json_array_foreach ((json_t *)(uintptr_t)order, i, value) {
        r = add_transport(gateway, message, json_string_value(value));
        if (r < 0)
            return r;
    }
    json_object_foreach (json_object_get(gateway->config, "transports"), name, value) {
        if (is_listed(order, name))
            continue;
        r = add_transport(gateway, message, name);
        if (r < 0)
            return r;
    }
    return 0;
}

/* libwebsockets sizes its tables by this limit, so it is set to what is needed and not to the most there may be. A stream
 * takes two descriptors, since its socket is watched by a second; where the system does not allow as many, streams are
 * closed and accepting pauses when they run out. */
static unsigned limit_descriptors(unsigned connections)
{
    struct rlimit limit;
    rlim_t wanted = 2 * (rlim_t)connections + DESCRIPTORS_SPARE;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return connections;
    if (limit.rlim_max != RLIM_INFINITY && wanted > limit.rlim_max)
        wanted = limit.rlim_max;
    limit.rlim_cur = wanted;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0 || wanted <= DESCRIPTORS_SPARE)
        return connections;
    if (wanted - DESCRIPTORS_SPARE < connections)
        return (unsigned)(wanted - DESCRIPTORS_SPARE);
    return connections;
}

static int open_server(struct trawl_gateway *gateway, const json_t *server, size_t sockets)
{
    unsigned connections = (unsigned)trawl_json_int(server, "max_connections", 10000);
    struct trawl_http_limits limits = {
        .max_body = (size_t)trawl_json_int(server, "max_body", 1 << 20),
        .max_message = (size_t)trawl_json_int(server, "max_message", 64 << 10),
        .max_connections = limit_descriptors(connections),
        .max_per_address = (unsigned)trawl_json_int(server, "max_per_address", 0),
        .idle_timeout_ms = (unsigned)trawl_json_int(server, "idle_timeout", 60000),
        .pong_timeout_ms = (unsigned)trawl_json_int(server, "pong_timeout", 20000),
    };
    struct trawl_http_handler handler = gateway_http_handler;
    struct trawl_err err = {0};
    int r;

    if (limits.max_connections < connections)
        trawl_warning(&gateway->log, "only %u connections are possible: the limit on open files",
                      limits.max_connections);
    handler.user = gateway;
    r = trawl_http_server_create(&gateway->loop, &limits, &handler, &gateway->http, &err);
    if (r < 0) {
        trawl_error(&gateway->log, "%s", err.message);
        return r;
    }
    for (size_t i = 0; i < sockets; i++) {
        r = trawl_http_server_listen(gateway->http, TRAWL_LISTEN_FD + (int)i);
        if (r < 0) {
            trawl_error(&gateway->log, "cannot accept connections: %s", strerror(-r));
            return r;
        }
    }
    return 0;
}

int gateway_configure(struct trawl_gateway *gateway, const json_t *message)
{
    const json_t *listen = json_object_get(message, "listen");
    const json_t *server;
    int r;

    gateway->config = json_incref(json_object_get(message, "config"));
    gateway->platforms = json_incref(json_object_get(message, "platforms"));
    gateway->plugin_list = json_incref(json_object_get(message, "plugin_list"));
    if (!gateway->plugin_list)
        gateway->plugin_list = json_array();
    if (!gateway->platforms)
        gateway->platforms = json_array();
    server = json_object_get(gateway->config, "server");
    gateway->data = trawl_xstrdup(trawl_json_string(message, "data", "data"));
    gateway->web = static_find_folder(trawl_json_string(server, "web", NULL));
    gateway->epoch = (uint32_t)trawl_json_int(message, "epoch", 0);
    gateway->head = (uint64_t)trawl_json_int(message, "head", 0);
    gateway->ring_bytes = (size_t)trawl_json_int(server, "ring", 4 << 20);
    gateway->stall_ms = (unsigned)trawl_json_int(server, "stall_timeout", 60000);
    gateway->max_messages = (unsigned)trawl_json_int(server, "max_messages", 100);
    gateway->heartbeat_ms = (unsigned)trawl_json_int(server, "heartbeat", 20000);
    gateway->readers = readers_create(&gateway->loop, gateway->data);
    gateway->origins = origins_create(listen, json_object_get(server, "hosts"),
                                      json_object_get(server, "origins"));
    trawl_culprit_open(TRAWL_LISTEN_FD + (int)json_array_size(listen));
    r = add_transports(gateway, message);
    return r < 0 ? r : open_server(gateway, server, json_array_size(listen));
}
