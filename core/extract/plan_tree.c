/* A plan over the tree of a page: what any selector can say. */
#include <errno.h>
#include <string.h>

#include "extract/html.h"
#include "extract/plan_priv.h"

/* A page as a tree. */
struct tree {
    struct plan_page *page;
    xmlXPathContextPtr xpath;
    xmlNodePtr root;
};

/* What the field takes of one node; JSON null where there is no such attribute. NULL: no memory. */
static json_t *node_value(const struct tree *tree, const struct plan_field *field, xmlNodePtr node)
{
    json_t *value;

    if (field->get == PLAN_GET_ATTR && node->type == XML_ELEMENT_NODE) {
        xmlChar *attr = trawl_html_attribute(node, field->attr);
        value = attr ? json_string((const char *)attr) : json_null();
        xmlFree(attr);
    } else if (field->get == PLAN_GET_HTML) {
        value = trawl_html_markup(node);
    } else {
        value = trawl_html_text(node);
    }
    return value && field->url ? trawl__plan_resolved(tree->page, value) : value;
}

static json_t *nodes_value(const struct tree *tree, const struct plan_field *field,
                           const xmlNodeSet *nodes)
{
    int count = nodes ? nodes->nodeNr : 0;
    json_t *list;

    if (!field->all)
        return count > 0 ? node_value(tree, field, nodes->nodeTab[0]) : json_null();
    list = json_array();
    for (int i = 0; i < count; i++) {
        json_t *value = node_value(tree, field, nodes->nodeTab[i]);
        if (!value) {
            json_decref(list);
            return NULL;
        }
        if (json_is_null(value))
            json_decref(value);
        else
            json_array_append_new(list, value);
    }
    return list;
}

/* An XPath that computes something ("count(//li)") gives that. */
static json_t *found_value(const struct tree *tree, const struct plan_field *field,
                           const xmlXPathObject *found)
{
    json_t *value;

    switch (found->type) {
    case XPATH_BOOLEAN:
        value = json_boolean(found->boolval);
        break;
    case XPATH_NUMBER: {
        double number = found->floatval;
        if (xmlXPathIsNaN(number) || xmlXPathIsInf(number))
            value = json_null();
        else if (number > -9e15 && number < 9e15 && number == (double)(json_int_t)number)
            value = json_integer((json_int_t)number);
        else
            value = json_real(number);
        break;
    }
    case XPATH_STRING:
        value = json_string((const char *)found->stringval);
        if (value && field->url)
            value = trawl__plan_resolved(tree->page, value);
        break;
    default:
        return nodes_value(tree, field, found->nodesetval);
    }
    return value && field->all ? json_pack("[o]", value) : value;
}

static int field_value(const struct tree *tree, const struct plan_field *field, xmlNodePtr node,
                       json_t **ret_value)
{
    xmlXPathObjectPtr found = NULL;
    int r;

    r = trawl_selector_run(field->select, tree->xpath, node, &found, tree->page->err);
    if (r < 0)
        return trawl__plan_err_at(tree->page->err, r, "fields.%s.select", field->name);
    *ret_value = found_value(tree, field, found);
    xmlXPathFreeObject(found);
    return *ret_value ? 0 : trawl__plan_no_memory(tree->page);
}

/* The item that begins at `node`: the page's root or a row. */
static int emit(const struct tree *tree, xmlNodePtr node)
{
    const struct trawl_plan *plan = tree->page->plan;
    json_t *item = json_object();

    for (size_t i = 0; i < plan->field_count; i++) {
        json_t *value = NULL;
        int r = field_value(tree, &plan->fields[i], node, &value);
        if (r < 0) {
            json_decref(item);
            return r;
        }
        json_object_set_new(item, plan->fields[i].name, value);
    }
    return trawl__plan_emit(tree->page, item);
}

static int run_items(const struct tree *tree)
{
    const struct trawl_plan *plan = tree->page->plan;
    xmlXPathObjectPtr found = NULL;
    int r;

    if (plan->field_count == 0)
        return 0;
    if (!plan->rows)
        return emit(tree, tree->root);
    r = trawl_selector_run(plan->rows, tree->xpath, tree->root, &found, tree->page->err);
    if (r < 0)
        return trawl__plan_err_at(tree->page->err, r, "rows");
    if (found->type != XPATH_NODESET)
        r = trawl_err_set(tree->page->err, -EINVAL, "rows",
                          "this XPath gives a value, not elements");
    for (int i = 0; r == 0 && found->nodesetval && i < found->nodesetval->nodeNr; i++)
        r = emit(tree, found->nodesetval->nodeTab[i]);
    xmlXPathFreeObject(found);
    return r;
}

static int follow_node(struct plan_follower *follower, const struct plan_link *link,
                       xmlNodePtr node)
{
    xmlChar *value = node->type == XML_ELEMENT_NODE ? trawl_html_attribute(node, link->attr)
                                                    : xmlNodeGetContent(node);
    int r = 0;

    if (value)
        r = trawl__follower_add(follower, (const char *)value, strlen((const char *)value));
    xmlFree(value);
    return r;
}

static int follow_rule(const struct tree *tree, struct plan_follower *follower, size_t index)
{
    const struct plan_link *link = &tree->page->plan->links[index];
    xmlXPathObjectPtr found = NULL;
    int r;

    if (!trawl__follower_begin(follower, link))
        return 0;
    r = trawl_selector_run(link->select, tree->xpath, tree->root, &found, tree->page->err);
    if (r < 0)
        return trawl__plan_err_at(tree->page->err, r, "follow[%zu].select", index);
    if (found->type == XPATH_STRING)
        r = trawl__follower_add(follower, (const char *)found->stringval,
                                strlen((const char *)found->stringval));
    for (int i = 0; r == 0 && found->nodesetval && i < found->nodesetval->nodeNr; i++)
        r = follow_node(follower, link, found->nodesetval->nodeTab[i]);
    xmlXPathFreeObject(found);
    return r;
}

static int run_links(const struct tree *tree)
{
    struct plan_follower *follower = trawl__follower_create(tree->page);
    int r = 0;

    for (size_t i = 0; r == 0 && i < tree->page->plan->link_count; i++)
        r = follow_rule(tree, follower, i);
    trawl__follower_destroy(follower);
    return r;
}

static xmlNodePtr find_child(xmlNodePtr node, const char *name)
{
    xmlNodePtr child = node->children;

    while (child &&
           !(child->type == XML_ELEMENT_NODE && strcmp((const char *)child->name, name) == 0))
        child = child->next;
    return child;
}

/* The first <base href> of the head moves all relative URLs. */
static void find_base(const struct tree *tree)
{
    xmlNodePtr head = find_child(tree->root, "head");
    xmlNodePtr base = head ? find_child(head, "base") : NULL;
    xmlChar *href = NULL;

    for (; base && !href; base = base->next)
        if (base->type == XML_ELEMENT_NODE && strcmp((const char *)base->name, "base") == 0)
            href = trawl_html_attribute(base, "href");
    trawl__plan_set_base(tree->page, (const char *)href);
    xmlFree(href);
}

static int run_over(struct plan_page *page, xmlDocPtr doc)
{
    struct tree tree = {page, trawl_xpath_context_create(doc), xmlDocGetRootElement(doc)};
    int r;

    if (!tree.xpath)
        return trawl__plan_no_memory(page);
    find_base(&tree);
    r = run_links(&tree);
    if (r == 0)
        r = run_items(&tree);
    xmlXPathFreeContext(tree.xpath);
    return r;
}

int trawl__plan_run_tree(struct plan_page *page, const char *text, size_t len)
{
    xmlDocPtr doc = NULL;
    int r = trawl_html_parse(text, len, &doc);

    if (r == -ENODATA)
        return 0; /* an empty page has no items and no links */
    if (r < 0)
        return trawl__plan_no_memory(page);
    r = run_over(page, doc);
    if (!page->in_arena) /* where the tree goes as a whole */
        xmlFreeDoc(doc);
    return r;
}
