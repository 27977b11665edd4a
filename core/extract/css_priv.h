/* What the lexer, the parser and the translator of css.h share, and plan_select.c matches by. */
#ifndef TRAWL_EXTRACT_CSS_PRIV_H
#define TRAWL_EXTRACT_CSS_PRIV_H

#include <stdbool.h>
#include <stddef.h>

#include "trawl/err.h"

/* All that one selector needs, freed at once. */
struct css_pool {
    struct css_block *blocks;
};

void *trawl__css_alloc(struct css_pool *pool, size_t bytes); /* zeroed, never NULL */
void trawl__css_pool_finish(struct css_pool *pool);

enum css_token_kind {
    CSS_TOKEN_END,
    CSS_TOKEN_SPACE,
    CSS_TOKEN_IDENT,
    CSS_TOKEN_FUNCTION, /* an identifier and "(" */
    CSS_TOKEN_HASH,
    CSS_TOKEN_STRING,
    CSS_TOKEN_DELIM, /* any other character, in `delim` */
};

struct css_token {
    enum css_token_kind kind;
    size_t start; /* offset in the selector */
    size_t end;
    char *text; /* identifiers and strings, escapes undone */
    char delim;
};

struct css_lexer {
    const char *text;
    size_t at;
    struct css_pool *pool;
    struct trawl_err *err;
};

int trawl__css_next(struct css_lexer *lexer, struct css_token *ret_token);

/* -EINVAL; the message begins with "character N of the selector: ". */
__attribute__((format(printf, 3, 4))) int trawl__css_error(const struct css_lexer *lexer, size_t at,
                                                           const char *format, ...);

enum css_simple_kind {
    CSS_CLASS,
    CSS_ID,
    CSS_ATTRIBUTE,
    CSS_NTH,
    CSS_ONLY, /* :only-child, :only-of-type */
    CSS_ROOT,
    CSS_EMPTY,
    CSS_SCOPE,
    CSS_LINK,
    CSS_CHECKED,
    CSS_DISABLED,
    CSS_ENABLED,
    CSS_LANG,
    CSS_IS, /* :is(), :where() */
    CSS_NOT,
    CSS_HAS,
};

struct css_simple {
    enum css_simple_kind kind;
    char *name;  /* of the class, id, attribute; the language */
    char *value; /* of the attribute */
    char op;     /* '\0': it is there; '=', '~', '|', '^', '$', '*' */
    bool ignore_case;
    int step; /* CSS_NTH: an + b */
    int offset;
    bool from_end;
    bool of_type;
    struct css_selector *list; /* CSS_IS, CSS_NOT, CSS_HAS */
    struct css_simple *next;
};

struct css_compound {
    char combinator;             /* before it: ' ', '>', '+', '~', or '\0' for the first */
    char *element;               /* in lower case; NULL: any */
    struct css_simple *simples;  /* in their order */
    struct css_compound *before; /* to its left */
    struct css_compound *after;
};

enum css_result {
    CSS_RESULT_ELEMENT,
    CSS_RESULT_TEXT,      /* ::text */
    CSS_RESULT_ATTRIBUTE, /* ::attr(name) */
};

struct css_selector {
    struct css_compound *first;
    struct css_compound *last;
    enum css_result result;
    char *attribute;
    struct css_selector *next; /* after a comma */
};

int trawl__css_parse(struct css_pool *pool, const char *text, struct css_selector **ret_list,
                     struct trawl_err *err);

/* The XPath of css.h; the caller's. */
char *trawl__css_xpath(const struct css_selector *list);

#endif
