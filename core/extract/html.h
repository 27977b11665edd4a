/* HTML to a libxml2 tree and what is read off its nodes; or read in one pass, with no tree. */
#ifndef TRAWL_EXTRACT_HTML_H
#define TRAWL_EXTRACT_HTML_H

#include <jansson.h>
#include <libxml/HTMLparser.h>
#include <libxml/tree.h>
#include <stdbool.h>
#include <stddef.h>

/* Elements nest no deeper in the tree; what is deeper becomes their sibling, as in browsers. */
#define TRAWL_HTML_DEPTH_MAX 512

/* A page that leaves more elements open than this is read up to there: the parser looks through all of them at each tag. */
#define TRAWL_HTML_OPEN_MAX 8192

/* Broken HTML is read as far as it goes. `text` is UTF-8. 0, -ENODATA if there is no element in it, or -ENOMEM. The tree
 * goes back through xmlFreeDoc(). */
int trawl_html_parse(const char *text, size_t len, xmlDocPtr *ret_doc);

/* The same parser with handlers that build no tree: what they are told is what would become of the tree. Each gets the
 * parser, from which trawl_html_reader() leads to `user`. 0, -ENODATA if there is no text, or -ENOMEM. */
int trawl_html_read(const char *text, size_t len, const htmlSAXHandler *handler, void *user);
void *trawl_html_reader(const void *parser);

/* New references; NULL if there is no memory. Text: white space is collapsed and trimmed, there is a space between
 * blocks, scripts and styles are left out unless `node` is one. */
json_t *trawl_html_text(xmlNodePtr node);
json_t *trawl_html_markup(xmlNodePtr node);

/* The attribute's value, NULL if it is not there. Freed with xmlFree(). */
xmlChar *trawl_html_attribute(xmlNodePtr node, const char *name);

/* The same of what a start handler is given, and borrowed from it. */
const char *trawl_html_attribute_of(const xmlChar **attributes, const char *name);

/* Text without a tree: the bytes of text nodes as they come, with these marks between them, which no text of a page can
 * hold, since the parser lets no control characters pass. */
#define TRAWL_HTML_MARK_BLOCK '\x01' /* an element that begins or ends on a line of its own */
#define TRAWL_HTML_MARK_HIDE  '\x02' /* of a script, style or template: what follows is no text … */
#define TRAWL_HTML_MARK_SHOW  '\x03' /* … until here; these nest */

bool trawl_html_is_block(const char *name);
bool trawl_html_is_silent(const char *name);

/* As trawl_html_text(): of such text, and of bytes that have no marks. */
json_t *trawl_html_text_of_marked(const char *text, size_t len);
json_t *trawl_html_text_of_bytes(const char *text, size_t len);

#endif
