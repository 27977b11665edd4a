/* Resolving any bytes against a base: no fault, a bounded result, and canonicalising that again changes nothing. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct trawl_url_base *base, const char *reference, size_t len)
{
    char room[TRAWL_URL_MAX + 1];
    char again[TRAWL_URL_MAX + 1];
    struct trawl_url_parts parts;
    int r;

    r = trawl_url_resolve_into(base, reference, len, room);
    if (r < 0)
        return;
    if ((size_t)r != strlen(room) || trawl_url_resolve_into(NULL, room, (size_t)r, again) != r ||
        strcmp(room, again) != 0)
        abort();
    trawl_url_split(room, &parts);
    if (parts.host_len == 0 || *parts.path != '/' || !trawl_url_same_host(room, room) ||
        !trawl_url_same_domain(room, room))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct trawl_url_base base;

    trawl_url_base_init(&base, "https://u@example.org:81/a/b;c/d?e=f");
    check(&base, (const char *)data, size);
    check(NULL, (const char *)data, size);
    return 0;
}
