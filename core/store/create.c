/* Making a run: idempotency, overlap, its rows and first events, all in one transaction. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_priv.h"
#include "util/alloc.h"
#include "util/clock.h"

#define IDEMPOTENCY_MS ((int64_t)24 * 3600 * 1000)

struct create {
    struct trawl_store_op op;
    char *trigger;
    struct trawl_new_run_platform *platforms;
    size_t platform_count;
    enum trawl_overlap overlap;
    char *key; /* or NULL */
    struct trawl_hash body;
    int64_t due_ms; /* or 0 */
    struct trawl_created_run made;
    trawl_store_on_run *done;
    void *user;
};

/* Whether the key was used before, and for which run. */
static int find_key(sqlite3 *db, struct create *create, bool *ret_used)
{
    sqlite3_stmt *find = NULL;
    int r = trawl__db_prepare(
        db, "SELECT run_id, body FROM idempotency WHERE key = ? AND at_ms >= ?", &find);
    int code;

    if (r < 0)
        return r;
    trawl__db_bind_text(find, 1, create->key);
    sqlite3_bind_int64(find, 2, trawl_now_ms() - IDEMPOTENCY_MS);
    code = sqlite3_step(find);
    *ret_used = code == SQLITE_ROW;
    if (*ret_used && trawl__db_hash_is(find, 1, create->body)) {
        create->made.run_id = sqlite3_column_int64(find, 0);
        create->made.existed = true;
    } else if (*ret_used) {
        create->op.status = -EEXIST;
    }
    sqlite3_finalize(find);
    return trawl__db_errno(code);
}

static int keep_key(sqlite3 *db, const struct create *create)
{
    sqlite3_stmt *keep = NULL;
    int r = trawl__db_prepare(db, "DELETE FROM idempotency WHERE at_ms < ?", &keep);

    if (r < 0)
        return r;
    sqlite3_bind_int64(keep, 1, trawl_now_ms() - IDEMPOTENCY_MS);
    r = trawl__db_done(keep);
    sqlite3_finalize(keep);
    if (r == 0)
        r = trawl__db_prepare(db, "INSERT OR REPLACE INTO idempotency VALUES (?,?,?,?)", &keep);
    if (r < 0)
        return r;
    trawl__db_bind_text(keep, 1, create->key);
    trawl__db_bind_hash(keep, 2, &create->body);
    sqlite3_bind_int64(keep, 3, create->made.run_id);
    sqlite3_bind_int64(keep, 4, trawl_now_ms());
    r = trawl__db_done(keep);
    sqlite3_finalize(keep);
    return r;
}

/* The first of the platforms that is running already. */
static int find_conflict(sqlite3 *db, struct create *create)
{
    sqlite3_stmt *find = NULL;
    int r = trawl__db_prepare(db,
                              "SELECT 1 FROM runs r JOIN run_platforms p ON p.run_id = r.id "
                              "WHERE r.phase IN ('queued','starting','scraping','storing') "
                              "AND p.platform = ? "
                              "AND p.phase IN ('queued','starting','scraping','storing')",
                              &find);

    for (size_t i = 0; r == 0 && !create->made.conflict && i < create->platform_count; i++) {
        int code;

        trawl__db_bind_text(find, 1, create->platforms[i].name);
        code = sqlite3_step(find);
        if (code == SQLITE_ROW)
            create->made.conflict = create->platforms[i].name;
        sqlite3_reset(find);
        r = trawl__db_errno(code);
    }
    sqlite3_finalize(find);
    if (create->made.conflict)
        create->op.status = -EBUSY;
    return r;
}

static int insert_run(sqlite3 *db, struct create *create)
{
    sqlite3_stmt *insert = NULL;
    int r = trawl__db_prepare(
        db, "INSERT INTO runs (trigger, phase, created_ms) VALUES (?,'queued',?)", &insert);

    if (r < 0)
        return r;
    trawl__db_bind_text(insert, 1, create->trigger);
    sqlite3_bind_int64(insert, 2, trawl_now_ms());
    r = trawl__db_done(insert);
    sqlite3_finalize(insert);
    create->made.run_id = sqlite3_last_insert_rowid(db);
    return r;
}

static int insert_platforms(sqlite3 *db, const struct create *create)
{
    sqlite3_stmt *insert = NULL;
    int r =
        trawl__db_prepare(db,
                          "INSERT INTO run_platforms (run_id, platform, plugin, options, phase) "
                          "VALUES (?,?,?,?,'queued')",
                          &insert);

    for (size_t i = 0; r == 0 && i < create->platform_count; i++) {
        sqlite3_bind_int64(insert, 1, create->made.run_id);
        trawl__db_bind_text(insert, 2, create->platforms[i].name);
        trawl__db_bind_text(insert, 3, create->platforms[i].plugin);
        trawl__db_bind_text(insert, 4, create->platforms[i].options_json);
        r = trawl__db_done(insert);
    }
    sqlite3_finalize(insert);
    return r;
}

static int tell_queued(struct trawl_journal *journal, int64_t run_id)
{
    struct trawl_run_state *run;
    int r = trawl__journal_run(journal, run_id, &run);

    for (unsigned i = 0; r == 0 && i < run->platform_count; i++)
        r = trawl__journal_progress(journal, run, &run->platforms[i], 0);
    return r < 0 ? r : trawl__journal_progress(journal, run, NULL, 0);
}

static int create_apply(struct trawl_journal *journal, struct trawl_store_op *op)
{
    struct create *create = TRAWL_CONTAINER_OF(op, struct create, op);
    bool used = false;
    int r;

    create->made = (struct trawl_created_run){0};
    /* The phases that this transaction has changed so far count. */
    r = trawl__journal_save(journal);
    if (r == 0 && create->key)
        r = find_key(journal->db, create, &used);
    if (r < 0 || used)
        return r;
    if (create->overlap == TRAWL_OVERLAP_REJECT)
        r = find_conflict(journal->db, create);
    if (r == 0 && create->made.conflict && create->due_ms)
        r = trawl__schedule_skipped(journal->db, create->made.conflict, create->due_ms,
                                    "the platform was running");
    if (r < 0 || create->made.conflict)
        return r;
    r = insert_run(journal->db, create);
    if (r == 0)
        r = insert_platforms(journal->db, create);
    if (r == 0 && create->key)
        r = keep_key(journal->db, create);
    if (r == 0 && create->due_ms)
        r = trawl__schedule_fired(journal->db, create->platforms[0].name, create->due_ms,
                                  create->made.run_id);
    return r < 0 ? r : tell_queued(journal, create->made.run_id);
}

static void create_done(struct trawl_store_op *op)
{
    struct create *create = TRAWL_CONTAINER_OF(op, struct create, op);

    if (create->done)
        create->done(create->user, op->status, &create->made);
}

static void create_release(struct trawl_store_op *op)
{
    struct create *create = TRAWL_CONTAINER_OF(op, struct create, op);

    for (size_t i = 0; i < create->platform_count; i++) {
        free((char *)(uintptr_t)create->platforms[i].name);
        free((char *)(uintptr_t)create->platforms[i].plugin);
        free((char *)(uintptr_t)create->platforms[i].options_json);
    }
    free(create->platforms);
    free(create->trigger);
    free(create->key);
    free(create);
}

void trawl_store_create_run(struct trawl_store *store, const struct trawl_new_run *run,
                            trawl_store_on_run *done, void *user)
{
    struct create *create = TRAWL_NEW(struct create);

    *create = (struct create){
        .op = {.bytes = sizeof(*create),
               .apply = create_apply,
               .done = create_done,
               .release = create_release},
        .trigger = trawl_xstrdup(run->trigger),
        .platforms = trawl_xalloc(run->platform_count * sizeof(*create->platforms)),
        .platform_count = run->platform_count,
        .overlap = run->overlap,
        .key = trawl_xstrdup(run->idempotency_key),
        .body = run->idempotency_body,
        .due_ms = run->due_ms,
        .done = done,
        .user = user,
    };
    for (size_t i = 0; i < run->platform_count; i++) {
        const struct trawl_new_run_platform *from = &run->platforms[i];

        create->platforms[i] = (struct trawl_new_run_platform){
            .name = trawl_xstrdup(from->name),
            .plugin = trawl_xstrdup(from->plugin),
            .options_json = trawl_xstrdup(from->options_json ? from->options_json : "{}"),
        };
    }
    trawl__store_push(store, &create->op);
}
