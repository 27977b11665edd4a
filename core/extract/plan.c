/* Running a plan over a page. */
#include "extract/plan.h"

#include <errno.h>
#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "extract/arena.h"
#include "extract/charset.h"
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

int trawl__plan_no_memory(const struct plan_page *page)
{
    return trawl_err_set(page->err, -ENOMEM, "", "no memory for this page");
}

void trawl__plan_set_base(struct plan_page *page, const char *href)
{
    if (href) {
        size_t len = strlen(href);
        trawl__plan_trim(&href, &len);
        if (trawl_url_resolve(page->response->url, href, len, &page->base) < 0)
            page->base = NULL;
    }
    if (!page->base)
        page->base = trawl_xstrdup(page->response->url);
}

/* A URL made absolute; null if it cannot be. */
json_t *trawl__plan_resolved(const struct plan_page *page, json_t *value)
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

/* -ENODATA if it has no key. */
static int emit(const struct plan_page *page, json_t *item)
{
    struct trawl_buf key;
    int r = transform(page, item);

    if (r < 0)
        return r;
    trawl_buf_init(&key, KEY_MAX);
    r = put_key(page, item, &key);
    if (r == -EFBIG)
        r = trawl_err_set(page->err, -EINVAL, "key", "a key is longer than %d bytes", KEY_MAX);
    if (r == 0)
        r = page->sink->item(page->sink->user, trawl_buf_text(&key), item);
    trawl_buf_finish(&key);
    return r < 0 ? r : 0;
}

/* Was any field found? */
static bool is_filled(const struct plan_page *page, const json_t *item)
{
    for (size_t i = 0; i < page->plan->field_count; i++) {
        const json_t *value = json_object_get(item, page->plan->fields[i].name);
        if (!json_is_null(value) && !(json_is_array(value) && json_array_size(value) == 0))
            return true;
    }
    return false;
}

int trawl__plan_emit(struct plan_page *page, json_t *item)
{
    bool filled = is_filled(page, item);
    int r = filled ? emit(page, item) : 0;

    json_decref(item);
    if (r == -ENODATA)
        page->plan->skipped++;
    else if (r == 0 && filled)
        page->emitted++;
    return r == -ENODATA ? 0 : r;
}

/* A row without a key may be a heading; a page of them means that the key's selector is wrong. */
static int check_rows(const struct plan_page *page)
{
    if (!page->plan->rows || page->emitted > 0 || page->plan->skipped == 0)
        return 0;
    return trawl_err_set(page->err, -EINVAL, "key", "none of the %zu rows of this page has a key",
                         page->plan->skipped);
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

static int run(struct plan_page *page, const char *text, size_t len)
{
    int r;

    page->in_arena = trawl_arena_begin();
    r = page->plan->select ? trawl__plan_run_sax(page, text, len)
                           : trawl__plan_run_tree(page, text, len);
    if (page->in_arena)
        trawl_arena_end();
    free(page->base);
    return r == 0 ? check_rows(page) : r;
}

int trawl_plan_run(struct trawl_plan *plan, const struct trawl_response *response,
                   const struct trawl_sink *sink, struct trawl_err *err)
{
    struct plan_page page = {.plan = plan, .response = response, .sink = sink, .err = err};
    const char *type = response->content_type ? response->content_type : "";
    TRAWL_AUTO_FREE char *decoded = NULL;
    const char *encoding;
    const char *text;
    size_t len;

    plan->skipped = 0;
    if (!is_html(type))
        return 0;
    encoding = trawl_charset_detect(response->body, response->body_len, type);
    text = trawl_charset_borrow(response->body, response->body_len, encoding, &len);
    if (!text) {
        if (trawl_charset_to_utf8(response->body, response->body_len, encoding, &decoded, &len) < 0)
            return trawl__plan_no_memory(&page);
        text = decoded;
    }
    return run(&page, text, len);
}
