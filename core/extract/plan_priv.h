/* What a compiled plan consists of: rules.c makes it, plan.c and links.c run it. */
#ifndef TRAWL_EXTRACT_PLAN_PRIV_H
#define TRAWL_EXTRACT_PLAN_PRIV_H

#include <jansson.h>
#include <libxml/xpath.h>
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
    size_t skipped; /* rows without a key in the last run */
};

/* One page that a plan runs over. */
struct plan_page {
    struct trawl_plan *plan;
    const struct trawl_response *response;
    const struct trawl_sink *sink;
    struct trawl_err *err;
    xmlXPathContextPtr xpath;
    xmlNodePtr root;
    char *base; /* what relative URLs start from */
};

/* Bring the links that the plan follows to the sink. 0, or the sink's or a selector's error. */
int trawl__plan_links(const struct plan_page *page);

/* `err`, in which a rule said what is wrong with it, is about the rule at this path. Returns `code`. */
__attribute__((format(printf, 3, 4))) int trawl__plan_err_at(struct trawl_err *err, int code,
                                                             const char *format, ...);

/* Move over white space as HTML knows it, at both ends. */
void trawl__plan_trim(const char **text, size_t *len);

#endif
