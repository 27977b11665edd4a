/* Reading what a run has met, and what its platform's runs before it had. */
#include <errno.h>

#include "store/reader_priv.h"

/* Items that are read at a time: a reader that never lets go keeps the log from being recycled. */
#define PIECE 1000

/* A version that a run at the same time took back is replaced by the current one, as in reader_items.c. */
static const char items_sql[] =
    "SELECT s.id, v.json FROM run_items s INDEXED BY run_items_by_run_platform "
    "CROSS JOIN items i ON i.id = s.item CROSS JOIN item_versions v "
    "ON v.id = coalesce((SELECT id FROM item_versions WHERE id = s.version AND item = i.id), "
    "i.version) "
    "WHERE s.run_platform = ?1 AND s.id > ?2 AND s.change <> 'gone' ORDER BY s.id LIMIT ?3";

static const char filled_sql[] =
    "SELECT key FROM json_each(?1) WHERE CASE type WHEN 'null' THEN 0 WHEN 'text' THEN value <> '' "
    "WHEN 'array' THEN value <> '[]' WHEN 'object' THEN value <> '{}' ELSE 1 END";

/* --- the run ------------------------------------------------------------------------------------- */

static int find_platform(struct trawl_reader *reader, int64_t run_id, const char *platform,
                         int64_t *ret_id, struct trawl_err *err)
{
    sqlite3_stmt *find = NULL;
    int code;
    int r = trawl__reader_prepare(
        reader, "SELECT id FROM run_platforms WHERE run_id = ? AND platform = ?", &find, err);

    if (r < 0)
        return r;
    sqlite3_bind_int64(find, 1, run_id);
    trawl__db_bind_text(find, 2, platform);
    code = sqlite3_step(find);
    if (code == SQLITE_ROW)
        *ret_id = sqlite3_column_int64(find, 0);
    sqlite3_finalize(find);
    if (code == SQLITE_DONE)
        return trawl_err_set(err, -ENOENT, "", "run %lld has no platform '%s'", (long long)run_id,
                             platform);
    return trawl__reader_result(reader, trawl__db_errno(code), err);
}

static int count_item(sqlite3_stmt *filled, struct trawl_str json, struct trawl_figures *figures)
{
    int code;

    sqlite3_bind_text(filled, 1, json.ptr, (int)json.len, SQLITE_STATIC);
    while ((code = sqlite3_step(filled)) == SQLITE_ROW)
        trawl_figures_count(figures, trawl__db_text(filled, 0));
    sqlite3_reset(filled);
    figures->items++;
    return trawl__db_errno(code);
}

/* The items of a run after `*after`, which is then the last of them; 0 when that was all. */
static int count_piece(sqlite3_stmt *items, sqlite3_stmt *filled, int64_t *after,
                       struct trawl_figures *figures)
{
    int64_t last = 0;
    unsigned count = 0;
    int code = SQLITE_DONE;
    int r = 0;

    sqlite3_bind_int64(items, 2, *after);
    while (r == 0 && (code = sqlite3_step(items)) == SQLITE_ROW) {
        last = sqlite3_column_int64(items, 0);
        r = count_item(filled, trawl__db_str(items, 1), figures);
        count++;
    }
    sqlite3_reset(items);
    *after = count == PIECE ? last : 0;
    return r < 0 ? r : trawl__db_errno(code);
}

static int count_items(struct trawl_reader *reader, int64_t run_platform,
                       struct trawl_figures *figures, struct trawl_err *err)
{
    sqlite3_stmt *items = NULL;
    sqlite3_stmt *filled = NULL;
    int64_t after = 0;
    int r = trawl__reader_prepare(reader, items_sql, &items, err);

    if (r == 0)
        r = trawl__reader_prepare(reader, filled_sql, &filled, err);
    if (r == 0) {
        sqlite3_bind_int64(items, 1, run_platform);
        sqlite3_bind_int(items, 3, PIECE);
        do {
            r = count_piece(items, filled, &after, figures);
        } while (r == 0 && after > 0);
        r = trawl__reader_result(reader, r, err);
    }
    sqlite3_finalize(items);
    sqlite3_finalize(filled);
    return r;
}

/* --- the runs before ----------------------------------------------------------------------------- */

struct past {
    const char *platform;
    const struct trawl_hash *scope;
    bool suspect;
    int64_t after; /* of those behind this one only */
    size_t limit;
};

/* *ret_newest: the place of the newest of them; untouched if there is none. */
static int read_past(struct trawl_reader *reader, const struct past *past,
                     struct trawl_figures *figures, size_t *ret_count, int64_t *ret_newest,
                     struct trawl_err *err)
{
    sqlite3_stmt *rows = NULL;
    size_t count = 0;
    int code = SQLITE_DONE;
    int r = trawl__reader_prepare(
        reader,
        "SELECT id, items, fields FROM figures WHERE platform = ?1 AND scope = ?2 "
        "AND suspect = ?3 AND id > ?4 ORDER BY id DESC LIMIT ?5",
        &rows, err);

    if (r < 0)
        return r;
    trawl__db_bind_text(rows, 1, past->platform);
    trawl__db_bind_hash(rows, 2, past->scope);
    sqlite3_bind_int(rows, 3, past->suspect);
    sqlite3_bind_int64(rows, 4, past->after);
    sqlite3_bind_int64(rows, 5, (int64_t)past->limit);
    while (r == 0 && (code = sqlite3_step(rows)) == SQLITE_ROW) {
        struct trawl_str fields = trawl__db_str(rows, 2);

        if (count == 0)
            *ret_newest = sqlite3_column_int64(rows, 0);
        figures[count].items = (uint64_t)sqlite3_column_int64(rows, 1);
        r = trawl_figures_read(&figures[count], fields.ptr, fields.len);
        *ret_count = ++count;
    }
    if (r < 0)
        r = trawl_err_set(err, r, "", "what is stored of an earlier run cannot be read");
    else
        r = trawl__reader_result(reader, trawl__db_errno(code), err);
    sqlite3_finalize(rows);
    return r;
}

static int read_pasts(struct trawl_reader *reader, const char *platform,
                      const struct trawl_hash *scope, struct trawl_record *record,
                      struct trawl_err *err)
{
    struct past past = {.platform = platform, .scope = scope, .limit = TRAWL_RECORD_NORMAL_MAX};
    int64_t newest = 0;
    int r = trawl__reader_begin(reader, err);

    if (r < 0)
        return r;
    r = read_past(reader, &past, record->normal, &record->normal_count, &newest, err);
    if (r == 0) {
        past = (struct past){.platform = platform,
                             .scope = scope,
                             .suspect = true,
                             .after = newest,
                             .limit = TRAWL_RECORD_SUSPECT_MAX};
        r = read_past(reader, &past, record->suspect, &record->suspect_count, &newest, err);
    }
    trawl__reader_end(reader);
    return r;
}

int trawl_reader_record(struct trawl_reader *reader, int64_t run_id, const char *platform,
                        const struct trawl_hash *scope, struct trawl_record *ret_record,
                        struct trawl_err *err)
{
    struct trawl_record record = {0};
    int64_t id = 0;
    int r = find_platform(reader, run_id, platform, &id, err);

    if (r == 0)
        r = count_items(reader, id, &record.now, err);
    if (r == 0)
        r = read_pasts(reader, platform, scope, &record, err);
    if (r < 0)
        trawl_record_finish(&record);
    else
        *ret_record = record;
    return r;
}
