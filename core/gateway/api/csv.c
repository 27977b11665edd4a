#include "gateway/api/csv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/slice.h"
#include "util/alloc.h"
#include "util/clock.h"

/* What Trawl knows of an item, marked as in the output of `trawl run`, so that no field of the item is hidden. */
static const char *const own_columns[] = {"_platform",   "_key",       "_url",          "_change",
                                          "_first_seen", "_last_seen", "_last_changed", "_gone_at"};

void csv_columns_finish(struct csv_columns *columns)
{
    for (size_t i = 0; i < columns->count; i++)
        free(columns->names[i]);
    free(columns->names);
    *columns = (struct csv_columns){0};
}

/* Rows mostly have the same fields in the same order, so the search begins where the last one ended. */
static size_t find_column(const struct csv_columns *columns, const char *name, size_t hint)
{
    for (size_t i = 0; i < columns->count; i++) {
        size_t at = (hint + i) % columns->count;

        if (strcmp(columns->names[at], name) == 0)
            return at;
    }
    return SIZE_MAX;
}

struct collect {
    struct csv_columns *columns;
    size_t hint;
};

static int collect_member(void *user, const char *name, size_t name_len, const char *value,
                          size_t value_len)
{
    struct collect *collect = user;
    struct csv_columns *columns = collect->columns;
    size_t len, at;
    TRAWL_AUTO_FREE char *text = slice_string(name, name_len, &len);

    (void)value;
    (void)value_len;
    if (!text)
        return -EINVAL;
    at = find_column(columns, text, collect->hint);
    if (at == SIZE_MAX) {
        if (columns->count == CSV_COLUMNS_MAX)
            return -E2BIG;
        if (columns->count == columns->room) {
            columns->room = columns->room ? 2 * columns->room : 16;
            columns->names =
                trawl_xrealloc(columns->names, columns->room * sizeof(*columns->names));
        }
        at = columns->count++;
        columns->names[at] = text;
        text = NULL; /* handed over */
    }
    collect->hint = at + 1;
    return 0;
}

int csv_columns_add(struct csv_columns *columns, const char *json)
{
    struct collect collect = {.columns = columns};

    return slice_object(json, strlen(json), collect_member, &collect);
}

int csv_append_field(struct trawl_buf *buf, const char *text, size_t len)
{
    const char *end = text + len;
    int r;

    if (len == 0)
        return 0;
    if (!memchr(text, '"', len) && !memchr(text, ',', len) && !memchr(text, '\n', len) &&
        !memchr(text, '\r', len))
        return trawl_buf_append(buf, text, len);
    r = trawl_buf_append_char(buf, '"');
    while (r >= 0 && text < end) {
        const char *quote = memchr(text, '"', (size_t)(end - text));
        const char *stop = quote ? quote + 1 : end;

        r = trawl_buf_append(buf, text, (size_t)(stop - text));
        if (r >= 0 && quote)
            r = trawl_buf_append_char(buf, '"');
        text = stop;
    }
    return r < 0 ? r : trawl_buf_append_char(buf, '"');
}

static int append_text(struct trawl_buf *buf, const char *text, bool first)
{
    int r = first ? 0 : trawl_buf_append_char(buf, ',');

    return r < 0 || !text ? r : csv_append_field(buf, text, strlen(text));
}

int csv_append_head(struct trawl_buf *buf, const struct csv_columns *columns)
{
    int r = 0;

    for (size_t i = 0; r >= 0 && i < TRAWL_ARRAY_SIZE(own_columns); i++)
        r = append_text(buf, own_columns[i], i == 0);
    for (size_t i = 0; r >= 0 && i < columns->count; i++)
        r = append_text(buf, columns->names[i], false);
    return r < 0 ? r : trawl_buf_append_text(buf, "\r\n");
}

struct cell {
    const char *value;
    size_t len;
};

struct fill {
    const struct csv_columns *columns;
    struct cell *cells;
    size_t hint;
};

static int fill_member(void *user, const char *name, size_t name_len, const char *value,
                       size_t value_len)
{
    struct fill *fill = user;
    size_t len, at;
    TRAWL_AUTO_FREE char *text = slice_string(name, name_len, &len);

    if (!text)
        return -EINVAL;
    at = find_column(fill->columns, text, fill->hint);
    if (at == SIZE_MAX)
        return 0; /* came into the store after the columns were collected */
    fill->cells[at] = (struct cell){.value = value, .len = value_len};
    fill->hint = at + 1;
    return 0;
}

/* Strings as their text, null as nothing, all else as its JSON. */
static int append_cell(struct trawl_buf *buf, const struct cell *cell)
{
    size_t len;
    int r = trawl_buf_append_char(buf, ',');

    if (r < 0 || cell->len == 0 || (cell->len == 4 && memcmp(cell->value, "null", 4) == 0))
        return r;
    if (cell->value[0] == '"') {
        TRAWL_AUTO_FREE char *text = slice_string(cell->value, cell->len, &len);

        if (text)
            return csv_append_field(buf, text, len);
    }
    return csv_append_field(buf, cell->value, cell->len);
}

static int append_time(struct trawl_buf *buf, int64_t ms)
{
    char stamp[TRAWL_TIMESTAMP_SIZE];

    trawl_timestamp(stamp, ms);
    return append_text(buf, stamp, false);
}

int csv_append_row(struct trawl_buf *buf, const struct csv_columns *columns,
                   const struct trawl_item_row *row)
{
    TRAWL_AUTO_FREE struct cell *cells = trawl_xalloc((columns->count + 1) * sizeof(*cells));
    struct fill fill = {.columns = columns, .cells = cells};
    int r = slice_object(row->json, strlen(row->json), fill_member, &fill);

    if (r >= 0)
        r = append_text(buf, row->platform, true);
    if (r >= 0)
        r = append_text(buf, row->key, false);
    if (r >= 0)
        r = append_text(buf, row->url, false);
    if (r >= 0)
        r = append_text(buf, row->change, false);
    if (r >= 0)
        r = append_time(buf, row->first_seen_ms);
    if (r >= 0)
        r = append_time(buf, row->last_seen_ms);
    if (r >= 0)
        r = append_time(buf, row->last_changed_ms);
    if (r >= 0)
        r = row->gone_ms ? append_time(buf, row->gone_ms) : append_text(buf, "", false);
    for (size_t i = 0; r >= 0 && i < columns->count; i++)
        r = append_cell(buf, &cells[i]);
    return r < 0 ? r : trawl_buf_append_text(buf, "\r\n");
}
