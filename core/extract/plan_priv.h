/* What a compiled plan consists of: rules.c makes it, plan.c runs it, in one of two ways that give the same: plan_sax.c
 * while the page is read, or plan_tree.c, which can do all that selectors can say, over its tree. */
#ifndef TRAWL_EXTRACT_PLAN_PRIV_H
#define TRAWL_EXTRACT_PLAN_PRIV_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "extract/jq.h"
#include "extract/pattern.h"
#include "extract/plan.h"
#include "extract/xpath.h"

enum plan_same {
    PLAN_SAME_HOST,
    PLAN_SAME_DOMAIN,
    PLAN_SAME_ANY,
};

struct plan_link {
    struct trawl_selector *select;
    char *attr;
    struct trawl_patterns *allow;
    struct trawl_patterns *deny;
    enum plan_same same;
    json_int_t depth; /* 0: no limit */
};

enum plan_get {
    PLAN_GET_TEXT,
    PLAN_GET_HTML,
    PLAN_GET_ATTR,
};

struct plan_field {
    char *name;
    struct trawl_selector *select;
    enum plan_get get;
    char *attr;
    char *jq; /* the program's text; it runs as a part of `transform` */
    bool all;
    bool url;
};

struct trawl_plan {
    struct plan_link *links;
    size_t link_count;
    struct trawl_selector *rows; /* NULL: the page is the item */
    struct plan_field *fields;
    size_t field_count;
    size_t *key; /* indexes of fields */
    size_t key_count;
    struct trawl_jq
        *transform; /* object of raw values to object of values; NULL: no field has a jq program */
    struct plan_select *select; /* to run it in one pass; NULL: it needs the tree */
    size_t skipped;             /* rows without a key in the last run */
};

/* One page that a plan runs over. */
struct plan_page {
    struct trawl_plan *plan;
    const struct trawl_response *response;
    const struct trawl_sink *sink;
    struct trawl_err *err;
    char *base;     /* what relative URLs start from */
    bool in_arena;  /* what libxml2 allocates need not be freed (arena.h) */
    size_t emitted; /* items */
};

/* The two ways, over UTF-8. First they know the base, then they bring links, then items. 0, or what the sink, a selector
 * or a jq program said. */
int trawl__plan_run_tree(struct plan_page *page, const char *text, size_t len);
int trawl__plan_run_sax(struct plan_page *page, const char *text, size_t len);

/* What both do with what they found. `href` is that of the head's first <base> that has one, or NULL. An item holds the raw
 * value of each field, null if it was not found, and is taken over. */
void trawl__plan_set_base(struct plan_page *page, const char *href);
json_t *trawl__plan_resolved(const struct plan_page *page, json_t *value); /* takes it over */
int trawl__plan_emit(struct plan_page *page, json_t *item);
int trawl__plan_no_memory(const struct plan_page *page);

/* Does this rule follow links from a page as deep as this? */
bool trawl__plan_follows(const struct plan_page *page, const struct plan_link *link);

/* Brings links to the sink, rule by rule, and for each rule what its selector gives, in the page's order. begin() is false
 * for a rule that does not follow. */
struct plan_follower;
struct plan_follower *trawl__follower_create(const struct plan_page *page);
void trawl__follower_destroy(struct plan_follower *follower);
bool trawl__follower_begin(struct plan_follower *follower, const struct plan_link *link);
int trawl__follower_add(struct plan_follower *follower, const char *reference, size_t len);

/* `err`, in which a rule said what is wrong with it, is about the rule at this path. Returns `code`. */
__attribute__((format(printf, 3, 4))) int trawl__plan_err_at(struct trawl_err *err, int code,
                                                             const char *format, ...);

/* Move over white space as HTML knows it, at both ends. */
void trawl__plan_trim(const char **text, size_t *len);

#endif
