/* What the two ways to read a sitemap share: sitemap_xml.c, and the list of URLs in sitemap.c. */
#ifndef TRAWL_EXTRACT_SITEMAP_PRIV_H
#define TRAWL_EXTRACT_SITEMAP_PRIV_H

#include <stdbool.h>
#include <stddef.h>

#include "extract/sitemap.h"
#include "util/url.h"

struct sitemap_reading {
    const struct trawl_response *response;
    const struct trawl_sitemap_sink *sink;
    struct trawl_sitemap_faults faults;
    struct trawl_err *err;
    bool cut;       /* it breaks off, so its last line may be a part of one */
    size_t entries; /* that were met, good or not */
    size_t brought; /* to the sink */
};

enum sitemap_kind {
    SITEMAP_OF_PAGES,
    SITEMAP_OF_SITEMAPS,
};

/* An entry has been read: its URL, relative to `base`, or absolute if that is NULL. 0, also where it is a fault; -E2BIG; or
 * what the sink said. */
int trawl__sitemap_bring(struct sitemap_reading *reading, enum sitemap_kind kind,
                         const struct trawl_url_base *base, const char *url, size_t len,
                         unsigned line);

/* An entry has been met that cannot be read. 0 or -E2BIG. */
int trawl__sitemap_drop(struct sitemap_reading *reading);

/* Something is wrong at that line, or, where it is 0, with the whole. The text may be the site's. */
__attribute__((format(printf, 3, 4))) void
trawl__sitemap_fault(struct sitemap_reading *reading, unsigned line, const char *format, ...);

/* Read UTF-8 that begins with a '<', which stood in that line. 0, with faults or without; -EINVAL, -ENOMEM or as above. */
int trawl__sitemap_read_xml(struct sitemap_reading *reading, const char *text, size_t len,
                            unsigned line);

#endif
