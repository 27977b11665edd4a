/* The calls that change a run, as operations of the queue. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_priv.h"
#include "util/alloc.h"
#include "util/log.h"

/* Log lines and a scraper's own progress are not acknowledged to anyone: beyond this they are not queued. */
#define UNACKNOWLEDGED_BYTES_MAX ((size_t)64 << 20)

/* One call about a platform of a run, with what it was given. */
struct call {
    struct trawl_store_op op;
    int64_t run_id;
    char *platform;
    trawl_store_on_done *done;
    trawl_store_on_page *page_done;
    void *user;

    enum trawl_phase phase;
    enum trawl_log_level level;
    char *message;
    uint64_t current;
    uint64_t total;
    void *payload;
    size_t len;
    struct trawl_hash fingerprint;
    const char *kind;
    struct trawl_page page;    /* decoded, once it is committed, with only what it has added */
    struct trawl_buf recalled; /* texts of what it had last time */
    struct trawl_committed committed;
};

static void call_done(struct trawl_store_op *op)
{
    struct call *call = TRAWL_CONTAINER_OF(op, struct call, op);

    if (call->done)
        call->done(call->user, op->status);
}

static void call_release(struct trawl_store_op *op)
{
    struct call *call = TRAWL_CONTAINER_OF(op, struct call, op);

    free(call->platform);
    free(call->message);
    trawl_page_finish(&call->page);
    trawl_buf_finish(&call->recalled);
    free(call->payload);
    free(call);
}

static struct call *call_new(int64_t run_id, const char *platform,
                             int (*apply)(struct trawl_journal *, struct trawl_store_op *))
{
    struct call *call = TRAWL_NEW(struct call);

    *call = (struct call){
        .op = {.bytes = sizeof(*call), .apply = apply, .done = call_done, .release = call_release},
        .run_id = run_id,
        .platform = trawl_xstrdup(platform),
    };
    return call;
}

/* Find what a call is about. True if it is there and has not ended; else `*ret` is what apply() has to return. */
static bool find(struct trawl_journal *journal, struct call *call, struct trawl_run_state **ret_run,
                 struct trawl_platform_state **ret_platform, int *ret)
{
    int r = trawl__journal_platform(journal, call->run_id, call->platform, ret_run, ret_platform);

    if (r == 0 && trawl_phase_is_end((*ret_platform)->phase))
        r = -EALREADY;
    *ret = r == -ENOENT || r == -EALREADY ? 0 : r;
    if (*ret == 0)
        call->op.status = r;
    return r == 0;
}

/* --- phases -------------------------------------------------------------------------------------- */

static int apply_phase(struct trawl_journal *journal, struct trawl_store_op *op)
{
    struct call *call = TRAWL_CONTAINER_OF(op, struct call, op);
    struct trawl_run_state *run;
    struct trawl_platform_state *platform;
    int r;

    if (!find(journal, call, &run, &platform, &r))
        return r;
    return trawl__journal_phase(journal, run, platform, call->phase, call->message);
}

void trawl_store_set_phase(struct trawl_store *store, int64_t run_id, const char *platform,
                           enum trawl_phase phase, const char *message, trawl_store_on_done *done,
                           void *user)
{
    struct call *call = call_new(run_id, platform, apply_phase);

    call->phase = phase;
    call->message = trawl_xstrdup(message);
    call->done = done;
    call->user = user;
    trawl__store_push(store, &call->op);
}

/* --- pages --------------------------------------------------------------------------------------- */

static int apply_page(struct trawl_journal *journal, struct trawl_store_op *op)
{
    struct call *call = TRAWL_CONTAINER_OF(op, struct call, op);
    struct trawl_run_state *run;
    struct trawl_platform_state *platform;
    int r;

    if (!find(journal, call, &run, &platform, &r))
        return r;
    trawl_page_finish(&call->page);
    op->status = trawl_page_decode(call->payload, call->len, &call->page);
    if (op->status < 0)
        return 0;
    if (call->page.outcome == TRAWL_OUTCOME_NOT_MODIFIED) {
        r = trawl__journal_recall(journal, platform, &call->page, &call->recalled);
        if (r == -ESTALE) {
            op->status = r;
            return 0;
        }
        if (r < 0)
            return r;
    }
    r = trawl__journal_page(journal, run, platform, &call->page);
    call->committed = (struct trawl_committed){
        .recalled = call->page.outcome == TRAWL_OUTCOME_NOT_MODIFIED,
        .tally = {.ok = platform->ok, .failed = platform->failed, .excluded = platform->excluded},
        .added = call->page.requests,
        .added_count = call->page.request_count,
    };
    return r;
}

static void page_done(struct trawl_store_op *op)
{
    struct call *call = TRAWL_CONTAINER_OF(op, struct call, op);

    if (call->page_done)
        call->page_done(call->user, op->status, &call->committed);
}

void trawl_store_commit_page(struct trawl_store *store, int64_t run_id, const char *platform,
                             const void *payload, size_t len, trawl_store_on_page *done, void *user)
{
    struct call *call = call_new(run_id, platform, apply_page);

    call->op.done = page_done;
    call->payload = trawl_xalloc(len);
    memcpy(call->payload, payload, len);
    call->len = len;
    call->op.bytes += len;
    call->page_done = done;
    call->user = user;
    trawl__store_push(store, &call->op);
}

static int apply_give_up(struct trawl_journal *journal, struct trawl_store_op *op)
{
    struct call *call = TRAWL_CONTAINER_OF(op, struct call, op);
    struct trawl_run_state *run;
    struct trawl_platform_state *platform;
    int r;

    if (!find(journal, call, &run, &platform, &r))
        return r;
    r = trawl__journal_give_up(journal, run, platform, &call->fingerprint, call->kind,
                               call->message);
    call->committed.tally = (struct trawl_tally){
        .ok = platform->ok, .failed = platform->failed, .excluded = platform->excluded};
    if (r != -ENOENT)
        return r;
    op->status = r;
    return 0;
}

void trawl_store_give_up_request(struct trawl_store *store, int64_t run_id, const char *platform,
                                 const struct trawl_hash *fingerprint, const char *kind,
                                 const char *reason, trawl_store_on_page *done, void *user)
{
    struct call *call = call_new(run_id, platform, apply_give_up);

    call->op.done = page_done;
    call->fingerprint = *fingerprint;
    call->kind = kind;
    call->message = trawl_xstrdup(reason);
    call->page_done = done;
    call->user = user;
    trawl__store_push(store, &call->op);
}

/* --- progress and logs --------------------------------------------------------------------------- */

static int apply_progress(struct trawl_journal *journal, struct trawl_store_op *op)
{
    struct call *call = TRAWL_CONTAINER_OF(op, struct call, op);
    struct trawl_run_state *run;
    struct trawl_platform_state *platform;
    int r;

    if (!find(journal, call, &run, &platform, &r))
        return r;
    platform->has_own = true;
    platform->own_current = call->current;
    platform->own_total = call->total;
    if (call->message) {
        free(platform->message);
        platform->message = trawl_xstrdup(call->message);
    }
    return trawl__journal_thinned(journal, run, platform);
}

void trawl_store_set_progress(struct trawl_store *store, int64_t run_id, const char *platform,
                              uint64_t current, uint64_t total, const char *message)
{
    struct call *call;

    if (trawl__store_queued(store) > UNACKNOWLEDGED_BYTES_MAX)
        return;
    call = call_new(run_id, platform, apply_progress);
    call->current = current;
    call->total = total;
    call->message = trawl_xstrdup(message);
    call->op.bytes += message ? strlen(message) : 0;
    trawl__store_push(store, &call->op);
}

static int flush_run(struct trawl_journal *journal, struct trawl_run_state *run)
{
    int r = 0;

    for (unsigned i = 0; r == 0 && i < run->platform_count; i++) {
        if (run->platforms[i].held)
            r = trawl__journal_progress(journal, run, &run->platforms[i], 0);
    }
    return r;
}

static int apply_flush(struct trawl_journal *journal, struct trawl_store_op *op)
{
    struct trawl_run_state *run;
    struct trawl_run_state *next;
    int r = 0;

    (void)op;
    HASH_ITER (hh, journal->runs, run, next) {
        r = flush_run(journal, run);
        if (r < 0)
            return r;
    }
    return r;
}

void trawl_store_flush_progress(struct trawl_store *store)
{
    trawl__store_push(store, &call_new(0, NULL, apply_flush)->op);
}

static int apply_log(struct trawl_journal *journal, struct trawl_store_op *op)
{
    struct call *call = TRAWL_CONTAINER_OF(op, struct call, op);
    struct trawl_run_state *run;
    int r = trawl__journal_run(journal, call->run_id, &run);

    if (r == -ENOENT || (r == 0 && trawl_phase_is_end(run->phase))) {
        op->status = r == 0 ? -EALREADY : r;
        return 0;
    }
    if (r < 0)
        return r;
    return trawl__journal_log(journal, run, call->platform, trawl_log_level_name(call->level),
                              call->message);
}

static void push_log(struct trawl_store *store, int64_t run_id, const char *platform,
                     enum trawl_log_level level, char *message)
{
    struct call *call = call_new(run_id, platform, apply_log);

    call->level = level;
    call->message = message;
    call->op.bytes += strlen(message);
    trawl__store_push(store, &call->op);
}

void trawl_store_log(struct trawl_store *store, int64_t run_id, const char *platform,
                     enum trawl_log_level level, const char *message)
{
    if (trawl__store_queued(store) > UNACKNOWLEDGED_BYTES_MAX) {
        store->dropped_logs++;
        return;
    }
    if (store->dropped_logs > 0) {
        push_log(store, run_id, platform, TRAWL_LOG_WARNING,
                 trawl_xasprintf("%llu log lines were dropped, since the database did not keep up",
                                 (unsigned long long)store->dropped_logs));
        store->dropped_logs = 0;
    }
    push_log(store, run_id, platform, level, trawl_xstrdup(message));
}
