/* Reading runs, their errors and their logs. */
#include <errno.h>
#include <string.h>

#include "store/reader_priv.h"
#include "util/json.h"

/* The most runs that a snapshot tells of, newest first. */
#define SNAPSHOT_RUNS_MAX 1000

#define RUN_COLUMNS "id, trigger, phase, created_ms, started_ms, ended_ms, n, last_seq"
#define ACTIVE      "phase IN ('queued','starting','scraping','storing')"

static json_t *platform_json(sqlite3_stmt *row)
{
    int64_t items = sqlite3_column_int64(row, 5);
    int64_t new_items = sqlite3_column_int64(row, 6);
    int64_t changed = sqlite3_column_int64(row, 7);

    return json_pack(
        "{s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, "
        "s:o}",
        "platform", trawl__reader_text(row, 0), "plugin", trawl__reader_text(row, 1), "phase",
        trawl__reader_text(row, 2), "current", (json_int_t)sqlite3_column_int64(row, 3), "total",
        (json_int_t)sqlite3_column_int64(row, 4), "items", (json_int_t)items, "new",
        (json_int_t)new_items, "changed", (json_int_t)changed, "unchanged",
        (json_int_t)(items - new_items - changed), "gone",
        (json_int_t)sqlite3_column_int64(row, 14), "failed",
        (json_int_t)sqlite3_column_int64(row, 8), "excluded",
        (json_int_t)sqlite3_column_int64(row, 15), "pages",
        (json_int_t)sqlite3_column_int64(row, 9), "not_modified",
        (json_int_t)sqlite3_column_int64(row, 16), "bytes",
        (json_int_t)sqlite3_column_int64(row, 10), "message", trawl__reader_text(row, 11),
        "started_at", trawl__reader_time(row, 12), "ended_at", trawl__reader_time(row, 13));
}

static int platforms_json(struct trawl_reader *reader, int64_t run_id, json_t **ret_platforms,
                          struct trawl_err *err)
{
    json_t *platforms;
    sqlite3_stmt *rows = NULL;
    int code;
    int r = trawl__reader_prepare(
        reader,
        "SELECT platform, plugin, phase, coalesce(own_current, pages), "
        "coalesce(own_total, known), items, new, changed, failed, pages, bytes, "
        "message, started_ms, ended_ms, gone, excluded, not_modified FROM run_platforms WHERE "
        "run_id = ? "
        "ORDER BY id",
        &rows, err);

    if (r < 0)
        return r;
    platforms = json_array();
    sqlite3_bind_int64(rows, 1, run_id);
    while ((code = sqlite3_step(rows)) == SQLITE_ROW)
        json_array_append_new(platforms, platform_json(rows));
    sqlite3_finalize(rows);
    r = trawl__reader_result(reader, trawl__db_errno(code), err);
    if (r < 0)
        json_decref(platforms);
    else
        *ret_platforms = platforms;
    return r;
}

static void set_sums(json_t *run, const json_t *platforms)
{
    static const char *const figures[] = {"pages", "items",  "new",      "changed",     "unchanged",
                                          "gone",  "failed", "excluded", "not_modified"};

    for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
        json_int_t sum = 0;
        size_t at;
        json_t *platform;

        json_array_foreach (platforms, at, platform)
            sum += trawl_json_int(platform, figures[i], 0);
        json_object_set_new(run, figures[i], json_integer(sum));
    }
}

static int run_json(struct trawl_reader *reader, sqlite3_stmt *row, json_t **ret_run,
                    struct trawl_err *err)
{
    int64_t id = sqlite3_column_int64(row, 0);
    char last_id[TRAWL_EVENT_ID_SIZE];
    json_t *platforms;
    int r = platforms_json(reader, id, &platforms, err);

    if (r < 0)
        return r;
    trawl_event_id(last_id, reader->epoch, (uint64_t)sqlite3_column_int64(row, 7));
    *ret_run =
        json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:I, s:s}", "id", (json_int_t)id, "trigger",
                  trawl__reader_text(row, 1), "status", trawl__reader_text(row, 2), "created_at",
                  trawl__reader_time(row, 3), "started_at", trawl__reader_time(row, 4), "ended_at",
                  trawl__reader_time(row, 5), "n", (json_int_t)sqlite3_column_int64(row, 6),
                  "last_id", last_id);
    set_sums(*ret_run, platforms);
    json_object_set_new(*ret_run, "platforms", platforms);
    return 0;
}

/* All runs that a bound statement gives. Finalizes it. */
static int collect(struct trawl_reader *reader, sqlite3_stmt *rows, json_t **ret_runs,
                   struct trawl_err *err)
{
    json_t *runs = json_array();
    int code;
    int r = 0;

    while (r == 0 && (code = sqlite3_step(rows)) == SQLITE_ROW) {
        json_t *run = NULL;

        r = run_json(reader, rows, &run, err);
        if (r == 0)
            json_array_append_new(runs, run);
    }
    if (r == 0)
        r = trawl__reader_result(reader, trawl__db_errno(code), err);
    sqlite3_finalize(rows);
    if (r < 0)
        json_decref(runs);
    else
        *ret_runs = runs;
    return r;
}

int trawl_reader_runs(struct trawl_reader *reader, const struct trawl_run_filter *filter,
                      json_t **ret_runs, struct trawl_err *err)
{
    sqlite3_stmt *rows = NULL;
    int r = trawl__reader_begin(reader, err);

    if (r < 0)
        return r;
    r = trawl__reader_prepare(reader,
                              "SELECT " RUN_COLUMNS " FROM runs WHERE (?1 IS NULL OR phase = ?1) "
                              "AND (?2 IS NULL OR EXISTS (SELECT 1 FROM run_platforms p "
                              "WHERE p.run_id = runs.id AND p.platform = ?2)) "
                              "AND (?3 = 0 OR id < ?3) ORDER BY id DESC LIMIT ?4",
                              &rows, err);
    if (r == 0) {
        trawl__db_bind_text(rows, 1, filter->status);
        trawl__db_bind_text(rows, 2, filter->platform);
        sqlite3_bind_int64(rows, 3, filter->before);
        sqlite3_bind_int64(rows, 4, filter->limit);
        r = collect(reader, rows, ret_runs, err);
    }
    trawl__reader_end(reader);
    return r;
}

int trawl_reader_run(struct trawl_reader *reader, int64_t run_id, json_t **ret_run,
                     struct trawl_err *err)
{
    json_auto_t *runs = NULL;
    sqlite3_stmt *rows = NULL;
    int r = trawl__reader_begin(reader, err);

    if (r < 0)
        return r;
    r = trawl__reader_prepare(reader, "SELECT " RUN_COLUMNS " FROM runs WHERE id = ?", &rows, err);
    if (r == 0) {
        sqlite3_bind_int64(rows, 1, run_id);
        r = collect(reader, rows, &runs, err);
    }
    trawl__reader_end(reader);
    if (r < 0)
        return r;
    if (json_array_size(runs) == 0)
        return trawl_err_set(err, -ENOENT, "", "there is no run %lld", (long long)run_id);
    *ret_run = json_incref(json_array_get(runs, 0));
    return 0;
}

/* Active runs, those with events after `since` (0: none of these), and run_id. */
static int current_runs(struct trawl_reader *reader, uint64_t since, int64_t run_id,
                        json_t **ret_runs, struct trawl_err *err)
{
    sqlite3_stmt *rows = NULL;
    int r =
        trawl__reader_prepare(reader,
                              "SELECT " RUN_COLUMNS " FROM runs WHERE " ACTIVE
                              " OR (?1 > 0 AND last_seq > ?1) OR id = ?2 ORDER BY id DESC LIMIT ?3",
                              &rows, err);

    if (r < 0)
        return r;
    sqlite3_bind_int64(rows, 1, (int64_t)since);
    sqlite3_bind_int64(rows, 2, run_id);
    sqlite3_bind_int(rows, 3, SNAPSHOT_RUNS_MAX);
    return collect(reader, rows, ret_runs, err);
}

int trawl_reader_active_runs(struct trawl_reader *reader, json_t **ret_runs, struct trawl_err *err)
{
    int r = trawl__reader_begin(reader, err);

    if (r < 0)
        return r;
    r = current_runs(reader, 0, 0, ret_runs, err);
    trawl__reader_end(reader);
    return r;
}

int trawl_reader_snapshot(struct trawl_reader *reader, uint64_t since, int64_t run_id,
                          json_t **ret_data, uint64_t *ret_through, struct trawl_err *err)
{
    json_t *runs = NULL;
    int r = trawl__reader_begin(reader, err);

    if (r < 0)
        return r;
    r = current_runs(reader, since, run_id, &runs, err);
    if (r == 0) {
        *ret_through =
            (uint64_t)trawl__db_int(reader->db, "SELECT value FROM meta WHERE name = 'head'", 0);
        *ret_data = json_pack("{s:o}", "runs", runs);
    }
    trawl__reader_end(reader);
    return r;
}

/* --- rows of one run ----------------------------------------------------------------------------- */

static int run_rows(struct trawl_reader *reader, const char *sql,
                    json_t *(*make)(sqlite3_stmt *row), const int64_t bound[3], json_t **ret_rows,
                    struct trawl_err *err)
{
    sqlite3_stmt *rows = NULL;
    json_t *list;
    int code;
    int r = trawl__reader_require_run(reader, bound[0], err);

    if (r == 0)
        r = trawl__reader_prepare(reader, sql, &rows, err);
    if (r < 0)
        return r;
    list = json_array();
    for (int i = 0; i < 3; i++)
        sqlite3_bind_int64(rows, i + 1, bound[i]);
    while ((code = sqlite3_step(rows)) == SQLITE_ROW)
        json_array_append_new(list, make(rows));
    sqlite3_finalize(rows);
    r = trawl__reader_result(reader, trawl__db_errno(code), err);
    if (r < 0)
        json_decref(list);
    else
        *ret_rows = list;
    return r;
}

static json_t *error_json(sqlite3_stmt *row)
{
    return json_pack("{s:I, s:o, s:o, s:o, s:o, s:i, s:o}", "row",
                     (json_int_t)sqlite3_column_int64(row, 0), "platform",
                     trawl__reader_text(row, 1), "url", trawl__reader_text(row, 2), "kind",
                     trawl__reader_text(row, 3), "detail", trawl__reader_text(row, 4), "status",
                     sqlite3_column_int(row, 5), "at", trawl__reader_time(row, 6));
}

int trawl_reader_run_errors(struct trawl_reader *reader, int64_t run_id, int64_t after,
                            unsigned limit, json_t **ret_errors, struct trawl_err *err)
{
    return run_rows(reader,
                    "SELECT id, platform, url, kind, detail, status, at_ms FROM errors "
                    "WHERE run_id = ? AND id > ? ORDER BY id LIMIT ?",
                    error_json, (const int64_t[]){run_id, after, limit}, ret_errors, err);
}

static json_t *log_json(sqlite3_stmt *row)
{
    bool whole_run = trawl__db_str(row, 1).len == 0;

    return json_pack("{s:I, s:o, s:o, s:o, s:o}", "row", (json_int_t)sqlite3_column_int64(row, 0),
                     "platform", whole_run ? json_null() : trawl__reader_text(row, 1), "level",
                     trawl__reader_text(row, 2), "message", trawl__reader_text(row, 3), "at",
                     trawl__reader_time(row, 4));
}

int trawl_reader_run_logs(struct trawl_reader *reader, int64_t run_id, int64_t after,
                          unsigned limit, json_t **ret_logs, struct trawl_err *err)
{
    return run_rows(
        reader,
        "SELECT seq, platform, json_extract(data, '$.level'), json_extract(data, '$.message'), "
        "at_ms FROM events WHERE run_id = ?1 AND seq > ?2 AND type = 3 ORDER BY seq LIMIT ?3",
        log_json, (const int64_t[]){run_id, after, limit}, ret_logs, err);
}
_Static_assert(TRAWL_EVENT_LOG == 3, "the number in the query above");
