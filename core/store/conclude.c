/* The end of a platform's run that was whole: with its figures, in one transaction. */
#include <errno.h>
#include <stdlib.h>

#include "store/store_priv.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/json.h"

struct conclude {
    struct trawl_store_op op;
    int64_t run_id;
    char *platform;
    bool suspect;
    char *message; /* or NULL */
    char *pause;   /* or NULL */
    struct trawl_hash scope;
    uint64_t items;
    char *fields;
    trawl_store_on_done *done;
    void *user;
};

static int keep_figures(sqlite3 *db, const struct conclude *conclude,
                        const struct trawl_platform_state *platform)
{
    sqlite3_stmt *keep = NULL;
    int r = trawl__db_prepare(db,
                              "INSERT INTO figures (run_platform, platform, scope, suspect, items, "
                              "fields) VALUES (?,?,?,?,?,?)",
                              &keep);

    if (r < 0)
        return r;
    sqlite3_bind_int64(keep, 1, platform->id);
    trawl__db_bind_text(keep, 2, platform->name);
    trawl__db_bind_hash(keep, 3, &conclude->scope);
    sqlite3_bind_int(keep, 4, conclude->suspect);
    sqlite3_bind_int64(keep, 5, (int64_t)conclude->items);
    trawl__db_bind_text(keep, 6, conclude->fields);
    r = trawl__db_done(keep);
    sqlite3_finalize(keep);
    return r;
}

static int conclude_apply(struct trawl_journal *journal, struct trawl_store_op *op)
{
    struct conclude *conclude = TRAWL_CONTAINER_OF(op, struct conclude, op);
    struct trawl_platform_state *platform;
    struct trawl_run_state *run;
    int r = trawl__journal_platform(journal, conclude->run_id, conclude->platform, &run, &platform);

    if (r == 0 && trawl_phase_is_end(platform->phase))
        r = -EALREADY;
    if (r == -ENOENT || r == -EALREADY) {
        op->status = r;
        return 0;
    }
    if (r == 0)
        r = keep_figures(journal->db, conclude, platform);
    if (r == 0 && conclude->message)
        r = trawl__journal_log(journal, run, platform->name, "warning", conclude->message);
    if (r == 0 && conclude->pause)
        r = trawl__schedule_paused(journal->db, conclude->platform, trawl_now_ms(),
                                   conclude->pause);
    if (r < 0)
        return r;
    return trawl__journal_phase(journal, run, platform,
                                conclude->suspect ? TRAWL_PHASE_SUSPECT : TRAWL_PHASE_COMPLETED,
                                conclude->message);
}

static void conclude_done(struct trawl_store_op *op)
{
    struct conclude *conclude = TRAWL_CONTAINER_OF(op, struct conclude, op);

    if (conclude->done)
        conclude->done(conclude->user, op->status);
}

static void conclude_release(struct trawl_store_op *op)
{
    struct conclude *conclude = TRAWL_CONTAINER_OF(op, struct conclude, op);

    free(conclude->platform);
    free(conclude->message);
    free(conclude->pause);
    free(conclude->fields);
    free(conclude);
}

void trawl_store_conclude(struct trawl_store *store, int64_t run_id, const char *platform,
                          const struct trawl_conclusion *conclusion, trawl_store_on_done *done,
                          void *user)
{
    struct conclude *conclude = TRAWL_NEW(struct conclude);

    *conclude = (struct conclude){
        .op = {.bytes = sizeof(*conclude),
               .apply = conclude_apply,
               .done = conclude_done,
               .release = conclude_release},
        .run_id = run_id,
        .platform = trawl_xstrdup(platform),
        .suspect = conclusion->suspect,
        .message = trawl_xstrdup(conclusion->message),
        .pause = trawl_xstrdup(conclusion->pause),
        .scope = conclusion->scope,
        .items = conclusion->figures->items,
        .fields = trawl_figures_text(conclusion->figures),
        .done = done,
        .user = user,
    };
    trawl__store_push(store, &conclude->op);
}
