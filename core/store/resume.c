/* Letting an interrupted run go on. */
#include <errno.h>
#include <stdlib.h>

#include "store/store_priv.h"
#include "util/alloc.h"

struct resume {
    struct trawl_store_op op;
    int64_t run_id;
    struct trawl_resumed_platform *platforms; /* with strings of their own */
    size_t count;
    trawl_store_on_resumed *done;
    void *user;
};

static void resume_clear(struct resume *resume)
{
    for (size_t i = 0; i < resume->count; i++) {
        free((char *)(uintptr_t)resume->platforms[i].name);
        free((char *)(uintptr_t)resume->platforms[i].options_json);
    }
    free(resume->platforms);
    resume->platforms = NULL;
    resume->count = 0;
}

static int read_options(sqlite3 *db, int64_t platform, char **ret_options)
{
    sqlite3_stmt *find = NULL;
    int code;
    int r = trawl__db_prepare(db, "SELECT options FROM run_platforms WHERE id = ?", &find);

    if (r < 0)
        return r;
    sqlite3_bind_int64(find, 1, platform);
    code = sqlite3_step(find);
    if (code == SQLITE_ROW)
        *ret_options = trawl_xstrdup(trawl__db_text(find, 0));
    sqlite3_finalize(find);
    return trawl__db_errno(code);
}

static int count_pages(sqlite3 *db, int64_t platform, uint64_t *ret_count)
{
    sqlite3_stmt *count = NULL;
    int code;
    int r =
        trawl__db_prepare(db, "SELECT sum(counted) FROM frontier WHERE run_platform = ?", &count);

    if (r < 0)
        return r;
    sqlite3_bind_int64(count, 1, platform);
    code = sqlite3_step(count);
    *ret_count = (uint64_t)sqlite3_column_int64(count, 0);
    sqlite3_finalize(count);
    return trawl__db_errno(code);
}

static int resume_platform(struct trawl_journal *journal, struct trawl_run_state *run,
                           struct trawl_platform_state *platform,
                           struct trawl_resumed_platform *resumed)
{
    uint64_t counted = 0;
    char *options = NULL;
    int r = 0;

    if (!trawl_phase_is_end(platform->phase))
        r = trawl__journal_phase(journal, run, platform, TRAWL_PHASE_QUEUED, NULL);
    if (r == 0)
        r = count_pages(journal->db, platform->id, &counted);
    if (r == 0)
        r = read_options(journal->db, platform->id, &options);
    if (r < 0)
        return r;
    *resumed = (struct trawl_resumed_platform){
        .name = trawl_xstrdup(platform->name),
        .options_json = options,
        .phase = platform->phase,
        .begun = platform->begun,
        .counted = counted,
        .tally = {.ok = platform->ok, .failed = platform->failed, .excluded = platform->excluded},
    };
    return 0;
}

static int resume_apply(struct trawl_journal *journal, struct trawl_store_op *op)
{
    struct resume *resume = TRAWL_CONTAINER_OF(op, struct resume, op);
    struct trawl_run_state *run;
    int r = trawl__journal_run(journal, resume->run_id, &run);

    resume_clear(resume);
    if (r == -ENOENT || (r == 0 && run->phase != TRAWL_PHASE_INTERRUPTED)) {
        op->status = r == 0 ? -EALREADY : r;
        return 0;
    }
    if (r < 0)
        return r;
    resume->platforms = trawl_xalloc(run->platform_count * sizeof(*resume->platforms));
    for (unsigned i = 0; r == 0 && i < run->platform_count; i++) {
        r = resume_platform(journal, run, &run->platforms[i], &resume->platforms[i]);
        resume->count += r == 0;
    }
    return r;
}

static void resume_done(struct trawl_store_op *op)
{
    struct resume *resume = TRAWL_CONTAINER_OF(op, struct resume, op);

    resume->done(resume->user, op->status, resume->platforms, resume->count);
}

static void resume_release(struct trawl_store_op *op)
{
    struct resume *resume = TRAWL_CONTAINER_OF(op, struct resume, op);

    resume_clear(resume);
    free(resume);
}

void trawl_store_resume_run(struct trawl_store *store, int64_t run_id, trawl_store_on_resumed *done,
                            void *user)
{
    struct resume *resume = TRAWL_NEW(struct resume);

    *resume = (struct resume){
        .op = {.bytes = sizeof(*resume),
               .apply = resume_apply,
               .done = resume_done,
               .release = resume_release},
        .run_id = run_id,
        .done = done,
        .user = user,
    };
    trawl__store_push(store, &resume->op);
}
