/* Dropping runs that ended long ago. Items and their versions stay: only what a run saw of them goes with it. */
#include "store/store_priv.h"
#include "util/clock.h"

/* Rows that one transaction drops. */
#define PIECE 5000

/* A statement's parameters, and its first row. */
struct numbers {
    int64_t first;
    int64_t second;
};

static int prepare(sqlite3 *db, const char *sql, struct numbers bound, sqlite3_stmt **ret_statement)
{
    int r = trawl__db_prepare(db, sql, ret_statement);

    if (r < 0)
        return r;
    sqlite3_bind_int64(*ret_statement, 1, bound.first);
    sqlite3_bind_int64(*ret_statement, 2, bound.second);
    return 0;
}

/* How many rows it has changed, or negative errno. */
static int change(sqlite3 *db, const char *sql, int64_t first, int64_t second)
{
    sqlite3_stmt *statement = NULL;
    int r = prepare(db, sql, (struct numbers){first, second}, &statement);

    if (r < 0)
        return r;
    r = trawl__db_done(statement);
    sqlite3_finalize(statement);
    return r < 0 ? r : sqlite3_changes(db);
}

/* 1: there is a row; 0: there is none. */
static int look(sqlite3 *db, const char *sql, struct numbers bound, struct numbers *ret_row)
{
    sqlite3_stmt *statement = NULL;
    int r = prepare(db, sql, bound, &statement);
    int code;

    if (r < 0)
        return r;
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        *ret_row = (struct numbers){sqlite3_column_int64(statement, 0),
                                    sqlite3_column_int64(statement, 1)};
    sqlite3_finalize(statement);
    r = trawl__db_errno(code);
    return r < 0 ? r : code == SQLITE_ROW;
}

/* The oldest that has to go is out of sight from now on: not the last one of a schedule, nor among the newest of any of its
 * platforms. 1, or 0 if there is none. */
static int hide_one(sqlite3 *db, int64_t keep_ms)
{
    const struct numbers bound = {trawl_now_ms() - keep_ms, TRAWL_STORE_KEEP_RUNS};
    struct numbers run;
    int r = look(db,
                 "SELECT id, 0 FROM runs r WHERE ended_ms < ?1 "
                 "AND NOT EXISTS (SELECT 1 FROM schedules WHERE run_id = r.id) "
                 "AND NOT EXISTS (SELECT 1 FROM run_platforms p WHERE p.run_id = r.id AND ?2 > "
                 "(SELECT count(*) FROM (SELECT 1 FROM run_platforms "
                 "WHERE platform = p.platform AND run_id > r.id LIMIT ?2))) "
                 "ORDER BY id LIMIT 1",
                 bound, &run);

    if (r <= 0)
        return r;
    r = change(db,
               "INSERT INTO dropped_run_platforms SELECT id, run_id FROM run_platforms "
               "WHERE run_id = ?",
               run.first, 0);
    if (r >= 0)
        r = change(db, "DELETE FROM run_platforms WHERE run_id = ?", run.first, 0);
    if (r >= 0)
        r = change(db, "DELETE FROM runs WHERE id = ?", run.first, 0);
    return r < 0 ? r : 1;
}

/* Up to a piece of what is left of one that is out of sight; in the end its name. */
static int drop_piece(sqlite3 *db, struct numbers dropped)
{
    int r = change(db,
                   "DELETE FROM run_items WHERE id IN "
                   "(SELECT id FROM run_items WHERE run_platform = ? LIMIT ?)",
                   dropped.first, PIECE);

    if (r == 0)
        r = change(db,
                   "DELETE FROM pages WHERE rowid IN "
                   "(SELECT rowid FROM pages WHERE run_platform = ? LIMIT ?)",
                   dropped.first, PIECE);
    if (r == 0)
        r = change(
            db, "DELETE FROM errors WHERE id IN (SELECT id FROM errors WHERE run_id = ? LIMIT ?)",
            dropped.second, PIECE);
    if (r == 0)
        r = change(db, "DELETE FROM dropped_run_platforms WHERE id = ?", dropped.first, 0);
    return r;
}

int trawl__prune_runs(sqlite3 *db, int64_t keep_ms, bool *ret_more)
{
    struct numbers dropped;
    int r = look(db, "SELECT id, run_id FROM dropped_run_platforms LIMIT 1", (struct numbers){0, 0},
                 &dropped);

    if (r > 0)
        r = drop_piece(db, dropped);
    else if (r == 0 && keep_ms > 0)
        r = hide_one(db, keep_ms);
    *ret_more = r > 0;
    return r < 0 ? r : 0;
}
