/* A plan in one pass: what its selectors find is noted while the page is read (plan_notes.h). All that is kept of the page
 * is which elements are open. Where libxml2 builds an odd tree of an odd page, this goes by that tree. */
#include <errno.h>
#include <libxml/parserInternals.h>
#include <string.h>

#include "extract/html.h"
#include "extract/plan_notes.h"
#include "extract/plan_priv.h"
#include "extract/plan_select.h"
#include "util/alloc.h"

/* Elements that are open, and the root, which may be closed before the page ends. */
#define ELEMENTS_MAX (TRAWL_HTML_DEPTH_MAX + 1)

struct element {
    uint32_t ending; /* notes that end with it */
    size_t children; /* elements that began in it */
    bool is_row;
    bool is_head;  /* the root's first */
    bool is_block; /* these two were marked in the text */
    bool is_silent;
};

struct open_row {
    uint32_t index;
    size_t place; /* in `elements` */
    uint64_t
        found; /* fields of which only the first match is wanted, and was there: one bit each */
};

/* What stands first in the document decides where elements belong that come after the end of the root: into the root, if
 * it is first; nowhere, if a comment or a doctype is. */
enum first {
    FIRST_NONE,
    FIRST_ROOT,
    FIRST_OTHER,
};

struct pass {
    struct plan_page *page;
    const struct plan_select *select;
    struct element elements[ELEMENTS_MAX]; /* outermost first; the root stays to the end */
    uint64_t tests[ELEMENTS_MAX];          /* what each of them matches */
    size_t depth;                          /* how many they are */
    size_t open;                           /* how many of them are open: all, or all but the root */
    size_t outside;                        /* open elements that belong nowhere */
    enum first first;
    bool in_text; /* the last thing was text: more of it belongs to the same node */
    bool has_head;
    char *base;                         /* <base href> */
    struct open_row rows[ELEMENTS_MAX]; /* outermost first */
    size_t row_count;
    uint32_t text_ending; /* notes that end with the text node */
    struct plan_notes notes;
};

/* --- finding -------------------------------------------------------------------------------------- */

/* Note what the query wants of the innermost element, or of the text that begins in it. False if that is no match: an
 * attribute that is selected must be there, but an element that is matches without the attribute that is wanted of it. */
static bool take(struct pass *pass, const struct select_query *query, struct note_list *list,
                 size_t field, const xmlChar **attributes)
{
    bool is_text = query->result == CSS_RESULT_TEXT;
    const char *value;

    if (!query->attribute) {
        trawl__notes_begin(&pass->notes, list, field,
                           is_text ? &pass->text_ending : &pass->elements[pass->depth - 1].ending);
        return true;
    }
    value = trawl_html_attribute_of(attributes, query->attribute);
    if (value)
        trawl__notes_add_value(&pass->notes, list, field, value);
    return value || query->result == CSS_RESULT_ELEMENT;
}

static void find_link(struct pass *pass, size_t rule, const xmlChar **attributes)
{
    const struct select_query *query = &pass->select->links[rule];

    if (trawl__plan_follows(pass->page, &pass->page->plan->links[rule]) &&
        trawl__select_finds(query, pass->tests, 0, pass->depth - 1))
        take(pass, query, &pass->notes.links[rule], 0, attributes);
}

/* In all rows that are open. */
static void find_field(struct pass *pass, size_t field, const xmlChar **attributes)
{
    const struct select_query *query = &pass->select->fields[field];
    bool all = pass->page->plan->fields[field].all;

    for (size_t i = 0; i < pass->row_count; i++) {
        struct open_row *row = &pass->rows[i];
        if (!(row->found >> field & 1) &&
            trawl__select_finds(query, pass->tests, row->place, pass->depth - 1) &&
            take(pass, query, trawl__notes_row(&pass->notes, row->index), field, attributes) &&
            !all)
            row->found |= UINT64_C(1) << field;
    }
}

/* The innermost element, or text that begins in it, may be what some queries look for. */
static void find(struct pass *pass, bool is_text, const xmlChar **attributes)
{
    const struct trawl_plan *plan = pass->page->plan;
    const struct plan_select *select = pass->select;
    uint64_t tests = pass->tests[pass->depth - 1];

    if (pass->notes.full || !(tests & select->ends))
        return;
    for (size_t i = 0; i < plan->link_count; i++)
        if ((tests & select->links[i].ends) &&
            (select->links[i].result == CSS_RESULT_TEXT) == is_text)
            find_link(pass, i, attributes);
    for (size_t i = 0; i < plan->field_count; i++)
        if ((tests & select->fields[i].ends) &&
            (select->fields[i].result == CSS_RESULT_TEXT) == is_text)
            find_field(pass, i, attributes);
}

static bool is_row(const struct pass *pass)
{
    const struct trawl_plan *plan = pass->page->plan;

    if (plan->rows)
        return trawl__select_finds(&pass->select->rows, pass->tests, 0, pass->depth - 1);
    return plan->field_count > 0 && pass->depth == 1; /* the root stands for the page */
}

static void begin_row(struct pass *pass)
{
    pass->elements[pass->depth - 1].is_row = true;
    pass->rows[pass->row_count++] = (struct open_row){
        .index = trawl__notes_add_row(&pass->notes),
        .place = pass->depth - 1,
    };
}

/* Of the root's first head the first <base> with an href. */
static void find_base(struct pass *pass, const char *name, const xmlChar **attributes)
{
    if (pass->depth == 2 && !pass->has_head && strcmp(name, "head") == 0) {
        pass->has_head = true;
        pass->elements[1].is_head = true;
    } else if (pass->depth == 3 && pass->elements[1].is_head && !pass->base &&
               strcmp(name, "base") == 0) {
        pass->base = trawl_xstrdup(trawl_html_attribute_of(attributes, "href"));
    }
}

/* --- following the page --------------------------------------------------------------------------- */

static void end_text_node(struct pass *pass)
{
    pass->in_text = false;
    trawl__notes_end(&pass->notes, &pass->text_ending);
}

/* Text that is noted shows where elements begin and end. */
static void mark_begin(struct pass *pass, struct element *element, const char *name)
{
    if (pass->notes.open == 0)
        return;
    element->is_block = trawl_html_is_block(name);
    element->is_silent = trawl_html_is_silent(name);
    if (element->is_block)
        trawl__notes_mark(&pass->notes, TRAWL_HTML_MARK_BLOCK);
    if (element->is_silent)
        trawl__notes_mark(&pass->notes, TRAWL_HTML_MARK_HIDE);
}

static void begin_element(struct pass *pass, const char *name, const xmlChar **attributes)
{
    size_t top = pass->depth++;
    struct element *element = &pass->elements[top];
    struct select_element itself = {name, attributes, .place = 1, .is_root = top == 0};

    *element = (struct element){.ending = NOTE_NONE};
    end_text_node(pass);
    mark_begin(pass, element, name);
    find_base(pass, name, attributes);
    if (top > 0)
        itself.place = ++pass->elements[top - 1].children;
    pass->tests[top] = trawl__select_tests(pass->select, &itself);
    if (is_row(pass))
        begin_row(pass);
    find(pass, false, attributes);
}

static void end_element(struct pass *pass)
{
    struct element *element = &pass->elements[--pass->depth];

    end_text_node(pass);
    trawl__notes_end(&pass->notes, &element->ending);
    if (element->is_silent)
        trawl__notes_mark(&pass->notes, TRAWL_HTML_MARK_SHOW);
    if (element->is_block)
        trawl__notes_mark(&pass->notes, TRAWL_HTML_MARK_BLOCK);
    if (element->is_row)
        pass->row_count--;
}

static void add_text(struct pass *pass, const char *bytes, size_t len)
{
    if (!pass->in_text && pass->select->wants_texts)
        find(pass, true, NULL);
    pass->in_text = true;
    trawl__notes_text(&pass->notes, bytes, len);
}

/* --- what the parser tells ------------------------------------------------------------------------ */

static void on_start(void *parser, const xmlChar *name, const xmlChar **attributes)
{
    struct pass *pass = trawl_html_reader(parser);
    xmlChar *local = NULL;
    xmlChar *prefix = NULL;

    if (pass->notes.full) {
        xmlStopParser(parser);
        return;
    }
    if (pass->outside > 0 || (pass->depth > 0 && pass->open == 0 && pass->first == FIRST_OTHER)) {
        pass->outside++;
        return;
    }
    if (pass->first == FIRST_NONE)
        pass->first = FIRST_ROOT;
    pass->open++;
    if (strchr((const char *)name, ':')) /* the tree leaves out what looks like a prefix */
        local = xmlSplitQName(parser, name, &prefix);
    begin_element(pass, (const char *)(local ? local : name), attributes);
    xmlFree(local);
    xmlFree(prefix);
}

static void on_end(void *parser, const xmlChar *name)
{
    struct pass *pass = trawl_html_reader(parser);

    (void)name;
    if (pass->outside > 0) {
        pass->outside--;
    } else if (pass->open > 0) {
        pass->open--;
        if (pass->depth > 1)
            end_element(pass);
        else
            end_text_node(pass);
    }
}

/* Of scripts and styles, too. */
static void on_text(void *parser, const xmlChar *bytes, int len)
{
    struct pass *pass = trawl_html_reader(parser);

    if (pass->open > 0)
        add_text(pass, (const char *)bytes, (size_t)len);
}

/* It is no text, but text before and behind it are two nodes. */
static void on_comment(void *parser, const xmlChar *comment)
{
    struct pass *pass = trawl_html_reader(parser);

    (void)comment;
    if (pass->first == FIRST_NONE)
        pass->first = FIRST_OTHER;
    end_text_node(pass);
}

static void on_instruction(void *parser, const xmlChar *target, const xmlChar *data)
{
    (void)target;
    on_comment(parser, data);
}

/* Wherever it stands, it becomes the first thing. */
static void on_doctype(void *parser, const xmlChar *name, const xmlChar *public_id,
                       const xmlChar *system_id)
{
    struct pass *pass = trawl_html_reader(parser);

    (void)name;
    (void)public_id;
    (void)system_id;
    pass->first = FIRST_OTHER;
}

static const htmlSAXHandler handler = {
    .internalSubset = on_doctype,
    .startElement = on_start,
    .endElement = on_end,
    .characters = on_text,
    .cdataBlock = on_text,
    .comment = on_comment,
    .processingInstruction = on_instruction,
};

static int finish(struct pass *pass)
{
    while (pass->depth > 0)
        end_element(pass);
    trawl__plan_set_base(pass->page, pass->base);
    return trawl__notes_bring(&pass->notes);
}

int trawl__plan_run_sax(struct plan_page *page, const char *text, size_t len)
{
    struct pass *pass = TRAWL_NEW(struct pass);
    int r;

    pass->page = page;
    pass->select = page->plan->select;
    pass->text_ending = NOTE_NONE;
    trawl__notes_init(&pass->notes, page);
    r = trawl_html_read(text, len, &handler, pass);
    if (r == -ENOMEM || pass->notes.full)
        r = trawl__plan_no_memory(page);
    else if (r == -ENODATA || pass->depth == 0)
        r = 0; /* an empty page has no items and no links */
    else
        r = finish(pass);
    trawl__notes_finish(&pass->notes);
    free(pass->base);
    free(pass);
    return r;
}
