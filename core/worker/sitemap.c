#include "worker/sitemap.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "extract/gzip.h"
#include "util/log.h"
#include "util/url.h"
#include "worker/robots.h"

/* Longest part of a URL that is shown. */
#define SHOWN_MAX 512

static bool is_robots_url(const char *url)
{
    static const char path[] = "/robots.txt";
    struct trawl_url_parts parts;

    trawl_url_split(url, &parts);
    return strncmp(parts.path, path, strlen(path)) == 0 &&
           (parts.path[strlen(path)] == '\0' || parts.path[strlen(path)] == '?');
}

/* XML, or gzip. */
static bool is_no_text(const char *bytes, size_t len)
{
    size_t at = 0;

    while (at < len && strchr(" \t\r\n\v\f\xef\xbb\xbf", bytes[at]) && bytes[at])
        at++;
    return trawl_gzip_is(bytes, len) || (at < len && bytes[at] == '<');
}

static int bring(const char *const *urls, size_t count, const struct trawl_sitemap_sink *sink)
{
    int r = 0;

    for (size_t i = 0; r >= 0 && i < count; i++)
        r = sink->sitemap(sink->user, urls[i]);
    return r < 0 ? r : 0;
}

/* 0 when it is read as one, 1 when it is none, or an error. */
static int read_robots(const struct trawl_response *response, const struct trawl_sitemap_sink *sink,
                       struct trawl_err *err)
{
    struct trawl_robots *robots = NULL;
    const char *const *urls;
    size_t count = 0;
    int r;

    if (is_no_text(response->body, response->body_len) && !is_robots_url(response->url))
        return 1;
    r = trawl_robots_parse(response->body, response->body_len, "", &robots);
    if (r < 0)
        return trawl_err_set(err, r, "", "no memory for this robots.txt");
    urls = trawl_robots_sitemaps(robots, &count);
    if (count > 0)
        r = bring(urls, count, sink);
    else if (is_robots_url(response->url))
        r = trawl_err_set(err, -EINVAL, "", "the site's robots.txt names no sitemap");
    else
        r = 1;
    trawl_robots_free(robots);
    return r;
}

int trawl__sitemap_or_robots_read(const struct trawl_response *response,
                                  const struct trawl_sitemap_sink *sink,
                                  struct trawl_sitemap_faults *ret_faults, struct trawl_err *err)
{
    int r;

    if (sink->size < sizeof(*sink))
        return trawl_err_set(err, -EINVAL, "", "the sink does not say its size");
    r = read_robots(response, sink, err);
    if (r == 1)
        return trawl_sitemap_read(response, sink, ret_faults, err);
    if (r == 0)
        *ret_faults = (struct trawl_sitemap_faults){0};
    return r;
}

const char *trawl__sitemap_tell_faults(char *room, size_t size, const char *url,
                                       const struct trawl_sitemap_faults *faults)
{
    char quoted[SHOWN_MAX];

    snprintf(room, size, "a damaged sitemap, going on without %zu of its entries: '%s': %s",
             faults->entries, trawl_log_quote(quoted, sizeof(quoted), url), faults->first);
    return room;
}
