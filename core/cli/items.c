#include "cli/items.h"

#include <errno.h>
#include <string.h>

#include "util/json.h"

/* Items in one transaction of the reader. */
#define ITEMS_PER_PIECE 500
/* More columns than any spreadsheet shows; further fields are left out. */
#define COLUMNS_MAX 1000

int trawl_items_append_json(struct trawl_buf *buf, const struct trawl_item_row *item)
{
    size_t len = strlen(item->json);
    int r = -EINVAL;

    if (len >= 2 && item->json[0] == '{' && item->json[len - 1] == '}')
        r = trawl_buf_append(buf, item->json, len - 1);
    if (r == 0)
        r = trawl_buf_append_text(buf, len > 2 ? ",\"_key\":" : "\"_key\":");
    if (r == 0)
        r = trawl_json_write_string(buf, item->key, strlen(item->key));
    if (r == 0)
        r = trawl_buf_append_text(buf, ",\"_url\":");
    if (r == 0)
        r = trawl_json_write_string(buf, item->url, strlen(item->url));
    if (r == 0)
        r = trawl_buf_append_text(buf, "}\n");
    return r;
}

struct items_walk {
    int (*each)(struct items_walk *walk, const struct trawl_item_row *item);
    FILE *to;
    struct trawl_buf buf;
    json_t *columns; /* {field: null}, ordered */
    int64_t after;
    unsigned count; /* in this piece */
};

static int items_on_row(void *user, const struct trawl_item_row *item)
{
    struct items_walk *walk = user;

    walk->after = item->row;
    walk->count++;
    return walk->each(walk, item);
}

static int items_walk(struct trawl_reader *reader, const struct trawl_item_filter *filter,
                      struct items_walk *walk, struct trawl_err *err)
{
    struct trawl_item_filter piece = *filter;
    int r;

    piece.limit = ITEMS_PER_PIECE;
    walk->after = 0;
    do {
        piece.after = walk->after;
        walk->count = 0;
        r = trawl_reader_items(reader, &piece, items_on_row, walk, err);
    } while (r == 0 && walk->count == ITEMS_PER_PIECE);
    return r;
}

/* Write what the buffer has, and empty it. */
static int items_put(struct items_walk *walk)
{
    size_t written = fwrite(trawl_buf_text(&walk->buf), 1, walk->buf.len, walk->to);
    int r = written == walk->buf.len ? 0 : errno ? -errno : -EIO;

    trawl_buf_clear(&walk->buf);
    return r;
}

static int items_each_json(struct items_walk *walk, const struct trawl_item_row *item)
{
    int r = trawl_items_append_json(&walk->buf, item);

    return r < 0 ? r : items_put(walk);
}

int trawl_items_write_jsonl(struct trawl_reader *reader, const struct trawl_item_filter *filter,
                            FILE *to, struct trawl_err *err)
{
    struct items_walk walk = {.each = items_each_json, .to = to};
    int r;

    trawl_buf_init(&walk.buf, TRAWL_ITEM_LINE_MAX);
    r = items_walk(reader, filter, &walk, err);
    trawl_buf_finish(&walk.buf);
    return r;
}

/* --- CSV ----------------------------------------------------------------------------------------- */

static int items_each_column(struct items_walk *walk, const struct trawl_item_row *item)
{
    json_auto_t *value = NULL;
    const char *name;
    json_t *field;

    if (trawl_json_parse(item->json, strlen(item->json), &value, NULL) < 0)
        return 0;
    json_object_foreach (value, name, field) {
        if (json_object_size(walk->columns) < COLUMNS_MAX)
            json_object_set_new(walk->columns, name, json_null());
    }
    return 0;
}

/* Quoted where it must be; a cell that a spreadsheet would take for a formula stays text. */
static int items_append_cell(struct trawl_buf *buf, const char *text, bool is_text, bool last)
{
    bool formula = is_text && text[0] != '\0' && strchr("=+-@\t\r", text[0]);
    int r = 0;

    if (!formula && !strpbrk(text, "\",\r\n")) {
        r = trawl_buf_append_text(buf, text);
    } else {
        r = trawl_buf_append_text(buf, formula ? "\"'" : "\"");
        for (const char *c = text; r == 0 && *c != '\0'; c++)
            r = *c == '"' ? trawl_buf_append_text(buf, "\"\"") : trawl_buf_append_char(buf, *c);
        if (r == 0)
            r = trawl_buf_append_char(buf, '"');
    }
    return r == 0 ? trawl_buf_append_text(buf, last ? "\r\n" : ",") : r;
}

static int items_append_value(struct trawl_buf *buf, const json_t *value)
{
    char *text;
    int r;

    if (!value || json_is_null(value))
        return items_append_cell(buf, "", false, false);
    if (json_is_string(value))
        return items_append_cell(buf, json_string_value(value), true, false);
    text = trawl_json_text(value, TRAWL_JSON_COMPACT);
    r = items_append_cell(buf, text, false, false);
    free(text);
    return r;
}

static int items_each_csv(struct items_walk *walk, const struct trawl_item_row *item)
{
    json_auto_t *value = NULL;
    const char *name;
    json_t *column;
    int r = 0;

    (void)trawl_json_parse(item->json, strlen(item->json), &value, NULL);
    json_object_foreach (walk->columns, name, column) {
        if (r == 0)
            r = items_append_value(&walk->buf, json_object_get(value, name));
    }
    if (r == 0)
        r = items_append_cell(&walk->buf, item->platform, true, false);
    if (r == 0)
        r = items_append_cell(&walk->buf, item->key, true, false);
    if (r == 0)
        r = items_append_cell(&walk->buf, item->url, true, true);
    return r < 0 ? r : items_put(walk);
}

static int items_write_header(struct items_walk *walk)
{
    const char *name;
    json_t *column;
    int r = 0;

    json_object_foreach (walk->columns, name, column) {
        if (r == 0)
            r = items_append_cell(&walk->buf, name, true, false);
    }
    if (r == 0)
        r = trawl_buf_append_text(&walk->buf, "_platform,_key,_url\r\n");
    return r < 0 ? r : items_put(walk);
}

int trawl_items_write_csv(struct trawl_reader *reader, const struct trawl_item_filter *filter,
                          FILE *to, struct trawl_err *err)
{
    struct items_walk walk = {.each = items_each_column, .to = to, .columns = json_object()};
    int r;

    trawl_buf_init(&walk.buf, TRAWL_ITEM_LINE_MAX);
    r = items_walk(reader, filter, &walk, err);
    if (r == 0)
        r = items_write_header(&walk);
    walk.each = items_each_csv;
    if (r == 0)
        r = items_walk(reader, filter, &walk, err);
    trawl_buf_finish(&walk.buf);
    json_decref(walk.columns);
    return r;
}
