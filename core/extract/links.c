/* The links of a page that a plan follows. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "extract/plan_priv.h"
#include "util/alloc.h"
#include "util/hash.h"
#include "util/url.h"

/* URLs that were brought to the sink already: open addressing, half full at most. */
struct seen {
    struct trawl_hash *slots; /* {0, 0}: free */
    size_t count;
    size_t size; /* a power of two */
};

static void seen_put(struct seen *seen, struct trawl_hash hash)
{
    size_t at = hash.lo & (seen->size - 1);

    while (seen->slots[at].hi || seen->slots[at].lo)
        at = (at + 1) & (seen->size - 1);
    seen->slots[at] = hash;
    seen->count++;
}

static bool seen_has(const struct seen *seen, struct trawl_hash hash)
{
    if (seen->size == 0)
        return false;
    for (size_t at = hash.lo & (seen->size - 1); seen->slots[at].hi || seen->slots[at].lo;
         at = (at + 1) & (seen->size - 1))
        if (trawl_hash_equal(seen->slots[at], hash))
            return true;
    return false;
}

/* True the first time. */
static bool seen_add(struct seen *seen, const char *url, size_t len)
{
    struct trawl_hash hash = trawl_hash_bytes(url, len);

    if (seen_has(seen, hash))
        return false;
    if (2 * (seen->count + 1) > seen->size) {
        struct seen larger = {.size = seen->size ? 2 * seen->size : 256};
        larger.slots = trawl_xalloc(larger.size * sizeof(*larger.slots));
        for (size_t i = 0; i < seen->size; i++)
            if (seen->slots[i].hi || seen->slots[i].lo)
                seen_put(&larger, seen->slots[i]);
        free(seen->slots);
        *seen = larger;
    }
    seen_put(seen, hash);
    return true;
}

void trawl__plan_trim(const char **text, size_t *len)
{
    static const char space[] = " \t\r\n\f";

    while (*len > 0 && **text && strchr(space, **text)) {
        (*text)++;
        (*len)--;
    }
    while (*len > 0 && (*text)[*len - 1] && strchr(space, (*text)[*len - 1]))
        (*len)--;
}

/* Has this reference a scheme that cannot be fetched (mailto:, javascript:, data:, …), or is it a place in this page? */
static bool is_elsewhere(const char *reference, size_t len)
{
    size_t at = 0;

    if (len == 0 || *reference == '#')
        return true;
    while (at < len && ((reference[at] | 0x20) >= 'a' && (reference[at] | 0x20) <= 'z'))
        at++;
    if (at == 0 || at == len || !strchr("+-.:0123456789", reference[at]))
        return false;
    while (at < len && reference[at] != ':' && !strchr("/?#", reference[at]))
        at++;
    if (at == len || reference[at] != ':')
        return false;
    return !(at == 4 && strncasecmp(reference, "http", 4) == 0) &&
           !(at == 5 && strncasecmp(reference, "https", 5) == 0);
}

bool trawl__plan_follows(const struct plan_page *page, const struct plan_link *link)
{
    return link->depth == 0 || page->response->depth < link->depth;
}

struct plan_follower {
    const struct plan_page *page;
    const struct plan_link *link;
    struct trawl_url_base base;
    struct seen references; /* as written: most repeats are found before they are resolved */
    struct seen urls;
};

struct plan_follower *trawl__follower_create(const struct plan_page *page)
{
    struct plan_follower *follower = TRAWL_NEW(struct plan_follower);

    follower->page = page;
    trawl_url_base_init(&follower->base, page->base);
    return follower;
}

void trawl__follower_destroy(struct plan_follower *follower)
{
    free(follower->references.slots);
    free(follower->urls.slots);
    free(follower);
}

bool trawl__follower_begin(struct plan_follower *follower, const struct plan_link *link)
{
    follower->link = link;
    if (!trawl__plan_follows(follower->page, link))
        return false;
    follower->references.count = 0; /* what the rule before this one dropped, this one may want */
    if (follower->references.size > 0)
        memset(follower->references.slots, 0,
               follower->references.size * sizeof(*follower->references.slots));
    return true;
}

static bool is_wanted(const struct plan_follower *follower, const char *url)
{
    const struct plan_link *link = follower->link;
    const char *here = follower->page->response->url;

    if (link->same == PLAN_SAME_HOST && !trawl_url_same_host(here, url))
        return false;
    if (link->same == PLAN_SAME_DOMAIN && !trawl_url_same_domain(here, url))
        return false;
    if (!trawl_patterns_empty(link->allow) && !trawl_patterns_match(link->allow, url))
        return false;
    return !trawl_patterns_match(link->deny, url);
}

int trawl__follower_add(struct plan_follower *follower, const char *reference, size_t len)
{
    const struct trawl_sink *sink = follower->page->sink;
    char url[TRAWL_URL_MAX + 1];
    int r;

    trawl__plan_trim(&reference, &len);
    if (is_elsewhere(reference, len) || !seen_add(&follower->references, reference, len))
        return 0;
    r = trawl_url_resolve_into(&follower->base, reference, len, url);
    if (r < 0)
        return 0; /* pages are full of such links, and nobody could follow them */
    if (!is_wanted(follower, url) || !seen_add(&follower->urls, url, (size_t)r))
        return 0;
    return sink->link(sink->user, url);
}
