/* Selectors compiled to XPath, and what they find.
 *
 * Besides XPath 1.0's own functions there are those that CSS needs: trawl-class(name), trawl-attribute(name, operator,
 * value, ignore case), trawl-nth(step, offset, from the end, of this type), trawl-lang(tag).
 */
#ifndef TRAWL_EXTRACT_XPATH_H
#define TRAWL_EXTRACT_XPATH_H

#include <libxml/xpath.h>

#include "trawl/err.h"

struct css_selector;
struct trawl_selector;

/* CSS, or XPath if it is "." or begins with "/", "./", "(", ".." or "xpath:". -EINVAL with what is wrong and where. */
int trawl_selector_compile(const char *text, struct trawl_selector **ret_selector,
                           struct trawl_err *err);
void trawl_selector_free(struct trawl_selector *selector);

/* As CSS (css_priv.h), for those who can do without a tree; "." is ":scope". NULL if it is any other XPath. Borrowed. */
const struct css_selector *trawl_selector_css(const struct trawl_selector *selector);

/* Where selectors are evaluated: one for each page. NULL if there is no memory. */
xmlXPathContextPtr trawl_xpath_context_create(xmlDocPtr doc);

/* Evaluate at `node`. The result goes back through xmlXPathFreeObject(); its node set may be NULL. -EINVAL with XPath's
 * complaint, or -ENOMEM. */
int trawl_selector_run(const struct trawl_selector *selector, xmlXPathContextPtr context,
                       xmlNodePtr node, xmlXPathObjectPtr *ret_result, struct trawl_err *err);

/* Shared with xpath.c: the functions. */
void trawl__xpath_register(xmlXPathContextPtr context);

#endif
