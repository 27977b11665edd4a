#include "worker/settings.h"

#include <string.h>

#include "util/alloc.h"
#include "util/json.h"
#include "util/url.h"

/* The fallbacks only serve whoever sends a section that was not resolved. */
static void read_frontier(struct trawl_frontier_limits *limits, const json_t *fetch)
{
    json_int_t max_pages = trawl_json_int(fetch, "max_pages", 0);
    json_int_t max_depth = trawl_json_int(fetch, "max_depth", -1);

    limits->hosts.concurrency = (unsigned)trawl_json_int(fetch, "concurrency", 8);
    limits->hosts.total = (unsigned)trawl_json_int(fetch, "total_concurrency", 32);
    limits->hosts.queue = (size_t)trawl_json_int(fetch, "queue", 100000);
    limits->pages = max_pages > 0 ? 0 : TRAWL_FRONTIER_UNLIMITED;
    limits->max_depth = max_depth >= 0 ? (uint64_t)max_depth : TRAWL_FRONTIER_UNLIMITED;
    limits->retries = (unsigned)trawl_json_int(fetch, "retries", 3);
    limits->retry_base_ms = (uint32_t)trawl_json_int(fetch, "retry_base", 500);
    limits->retry_max_ms = (uint32_t)trawl_json_int(fetch, "retry_max", 30000);
}

/* The `shard`th part of an amount, of at least 1. */
static unsigned part(unsigned amount, unsigned shard, unsigned shards)
{
    unsigned whole = amount / shards + (shard < amount % shards);

    return whole > 0 ? whole : 1;
}

static enum trawl_private_networks read_private_networks(const json_t *fetch)
{
    const char *text = trawl_json_string(fetch, "private_networks", "start");

    if (strcmp(text, "allow") == 0)
        return TRAWL_PRIVATE_ALLOW;
    return strcmp(text, "deny") == 0 ? TRAWL_PRIVATE_DENY : TRAWL_PRIVATE_START;
}

static void read_auth(struct trawl_auth *auth, const json_t *section)
{
    static const char *const types[] = {
        [TRAWL_AUTH_NONE] = "none",
        [TRAWL_AUTH_BASIC] = "basic",
        [TRAWL_AUTH_DIGEST] = "digest",
        [TRAWL_AUTH_BEARER] = "bearer",
    };
    const char *type = trawl_json_string(section, "type", "none");

    auth->type = TRAWL_AUTH_NONE;
    for (unsigned i = 0; i < TRAWL_ARRAY_SIZE(types); i++) {
        if (strcmp(type, types[i]) == 0)
            auth->type = (enum trawl_auth_type)i;
    }
    auth->user = trawl_json_string(section, "user", "");
    auth->password = trawl_json_string(section, "password", "");
    auth->token = trawl_json_string(section, "token", "");
}

void trawl_settings_read(struct trawl_settings *settings, const json_t *job)
{
    const json_t *fetch = json_object_get(job, "fetch");

    read_frontier(&settings->frontier, fetch);
    settings->frontier.shard = (unsigned)trawl_json_int(job, "shard", 0);
    settings->frontier.shards = (unsigned)trawl_json_int(job, "shards", 1);
    settings->frontier.hosts.total =
        part(settings->frontier.hosts.total, settings->frontier.shard, settings->frontier.shards);
    settings->timeout_ms = (long)trawl_json_int(fetch, "timeout", 30000);
    settings->connect_timeout_ms = (long)trawl_json_int(fetch, "connect_timeout", 10000);
    settings->max_body = (size_t)trawl_json_int(fetch, "max_body", 16 << 20);
    settings->max_item = (size_t)trawl_json_int(fetch, "max_item", 1 << 20);
    settings->max_redirects = (unsigned)trawl_json_int(fetch, "max_redirects", 10);
    settings->http2 = trawl_json_bool(fetch, "http2", true);
    settings->conditional = trawl_json_bool(fetch, "conditional", true);
    settings->user_agent = trawl_json_string(fetch, "user_agent", "Trawl");
    settings->headers = json_object_get(fetch, "headers");
    settings->private_networks = read_private_networks(fetch);
    settings->cookies = trawl_json_bool(fetch, "cookies", false);
    settings->proxies = json_object_get(fetch, "proxies");
    read_auth(&settings->auth, json_object_get(fetch, "auth"));
    settings->secret_headers = json_object_get(job, "secret_headers");
    settings->starts = json_object_get(job, "starts");
}

bool trawl_settings_name_host(const struct trawl_settings *settings, const char *url)
{
    json_t *origin;
    size_t i;

    json_array_foreach (settings->starts, i, origin) {
        if (trawl_url_same_host(json_string_value(origin), url))
            return true;
    }
    return false;
}

bool trawl_settings_trust_host(const struct trawl_settings *settings, const char *url)
{
    bool in_clear = strncmp(url, "http:", 5) == 0;
    json_t *origin;
    size_t i;

    json_array_foreach (settings->starts, i, origin) {
        const char *named = json_string_value(origin);

        if (trawl_url_same_host(named, url) && (!in_clear || strncmp(named, "http:", 5) == 0))
            return true;
    }
    return false;
}
