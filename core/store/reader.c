#include "store/reader.h"

#include <errno.h>
#include <stdlib.h>

#include "store/reader_priv.h"
#include "util/alloc.h"
#include "util/clock.h"

int trawl_reader_open(const char *folder, struct trawl_reader **ret_reader, struct trawl_err *err)
{
    struct trawl_reader *reader;
    sqlite3 *db = NULL;
    int r = trawl__db_open_reader(folder, &db, err);

    if (r < 0)
        return r;
    reader = TRAWL_NEW(struct trawl_reader);
    reader->db = db;
    reader->epoch = (uint32_t)trawl__db_int(db, "SELECT value FROM meta WHERE name = 'epoch'", 0);
    *ret_reader = reader;
    return 0;
}

void trawl_reader_close(struct trawl_reader *reader)
{
    if (!reader)
        return;
    sqlite3_close(reader->db);
    free(reader);
}

int trawl__reader_result(struct trawl_reader *reader, int r, struct trawl_err *err)
{
    if (r == 0)
        return 0;
    return trawl_err_set(err, -EIO, "", "the database cannot be read: %s",
                         sqlite3_errmsg(reader->db));
}

int trawl__reader_prepare(struct trawl_reader *reader, const char *sql,
                          sqlite3_stmt **ret_statement, struct trawl_err *err)
{
    return trawl__reader_result(reader, trawl__db_prepare(reader->db, sql, ret_statement), err);
}

int trawl__reader_begin(struct trawl_reader *reader, struct trawl_err *err)
{
    return trawl__reader_result(reader, trawl__db_exec(reader->db, "BEGIN"), err);
}

void trawl__reader_end(struct trawl_reader *reader)
{
    trawl__db_exec(reader->db, "COMMIT");
}

int trawl__reader_require_run(struct trawl_reader *reader, int64_t run_id, struct trawl_err *err)
{
    sqlite3_stmt *find = NULL;
    int code;
    int r = trawl__reader_prepare(reader, "SELECT 1 FROM runs WHERE id = ?", &find, err);

    if (r < 0)
        return r;
    sqlite3_bind_int64(find, 1, run_id);
    code = sqlite3_step(find);
    sqlite3_finalize(find);
    if (code == SQLITE_DONE)
        return trawl_err_set(err, -ENOENT, "", "there is no run %lld", (long long)run_id);
    return trawl__reader_result(reader, trawl__db_errno(code), err);
}

json_t *trawl__reader_stamp(int64_t ms)
{
    char stamp[TRAWL_TIMESTAMP_SIZE];

    if (ms == 0)
        return json_null();
    trawl_timestamp(stamp, ms);
    return json_string(stamp);
}

json_t *trawl__reader_time(sqlite3_stmt *statement, int column)
{
    return trawl__reader_stamp(sqlite3_column_int64(statement, column));
}

json_t *trawl__reader_text(sqlite3_stmt *statement, int column)
{
    struct trawl_str text = trawl__db_str(statement, column);

    return json_stringn_nocheck(text.ptr, text.len);
}
