/* Reading the journal. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/reader_priv.h"
#include "store/state.h"
#include "util/alloc.h"

static struct trawl_event event_of(sqlite3_stmt *row)
{
    struct trawl_event event = {
        .seq = (uint64_t)sqlite3_column_int64(row, 0),
        .type = (uint8_t)sqlite3_column_int(row, 1),
        .flags = (uint8_t)sqlite3_column_int(row, 2),
        .run_id = sqlite3_column_int64(row, 3),
        .timestamp_ms = sqlite3_column_int64(row, 5),
        .platform = trawl__db_str(row, 4),
        .data = trawl__db_str(row, 6),
    };

    trawl__event_own(&event);
    return event;
}

/* Bit t of the mask: events of type t are wanted. */
static int64_t types_of(uint32_t topics)
{
    int64_t types = 0;

    for (int type = TRAWL_EVENT_PROGRESS; type <= TRAWL_EVENT_LOG; type++) {
        if (trawl_event_topic((uint8_t)type) & topics)
            types |= (int64_t)1 << type;
    }
    return types;
}

/* What a client sends as an id may be beyond what the database can count to. */
static int64_t bound_of(uint64_t seq)
{
    return seq > INT64_MAX ? INT64_MAX : (int64_t)seq;
}

int trawl_reader_events(struct trawl_reader *reader, const struct trawl_event_filter *filter,
                        uint64_t since, uint64_t until, size_t limit,
                        struct trawl_event **ret_events, size_t *ret_count, struct trawl_err *err)
{
    static const char all[] =
        "SELECT seq, type, flags, run_id, platform, at_ms, data FROM events "
        "WHERE seq > ?1 AND seq <= ?2 AND (?3 >> type) & 1 ORDER BY seq LIMIT ?4";
    static const char one[] =
        "SELECT seq, type, flags, run_id, platform, at_ms, data FROM events "
        "INDEXED BY events_by_run WHERE run_id = ?5 AND seq > ?1 AND seq <= ?2 "
        "AND (?3 >> type) & 1 ORDER BY seq LIMIT ?4";
    struct trawl_event *events = NULL;
    sqlite3_stmt *rows = NULL;
    size_t count = 0;
    int code;
    int r = trawl__reader_prepare(reader, filter->run_id ? one : all, &rows, err);

    if (r < 0)
        return r;
    events = trawl_xalloc((limit + 1) * sizeof(*events));
    sqlite3_bind_int64(rows, 1, bound_of(since));
    sqlite3_bind_int64(rows, 2, bound_of(until));
    sqlite3_bind_int64(rows, 3, types_of(filter->topics));
    sqlite3_bind_int64(rows, 4, (int64_t)limit);
    if (filter->run_id)
        sqlite3_bind_int64(rows, 5, filter->run_id);
    while ((code = sqlite3_step(rows)) == SQLITE_ROW)
        events[count++] = event_of(rows);
    sqlite3_finalize(rows);
    r = trawl__reader_result(reader, trawl__db_errno(code), err);
    if (r < 0) {
        trawl__events_free(events, count);
        return r;
    }
    *ret_events = events;
    *ret_count = count;
    return 0;
}

void trawl_reader_events_free(struct trawl_event *events, size_t count)
{
    trawl__events_free(events, count);
}

int trawl_reader_bounds(struct trawl_reader *reader, uint64_t *ret_tail, uint64_t *ret_head,
                        struct trawl_err *err)
{
    sqlite3_stmt *row = NULL;
    int code;
    int r =
        trawl__reader_prepare(reader,
                              "SELECT coalesce((SELECT value FROM meta WHERE name = 'head'), 0), "
                              "(SELECT min(seq) FROM events)",
                              &row, err);

    if (r < 0)
        return r;
    code = sqlite3_step(row);
    if (code == SQLITE_ROW) {
        *ret_head = (uint64_t)sqlite3_column_int64(row, 0);
        *ret_tail = sqlite3_column_type(row, 1) == SQLITE_NULL
                        ? *ret_head + 1
                        : (uint64_t)sqlite3_column_int64(row, 1);
    }
    sqlite3_finalize(row);
    return trawl__reader_result(reader, trawl__db_errno(code), err);
}

int trawl_reader_run_span(struct trawl_reader *reader, int64_t run_id, uint64_t *ret_before_first,
                          uint64_t *ret_last, struct trawl_err *err)
{
    sqlite3_stmt *row = NULL;
    int code;
    int r = trawl__reader_prepare(reader, "SELECT first_seq, end_seq FROM runs WHERE id = ?", &row,
                                  err);

    if (r < 0)
        return r;
    sqlite3_bind_int64(row, 1, run_id);
    code = sqlite3_step(row);
    if (code == SQLITE_ROW) {
        *ret_before_first = (uint64_t)sqlite3_column_int64(row, 0) - 1;
        *ret_last = (uint64_t)sqlite3_column_int64(row, 1);
    }
    sqlite3_finalize(row);
    if (code == SQLITE_DONE)
        return trawl_err_set(err, -ENOENT, "", "there is no run %lld", (long long)run_id);
    return trawl__reader_result(reader, trawl__db_errno(code), err);
}
