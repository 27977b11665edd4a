#include "supervisor/supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

#include "ipc/commands.h"
#include "supervisor/commands.h"
#include "supervisor/gateways.h"
#include "supervisor/hosts.h"
#include "supervisor/policy.h"
#include "supervisor/process.h"
#include "supervisor/pushing.h"
#include "supervisor/runs.h"
#include "supervisor/schedules.h"
#include "supervisor/shard.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/json.h"
#include "util/listen.h"

/* How often old events are dropped from the journal; soon for the first time, as a server may be down for longer than it is up. */
#define PRUNE_FIRST_MS    1000
#define PRUNE_INTERVAL_MS 60000

/* What hosts said is saved with every so manieth tick of the progress timer. */
#define HOSTS_SAVE_TICKS 10

/* --- the store's word ---------------------------------------------------------------------------- */

static void supervisor_on_events(void *user, const struct trawl_event *events, size_t count)
{
    struct trawl_supervisor *supervisor = user;
    const struct trawl_supervisor_options *options = supervisor->options;

    if (count == 0)
        return;
    supervisor->head = events[count - 1].seq;
    trawl__gateways_events(supervisor, events, count);
    for (size_t i = 0; options->on_event && i < count; i++)
        options->on_event(options->user, trawl_store_epoch(supervisor->store), &events[i]);
}

/* Those who watch have seen everything stand still. */
static void supervisor_tell_runs(struct trawl_supervisor *supervisor)
{
    double seconds = (double)(trawl_mono_ns() - supervisor->stalled_ns) / 1e9;
    const struct trawl_run *run;
    char message[256];

    snprintf(message, sizeof(message),
             "the store could not write for %.1f s: %.128s; everything waited, and goes on now",
             seconds, supervisor->stalled);
    trawl_info(&supervisor->log, "%s", message);
    DL_FOREACH (supervisor->runs, run)
        trawl_store_log(supervisor->store, run->id, NULL, TRAWL_LOG_WARNING, message);
}

static void supervisor_on_stalled(void *user, const char *reason)
{
    struct trawl_supervisor *supervisor = user;

    if (reason)
        trawl_error(&supervisor->log, "the store cannot write: %s; everything waits, trying again",
                    reason);
    else
        supervisor_tell_runs(supervisor);
    free(supervisor->stalled);
    supervisor->stalled = trawl_xstrdup(reason);
    supervisor->stalled_ns = trawl_mono_ns();
    trawl__gateways_stalled(supervisor);
}

/* --- timers -------------------------------------------------------------------------------------- */

static void supervisor_on_progress_timer(uv_timer_t *timer)
{
    struct trawl_supervisor *supervisor = timer->data;

    if (!supervisor->store)
        return;
    trawl__shards_tick(supervisor);
    if (++supervisor->ticks % HOSTS_SAVE_TICKS == 0)
        trawl__hosts_save(supervisor);
    trawl_store_flush_progress(supervisor->store);
}

static void supervisor_on_prune_timer(uv_timer_t *timer)
{
    struct trawl_supervisor *supervisor = timer->data;
    const json_t *root = supervisor->options->config->root;
    const json_t *journal = json_object_get(root, "journal");
    const struct trawl_store_limits limits = {
        .events = (uint64_t)trawl_json_int(journal, "keep_events", 0),
        .events_ms = trawl_json_int(journal, "keep", 0),
        .runs_ms = trawl_json_int(json_object_get(root, "runs"), "keep", 0),
    };

    if (!trawl__stopping(supervisor))
        trawl_store_prune(supervisor->store, &limits, NULL, NULL);
}

static void supervisor_start_timers(struct trawl_supervisor *supervisor)
{
    uv_timer_init(&supervisor->loop, &supervisor->progress_timer);
    uv_timer_init(&supervisor->loop, &supervisor->prune_timer);
    uv_timer_init(&supervisor->loop, &supervisor->schedule_timer);
    uv_idle_init(&supervisor->loop, &supervisor->ack_idle);
    supervisor->progress_timer.data = supervisor;
    supervisor->prune_timer.data = supervisor;
    supervisor->schedule_timer.data = supervisor;
    supervisor->ack_idle.data = supervisor;
    uv_timer_start(&supervisor->prune_timer, supervisor_on_prune_timer, PRUNE_FIRST_MS,
                   PRUNE_INTERVAL_MS);
    uv_unref((uv_handle_t *)&supervisor->prune_timer);
    /* It runs while runs do (trawl__run_enter() starts it again). */
    uv_timer_start(&supervisor->progress_timer, supervisor_on_progress_timer,
                   TRAWL_PROGRESS_INTERVAL_MS, TRAWL_PROGRESS_INTERVAL_MS);
    uv_timer_stop(&supervisor->progress_timer);
}

/* --- beginnings ---------------------------------------------------------------------------------- */

static void supervisor_close_listeners(struct trawl_supervisor *supervisor)
{
    for (size_t i = 0; i < supervisor->listen_count; i++) {
        close(supervisor->listen_fds[i]);
        free(supervisor->listen_addresses[i]);
    }
    free(supervisor->listen_fds);
    free(supervisor->listen_addresses);
}

/* Bind all addresses; each that cannot be is one mistake. */
static int supervisor_bind(struct trawl_supervisor *supervisor, struct trawl_errlist *errs)
{
    json_t *addresses =
        json_object_get(json_object_get(supervisor->options->config->root, "server"), "listen");
    size_t count = json_array_size(addresses);
    json_t *address;
    int result = 0;
    size_t i;

    supervisor->listen_fds = trawl_xalloc((count + 1) * sizeof(*supervisor->listen_fds));
    supervisor->listen_addresses =
        trawl_xalloc((count + 1) * sizeof(*supervisor->listen_addresses));
    json_array_foreach (addresses, i, address) {
        size_t n = supervisor->listen_count;
        struct trawl_err err = {0};
        char where[48];
        int r;

        snprintf(where, sizeof(where), "server.listen[%zu]", i);
        r = trawl_listen(json_string_value(address), where, &supervisor->listen_fds[n],
                         &supervisor->listen_addresses[n], &err);
        if (r < 0) {
            trawl_errlist_add(errs, err.where, "%s", err.message);
            result = r;
            continue;
        }
        supervisor->listen_count++;
    }
    return result;
}

static int supervisor_open_store(struct trawl_supervisor *supervisor, struct trawl_errlist *errs)
{
    const struct trawl_store_options options = {
        .folder = supervisor->options->data_folder,
        .durable = supervisor->options->durable,
        .gather_ms = TRAWL_STORE_GATHER_MS,
    };
    struct trawl_err err = {0};
    int r;

    r = trawl_store_open(&options, &supervisor->store, &err);
    if (r < 0)
        trawl_errlist_add(errs, err.where, "%s", err.message);
    return r;
}

static enum trawl_resume supervisor_resume_mode(const json_t *workers)
{
    const char *mode = trawl_json_string(workers, "resume", "auto");

    if (strcmp(mode, "manual") == 0)
        return TRAWL_RESUME_MANUAL;
    return strcmp(mode, "never") == 0 ? TRAWL_RESUME_NEVER : TRAWL_RESUME_AUTO;
}

static void supervisor_read_limits(struct trawl_supervisor *supervisor)
{
    const json_t *workers = json_object_get(supervisor->options->config->root, "workers");

    supervisor->max_workers = (unsigned)trawl_json_int(workers, "max", 8);
    supervisor->max_restarts = (unsigned)trawl_json_int(workers, "restarts", 5);
    supervisor->grace_ms = (uint64_t)trawl_json_int(workers, "grace", 10000);
    supervisor->silence_ms = (uint64_t)trawl_json_int(workers, "silence", 10000);
    supervisor->memory_bytes = (uint64_t)trawl_json_int(workers, "memory", (json_int_t)2 << 30);
    supervisor->resume = supervisor_resume_mode(workers);
}

/* --- the run of `trawl run` ---------------------------------------------------------------------- */

static void supervisor_on_run_started(void *user, int status, const json_t *result)
{
    struct trawl_supervisor *supervisor = user;

    if (status != 0) {
        trawl_error(&supervisor->log, "the run was not started: %s",
                    trawl_json_string(result, "detail", ""));
        trawl__shutdown_begin(supervisor, "there is nothing to do");
        return;
    }
    supervisor->run_id = trawl_json_int(result, "run_id", 0);
    if (supervisor->options->on_ready)
        supervisor->options->on_ready(supervisor->options->user, supervisor->run_id);
}

static void supervisor_start_run(struct trawl_supervisor *supervisor)
{
    const struct trawl_supervisor_options *options = supervisor->options;
    json_auto_t *names = json_array();
    json_auto_t *args = NULL;

    for (size_t i = 0; i < options->run_platform_count; i++)
        json_array_append_new(names, json_string(options->run_platforms[i]));
    args = json_pack("{s:O, s:s, s:s}", "platforms", names, "trigger", "cli", "overlap", "allow");
    trawl__command(supervisor, TRAWL_COMMAND_START, args, supervisor_on_run_started, supervisor);
}

/* --- life ---------------------------------------------------------------------------------------- */

/* Everything that the loop needs, then the loop until trawl__shutdown_advance() has closed it all. */
static int supervisor_loop(struct trawl_supervisor *supervisor, struct trawl_errlist *errs)
{
    TRAWL_AUTO_FREE int64_t *interrupted = NULL;
    size_t interrupted_count = 0;
    int r = 0;

    if (supervisor->options->serve && supervisor->resume == TRAWL_RESUME_AUTO)
        r = trawl_store_interrupted_runs(supervisor->store, &interrupted, &interrupted_count);
    if (r == 0)
        r = trawl_store_start(supervisor->store, &supervisor->loop, supervisor_on_events,
                              supervisor_on_stalled, supervisor);
    if (r == 0)
        r = trawl__shutdown_watch_signals(supervisor);
    if (r < 0) {
        trawl_errlist_add(errs, "", "cannot begin: %s", strerror(-r));
        return r;
    }
    supervisor_start_timers(supervisor);
    trawl__resume_all(supervisor, interrupted, interrupted_count);
    if (supervisor->options->serve) {
        trawl__gateways_start(supervisor);
        trawl__schedules_start(supervisor);
    }
    if (supervisor->options->run_platforms)
        supervisor_start_run(supervisor);
    uv_run(&supervisor->loop, UV_RUN_DEFAULT);
    return 0;
}

static int supervisor_exit_code(const struct trawl_supervisor *supervisor)
{
    if (supervisor->exit_code != 0)
        return supervisor->exit_code;
    if (supervisor->options->run_platforms && !supervisor->options->serve)
        return supervisor->run_id ? trawl_policy_exit_code(supervisor->run_phase)
                                  : TRAWL_SUPERVISOR_FAILED;
    return TRAWL_SUPERVISOR_COMPLETED;
}

int trawl_supervisor_run(const struct trawl_supervisor_options *options, int64_t *ret_run_id,
                         struct trawl_errlist *errs)
{
    struct trawl_supervisor supervisor = {.options = options, .moves = json_array()};
    int bound = 0;
    int r;

    signal(SIGPIPE, SIG_IGN);
    trawl_log_init(&supervisor.log, "supervisor");
    supervisor_read_limits(&supervisor);
    if (options->serve)
        bound = supervisor_bind(&supervisor, errs);
    r = supervisor_open_store(&supervisor, errs);
    if (r == 0)
        r = bound;
    if (r == 0 && options->serve)
        r = trawl__schedules_open(&supervisor, errs);
    if (r == 0 && options->serve)
        r = trawl__pushing_open(&supervisor, errs);
    if (r == 0)
        r = uv_loop_init(&supervisor.loop);
    if (r == 0) {
        for (size_t i = 0; options->on_listening && i < supervisor.listen_count; i++)
            options->on_listening(options->user, supervisor.listen_addresses[i]);
        supervisor.head = trawl_store_head(supervisor.store);
        r = supervisor_loop(&supervisor, errs);
        (void)uv_loop_close(&supervisor.loop);
    } else if (supervisor.store) {
        trawl_store_close(supervisor.store, NULL, NULL);
    }
    trawl__schedules_free(&supervisor);
    trawl__pushing_free(&supervisor);
    supervisor_close_listeners(&supervisor);
    json_decref(supervisor.moves);
    trawl_culprits_finish(&supervisor.culprits);
    free(supervisor.stalled);
    *ret_run_id = supervisor.run_id;
    return r < 0 ? TRAWL_SUPERVISOR_FAILED : supervisor_exit_code(&supervisor);
}
