/* Items that a complete run did not meet. */
#include <errno.h>
#include <stdlib.h>

#include "store/store_priv.h"
#include "util/alloc.h"
#include "util/clock.h"

/* Items that one transaction marks. */
#define PIECE 1000

struct gone {
    struct trawl_store_op op;
    struct trawl_store *store;
    int64_t run_id;
    char *platform;
    char *after; /* the key that an earlier piece ended with, or "" */
    char *last;  /* the one that this piece ended with, if more follows; else NULL */
    trawl_store_on_done *done;
    void *user;
};

static int mark(struct trawl_journal *journal, struct trawl_run_state *run,
                struct trawl_platform_state *platform, sqlite3_stmt *row)
{
    sqlite3_stmt *item = journal->statements[STATEMENT_ITEM_GONE];
    sqlite3_stmt *seen = journal->statements[STATEMENT_SEEN_GONE];
    int r;

    sqlite3_bind_int64(item, 1, sqlite3_column_int64(row, 0));
    sqlite3_bind_int64(item, 2, trawl_now_ms());
    r = trawl__db_done(item);
    if (r < 0)
        return r;
    sqlite3_bind_int64(seen, 1, platform->id);
    sqlite3_bind_int64(seen, 2, sqlite3_column_int64(row, 0));
    sqlite3_bind_int64(seen, 3, sqlite3_column_int64(row, 2));
    r = trawl__db_done(seen);
    if (r < 0)
        return r;
    platform->gone++;
    platform->dirty = true;
    return trawl__journal_item(journal, run, platform, trawl__db_str(row, 1), "gone");
}

/* An item that another run has seen since this one began is there, whatever this one met. */
static int find(struct trawl_journal *journal, const struct gone *gone,
                const struct trawl_platform_state *platform, sqlite3_stmt **ret_rows)
{
    int r =
        trawl__db_prepare(journal->db,
                          "SELECT id, key, version FROM items i WHERE platform = ?1 AND key > ?2 "
                          "AND gone_ms IS NULL AND last_seen_ms < ?3 AND NOT EXISTS "
                          "(SELECT 1 FROM run_items s WHERE s.run_platform = ?4 AND s.item = i.id) "
                          "ORDER BY key LIMIT ?5",
                          ret_rows);

    if (r < 0)
        return r;
    trawl__db_bind_text(*ret_rows, 1, platform->name);
    trawl__db_bind_text(*ret_rows, 2, gone->after);
    sqlite3_bind_int64(*ret_rows, 3, platform->started_ms);
    sqlite3_bind_int64(*ret_rows, 4, platform->id);
    sqlite3_bind_int(*ret_rows, 5, PIECE);
    return 0;
}

static int gone_apply(struct trawl_journal *journal, struct trawl_store_op *op)
{
    struct gone *gone = TRAWL_CONTAINER_OF(op, struct gone, op);
    struct trawl_platform_state *platform;
    struct trawl_run_state *run;
    sqlite3_stmt *rows = NULL;
    unsigned count = 0;
    int code = SQLITE_DONE;
    int r = trawl__journal_platform(journal, gone->run_id, gone->platform, &run, &platform);

    if (r == -ENOENT) {
        op->status = r;
        return 0;
    }
    free(gone->last);
    gone->last = NULL;
    if (r == 0)
        r = find(journal, gone, platform, &rows);
    while (r == 0 && (code = sqlite3_step(rows)) == SQLITE_ROW) {
        r = mark(journal, run, platform, rows);
        if (++count == PIECE)
            gone->last = trawl_xstrdup(trawl__db_text(rows, 1));
    }
    sqlite3_finalize(rows);
    return r < 0 ? r : trawl__db_errno(code);
}

static void gone_push(struct trawl_store *store, int64_t run_id, const char *platform,
                      const char *after, trawl_store_on_done *done, void *user);

static void gone_done(struct trawl_store_op *op)
{
    struct gone *gone = TRAWL_CONTAINER_OF(op, struct gone, op);

    if (op->status == 0 && gone->last)
        gone_push(gone->store, gone->run_id, gone->platform, gone->last, gone->done, gone->user);
    else if (gone->done)
        gone->done(gone->user, op->status);
}

static void gone_release(struct trawl_store_op *op)
{
    struct gone *gone = TRAWL_CONTAINER_OF(op, struct gone, op);

    free(gone->platform);
    free(gone->after);
    free(gone->last);
    free(gone);
}

static void gone_push(struct trawl_store *store, int64_t run_id, const char *platform,
                      const char *after, trawl_store_on_done *done, void *user)
{
    struct gone *gone = TRAWL_NEW(struct gone);

    *gone = (struct gone){
        .op = {.bytes = sizeof(*gone),
               .apply = gone_apply,
               .done = gone_done,
               .release = gone_release},
        .store = store,
        .run_id = run_id,
        .platform = trawl_xstrdup(platform),
        .after = trawl_xstrdup(after),
        .done = done,
        .user = user,
    };
    trawl__store_push(store, &gone->op);
}

void trawl_store_mark_gone(struct trawl_store *store, int64_t run_id, const char *platform,
                           trawl_store_on_done *done, void *user)
{
    gone_push(store, run_id, platform, "", done, user);
}
