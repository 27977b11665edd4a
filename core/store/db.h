/* SQLite, wrapped as far as the store needs: opening, migrating, statements, and one translation of its codes. */
#ifndef TRAWL_STORE_DB_H
#define TRAWL_STORE_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "ipc/wire.h"
#include "trawl/err.h"
#include "util/hash.h"

/* SQLite's result code as 0 or negative errno. */
int trawl__db_errno(int code);

/* Open `folder`'s database to write: made if it is not there, migrated, in WAL mode. -ENOTSUP when it is newer than this
 * program; it is then untouched. */
int trawl__db_open(const char *folder, bool durable, sqlite3 **ret_db, struct trawl_err *err);

/* Open it to read. -ENOENT: there is none. */
int trawl__db_open_reader(const char *folder, sqlite3 **ret_db, struct trawl_err *err);

/* Prepare a statement that is used once; the caller finalizes it. */
int trawl__db_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **ret_statement);

/* Run SQL that gives no rows. */
int trawl__db_exec(sqlite3 *db, const char *sql);

/* The first column of the first row of SQL without parameters, or `fallback`. */
int64_t trawl__db_int(sqlite3 *db, const char *sql, int64_t fallback);

/* Binding, by position from 1. The bytes are borrowed until the statement is reset. */
void trawl__db_bind_str(sqlite3_stmt *statement, int at, struct trawl_str text);
void trawl__db_bind_text(sqlite3_stmt *statement, int at, const char *text);
void trawl__db_bind_blob(sqlite3_stmt *statement, int at, struct trawl_str bytes);
void trawl__db_bind_hash(sqlite3_stmt *statement, int at, const struct trawl_hash *hash);

/* Step a statement that gives no rows and reset it. 0 or negative errno. */
int trawl__db_done(sqlite3_stmt *statement);

/* Columns, borrowed until the next step. */
const char *trawl__db_text(sqlite3_stmt *statement, int column); /* never NULL */
struct trawl_str trawl__db_str(sqlite3_stmt *statement, int column);
bool trawl__db_hash_is(sqlite3_stmt *statement, int column, struct trawl_hash hash);

#endif
