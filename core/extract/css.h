/* CSS selectors, translated to XPath 1.0 over libxml2's HTML trees (docs/extraction.md lists what is known).
 *
 * The result uses the functions of xpath.h for what XPath lacks. It is relative: evaluated at an element, it looks at that
 * element and what is below it, as Scrapy's users know it; a leading combinator ("> li") begins at the element itself.
 */
#ifndef TRAWL_EXTRACT_CSS_H
#define TRAWL_EXTRACT_CSS_H

#include "trawl/err.h"

/* Longest selector, and how deeply :is(), :not() and :has() may nest. */
#define TRAWL_CSS_MAX       4096
#define TRAWL_CSS_DEPTH_MAX 16

/* *ret_xpath is the caller's. -EINVAL with the character (from 1) where the selector goes wrong. */
int trawl_css_to_xpath(const char *selector, char **ret_xpath, struct trawl_err *err);

#endif
