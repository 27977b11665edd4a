#include "cli/drill/settings.h"

#include <stdlib.h>
#include <string.h>

#include "plugin/loader.h"
#include "util/alloc.h"
#include "util/buf.h"
#include "util/json.h"

#define WEBHOOK "webhook"

/* --- text that is to stay as it is --------------------------------------------------------------- */

/* The server replaces variables once more, and these were replaced already: "${" is written "$${". */
static json_t *escaped_string(const json_t *string)
{
    const char *at = json_string_value(string);
    const char *mark;
    struct trawl_buf out;
    json_t *escaped;

    trawl_buf_init(&out, 2 * json_string_length(string) + 1);
    while ((mark = strstr(at, "${"))) {
        (void)trawl_buf_append(&out, at, (size_t)(mark - at));
        (void)trawl_buf_append_text(&out, "$${");
        at = mark + 2;
    }
    (void)trawl_buf_append_text(&out, at);
    escaped = json_stringn(trawl_buf_text(&out), out.len);
    trawl_buf_finish(&out);
    return escaped;
}

/* New reference. */
static json_t *escaped(const json_t *value)
{
    json_t *copy;
    json_t *member;
    const char *name;
    size_t i;

    if (json_is_string(value))
        return escaped_string(value);
    copy = json_copy((json_t *)(uintptr_t)value);
    if (json_is_object(value)) {
        json_object_foreach ((json_t *)(uintptr_t)value, name, member)
            json_object_set_new(copy, name, escaped(member));
    }
    json_array_foreach ((json_t *)(uintptr_t)value, i, member)
        json_array_set_new(copy, i, escaped(member));
    return copy;
}

/* --- the user's ---------------------------------------------------------------------------------- */

static json_t *section(const struct trawl_config *config, const char *name)
{
    return config ? json_object_get(config->root, name) : NULL;
}

static json_t *live_chain(const struct trawl_config *config)
{
    return json_object_get(section(config, "chains"), "live");
}

static json_t *make_server(const struct trawl_config *config)
{
    static const char *const kept[] = {"gateways", "ring", "max_connections", "max_body",
                                       "max_message"};
    json_t *server =
        json_pack("{s:[s], s:s}", "listen", "127.0.0.1:0", "heartbeat", DRILL_HEARTBEAT);

    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(kept); i++) {
        json_t *value = json_object_get(section(config, "server"), kept[i]);

        if (value)
            json_object_set(server, kept[i], value);
    }
    return server;
}

static json_t *make_live(const struct trawl_config *config)
{
    json_t *order = json_object_get(live_chain(config), "order");
    json_int_t failures = trawl_json_int(live_chain(config), "failures", DRILL_FAILURES);

    return json_pack("{s:o, s:I, s:s}", "order",
                     order ? json_deep_copy(order)
                           : json_pack("[s, s, s]", "websocket", "sse", "poll"),
                     "failures", failures < DRILL_FAILURES ? failures : DRILL_FAILURES,
                     "retry_after", DRILL_RETRY_AFTER);
}

/* What matters of one that serves. */
static json_t *make_transport(const json_t *transport)
{
    static const char *const kept[] = {"plugin", "options", "required"};
    json_t *made = json_object();

    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(kept); i++) {
        json_t *value = json_object_get(transport, kept[i]);

        if (value)
            json_object_set_new(made, kept[i], escaped(value));
    }
    return made;
}

/* Those of the live chain; others need not work here. */
static json_t *make_transports(const struct trawl_config *config)
{
    json_t *transports = json_object();
    json_t *name;
    size_t i;

    json_array_foreach (json_object_get(live_chain(config), "order"), i, name) {
        json_t *transport = json_object_get(section(config, "transports"), json_string_value(name));

        if (transport)
            json_object_set_new(transports, json_string_value(name), make_transport(transport));
    }
    return transports;
}

/* --- the drill's own ----------------------------------------------------------------------------- */

static json_t *make_platforms(const char *site)
{
    json_t *options = json_pack("{s:s, s:s, s:s, s:{s:s}, s:s}", "start", site, "follow", "a",
                                "rows", ".item", "fields", "number", "b", "key", "number");
    json_t *fetch = json_pack("{s:i, s:s, s:b, s:s}", "concurrency", 1, "delay", "100ms", "robots",
                              0, "throttle", "off");

    return json_pack("{s:{s:s, s:o, s:o}}", "drill", "plugin", "html", "options", options, "fetch",
                     fetch);
}

bool drill_settings_has_webhook(const struct trawl_config *config)
{
    const json_t *folders = json_object_get(section(config, "plugins"), "paths");
    size_t count = json_array_size(folders);
    TRAWL_AUTO_FREE char **extra = trawl_xalloc((count + 1) * sizeof(*extra));
    TRAWL_AUTO_FREE char *file = NULL;
    char **paths;

    for (size_t i = 0; i < count; i++)
        extra[i] = (char *)(uintptr_t)json_string_value(json_array_get(folders, i));
    paths = trawl_plugin_paths(extra);
    (void)trawl_plugin_find(WEBHOOK, paths, &file, NULL);
    trawl_plugin_paths_free(paths);
    return file != NULL;
}

static void add_webhook(json_t *settings, const char *url)
{
    json_t *options = json_pack("{s:s, s:s}", "url", url, "timeout", "2s");

    json_object_set_new(json_object_get(settings, "transports"), "drill-webhook",
                        json_pack("{s:s, s:o}", "plugin", WEBHOOK, "options", options));
    json_object_set_new(json_object_get(settings, "chains"), "drill",
                        json_pack("{s:[s], s:s, s:s}", "order", "drill-webhook", "retry_after",
                                  DRILL_RETRY_AFTER, "since", "begin"));
}

json_t *drill_settings_make(const struct trawl_config *config, const char *data, const char *site,
                            const char *webhook)
{
    json_t *settings =
        json_pack("{s:s, s:o, s:o, s:{s:o}, s:o}", "data", data, "server", make_server(config),
                  "transports", make_transports(config), "chains", "live", make_live(config),
                  "platforms", make_platforms(site));
    json_t *paths = json_object_get(section(config, "plugins"), "paths");

    if (paths)
        json_object_set_new(settings, "plugins", json_pack("{s:o}", "paths", escaped(paths)));
    if (webhook)
        add_webhook(settings, webhook);
    return settings;
}
