/* Bodies of any kind as sitemaps and as robots.txt: what they bring is canonical and bounded, and a second reading brings the
 * same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "extract/plan.h"
#include "util/alloc.h"
#include "util/hash.h"
#include "util/url.h"
#include "worker/sitemap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct brought {
    size_t count;
    struct trawl_hash last; /* of all URLs so far */
};

static int on_url(void *user, const char *url)
{
    struct brought *brought = user;
    struct {
        struct trawl_hash before;
        struct trawl_hash url;
    } both = {brought->last, trawl_hash_bytes(url, strlen(url))};
    char again[TRAWL_URL_MAX + 1];

    if (trawl_url_resolve_into(NULL, url, strlen(url), again) < 0 || strcmp(url, again) != 0)
        abort();
    brought->last = trawl_hash_bytes(&both, sizeof(both));
    if (++brought->count > TRAWL_SITEMAP_ENTRIES_MAX)
        abort();
    return 0;
}

static int read_once(const char *url, const char *body, size_t len, struct brought *brought)
{
    const struct trawl_sitemap_sink sink = {
        .size = sizeof(sink), .page = on_url, .sitemap = on_url, .user = brought};
    const struct trawl_response response = {
        .size = sizeof(response), .url = url, .content_type = "", .body = body, .body_len = len};
    struct trawl_sitemap_faults faults = {0};
    struct trawl_err err = {0};
    int r = trawl__sitemap_or_robots_read(&response, &sink, &faults, &err);

    if ((r < 0) != (*err.message != '\0') || faults.entries > TRAWL_SITEMAP_ENTRIES_MAX ||
        (faults.count > 0) != (*faults.first != '\0'))
        abort();
    return r;
}

static void check(const char *url, const char *body, size_t len)
{
    struct brought first = {0};
    struct brought second = {0};

    if (read_once(url, body, len, &first) != read_once(url, body, len, &second) ||
        first.count != second.count || !trawl_hash_equal(first.last, second.last))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool ready;
    TRAWL_AUTO_FREE char *body = trawl_xalloc(size + 1);

    if (!ready)
        trawl_extract_init();
    ready = true;
    if (size > 0)
        memcpy(body, data, size);
    check("https://a.example/maps/sitemap.xml", body, size);
    check("https://a.example/robots.txt", body, size);
    return 0;
}
