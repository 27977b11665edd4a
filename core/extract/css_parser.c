/* Selectors, levels 3 and 4 (W3C selectors-4, section 17), to a list of chains of compounds. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "extract/css.h"
#include "extract/css_priv.h"
#include "extract/utf8.h"
#include "util/alloc.h"
#include "util/suggest.h"

struct parser {
    struct css_lexer lexer;
    struct css_token token; /* the one that is looked at */
    int depth;
};

/* Where a list stands: at the top, or as the argument of a pseudo-class. */
enum place {
    PLACE_TOP,
    PLACE_ARGUMENT,
    PLACE_RELATIVE, /* of :has() */
};

static int parse_list(struct parser *parser, enum place place, struct css_selector **ret_list);

static int advance(struct parser *parser)
{
    return trawl__css_next(&parser->lexer, &parser->token);
}

static int skip_space(struct parser *parser)
{
    return parser->token.kind == CSS_TOKEN_SPACE ? advance(parser) : 0;
}

static bool at_delim(const struct parser *parser, char delim)
{
    return parser->token.kind == CSS_TOKEN_DELIM && parser->token.delim == delim;
}

/* "expected WHAT, found …" at the token that is looked at. */
static int unexpected(struct parser *parser, const char *what)
{
    const struct css_token *token = &parser->token;

    if (token->kind == CSS_TOKEN_END)
        return trawl__css_error(&parser->lexer, token->start, "expected %s, but it ends here",
                                what);
    return trawl__css_error(&parser->lexer, token->start, "expected %s, not '%.*s'", what,
                            (int)(token->end - token->start), parser->lexer.text + token->start);
}

static void lower(char *text)
{
    for (; *text; text++)
        *text = (char)tolower((unsigned char)*text);
}

static int parse_attribute_value(struct parser *parser, struct css_simple *simple)
{
    int r = skip_space(parser);

    if (r < 0)
        return r;
    if (parser->token.kind != CSS_TOKEN_IDENT && parser->token.kind != CSS_TOKEN_STRING)
        return unexpected(parser, "a string or a name");
    simple->value = parser->token.text;
    r = advance(parser);
    if (r == 0)
        r = skip_space(parser);
    if (r < 0 || parser->token.kind != CSS_TOKEN_IDENT)
        return r;
    if (strcasecmp(parser->token.text, "i") != 0 && strcasecmp(parser->token.text, "s") != 0)
        return unexpected(parser, "']', 'i' or 's'");
    simple->ignore_case = tolower((unsigned char)parser->token.text[0]) == 'i';
    r = advance(parser);
    return r < 0 ? r : skip_space(parser);
}

static int parse_attribute_operator(struct parser *parser, struct css_simple *simple)
{
    if (parser->token.kind == CSS_TOKEN_DELIM && parser->token.delim &&
        strchr("~|^$*", parser->token.delim)) {
        int r;
        simple->op = parser->token.delim;
        r = advance(parser);
        if (r < 0)
            return r;
        if (!at_delim(parser, '='))
            return simple->op == '|' ? trawl__css_error(&parser->lexer, parser->token.start,
                                                        "namespaces mean nothing in HTML")
                                     : unexpected(parser, "'='");
    } else if (at_delim(parser, '=')) {
        simple->op = '=';
    } else {
        return unexpected(parser, "']' or an operator such as '='");
    }
    return advance(parser);
}

/* After "[". */
static int parse_attribute(struct parser *parser, struct css_simple *simple)
{
    int r = advance(parser);

    if (r == 0)
        r = skip_space(parser);
    if (r < 0)
        return r;
    if (parser->token.kind != CSS_TOKEN_IDENT)
        return unexpected(parser, "the name of an attribute");
    simple->kind = CSS_ATTRIBUTE;
    simple->name = parser->token.text;
    lower(simple->name);
    r = advance(parser);
    if (r == 0)
        r = skip_space(parser);
    if (r < 0)
        return r;
    if (!at_delim(parser, ']')) {
        r = parse_attribute_operator(parser, simple);
        if (r == 0)
            r = parse_attribute_value(parser, simple);
        if (r < 0)
            return r;
    }
    if (!at_delim(parser, ']'))
        return unexpected(parser, "']'");
    return advance(parser);
}

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t\r\n\f");
}

/* A number of digits at *at, or -1; never more than a page can hold elements. */
static int take_digits(const char **at)
{
    int value = -1;

    while (isdigit((unsigned char)**at)) {
        value = value < 0 ? 0 : value;
        if (value < 10000000)
            value = value * 10 + (**at - '0');
        (*at)++;
    }
    return value;
}

/* "odd", "even", "3", "2n", "-n + 3", …; false if it is none of them. */
static bool parse_nth_text(const char *text, struct css_simple *simple)
{
    const char *at = skip_blanks(text);
    int sign = 1;
    int number;

    if (strncasecmp(at, "odd", 3) == 0 || strncasecmp(at, "even", 4) == 0) {
        bool odd = tolower((unsigned char)*at) == 'o';
        simple->step = 2;
        simple->offset = odd;
        return *skip_blanks(at + (odd ? 3 : 4)) == '\0';
    }
    if (*at == '+' || *at == '-')
        sign = *at++ == '-' ? -1 : 1;
    number = take_digits(&at);
    if (tolower((unsigned char)*at) != 'n') {
        simple->offset = sign * number;
        return number >= 0 && *skip_blanks(at) == '\0';
    }
    simple->step = sign * (number < 0 ? 1 : number);
    at = skip_blanks(at + 1);
    if (*at == '+' || *at == '-') {
        sign = *at == '-' ? -1 : 1;
        at = skip_blanks(at + 1);
        number = take_digits(&at);
        if (number < 0)
            return false;
        simple->offset = sign * number;
    }
    return *skip_blanks(at) == '\0';
}

/* The argument of :nth-…(); the token that is looked at is the function. */
static int parse_nth(struct parser *parser, struct css_simple *simple)
{
    size_t start = parser->lexer.at;
    size_t len = strcspn(parser->lexer.text + start, ")");
    char *text = trawl__css_alloc(parser->lexer.pool, len + 1);

    if (!parser->lexer.text[start + len])
        return trawl__css_error(&parser->lexer, start + len, "expected ')', but it ends here");
    memcpy(text, parser->lexer.text + start, len);
    if (!parse_nth_text(text, simple))
        return trawl__css_error(&parser->lexer, start,
                                "expected a number, 'odd', 'even' or a form like '2n + 1', "
                                "not '%s'",
                                text);
    parser->lexer.at = start + len + 1;
    return advance(parser);
}

static int parse_lang(struct parser *parser, struct css_simple *simple)
{
    int r = advance(parser);

    if (r == 0)
        r = skip_space(parser);
    if (r < 0)
        return r;
    if (parser->token.kind != CSS_TOKEN_IDENT && parser->token.kind != CSS_TOKEN_STRING)
        return unexpected(parser, "a language such as 'en'");
    simple->name = parser->token.text;
    r = advance(parser);
    if (r == 0)
        r = skip_space(parser);
    if (r < 0)
        return r;
    if (!at_delim(parser, ')'))
        return unexpected(parser, "')'");
    return advance(parser);
}

static int parse_argument_list(struct parser *parser, struct css_simple *simple)
{
    size_t start = parser->token.start;
    int r;

    if (++parser->depth > TRAWL_CSS_DEPTH_MAX)
        return trawl__css_error(&parser->lexer, start, "nested more than %d deep",
                                TRAWL_CSS_DEPTH_MAX);
    r = advance(parser);
    if (r == 0)
        r = parse_list(parser, simple->kind == CSS_HAS ? PLACE_RELATIVE : PLACE_ARGUMENT,
                       &simple->list);
    if (r < 0)
        return r;
    parser->depth--;
    if (!at_delim(parser, ')'))
        return unexpected(parser, "')'");
    return advance(parser);
}

static const struct pseudo_class {
    const char *name;
    enum css_simple_kind kind;
    enum { ARGUMENT_NONE, ARGUMENT_NTH, ARGUMENT_LIST, ARGUMENT_LANG } argument;
    bool from_end;
    bool of_type;
} pseudo_classes[] = {
    {"first-child", CSS_NTH, ARGUMENT_NONE, false, false},
    {"last-child", CSS_NTH, ARGUMENT_NONE, true, false},
    {"first-of-type", CSS_NTH, ARGUMENT_NONE, false, true},
    {"last-of-type", CSS_NTH, ARGUMENT_NONE, true, true},
    {"only-child", CSS_ONLY, ARGUMENT_NONE, false, false},
    {"only-of-type", CSS_ONLY, ARGUMENT_NONE, false, true},
    {"root", CSS_ROOT, ARGUMENT_NONE, false, false},
    {"empty", CSS_EMPTY, ARGUMENT_NONE, false, false},
    {"scope", CSS_SCOPE, ARGUMENT_NONE, false, false},
    {"link", CSS_LINK, ARGUMENT_NONE, false, false},
    {"any-link", CSS_LINK, ARGUMENT_NONE, false, false},
    {"checked", CSS_CHECKED, ARGUMENT_NONE, false, false},
    {"disabled", CSS_DISABLED, ARGUMENT_NONE, false, false},
    {"enabled", CSS_ENABLED, ARGUMENT_NONE, false, false},
    {"nth-child", CSS_NTH, ARGUMENT_NTH, false, false},
    {"nth-last-child", CSS_NTH, ARGUMENT_NTH, true, false},
    {"nth-of-type", CSS_NTH, ARGUMENT_NTH, false, true},
    {"nth-last-of-type", CSS_NTH, ARGUMENT_NTH, true, true},
    {"lang", CSS_LANG, ARGUMENT_LANG, false, false},
    {"is", CSS_IS, ARGUMENT_LIST, false, false},
    {"where", CSS_IS, ARGUMENT_LIST, false, false},
    {"matches", CSS_IS, ARGUMENT_LIST, false, false},
    {"not", CSS_NOT, ARGUMENT_LIST, false, false},
    {"has", CSS_HAS, ARGUMENT_LIST, false, false},
};

/* Known to browsers, but a page that nobody is looking at has no such state. */
static const char *const meaningless[] = {
    "hover",        "active",       "focus",   "focus-within", "focus-visible", "visited",
    "target",       "playing",      "paused",  "valid",        "invalid",       "in-range",
    "user-invalid", "out-of-range", "current", "past",         "future",        "fullscreen",
};

static int unknown_pseudo_class(struct parser *parser, size_t start)
{
    const char *names[TRAWL_ARRAY_SIZE(pseudo_classes)];
    const char *name = parser->token.text;
    const char *nearest;

    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(meaningless); i++)
        if (strcmp(name, meaningless[i]) == 0)
            return trawl__css_error(&parser->lexer, start,
                                    "':%s' is about a person's browser and has no meaning here",
                                    name);
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(pseudo_classes); i++)
        names[i] = pseudo_classes[i].name;
    nearest = trawl_suggest(name, names, TRAWL_ARRAY_SIZE(names));
    return nearest
               ? trawl__css_error(&parser->lexer, start,
                                  "there is no pseudo-class ':%s'; is ':%s' meant?", name, nearest)
               : trawl__css_error(&parser->lexer, start, "there is no pseudo-class ':%s'", name);
}

/* After ":"; `start` is where that was. */
static int parse_pseudo_class(struct parser *parser, size_t start, struct css_simple *simple)
{
    bool is_function = parser->token.kind == CSS_TOKEN_FUNCTION;
    const struct pseudo_class *found = NULL;

    if (parser->token.kind != CSS_TOKEN_IDENT && !is_function)
        return unexpected(parser, "the name of a pseudo-class");
    lower(parser->token.text);
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(pseudo_classes) && !found; i++)
        if (strcmp(pseudo_classes[i].name, parser->token.text) == 0)
            found = &pseudo_classes[i];
    if (!found)
        return unknown_pseudo_class(parser, start);
    if (is_function != (found->argument != ARGUMENT_NONE))
        return trawl__css_error(&parser->lexer, start, "':%s' takes %s", found->name,
                                is_function ? "no argument" : "an argument in parentheses");
    simple->kind = found->kind;
    simple->from_end = found->from_end;
    simple->of_type = found->of_type;
    simple->offset = 1; /* :first-child is :nth-child(1) */
    switch (found->argument) {
    case ARGUMENT_NTH:
        simple->offset = 0;
        return parse_nth(parser, simple);
    case ARGUMENT_LIST:
        return parse_argument_list(parser, simple);
    case ARGUMENT_LANG:
        return parse_lang(parser, simple);
    case ARGUMENT_NONE:
        break;
    }
    return advance(parser);
}

/* After "::". */
static int parse_pseudo_element(struct parser *parser, size_t start, enum place place,
                                struct css_selector *selector)
{
    struct css_token token = parser->token;
    int r;

    if (token.kind != CSS_TOKEN_IDENT && token.kind != CSS_TOKEN_FUNCTION)
        return unexpected(parser, "'text' or 'attr(name)'");
    lower(token.text);
    if (place != PLACE_TOP)
        return trawl__css_error(&parser->lexer, start,
                                "'::%s' can only stand at the end of a whole selector", token.text);
    if (token.kind == CSS_TOKEN_IDENT && strcmp(token.text, "text") == 0) {
        selector->result = CSS_RESULT_TEXT;
        return advance(parser);
    }
    if (token.kind != CSS_TOKEN_FUNCTION || strcmp(token.text, "attr") != 0)
        return trawl__css_error(&parser->lexer, start,
                                "there is no '::%s'; known are '::text' and '::attr(name)'",
                                token.text);
    r = advance(parser);
    if (r == 0)
        r = skip_space(parser);
    if (r < 0)
        return r;
    if (parser->token.kind != CSS_TOKEN_IDENT)
        return unexpected(parser, "the name of an attribute");
    selector->result = CSS_RESULT_ATTRIBUTE;
    selector->attribute = parser->token.text;
    lower(selector->attribute);
    r = advance(parser);
    if (r == 0)
        r = skip_space(parser);
    if (r < 0)
        return r;
    if (!at_delim(parser, ')'))
        return unexpected(parser, "')'");
    return advance(parser);
}

/* One of ".a", "#a", "[a]", ":a"; 1 if it was one, 0 if the compound is over. */
static int parse_simple(struct parser *parser, enum place place, struct css_selector *selector,
                        struct css_simple *simple)
{
    size_t start = parser->token.start;
    int r;

    if (parser->token.kind == CSS_TOKEN_HASH) {
        simple->kind = CSS_ID;
        simple->name = parser->token.text;
        r = advance(parser);
    } else if (at_delim(parser, '.')) {
        r = advance(parser);
        if (r < 0)
            return r;
        if (parser->token.kind != CSS_TOKEN_IDENT)
            return unexpected(parser, "the name of a class");
        simple->kind = CSS_CLASS;
        simple->name = parser->token.text;
        r = advance(parser);
    } else if (at_delim(parser, '[')) {
        r = parse_attribute(parser, simple);
    } else if (at_delim(parser, ':')) {
        r = advance(parser);
        if (r < 0)
            return r;
        if (at_delim(parser, ':')) {
            r = advance(parser);
            return r < 0 ? r : parse_pseudo_element(parser, start, place, selector);
        }
        r = parse_pseudo_class(parser, start, simple);
    } else {
        return 0;
    }
    return r < 0 ? r : 1;
}

static int parse_compound(struct parser *parser, enum place place, struct css_selector *selector,
                          struct css_compound *compound)
{
    struct css_simple **tail = &compound->simples;
    size_t start = parser->token.start;
    bool any = false;
    int r = 0;

    if (parser->token.kind == CSS_TOKEN_IDENT) {
        compound->element = parser->token.text;
        lower(compound->element);
        any = true;
    } else if (at_delim(parser, '*')) {
        any = true;
    }
    if (any)
        r = advance(parser);
    if (r == 0 && at_delim(parser, '|'))
        return trawl__css_error(&parser->lexer, parser->token.start,
                                "namespaces mean nothing in HTML");
    while (r == 0) {
        struct css_simple *simple = trawl__css_alloc(parser->lexer.pool, sizeof(*simple));
        r = parse_simple(parser, place, selector, simple);
        if (r <= 0)
            break;
        *tail = simple;
        tail = &simple->next;
        any = true;
        r = 0;
    }
    if (r < 0)
        return r;
    if (parser->token.kind == CSS_TOKEN_FUNCTION)
        return trawl__css_error(&parser->lexer, start, "a pseudo-class begins with ':'");
    if (!any && selector->result == CSS_RESULT_ELEMENT)
        return unexpected(parser, "an element, class, id, attribute or pseudo-class");
    return 0;
}

/* The combinator between two compounds, '\0' if the selector is over. */
static int parse_combinator(struct parser *parser, char *ret_combinator)
{
    char combinator = '\0';
    int r;

    if (parser->token.kind == CSS_TOKEN_SPACE) {
        combinator = ' ';
        r = advance(parser);
        if (r < 0)
            return r;
    }
    if (at_delim(parser, '>') || at_delim(parser, '+') || at_delim(parser, '~')) {
        combinator = parser->token.delim;
        r = advance(parser);
        if (r == 0)
            r = skip_space(parser);
        if (r < 0)
            return r;
    } else if (parser->token.kind == CSS_TOKEN_END || at_delim(parser, ',') ||
               at_delim(parser, ')')) {
        combinator = '\0';
    }
    *ret_combinator = combinator;
    return 0;
}

static void append(struct css_selector *selector, struct css_compound *compound)
{
    compound->before = selector->last;
    if (selector->last)
        selector->last->after = compound;
    else
        selector->first = compound;
    selector->last = compound;
}

static int parse_selector(struct parser *parser, enum place place, struct css_selector *selector)
{
    char combinator = '\0';
    int r = skip_space(parser);

    if (r == 0)
        r = parse_combinator(parser, &combinator);
    if (r < 0)
        return r;
    if (combinator && place == PLACE_ARGUMENT)
        return trawl__css_error(&parser->lexer, parser->token.start,
                                "only :has() takes a selector that begins with '%c'", combinator);
    do {
        struct css_compound *compound = trawl__css_alloc(parser->lexer.pool, sizeof(*compound));
        compound->combinator = combinator;
        r = parse_compound(parser, place, selector, compound);
        if (r < 0)
            return r;
        append(selector, compound);
        r = parse_combinator(parser, &combinator);
        if (r < 0)
            return r;
        if (selector->result != CSS_RESULT_ELEMENT && parser->token.kind != CSS_TOKEN_END &&
            !at_delim(parser, ','))
            return unexpected(parser, "the end of the selector");
    } while (combinator);
    return 0;
}

static int parse_list(struct parser *parser, enum place place, struct css_selector **ret_list)
{
    struct css_selector *list = NULL;
    struct css_selector **tail = &list;
    int r;

    for (;;) {
        struct css_selector *selector = trawl__css_alloc(parser->lexer.pool, sizeof(*selector));
        r = parse_selector(parser, place, selector);
        if (r < 0)
            return r;
        *tail = selector;
        tail = &selector->next;
        if (!at_delim(parser, ','))
            break;
        r = advance(parser);
        if (r < 0)
            return r;
    }
    *ret_list = list;
    return 0;
}

/* Bytes that are no text, which XPath would not take either. */
static int check_characters(const struct css_lexer *lexer)
{
    size_t len = strlen(lexer->text);
    size_t at = 0;

    while (at < len) {
        const char *here = lexer->text + at;
        size_t bad;
        size_t step = trawl__utf8_char(here, len - at, &bad);
        if (step == 0)
            return trawl__css_error(lexer, at, "this is not UTF-8");
        if (((unsigned char)*here < 0x20 && !strchr("\t\n\r\f", *here)) ||
            strncmp(here, "\xef\xbf\xbe", 3) == 0 || strncmp(here, "\xef\xbf\xbf", 3) == 0)
            return trawl__css_error(lexer, at, "this character cannot stand in a page");
        at += step;
    }
    return 0;
}

int trawl__css_parse(struct css_pool *pool, const char *text, struct css_selector **ret_list,
                     struct trawl_err *err)
{
    struct parser parser = {.lexer = {.text = text, .pool = pool, .err = err}};
    int r;

    if (strlen(text) > TRAWL_CSS_MAX)
        return trawl_err_set(err, -EINVAL, "", "this selector is longer than %d bytes",
                             TRAWL_CSS_MAX);
    r = check_characters(&parser.lexer);
    if (r == 0)
        r = advance(&parser);
    if (r == 0)
        r = parse_list(&parser, PLACE_TOP, ret_list);
    if (r < 0)
        return r;
    return parser.token.kind == CSS_TOKEN_END ? 0 : unexpected(&parser, "the end of the selector");
}
