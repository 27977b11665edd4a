#include "extract/plan_notes.h"

#include <string.h>

#include "extract/html.h"
#include "extract/plan_select.h"
#include "util/alloc.h"

/* A page's text is no longer than the page. */
#define TEXT_MAX (1u << 30)

/* So are its attributes, but rows within rows may all want the same ones. */
#define VALUES_MAX (1u << 29)

/* Bytes of notes and of rows. A page of 16 MB in tags as short as they can be, each of them found once, takes a fifth. */
#define NOTES_MAX (1u << 29)

struct note {
    uint32_t start; /* in the text, or in the values if an attribute is wanted */
    uint32_t end;
    uint32_t field;
    uint32_t next;        /* of its list */
    uint32_t next_ending; /* of those that end together */
};

static const struct note_list empty = {NOTE_NONE, NOTE_NONE};

void trawl__notes_init(struct plan_notes *notes, struct plan_page *page)
{
    size_t rules = page->plan->link_count;

    *notes = (struct plan_notes){.page = page};
    trawl_buf_init(&notes->text, TEXT_MAX);
    trawl_buf_init(&notes->values, VALUES_MAX);
    trawl_buf_init(&notes->notes, NOTES_MAX);
    trawl_buf_init(&notes->rows, NOTES_MAX);
    notes->links = trawl_xalloc((rules + 1) * sizeof(*notes->links));
    for (size_t i = 0; i < rules; i++)
        notes->links[i] = empty;
}

void trawl__notes_finish(struct plan_notes *notes)
{
    trawl_buf_finish(&notes->text);
    trawl_buf_finish(&notes->values);
    trawl_buf_finish(&notes->notes);
    trawl_buf_finish(&notes->rows);
    free(notes->links);
}

/* --- taking --------------------------------------------------------------------------------------- */

static void put(struct plan_notes *notes, struct trawl_buf *buf, const void *bytes, size_t len)
{
    if (!notes->full && trawl_buf_append(buf, bytes, len) < 0)
        notes->full = true;
}

void trawl__notes_text(struct plan_notes *notes, const char *bytes, size_t len)
{
    if (notes->open > 0)
        put(notes, &notes->text, bytes, len);
}

void trawl__notes_mark(struct plan_notes *notes, char mark)
{
    trawl__notes_text(notes, &mark, 1);
}

static size_t count_rows(const struct plan_notes *notes)
{
    return notes->rows.len / sizeof(struct note_list);
}

uint32_t trawl__notes_add_row(struct plan_notes *notes)
{
    uint32_t row = (uint32_t)count_rows(notes);

    put(notes, &notes->rows, &empty, sizeof(empty));
    return row;
}

struct note_list *trawl__notes_row(const struct plan_notes *notes, uint32_t row)
{
    return (struct note_list *)(void *)notes->rows.data + row;
}

static struct note *note_at(const struct plan_notes *notes, uint32_t index)
{
    return (struct note *)(void *)notes->notes.data + index;
}

/* NOTE_NONE if there is no room. */
static uint32_t add(struct plan_notes *notes, struct note_list *list, const struct note *note)
{
    uint32_t index = (uint32_t)(notes->notes.len / sizeof(*note));

    put(notes, &notes->notes, note, sizeof(*note));
    if (notes->full)
        return NOTE_NONE;
    if (list->first == NOTE_NONE)
        list->first = index;
    else
        note_at(notes, list->last)->next = index;
    list->last = index;
    return index;
}

void trawl__notes_add_value(struct plan_notes *notes, struct note_list *list, size_t field,
                            const char *value)
{
    size_t len = strlen(value);
    struct note note = {.start = (uint32_t)notes->values.len,
                        .end = (uint32_t)(notes->values.len + len),
                        .field = (uint32_t)field,
                        .next = NOTE_NONE};

    put(notes, &notes->values, value, len + 1);
    add(notes, list, &note);
}

void trawl__notes_begin(struct plan_notes *notes, struct note_list *list, size_t field,
                        uint32_t *ending)
{
    struct note note = {.start = (uint32_t)notes->text.len,
                        .field = (uint32_t)field,
                        .next = NOTE_NONE,
                        .next_ending = *ending};
    uint32_t index = add(notes, list, &note);

    if (index == NOTE_NONE)
        return;
    *ending = index;
    notes->open++;
}

void trawl__notes_end(struct plan_notes *notes, uint32_t *ending)
{
    uint32_t at = *ending;

    while (at != NOTE_NONE && !notes->full) {
        struct note *note = note_at(notes, at);
        note->end = (uint32_t)notes->text.len;
        notes->open--;
        at = note->next_ending;
    }
    *ending = NOTE_NONE;
}

/* --- bringing ------------------------------------------------------------------------------------- */

static const char *note_bytes(const struct plan_notes *notes, const struct select_query *query,
                              const struct note *note, size_t *ret_len)
{
    const struct trawl_buf *buf = query->attribute ? &notes->values : &notes->text;

    *ret_len = note->end - note->start;
    return trawl_buf_text(buf) + note->start;
}

static int bring_links_of(const struct plan_notes *notes, struct plan_follower *follower,
                          size_t rule)
{
    const struct select_query *query = &notes->page->plan->select->links[rule];
    uint32_t at = notes->links[rule].first;
    int r = 0;

    if (!trawl__follower_begin(follower, &notes->page->plan->links[rule]))
        return 0;
    while (r == 0 && at != NOTE_NONE) {
        const struct note *note = note_at(notes, at);
        size_t len;
        const char *reference = note_bytes(notes, query, note, &len);
        r = trawl__follower_add(follower, reference, len);
        at = note->next;
    }
    return r;
}

static int bring_links(const struct plan_notes *notes)
{
    struct plan_follower *follower = trawl__follower_create(notes->page);
    int r = 0;

    for (size_t i = 0; r == 0 && i < notes->page->plan->link_count; i++)
        r = bring_links_of(notes, follower, i);
    trawl__follower_destroy(follower);
    return r;
}

static json_t *note_value(const struct plan_notes *notes, const struct note *note)
{
    const struct plan_field *field = &notes->page->plan->fields[note->field];
    const struct select_query *query = &notes->page->plan->select->fields[note->field];
    json_t *value;
    size_t len;
    const char *bytes = note_bytes(notes, query, note, &len);

    if (!query->attribute)
        value = trawl_html_text_of_marked(bytes, len);
    else if (query->result == CSS_RESULT_ELEMENT)
        value = json_stringn(bytes, len);
    else /* ::attr(), which is a node with a text */
        value = trawl_html_text_of_bytes(bytes, len);
    return value && field->url ? trawl__plan_resolved(notes->page, value) : value;
}

/* Put the value into the item; false if there is no memory. */
static bool put_value(const struct plan_notes *notes, json_t *item, const struct note *note)
{
    const struct plan_field *field = &notes->page->plan->fields[note->field];
    json_t *value = note_value(notes, note);

    if (!value)
        return false;
    if (!field->all)
        json_object_set_new(item, field->name, value);
    else if (json_is_null(value))
        json_decref(value);
    else
        json_array_append_new(json_object_get(item, field->name), value);
    return true;
}

static int emit_row(const struct plan_notes *notes, const struct note_list *row)
{
    const struct trawl_plan *plan = notes->page->plan;
    json_t *item = json_object();

    for (size_t i = 0; i < plan->field_count; i++)
        json_object_set_new(item, plan->fields[i].name,
                            plan->fields[i].all ? json_array() : json_null());
    for (uint32_t at = row->first; at != NOTE_NONE; at = note_at(notes, at)->next) {
        if (!put_value(notes, item, note_at(notes, at))) {
            json_decref(item);
            return trawl__plan_no_memory(notes->page);
        }
    }
    return trawl__plan_emit(notes->page, item);
}

int trawl__notes_bring(const struct plan_notes *notes)
{
    int r = bring_links(notes);

    for (size_t i = 0; r == 0 && i < count_rows(notes); i++)
        r = emit_row(notes, trawl__notes_row(notes, (uint32_t)i));
    return r;
}
