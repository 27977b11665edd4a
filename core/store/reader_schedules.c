/* Reading schedules. */
#include "store/reader_priv.h"
#include "util/json.h"

static json_t *last_json(sqlite3_stmt *row)
{
    if (sqlite3_column_type(row, 5) == SQLITE_NULL)
        return json_null();
    return json_pack("{s:o, s:I, s:o, s:o}", "due_at", trawl__reader_time(row, 6), "run_id",
                     (json_int_t)sqlite3_column_int64(row, 5), "status", trawl__reader_text(row, 9),
                     "ended_at", trawl__reader_time(row, 10));
}

static json_t *skipped_json(sqlite3_stmt *row)
{
    if (sqlite3_column_type(row, 7) == SQLITE_NULL)
        return json_null();
    return json_pack("{s:o, s:o}", "due_at", trawl__reader_time(row, 7), "reason",
                     trawl__reader_text(row, 8));
}

static json_t *schedule_json(sqlite3_stmt *row)
{
    struct trawl_str text = trawl__db_str(row, 1);
    bool has_reason = trawl__db_str(row, 4).len > 0;
    json_auto_t *spec = NULL;
    json_t *schedule = json_pack("{s:o}", "platform", trawl__reader_text(row, 0));

    (void)trawl_json_parse(text.ptr, text.len, &spec, NULL);
    json_object_update(schedule, spec);
    json_object_update_new(schedule,
                           json_pack("{s:b, s:o, s:o, s:o, s:o, s:I}", "paused",
                                     sqlite3_column_type(row, 3) != SQLITE_NULL, "paused_at",
                                     trawl__reader_time(row, 3), "reason",
                                     has_reason ? trawl__reader_text(row, 4) : json_null(), "last",
                                     last_json(row), "last_skipped", skipped_json(row), "due_ms",
                                     (json_int_t)sqlite3_column_int64(row, 2)));
    return schedule;
}

int trawl_reader_schedules(struct trawl_reader *reader, json_t **ret_schedules,
                           struct trawl_err *err)
{
    sqlite3_stmt *rows = NULL;
    json_t *schedules;
    int code;
    int r = trawl__reader_prepare(
        reader,
        "SELECT s.platform, s.spec, s.due_ms, s.paused_ms, s.reason, r.id, s.run_due_ms, "
        "s.skipped_ms, s.skipped, r.phase, r.ended_ms "
        "FROM schedules s LEFT JOIN runs r ON r.id = s.run_id "
        "WHERE s.timing <> '' ORDER BY s.platform",
        &rows, err);

    if (r < 0)
        return r;
    schedules = json_array();
    while ((code = sqlite3_step(rows)) == SQLITE_ROW)
        json_array_append_new(schedules, schedule_json(rows));
    sqlite3_finalize(rows);
    r = trawl__reader_result(reader, trawl__db_errno(code), err);
    if (r < 0)
        json_decref(schedules);
    else
        *ret_schedules = schedules;
    return r;
}
