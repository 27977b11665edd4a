/* The demonstration's three little sites, as pure functions: the same path in the same edition is always the same page.
 *
 * A site's edition is how often its first page was fetched, so each run meets the next one: some prices have moved,
 * some news has come, and all else is as it was. Titles, people and prices are made up.
 */
#ifndef TRAWL_CLI_DEMO_DEMO_H
#define TRAWL_CLI_DEMO_DEMO_H

#include <stdbool.h>
#include <stdint.h>

#include "util/buf.h"

/* Larger than any page here; news lists grow with the editions up to DEMO_NEWS_MAX. */
#define DEMO_PAGE_MAX (1u << 20)

#define DEMO_BOOKS      300u
#define DEMO_PRICES     200u
#define DEMO_NEWS_FIRST 60u
#define DEMO_NEWS_MAX   400u

struct demo_page {
    int status;
    const char *content_type;
    struct trawl_buf body;
};

struct demo_site {
    const char *prefix;
    const char *title;
    const char *about;
    unsigned delay_min_ms; /* an answer takes so long, at speed 1 */
    unsigned delay_max_ms;
    bool (*is_first)(const char *path, const char *query);
    void (*page)(struct demo_page *page, const char *path, const char *query, unsigned edition);
};

/* `path` is below the prefix: "" is the site's root. */
extern const struct demo_site demo_books;
extern const struct demo_site demo_prices;
extern const struct demo_site demo_news;

/* --- for the sites (pages.c) -------------------------------------------------------------------------------------- */

/* A number that looks random and depends on both arguments only. */
uint64_t demo_mix(uint64_t what, uint64_t salt);

/* The last edition up to `edition` in which a tenth of all things, this one among them, changed; 0: never yet. */
unsigned demo_last_change(uint64_t what, unsigned edition);

/* The number behind `name` in a query, at least 1; `fallback` if it is not there, 0 if it is no number. */
unsigned demo_query_number(const char *query, const char *name, unsigned fallback);

/* The number at the start of `text`, with *ret_rest behind it; 0 if there is none. */
unsigned demo_number(const char *text, const char **ret_rest);

void demo_html_begin(struct demo_page *page, const char *site, const char *title,
                     const char *charset, const char *colour);
void demo_html_end(struct demo_page *page);
void demo_not_found(struct demo_page *page);

/* Append text, with the page's own failing (it is larger than DEMO_PAGE_MAX) as status 500. */
void demo_add(struct demo_page *page, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Lower-case words joined by '-', as in a URL. */
void demo_slug(char *slug, size_t size, const char *title);

#endif
