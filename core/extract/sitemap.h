/* Sitemaps by the protocol of sitemaps.org, version 0.9: XML (<urlset>, or <sitemapindex> of further ones) or a list with a
 * URL on each line, either of them perhaps in gzip.
 *
 * XML is read in one pass, without a tree. A document type ends the reading, as a sitemap has none: so there are no
 * entities but those of XML itself, and nothing that could be fetched or would grow. Entries that are damaged are left out,
 * and all others count: real sitemaps have bare ampersands in their URLs, or break off. */
#ifndef TRAWL_EXTRACT_SITEMAP_H
#define TRAWL_EXTRACT_SITEMAP_H

#include <stddef.h>

#include "trawl/err.h"
#include "trawl/scraper.h"

/* The protocol allows no more entries in one file, nor a larger one, unpacked. */
#define TRAWL_SITEMAP_ENTRIES_MAX 50000
#define TRAWL_SITEMAP_MAX         52428800u

/* What could not be read of a sitemap, while the rest of it could. */
struct trawl_sitemap_faults {
    size_t count; /* 0: none */
    size_t
        entries; /* left out for them, as far as can be told: what breaks off does not say what was to come */
    char first[512]; /* "line 7: …" */
};

/* Bring what the response's body lists to the sink, in its order. 0, with the faults, of which there may be some; -EINVAL if
 * it is no sitemap, or there are only faults in it; -E2BIG for too many entries, -EFBIG for too many bytes; -ENOMEM; or what
 * the sink said. */
int trawl_sitemap_read(const struct trawl_response *response, const struct trawl_sitemap_sink *sink,
                       struct trawl_sitemap_faults *ret_faults, struct trawl_err *err);

#endif
