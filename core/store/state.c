#include "store/state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"

static const char *const statement_sql[STATEMENT_COUNT] = {
    [STATEMENT_EVENT] = "INSERT INTO events VALUES (?,?,?,?,?,?,?)",
    [STATEMENT_PAGE_ADD] = "INSERT INTO pages (run_platform,url,outcome,status,depth,attempts,"
                           "bytes,elapsed_ms,at_ms,error) VALUES (?,?,?,?,?,?,?,?,?,?)",
    /* Rowids of a table without an integer key are not for ever: the URL is a second opinion. */
    [STATEMENT_PAGE_GET] = "SELECT outcome, error FROM pages "
                           "WHERE rowid = ? AND run_platform = ? AND url = ?",
    [STATEMENT_PAGE_DROP] = "DELETE FROM pages WHERE rowid = ?",
    [STATEMENT_ERROR_ADD] = "INSERT INTO errors (run_id,platform,url,kind,detail,status,at_ms) "
                            "VALUES (?,?,?,?,?,?,?)",
    [STATEMENT_ERROR_DROP] = "DELETE FROM errors WHERE id = ?",
    [STATEMENT_FRONTIER_ADD] =
        "INSERT OR IGNORE INTO frontier (run_platform,fingerprint,state,depth,redirects,priority,"
        "url,method,headers,body,meta,chain) VALUES (?,?,0,?,?,?,?,?,?,?,?,?)",
    [STATEMENT_FRONTIER_FIND] = "SELECT state, page FROM frontier "
                                "WHERE run_platform = ? AND fingerprint = ? AND depth > ?",
    [STATEMENT_FRONTIER_DEPTH] = "SELECT depth FROM frontier "
                                 "WHERE run_platform = ? AND fingerprint = ?",
    [STATEMENT_FRONTIER_NEARER] =
        "UPDATE frontier SET depth = ?3, redirects = ?4, priority = ?5, headers = ?6, meta = ?7, "
        "chain = ?8, attempts = CASE state WHEN 0 THEN attempts ELSE 0 END, state = 0, page = NULL "
        "WHERE run_platform = ?1 AND fingerprint = ?2",
    [STATEMENT_FRONTIER_DONE] =
        "UPDATE frontier SET state = 1, page = ?3, counted = counted OR ?4 "
        "WHERE run_platform = ?1 AND fingerprint = ?2 AND state = 0 AND depth >= ?5",
    [STATEMENT_FRONTIER_RETRY] = "UPDATE frontier SET attempts = ?3, not_before_ms = ?4 "
                                 "WHERE run_platform = ?1 AND fingerprint = ?2 AND state = 0",
    [STATEMENT_FRONTIER_PENDING] = "SELECT url, depth, attempts FROM frontier "
                                   "WHERE run_platform = ? AND fingerprint = ? AND state = 0",
    [STATEMENT_ITEM_FIND] = "SELECT i.id, i.version, v.hash, i.gone_ms FROM items i "
                            "JOIN item_versions v ON v.id = i.version "
                            "WHERE i.platform = ? AND i.key = ?",
    [STATEMENT_ITEM_ADD] = "INSERT INTO items (platform,key,version,first_seen_ms,last_seen_ms,"
                           "last_changed_ms) VALUES (?1,?2,0,?3,?3,?3)",
    [STATEMENT_ITEM_UPDATE] = "UPDATE items SET version = ?2, last_seen_ms = ?3, gone_ms = NULL, "
                              "last_changed_ms = coalesce(?4, last_changed_ms) WHERE id = ?1",
    [STATEMENT_ITEM_GONE] = "UPDATE items SET gone_ms = ?2 WHERE id = ?1",
    [STATEMENT_VERSION_ADD] = "INSERT INTO item_versions (item,run_id,hash,url,json,seen_ms) "
                              "VALUES (?,?,?,?,?,?)",
    [STATEMENT_VERSION_REPLACE] =
        "UPDATE item_versions SET hash = ?2, url = ?3, json = ?4 WHERE id = ?1",
    [STATEMENT_VERSION_DROP] = "DELETE FROM item_versions WHERE id = ?",
    [STATEMENT_VERSION_GET] = "SELECT hash, seen_ms FROM item_versions WHERE id = ? AND item = ?",
    [STATEMENT_SEEN_FIND] = "SELECT change, version, base, depth, url FROM run_items "
                            "WHERE run_platform = ? AND item = ?",
    [STATEMENT_SEEN_SET] =
        "INSERT INTO run_items (run_platform,item,change,version,base,depth,url) "
        "VALUES (?1,?2,?3,?4,?5,?6,?7) ON CONFLICT (run_platform, item) DO UPDATE "
        "SET change = ?3, version = ?4, base = ?5, depth = ?6, url = ?7",
    [STATEMENT_SEEN_GONE] =
        "INSERT INTO run_items (run_platform,item,change,version,base,depth,url) "
        "VALUES (?1,?2,'gone',?3,?3,0,'')",
    [STATEMENT_VALIDATORS_GET] = "SELECT scope, etag, last_modified, items, links FROM validators "
                                 "WHERE platform = ? AND fingerprint = ?",
    [STATEMENT_VALIDATORS_SET] =
        "INSERT INTO validators (platform,fingerprint,scope,etag,last_modified,items,links) "
        "VALUES (?1,?2,?3,?4,?5,?6,?7) ON CONFLICT (platform, fingerprint) DO UPDATE "
        "SET scope = ?3, etag = ?4, last_modified = ?5, items = ?6, links = ?7",
    [STATEMENT_VALIDATORS_DROP] = "DELETE FROM validators WHERE platform = ? AND fingerprint = ?",
    [STATEMENT_VERSION_FIND] = "SELECT i.key, v.json FROM item_versions v "
                               "JOIN items i ON i.id = v.item WHERE v.item = ? AND v.hash = ? "
                               "LIMIT 1",
    [STATEMENT_URL_ADD] = "INSERT OR IGNORE INTO urls VALUES (?,?)",
    [STATEMENT_URL_GET] = "SELECT url FROM urls WHERE fingerprint = ?",
    [STATEMENT_SAVE_RUN] = "UPDATE runs SET phase = ?2, n = ?3, first_seq = ?4, last_seq = ?5, "
                           "end_seq = ?6, started_ms = nullif(?7,0), ended_ms = nullif(?8,0) "
                           "WHERE id = ?1",
    [STATEMENT_SAVE_PLATFORM] =
        "UPDATE run_platforms SET phase = ?2, message = ?3, pages = ?4, known = ?5, own_current = "
        "?6, "
        "own_total = ?7, items = ?8, new = ?9, changed = ?10, failed = ?11, bytes = ?12, "
        "started_ms = nullif(?13,0), ended_ms = nullif(?14,0), begun = ?15, ok = ?16, gone = ?17, "
        "excluded = ?18, not_modified = ?19 "
        "WHERE id = ?1",
};

int trawl__journal_init(struct trawl_journal *journal, sqlite3 *db)
{
    *journal = (struct trawl_journal){.db = db};
    trawl_buf_init(&journal->data, TRAWL_EVENT_DATA_MAX);
    for (size_t i = 0; i < STATEMENT_COUNT; i++) {
        int code = sqlite3_prepare_v3(db, statement_sql[i], -1, SQLITE_PREPARE_PERSISTENT,
                                      &journal->statements[i], NULL);

        if (code != SQLITE_OK)
            return trawl__db_errno(code);
    }
    journal->epoch = (uint32_t)trawl__db_int(db, "SELECT value FROM meta WHERE name = 'epoch'", 0);
    journal->head = (uint64_t)trawl__db_int(db, "SELECT value FROM meta WHERE name = 'head'", 0);
    journal->committed = journal->head;
    return 0;
}

static void run_free(struct trawl_run_state *run)
{
    for (unsigned i = 0; i < run->platform_count; i++) {
        free(run->platforms[i].name);
        free(run->platforms[i].message);
    }
    free(run->platforms);
    free(run);
}

static void forget_run(struct trawl_journal *journal, struct trawl_run_state *run)
{
    HASH_DEL(journal->runs, run);
    run_free(run);
}

void trawl__journal_reset(struct trawl_journal *journal)
{
    struct trawl_run_state *run;
    struct trawl_run_state *next;

    HASH_ITER (hh, journal->runs, run, next)
        forget_run(journal, run);
    trawl__events_free(journal->events, journal->event_count);
    journal->events = NULL;
    journal->event_count = 0;
    journal->event_cap = 0;
    journal->head = journal->committed;
}

void trawl__journal_finish(struct trawl_journal *journal)
{
    trawl__journal_reset(journal);
    for (size_t i = 0; i < STATEMENT_COUNT; i++)
        sqlite3_finalize(journal->statements[i]);
    trawl_buf_finish(&journal->data);
}

/* --- runs ---------------------------------------------------------------------------------------- */

static enum trawl_phase phase_column(sqlite3_stmt *statement, int column)
{
    enum trawl_phase phase = TRAWL_PHASE_FAILED;

    trawl_phase_parse(trawl__db_text(statement, column), &phase);
    return phase;
}

static void read_platform(sqlite3_stmt *statement, struct trawl_platform_state *platform)
{
    enum trawl_phase phase = phase_column(statement, 2);

    *platform = (struct trawl_platform_state){
        .id = sqlite3_column_int64(statement, 0),
        .name = trawl_xstrdup(trawl__db_text(statement, 1)),
        .phase = phase,
        .message = trawl_xstrdup(trawl__db_text(statement, 3)),
        .pages = (uint64_t)sqlite3_column_int64(statement, 4),
        .known = (uint64_t)sqlite3_column_int64(statement, 5),
        .has_own = sqlite3_column_type(statement, 6) != SQLITE_NULL,
        .own_current = (uint64_t)sqlite3_column_int64(statement, 6),
        .own_total = (uint64_t)sqlite3_column_int64(statement, 7),
        .items = (uint64_t)sqlite3_column_int64(statement, 8),
        .new_items = (uint64_t)sqlite3_column_int64(statement, 9),
        .changed = (uint64_t)sqlite3_column_int64(statement, 10),
        .failed = (uint64_t)sqlite3_column_int64(statement, 11),
        .bytes = (uint64_t)sqlite3_column_int64(statement, 12),
        .started_ms = sqlite3_column_int64(statement, 13),
        .ended_ms = sqlite3_column_int64(statement, 14),
        .begun = sqlite3_column_int(statement, 15) != 0,
        .held = !trawl_phase_is_end(phase), /* before a rollback it may have been */
        .ok = (uint64_t)sqlite3_column_int64(statement, 16),
        .gone = (uint64_t)sqlite3_column_int64(statement, 17),
        .excluded = (uint64_t)sqlite3_column_int64(statement, 18),
        .not_modified = (uint64_t)sqlite3_column_int64(statement, 19),
    };
}

static int read_platforms(sqlite3 *db, struct trawl_run_state *run)
{
    sqlite3_stmt *statement;
    int code = sqlite3_prepare_v2(
        db,
        "SELECT id, platform, phase, message, pages, known, own_current, own_total, items, new, "
        "changed, failed, bytes, started_ms, ended_ms, begun, ok, gone, excluded, not_modified "
        "FROM "
        "run_platforms "
        "WHERE run_id = ? ORDER BY id",
        -1, &statement, NULL);

    if (code != SQLITE_OK)
        return trawl__db_errno(code);
    sqlite3_bind_int64(statement, 1, run->id);
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        run->platforms =
            trawl_xrealloc(run->platforms, (run->platform_count + 1) * sizeof(*run->platforms));
        read_platform(statement, &run->platforms[run->platform_count++]);
    }
    sqlite3_finalize(statement);
    return trawl__db_errno(code);
}

static int read_run(sqlite3 *db, int64_t run_id, struct trawl_run_state **ret_run)
{
    struct trawl_run_state *run;
    sqlite3_stmt *statement;
    int code =
        sqlite3_prepare_v2(db,
                           "SELECT phase, n, first_seq, last_seq, end_seq, started_ms, ended_ms "
                           "FROM runs WHERE id = ?",
                           -1, &statement, NULL);
    int r;

    if (code != SQLITE_OK)
        return trawl__db_errno(code);
    sqlite3_bind_int64(statement, 1, run_id);
    code = sqlite3_step(statement);
    if (code != SQLITE_ROW) {
        sqlite3_finalize(statement);
        return code == SQLITE_DONE ? -ENOENT : trawl__db_errno(code);
    }
    run = TRAWL_NEW(struct trawl_run_state);
    run->id = run_id;
    run->phase = phase_column(statement, 0);
    run->n = (uint64_t)sqlite3_column_int64(statement, 1);
    run->first_seq = (uint64_t)sqlite3_column_int64(statement, 2);
    run->last_seq = (uint64_t)sqlite3_column_int64(statement, 3);
    run->end_seq = (uint64_t)sqlite3_column_int64(statement, 4);
    run->started_ms = sqlite3_column_int64(statement, 5);
    run->ended_ms = sqlite3_column_int64(statement, 6);
    sqlite3_finalize(statement);
    r = read_platforms(db, run);
    if (r < 0) {
        run_free(run);
        return r;
    }
    *ret_run = run;
    return 0;
}

int trawl__journal_run(struct trawl_journal *journal, int64_t run_id,
                       struct trawl_run_state **ret_run)
{
    struct trawl_run_state *run = NULL;
    int r;

    HASH_FIND(hh, journal->runs, &run_id, sizeof(run_id), run);
    if (!run) {
        r = read_run(journal->db, run_id, &run);
        if (r < 0)
            return r;
        HASH_ADD(hh, journal->runs, id, sizeof(run->id), run); /* NOLINT: read_run() has set it */
    }
    *ret_run = run;
    return 0;
}

int trawl__journal_platform(struct trawl_journal *journal, int64_t run_id, const char *name,
                            struct trawl_run_state **ret_run,
                            struct trawl_platform_state **ret_platform)
{
    int r = trawl__journal_run(journal, run_id, ret_run);

    if (r < 0)
        return r;
    for (unsigned i = 0; i < (*ret_run)->platform_count; i++) {
        if (strcmp((*ret_run)->platforms[i].name, name) == 0) {
            *ret_platform = &(*ret_run)->platforms[i];
            return 0;
        }
    }
    return -ENOENT;
}

/* --- saving -------------------------------------------------------------------------------------- */

static int save_platform(struct trawl_journal *journal, const struct trawl_platform_state *platform)
{
    sqlite3_stmt *save = journal->statements[STATEMENT_SAVE_PLATFORM];

    sqlite3_clear_bindings(save);
    sqlite3_bind_int64(save, 1, platform->id);
    trawl__db_bind_text(save, 2, trawl_phase_name(platform->phase));
    trawl__db_bind_text(save, 3, platform->message);
    sqlite3_bind_int64(save, 4, (int64_t)platform->pages);
    sqlite3_bind_int64(save, 5, (int64_t)platform->known);
    if (platform->has_own) {
        sqlite3_bind_int64(save, 6, (int64_t)platform->own_current);
        sqlite3_bind_int64(save, 7, (int64_t)platform->own_total);
    }
    sqlite3_bind_int64(save, 8, (int64_t)platform->items);
    sqlite3_bind_int64(save, 9, (int64_t)platform->new_items);
    sqlite3_bind_int64(save, 10, (int64_t)platform->changed);
    sqlite3_bind_int64(save, 11, (int64_t)platform->failed);
    sqlite3_bind_int64(save, 12, (int64_t)platform->bytes);
    sqlite3_bind_int64(save, 13, platform->started_ms);
    sqlite3_bind_int64(save, 14, platform->ended_ms);
    sqlite3_bind_int(save, 15, platform->begun);
    sqlite3_bind_int64(save, 16, (int64_t)platform->ok);
    sqlite3_bind_int64(save, 17, (int64_t)platform->gone);
    sqlite3_bind_int64(save, 18, (int64_t)platform->excluded);
    sqlite3_bind_int64(save, 19, (int64_t)platform->not_modified);
    return trawl__db_done(save);
}

static int save_run(struct trawl_journal *journal, const struct trawl_run_state *run)
{
    sqlite3_stmt *save = journal->statements[STATEMENT_SAVE_RUN];

    sqlite3_bind_int64(save, 1, run->id);
    trawl__db_bind_text(save, 2, trawl_phase_name(run->phase));
    sqlite3_bind_int64(save, 3, (int64_t)run->n);
    sqlite3_bind_int64(save, 4, (int64_t)run->first_seq);
    sqlite3_bind_int64(save, 5, (int64_t)run->last_seq);
    sqlite3_bind_int64(save, 6, (int64_t)run->end_seq);
    sqlite3_bind_int64(save, 7, run->started_ms);
    sqlite3_bind_int64(save, 8, run->ended_ms);
    return trawl__db_done(save);
}

static int save_head(struct trawl_journal *journal)
{
    char sql[96];

    snprintf(sql, sizeof(sql), "INSERT OR REPLACE INTO meta VALUES ('head', %llu)",
             (unsigned long long)journal->head);
    return trawl__db_exec(journal->db, sql);
}

int trawl__journal_save(struct trawl_journal *journal)
{
    struct trawl_run_state *run;
    struct trawl_run_state *next;
    int r = journal->event_count > 0 ? save_head(journal) : 0;

    HASH_ITER (hh, journal->runs, run, next) {
        for (unsigned i = 0; r == 0 && i < run->platform_count; i++) {
            if (run->platforms[i].dirty)
                r = save_platform(journal, &run->platforms[i]);
            run->platforms[i].dirty = false;
        }
        if (r == 0 && run->dirty)
            r = save_run(journal, run);
        run->dirty = false;
        if (r < 0)
            return r;
        if (trawl_phase_is_end(run->phase))
            forget_run(journal, run);
    }
    return r;
}

int trawl__journal_commit(struct trawl_journal *journal)
{
    int r = trawl__db_exec(journal->db, "COMMIT");

    if (r == 0)
        journal->committed = journal->head;
    return r;
}
