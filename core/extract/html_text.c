/* The text of a node, as a person would copy it from the page. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "extract/html.h"
#include "util/alloc.h"
#include "util/buf.h"

/* No longer than the page, which has a limit of its own. */
#define TEXT_MAX (1u << 30)

struct text {
    struct trawl_buf out;
    bool space; /* one is due before the next word */
    bool failed;
};

/* Elements that begin on a new line, in the order of strcmp(): without a space between them their words would run into
 * one another. */
static const char *const blocks[] = {
    "address",    "article", "aside",   "blockquote", "body",     "br",     "caption", "center",
    "dd",         "details", "dialog",  "dir",        "div",      "dl",     "dt",      "fieldset",
    "figcaption", "figure",  "footer",  "form",       "h1",       "h2",     "h3",      "h4",
    "h5",         "h6",      "head",    "header",     "hr",       "html",   "legend",  "li",
    "main",       "menu",    "nav",     "ol",         "optgroup", "option", "p",       "pre",
    "section",    "select",  "summary", "table",      "tbody",    "td",     "tfoot",   "th",
    "thead",      "title",   "tr",      "ul",
};

static int compare(const void *key, const void *entry)
{
    return strcmp(key, *(const char *const *)entry);
}

static bool is_block(const xmlNode *node)
{
    return node->type == XML_ELEMENT_NODE &&
           bsearch(node->name, blocks, TRAWL_ARRAY_SIZE(blocks), sizeof(blocks[0]), compare);
}

/* Its content is no text of the page. */
static bool is_silent(const xmlNode *node)
{
    return node->type == XML_ELEMENT_NODE && (strcmp((const char *)node->name, "script") == 0 ||
                                              strcmp((const char *)node->name, "style") == 0 ||
                                              strcmp((const char *)node->name, "template") == 0);
}

/* Length of the white space at `at`, a no-break space included, or 0. */
static size_t space_length(const char *at)
{
    if (*at && strchr(" \t\r\n\f", *at))
        return 1;
    return at[0] == '\xc2' && at[1] == '\xa0' ? 2 : 0;
}

static void put(struct text *text, const char *bytes, size_t len)
{
    if (!text->failed && trawl_buf_append(&text->out, bytes, len) < 0)
        text->failed = true;
}

static void put_content(struct text *text, const char *content)
{
    while (*content) {
        const char *word;
        size_t space = space_length(content);
        if (space > 0) {
            text->space = true;
            content += space;
            continue;
        }
        word = content;
        while (*content && space_length(content) == 0)
            content++;
        if (text->space && text->out.len > 0)
            put(text, " ", 1);
        text->space = false;
        put(text, word, (size_t)(content - word));
    }
}

/* All text below `top`, without recursion: pages decide how deep this goes. */
static void walk(struct text *text, xmlNodePtr top)
{
    xmlNodePtr node = top;

    for (;;) {
        bool down =
            node->children && node->type == XML_ELEMENT_NODE && (node == top || !is_silent(node));
        if (node->content && (node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE))
            put_content(text, (const char *)node->content);
        text->space = text->space || is_block(node);
        if (down) {
            node = node->children;
            continue;
        }
        while (node != top && !node->next) {
            node = node->parent;
            text->space = text->space || is_block(node);
        }
        if (node == top)
            return;
        node = node->next;
    }
}

json_t *trawl_html_text(xmlNodePtr node)
{
    struct text text = {0};
    json_t *json = NULL;

    trawl_buf_init(&text.out, TEXT_MAX);
    if (node->type == XML_ELEMENT_NODE || node->type == XML_TEXT_NODE) {
        walk(&text, node);
    } else {
        xmlChar *content = xmlNodeGetContent(node);
        put_content(&text, content ? (const char *)content : "");
        xmlFree(content);
    }
    if (!text.failed)
        json = json_stringn(trawl_buf_text(&text.out), text.out.len);
    trawl_buf_finish(&text.out);
    return json;
}
