/* robots.txt (RFC 9309): what a site asks of crawlers, reduced to what it asks of one.
 *
 * Parsing keeps the rules of the group that speaks to this crawler, or of the group `*` where none does, and answers for
 * a path: the longest pattern that fits decides, "allow" wins a tie, and what no pattern fits is allowed. Lines that are
 * not understood are passed over, so any bytes can be parsed.
 *
 * Corner cases go as in Google's open-source parser (colons left out, misspelt keys, keys with a longer ending), except:
 * - an escaped unreserved character equals the plain one, `%2A` and `%24` stand for `*` and `$` in the URL, and paths are
 *   escaped before they are compared, all as sections 2.2.2 and 2.2.3 ask; but `:` and `/` in a query stay as they are;
 * - `/robots.txt` itself is allowed (section 2.2.2);
 * - Crawl-delay, which Google ignores, is a rule of its group, so a user-agent line after it begins a new group: sites
 *   that write it mean that, and so do the crawlers that heed it. Lines that nobody here heeds end no group;
 * - `/index.html` in a pattern means just that, and a long line is read to its end.
 */
#ifndef TRAWL_WORKER_ROBOTS_H
#define TRAWL_WORKER_ROBOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/hash.h"

/* What lies beyond is ignored. RFC 9309 section 2.5 asks for at least 500 KiB, and real files are far below. */
#define TRAWL_ROBOTS_MAX (512u << 10)

/* A longer Crawl-delay is cut to this: at a page an hour nothing is crawled anyway, and a shard should end some day. */
#define TRAWL_ROBOTS_DELAY_MAX_MS 3600000u

/* Sitemaps beyond these are dropped. Large sites name a few hundred, or one index of them. */
#define TRAWL_ROBOTS_SITEMAPS_MAX 500

/* As many redirects of robots.txt are followed (section 2.3.1.2). */
#define TRAWL_ROBOTS_REDIRECTS_MAX 5

struct trawl_robots;

/* Parse what /robots.txt held. The crawler's product token is the beginning of its User-Agent header, "Trawl/0.1 (+http://…)"
 * is "trawl"; of "Mozilla/5.0 (compatible; ExampleBot/0.1; …)" it is "examplebot" (section 2.2.1). 0 or -ENOMEM; on
 * success *ret_robots is the caller's. */
int trawl_robots_parse(const char *bytes, size_t len, const char *user_agent,
                       struct trawl_robots **ret_robots);
void trawl_robots_free(struct trawl_robots *robots);

/* The rule that decided, as evidence. */
struct trawl_robots_rule {
    unsigned line; /* in the file, from 1; 0 when no rule speaks of the path */
    const char *
        text; /* "Disallow: /caf%C3%A9*", its pattern in the form that is compared, so printable ASCII; as long as
                       * the site likes; "" for none. Borrowed from the robots. */
};

/* May the crawler fetch this path (with its query; it begins with a slash)? `ret_rule` may be NULL. */
bool trawl_robots_allows(const struct trawl_robots *robots, const char *path,
                         struct trawl_robots_rule *ret_rule);

/* What the crawler is asked to wait between two requests, 0 if nothing. Of several wishes the longest counts. */
uint32_t trawl_robots_crawl_delay_ms(const struct trawl_robots *robots);

/* Canonical http(s) URLs, in the file's order, whatever group they stand in. Borrowed from the robots. */
const char *const *trawl_robots_sitemaps(const struct trawl_robots *robots, size_t *ret_count);

/* Of the bytes that were parsed: equal when the file has not changed. */
struct trawl_hash trawl_robots_hash(const struct trawl_robots *robots);

/* What an answer to a request for /robots.txt means (section 2.3.1). */
enum trawl_robots_outcome {
    TRAWL_ROBOTS_PARSE,  /* the body holds the rules */
    TRAWL_ROBOTS_FOLLOW, /* ask again where the redirect points; the rules are still for this host */
    TRAWL_ROBOTS_ALLOW_ALL,    /* there are no rules */
    TRAWL_ROBOTS_DISALLOW_ALL, /* the rules are unknown for now: fetch nothing, and ask again later */
};

/* `status` is 0 when no answer came; `redirects` have been followed so far. A redirect that points nowhere is one too many:
 * call this with TRAWL_ROBOTS_REDIRECTS_MAX for it. */
enum trawl_robots_outcome trawl_robots_outcome(int status, unsigned redirects);

#endif
