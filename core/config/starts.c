/* The hosts that a platform's configured options name. */
#include <string.h>

#include "config/config.h"
#include "util/alloc.h"
#include "util/url.h"

/* Only whole strings: a URL inside a selector or a program is no place to start from. */
static void add_text(const char *text, size_t len, json_t *origins)
{
    TRAWL_AUTO_FREE char *url = NULL;
    TRAWL_AUTO_FREE char *origin = NULL;
    struct trawl_url_parts parts;

    if (!strstr(text, "://") || trawl_url_resolve(NULL, text, len, &url) < 0)
        return;
    trawl_url_split(url, &parts);
    origin = trawl_xasprintf("%.*s://%.*s%s%.*s/", (int)parts.scheme_len, parts.scheme,
                             (int)parts.host_len, parts.host, parts.port_len > 0 ? ":" : "",
                             (int)parts.port_len, parts.port);
    json_object_set_new(origins, origin, json_true());
}

static void add_value(const json_t *value, json_t *origins)
{
    const char *name;
    json_t *member;
    size_t i;

    if (json_is_string(value))
        add_text(json_string_value(value), json_string_length(value), origins);
    json_array_foreach (value, i, member)
        add_value(member, origins);
    json_object_foreach ((json_t *)value, name, member) {
        add_value(member, origins);
    }
}

json_t *trawl_config_starts(const json_t *options)
{
    json_auto_t *origins = json_object();
    json_t *list = json_array();
    const char *origin;
    json_t *value;

    add_value(options, origins);
    json_object_foreach (origins, origin, value) {
        json_array_append_new(list, json_string(origin));
    }
    return list;
}
