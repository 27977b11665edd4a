/* How far schedules have come. What a due time was dealt with by stands in the transaction that did it. */
#include <errno.h>
#include <stdlib.h>

#include "store/store_priv.h"
#include "util/alloc.h"
#include "util/json.h"

/* --- due times ----------------------------------------------------------------------------------- */

static int update_schedule(sqlite3 *db, const char *sql, const char *platform, int64_t due_ms,
                           int64_t run_id, const char *why)
{
    sqlite3_stmt *update = NULL;
    int r = trawl__db_prepare(db, sql, &update);

    if (r < 0)
        return r;
    trawl__db_bind_text(update, 1, platform);
    sqlite3_bind_int64(update, 2, due_ms);
    if (why)
        trawl__db_bind_text(update, 3, why);
    else
        sqlite3_bind_int64(update, 3, run_id);
    r = trawl__db_done(update);
    sqlite3_finalize(update);
    return r;
}

int trawl__schedule_fired(sqlite3 *db, const char *platform, int64_t due_ms, int64_t run_id)
{
    return update_schedule(db,
                           "UPDATE schedules SET due_ms = max(due_ms, ?2), run_due_ms = ?2, "
                           "run_id = ?3 WHERE platform = ?1",
                           platform, due_ms, run_id, NULL);
}

int trawl__schedule_skipped(sqlite3 *db, const char *platform, int64_t due_ms, const char *why)
{
    return update_schedule(db,
                           "UPDATE schedules SET due_ms = max(due_ms, ?2), skipped_ms = ?2, "
                           "skipped = ?3 WHERE platform = ?1",
                           platform, due_ms, 0, why);
}

int trawl__schedule_paused(sqlite3 *db, const char *platform, int64_t now_ms, const char *reason)
{
    return update_schedule(db,
                           "UPDATE schedules SET paused_ms = ?2, reason = ?3 "
                           "WHERE platform = ?1 AND paused_ms IS NULL",
                           platform, now_ms, 0, reason);
}

/* --- calls --------------------------------------------------------------------------------------- */

struct schedule_call {
    struct trawl_store_op op;
    char *platform;
    int64_t at_ms;
    char *text;
    trawl_store_on_done *done;
    void *user;
};

static void schedule_done(struct trawl_store_op *op)
{
    struct schedule_call *call = TRAWL_CONTAINER_OF(op, struct schedule_call, op);

    if (call->done)
        call->done(call->user, op->status);
}

static void schedule_release(struct trawl_store_op *op)
{
    struct schedule_call *call = TRAWL_CONTAINER_OF(op, struct schedule_call, op);

    free(call->platform);
    free(call->text);
    free(call);
}

static void push(struct trawl_store *store,
                 int (*apply)(struct trawl_journal *, struct trawl_store_op *),
                 const char *platform, int64_t at_ms, const char *text, trawl_store_on_done *done,
                 void *user)
{
    struct schedule_call *call = TRAWL_NEW(struct schedule_call);

    *call = (struct schedule_call){
        .op = {.bytes = sizeof(*call),
               .apply = apply,
               .done = schedule_done,
               .release = schedule_release},
        .platform = trawl_xstrdup(platform),
        .at_ms = at_ms,
        .text = trawl_xstrdup(text),
        .done = done,
        .user = user,
    };
    trawl__store_push(store, &call->op);
}

static int apply_skip(struct trawl_journal *journal, struct trawl_store_op *op)
{
    struct schedule_call *call = TRAWL_CONTAINER_OF(op, struct schedule_call, op);

    return trawl__schedule_skipped(journal->db, call->platform, call->at_ms, call->text);
}

void trawl_store_skip_due(struct trawl_store *store, const char *platform, int64_t due_ms,
                          const char *why, trawl_store_on_done *done, void *user)
{
    push(store, apply_skip, platform, due_ms, why, done, user);
}

static int apply_pause(struct trawl_journal *journal, struct trawl_store_op *op)
{
    struct schedule_call *call = TRAWL_CONTAINER_OF(op, struct schedule_call, op);

    return trawl__schedule_paused(journal->db, call->platform, call->at_ms, call->text);
}

void trawl_store_pause_schedule(struct trawl_store *store, const char *platform, int64_t now_ms,
                                const char *reason, trawl_store_on_done *done, void *user)
{
    push(store, apply_pause, platform, now_ms, reason ? reason : "", done, user);
}

/* What was suspect, and is the reason for the pause, is normal now. */
static int accept_figures(sqlite3 *db, const char *platform)
{
    sqlite3_stmt *update = NULL;
    int r = trawl__db_prepare(
        db,
        "UPDATE figures SET suspect = 0 WHERE platform = ?1 AND suspect = 1 "
        "AND id > (SELECT coalesce(max(id), 0) FROM figures WHERE platform = ?1 AND suspect = 0) "
        "AND EXISTS (SELECT 1 FROM schedules "
        "WHERE platform = ?1 AND paused_ms IS NOT NULL AND reason <> '')",
        &update);

    if (r < 0)
        return r;
    trawl__db_bind_text(update, 1, platform);
    r = trawl__db_done(update);
    sqlite3_finalize(update);
    return r;
}

static int apply_resume(struct trawl_journal *journal, struct trawl_store_op *op)
{
    struct schedule_call *call = TRAWL_CONTAINER_OF(op, struct schedule_call, op);
    int r = accept_figures(journal->db, call->platform);

    if (r < 0)
        return r;
    return update_schedule(journal->db,
                           "UPDATE schedules SET paused_ms = NULL, reason = ?3, due_ms = ?2 "
                           "WHERE platform = ?1 AND paused_ms IS NOT NULL",
                           call->platform, call->at_ms, 0, "");
}

void trawl_store_resume_schedule(struct trawl_store *store, const char *platform, int64_t now_ms,
                                 trawl_store_on_done *done, void *user)
{
    push(store, apply_resume, platform, now_ms, NULL, done, user);
}

/* --- the configured ones ------------------------------------------------------------------------- */

/* Begins anew unless it is due at the same times as before. */
static int adopt(sqlite3_stmt *upsert, const struct trawl_schedule_config *schedule, int64_t now_ms,
                 struct trawl_schedule_state *ret_state)
{
    int code;

    trawl__db_bind_text(upsert, 1, schedule->platform);
    trawl__db_bind_text(upsert, 2, schedule->spec_json);
    trawl__db_bind_text(upsert, 3, schedule->timing);
    sqlite3_bind_int64(upsert, 4, now_ms);
    code = sqlite3_step(upsert);
    if (code == SQLITE_ROW) {
        ret_state->due_ms = sqlite3_column_int64(upsert, 0);
        ret_state->paused = sqlite3_column_type(upsert, 1) != SQLITE_NULL;
    }
    sqlite3_reset(upsert);
    return trawl__db_errno(code);
}

static int adopt_all(sqlite3 *db, const struct trawl_schedule_config *schedules, size_t count,
                     int64_t now_ms, struct trawl_schedule_state *states)
{
    sqlite3_stmt *upsert = NULL;
    int r = trawl__db_prepare(
        db,
        "INSERT INTO schedules (platform, spec, timing, due_ms) VALUES (?1, ?2, ?3, ?4) "
        "ON CONFLICT (platform) DO UPDATE SET spec = ?2, timing = ?3, "
        "due_ms = CASE WHEN timing = ?3 THEN due_ms ELSE ?4 END "
        "RETURNING due_ms, paused_ms",
        &upsert);

    for (size_t i = 0; r == 0 && i < count; i++)
        r = adopt(upsert, &schedules[i], now_ms, &states[i]);
    sqlite3_finalize(upsert);
    return r;
}

/* What is no longer configured begins anew when it is again; whether it is paused is not forgotten. */
static int drop_others(sqlite3 *db, const struct trawl_schedule_config *schedules, size_t count)
{
    json_auto_t *names = json_array();
    TRAWL_AUTO_FREE char *text = NULL;
    sqlite3_stmt *update = NULL;
    int r = trawl__db_prepare(db,
                              "UPDATE schedules SET timing = '' "
                              "WHERE platform NOT IN (SELECT value FROM json_each(?))",
                              &update);

    if (r < 0)
        return r;
    for (size_t i = 0; i < count; i++)
        json_array_append_new(names, json_string(schedules[i].platform));
    text = trawl_json_text(names, TRAWL_JSON_COMPACT);
    trawl__db_bind_text(update, 1, text);
    r = trawl__db_done(update);
    sqlite3_finalize(update);
    return r;
}

int trawl_store_adopt_schedules(struct trawl_store *store,
                                const struct trawl_schedule_config *schedules, size_t count,
                                int64_t now_ms, struct trawl_schedule_state *states)
{
    int r = trawl__db_exec(store->db, "BEGIN");

    if (r < 0)
        return r;
    r = drop_others(store->db, schedules, count);
    if (r == 0)
        r = adopt_all(store->db, schedules, count, now_ms, states);
    if (r == 0)
        return trawl__db_exec(store->db, "COMMIT");
    (void)trawl__db_exec(store->db, "ROLLBACK");
    return r;
}
