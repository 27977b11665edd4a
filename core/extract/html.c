#include "extract/html.h"

#include <errno.h>
#include <libxml/HTMLparser.h>
#include <libxml/HTMLtree.h>
#include <libxml/SAX2.h>
#include <libxml/parserInternals.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The parser's user data: libxml2's handlers want the parser context, so what is ours hangs on its _private. */
struct nesting {
    size_t
        skipped; /* open elements that are too deep to be in the tree; always the innermost ones */
};

static void on_start(void *user, const xmlChar *name, const xmlChar **attributes)
{
    htmlParserCtxtPtr ctxt = user;
    struct nesting *nesting = ctxt->_private;

    if (ctxt->nameNr > TRAWL_HTML_OPEN_MAX) {
        xmlStopParser(ctxt);
        return;
    }
    if (nesting->skipped > 0 || ctxt->nodeNr >= TRAWL_HTML_DEPTH_MAX) {
        nesting->skipped++;
        return;
    }
    xmlSAX2StartElement(user, name, attributes);
}

static void on_end(void *user, const xmlChar *name)
{
    htmlParserCtxtPtr ctxt = user;
    struct nesting *nesting = ctxt->_private;

    if (nesting->skipped > 0)
        nesting->skipped--;
    else
        xmlSAX2EndElement(user, name);
}

int trawl_html_parse(const char *text, size_t len, xmlDocPtr *ret_doc)
{
    struct nesting nesting = {0};
    htmlParserCtxtPtr ctxt;
    htmlSAXHandler handler;
    xmlDocPtr doc;
    bool no_memory;

    if (len == 0)
        return -ENODATA;
    if (len > INT_MAX)
        return -ENOMEM;
    ctxt = htmlCreateMemoryParserCtxt(text, (int)len);
    if (!ctxt)
        return -ENOMEM;
    handler = *ctxt->sax;
    handler.startElement = on_start;
    handler.endElement = on_end;
    *ctxt->sax = handler;
    ctxt->_private = &nesting;
    htmlCtxtUseOptions(ctxt, HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
                                 HTML_PARSE_NONET | HTML_PARSE_COMPACT | HTML_PARSE_IGNORE_ENC);
    /* Text nodes above 10 MB are allowed; depth, the other thing that this lifts, is bounded by on_start(). */
    ctxt->options |= XML_PARSE_HUGE;
    ctxt->charset = XML_CHAR_ENCODING_UTF8;
    htmlParseDocument(ctxt);
    doc = ctxt->myDoc;
    no_memory = ctxt->errNo == XML_ERR_NO_MEMORY;
    ctxt->myDoc = NULL;
    htmlFreeParserCtxt(ctxt);
    if (no_memory || !doc || !xmlDocGetRootElement(doc)) {
        xmlFreeDoc(doc);
        return no_memory ? -ENOMEM : -ENODATA;
    }
    *ret_doc = doc;
    return 0;
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
