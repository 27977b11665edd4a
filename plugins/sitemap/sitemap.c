/* Scraper "sitemap": finds a site's pages in its sitemaps, and goes on from them by rules, as "html" does (docs/extraction.md).
 * What a request is for travels in its `meta`, since nothing in a response would tell it for sure. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trawl/plugin.h"
#include "trawl/rules.h"
#include "trawl/scraper.h"

/* Sitemaps lead to further ones up to this depth: from robots.txt to an index and the sitemaps in it are two steps, and more
 * than an index of indexes the protocol does not even allow. A site that answers every URL with an index would go on for
 * ever. */
#define SITEMAP_DEPTH_MAX 4

struct sitemap {
    const struct trawl_scraper_host *host;
    struct trawl_job *job;
    json_t *start;
    json_t *meta; /* of each request for a sitemap */
    struct trawl_plan *plan;
    struct trawl_patterns *match; /* NULL: all pages */
};

static const struct trawl_option start_url[] = {
    {.type = TRAWL_OPTION_STRING, .help = "a URL"},
};

static const struct trawl_option options[] = {
    {.name = "start",
     .type = TRAWL_OPTION_LIST,
     .fields = start_url,
     .required = true,
     .help = "URLs of sitemaps; a site's root stands for its robots.txt, and that for the sitemaps "
             "that it names"},
    {.name = "match",
     .type = TRAWL_OPTION_LIST,
     .fields = trawl_rules_pattern,
     .default_json = "[]",
     .help = "of the pages in sitemaps, only those whose URL matches one of these regular "
             "expressions"},
    TRAWL_RULES_OPTIONS,
    {.type = TRAWL_OPTION_END},
};

static void sitemap_destroy(void *scraper)
{
    struct sitemap *sitemap = scraper;

    if (sitemap->plan)
        sitemap->host->plan_free(sitemap->plan);
    if (sitemap->match)
        sitemap->host->patterns_free(sitemap->match);
    json_decref(sitemap->start);
    json_decref(sitemap->meta);
    free(sitemap);
}

static int compile(struct sitemap *sitemap, const json_t *given, struct trawl_err *err)
{
    const json_t *match = json_object_get(given, "match");
    int r = sitemap->host->plan_compile(sitemap->job, given, &sitemap->plan, err);

    if (r < 0 || json_array_size(match) == 0)
        return r;
    r = sitemap->host->patterns_compile(sitemap->job, match, &sitemap->match, err);
    if (r < 0)
        snprintf(err->where, sizeof(err->where), "match");
    return r;
}

static int sitemap_create(const struct trawl_scraper_host *host, struct trawl_job *job,
                          json_t *given, void **ret_scraper, struct trawl_err *err)
{
    struct sitemap *sitemap = calloc(1, sizeof(*sitemap));
    int r;

    if (!sitemap)
        return trawl_err_set(err, -ENOMEM, "", "no memory");
    sitemap->host = host;
    sitemap->job = job;
    sitemap->start = json_incref(json_object_get(given, "start"));
    sitemap->meta = json_pack("{s:b}", "sitemap", 1);
    r = sitemap->meta ? compile(sitemap, given, err) : trawl_err_set(err, -ENOMEM, "", "no memory");
    if (r < 0) {
        sitemap_destroy(sitemap);
        return r;
    }
    *ret_scraper = sitemap;
    return 0;
}

/* --- requests ---------------------------------------------------------------------------------------- */

static int request_sitemap(const struct sitemap *sitemap, const char *url)
{
    const struct trawl_request request = {
        .size = sizeof(request), .url = url, .meta = sitemap->meta};

    return sitemap->host->request(sitemap->job, &request);
}

/* The length of "https://host" in the URL of a site's root, with a slash behind it or not; 0 if it is another URL. */
static size_t root_length(const char *url)
{
    const char *host = strstr(url, "://");
    size_t len;

    if (!host)
        return 0;
    len = (size_t)(host - url) + 3;
    len += strcspn(url + len, "/?#\\");
    return url[len] == '\0' || strcmp(url + len, "/") == 0 ? len : 0;
}

static int request_start(const struct sitemap *sitemap, const char *url)
{
    static const char path[] = "/robots.txt";
    size_t len = root_length(url);
    char *robots;
    int r;

    if (len == 0)
        return request_sitemap(sitemap, url);
    robots = malloc(len + sizeof(path));
    if (!robots)
        return -ENOMEM;
    memcpy(robots, url, len);
    memcpy(robots + len, path, sizeof(path));
    r = request_sitemap(sitemap, robots);
    free(robots);
    return r;
}

static int sitemap_start(void *scraper, struct trawl_err *err)
{
    struct sitemap *sitemap = scraper;
    const json_t *url;
    size_t i;

    json_array_foreach (sitemap->start, i, url) {
        int r = request_start(sitemap, json_string_value(url));
        if (r < 0)
            return trawl_err_set(err, r, "start", "'%s' cannot be requested",
                                 json_string_value(url));
    }
    return 0;
}

/* --- sitemaps ---------------------------------------------------------------------------------------- */

/* A sitemap that is being read. */
struct reading {
    const struct sitemap *sitemap;
    const struct trawl_response *response;
    struct trawl_err *err;
};

static int on_page(void *user, const char *url)
{
    const struct reading *reading = user;
    const struct sitemap *sitemap = reading->sitemap;
    const struct trawl_request request = {.size = sizeof(request), .url = url};

    if (sitemap->match && !sitemap->host->patterns_match(sitemap->match, url))
        return 0;
    return sitemap->host->request(sitemap->job, &request);
}

static int on_sitemap(void *user, const char *url)
{
    const struct reading *reading = user;

    if (reading->response->depth >= SITEMAP_DEPTH_MAX)
        return trawl_err_set(reading->err, -EINVAL, "",
                             "sitemaps lead to sitemaps more than %d times in a row",
                             SITEMAP_DEPTH_MAX);
    return request_sitemap(reading->sitemap, url);
}

static int read_sitemap(const struct sitemap *sitemap, const struct trawl_response *response,
                        struct trawl_err *err)
{
    struct reading reading = {.sitemap = sitemap, .response = response, .err = err};
    const struct trawl_sitemap_sink sink = {
        .size = sizeof(sink), .page = on_page, .sitemap = on_sitemap, .user = &reading};

    return sitemap->host->sitemap_read(sitemap->job, response, &sink, err);
}

/* --- pages ------------------------------------------------------------------------------------------- */

static int on_item(void *user, const char *key, json_t *item)
{
    const struct sitemap *sitemap = user;

    return sitemap->host->item(sitemap->job, key, item);
}

static int on_link(void *user, const char *url)
{
    const struct sitemap *sitemap = user;
    const struct trawl_request request = {.size = sizeof(request), .url = url};
    int r = sitemap->host->request(sitemap->job, &request);

    return r == -EINVAL ? 0 : r; /* one bad link spoils no page */
}

static int sitemap_on_response(void *scraper, const struct trawl_response *response,
                               struct trawl_err *err)
{
    struct sitemap *sitemap = scraper;
    const struct trawl_sink sink = {.item = on_item, .link = on_link, .user = sitemap};

    if (json_is_true(json_object_get(response->meta, "sitemap")))
        return read_sitemap(sitemap, response, err);
    return sitemap->host->plan_run(sitemap->plan, response, &sink, err);
}

static const struct trawl_scraper_ops sitemap_ops = {
    .create = sitemap_create,
    .start = sitemap_start,
    .on_response = sitemap_on_response,
    .destroy = sitemap_destroy,
};

TRAWL_EXPORT const struct trawl_plugin trawl_plugin = {
    TRAWL_PLUGIN_HEADER,
    .name = "sitemap",
    .version = "1.0.0",
    .summary = "takes a site's pages from its sitemaps and extracts items by CSS or XPath",
    .options = options,
    .scraper = &sitemap_ops,
    .traits = TRAWL_SCRAPER_PAGEWISE,
};
