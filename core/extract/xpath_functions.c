/* The XPath functions that CSS selectors are translated to. They look at the tree directly: in plain XPath a class takes
 * three copies of the attribute, and :nth-of-type cannot be said at all. */
#include <libxml/tree.h>
#include <libxml/xpathInternals.h>
#include <stdbool.h>

#include "extract/match.h"
#include "extract/xpath.h"
#include "util/alloc.h"

static xmlNodePtr this_element(xmlXPathParserContextPtr ctxt)
{
    xmlNodePtr node = ctxt->context->node;

    return node && node->type == XML_ELEMENT_NODE ? node : NULL;
}

/* An attribute's value without a copy, which it allows unless it was built in pieces; *ret_copy is then to be freed. */
static const char *attribute_value(xmlNodePtr node, const xmlChar *name, xmlChar **ret_copy)
{
    *ret_copy = NULL;
    for (xmlAttrPtr attr = node->properties; attr; attr = attr->next) {
        if (!xmlStrEqual(attr->name, name))
            continue;
        if (!attr->children)
            return "";
        if (!attr->children->next && attr->children->type == XML_TEXT_NODE)
            return (const char *)attr->children->content;
        *ret_copy = xmlNodeListGetString(node->doc, attr->children, 1);
        return *ret_copy ? (const char *)*ret_copy : "";
    }
    return NULL;
}

static bool element_attribute_matches(xmlNodePtr node, const xmlChar *name, char op,
                                      const xmlChar *value, bool ignore_case)
{
    xmlChar *copy;
    const char *text = node ? attribute_value(node, name, &copy) : NULL;
    bool matches;

    if (!text)
        return false;
    matches = trawl__match_attribute(text, op, (const char *)value, ignore_case);
    if (copy)
        xmlFree(copy);
    return matches;
}

/* trawl-class(name) */
static void function_class(xmlXPathParserContextPtr ctxt, int nargs)
{
    xmlChar *name;

    CHECK_ARITY(1);
    name = xmlXPathPopString(ctxt);
    CHECK_ERROR;
    xmlXPathReturnBoolean(
        ctxt, element_attribute_matches(this_element(ctxt), BAD_CAST "class", '~', name, false));
    xmlFree(name);
}

/* trawl-attribute(name, operator, value, ignore case) */
static void function_attribute(xmlXPathParserContextPtr ctxt, int nargs)
{
    xmlChar *name, *op, *value;
    bool ignore_case;

    CHECK_ARITY(4);
    ignore_case = xmlXPathPopNumber(ctxt) != 0;
    value = xmlXPathPopString(ctxt);
    op = xmlXPathPopString(ctxt);
    name = xmlXPathPopString(ctxt);
    if (!xmlXPathCheckError(ctxt) && name && op && value)
        xmlXPathReturnBoolean(ctxt, element_attribute_matches(this_element(ctxt), name, (char)op[0],
                                                              value, ignore_case));
    xmlFree(name);
    xmlFree(op);
    xmlFree(value);
}

static long place_among_siblings(xmlNodePtr node, bool from_end, bool of_type)
{
    long place = 1;

    for (xmlNodePtr at = from_end ? node->next : node->prev; at;
         at = from_end ? at->next : at->prev)
        if (at->type == XML_ELEMENT_NODE && (!of_type || xmlStrEqual(at->name, node->name)))
            place++;
    return place;
}

/* trawl-nth(step, offset, from the end, of this type) */
static void function_nth(xmlXPathParserContextPtr ctxt, int nargs)
{
    xmlNodePtr node = this_element(ctxt);
    bool from_end, of_type;
    long step, offset;

    CHECK_ARITY(4);
    of_type = xmlXPathPopNumber(ctxt) != 0;
    from_end = xmlXPathPopNumber(ctxt) != 0;
    offset = (long)xmlXPathPopNumber(ctxt);
    step = (long)xmlXPathPopNumber(ctxt);
    CHECK_ERROR;
    xmlXPathReturnBoolean(
        ctxt,
        node && trawl__match_nth(place_among_siblings(node, from_end, of_type), step, offset));
}

/* trawl-lang(tag): the nearest lang attribute upwards is the tag or begins with it and "-". */
static void function_lang(xmlXPathParserContextPtr ctxt, int nargs)
{
    xmlChar *tag;
    bool matches = false;

    CHECK_ARITY(1);
    tag = xmlXPathPopString(ctxt);
    CHECK_ERROR;
    for (xmlNodePtr node = this_element(ctxt); node && node->type == XML_ELEMENT_NODE;
         node = node->parent) {
        if (!xmlHasProp(node, BAD_CAST "lang"))
            continue;
        matches = *tag && element_attribute_matches(node, BAD_CAST "lang", '|', tag, true);
        break;
    }
    xmlXPathReturnBoolean(ctxt, matches);
    xmlFree(tag);
}

void trawl__xpath_register(xmlXPathContextPtr context)
{
    xmlXPathRegisterFunc(context, BAD_CAST "trawl-class", function_class);
    xmlXPathRegisterFunc(context, BAD_CAST "trawl-attribute", function_attribute);
    xmlXPathRegisterFunc(context, BAD_CAST "trawl-nth", function_nth);
    xmlXPathRegisterFunc(context, BAD_CAST "trawl-lang", function_lang);
}
