#include "worker/proxies.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>

#include "util/alloc.h"

/* A part of the URL, decoded, which is then taken out of it; NULL if it has none. */
static char *take(CURLU *url, CURLUPart part)
{
    char *text = NULL;
    char *own;

    if (curl_url_get(url, part, &text, CURLU_URLDECODE) != CURLUE_OK)
        return NULL;
    own = trawl_xstrdup(text);
    curl_free(text);
    curl_url_set(url, part, NULL, 0);
    return own;
}

/* User and password stand apart from the URL, so that no message of libcurl can hold them. */
static int proxy_init(struct trawl_proxy *proxy, const char *text)
{
    CURLU *url = curl_url();
    char *rest = NULL;
    int r = -EINVAL;

    if (url && text &&
        curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK) {
        proxy->user = take(url, CURLUPART_USER);
        proxy->password = take(url, CURLUPART_PASSWORD);
        r = curl_url_get(url, CURLUPART_URL, &rest, 0) == CURLUE_OK ? 0 : -EINVAL;
    }
    proxy->url = trawl_xstrdup(rest);
    curl_free(rest);
    curl_url_cleanup(url);
    return r;
}

int trawl_proxies_init(struct trawl_proxies *proxies, const json_t *urls)
{
    json_t *url;
    size_t i;
    int r = 0;

    proxies->proxies = trawl_xalloc(json_array_size(urls) * sizeof(*proxies->proxies));
    json_array_foreach (urls, i, url) {
        r = r < 0 ? r : proxy_init(&proxies->proxies[proxies->count++], json_string_value(url));
    }
    return r;
}

void trawl_proxies_finish(struct trawl_proxies *proxies)
{
    for (size_t i = 0; i < proxies->count; i++) {
        free(proxies->proxies[i].url);
        free(proxies->proxies[i].user);
        free(proxies->proxies[i].password);
    }
    free(proxies->proxies);
    *proxies = (struct trawl_proxies){0};
}

struct trawl_proxy *trawl_proxies_next(struct trawl_proxies *proxies, uint64_t now_ns)
{
    struct trawl_proxy *best = NULL;

    for (size_t i = 0; i < proxies->count; i++) {
        struct trawl_proxy *proxy = &proxies->proxies[(proxies->next + i) % proxies->count];

        if (!best || proxy->rests_until_ns < best->rests_until_ns)
            best = proxy;
        if (proxy->rests_until_ns <= now_ns) {
            best = proxy;
            break;
        }
    }
    if (best)
        proxies->next = (size_t)(best - proxies->proxies) + 1;
    return best;
}

void trawl_proxy_used(struct trawl_proxy *proxy, bool failed, uint64_t now_ns)
{
    uint64_t rest_ns = TRAWL_PROXY_REST_MIN_NS;

    if (!failed) {
        proxy->failures = 0;
        proxy->rests_until_ns = 0;
        return;
    }
    proxy->failures++;
    if (proxy->failures < TRAWL_PROXY_FAILURES)
        return;
    for (unsigned i = TRAWL_PROXY_FAILURES; i < proxy->failures; i++) {
        if (rest_ns < TRAWL_PROXY_REST_MAX_NS)
            rest_ns *= 2;
    }
    if (rest_ns > TRAWL_PROXY_REST_MAX_NS)
        rest_ns = TRAWL_PROXY_REST_MAX_NS;
    proxy->rests_until_ns = now_ns + rest_ns;
}
