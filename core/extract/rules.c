/* Rules to a plan. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "extract/arena.h"
#include "extract/plan_priv.h"
#include "extract/plan_select.h"
#include "trawl/rules.h"
#include "util/alloc.h"
#include "util/buf.h"
#include "util/json.h"

/* All programs of a plan together. */
#define TRANSFORM_MAX (60u << 10)

const struct trawl_option trawl_plan_table[] = {
    TRAWL_RULES_OPTIONS,
    {.type = TRAWL_OPTION_END},
};

int trawl__plan_err_at(struct trawl_err *err, int code, const char *format, ...)
{
    va_list args;

    if (err) {
        va_start(args, format);
        vsnprintf(err->where, sizeof(err->where), format, args);
        va_end(args);
    }
    return code;
}

/* A member of a rule; a rule that is a lone string is its selector. */
static const json_t *member(const json_t *rule, const char *name)
{
    if (json_is_string(rule))
        return strcmp(name, "select") == 0 ? rule : NULL;
    return json_object_get(rule, name);
}

static const char *text_member(const json_t *rule, const char *name)
{
    return json_string_value(member(rule, name));
}

/* Element `i` of a list; a lone element is a list of one. */
static size_t list_size(const json_t *list)
{
    if (json_is_array(list))
        return json_array_size(list);
    return list && !json_is_null(list) ? 1 : 0;
}

static const json_t *list_get(const json_t *list, size_t i)
{
    return json_is_array(list) ? json_array_get(list, i) : list;
}

static int compile_selector(const json_t *rule, struct trawl_selector **ret_selector,
                            struct trawl_err *err)
{
    const char *text = text_member(rule, "select");

    if (!text)
        return trawl_err_set(err, -EINVAL, "", "a selector is needed");
    return trawl_selector_compile(text, ret_selector, err);
}

static int compile_same(const json_t *rule, enum plan_same *ret_same, struct trawl_err *err)
{
    const char *text = text_member(rule, "same");

    if (!text || strcmp(text, "host") == 0)
        *ret_same = PLAN_SAME_HOST;
    else if (strcmp(text, "domain") == 0)
        *ret_same = PLAN_SAME_DOMAIN;
    else if (strcmp(text, "any") == 0)
        *ret_same = PLAN_SAME_ANY;
    else
        return trawl_err_set(err, -EINVAL, "", "expected host, domain or any, not '%s'", text);
    return 0;
}

static int compile_link(const json_t *rule, size_t index, struct plan_link *link,
                        struct trawl_err *err)
{
    const char *attr = text_member(rule, "attr");
    int r = compile_selector(rule, &link->select, err);

    if (r < 0)
        return trawl__plan_err_at(err, r, "follow[%zu].select", index);
    r = trawl_patterns_compile(member(rule, "allow"), &link->allow, err);
    if (r < 0)
        return trawl__plan_err_at(err, r, "follow[%zu].allow", index);
    r = trawl_patterns_compile(member(rule, "deny"), &link->deny, err);
    if (r < 0)
        return trawl__plan_err_at(err, r, "follow[%zu].deny", index);
    r = compile_same(rule, &link->same, err);
    if (r < 0)
        return trawl__plan_err_at(err, r, "follow[%zu].same", index);
    link->attr = trawl_xstrdup(attr ? attr : "href");
    link->depth = json_integer_value(member(rule, "depth"));
    return 0;
}

static int compile_links(struct trawl_plan *plan, const json_t *rules, struct trawl_err *err)
{
    const json_t *list = json_object_get(rules, "follow");
    size_t count = list_size(list);

    plan->links = trawl_xalloc((count + 1) * sizeof(*plan->links));
    for (size_t i = 0; i < count; i++) {
        int r;
        plan->link_count = i + 1;
        r = compile_link(list_get(list, i), i, &plan->links[i], err);
        if (r < 0)
            return r;
    }
    return 0;
}

static int compile_get(const json_t *rule, struct plan_field *field, struct trawl_err *err)
{
    const char *get = text_member(rule, "get");

    field->attr = trawl_xstrdup(text_member(rule, "attr"));
    field->get = field->attr ? PLAN_GET_ATTR : PLAN_GET_TEXT;
    if (!get)
        return 0;
    if (strcmp(get, "attr") == 0)
        return field->attr ? 0 : trawl_err_set(err, -EINVAL, "", "say which: attr is missing");
    if (strcmp(get, "text") != 0 && strcmp(get, "html") != 0)
        return trawl_err_set(err, -EINVAL, "", "expected text, html or attr, not '%s'", get);
    if (field->attr)
        return trawl_err_set(err, -EINVAL, "", "'%s' and an attribute cannot both be taken", get);
    field->get = strcmp(get, "html") == 0 ? PLAN_GET_HTML : PLAN_GET_TEXT;
    return 0;
}

static int compile_field(const json_t *rule, struct plan_field *field, struct trawl_err *err)
{
    int r = compile_selector(rule, &field->select, err);

    if (r < 0)
        return trawl__plan_err_at(err, r, "fields.%s.select", field->name);
    r = compile_get(rule, field, err);
    if (r < 0)
        return trawl__plan_err_at(err, r, "fields.%s.get", field->name);
    field->jq = trawl_xstrdup(text_member(rule, "jq"));
    field->all = json_is_true(member(rule, "all"));
    field->url = json_is_true(member(rule, "url"));
    if (field->url && field->get == PLAN_GET_HTML)
        return trawl__plan_err_at(err, trawl_err_set(err, -EINVAL, "", "HTML is no URL"),
                                  "fields.%s.url", field->name);
    return 0;
}

static int compile_fields(struct trawl_plan *plan, const json_t *rules, struct trawl_err *err)
{
    json_t *fields = json_object_get(rules, "fields");

    plan->fields = trawl_xalloc((json_object_size(fields) + 1) * sizeof(*plan->fields));
    for (void *it = json_object_iter(fields); it; it = json_object_iter_next(fields, it)) {
        struct plan_field *field = &plan->fields[plan->field_count++];
        int r;
        field->name = trawl_xstrdup(json_object_iter_key(it));
        r = compile_field(json_object_iter_value(it), field, err);
        if (r < 0)
            return r;
    }
    return 0;
}

static int compile_key(struct trawl_plan *plan, const json_t *rules, struct trawl_err *err)
{
    const json_t *list = json_object_get(rules, "key");
    size_t count = list_size(list);

    plan->key = trawl_xalloc((count + 1) * sizeof(*plan->key));
    for (size_t i = 0; i < count; i++) {
        const char *name = json_string_value(list_get(list, i));
        size_t at = 0;
        while (name && at < plan->field_count && strcmp(plan->fields[at].name, name) != 0)
            at++;
        if (!name || at == plan->field_count)
            return trawl_err_set(err, -EINVAL, "key", "there is no field '%s'", name ? name : "");
        plan->key[plan->key_count++] = at;
    }
    if (plan->rows && count == 0)
        return trawl_err_set(
            err, -EINVAL, "key",
            "a page with rows has many items, so say which fields tell them apart");
    return 0;
}

/* Who is to blame that the joined program does not compile? */
static int blame_field(const struct trawl_plan *plan, struct trawl_err *err)
{
    for (size_t i = 0; i < plan->field_count; i++) {
        struct trawl_jq *jq = NULL;
        int r;
        if (!plan->fields[i].jq)
            continue;
        r = trawl_jq_compile(plan->fields[i].jq, &jq, err);
        if (r < 0)
            return trawl__plan_err_at(err, r, "fields.%s.jq", plan->fields[i].name);
        trawl_jq_free(jq);
    }
    return trawl__plan_err_at(err, -EINVAL, "fields");
}

/* One program for all fields, as compiling one takes 18 ms: {"price": the first output of its program, or null, …}. */
static int compile_transform(struct trawl_plan *plan, struct trawl_err *err)
{
    struct trawl_buf program;
    bool any = false;
    int r;

    trawl_buf_init(&program, TRANSFORM_MAX);
    r = trawl_buf_append_char(&program, '{');
    for (size_t i = 0; i < plan->field_count && r == 0; i++) {
        json_t *name = json_string(plan->fields[i].name);
        TRAWL_AUTO_FREE char *quoted = trawl_json_text(name, TRAWL_JSON_COMPACT);
        json_decref(name);
        if (!plan->fields[i].jq)
            continue;
        r = trawl_buf_printf(&program,
                             "%s\n\"f%zu\": (try ([first(.[%s] | (%s\n))] | .[0]) "
                             "catch error(\"field \" + (%s | tojson) + \": \" + "
                             "(if type == \"string\" then . else tojson end)))",
                             any ? "," : "", i, quoted, plan->fields[i].jq, quoted);
        any = true;
    }
    if (r == 0)
        r = trawl_buf_append_char(&program, '}');
    if (r < 0)
        r = trawl_err_set(err, -EINVAL, "fields", "the jq programs are too long together");
    else if (any && trawl_jq_compile(trawl_buf_text(&program), &plan->transform, err) < 0)
        r = blame_field(plan, err);
    trawl_buf_finish(&program);
    return r;
}

static int compile_into(struct trawl_plan *plan, const json_t *rules, struct trawl_err *err)
{
    const char *rows = json_string_value(json_object_get(rules, "rows"));
    int r = compile_links(plan, rules, err);

    if (r < 0)
        return r;
    if (rows) {
        r = trawl_selector_compile(rows, &plan->rows, err);
        if (r < 0)
            return trawl__plan_err_at(err, r, "rows");
    }
    r = compile_fields(plan, rules, err);
    if (r < 0)
        return r;
    if (rows && plan->field_count == 0)
        return trawl_err_set(err, -EINVAL, "fields", "rows without fields give nothing");
    if (plan->field_count == 0 && plan->link_count == 0)
        return trawl_err_set(err, -EINVAL, "fields",
                             "neither fields nor links to follow: there is nothing to do");
    r = compile_key(plan, rules, err);
    if (r < 0)
        return r;
    plan->select = trawl__select_compile(plan);
    return compile_transform(plan, err);
}

int trawl_plan_compile(const json_t *rules, struct trawl_plan **ret_plan, struct trawl_err *err)
{
    struct trawl_plan *plan = TRAWL_NEW(struct trawl_plan);
    bool paused = trawl_arena_pause(); /* a sink may compile a plan while another runs */
    int r = compile_into(plan, rules, err);

    trawl_arena_resume(paused);
    if (r < 0) {
        trawl_plan_free(plan);
        return r;
    }
    *ret_plan = plan;
    return 0;
}

void trawl_plan_free(struct trawl_plan *plan)
{
    if (!plan)
        return;
    for (size_t i = 0; i < plan->link_count; i++) {
        trawl_selector_free(plan->links[i].select);
        trawl_patterns_free(plan->links[i].allow);
        trawl_patterns_free(plan->links[i].deny);
        free(plan->links[i].attr);
    }
    for (size_t i = 0; i < plan->field_count; i++) {
        trawl_selector_free(plan->fields[i].select);
        free(plan->fields[i].name);
        free(plan->fields[i].attr);
        free(plan->fields[i].jq);
    }
    trawl_selector_free(plan->rows);
    trawl_jq_free(plan->transform);
    trawl__select_free(plan->select);
    free(plan->links);
    free(plan->fields);
    free(plan->key);
    free(plan);
}
