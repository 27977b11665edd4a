#include "gateway/origin.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "util/alloc.h"

struct origins {
    char **hosts; /* as a Host header has them; without a port: with any */
    size_t host_count;
    char **origins;
    size_t origin_count;
};

static void add(char ***list, size_t *count, char *text)
{
    *list = trawl_xrealloc(*list, (*count + 1) * sizeof(**list));
    (*list)[(*count)++] = text;
}

static void add_host(struct origins *origins, char *text)
{
    add(&origins->hosts, &origins->host_count, text);
}

/* An address of "any interface" is reached by each of the machine's: then every numeric host is one of ours, and a name
 * has to be listed. */
static bool is_any(const char *host, size_t len)
{
    return len == 0 || (len == 7 && memcmp(host, "0.0.0.0", 7) == 0) ||
           (len == 4 && memcmp(host, "[::]", 4) == 0);
}

static void add_listen(struct origins *origins, const char *address)
{
    const char *colon = strrchr(address, ':');
    const char *port = colon ? colon + 1 : address;
    size_t len = colon ? (size_t)(colon - address) : 0;

    add_host(origins, trawl_xasprintf("localhost:%s", port));
    if (is_any(address, len)) {
        add_host(origins, trawl_xasprintf("*:%s", port));
        add_host(origins, trawl_xasprintf("127.0.0.1:%s", port));
        add_host(origins, trawl_xasprintf("[::1]:%s", port));
    } else {
        add_host(origins, trawl_xstrdup(address));
    }
}

struct origins *origins_create(const json_t *listen, const json_t *hosts, const json_t *allowed)
{
    struct origins *origins = TRAWL_NEW(struct origins);
    size_t i;
    json_t *value;

    json_array_foreach (listen, i, value)
        add_listen(origins, json_string_value(value));
    json_array_foreach (hosts, i, value)
        add_host(origins, trawl_xstrdup(json_string_value(value)));
    json_array_foreach (allowed, i, value)
        add(&origins->origins, &origins->origin_count, trawl_xstrdup(json_string_value(value)));
    return origins;
}

void origins_destroy(struct origins *origins)
{
    if (!origins)
        return;
    for (size_t i = 0; i < origins->host_count; i++)
        free(origins->hosts[i]);
    for (size_t i = 0; i < origins->origin_count; i++)
        free(origins->origins[i]);
    free(origins->hosts);
    free(origins->origins);
    free(origins);
}

/* "10.0.0.7" and "[fe80::1]" cannot be pointed elsewhere, unlike names. */
static bool is_numeric(const char *host, size_t len)
{
    if (len > 2 && host[0] == '[' && host[len - 1] == ']')
        return true;
    return len > 0 && strspn(host, "0123456789.") >= len;
}

static size_t name_length(const char *host)
{
    const char *colon = strrchr(host, ':');

    if (!colon || strchr(colon, ']'))
        return strlen(host);
    return (size_t)(colon - host);
}

/* `host` may leave out the port that its scheme has by default. */
static bool host_matches(const char *served, const char *host)
{
    size_t served_len = name_length(served), len = name_length(host);
    const char *served_port = served[served_len] ? served + served_len + 1 : NULL;
    const char *port = host[len] ? host + len + 1 : "80";

    if (served_port && strcmp(served_port, port) != 0)
        return false;
    if (served_len == 1 && served[0] == '*')
        return is_numeric(host, len);
    return served_len == len && strncasecmp(served, host, len) == 0;
}

bool origins_host_allowed(const struct origins *origins, const char *host)
{
    if (!host || !*host)
        return false;
    for (size_t i = 0; i < origins->host_count; i++) {
        if (host_matches(origins->hosts[i], host))
            return true;
    }
    return false;
}

bool origins_are_shared(const struct origins *origins)
{
    return origins->origin_count > 0;
}

bool origins_origin_listed(const struct origins *origins, const char *origin)
{
    for (size_t i = 0; origin && i < origins->origin_count; i++) {
        if (strcasecmp(origins->origins[i], origin) == 0)
            return true;
    }
    return false;
}

bool origins_origin_allowed(const struct origins *origins, const char *origin)
{
    if (!origin || origins_origin_listed(origins, origin))
        return true;
    if (strncasecmp(origin, "http://", 7) == 0)
        return origins_host_allowed(origins, origin + 7);
    if (strncasecmp(origin, "https://", 8) == 0) /* a proxy in front of us that ends TLS */
        return origins_host_allowed(origins, origin + 8);
    return false;
}
