/* A plan's selectors, matched while the page is read.
 *
 * Each compound ("li.next") of any selector is one bit. What an element is in itself is told once, when it begins: the
 * bits of the compounds that it matches. Where it stands is told by the bits of the elements that are still open above
 * it, for a selector of ' ' and '>' looks upwards only. What cannot be told this early (a sibling, what comes within) needs
 * a tree, and then the whole plan has no such thing.
 */
#ifndef TRAWL_EXTRACT_PLAN_SELECT_H
#define TRAWL_EXTRACT_PLAN_SELECT_H

#include <libxml/tree.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "extract/css_priv.h"
#include "extract/plan_priv.h"

/* Compounds of one plan: as many as bits. */
#define SELECT_TESTS_MAX 64

struct select_step {
    uint64_t test;
    char combinator; /* before it: ' ', '>'; of the first '\0', or '>' if its parent is the row */
};

struct select_path {
    struct select_step *steps; /* left to right */
    size_t count;
    bool at_row; /* its first step is the row itself */
};

/* One selector, that is a list of paths, and what is wanted of the nodes that it finds. */
struct select_query {
    struct select_path *paths;
    size_t count;
    uint64_t ends; /* last steps of the paths: an element with none of these is not found */
    enum css_result result;
    const char *attribute; /* its value is wanted; NULL: the text */
};

struct plan_select {
    struct css_pool pool; /* all below */
    const struct css_compound *tests[SELECT_TESTS_MAX];
    size_t test_count;
    struct select_query *links; /* as many as the plan has */
    struct select_query *fields;
    struct select_query rows;
    uint64_t ends;    /* of all of them */
    bool wants_texts; /* there is a ::text */
};

/* NULL if the plan needs a tree. Borrows the plan's selectors. */
struct plan_select *trawl__select_compile(const struct trawl_plan *plan);
void trawl__select_free(struct plan_select *select);

/* An element that begins. */
struct select_element {
    const char *name;
    const xmlChar **attributes; /* as a start handler gets them */
    size_t place;               /* among its parent's elements, from 1 */
    bool is_root;
};

/* The compounds that it matches. */
uint64_t trawl__select_tests(const struct plan_select *select,
                             const struct select_element *element);

/* Does the query find element `at`? `open` holds the tests of all open elements, outermost first; nothing above `row` is
 * looked at. */
bool trawl__select_finds(const struct select_query *query, const uint64_t *open, size_t row,
                         size_t at);

#endif
