/* The end, in order, and the signals that ask for it. */
#include <signal.h>
#include <unistd.h>

#include "supervisor/gateways.h"
#include "supervisor/hosts.h"
#include "supervisor/policy.h"
#include "supervisor/process.h"
#include "supervisor/runs.h"

static void shutdown_on_signal(uv_signal_t *handle, int number)
{
    struct trawl_supervisor *supervisor = handle->data;

    (void)number;
    if (supervisor->signals_seen++ > 0) {
        trawl_process_kill_all();
        if (supervisor->options->on_abort)
            supervisor->options->on_abort(supervisor->options->user);
        _exit(TRAWL_SUPERVISOR_INTERRUPTED);
    }
    if (!supervisor->options->serve)
        supervisor->exit_code = TRAWL_SUPERVISOR_INTERRUPTED;
    trawl__shutdown_begin(supervisor, "told to stop; once more ends at once");
}

int trawl__shutdown_watch_signals(struct trawl_supervisor *supervisor)
{
    static const int numbers[TRAWL_SIGNALS] = {SIGINT, SIGTERM, SIGHUP};
    int r = 0;

    for (int i = 0; i < TRAWL_SIGNALS; i++) {
        uv_signal_init(&supervisor->loop, &supervisor->signals[i]);
        supervisor->signals[i].data = supervisor;
        if (r == 0)
            r = uv_signal_start(&supervisor->signals[i], shutdown_on_signal, numbers[i]);
    }
    return r;
}

void trawl__shutdown_begin(struct trawl_supervisor *supervisor, const char *why)
{
    if (trawl__stopping(supervisor))
        return;
    trawl_info(&supervisor->log, "ending: %s", why);
    supervisor->stage = TRAWL_STAGE_WORKERS;
    trawl__runs_stop_all(supervisor);
    trawl__shutdown_advance(supervisor);
}

/* Nothing of ours may keep the loop alive; children that were released are killed by their own timers. */
static void shutdown_close_handles(struct trawl_supervisor *supervisor)
{
    supervisor->stage = TRAWL_STAGE_OVER;
    for (int i = 0; i < TRAWL_SIGNALS; i++)
        uv_close((uv_handle_t *)&supervisor->signals[i], NULL);
    uv_close((uv_handle_t *)&supervisor->progress_timer, NULL);
    uv_close((uv_handle_t *)&supervisor->prune_timer, NULL);
    uv_close((uv_handle_t *)&supervisor->schedule_timer, NULL);
    uv_close((uv_handle_t *)&supervisor->ack_idle, NULL);
}

static void shutdown_on_store_closed(void *user)
{
    struct trawl_supervisor *supervisor = user;

    supervisor->store = NULL;
    shutdown_close_handles(supervisor);
}

void trawl__shutdown_advance(struct trawl_supervisor *supervisor)
{
    if (supervisor->stage == TRAWL_STAGE_WORKERS && !supervisor->runs &&
        supervisor->creating == 0) {
        supervisor->stage = TRAWL_STAGE_GATEWAYS;
        trawl__hosts_finish(supervisor);
        trawl__gateways_stop(supervisor);
    }
    if (supervisor->stage == TRAWL_STAGE_GATEWAYS && !supervisor->gateways) {
        supervisor->stage = TRAWL_STAGE_STORE;
        trawl_store_close(supervisor->store, shutdown_on_store_closed, supervisor);
    }
}
