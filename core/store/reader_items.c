/* Reading items and their history. */
#include <errno.h>

#include "store/reader_priv.h"
#include "util/json.h"

/* Rows of a run lie between its first and its last, among those of runs at the same time: read in that order, with no
 * sorting, so that each page of the list costs the same. A version that an overlapping run took back is replaced by the
 * current one; its number may be that of another item's. */
static const char run_items_sql[] =
    "WITH span AS (SELECT "
    "min((SELECT min(id) FROM run_items INDEXED BY run_items_by_run_platform WHERE run_platform = "
    "p.id)) AS lo, "
    "max((SELECT max(id) FROM run_items INDEXED BY run_items_by_run_platform WHERE run_platform = "
    "p.id)) AS hi "
    "FROM run_platforms p WHERE p.run_id = ?1) "
    "SELECT s.id, i.platform, i.key, s.url, v.json, s.change, i.first_seen_ms, i.last_seen_ms, "
    "i.last_changed_ms, i.gone_ms FROM span CROSS JOIN run_items s NOT INDEXED "
    "CROSS JOIN run_platforms p ON p.id = s.run_platform CROSS JOIN items i ON i.id = s.item "
    "CROSS JOIN item_versions v "
    "ON v.id = coalesce((SELECT id FROM item_versions WHERE id = s.version AND item = i.id), "
    "i.version) "
    "WHERE s.id >= span.lo AND s.id <= span.hi AND s.id > ?5 AND p.run_id = ?1 "
    "AND (?2 IS NULL OR i.platform = ?2) "
    "AND CASE WHEN ?3 IS NULL THEN s.change <> 'gone' ELSE s.change = ?3 END "
    "AND (?4 IS NULL OR instr(i.key, ?4) OR instr(v.json, ?4)) ORDER BY s.id LIMIT ?6";

static const char current_items_sql[] =
    "SELECT i.id, i.platform, i.key, v.url, v.json, NULL, i.first_seen_ms, i.last_seen_ms, "
    "i.last_changed_ms, i.gone_ms FROM items i NOT INDEXED CROSS JOIN item_versions v ON v.id = "
    "i.version "
    "WHERE i.id > ?5 AND ?1 = 0 AND (?2 IS NULL OR i.platform = ?2) AND (i.gone_ms IS NULL) = (?3 "
    "IS NULL) "
    "AND (?4 IS NULL OR instr(i.key, ?4) OR instr(v.json, ?4)) ORDER BY i.id LIMIT ?6";

static struct trawl_item_row item_of(sqlite3_stmt *row)
{
    return (struct trawl_item_row){
        .row = sqlite3_column_int64(row, 0),
        .platform = trawl__db_text(row, 1),
        .key = trawl__db_text(row, 2),
        .url = trawl__db_text(row, 3),
        .json = trawl__db_text(row, 4),
        .change = (const char *)sqlite3_column_text(row, 5),
        .first_seen_ms = sqlite3_column_int64(row, 6),
        .last_seen_ms = sqlite3_column_int64(row, 7),
        .last_changed_ms = sqlite3_column_int64(row, 8),
        .gone_ms = sqlite3_column_int64(row, 9),
    };
}

int trawl_reader_items(struct trawl_reader *reader, const struct trawl_item_filter *filter,
                       int (*row)(void *user, const struct trawl_item_row *item), void *user,
                       struct trawl_err *err)
{
    sqlite3_stmt *rows = NULL;
    int code = SQLITE_DONE;
    int r = trawl__reader_prepare(reader, filter->run_id ? run_items_sql : current_items_sql, &rows,
                                  err);

    if (r < 0)
        return r;
    sqlite3_bind_int64(rows, 1, filter->run_id);
    trawl__db_bind_text(rows, 2, filter->platform);
    trawl__db_bind_text(rows, 3, filter->change);
    trawl__db_bind_text(rows, 4, filter->search);
    sqlite3_bind_int64(rows, 5, filter->after);
    sqlite3_bind_int64(rows, 6, filter->limit);
    while (r == 0 && (code = sqlite3_step(rows)) == SQLITE_ROW) {
        struct trawl_item_row item = item_of(rows);

        r = row(user, &item);
    }
    if (r == 0)
        r = trawl__reader_result(reader, trawl__db_errno(code), err);
    sqlite3_finalize(rows);
    return r;
}

/* Stored JSON was validated when it came. */
static json_t *content(sqlite3_stmt *row, int column)
{
    struct trawl_str text = trawl__db_str(row, column);
    json_t *value = NULL;

    return trawl_json_parse(text.ptr, text.len, &value, NULL) < 0 ? json_null() : value;
}

static int no_item(const char *platform, const char *key, struct trawl_err *err)
{
    return trawl_err_set(err, -ENOENT, "", "platform '%s' has no item with the key '%s'", platform,
                         key);
}

int trawl_reader_item(struct trawl_reader *reader, const char *platform, const char *key,
                      json_t **ret_item, struct trawl_err *err)
{
    sqlite3_stmt *row = NULL;
    int code;
    int r =
        trawl__reader_prepare(reader,
                              "SELECT i.platform, i.key, v.url, i.first_seen_ms, i.last_seen_ms, "
                              "i.last_changed_ms, v.json, i.gone_ms FROM items i "
                              "JOIN item_versions v ON v.id = i.version "
                              "WHERE i.platform = ? AND i.key = ?",
                              &row, err);

    if (r < 0)
        return r;
    trawl__db_bind_text(row, 1, platform);
    trawl__db_bind_text(row, 2, key);
    code = sqlite3_step(row);
    if (code == SQLITE_ROW)
        *ret_item = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "platform",
                              trawl__reader_text(row, 0), "key", trawl__reader_text(row, 1), "url",
                              trawl__reader_text(row, 2), "first_seen", trawl__reader_time(row, 3),
                              "last_seen", trawl__reader_time(row, 4), "last_changed",
                              trawl__reader_time(row, 5), "gone_at", trawl__reader_time(row, 7),
                              "item", content(row, 6));
    sqlite3_finalize(row);
    if (code == SQLITE_DONE)
        return no_item(platform, key, err);
    return trawl__reader_result(reader, trawl__db_errno(code), err);
}

int trawl_reader_item_history(struct trawl_reader *reader, const char *platform, const char *key,
                              json_t **ret_versions, struct trawl_err *err)
{
    sqlite3_stmt *rows = NULL;
    json_t *versions;
    int code;
    int r = trawl__reader_prepare(reader,
                                  "SELECT v.run_id, v.seen_ms, v.url, v.json FROM items i "
                                  "JOIN item_versions v ON v.item = i.id "
                                  "WHERE i.platform = ? AND i.key = ? ORDER BY v.id",
                                  &rows, err);

    if (r < 0)
        return r;
    versions = json_array();
    trawl__db_bind_text(rows, 1, platform);
    trawl__db_bind_text(rows, 2, key);
    while ((code = sqlite3_step(rows)) == SQLITE_ROW)
        json_array_append_new(versions,
                              json_pack("{s:I, s:o, s:o, s:o}", "run_id",
                                        (json_int_t)sqlite3_column_int64(rows, 0), "seen_at",
                                        trawl__reader_time(rows, 1), "url",
                                        trawl__reader_text(rows, 2), "item", content(rows, 3)));
    sqlite3_finalize(rows);
    r = trawl__reader_result(reader, trawl__db_errno(code), err);
    if (r == 0 && json_array_size(versions) == 0)
        r = no_item(platform, key, err);
    if (r < 0)
        json_decref(versions);
    else
        *ret_versions = versions;
    return r;
}
