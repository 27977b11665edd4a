#include "supervisor/conclude.h"

#include <string.h>

#include "store/beside.h"
#include "supervisor/runs.h"
#include "supervisor/schedules.h"
#include "supervisor/suspicion.h"
#include "util/alloc.h"
#include "util/json.h"

struct conclude {
    struct trawl_store_read read;
    struct trawl_task *task;
    bool judged; /* there is a record */
    struct trawl_hash scope;
    struct trawl_record record;
    enum trawl_suspicion suspicion;
    char *why; /* or NULL */
    struct trawl_err err;
};

/* Gives up the reference to the run. */
static void conclude_free(struct conclude *conclude)
{
    struct trawl_run *run = conclude->task->run;

    trawl_record_finish(&conclude->record);
    free(conclude->why);
    free(conclude);
    trawl__run_unref(run);
}

/* --- the end ------------------------------------------------------------------------------------- */

static void conclude_end(struct conclude *conclude)
{
    struct trawl_task *task = conclude->task;
    struct trawl_supervisor *supervisor = task->run->supervisor;
    bool suspect = conclude->suspicion == TRAWL_SUSPICION_SUSPECT;
    TRAWL_AUTO_FREE char *reason = NULL;
    struct trawl_conclusion conclusion = {
        .figures = &conclude->record.now,
        .scope = conclude->scope,
        .suspect = suspect,
        .message = conclude->why,
    };

    if (!conclude->judged) {
        trawl__task_end(task, TRAWL_PHASE_COMPLETED, NULL);
        return;
    }
    if (suspect) {
        reason =
            trawl_xasprintf("run %lld is suspect: %s", (long long)task->run->id, conclude->why);
        trawl_warning(&supervisor->log, "run %lld: platform '%s' is suspect: %s",
                      (long long)task->run->id, task->platform, conclude->why);
        if (trawl__schedule_suspect(supervisor, task->platform, reason))
            conclusion.pause = reason;
    }
    trawl__task_ends(task, suspect ? TRAWL_PHASE_SUSPECT : TRAWL_PHASE_COMPLETED);
    trawl_store_conclude(supervisor->store, task->run->id, task->platform, &conclusion,
                         trawl__task_on_ended, task);
}

/* --- what is gone -------------------------------------------------------------------------------- */

/* Where that was not possible the platform is not done: it is, when the run is resumed. */
static void conclude_on_marked(void *user, int status)
{
    struct conclude *conclude = user;
    struct trawl_task *task = conclude->task;

    if (status < 0) {
        trawl_error(&task->run->supervisor->log,
                    "run %lld: items of platform '%s' were not marked: %s",
                    (long long)task->run->id, task->platform, strerror(-status));
        trawl__task_end(task, trawl__task_stopped_phase(task), NULL);
    } else {
        conclude_end(conclude);
    }
    conclude_free(conclude);
}

/* What a suspect run has not met may well be there. */
static void conclude_mark_gone(struct conclude *conclude)
{
    struct trawl_task *task = conclude->task;

    if (conclude->suspicion == TRAWL_SUSPICION_SUSPECT)
        conclude_on_marked(conclude, 0);
    else
        trawl_store_mark_gone(task->run->supervisor->store, task->run->id, task->platform,
                              conclude_on_marked, conclude);
}

/* --- the verdict --------------------------------------------------------------------------------- */

/* On a thread of the pool: looks at nothing that changes. */
static int conclude_judge(struct trawl_store_read *read, struct trawl_reader *reader)
{
    struct conclude *conclude = TRAWL_CONTAINER_OF(read, struct conclude, read);
    const struct trawl_task *task = conclude->task;
    int r = trawl_reader_record(reader, task->run->id, task->platform, &conclude->scope,
                                &conclude->record, &conclude->err);

    if (r == 0)
        conclude->suspicion = trawl_suspicion_judge(&conclude->record, &conclude->why);
    return r;
}

static void conclude_on_judged(struct trawl_store_read *read)
{
    struct conclude *conclude = TRAWL_CONTAINER_OF(read, struct conclude, read);
    const struct trawl_task *task = conclude->task;

    conclude->judged = read->status == 0;
    if (!conclude->judged)
        trawl_warning(
            &task->run->supervisor->log,
            "run %lld: platform '%s' is not compared with its last runs, and none will be "
            "compared with it: %s",
            (long long)task->run->id, task->platform, conclude->err.message);
    conclude_mark_gone(conclude);
}

/* What decides which items there are, besides the site. */
static struct trawl_hash conclude_scope(const struct trawl_task *task)
{
    const struct trawl_supervisor_options *options = task->run->supervisor->options;
    json_t *written = json_object_get(options->written, task->platform);
    json_t *fetch = json_object_get(task->job, "fetch");
    json_auto_t *scope =
        json_pack("{s:s, s:O?, s:I}", "plugin",
                  trawl_json_string(json_object_get(task->job, "plugin"), "name", ""), "options",
                  written ? written : json_object_get(task->job, "options"), "max_depth",
                  trawl_json_int(fetch, "max_depth", -1));

    return trawl_json_hash(scope);
}

/* A store that dies with this process has no last runs. */
static bool conclude_is_judged(const struct trawl_task *task)
{
    const struct trawl_supervisor_options *options = task->run->supervisor->options;
    const json_t *platform = trawl_config_platform(options->config, task->platform);

    return options->durable && strcmp(trawl_json_string(platform, "suspect", "auto"), "off") != 0;
}

void trawl__conclude(struct trawl_task *task)
{
    struct conclude *conclude = TRAWL_NEW(struct conclude);

    task->state = TRAWL_TASK_ENDING;
    trawl__run_ref(task->run);
    conclude->task = task;
    if (!conclude_is_judged(task)) {
        conclude_mark_gone(conclude);
        return;
    }
    conclude->scope = conclude_scope(task);
    conclude->read = (struct trawl_store_read){.lane = TRAWL_LANE_FIGURES,
                                               .err = &conclude->err,
                                               .run = conclude_judge,
                                               .done = conclude_on_judged};
    trawl_store_read(task->run->supervisor->store, &conclude->read);
}
