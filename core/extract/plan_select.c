#include "extract/plan_select.h"

#include <string.h>

#include "extract/html.h"
#include "extract/match.h"
#include "util/alloc.h"

/* --- compiling ------------------------------------------------------------------------------------ */

static bool all_known(const struct css_simple *simples);

/* :is() and :not() of lone compounds: those with combinators would look upwards past the row. */
static bool known_arguments(const struct css_selector *list)
{
    for (; list; list = list->next)
        if (list->first != list->last || !all_known(list->first->simples))
            return false;
    return true;
}

static bool is_known(const struct css_simple *simple)
{
    switch (simple->kind) {
    case CSS_CLASS:
    case CSS_ID:
    case CSS_ATTRIBUTE:
    case CSS_ROOT:
    case CSS_LINK:
        return true;
    case CSS_NTH:
        return !simple->from_end && !simple->of_type;
    case CSS_IS:
    case CSS_NOT:
        return known_arguments(simple->list);
    default:
        return false;
    }
}

static bool all_known(const struct css_simple *simples)
{
    for (; simples; simples = simples->next)
        if (!is_known(simples))
            return false;
    return true;
}

/* The simples of the first compound may hold a ":scope". */
static bool compile_first(const struct css_compound *compound, struct select_path *path)
{
    const struct css_simple *simple = compound->simples;

    if (compound->combinator && compound->combinator != '>')
        return false;
    for (; simple; simple = simple->next) {
        if (simple->kind == CSS_SCOPE && !compound->combinator)
            path->at_row = true;
        else if (!is_known(simple))
            return false;
    }
    return true;
}

static bool compile_path(struct plan_select *select, const struct css_selector *selector,
                         struct select_path *path)
{
    const struct css_compound *compound;

    if (!compile_first(selector->first, path))
        return false;
    for (compound = selector->first; compound; compound = compound->after)
        path->count++;
    path->steps = trawl__css_alloc(&select->pool, path->count * sizeof(*path->steps));
    path->count = 0;
    for (compound = selector->first; compound; compound = compound->after) {
        struct select_step *step = &path->steps[path->count++];
        if (compound->before && ((compound->combinator != ' ' && compound->combinator != '>') ||
                                 !all_known(compound->simples)))
            return false;
        if (select->test_count == SELECT_TESTS_MAX)
            return false;
        step->test = UINT64_C(1) << select->test_count;
        step->combinator = compound->combinator;
        select->tests[select->test_count++] = compound;
    }
    return true;
}

/* Do all selectors of the list give the same of an element? Else their results would have to be sorted. */
static bool is_uniform(const struct css_selector *list)
{
    for (const struct css_selector *each = list->next; each; each = each->next)
        if (each->result != list->result ||
            (list->attribute && strcmp(each->attribute, list->attribute) != 0))
            return false;
    return true;
}

static bool compile_query(struct plan_select *select, const struct trawl_selector *selector,
                          const char *attribute, struct select_query *query)
{
    const struct css_selector *list = trawl_selector_css(selector);

    if (!list || !is_uniform(list))
        return false;
    query->result = list->result;
    if (query->result == CSS_RESULT_ELEMENT)
        query->attribute = attribute;
    else if (query->result == CSS_RESULT_ATTRIBUTE)
        query->attribute = list->attribute;
    else
        select->wants_texts = true;
    for (const struct css_selector *each = list; each; each = each->next)
        query->count++;
    query->paths = trawl__css_alloc(&select->pool, query->count * sizeof(*query->paths));
    for (size_t i = 0; i < query->count; i++, list = list->next) {
        struct select_path *path = &query->paths[i];
        if (!compile_path(select, list, path))
            return false;
        query->ends |= path->steps[path->count - 1].test;
    }
    select->ends |= query->ends;
    return true;
}

static bool compile(struct plan_select *select, const struct trawl_plan *plan)
{
    select->links =
        trawl__css_alloc(&select->pool, (plan->link_count + 1) * sizeof(*select->links));
    select->fields =
        trawl__css_alloc(&select->pool, (plan->field_count + 1) * sizeof(*select->fields));
    for (size_t i = 0; i < plan->link_count; i++)
        if (!compile_query(select, plan->links[i].select, plan->links[i].attr, &select->links[i]))
            return false;
    for (size_t i = 0; i < plan->field_count; i++) {
        const struct plan_field *field = &plan->fields[i];
        if (field->get == PLAN_GET_HTML ||
            !compile_query(select, field->select, field->attr, &select->fields[i]))
            return false;
    }
    return !plan->rows || (compile_query(select, plan->rows, NULL, &select->rows) &&
                           select->rows.result == CSS_RESULT_ELEMENT);
}

struct plan_select *trawl__select_compile(const struct trawl_plan *plan)
{
    struct plan_select *select = TRAWL_NEW(struct plan_select);

    if (!compile(select, plan)) {
        trawl__select_free(select);
        return NULL;
    }
    return select;
}

void trawl__select_free(struct plan_select *select)
{
    if (!select)
        return;
    trawl__css_pool_finish(&select->pool);
    free(select);
}

/* --- what an element is in itself ----------------------------------------------------------------- */

static bool is_compound(const struct css_compound *compound, const struct select_element *element);

static bool is_any(const struct css_selector *list, const struct select_element *element)
{
    for (; list; list = list->next)
        if (is_compound(list->first, element))
            return true;
    return false;
}

static bool has(const struct select_element *element, const char *name, char op, const char *value,
                bool ignore_case)
{
    const char *text = trawl_html_attribute_of(element->attributes, name);

    return text && (!op || trawl__match_attribute(text, op, value, ignore_case));
}

static bool is_link(const struct select_element *element)
{
    return has(element, "href", '\0', NULL, false) &&
           (strcmp(element->name, "a") == 0 || strcmp(element->name, "area") == 0 ||
            strcmp(element->name, "link") == 0);
}

static bool is_simple(const struct css_simple *simple, const struct select_element *element)
{
    switch (simple->kind) {
    case CSS_CLASS:
        return has(element, "class", '~', simple->name, false);
    case CSS_ID:
        return has(element, "id", '=', simple->name, false);
    case CSS_ATTRIBUTE:
        return has(element, simple->name, simple->op, simple->value, simple->ignore_case);
    case CSS_ROOT:
        return element->is_root;
    case CSS_LINK:
        return is_link(element);
    case CSS_NTH:
        return trawl__match_nth((long)element->place, simple->step, simple->offset);
    case CSS_IS:
        return is_any(simple->list, element);
    case CSS_NOT:
        return !is_any(simple->list, element);
    default: /* :scope, which is about the place; all others were refused */
        return true;
    }
}

static bool is_compound(const struct css_compound *compound, const struct select_element *element)
{
    if (compound->element && strcmp(compound->element, element->name) != 0)
        return false;
    for (const struct css_simple *simple = compound->simples; simple; simple = simple->next)
        if (!is_simple(simple, element))
            return false;
    return true;
}

uint64_t trawl__select_tests(const struct plan_select *select, const struct select_element *element)
{
    uint64_t tests = 0;

    for (size_t i = 0; i < select->test_count; i++)
        if (is_compound(select->tests[i], element))
            tests |= UINT64_C(1) << i;
    return tests;
}

/* --- where it stands ------------------------------------------------------------------------------ */

/* Steps that are joined by '>', from the one before `*step` leftwards, with their last at element `*at`. Then *step and *at
 * are those of the leftmost. */
static bool chain_matches(const struct select_path *path, const uint64_t *open, size_t row,
                          size_t *step, size_t *at)
{
    size_t s = *step - 1;
    size_t a = *at;

    while (open[a] & path->steps[s].test) {
        if (path->steps[s].combinator != '>' || s == 0) {
            *step = s;
            *at = a;
            return true;
        }
        if (a == row)
            return false;
        s--;
        a--;
    }
    return false;
}

/* Does a path whose first step is at `at` begin where it must? */
static bool begins_well(const struct select_path *path, size_t row, size_t at)
{
    if (path->at_row)
        return at == row;
    return path->steps[0].combinator != '>' || at == row + 1;
}

/* From right to left. Of the ancestors that match a chain the nearest is taken, for above it there is all that is above any
 * other: no choice is ever taken back. */
static bool path_matches(const struct select_path *path, const uint64_t *open, size_t row,
                         size_t at)
{
    size_t step = path->count;

    for (;;) {
        size_t first = step;
        size_t top = at;
        if (chain_matches(path, open, row, &first, &top)) {
            if (first > 0) {
                if (top == row)
                    return false;
                step = first;
                at = top - 1;
                continue;
            }
            if (begins_well(path, row, top))
                return true;
        }
        if (step == path->count || at == row)
            return false;
        at--;
    }
}

bool trawl__select_finds(const struct select_query *query, const uint64_t *open, size_t row,
                         size_t at)
{
    if (!(open[at] & query->ends))
        return false;
    for (size_t i = 0; i < query->count; i++)
        if (path_matches(&query->paths[i], open, row, at))
            return true;
    return false;
}
