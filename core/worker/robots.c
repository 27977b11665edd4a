#include "worker/robots.h"

#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"
#include "worker/robots_priv.h"

void trawl_robots_free(struct trawl_robots *robots)
{
    if (!robots)
        return;
    for (size_t i = 0; i < robots->sitemap_count; i++)
        free(robots->sitemaps[i]);
    free(robots->sitemaps);
    trawl_buf_finish(&robots->texts);
    trawl_buf_finish(&robots->rules);
    free(robots);
}

static const struct trawl__robots_rule *find_rule(const struct trawl_robots *robots,
                                                  const char *path, size_t len)
{
    const struct trawl__robots_rule *rule = (const void *)robots->rules.data;
    size_t count = robots->rules.len / sizeof(*rule);

    for (; count > 0; rule++, count--) {
        const char *text = robots->texts.data + rule->text;
        const char *pattern =
            text + strlen(rule->allow ? TRAWL_ROBOTS_ALLOW : TRAWL_ROBOTS_DISALLOW);

        if (trawl__robots_match(pattern, rule->pattern_len, path, len))
            return rule;
    }
    return NULL;
}

bool trawl_robots_allows(const struct trawl_robots *robots, const char *path,
                         struct trawl_robots_rule *ret_rule)
{
    size_t len = strlen(path);
    TRAWL_AUTO_FREE char *compared = trawl_xalloc(TRAWL_ROBOTS_GROWTH * len + 1);
    const struct trawl__robots_rule *rule = NULL;

    len = trawl__robots_path(compared, path, len);
    if (strcmp(compared, "/robots.txt") != 0)
        rule = find_rule(robots, compared, len);
    if (ret_rule) {
        ret_rule->line = rule ? rule->line : 0;
        ret_rule->text = rule ? robots->texts.data + rule->text : "";
    }
    return !rule || rule->allow;
}

uint32_t trawl_robots_crawl_delay_ms(const struct trawl_robots *robots)
{
    return robots->delay_ms;
}

const char *const *trawl_robots_sitemaps(const struct trawl_robots *robots, size_t *ret_count)
{
    *ret_count = robots->sitemap_count;
    return (const char *const *)robots->sitemaps;
}

struct trawl_hash trawl_robots_hash(const struct trawl_robots *robots)
{
    return robots->hash;
}

enum trawl_robots_outcome trawl_robots_outcome(int status, unsigned redirects)
{
    if (status >= 200 && status <= 299)
        return TRAWL_ROBOTS_PARSE;
    if (status >= 300 && status <= 399)
        return redirects < TRAWL_ROBOTS_REDIRECTS_MAX ? TRAWL_ROBOTS_FOLLOW
                                                      : TRAWL_ROBOTS_ALLOW_ALL;
    /* "Too many requests" says nothing about rules, only that this is no time to go on. */
    if (status >= 400 && status <= 499 && status != 429)
        return TRAWL_ROBOTS_ALLOW_ALL;
    return TRAWL_ROBOTS_DISALLOW_ALL;
}
