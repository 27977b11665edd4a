/* The command `resume`, and the same for all interrupted runs when a server begins. The run goes on under the configuration of
 * now, with what it overrides; the store says how far it had come. */
#include <errno.h>
#include <string.h>

#include "ipc/commands.h"
#include "store/store.h"
#include "supervisor/commands.h"
#include "supervisor/jobs.h"
#include "util/alloc.h"
#include "util/json.h"

struct resume {
    struct trawl_supervisor *supervisor;
    trawl_command_done *done;
    void *user;
    int64_t run_id;
};

/* --- its platforms ------------------------------------------------------------------------------- */

static void resume_on_inspected(void *user, const json_t *problem)
{
    struct trawl_task *task = user;
    struct trawl_run *run = task->run;

    trawl__task_prepared(task, problem ? trawl_json_string(problem, "detail", "") : NULL);
    trawl__run_unref(run);
}

static void resume_prepare(struct trawl_task *task, const char *options_json)
{
    json_auto_t *overrides = NULL;

    (void)trawl_json_parse(options_json, strlen(options_json), &overrides, NULL);
    if (!task->job) {
        trawl__task_prepared(task, "the platform is no longer in the configuration");
    } else if (json_object_size(overrides) == 0) {
        trawl__task_prepared(task, NULL);
    } else {
        trawl__run_ref(task->run);
        trawl__job_override(task, overrides, resume_on_inspected, task);
    }
}

static void resume_fill(struct trawl_task *task, const struct trawl_resumed_platform *platform)
{
    task->platform = trawl_xstrdup(platform->name);
    task->job = trawl__job_make(task->run->supervisor, platform->name);
    task->state = trawl_phase_is_end(platform->phase) ? TRAWL_TASK_ENDED : TRAWL_TASK_PREPARING;
    task->phase = platform->phase;
    task->begun = platform->begun;
    task->tally = platform->tally;
    task->counted = platform->counted;
}

static void resume_enter(const struct resume *resume,
                         const struct trawl_resumed_platform *platforms, size_t count)
{
    struct trawl_run *run = trawl__run_create(resume->supervisor, (unsigned)count);

    run->overlap = TRAWL_OVERLAP_QUEUE;
    for (size_t i = 0; i < count; i++)
        resume_fill(&run->tasks[i], &platforms[i]);
    trawl__run_ref(run);
    trawl__run_enter(run, resume->run_id);
    for (size_t i = 0; i < count; i++) {
        if (run->tasks[i].state == TRAWL_TASK_PREPARING)
            resume_prepare(&run->tasks[i], platforms[i].options_json);
    }
    trawl__run_unref(run);
}

/* --- the command --------------------------------------------------------------------------------- */

static void resume_on_resumed(void *user, int status,
                              const struct trawl_resumed_platform *platforms, size_t count)
{
    struct resume *resume = user;
    struct trawl_supervisor *supervisor = resume->supervisor;
    long long run_id = (long long)resume->run_id;
    json_auto_t *result = NULL;

    supervisor->creating--;
    if (status == -ENOENT) {
        trawl__command_refuse(resume->done, resume->user, 404, "No such run",
                              "There is no run %lld", run_id);
    } else if (status == -EALREADY) {
        trawl__command_refuse(resume->done, resume->user, 409, "Not interrupted",
                              "Run %lld is not interrupted", run_id);
    } else if (status < 0) {
        trawl__command_refuse(resume->done, resume->user, 500, "Not stored",
                              "Run %lld could not be taken up: %s", run_id, strerror(-status));
    } else {
        trawl_info(&supervisor->log, "run %lld goes on", run_id);
        resume_enter(resume, platforms, count);
        result = json_pack("{s:I}", "run_id", (json_int_t)run_id);
        resume->done(resume->user, 0, result);
    }
    free(resume);
    if (trawl__stopping(supervisor)) { /* told to stop while the store was at it */
        trawl__runs_stop_all(supervisor);
        trawl__shutdown_advance(supervisor);
    }
}

static void resume_begin(struct trawl_supervisor *supervisor, int64_t run_id,
                         trawl_command_done *done, void *user)
{
    struct resume *resume = TRAWL_NEW(struct resume);

    *resume =
        (struct resume){.supervisor = supervisor, .done = done, .user = user, .run_id = run_id};
    supervisor->creating++;
    trawl_store_resume_run(supervisor->store, run_id, resume_on_resumed, resume);
}

void trawl__command_resume(struct trawl_supervisor *supervisor, const json_t *args,
                           trawl_command_done *done, void *user)
{
    int64_t run_id = trawl_json_int(args, "run_id", 0);

    if (trawl__stopping(supervisor))
        trawl__command_refuse(done, user, 503, "Shutting down", "The server is shutting down");
    else if (supervisor->resume == TRAWL_RESUME_NEVER)
        trawl__command_refuse(done, user, 409, "Not resumed",
                              "Run %lld cannot go on: workers.resume is \"never\"",
                              (long long)run_id);
    else
        resume_begin(supervisor, run_id, done, user);
}

/* --- at the beginning ---------------------------------------------------------------------------- */

static void resume_on_done(void *user, int status, const json_t *result)
{
    struct trawl_supervisor *supervisor = user;

    if (status != 0)
        trawl_error(&supervisor->log, "an interrupted run does not go on: %s",
                    trawl_json_string(result, "detail", ""));
}

void trawl__resume_all(struct trawl_supervisor *supervisor, const int64_t *run_ids, size_t count)
{
    for (size_t i = 0; i < count; i++)
        resume_begin(supervisor, run_ids[i], resume_on_done, supervisor);
}
