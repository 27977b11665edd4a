#include "extract/html.h"

#include <errno.h>
#include <libxml/HTMLtree.h>
#include <libxml/parserInternals.h>
#include <limits.h>
#include <string.h>

/* What hangs on the parser's _private, for its user data is the parser itself, as libxml2's own handlers want it. */
struct reading {
    startElementSAXFunc start;
    endElementSAXFunc end;
    void *user;
    size_t open;    /* elements that were begun and not ended */
    size_t skipped; /* that are open, too, but too deep; always the innermost ones */
};

static void on_start(void *parser, const xmlChar *name, const xmlChar **attributes)
{
    htmlParserCtxtPtr ctxt = parser;
    struct reading *reading = ctxt->_private;

    if (ctxt->nameNr > TRAWL_HTML_OPEN_MAX) {
        xmlStopParser(ctxt);
        return;
    }
    if (reading->skipped > 0 || reading->open >= TRAWL_HTML_DEPTH_MAX) {
        reading->skipped++;
        return;
    }
    reading->open++;
    reading->start(parser, name, attributes);
}

static void on_end(void *parser, const xmlChar *name)
{
    htmlParserCtxtPtr ctxt = parser;
    struct reading *reading = ctxt->_private;

    if (reading->skipped > 0) {
        reading->skipped--;
        return;
    }
    if (reading->open > 0) /* a stopped parser ends an element that it did not begin */
        reading->open--;
    reading->end(parser, name);
}

/* 0, -ENODATA without a text, or -ENOMEM. */
static int create_parser(const char *text, size_t len, struct reading *reading,
                         htmlParserCtxtPtr *ret_ctxt)
{
    htmlParserCtxtPtr ctxt;

    if (len == 0)
        return -ENODATA;
    ctxt = len <= INT_MAX ? htmlCreateMemoryParserCtxt(text, (int)len) : NULL;
    if (!ctxt)
        return -ENOMEM;
    ctxt->_private = reading;
    htmlCtxtUseOptions(ctxt, HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
                                 HTML_PARSE_NONET | HTML_PARSE_COMPACT | HTML_PARSE_IGNORE_ENC);
    /* Text nodes above 10 MB are allowed; depth, the other thing that this lifts, is bounded by on_start(). */
    ctxt->options |= XML_PARSE_HUGE;
    ctxt->charset = XML_CHAR_ENCODING_UTF8;
    *ret_ctxt = ctxt;
    return 0;
}

/* Read by the parser's handlers, of which on_start() and on_end() stand before those of elements. */
static int read_to_end(htmlParserCtxtPtr ctxt, struct reading *reading)
{
    reading->start = ctxt->sax->startElement;
    reading->end = ctxt->sax->endElement;
    ctxt->sax->startElement = on_start;
    ctxt->sax->endElement = on_end;
    htmlParseDocument(ctxt);
    return ctxt->errNo == XML_ERR_NO_MEMORY ? -ENOMEM : 0;
}

int trawl_html_parse(const char *text, size_t len, xmlDocPtr *ret_doc)
{
    struct reading reading = {0};
    htmlParserCtxtPtr ctxt;
    xmlDocPtr doc;
    int r = create_parser(text, len, &reading, &ctxt);

    if (r < 0)
        return r;
    r = read_to_end(ctxt, &reading);
    doc = ctxt->myDoc;
    ctxt->myDoc = NULL;
    htmlFreeParserCtxt(ctxt);
    if (r == 0 && (!doc || !xmlDocGetRootElement(doc)))
        r = -ENODATA;
    if (r < 0)
        xmlFreeDoc(doc);
    else
        *ret_doc = doc;
    return r;
}

int trawl_html_read(const char *text, size_t len, const htmlSAXHandler *handler, void *user)
{
    struct reading reading = {.user = user};
    htmlParserCtxtPtr ctxt;
    int r = create_parser(text, len, &reading, &ctxt);

    if (r < 0)
        return r;
    *ctxt->sax = *handler;
    r = read_to_end(ctxt, &reading);
    htmlFreeParserCtxt(ctxt);
    return r;
}

void *trawl_html_reader(const void *parser)
{
    const xmlParserCtxt *ctxt = parser;
    const struct reading *reading = ctxt->_private;

    return reading->user;
}

json_t *trawl_html_markup(xmlNodePtr node)
{
    xmlBufferPtr buffer;
    json_t *json = NULL;

    if (node->type != XML_ELEMENT_NODE)
        return trawl_html_text(node);
    buffer = xmlBufferCreate();
    if (!buffer)
        return NULL;
    if (htmlNodeDump(buffer, node->doc, node) >= 0)
        json =
            json_stringn((const char *)xmlBufferContent(buffer), (size_t)xmlBufferLength(buffer));
    xmlBufferFree(buffer);
    return json;
}

xmlChar *trawl_html_attribute(xmlNodePtr node, const char *name)
{
    return node->type == XML_ELEMENT_NODE ? xmlGetProp(node, BAD_CAST name) : NULL;
}

const char *trawl_html_attribute_of(const xmlChar **attributes, const char *name)
{
    while (attributes && *attributes && strcmp((const char *)attributes[0], name) != 0)
        attributes += 2;
    if (!attributes || !*attributes)
        return NULL;
    if (attributes[1])
        return (const char *)attributes[1];
    return htmlIsBooleanAttr(attributes[0]) ? name : ""; /* <input checked> is checked="checked" */
}
