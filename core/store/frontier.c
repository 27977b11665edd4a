/* Reading a frontier for the worker that continues it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_priv.h"
#include "util/alloc.h"

struct load {
    struct trawl_store_op op;
    int64_t run_id;
    char *platform;
    unsigned shard;
    unsigned shards;
    struct trawl_page_request *requests;
    size_t count;
    size_t cap;
    trawl_store_on_frontier *done;
    void *user;
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

static void load_row(struct load *load, sqlite3_stmt *row)
{
    struct trawl_hash fingerprint = fingerprint_of(row);
    struct trawl_page_request *request;

    if (trawl_shard_of(fingerprint, load->shards) != load->shard)
        return;
    if (load->count == load->cap) {
        load->cap = load->cap ? load->cap * 2 : 64;
        load->requests = trawl_xrealloc(load->requests, load->cap * sizeof(*load->requests));
    }
    request = &load->requests[load->count++];
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

static void load_clear(struct load *load)
{
    for (size_t i = 0; i < load->count; i++)
        free((char *)(uintptr_t)load->requests[i].url.ptr);
    load->count = 0;
}

static int load_apply(struct trawl_journal *journal, struct trawl_store_op *op)
{
    struct load *load = TRAWL_CONTAINER_OF(op, struct load, op);
    struct trawl_run_state *run;
    struct trawl_platform_state *platform;
    sqlite3_stmt *rows = NULL;
    int code;
    int r = trawl__journal_platform(journal, load->run_id, load->platform, &run, &platform);

    load_clear(load);
    if (r == -ENOENT) {
        op->status = r;
        return 0;
    }
    if (r == 0)
        r = trawl__db_prepare(
            journal->db,
            "SELECT fingerprint, state, depth, redirects, priority, attempts, not_before_ms, "
            "counted, url, method, headers, body, meta, chain FROM frontier WHERE run_platform = ?",
            &rows);
    if (r < 0)
        return r;
    sqlite3_bind_int64(rows, 1, platform->id);
    while ((code = sqlite3_step(rows)) == SQLITE_ROW)
        load_row(load, rows);
    sqlite3_finalize(rows);
    return trawl__db_errno(code);
}

static void load_done(struct trawl_store_op *op)
{
    struct load *load = TRAWL_CONTAINER_OF(op, struct load, op);

    load->done(load->user, op->status, load->requests, load->count);
}

static void load_release(struct trawl_store_op *op)
{
    struct load *load = TRAWL_CONTAINER_OF(op, struct load, op);

    load_clear(load);
    free(load->requests);
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
