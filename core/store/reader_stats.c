/* Sums over many rows. */
#include <errno.h>

#include "store/reader_priv.h"
#include "util/clock.h"

#define DAY_MS 86400000

static json_t *day_json(int64_t day)
{
    char stamp[TRAWL_TIMESTAMP_SIZE];

    trawl_timestamp(stamp, day * DAY_MS);
    stamp[sizeof("2026-01-31") - 1] = '\0';
    return json_pack("{s:s, s:i, s:i, s:i, s:i, s:i}", "date", stamp, "runs", 0, "items", 0, "new",
                     0, "changed", 0, "failed", 0);
}

static void set_figures(json_t *day, sqlite3_stmt *row)
{
    static const char *const figures[] = {"runs", "items", "new", "changed", "failed"};

    for (int i = 0; i < 5; i++)
        json_object_set_new(day, figures[i], json_integer(sqlite3_column_int64(row, i + 1)));
}

int trawl_reader_days(struct trawl_reader *reader, int64_t now_ms, unsigned count,
                      json_t **ret_days, struct trawl_err *err)
{
    int64_t first = now_ms / DAY_MS - count + 1;
    sqlite3_stmt *rows = NULL;
    json_t *days;
    int code;
    int r = trawl__reader_prepare(
        reader,
        "SELECT r.created_ms / ?3, count(DISTINCT r.id), sum(p.items), sum(p.new), sum(p.changed), "
        "sum(p.failed) FROM runs r LEFT JOIN run_platforms p ON p.run_id = r.id "
        "WHERE r.created_ms >= ?1 * ?3 AND r.created_ms < ?2 * ?3 GROUP BY 1",
        &rows, err);

    if (r < 0)
        return r;
    days = json_array();
    for (unsigned i = 0; i < count; i++)
        json_array_append_new(days, day_json(first + i));
    sqlite3_bind_int64(rows, 1, first);
    sqlite3_bind_int64(rows, 2, first + count);
    sqlite3_bind_int64(rows, 3, DAY_MS);
    while ((code = sqlite3_step(rows)) == SQLITE_ROW)
        set_figures(json_array_get(days, (size_t)(sqlite3_column_int64(rows, 0) - first)), rows);
    sqlite3_finalize(rows);
    r = trawl__reader_result(reader, trawl__db_errno(code), err);
    if (r < 0)
        json_decref(days);
    else
        *ret_days = days;
    return r;
}

static json_t *group_json(sqlite3_stmt *row)
{
    return json_pack("{s:o, s:o, s:I, s:o, s:o}", "platform", trawl__reader_text(row, 0), "kind",
                     trawl__reader_text(row, 1), "count", (json_int_t)sqlite3_column_int64(row, 2),
                     "example_url", trawl__reader_text(row, 3), "example_detail",
                     trawl__reader_text(row, 4));
}

/* With one min() or max(), SQLite takes the plain columns from the row that has it. */
int trawl_reader_run_error_groups(struct trawl_reader *reader, int64_t run_id, unsigned limit,
                                  json_t **ret_groups, struct trawl_err *err)
{
    sqlite3_stmt *rows = NULL;
    json_t *groups;
    int code;
    int r = trawl__reader_require_run(reader, run_id, err);

    if (r == 0)
        r = trawl__reader_prepare(
            reader,
            "SELECT platform, kind, count(*), url, detail, min(id) FROM errors WHERE run_id = ? "
            "GROUP BY platform, kind ORDER BY 3 DESC, 1, 2 LIMIT ?",
            &rows, err);
    if (r < 0)
        return r;
    groups = json_array();
    sqlite3_bind_int64(rows, 1, run_id);
    sqlite3_bind_int64(rows, 2, limit);
    while ((code = sqlite3_step(rows)) == SQLITE_ROW)
        json_array_append_new(groups, group_json(rows));
    sqlite3_finalize(rows);
    r = trawl__reader_result(reader, trawl__db_errno(code), err);
    if (r < 0)
        json_decref(groups);
    else
        *ret_groups = groups;
    return r;
}
