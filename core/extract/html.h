/* HTML to a libxml2 tree, and what is read off its nodes. */
#ifndef TRAWL_EXTRACT_HTML_H
#define TRAWL_EXTRACT_HTML_H

#include <jansson.h>
#include <libxml/tree.h>
#include <stddef.h>

/* Elements nest no deeper in the tree; what is deeper becomes their sibling, as in browsers. */
#define TRAWL_HTML_DEPTH_MAX 512

/* A page that leaves more elements open than this is read up to there: the parser looks through all of them at each tag. */
#define TRAWL_HTML_OPEN_MAX 8192

/* Broken HTML is read as far as it goes. `text` is UTF-8. 0, -ENODATA if there is no element in it, or -ENOMEM. The tree
 * goes back through xmlFreeDoc(). */
int trawl_html_parse(const char *text, size_t len, xmlDocPtr *ret_doc);

/* New references; NULL if there is no memory. Text: white space is collapsed and trimmed, there is a space between
 * blocks, scripts and styles are left out unless `node` is one. */
json_t *trawl_html_text(xmlNodePtr node);
json_t *trawl_html_markup(xmlNodePtr node);

/* The attribute's value, NULL if it is not there. Freed with xmlFree(). */
xmlChar *trawl_html_attribute(xmlNodePtr node, const char *name);

#endif
