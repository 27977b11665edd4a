/* The proxies of a platform, used in turn. One that fails several times in a row rests for a while that doubles with each
 * further failure; when all rest, the one that has rested enough soonest is used nevertheless. */
#ifndef TRAWL_WORKER_PROXIES_H
#define TRAWL_WORKER_PROXIES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Failures in a row that are let pass; and how long a proxy rests then, at first and at most. */
#define TRAWL_PROXY_FAILURES    3
#define TRAWL_PROXY_REST_MIN_NS (UINT64_C(5) * 1000000000)
#define TRAWL_PROXY_REST_MAX_NS (UINT64_C(300) * 1000000000)

struct trawl_proxy {
    char *url;  /* without user and password */
    char *user; /* decoded, or NULL */
    char *password;
    unsigned failures; /* in a row */
    uint64_t rests_until_ns;
};

/* Initialise with {0}. */
struct trawl_proxies {
    struct trawl_proxy *proxies;
    size_t count;
    size_t next;
};

/* `urls`: a list of strings, or NULL. 0 or -EINVAL. */
int trawl_proxies_init(struct trawl_proxies *proxies, const json_t *urls);
void trawl_proxies_finish(struct trawl_proxies *proxies);

/* The one whose turn it is, or NULL if there are none. Borrowed. */
struct trawl_proxy *trawl_proxies_next(struct trawl_proxies *proxies, uint64_t now_ns);

/* How it went: whether it was the proxy that failed. */
void trawl_proxy_used(struct trawl_proxy *proxy, bool failed, uint64_t now_ns);

#endif
