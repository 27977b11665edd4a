/* What the reader's files share. */
#ifndef TRAWL_STORE_READER_PRIV_H
#define TRAWL_STORE_READER_PRIV_H

#include "store/db.h"
#include "store/reader.h"

struct trawl_reader {
    sqlite3 *db;
    uint32_t epoch;
};

/* 0, or -EIO with what the database says. `r` is what a database call gave. */
int trawl__reader_result(struct trawl_reader *reader, int r, struct trawl_err *err);

/* Prepare a statement, or -EIO with `err`. */
int trawl__reader_prepare(struct trawl_reader *reader, const char *sql,
                          sqlite3_stmt **ret_statement, struct trawl_err *err);

/* Several statements over one state of the database. */
int trawl__reader_begin(struct trawl_reader *reader, struct trawl_err *err);
void trawl__reader_end(struct trawl_reader *reader);

/* -ENOENT with `err` if there is no such run. */
int trawl__reader_require_run(struct trawl_reader *reader, int64_t run_id, struct trawl_err *err);

/* A time in milliseconds, or a column of such, as the API shows it; null for 0 and NULL, which stand for never. */
json_t *trawl__reader_stamp(int64_t ms);
json_t *trawl__reader_time(sqlite3_stmt *statement, int column);

/* A column of text as a JSON string. */
json_t *trawl__reader_text(sqlite3_stmt *statement, int column);

#endif
