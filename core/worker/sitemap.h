/* What a scraper gets of a sitemap, or of a robots.txt, which stands for the sitemaps that it names. */
#ifndef TRAWL_WORKER_SITEMAP_H
#define TRAWL_WORKER_SITEMAP_H

#include "extract/sitemap.h"

/* As trawl_sitemap_read(). A robots.txt is told by its URL, or, as it may come by a redirect, by its Sitemap lines; one
 * without any is an error. */
int trawl__sitemap_or_robots_read(const struct trawl_response *response,
                                  const struct trawl_sitemap_sink *sink,
                                  struct trawl_sitemap_faults *ret_faults, struct trawl_err *err);

/* A line for the log: what was left out of this sitemap. Returns `room`. */
const char *trawl__sitemap_tell_faults(char *room, size_t size, const char *url,
                                       const struct trawl_sitemap_faults *faults);

#endif
