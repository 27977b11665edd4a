#include "supervisor/runs.h"

#include <string.h>
#include <utlist.h>

#include "util/alloc.h"

struct trawl_run *trawl__run_create(struct trawl_supervisor *supervisor, unsigned task_count)
{
    struct trawl_run *run = TRAWL_NEW(struct trawl_run);

    run->supervisor = supervisor;
    run->refs = 1;
    run->tasks = trawl_xalloc(task_count * sizeof(*run->tasks));
    run->task_count = task_count;
    for (unsigned i = 0; i < task_count; i++)
        run->tasks[i].run = run;
    return run;
}

struct trawl_run *trawl__run_ref(struct trawl_run *run)
{
    run->refs++;
    return run;
}

void trawl__run_unref(struct trawl_run *run)
{
    if (!run || --run->refs > 0)
        return;
    for (unsigned i = 0; i < run->task_count; i++)
        trawl__task_finish(&run->tasks[i]);
    free(run->tasks);
    free(run);
}

bool trawl__run_holds(const struct trawl_run *run, const char *platform)
{
    for (unsigned i = 0; i < run->task_count; i++) {
        if (run->tasks[i].state != TRAWL_TASK_ENDED &&
            strcmp(run->tasks[i].platform, platform) == 0)
            return true;
    }
    return false;
}

static bool run_overlaps(const struct trawl_run *run, const struct trawl_run *other)
{
    for (unsigned i = 0; i < run->task_count; i++) {
        if (trawl__run_holds(other, run->tasks[i].platform))
            return true;
    }
    return false;
}

struct trawl_run *trawl__run_find(struct trawl_supervisor *supervisor, int64_t id)
{
    struct trawl_run *run;

    DL_FOREACH (supervisor->runs, run) {
        if (run->id == id)
            return run;
    }
    return NULL;
}

struct trawl_run *trawl__run_of_platform(struct trawl_supervisor *supervisor, const char *platform)
{
    struct trawl_run *run;

    DL_FOREACH (supervisor->runs, run) {
        if (trawl__run_holds(run, platform))
            return run;
    }
    return NULL;
}

bool trawl__run_is_blocked(const struct trawl_run *run)
{
    const struct trawl_run *other;

    if (run->overlap == TRAWL_OVERLAP_ALLOW)
        return false;
    DL_FOREACH (run->supervisor->runs, other) {
        if (other == run)
            return false; /* the list is in order: those behind it wait for it */
        if (run_overlaps(run, other))
            return true;
    }
    return false;
}

void trawl__run_enter(struct trawl_run *run, int64_t id)
{
    struct trawl_supervisor *supervisor = run->supervisor;
    struct trawl_run *other;

    run->id = id;
    DL_APPEND(supervisor->runs, run);
    if (run->overlap == TRAWL_OVERLAP_REPLACE) {
        DL_FOREACH (supervisor->runs, other) {
            if (other == run)
                break;
            if (run_overlaps(run, other)) {
                other->cancelled = true;
                trawl__run_stop(other);
            }
        }
    }
    if (!uv_is_active((uv_handle_t *)&supervisor->progress_timer))
        uv_timer_again(&supervisor->progress_timer);
    trawl__runs_schedule(supervisor);
}

/* --- ends ---------------------------------------------------------------------------------------- */

static enum trawl_phase run_phase(const struct trawl_run *run)
{
    TRAWL_AUTO_FREE enum trawl_phase *phases = trawl_xalloc(run->task_count * sizeof(*phases));

    for (unsigned i = 0; i < run->task_count; i++)
        phases[i] = run->tasks[i].phase;
    return trawl_phase_of_run(phases, run->task_count);
}

/* All its tasks have ended in the store. */
static void run_over(struct trawl_run *run)
{
    struct trawl_supervisor *supervisor = run->supervisor;
    enum trawl_phase phase = run_phase(run);

    DL_DELETE(supervisor->runs, run);
    trawl_info(&supervisor->log, "run %lld is over: %s", (long long)run->id,
               trawl_phase_name(phase));
    if (!supervisor->runs)
        uv_timer_stop(&supervisor->progress_timer);
    if (run->id == supervisor->run_id && !supervisor->options->serve) {
        supervisor->run_phase = phase;
        trawl__shutdown_begin(supervisor, "the run is over");
    }
    trawl__run_unref(run);
}

void trawl__run_on_task_ended(struct trawl_run *run)
{
    struct trawl_supervisor *supervisor = run->supervisor;
    unsigned ended = 0;

    for (unsigned i = 0; i < run->task_count; i++)
        ended += run->tasks[i].state == TRAWL_TASK_ENDED;
    if (ended == run->task_count)
        run_over(run);     /* gives up the list's reference */
    trawl__run_unref(run); /* NOLINT: this is the reference of the call to the store */
    trawl__runs_schedule(supervisor);
    trawl__shutdown_advance(supervisor);
}

void trawl__run_stop(struct trawl_run *run)
{
    for (unsigned i = 0; i < run->task_count; i++)
        trawl__task_stop(&run->tasks[i]);
}

void trawl__runs_stop_all(struct trawl_supervisor *supervisor)
{
    struct trawl_run *run;

    DL_FOREACH (supervisor->runs, run)
        trawl__run_stop(run);
}

/* --- beginnings ---------------------------------------------------------------------------------- */

/* A task that needs more workers than are free is not overtaken by those that need less. */
void trawl__runs_schedule(struct trawl_supervisor *supervisor)
{
    struct trawl_run *run;

    if (trawl__stopping(supervisor))
        return;
    DL_FOREACH (supervisor->runs, run) {
        if (trawl__run_is_blocked(run))
            continue;
        for (unsigned i = 0; i < run->task_count; i++) {
            struct trawl_task *task = &run->tasks[i];

            if (task->state != TRAWL_TASK_WAITING)
                continue;
            if (supervisor->busy_workers + trawl__task_workers(task) > supervisor->max_workers)
                return;
            trawl__task_start(task);
        }
    }
}
