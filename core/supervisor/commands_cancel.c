/* The command `cancel`. A run that is not in memory is looked up in the store, off the loop: it has ended, or was interrupted
 * by an earlier server's end, or never was. */
#include <errno.h>
#include <string.h>

#include "journal/phase.h"
#include "store/beside.h"
#include "store/store.h"
#include "supervisor/commands.h"
#include "supervisor/runs.h"
#include "util/alloc.h"
#include "util/json.h"

struct cancel {
    struct trawl_store_read read;
    struct trawl_supervisor *supervisor;
    trawl_command_done *done;
    void *user;
    int64_t run_id;
    json_t *run; /* as the store has it */
};

static void cancel_answer(struct cancel *cancel)
{
    json_auto_t *result = json_pack("{s:I}", "run_id", (json_int_t)cancel->run_id);

    cancel->done(cancel->user, 0, result);
    free(cancel);
}

static int cancel_look_up(struct trawl_store_read *read, struct trawl_reader *reader)
{
    struct cancel *cancel = TRAWL_CONTAINER_OF(read, struct cancel, read);

    return trawl_reader_run(reader, cancel->run_id, &cancel->run, NULL);
}

/* End what an earlier server left interrupted. Whether it had ended already is told by the return value. */
static bool cancel_interrupted(struct cancel *cancel)
{
    json_t *platform;
    bool open = false;
    size_t i;

    json_array_foreach (json_object_get(cancel->run, "platforms"), i, platform) {
        enum trawl_phase phase = TRAWL_PHASE_COMPLETED;

        (void)trawl_phase_parse(trawl_json_string(platform, "phase", ""), &phase);
        if (trawl_phase_is_end(phase))
            continue;
        open = true;
        trawl_store_set_phase(cancel->supervisor->store, cancel->run_id,
                              trawl_json_string(platform, "platform", ""), TRAWL_PHASE_CANCELLED,
                              NULL, NULL, NULL);
    }
    return open;
}

static void cancel_on_looked_up(struct trawl_store_read *read)
{
    struct cancel *cancel = TRAWL_CONTAINER_OF(read, struct cancel, read);
    long long run_id = (long long)cancel->run_id;
    bool here = trawl__run_find(cancel->supervisor, cancel->run_id) != NULL;

    if (read->status == -ENOENT)
        trawl__command_refuse(cancel->done, cancel->user, 404, "No such run",
                              "There is no run %lld", run_id);
    else if (read->status < 0 || trawl__stopping(cancel->supervisor))
        trawl__command_refuse(cancel->done, cancel->user, 503, "Not available",
                              "Run %lld cannot be looked up now", run_id);
    else if (here || !cancel_interrupted(cancel))
        trawl__command_refuse(cancel->done, cancel->user, 409, "Run is over",
                              "Run %lld has ended already", run_id);
    else {
        json_decref(cancel->run);
        cancel_answer(cancel);
        return;
    }
    json_decref(cancel->run);
    free(cancel);
}

void trawl__command_cancel(struct trawl_supervisor *supervisor, const json_t *args,
                           trawl_command_done *done, void *user)
{
    struct cancel *cancel = TRAWL_NEW(struct cancel);
    struct trawl_run *run;

    cancel->supervisor = supervisor;
    cancel->done = done;
    cancel->user = user;
    cancel->run_id = trawl_json_int(args, "run_id", 0);
    run = trawl__run_find(supervisor, cancel->run_id);
    if (run) {
        run->cancelled = true;
        trawl__run_stop(run);
        cancel_answer(cancel);
        return;
    }
    cancel->read = (struct trawl_store_read){
        .lane = TRAWL_LANE_SHORT, .run = cancel_look_up, .done = cancel_on_looked_up};
    trawl_store_read(supervisor->store, &cancel->read);
}
