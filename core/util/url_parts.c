/* Canonical URLs taken apart and compared; url.c makes them. */
#include "util/url.h"

#include <stdint.h>
#include <string.h>

#include "util/alloc.h"

void trawl_url_base_init(struct trawl_url_base *base, const char *url)
{
    const char *authority = strstr(url, "://") + 3;
    const char *path = strchr(authority, '/');
    const char *folder;

    base->url = url;
    base->scheme_len = (size_t)(authority - 3 - url);
    base->authority_len = (size_t)(path - url);
    base->path_len = base->authority_len + strcspn(path, "?");
    for (folder = url + base->path_len; folder[-1] != '/'; folder--)
        ;
    base->folder_len = (size_t)(folder - url);
}

void trawl_url_split(const char *url, struct trawl_url_parts *ret_parts)
{
    const char *host = strstr(url, "://") + 3;
    const char *path = strchr(host, '/');
    const char *at = memchr(host, '@', (size_t)(path - host));
    const char *colon;

    ret_parts->scheme = url;
    ret_parts->scheme_len = (size_t)(host - 3 - url);
    if (at)
        host = at + 1;
    colon = *host == '[' ? strchr(host, ']') + 1 : host + strcspn(host, ":/");
    ret_parts->host = host;
    ret_parts->host_len = (size_t)(colon - host);
    ret_parts->port = *colon == ':' ? colon + 1 : colon;
    ret_parts->port_len = (size_t)(path - ret_parts->port);
    ret_parts->path = path;
}

bool trawl_url_same_host(const char *a, const char *b)
{
    struct trawl_url_parts left;
    struct trawl_url_parts right;

    trawl_url_split(a, &left);
    trawl_url_split(b, &right);
    return left.host_len == right.host_len && left.port_len == right.port_len &&
           memcmp(left.host, right.host, left.host_len) == 0 &&
           memcmp(left.port, right.port, left.port_len) == 0;
}

/* Second labels under which countries let anyone register; with a two-letter country they make a public suffix. */
static bool is_public_second_label(const char *label, size_t len)
{
    static const char *const labels[] = {"ac",  "co",   "com", "edu", "go",    "gob", "gouv",
                                         "gov", "govt", "ltd", "mil", "ne",    "net", "nom",
                                         "or",  "org",  "plc", "sch", "school"};

    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(labels); i++) {
        if (strlen(labels[i]) == len && memcmp(labels[i], label, len) == 0)
            return true;
    }
    return false;
}

static size_t last_label(const char *host, size_t len)
{
    while (len > 0 && host[len - 1] != '.')
        len--;
    return len;
}

/* Where the registrable domain begins. An address is its own domain. */
static const char *registrable(const struct trawl_url_parts *parts)
{
    const char *host = parts->host;
    size_t len = parts->host_len;
    size_t top;
    size_t second;

    if (*host == '[' || (host[len - 1] >= '0' && host[len - 1] <= '9'))
        return host;
    top = last_label(host, len);
    if (top == 0)
        return host;
    second = last_label(host, top - 1);
    if (second > 0 && len - top == 2 && is_public_second_label(host + second, top - 1 - second))
        second = last_label(host, second - 1);
    return host + second;
}

bool trawl_url_same_domain(const char *a, const char *b)
{
    struct trawl_url_parts left;
    struct trawl_url_parts right;
    const char *left_domain;
    const char *right_domain;
    size_t left_len;
    size_t right_len;

    trawl_url_split(a, &left);
    trawl_url_split(b, &right);
    left_domain = registrable(&left);
    right_domain = registrable(&right);
    left_len = left.host_len - (size_t)(left_domain - left.host);
    right_len = right.host_len - (size_t)(right_domain - right.host);
    return left_len == right_len && memcmp(left_domain, right_domain, left_len) == 0;
}

struct trawl_hash trawl_url_fingerprint(const char *method, const char *url, const void *body,
                                        size_t body_len)
{
    TRAWL_AUTO_FREE char *text = NULL;
    struct trawl_hash content;

    if (!method || !*method)
        method = "GET";
    if (body_len == 0 && strcmp(method, "GET") == 0)
        return trawl_hash_bytes(url, strlen(url));
    content = trawl_hash_bytes(body_len > 0 ? body : "", body_len);
    text = trawl_xasprintf("%s\n%s\n%016llx%016llx", method, url, (unsigned long long)content.hi,
                           (unsigned long long)content.lo);
    return trawl_hash_bytes(text, strlen(text));
}
