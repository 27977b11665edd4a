/* Reading a frontier: for the worker that continues it, and for one that has room again for what was left here. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/reader_priv.h"
#include "store/store_priv.h"
#include "util/alloc.h"

/* What one call has read. */
struct rows {
    struct trawl_page_request *requests;
    size_t count;
    size_t cap;
};

/* The strings of a request share one block, which its `url` begins. */
static void own_strings(struct trawl_page_request *request)
{
    struct trawl_str *strings[] = {&request->url,  &request->method, &request->headers,
                                   &request->body, &request->meta,   &request->chain};
    size_t total = 1;
    char *at;

    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(strings); i++)
        total += strings[i]->len;
    at = trawl_xalloc(total);
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(strings); i++) {
        memcpy(at, strings[i]->ptr, strings[i]->len);
        strings[i]->ptr = at;
        at += strings[i]->len;
    }
}

/* What only a request that is still to be made needs. */
static void read_strings(struct trawl_page_request *request, sqlite3_stmt *row)
{
    request->url = trawl__db_str(row, 8);
    request->method = trawl__db_str(row, 9);
    request->headers = trawl__db_str(row, 10);
    request->body = trawl__db_str(row, 11);
    request->meta = trawl__db_str(row, 12);
    request->chain = trawl__db_str(row, 13);
    own_strings(request);
}

static struct trawl_hash fingerprint_of(sqlite3_stmt *row)
{
    struct trawl_str bytes = trawl__db_str(row, 0);
    struct trawl_hash fingerprint = {0};

    if (bytes.len == sizeof(fingerprint))
        memcpy(&fingerprint, bytes.ptr, bytes.len);
    return fingerprint;
}

static void add_row(struct rows *rows, sqlite3_stmt *row, unsigned shard, unsigned shards)
{
    struct trawl_hash fingerprint = fingerprint_of(row);
    struct trawl_page_request *request;

    if (trawl_shard_of(fingerprint, shards) != shard)
        return;
    if (rows->count == rows->cap) {
        rows->cap = rows->cap ? rows->cap * 2 : 64;
        rows->requests = trawl_xrealloc(rows->requests, rows->cap * sizeof(*rows->requests));
    }
    request = &rows->requests[rows->count++];
    *request = (struct trawl_page_request){
        .fingerprint = fingerprint,
        .state = (uint8_t)sqlite3_column_int(row, 1),
        .depth = (uint16_t)sqlite3_column_int(row, 2),
        .redirects = (uint8_t)sqlite3_column_int(row, 3),
        .priority = sqlite3_column_int(row, 4),
        .attempts = (uint8_t)sqlite3_column_int(row, 5),
        .not_before_ms = sqlite3_column_int64(row, 6),
        .counted = sqlite3_column_int(row, 7) != 0,
    };
    if (request->state == TRAWL_REQUEST_PENDING)
        read_strings(request, row);
}

static void clear(struct rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        free((char *)(uintptr_t)rows->requests[i].url.ptr);
    rows->count = 0;
}

#define COLUMNS                                                                                    \
    "fingerprint, state, depth, redirects, priority, attempts, not_before_ms, counted, url, "      \
    "method, headers, body, meta, chain"

/* --- all of a shard ------------------------------------------------------------------------------ */

struct load {
    struct trawl_store_op op;
    int64_t run_id;
    char *platform;
    unsigned shard;
    unsigned shards;
    struct rows rows;
    trawl_store_on_frontier *done;
    void *user;
};

static int load_apply(struct trawl_journal *journal, struct trawl_store_op *op)
{
    struct load *load = TRAWL_CONTAINER_OF(op, struct load, op);
    struct trawl_run_state *run;
    struct trawl_platform_state *platform;
    sqlite3_stmt *rows = NULL;
    int code;
    int r = trawl__journal_platform(journal, load->run_id, load->platform, &run, &platform);

    clear(&load->rows);
    if (r == -ENOENT) {
        op->status = r;
        return 0;
    }
    if (r == 0)
        r = trawl__db_prepare(journal->db,
                              "SELECT " COLUMNS " FROM frontier WHERE run_platform = ?", &rows);
    if (r < 0)
        return r;
    sqlite3_bind_int64(rows, 1, platform->id);
    while ((code = sqlite3_step(rows)) == SQLITE_ROW)
        add_row(&load->rows, rows, load->shard, load->shards);
    sqlite3_finalize(rows);
    return trawl__db_errno(code);
}

static void load_done(struct trawl_store_op *op)
{
    struct load *load = TRAWL_CONTAINER_OF(op, struct load, op);

    load->done(load->user, op->status, load->rows.requests, load->rows.count);
}

static void load_release(struct trawl_store_op *op)
{
    struct load *load = TRAWL_CONTAINER_OF(op, struct load, op);

    clear(&load->rows);
    free(load->rows.requests);
    free(load->platform);
    free(load);
}

void trawl_store_load_frontier(struct trawl_store *store, int64_t run_id, const char *platform,
                               unsigned shard, unsigned shards, trawl_store_on_frontier *done,
                               void *user)
{
    struct load *load = TRAWL_NEW(struct load);

    *load = (struct load){
        .op = {.bytes = sizeof(*load),
               .apply = load_apply,
               .done = load_done,
               .release = load_release},
        .run_id = run_id,
        .platform = trawl_xstrdup(platform),
        .shard = shard,
        .shards = shards,
        .done = done,
        .user = user,
    };
    trawl__store_push(store, &load->op);
}

/* --- more of a host ------------------------------------------------------------------------------ */

struct more {
    struct trawl_store_read read;
    int64_t run_id;
    char *platform;
    unsigned shard;
    unsigned shards;
    char *first; /* URLs from this one, */
    char *end;   /* before this one */
    size_t count;
    struct rows rows;
    trawl_store_on_frontier *done;
    void *user;
};

/* shard_of(fingerprint, shards) */
static void sql_shard_of(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct trawl_hash fingerprint = {0};

    (void)count;
    if (sqlite3_value_bytes(values[0]) == sizeof(fingerprint))
        memcpy(&fingerprint, sqlite3_value_blob(values[0]), sizeof(fingerprint));
    sqlite3_result_int(context,
                       (int)trawl_shard_of(fingerprint, (unsigned)sqlite3_value_int(values[1])));
}

static int more_run(struct trawl_store_read *read, struct trawl_reader *reader)
{
    struct more *more = TRAWL_CONTAINER_OF(read, struct more, read);
    sqlite3_stmt *rows = NULL;
    int code =
        sqlite3_create_function(reader->db, "shard_of", 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL,
                                sql_shard_of, NULL, NULL);
    int r = trawl__db_errno(code);

    if (r == 0)
        r = trawl__db_prepare(
            reader->db,
            "SELECT " COLUMNS " FROM frontier WHERE run_platform = "
            "(SELECT id FROM run_platforms WHERE run_id = ?1 AND platform = ?2) AND state = 0 "
            "AND url >= ?3 AND url < ?4 AND shard_of(fingerprint, ?5) = ?6 "
            "ORDER BY depth, priority DESC LIMIT ?7",
            &rows);
    if (r < 0)
        return r;
    sqlite3_bind_int64(rows, 1, more->run_id);
    trawl__db_bind_text(rows, 2, more->platform);
    trawl__db_bind_text(rows, 3, more->first);
    trawl__db_bind_text(rows, 4, more->end);
    sqlite3_bind_int(rows, 5, (int)more->shards);
    sqlite3_bind_int(rows, 6, (int)more->shard);
    sqlite3_bind_int64(rows, 7, (sqlite3_int64)more->count);
    while ((code = sqlite3_step(rows)) == SQLITE_ROW)
        add_row(&more->rows, rows, more->shard, more->shards);
    sqlite3_finalize(rows);
    return trawl__db_errno(code);
}

static void more_done(struct trawl_store_read *read)
{
    struct more *more = TRAWL_CONTAINER_OF(read, struct more, read);

    more->done(more->user, read->status, more->rows.requests, more->rows.count);
    clear(&more->rows);
    free(more->rows.requests);
    free(more->platform);
    free(more->first);
    free(more->end);
    free(more);
}

void trawl_store_load_more(struct trawl_store *store, int64_t run_id, const char *platform,
                           unsigned shard, unsigned shards, const char *host, size_t count,
                           trawl_store_on_frontier *done, void *user)
{
    struct more *more = TRAWL_NEW(struct more);

    *more = (struct more){
        .read = {.lane = TRAWL_LANE_FRONTIER, .run = more_run, .done = more_done},
        .run_id = run_id,
        .platform = trawl_xstrdup(platform),
        .shard = shard,
        .shards = shards,
        .first = trawl_xasprintf("%s/", host),
        .end = trawl_xasprintf("%s0", host), /* '0' follows '/' */
        .count = count,
        .done = done,
        .user = user,
    };
    trawl_store_read(store, &more->read);
}
