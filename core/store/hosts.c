/* What is known of hosts: evidence for their owners, and their robots.txt. */
#include <stdlib.h>
#include <string.h>

#include "store/store_priv.h"
#include "util/alloc.h"
#include "util/clock.h"

struct host_call {
    struct trawl_store_op op;
    char *name;
    char *json; /* NULL: there is none */
    void *robots;
    size_t robots_len;
    trawl_store_on_host *done;
    void *user;
};

static void host_release(struct trawl_store_op *op)
{
    struct host_call *call = TRAWL_CONTAINER_OF(op, struct host_call, op);

    free(call->name);
    free(call->json);
    free(call->robots);
    free(call);
}

static struct host_call *host_call(const char *name,
                                   int (*apply)(struct trawl_journal *, struct trawl_store_op *),
                                   void (*done)(struct trawl_store_op *))
{
    struct host_call *call = TRAWL_NEW(struct host_call);

    call->op = (struct trawl_store_op){
        .bytes = sizeof(*call), .apply = apply, .done = done, .release = host_release};
    call->name = trawl_xstrdup(name);
    return call;
}

static void set_robots(struct host_call *call, const void *bytes, size_t len)
{
    call->robots = trawl_xalloc(len + 1);
    call->robots_len = len;
    if (len > 0) /* else SQLite has no bytes to point to */
        memcpy(call->robots, bytes, len);
}

/* --- loading ------------------------------------------------------------------------------------- */

/* A transaction may be tried again: what an earlier try found is void. */
static int apply_load(struct trawl_journal *journal, struct trawl_store_op *op)
{
    struct host_call *call = TRAWL_CONTAINER_OF(op, struct host_call, op);
    sqlite3_stmt *row = NULL;
    int code;
    int r = trawl__db_prepare(journal->db, "SELECT json, robots FROM hosts WHERE name = ?", &row);

    if (r < 0)
        return r;
    free(call->json);
    free(call->robots);
    call->json = NULL;
    call->robots = NULL;
    trawl__db_bind_text(row, 1, call->name);
    code = sqlite3_step(row);
    if (code == SQLITE_ROW) {
        call->json = trawl_xstrdup((const char *)sqlite3_column_text(row, 0));
        if (sqlite3_column_type(row, 1) != SQLITE_NULL)
            set_robots(call, sqlite3_column_blob(row, 1), (size_t)sqlite3_column_bytes(row, 1));
    }
    sqlite3_finalize(row);
    return trawl__db_errno(code);
}

static void load_done(struct trawl_store_op *op)
{
    struct host_call *call = TRAWL_CONTAINER_OF(op, struct host_call, op);

    call->done(call->user, call->json, call->robots, call->robots_len);
}

void trawl_store_load_host(struct trawl_store *store, const char *name, trawl_store_on_host *done,
                           void *user)
{
    struct host_call *call = host_call(name, apply_load, load_done);

    call->done = done;
    call->user = user;
    trawl__store_push(store, &call->op);
}

/* --- saving -------------------------------------------------------------------------------------- */

static int apply_save(struct trawl_journal *journal, struct trawl_store_op *op)
{
    struct host_call *call = TRAWL_CONTAINER_OF(op, struct host_call, op);
    sqlite3_stmt *save = NULL;
    int r = trawl__db_prepare(
        journal->db,
        "INSERT INTO hosts (name, seen_ms, json, robots) VALUES (?1, ?2, ?3, ?4) "
        "ON CONFLICT (name) DO UPDATE SET seen_ms = ?2, json = ?3, robots = coalesce(?4, robots)",
        &save);

    if (r < 0)
        return r;
    trawl__db_bind_text(save, 1, call->name);
    sqlite3_bind_int64(save, 2, trawl_now_ms());
    trawl__db_bind_text(save, 3, call->json);
    if (call->robots)
        sqlite3_bind_blob64(save, 4, call->robots, call->robots_len, SQLITE_STATIC);
    r = trawl__db_done(save);
    sqlite3_finalize(save);
    return r;
}

static void save_done(struct trawl_store_op *op)
{
    (void)op;
}

void trawl_store_save_host(struct trawl_store *store, const char *name, const char *json,
                           const void *robots, size_t robots_len)
{
    struct host_call *call = host_call(name, apply_save, save_done);

    call->json = trawl_xstrdup(json);
    if (robots)
        set_robots(call, robots, robots_len);
    call->op.bytes += strlen(json) + robots_len;
    trawl__store_push(store, &call->op);
}
