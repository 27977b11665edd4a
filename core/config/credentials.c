/* What of "fetch" gives access to something: proxies, authentication, headers. No message repeats a value. */
#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "config/config_priv.h"
#include "util/alloc.h"
#include "util/json.h"

/* socks4 and socks5 would have names resolved here, and their addresses looked at by nobody. */
static bool proxy_is_good(const char *proxy)
{
    static const char *const schemes[] = {"http://", "https://", "socks4a://", "socks5h://"};
    const char *authority = NULL;
    const char *host;
    size_t len;

    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(schemes) && !authority; i++) {
        if (strncmp(proxy, schemes[i], strlen(schemes[i])) == 0)
            authority = proxy + strlen(schemes[i]);
    }
    if (!authority)
        return false;
    len = strcspn(authority, "/?#\\ \t\r\n");
    host = memrchr(authority, '@', len);
    host = host ? host + 1 : authority;
    return host < authority + len && *host != ':' &&
           (authority[len] == '\0' || strcmp(authority + len, "/") == 0);
}

static void check_proxies(const json_t *proxies, const char *where, struct trawl_errlist *errs)
{
    json_t *value;
    size_t i;

    json_array_foreach (proxies, i, value) {
        TRAWL_AUTO_FREE char *at = NULL;

        if (!json_is_string(value) || proxy_is_good(json_string_value(value)))
            continue;
        at = trawl_xasprintf("%s.proxies[%zu]", where, i);
        trawl_errlist_add(errs, at,
                          "expected a proxy's URL with http, https, socks4a or socks5h, such as "
                          "http://user:password@proxy.example.org:3128");
    }
}

static void check_auth(const json_t *auth, const char *where, struct trawl_errlist *errs)
{
    const char *type = trawl_json_string(auth, "type", "none");
    const char *wanted = strcmp(type, "none") == 0     ? NULL
                         : strcmp(type, "bearer") == 0 ? "token"
                                                       : "user";
    TRAWL_AUTO_FREE char *at = trawl_xasprintf("%s.auth", where);
    static const char *const names[] = {"user", "password", "token"};

    if (wanted && !*trawl_json_string(auth, wanted, ""))
        trawl_errlist_add(errs, at, "\"%s\" needs a \"%s\"", type, wanted);
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(names); i++) {
        if (strpbrk(trawl_json_string(auth, names[i], ""), "\r\n"))
            trawl_errlist_add(errs, at, "\"%s\" holds a line break", names[i]);
    }
}

static void check(const json_t *fetch, const char *where, struct trawl_errlist *errs)
{
    check_proxies(json_object_get(fetch, "proxies"), where, errs);
    check_auth(json_object_get(fetch, "auth"), where, errs);
}

void trawl__config_check_fetch(const json_t *root, struct trawl_errlist *errs)
{
    const char *name;
    json_t *platform;

    check(json_object_get(root, "fetch"), "fetch", errs);
    json_object_foreach (json_object_get(root, "platforms"), name, platform) {
        TRAWL_AUTO_FREE char *where = trawl_xasprintf("platforms.%s.fetch", name);

        check(json_object_get(platform, "fetch"), where, errs);
    }
}

static bool header_is_secret(const struct trawl_config *config, const char *name,
                             const json_t *value)
{
    return !trawl__header_is_harmless(name) ||
           json_object_get(config->secrets, json_string_value(value));
}

json_t *trawl_config_take_secret_headers(const struct trawl_config *config, json_t *headers)
{
    json_t *taken = json_object();
    const char *name;
    json_t *value;
    void *next;

    json_object_foreach_safe (headers, next, name, value) {
        if (!header_is_secret(config, name, value))
            continue;
        json_object_set(taken, name, value);
        json_object_del(headers, name);
    }
    return taken;
}
