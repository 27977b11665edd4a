/* Running a plan over a page. */
#include "extract/plan.h"

#include <errno.h>
#include <libxml/HTMLparser.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "extract/arena.h"
#include "extract/charset.h"
#include "extract/html.h"
#include "extract/plan_priv.h"
#include "util/alloc.h"
#include "util/buf.h"
#include "util/json.h"
#include "util/url.h"

/* Between the values of a key that is made of several fields. */
#define KEY_SEPARATOR "|"

/* Longest key that is built here; the host allows 2048 bytes. */
#define KEY_MAX 8192

void trawl_extract_init(void)
{
    trawl_arena_install();
    xmlInitParser();
}

size_t trawl_plan_skipped(const struct trawl_plan *plan)
{
    return plan->skipped;
}

static int no_memory(const struct plan_page *page)
{
    return trawl_err_set(page->err, -ENOMEM, "", "no memory for this page");
}

/* A URL made absolute; null if it cannot be. */
static json_t *resolved(const struct plan_page *page, json_t *value)
{
    const char *text = json_string_value(value);
    size_t len = json_string_length(value);
    char *url = NULL;
    json_t *result;

    if (!text)
        return value;
    trawl__plan_trim(&text, &len);
    if (len == 0 || trawl_url_resolve(page->base, text, len, &url) < 0)
        result = json_null();
    else
        result = json_string(url);
    free(url);
    json_decref(value);
    return result;
}

/* What the field takes of one node; JSON null where there is no such attribute. NULL: no memory. */
static json_t *node_value(const struct plan_page *page, const struct plan_field *field,
                          xmlNodePtr node)
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
    return value && field->url ? resolved(page, value) : value;
}

static json_t *nodes_value(const struct plan_page *page, const struct plan_field *field,
                           const xmlNodeSet *nodes)
{
    int count = nodes ? nodes->nodeNr : 0;
    json_t *list;

    if (!field->all)
        return count > 0 ? node_value(page, field, nodes->nodeTab[0]) : json_null();
    list = json_array();
    for (int i = 0; i < count; i++) {
        json_t *value = node_value(page, field, nodes->nodeTab[i]);
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
static json_t *found_value(const struct plan_page *page, const struct plan_field *field,
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
            value = resolved(page, value);
        break;
    default:
        return nodes_value(page, field, found->nodesetval);
    }
    return value && field->all ? json_pack("[o]", value) : value;
}

static int field_value(const struct plan_page *page, const struct plan_field *field,
                       xmlNodePtr node, json_t **ret_value)
{
    xmlXPathObjectPtr found = NULL;
    int r;

    r = trawl_selector_run(field->select, page->xpath, node, &found, page->err);
    if (r < 0)
        return trawl__plan_err_at(page->err, r, "fields.%s.select", field->name);
    *ret_value = found_value(page, field, found);
    xmlXPathFreeObject(found);
    return *ret_value ? 0 : no_memory(page);
}

/* The raw values of all fields below `node`; *ret_filled tells whether any was found. */
static int raw_item(const struct plan_page *page, xmlNodePtr node, json_t **ret_item,
                    bool *ret_filled)
{
    const struct trawl_plan *plan = page->plan;
    json_t *item = json_object();

    *ret_filled = false;
    for (size_t i = 0; i < plan->field_count; i++) {
        json_t *value = NULL;
        int r = field_value(page, &plan->fields[i], node, &value);
        if (r < 0) {
            json_decref(item);
            return r;
        }
        if (!json_is_null(value) && !(json_is_array(value) && json_array_size(value) == 0))
            *ret_filled = true;
        json_object_set_new(item, plan->fields[i].name, value);
    }
    *ret_item = item;
    return 0;
}

static int on_transformed(void *user, json_t *value)
{
    json_t **transformed = user;

    json_decref(*transformed);
    *transformed = json_incref(value);
    return 0;
}

/* Replace the values of the fields that have a jq program. */
static int transform(const struct plan_page *page, json_t *item)
{
    const struct trawl_plan *plan = page->plan;
    json_t *values = NULL;
    int r;

    if (!plan->transform)
        return 0;
    r = trawl_jq_run(plan->transform, item, on_transformed, &values, page->err);
    if (r < 0)
        trawl__plan_err_at(page->err, r, "fields");
    for (size_t i = 0; r == 0 && i < plan->field_count; i++) {
        char name[32];
        if (!plan->fields[i].jq)
            continue;
        snprintf(name, sizeof(name), "f%zu", i);
        json_object_set(item, plan->fields[i].name, json_object_get(values, name));
    }
    json_decref(values);
    return r;
}

/* Append one value of a key; -ENODATA if it is missing. */
static int put_key_value(struct trawl_buf *key, const json_t *value)
{
    TRAWL_AUTO_FREE char *text = NULL;

    if (!value || json_is_null(value) || (json_is_string(value) && json_string_length(value) == 0))
        return -ENODATA;
    if (json_is_string(value))
        return trawl_buf_append_text(key, json_string_value(value));
    text = trawl_json_text(value, TRAWL_JSON_SORTED);
    return trawl_buf_append_text(key, text);
}

static int put_key(const struct plan_page *page, const json_t *item, struct trawl_buf *key)
{
    const struct trawl_plan *plan = page->plan;
    int r = 0;

    if (plan->key_count == 0)
        return trawl_buf_append_text(key, page->response->url);
    for (size_t i = 0; r == 0 && i < plan->key_count; i++) {
        if (i > 0)
            r = trawl_buf_append_text(key, KEY_SEPARATOR);
        if (r == 0)
            r = put_key_value(key, json_object_get(item, plan->fields[plan->key[i]].name));
    }
    return r;
}

/* 1 if an item was emitted, 0 if there is nothing to emit, -ENODATA if it has no key. */
static int emit(const struct plan_page *page, xmlNodePtr node)
{
    json_auto_t *item = NULL;
    struct trawl_buf key;
    bool filled;
    int r;

    r = raw_item(page, node, &item, &filled);
    if (r < 0 || !filled)
        return r;
    r = transform(page, item);
    if (r < 0)
        return r;
    trawl_buf_init(&key, KEY_MAX);
    r = put_key(page, item, &key);
    if (r == -EFBIG)
        r = trawl_err_set(page->err, -EINVAL, "key", "a key is longer than %d bytes", KEY_MAX);
    if (r == 0)
        r = page->sink->item(page->sink->user, trawl_buf_text(&key), item);
    trawl_buf_finish(&key);
    return r < 0 ? r : 1;
}

static int emit_rows(const struct plan_page *page, const xmlNodeSet *rows)
{
    int emitted = 0;

    for (int i = 0; rows && i < rows->nodeNr; i++) {
        int r = emit(page, rows->nodeTab[i]);
        if (r == -ENODATA)
            page->plan->skipped++;
        else if (r < 0)
            return r;
        else
            emitted += r;
    }
    /* A row without a key may be a heading; a page of them means that the key's selector is wrong. */
    if (emitted == 0 && page->plan->skipped > 0)
        return trawl_err_set(page->err, -EINVAL, "key",
                             "none of the %zu rows of this page has a key", page->plan->skipped);
    return 0;
}

static int run_items(const struct plan_page *page)
{
    const struct trawl_plan *plan = page->plan;
    xmlXPathObjectPtr found = NULL;
    int r;

    if (plan->field_count == 0)
        return 0;
    if (!plan->rows) {
        r = emit(page, page->root);
        if (r == -ENODATA)
            page->plan->skipped++;
        return r == -ENODATA || r > 0 ? 0 : r;
    }
    r = trawl_selector_run(plan->rows, page->xpath, page->root, &found, page->err);
    if (r < 0)
        return trawl__plan_err_at(page->err, r, "rows");
    if (found->type == XPATH_NODESET)
        r = emit_rows(page, found->nodesetval);
    else
        r = trawl_err_set(page->err, -EINVAL, "rows", "this XPath gives a value, not elements");
    xmlXPathFreeObject(found);
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
static void find_base(struct plan_page *page)
{
    xmlNodePtr head = find_child(page->root, "head");
    xmlNodePtr base = head ? find_child(head, "base") : NULL;
    xmlChar *href = NULL;

    for (; base && !href; base = base->next)
        if (base->type == XML_ELEMENT_NODE && strcmp((const char *)base->name, "base") == 0)
            href = trawl_html_attribute(base, "href");
    if (href) {
        const char *text = (const char *)href;
        size_t len = strlen(text);
        trawl__plan_trim(&text, &len);
        if (trawl_url_resolve(page->response->url, text, len, &page->base) < 0)
            page->base = NULL;
    }
    xmlFree(href);
    if (!page->base)
        page->base = trawl_xstrdup(page->response->url);
}

static int run_over_tree(struct plan_page *page, xmlDocPtr doc)
{
    int r;

    page->root = xmlDocGetRootElement(doc);
    page->xpath = trawl_xpath_context_create(doc);
    if (!page->xpath)
        return no_memory(page);
    find_base(page);
    r = trawl__plan_links(page);
    if (r == 0)
        r = run_items(page);
    free(page->base);
    xmlXPathFreeContext(page->xpath);
    return r;
}

/* No header means that the server did not care; what is said to be an image or an archive is not looked at. */
static bool is_html(const char *content_type)
{
    static const char *const types[] = {"text/", "application/xhtml", "application/xml"};

    content_type += strspn(content_type, " \t");
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(types); i++)
        if (strncasecmp(content_type, types[i], strlen(types[i])) == 0)
            return true;
    return *content_type == '\0';
}

/* Parse, and run all rules over the tree. */
static int run_over_text(struct plan_page *page, const char *text, size_t len)
{
    bool in_arena = trawl_arena_begin();
    xmlDocPtr doc = NULL;
    int r = trawl_html_parse(text, len, &doc);

    if (r == 0)
        r = run_over_tree(page, doc);
    else if (r == -ENODATA)
        r = 0; /* an empty page has no items and no links */
    else
        r = no_memory(page);
    if (in_arena)
        trawl_arena_end(); /* and the tree is gone */
    else
        xmlFreeDoc(doc);
    return r;
}

int trawl_plan_run(struct trawl_plan *plan, const struct trawl_response *response,
                   const struct trawl_sink *sink, struct trawl_err *err)
{
    struct plan_page page = {.plan = plan, .response = response, .sink = sink, .err = err};
    const char *type = response->content_type ? response->content_type : "";
    TRAWL_AUTO_FREE char *text = NULL;
    size_t len;
    int r;

    plan->skipped = 0;
    if (!is_html(type))
        return 0;
    r = trawl_charset_to_utf8(response->body, response->body_len,
                              trawl_charset_detect(response->body, response->body_len, type), &text,
                              &len);
    return r < 0 ? no_memory(&page) : run_over_text(&page, text, len);
}
