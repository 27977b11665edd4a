/* Any robots.txt, asked about the path in its first line: no fault, bounded results, and evidence for every refusal. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"
#include "worker/robots.h"
#include "worker/robots_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_path(const struct trawl_robots *robots, const char *path, unsigned lines_max)
{
    struct trawl_robots_rule rule;
    bool allowed = trawl_robots_allows(robots, path, &rule);

    if (allowed != (rule.line == 0 || strncmp(rule.text, "Allow: ", 7) == 0) ||
        rule.line > lines_max)
        abort();
    for (const char *c = rule.text; *c; c++) {
        if (*c < 0x20 || *c > 0x7e)
            abort();
    }
}

/* The form that is compared is its own, and a path that is a pattern of plain characters fits itself. */
static void check_form(const char *path)
{
    size_t len = strlen(path);
    TRAWL_AUTO_FREE char *once = trawl_xalloc(TRAWL_ROBOTS_GROWTH * len + 1);
    TRAWL_AUTO_FREE char *twice = trawl_xalloc(TRAWL_ROBOTS_GROWTH * TRAWL_ROBOTS_GROWTH * len + 1);
    size_t once_len = trawl__robots_path(once, path, len);

    if (trawl__robots_path(twice, once, once_len) != once_len ||
        memcmp(once, twice, once_len) != 0 || !trawl__robots_match(once, once_len, once, once_len))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    const char *line_end = size > 0 ? memchr(text, '\n', size) : NULL;
    TRAWL_AUTO_FREE char *path = trawl_xstrndup(text, line_end ? (size_t)(line_end - text) : size);
    struct trawl_robots *robots = NULL;
    size_t count = 0;

    if (trawl_robots_parse(text, size, "Trawl/0.1", &robots) < 0)
        abort();
    check_path(robots, path, (unsigned)size);
    check_path(robots, "/a/b?c=d", (unsigned)size);
    check_form(path);
    trawl_robots_sitemaps(robots, &count);
    if (!trawl_robots_allows(robots, "/robots.txt", NULL) || count > TRAWL_ROBOTS_SITEMAPS_MAX ||
        trawl_robots_crawl_delay_ms(robots) > TRAWL_ROBOTS_DELAY_MAX_MS)
        abort();
    trawl_robots_free(robots);
    return 0;
}
