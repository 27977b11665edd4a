#include "store/figures.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"
#include "util/json.h"

void trawl_figures_finish(struct trawl_figures *figures)
{
    for (size_t i = 0; i < figures->field_count; i++)
        free(figures->fields[i].name);
    free(figures->fields);
    *figures = (struct trawl_figures){0};
}

void trawl_record_finish(struct trawl_record *record)
{
    trawl_figures_finish(&record->now);
    for (size_t i = 0; i < record->normal_count; i++)
        trawl_figures_finish(&record->normal[i]);
    for (size_t i = 0; i < record->suspect_count; i++)
        trawl_figures_finish(&record->suspect[i]);
    *record = (struct trawl_record){0};
}

/* Where the field is, or belongs. */
static size_t place_of(const struct trawl_figures *figures, const char *name, bool *ret_found)
{
    size_t low = 0;
    size_t high = figures->field_count;

    *ret_found = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name, figures->fields[middle].name);

        if (order == 0) {
            *ret_found = true;
            return middle;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static void set(struct trawl_figures *figures, const char *name, uint64_t items)
{
    bool found;
    size_t at = place_of(figures, name, &found);

    if (found) {
        figures->fields[at].items = items;
        return;
    }
    if (figures->field_count == TRAWL_FIGURES_FIELDS_MAX || strlen(name) > TRAWL_FIGURES_NAME_MAX) {
        figures->more = true;
        return;
    }
    figures->fields =
        trawl_xrealloc(figures->fields, (figures->field_count + 1) * sizeof(*figures->fields));
    memmove(&figures->fields[at + 1], &figures->fields[at],
            (figures->field_count - at) * sizeof(*figures->fields));
    figures->fields[at] = (struct trawl_filled){.name = trawl_xstrdup(name), .items = items};
    figures->field_count++;
}

void trawl_figures_count(struct trawl_figures *figures, const char *name)
{
    set(figures, name, trawl_figures_filled(figures, name) + 1);
}

uint64_t trawl_figures_filled(const struct trawl_figures *figures, const char *name)
{
    bool found;
    size_t at = place_of(figures, name, &found);

    return found ? figures->fields[at].items : 0;
}

char *trawl_figures_text(const struct trawl_figures *figures)
{
    json_auto_t *fields = json_object();

    /* A name that is no UTF-8 is left out: it did not come from a worker in its senses. */
    for (size_t i = 0; i < figures->field_count; i++)
        (void)json_object_set_new(fields, figures->fields[i].name,
                                  json_integer((json_int_t)figures->fields[i].items));
    return trawl_json_text(fields, TRAWL_JSON_COMPACT);
}

int trawl_figures_read(struct trawl_figures *figures, const char *text, size_t len)
{
    json_auto_t *fields = NULL;
    const char *name;
    json_t *items;

    if (trawl_json_parse(text, len, &fields, NULL) < 0 || !json_is_object(fields))
        return -EINVAL;
    json_object_foreach (fields, name, items) {
        if (json_integer_value(items) > 0)
            set(figures, name, (uint64_t)json_integer_value(items));
    }
    return 0;
}
