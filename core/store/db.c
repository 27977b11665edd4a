#include "store/db.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "store/migrations.h" /* generated from sql/ */
#include "util/alloc.h"
#include "util/fs.h"

/* A reader or a checkpoint never holds the lock for longer than a few milliseconds. */
#define TRAWL_DB_BUSY_MS 5000

int trawl__db_errno(int code)
{
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return 0;
    case SQLITE_FULL:
        return -ENOSPC;
    case SQLITE_NOMEM:
        return -ENOMEM;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return -EBUSY;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
        return -EACCES;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
        return -EBADMSG;
    default:
        return -EIO;
    }
}

int trawl__db_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **ret_statement)
{
    return trawl__db_errno(sqlite3_prepare_v2(db, sql, -1, ret_statement, NULL));
}

int trawl__db_exec(sqlite3 *db, const char *sql)
{
    return trawl__db_errno(sqlite3_exec(db, sql, NULL, NULL, NULL));
}

int64_t trawl__db_int(sqlite3 *db, const char *sql, int64_t fallback)
{
    sqlite3_stmt *statement = NULL;
    int64_t value = fallback;

    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return value;
}

/* --- opening ------------------------------------------------------------------------------------- */

static int db_error(sqlite3 *db, const char *path, int code, struct trawl_err *err)
{
    return trawl_err_set(err, trawl__db_errno(code), path, "the database cannot be opened: %s",
                         db ? sqlite3_errmsg(db) : sqlite3_errstr(code));
}

static int open_file(const char *path, int flags, sqlite3 **ret_db, struct trawl_err *err)
{
    sqlite3 *db = NULL;
    int code = sqlite3_open_v2(path, &db, flags | SQLITE_OPEN_NOMUTEX, NULL);
    int r;

    if (code == SQLITE_OK) {
        sqlite3_busy_timeout(db, TRAWL_DB_BUSY_MS);
        /* The file is only looked at when something is asked of it. */
        code = sqlite3_exec(db, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);
    }
    if (code != SQLITE_OK) {
        r = db_error(db, path, code, err);
        sqlite3_close(db);
        return r;
    }
    *ret_db = db;
    return 0;
}

static int check_version(sqlite3 *db, const char *path, int64_t *ret_version, struct trawl_err *err)
{
    int64_t version = trawl__db_int(db, "PRAGMA user_version", -1);

    if (version > (int64_t)TRAWL_ARRAY_SIZE(trawl_migrations))
        return trawl_err_set(
            err, -ENOTSUP, path,
            "the database is from a newer version (%lld; this program knows %zu and older); "
            "it was not touched",
            (long long)version, TRAWL_ARRAY_SIZE(trawl_migrations));
    *ret_version = version;
    return 0;
}

static int migrate(sqlite3 *db, int64_t version)
{
    char sql[64];
    int r = trawl__db_exec(db, "BEGIN IMMEDIATE");

    for (size_t i = (size_t)version; r == 0 && i < TRAWL_ARRAY_SIZE(trawl_migrations); i++)
        r = trawl__db_exec(db, trawl_migrations[i]);
    snprintf(sql, sizeof(sql), "PRAGMA user_version = %zu", TRAWL_ARRAY_SIZE(trawl_migrations));
    if (r == 0)
        r = trawl__db_exec(db, sql);
    if (r == 0)
        r = trawl__db_exec(db, "COMMIT");
    else
        trawl__db_exec(db, "ROLLBACK");
    return r;
}

/* The epoch of event ids is born with the database; 0 is no epoch. */
static int ensure_epoch(sqlite3 *db)
{
    uint32_t epoch = 0;
    char sql[96];

    while (epoch == 0) {
        if (getrandom(&epoch, sizeof(epoch), 0) != sizeof(epoch))
            return -EIO;
    }
    snprintf(sql, sizeof(sql), "INSERT OR IGNORE INTO meta VALUES ('epoch', %u)", epoch);
    return trawl__db_exec(db, sql);
}

static int prepare(sqlite3 *db, const char *path, bool durable, struct trawl_err *err)
{
    int64_t version = 0;
    int r;

    r = check_version(db, path, &version, err);
    if (r < 0)
        return r;
    r = trawl__db_exec(db, "PRAGMA journal_mode = WAL");
    if (r == 0)
        r = trawl__db_exec(db, durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = OFF");
    if (r == 0)
        r = trawl__db_exec(db, "PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 4000;"
                               "PRAGMA journal_size_limit = 67108864");
    if (r == 0 && version < (int64_t)TRAWL_ARRAY_SIZE(trawl_migrations))
        r = migrate(db, version);
    if (r == 0)
        r = ensure_epoch(db);
    if (r < 0)
        return trawl_err_set(err, r, path, "the database cannot be prepared: %s",
                             sqlite3_errmsg(db));
    return 0;
}

int trawl__db_open(const char *folder, bool durable, sqlite3 **ret_db, struct trawl_err *err)
{
    TRAWL_AUTO_FREE char *path = trawl_fs_join(folder, "trawl.db");
    sqlite3 *db = NULL;
    int r;

    r = open_file(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &db, err);
    if (r < 0)
        return r;
    r = prepare(db, path, durable, err);
    if (r < 0) {
        sqlite3_close(db);
        return r;
    }
    *ret_db = db;
    return 0;
}

int trawl__db_open_reader(const char *folder, sqlite3 **ret_db, struct trawl_err *err)
{
    TRAWL_AUTO_FREE char *path = trawl_fs_join(folder, "trawl.db");
    sqlite3 *db = NULL;
    int64_t version = 0;
    int r;

    if (access(path, F_OK) < 0)
        return trawl_err_set(err, -ENOENT, path, "there is no database here");
    r = open_file(path, SQLITE_OPEN_READONLY, &db, err);
    /* Without a supervisor there is no shared-memory file, which only a writing connection may make. */
    if (r == -EACCES)
        r = open_file(path, SQLITE_OPEN_READWRITE, &db, err);
    if (r < 0)
        return r;
    r = check_version(db, path, &version, err);
    if (r < 0) {
        sqlite3_close(db);
        return r;
    }
    *ret_db = db;
    return 0;
}

/* --- statements ---------------------------------------------------------------------------------- */

void trawl__db_bind_str(sqlite3_stmt *statement, int at, struct trawl_str text)
{
    sqlite3_bind_text(statement, at, text.ptr ? text.ptr : "", (int)text.len, SQLITE_STATIC);
}

void trawl__db_bind_text(sqlite3_stmt *statement, int at, const char *text)
{
    sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC);
}

void trawl__db_bind_blob(sqlite3_stmt *statement, int at, struct trawl_str bytes)
{
    sqlite3_bind_blob(statement, at, bytes.ptr ? bytes.ptr : "", (int)bytes.len, SQLITE_STATIC);
}

void trawl__db_bind_hash(sqlite3_stmt *statement, int at, const struct trawl_hash *hash)
{
    sqlite3_bind_blob(statement, at, hash, sizeof(*hash), SQLITE_STATIC);
}

int trawl__db_done(sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);

    sqlite3_reset(statement);
    return trawl__db_errno(code);
}

const char *trawl__db_text(sqlite3_stmt *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(statement, column);

    return text ? (const char *)text : "";
}

struct trawl_str trawl__db_str(sqlite3_stmt *statement, int column)
{
    const void *bytes = sqlite3_column_blob(statement, column);

    return (struct trawl_str){.ptr = bytes ? bytes : "",
                              .len = (size_t)sqlite3_column_bytes(statement, column)};
}

bool trawl__db_hash_is(sqlite3_stmt *statement, int column, struct trawl_hash hash)
{
    struct trawl_str bytes = trawl__db_str(statement, column);

    return bytes.len == sizeof(hash) && memcmp(bytes.ptr, &hash, sizeof(hash)) == 0;
}
