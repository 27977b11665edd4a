/* What a gateway or the pusher is told first. */
#include <string.h>

#include "supervisor/gateways_priv.h"
#include "util/json.h"

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

json_t *trawl__gateway_configuration(const struct trawl_gateway *gateway)
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
