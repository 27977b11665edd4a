/* A parsed selector as XPath.
 *
 * The chain of compounds becomes a path, left to right: "ul > li" is descendant-or-self::ul/child::li. What stands in
 * :is() and :not() asks whether an element matches, so there a chain is turned round: ":not(ul > li)" asks
 * not(self::li and parent::*[self::ul]).
 */
#include "extract/css.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "extract/css_priv.h"
#include "util/alloc.h"
#include "util/buf.h"

/* No character of a selector becomes more than 32 of XPath, so this is never reached. */
#define XPATH_MAX ((size_t)64 * TRAWL_CSS_MAX)

/* A name that XPath takes as it is. */
static bool is_plain_name(const char *name)
{
    if (!isalpha((unsigned char)*name) && *name != '_')
        return false;
    for (; *name; name++)
        if (!isalnum((unsigned char)*name) && !strchr("_-.", *name))
            return false;
    return true;
}

/* XPath has no escapes in strings: one with both kinds of quotes is put together. */
static void put_literal(struct trawl_buf *out, const char *text)
{
    if (!strchr(text, '\'')) {
        trawl_buf_printf(out, "'%s'", text);
        return;
    }
    if (!strchr(text, '"')) {
        trawl_buf_printf(out, "\"%s\"", text);
        return;
    }
    trawl_buf_append_text(out, "concat(''");
    while (*text) {
        char quote = *text == '\'' ? '"' : '\'';
        size_t len = strcspn(text, quote == '"' ? "\"" : "'");
        trawl_buf_printf(out, ", %c%.*s%c", quote, (int)len, text, quote);
        text += len;
    }
    trawl_buf_append_char(out, ')');
}

static void put_attribute_name(struct trawl_buf *out, const char *name)
{
    if (is_plain_name(name)) {
        trawl_buf_printf(out, "@%s", name);
        return;
    }
    trawl_buf_append_text(out, "@*[name() = ");
    put_literal(out, name);
    trawl_buf_append_char(out, ']');
}

static void put_condition(struct trawl_buf *out, const struct css_simple *simple);

static void put_attribute(struct trawl_buf *out, const struct css_simple *simple)
{
    if (!simple->op) {
        put_attribute_name(out, simple->name);
        return;
    }
    if (simple->op == '=' && !simple->ignore_case) {
        put_attribute_name(out, simple->name);
        trawl_buf_append_text(out, " = ");
        put_literal(out, simple->value);
        return;
    }
    trawl_buf_append_text(out, "trawl-attribute(");
    put_literal(out, simple->name);
    trawl_buf_printf(out, ", '%c', ", simple->op);
    put_literal(out, simple->value);
    trawl_buf_printf(out, ", %d)", simple->ignore_case);
}

/* Does the element match this compound, and what stands before it? */
static void put_match(struct trawl_buf *out, const struct css_compound *compound)
{
    static const struct {
        char combinator;
        const char *axis;
    } back[] = {{' ', "ancestor::*"},
                {'>', "parent::*"},
                {'+', "preceding-sibling::*[1]"},
                {'~', "preceding-sibling::*"}};

    if (!compound->element) {
        trawl_buf_append_text(out, "self::*");
    } else if (is_plain_name(compound->element)) {
        trawl_buf_printf(out, "self::%s", compound->element);
    } else {
        trawl_buf_append_text(out, "name() = ");
        put_literal(out, compound->element);
    }
    for (const struct css_simple *simple = compound->simples; simple; simple = simple->next) {
        trawl_buf_append_text(out, " and ");
        put_condition(out, simple);
    }
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(back) && compound->before; i++) {
        if (back[i].combinator != compound->combinator)
            continue;
        trawl_buf_printf(out, " and %s[", back[i].axis);
        put_match(out, compound->before);
        trawl_buf_append_char(out, ']');
    }
}

static void put_matches(struct trawl_buf *out, const struct css_selector *list)
{
    for (const struct css_selector *selector = list; selector; selector = selector->next) {
        trawl_buf_append_text(out, selector == list ? "(" : " or (");
        put_match(out, selector->last);
        trawl_buf_append_char(out, ')');
    }
}

static void put_path(struct trawl_buf *out, const struct css_selector *selector,
                     const char *first_axis);

static void put_has(struct trawl_buf *out, const struct css_selector *list)
{
    for (const struct css_selector *selector = list; selector; selector = selector->next) {
        if (selector != list)
            trawl_buf_append_text(out, " or ");
        put_path(out, selector, "descendant::");
    }
}

static void put_condition(struct trawl_buf *out, const struct css_simple *simple)
{
    switch (simple->kind) {
    case CSS_CLASS:
        trawl_buf_append_text(out, "trawl-class(");
        put_literal(out, simple->name);
        trawl_buf_append_char(out, ')');
        break;
    case CSS_ID:
        trawl_buf_append_text(out, "@id = ");
        put_literal(out, simple->name);
        break;
    case CSS_ATTRIBUTE:
        put_attribute(out, simple);
        break;
    case CSS_ONLY:
        trawl_buf_printf(out, "trawl-nth(0, 1, 0, %d) and trawl-nth(0, 1, 1, %d)", simple->of_type,
                         simple->of_type);
        break;
    case CSS_NTH:
        trawl_buf_printf(out, "trawl-nth(%d, %d, %d, %d)", simple->step, simple->offset,
                         simple->from_end, simple->of_type);
        break;
    case CSS_ROOT:
        trawl_buf_append_text(out, "not(parent::*)");
        break;
    case CSS_EMPTY:
        trawl_buf_append_text(out, "not(* or text())");
        break;
    case CSS_SCOPE: /* a path that begins with it has said so by its axis; elsewhere the root is meant */
        trawl_buf_append_text(out, "not(parent::*)");
        break;
    case CSS_LINK:
        trawl_buf_append_text(out, "(@href and (self::a or self::area or self::link))");
        break;
    case CSS_CHECKED:
        trawl_buf_append_text(out, "((self::input and @checked and (trawl-attribute('type', '=', "
                                   "'checkbox', 1) or trawl-attribute('type', '=', 'radio', 1))) "
                                   "or (self::option and @selected))");
        break;
    case CSS_DISABLED:
    case CSS_ENABLED:
        trawl_buf_printf(out,
                         "((self::button or self::input or self::select or self::textarea or "
                         "self::option or self::optgroup or self::fieldset) and %s)",
                         simple->kind == CSS_DISABLED
                             ? "(@disabled or ancestor::fieldset[@disabled])"
                             : "not(@disabled or ancestor::fieldset[@disabled])");
        break;
    case CSS_LANG:
        trawl_buf_append_text(out, "trawl-lang(");
        put_literal(out, simple->name);
        trawl_buf_append_char(out, ')');
        break;
    case CSS_IS:
    case CSS_NOT:
        trawl_buf_append_text(out, simple->kind == CSS_NOT ? "not(" : "(");
        put_matches(out, simple->list);
        trawl_buf_append_char(out, ')');
        break;
    case CSS_HAS:
        trawl_buf_append_char(out, '(');
        put_has(out, simple->list);
        trawl_buf_append_char(out, ')');
        break;
    }
}

/* ":scope", which begins a path at the very element that it is evaluated at. */
static bool is_scope(const struct css_compound *compound)
{
    const struct css_simple *simple = compound->before ? NULL : compound->simples;

    while (simple && simple->kind != CSS_SCOPE)
        simple = simple->next;
    return simple;
}

static void put_step(struct trawl_buf *out, const struct css_compound *compound,
                     const char *first_axis)
{
    const char *axis = first_axis;

    switch (compound->combinator) {
    case ' ':
        axis = "descendant::";
        break;
    case '>':
        axis = "child::";
        break;
    case '+':
    case '~':
        axis = "following-sibling::";
        break;
    default:
        if (is_scope(compound))
            axis = "self::";
    }
    trawl_buf_append_text(out, axis);
    if (compound->combinator == '+' || !compound->element || !is_plain_name(compound->element))
        trawl_buf_append_char(out, '*');
    else
        trawl_buf_append_text(out, compound->element);
    if (compound->combinator == '+')
        trawl_buf_append_text(out, "[1]");
    if (!compound->element || (compound->combinator != '+' && is_plain_name(compound->element)))
        return;
    if (is_plain_name(compound->element)) {
        trawl_buf_printf(out, "[self::%s]", compound->element);
    } else {
        trawl_buf_append_text(out, "[name() = ");
        put_literal(out, compound->element);
        trawl_buf_append_char(out, ']');
    }
}

static void put_path(struct trawl_buf *out, const struct css_selector *selector,
                     const char *first_axis)
{
    for (const struct css_compound *compound = selector->first; compound;
         compound = compound->after) {
        if (compound != selector->first)
            trawl_buf_append_char(out, '/');
        put_step(out, compound, first_axis);
        for (const struct css_simple *simple = compound->simples; simple; simple = simple->next) {
            if (simple->kind == CSS_SCOPE && !compound->before && !compound->combinator)
                continue;
            trawl_buf_append_char(out, '[');
            put_condition(out, simple);
            trawl_buf_append_char(out, ']');
        }
    }
    if (selector->result == CSS_RESULT_TEXT) {
        trawl_buf_append_text(out, "/text()");
    } else if (selector->result == CSS_RESULT_ATTRIBUTE) {
        trawl_buf_append_char(out, '/');
        put_attribute_name(out, selector->attribute);
    }
}

char *trawl__css_xpath(const struct css_selector *list)
{
    struct trawl_buf out;

    trawl_buf_init(&out, XPATH_MAX);
    for (const struct css_selector *each = list; each; each = each->next) {
        if (each != list)
            trawl_buf_append_text(&out, " | ");
        put_path(&out, each, "descendant-or-self::");
    }
    return trawl_buf_steal(&out, NULL);
}

int trawl_css_to_xpath(const char *selector, char **ret_xpath, struct trawl_err *err)
{
    struct css_selector *list = NULL;
    struct css_pool pool = {0};
    int r = trawl__css_parse(&pool, selector, &list, err);

    if (r == 0)
        *ret_xpath = trawl__css_xpath(list);
    trawl__css_pool_finish(&pool);
    return r;
}
