#include "supervisor/task.h"

#include <stdlib.h>
#include <string.h>

#include "supervisor/conclude.h"
#include "supervisor/hosts.h"
#include "supervisor/runs.h"
#include "supervisor/shard.h"
#include "util/alloc.h"
#include "util/json.h"

void trawl__task_finish(struct trawl_task *task)
{
    free(task->platform);
    json_decref(task->job);
    free(task->shards);
    free(task->over_message);
}

/* --- phases -------------------------------------------------------------------------------------- */

void trawl__task_set_phase(struct trawl_task *task, enum trawl_phase phase, const char *message)
{
    if (task->phase == phase)
        return;
    task->phase = phase;
    trawl_store_set_phase(task->run->supervisor->store, task->run->id, task->platform, phase,
                          message, NULL, NULL);
}

void trawl__task_on_ended(void *user, int status)
{
    struct trawl_task *task = user;

    if (status < 0)
        trawl_error(&task->run->supervisor->log,
                    "run %lld: the end of platform '%s' was not stored: %s",
                    (long long)task->run->id, task->platform, strerror(-status));
    task->state = TRAWL_TASK_ENDED;
    trawl__run_on_task_ended(task->run);
}

void trawl__task_ends(struct trawl_task *task, enum trawl_phase phase)
{
    trawl__hosts_save(task->run->supervisor);
    task->state = TRAWL_TASK_ENDING;
    task->phase = phase;
    trawl__run_ref(task->run);
}

void trawl__task_end(struct trawl_task *task, enum trawl_phase phase, const char *message)
{
    trawl__task_ends(task, phase);
    trawl_store_set_phase(task->run->supervisor->store, task->run->id, task->platform, phase,
                          message, trawl__task_on_ended, task);
}

enum trawl_phase trawl__task_stopped_phase(const struct trawl_task *task)
{
    const struct trawl_supervisor *supervisor = task->run->supervisor;

    return !task->run->cancelled && supervisor->options->serve ? TRAWL_PHASE_INTERRUPTED
                                                               : TRAWL_PHASE_CANCELLED;
}

/* --- the end ------------------------------------------------------------------------------------- */

/* Whether it has met all that there is. With other options than the configured ones it may have looked elsewhere. */
static bool task_is_whole(const struct trawl_task *task, enum trawl_phase phase)
{
    return phase == TRAWL_PHASE_COMPLETED && !task->cut_short && !task->overridden;
}

/* Nothing was fetched, and nothing failed: its sites do not want it. */
static bool task_is_excluded(const struct trawl_task *task)
{
    const struct trawl_tally *tally = &task->tally;

    return task->over_how == TRAWL_OVER_FINISHED && tally->excluded > 0 && tally->ok == 0 &&
           tally->failed == 0;
}

/* If its last shard is gone and its last page came back: the outcome counts all of them. */
static void task_may_be_over(struct trawl_task *task)
{
    enum trawl_phase phase = trawl_policy_outcome(task->over_how, &task->tally);

    if (!task->over || task->live_shards > 0 || task->commits > 0 ||
        task->state != TRAWL_TASK_ACTIVE)
        return;
    task->run->supervisor->busy_workers -= task->shard_count;
    if (task->over_how == TRAWL_OVER_STOPPED)
        phase = trawl__task_stopped_phase(task);
    else
        trawl__task_set_phase(task, TRAWL_PHASE_STORING, NULL);
    if (task_is_whole(task, phase))
        trawl__conclude(task);
    else
        trawl__task_end(task, phase,
                        task_is_excluded(task) ? "robots.txt excludes all of it"
                                               : task->over_message);
}

static void task_begin_end(struct trawl_task *task, enum trawl_over how, const char *message)
{
    task->over = true;
    task->over_how = how;
    task->over_message = trawl_xstrdup(message);
}

void trawl__task_on_shard_end(struct trawl_task *task, unsigned shard, enum trawl_over how,
                              const char *message)
{
    task->shards[shard] = NULL;
    task->live_shards--;
    if (!task->over) {
        task_begin_end(task, how, message);
        for (unsigned i = 0; i < task->shard_count; i++) {
            if (task->shards[i])
                trawl__shard_stop(task->shards[i]);
        }
    }
    task_may_be_over(task);
}

void trawl__task_stop(struct trawl_task *task)
{
    if (task->state == TRAWL_TASK_WAITING || task->state == TRAWL_TASK_PREPARING)
        trawl__task_end(task, trawl__task_stopped_phase(task), NULL);
    for (unsigned i = 0; task->state == TRAWL_TASK_ACTIVE && i < task->shard_count; i++) {
        if (task->shards[i])
            trawl__shard_stop(task->shards[i]);
    }
}

/* --- idle shards --------------------------------------------------------------------------------- */

static bool task_is_idle(const struct trawl_task *task)
{
    for (unsigned i = 0; i < task->shard_count; i++) {
        if (!task->shards[i] || !trawl__shard_is_idle(task->shards[i]))
            return false;
    }
    return true;
}

/* Let those finish that have not, or not since the last page. True if there were any. */
static bool task_finish_shards(struct trawl_task *task)
{
    bool some = false;

    for (unsigned i = 0; i < task->shard_count; i++)
        some |= trawl__shard_finish(task->shards[i], task->responses);
    return some;
}

void trawl__task_on_idle(struct trawl_task *task)
{
    if (task->over || !task_is_idle(task) || task_finish_shards(task))
        return;
    task_begin_end(task, TRAWL_OVER_FINISHED, NULL);
    for (unsigned i = 0; i < task->shard_count; i++)
        task->cut_short |= trawl__shard_is_starving(task->shards[i]);
    for (unsigned i = 0; i < task->shard_count; i++)
        trawl__shard_end(task->shards[i], TRAWL_OVER_FINISHED, NULL);
}

/* --- max_pages ----------------------------------------------------------------------------------- */

void trawl__task_on_starved(struct trawl_task *task)
{
    for (unsigned i = 0; task->pages_left > 0 && i < task->shard_count; i++) {
        uint64_t pages = trawl_policy_grant(task->pages_left, task->shard_count);

        if (task->shards[i] && trawl__shard_grant(task->shards[i], pages))
            task->pages_left -= pages;
    }
}

void trawl__task_take_back(struct trawl_task *task, uint64_t pages)
{
    task->pages_left += pages;
    trawl__task_on_starved(task);
}

/* --- what belongs to another shard --------------------------------------------------------------- */

static void task_forward(struct trawl_task *task, unsigned to,
                         const struct trawl_committed *committed)
{
    TRAWL_AUTO_FREE struct trawl_page_request *requests =
        trawl_xalloc(committed->added_count * sizeof(*requests));
    size_t count = 0;

    for (size_t i = 0; i < committed->added_count; i++) {
        if (trawl_shard_of(committed->added[i].fingerprint, task->shard_count) == to)
            requests[count++] = committed->added[i];
    }
    if (count > 0)
        trawl__shard_forward(task->shards[to], requests, count);
}

static void task_take(struct trawl_task *task, unsigned from,
                      const struct trawl_committed *committed)
{
    if (committed->tally.ok > task->tally.ok)
        trawl_blame_good_page(&task->blame);
    task->tally = committed->tally;
    for (unsigned to = 0; committed->added_count > 0 && to < task->shard_count; to++) {
        if ((to != from || committed->recalled) && task->shards[to])
            task_forward(task, to, committed);
    }
}

void trawl__task_on_commit(struct trawl_task *task)
{
    task->commits++;
}

void trawl__task_on_committed(struct trawl_task *task, unsigned from, bool is_response,
                              const struct trawl_committed *committed)
{
    task->commits--;
    task->responses += is_response;
    if (committed)
        task_take(task, from, committed);
    task_may_be_over(task);
}

/* --- progress ------------------------------------------------------------------------------------ */

void trawl__task_flush_progress(struct trawl_task *task)
{
    struct trawl_shard_progress sum = {0};
    bool is_new = false;

    for (unsigned i = 0; i < task->shard_count; i++) {
        if (task->shards[i])
            is_new |= trawl__shard_add_progress(task->shards[i], &sum);
    }
    if (is_new)
        trawl_store_set_progress(task->run->supervisor->store, task->run->id, task->platform,
                                 sum.current, sum.total, sum.message);
}

/* --- beginnings ---------------------------------------------------------------------------------- */

unsigned trawl__task_workers(const struct trawl_task *task)
{
    const struct trawl_supervisor *supervisor = task->run->supervisor;
    const json_t *platform = trawl_config_platform(supervisor->options->config, task->platform);
    const json_t *fetch = json_object_get(task->job, "fetch");
    bool is_auto = strcmp(trawl_json_string(platform, "shards", ""), "auto") == 0;
    const struct trawl_shard_limits limits = {
        .wanted =
            is_auto ? uv_available_parallelism() : (unsigned)trawl_json_int(platform, "shards", 1),
        .concurrency = (unsigned)trawl_json_int(fetch, "concurrency", 8),
        .total_concurrency = (unsigned)trawl_json_int(fetch, "total_concurrency", 32),
        .workers = supervisor->max_workers,
    };

    return trawl_policy_shards(&limits);
}

void trawl__task_start(struct trawl_task *task)
{
    const json_t *fetch = json_object_get(task->job, "fetch");

    task->state = TRAWL_TASK_ACTIVE;
    task->shard_count = trawl__task_workers(task);
    task->live_shards = task->shard_count;
    task->shards = trawl_xalloc(task->shard_count * sizeof(*task->shards));
    task->max_pages = (uint64_t)trawl_json_int(fetch, "max_pages", 0);
    task->pages_left = task->max_pages > task->counted ? task->max_pages - task->counted : 0;
    task->run->supervisor->busy_workers += task->shard_count;
    trawl__task_set_phase(task, TRAWL_PHASE_STARTING, NULL);
    for (unsigned i = 0; i < task->shard_count; i++)
        task->shards[i] = trawl__shard_create(task, i);
    for (unsigned i = 0; i < task->shard_count; i++) {
        if (task->shards[i]) /* the one before may have been the end of all */
            trawl__shard_begin(task->shards[i]);
    }
}

void trawl__task_prepared(struct trawl_task *task, const char *problem)
{
    if (task->state != TRAWL_TASK_PREPARING)
        return;
    task->state = TRAWL_TASK_WAITING;
    if (problem)
        trawl__task_end(task, TRAWL_PHASE_FAILED, problem);
    else
        trawl__runs_schedule(task->run->supervisor);
}
