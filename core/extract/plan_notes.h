/* What a pass over a page finds, noted until the page is over: only then is the base of its URLs known, and do links come
 * before items.
 *
 * A note is a piece of the page's text, or the value of an attribute. All text lies here once, in the page's order and
 * with the marks of html.h, however many notes are about it: rows and fields may lie within others.
 */
#ifndef TRAWL_EXTRACT_PLAN_NOTES_H
#define TRAWL_EXTRACT_PLAN_NOTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "extract/plan_priv.h"
#include "util/buf.h"

/* In place of a note's index. */
#define NOTE_NONE UINT32_MAX

/* Of one rule, or of one row, in the page's order. */
struct note_list {
    uint32_t first;
    uint32_t last;
};

struct plan_notes {
    struct plan_page *page;
    struct trawl_buf text;
    struct trawl_buf values; /* each followed by a NUL */
    struct trawl_buf notes;
    struct trawl_buf rows;   /* their lists */
    struct note_list *links; /* of each rule */
    size_t open;             /* notes of text that have not ended: without any, text is not kept */
    bool full;               /* a limit was reached, and what is here is of no use any more */
};

void trawl__notes_init(struct plan_notes *notes, struct plan_page *page);
void trawl__notes_finish(struct plan_notes *notes);

/* What the page says; kept if a note is about it. */
void trawl__notes_text(struct plan_notes *notes, const char *bytes, size_t len);
void trawl__notes_mark(struct plan_notes *notes, char mark);

/* A row without notes; its index. The list is borrowed until the next row. */
uint32_t trawl__notes_add_row(struct plan_notes *notes);
struct note_list *trawl__notes_row(const struct plan_notes *notes, uint32_t row);

/* `field` is of no meaning in the list of a rule. */
void trawl__notes_add_value(struct plan_notes *notes, struct note_list *list, size_t field,
                            const char *value);

/* A note about the text from here on. Those that begin with the same *ending, at first NOTE_NONE, end together. */
void trawl__notes_begin(struct plan_notes *notes, struct note_list *list, size_t field,
                        uint32_t *ending);
void trawl__notes_end(struct plan_notes *notes, uint32_t *ending);

/* Links and items of all notes, which have ended. As trawl__plan_run_sax(). */
int trawl__notes_bring(const struct plan_notes *notes);

#endif
