/* Which Host and Origin headers are served. A page elsewhere can make a browser send requests to a server on loopback,
 * under its own Origin, or by a name of its own that it points there (DNS rebinding): neither gets in. */
#ifndef TRAWL_GATEWAY_ORIGIN_H
#define TRAWL_GATEWAY_ORIGIN_H

#include <jansson.h>
#include <stdbool.h>

struct origins;

/* `listen`: the addresses that are served, "host:port" each; `hosts`: further names; `allowed`: further origins. Arrays of
 * strings, or NULL. */
struct origins *origins_create(const json_t *listen, const json_t *hosts, const json_t *allowed);
void origins_destroy(struct origins *origins);

/* A Host header, "name" or "name:port". */
bool origins_host_allowed(const struct origins *origins, const char *host);

/* An Origin header; NULL (no browser, or the same page) is allowed, "null" is not. */
bool origins_origin_allowed(const struct origins *origins, const char *origin);

/* Is another page's origin configured at all, and is this one? Then its scripts may read the answers, which those of no
 * other page may. */
bool origins_are_shared(const struct origins *origins);
bool origins_origin_listed(const struct origins *origins, const char *origin);

#endif
