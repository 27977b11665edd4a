/* The text of a node, as a person would copy it from the page. */
#include <stdint.h>
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

bool trawl_html_is_block(const char *name)
{
    return bsearch(name, blocks, TRAWL_ARRAY_SIZE(blocks), sizeof(blocks[0]), compare);
}

bool trawl_html_is_silent(const char *name)
{
    return strcmp(name, "script") == 0 || strcmp(name, "style") == 0 ||
           strcmp(name, "template") == 0;
}

static bool is_block(const xmlNode *node)
{
    return node->type == XML_ELEMENT_NODE && trawl_html_is_block((const char *)node->name);
}

static bool is_silent(const xmlNode *node)
{
    return node->type == XML_ELEMENT_NODE && trawl_html_is_silent((const char *)node->name);
}

/* Length of the white space at `at`, a no-break space included, or 0. */
static size_t space_length(const char *at, const char *end)
{
    if (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r' || *at == '\f')
        return 1;
    return *at == '\xc2' && end - at >= 2 && at[1] == '\xa0' ? 2 : 0;
}

static void put(struct text *text, const char *bytes, size_t len)
{
    if (!text->failed && trawl_buf_append(&text->out, bytes, len) < 0)
        text->failed = true;
}

static void put_content(struct text *text, const char *at, size_t len)
{
    const char *end = at + len;

    while (at < end) {
        const char *word = at;
        size_t space = space_length(at, end);
        if (space > 0) {
            text->space = true;
            at += space;
            continue;
        }
        while (at < end && space_length(at, end) == 0)
            at++;
        if (text->space && text->out.len > 0)
            put(text, " ", 1);
        text->space = false;
        put(text, word, (size_t)(at - word));
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
            put_content(text, (const char *)node->content, strlen((const char *)node->content));
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

static json_t *finish(struct text *text)
{
    json_t *json = text->failed ? NULL : json_stringn(trawl_buf_text(&text->out), text->out.len);

    trawl_buf_finish(&text->out);
    return json;
}

json_t *trawl_html_text(xmlNodePtr node)
{
    struct text text = {.out.max = TEXT_MAX};
    xmlChar *content;

    if (node->type == XML_ELEMENT_NODE || node->type == XML_TEXT_NODE) {
        walk(&text, node);
        return finish(&text);
    }
    content = xmlNodeGetContent(node);
    if (content)
        put_content(&text, (const char *)content, strlen((const char *)content));
    xmlFree(content);
    return finish(&text);
}

json_t *trawl_html_text_of_bytes(const char *bytes, size_t len)
{
    struct text text = {.out.max = TEXT_MAX};

    put_content(&text, bytes, len);
    return finish(&text);
}

static bool is_mark(char c)
{
    return c == TRAWL_HTML_MARK_BLOCK || c == TRAWL_HTML_MARK_HIDE || c == TRAWL_HTML_MARK_SHOW;
}

json_t *trawl_html_text_of_marked(const char *at, size_t len)
{
    struct text text = {.out.max = TEXT_MAX};
    const char *end = at + len;
    size_t hidden = 0;

    while (at < end) {
        const char *start = at;
        while (at < end && !is_mark(*at))
            at++;
        if (hidden == 0)
            put_content(&text, start, (size_t)(at - start));
        if (at == end)
            break;
        if (*at == TRAWL_HTML_MARK_HIDE)
            hidden++;
        else if (*at == TRAWL_HTML_MARK_SHOW)
            hidden--;
        else if (hidden == 0)
            text.space = true;
        at++;
    }
    return finish(&text);
}
