/* What the files that work on robots.txt share. */
#ifndef TRAWL_WORKER_ROBOTS_PRIV_H
#define TRAWL_WORKER_ROBOTS_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/hash.h"

/* How the text of a rule begins; its pattern follows. */
#define TRAWL_ROBOTS_ALLOW    "Allow: "
#define TRAWL_ROBOTS_DISALLOW "Disallow: "

struct trawl__robots_rule {
    size_t text; /* where it begins in the robots' texts */
    size_t pattern_len;
    unsigned line;
    bool allow;
};

struct trawl_robots {
    struct trawl_buf texts; /* each with its NUL */
    struct trawl_buf rules; /* struct trawl__robots_rule, in the order in which they decide */
    char **sitemaps;
    size_t sitemap_count;
    uint32_t delay_ms;
    struct trawl_hash hash;
};

/* The most bytes that one byte becomes: "%C3". */
#define TRAWL_ROBOTS_GROWTH 3

/* Write the form that is compared to `out`, which has room for TRAWL_ROBOTS_GROWTH * len bytes, and return its length:
 * printable ASCII, unreserved characters plain, all that may not stand in a URL escaped in upper case. `*` and `$` are
 * escaped where they mean themselves: everywhere in a path, and `$` before the end of a pattern. */
size_t trawl__robots_path(char *out, const char *path, size_t len);
size_t trawl__robots_pattern(char *out, const char *pattern, size_t len);

/* Does the pattern fit the path's beginning, or all of it when it ends in `$`? Takes time in proportion to both lengths. */
bool trawl__robots_match(const char *pattern, size_t pattern_len, const char *path,
                         size_t path_len);

#endif
