/* The course of a drill: one stage after the other, looked at by a timer. */
#include "cli/drill/drill.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/common.h"
#include "cli/drill/drill_priv.h"
#include "cli/drill/journal.h"
#include "cli/drill/report.h"
#include "util/alloc.h"
#include "util/clock.h"

#define STEP_MS  20
#define PAUSE_MS 300
/* What has not come right in this time will not: the pauses of clients grow up to half of it. */
#define PATIENCE_MS 60000

static void begin_fault(struct drill *drill);

/* --- its end ------------------------------------------------------------------------------------- */

static void finish(struct drill *drill)
{
    if (drill->stage == DRILL_OVER)
        return;
    drill->stage = DRILL_OVER;
    drill_parts_close(drill);
    uv_close((uv_handle_t *)&drill->timer, NULL);
    uv_close((uv_handle_t *)&drill->interrupt, NULL);
    uv_close((uv_handle_t *)&drill->terminate, NULL);
}

/* With drill->err. */
static void fail(struct drill *drill)
{
    if (drill->stage == DRILL_OVER)
        return;
    drill_parts_show_log(drill);
    trawl_cli_print_err(NULL, &drill->err);
    drill->code = TRAWL_EXIT_FAILED;
    finish(drill);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct drill *drill = handle->data;

    (void)number;
    drill->code = TRAWL_EXIT_INTERRUPTED;
    finish(drill);
}

/* --- stages -------------------------------------------------------------------------------------- */

static void enter(struct drill *drill, enum drill_stage stage)
{
    drill->stage = stage;
    drill->stage_ns = trawl_mono_ns();
}

static bool has_passed(const struct drill *drill, unsigned ms)
{
    return trawl_mono_ns() - drill->stage_ns >= ms * 1000000ull;
}

static bool all_have(const struct drill *drill, uint64_t behind)
{
    for (size_t i = 0; i < drill->client_count; i++) {
        if (!drill_client_is_home(&drill->clients[i]) ||
            drill_tally_last(&drill->clients[i].tally) <= behind)
            return false;
    }
    return !drill->receiver || drill_tally_last(drill_receiver_tally(drill->receiver)) > behind;
}

static bool all_have_ended(const struct drill *drill)
{
    for (size_t i = 0; i < drill->client_count; i++) {
        if (!drill->clients[i].ended)
            return false;
    }
    return true;
}

static int read_head(struct drill *drill)
{
    int r = drill_journal_head(drill->data, &drill->behind, &drill->err);

    if (r < 0)
        fail(drill);
    return r;
}

static void next_fault(struct drill *drill)
{
    drill->fault++;
    enter(drill, DRILL_PAUSING);
}

static void step_starting(struct drill *drill)
{
    if (drill_server_is_ready(drill->server)) {
        if (drill_parts_attach(drill) < 0)
            fail(drill);
        else
            enter(drill, DRILL_WARMING);
    } else if (has_passed(drill, PATIENCE_MS)) {
        trawl_err_set(&drill->err, -ETIMEDOUT, "", "the server does not begin to serve");
        fail(drill);
    }
}

static void step_warming(struct drill *drill)
{
    if (all_have(drill, 0)) {
        drill_report_begin(drill->options->json);
        begin_fault(drill);
    } else if (has_passed(drill, PATIENCE_MS)) {
        trawl_err_set(&drill->err, -ETIMEDOUT, "", "not all clients are brought events");
        fail(drill);
    }
}

/* The next one that can be tried; NULL behind the last. */
static const struct drill_fault *find_fault(struct drill *drill)
{
    for (; drill->fault < drill_fault_count; drill->fault++) {
        const struct drill_fault *fault = &drill_faults[drill->fault];
        const char *why = fault->missing ? fault->missing(drill) : NULL;

        if (!why)
            return fault;
        drill_rows_skip(drill, fault, why);
    }
    return NULL;
}

static void begin_fault(struct drill *drill)
{
    const struct drill_fault *fault = find_fault(drill);

    if (!fault) {
        drill_site_end(drill->site);
        enter(drill, DRILL_ENDING);
        return;
    }
    if (read_head(drill) < 0)
        return;
    drill_rows_begin(drill, drill->behind);
    drill->began_ns = drill->healed_ns = trawl_mono_ns();
    enter(drill, DRILL_HOLDING);
    if (fault->begin(drill, &drill->err) < 0)
        fail(drill);
    else if (!fault->is_over &&
             read_head(drill) == 0) /* what was on its way already does not count */
        drill_rows_wait(drill, drill->behind);
}

static void step_holding(struct drill *drill)
{
    const struct drill_fault *fault = &drill_faults[drill->fault];

    if (!has_passed(drill, fault->hold_ms))
        return;
    if (fault->is_felt && !fault->is_felt(drill) && !has_passed(drill, PATIENCE_MS))
        return;
    if (fault->heal) {
        drill->healed_ns = trawl_mono_ns();
        if (fault->heal(drill, &drill->err) < 0) {
            fail(drill);
            return;
        }
    }
    enter(drill, DRILL_WAITING);
}

static void end_fault(struct drill *drill, bool ended)
{
    drill_rows_end(drill, &drill_faults[drill->fault], ended);
    next_fault(drill);
}

/* What the server did before it was there again is not what was waited for. */
static void step_waiting(struct drill *drill)
{
    const struct drill_fault *fault = &drill_faults[drill->fault];

    if (fault->is_over && !fault->is_over(drill)) {
        if (has_passed(drill, PATIENCE_MS))
            end_fault(drill, false);
        return;
    }
    if (read_head(drill) < 0)
        return;
    if (fault->is_over)
        drill_rows_wait(drill, drill->behind);
    enter(drill, DRILL_SETTLING);
}

static void step_settling(struct drill *drill)
{
    if (all_have(drill, drill->behind))
        end_fault(drill, true);
    else if (has_passed(drill, PATIENCE_MS))
        end_fault(drill, false);
}

static void step_pausing(struct drill *drill)
{
    if (has_passed(drill, PAUSE_MS))
        begin_fault(drill);
}

/* The run's last event has come to everyone. */
static void step_ending(struct drill *drill)
{
    uint64_t last = 0;

    if (!has_passed(drill, PATIENCE_MS)) {
        if (!all_have_ended(drill))
            return;
        if (drill_journal_end(drill->data, drill->target.run_id, &last, &drill->err) < 0) {
            fail(drill);
            return;
        }
        if (last == 0 ||
            (drill->receiver && drill_tally_last(drill_receiver_tally(drill->receiver)) < last))
            return;
    }
    drill_parts_replay(drill);
    enter(drill, DRILL_REPLAYING);
}

static void step_replaying(struct drill *drill)
{
    uint64_t last = 0;

    if (!drill->replay.ended && !has_passed(drill, PATIENCE_MS))
        return;
    if (drill_journal_end(drill->data, drill->target.run_id, &last, &drill->err) < 0) {
        fail(drill);
        return;
    }
    drill_rows_finish(drill, last, last > 0 && drill->replay.ended && all_have_ended(drill));
    finish(drill);
}

static void drill_on_timer(uv_timer_t *timer)
{
    static void (*const steps[])(struct drill *) = {
        [DRILL_STARTING] = step_starting, [DRILL_WARMING] = step_warming,
        [DRILL_HOLDING] = step_holding,   [DRILL_WAITING] = step_waiting,
        [DRILL_SETTLING] = step_settling, [DRILL_PAUSING] = step_pausing,
        [DRILL_ENDING] = step_ending,     [DRILL_REPLAYING] = step_replaying,
    };
    struct drill *drill = timer->data;

    steps[drill->stage](drill);
}

/* --- the server ---------------------------------------------------------------------------------- */

static void on_ready(void *user)
{
    (void)user; /* the next step sees it */
}

static void on_gone(void *user)
{
    struct drill *drill = user;

    trawl_err_set(&drill->err, -ECHILD, "", "the server ended by itself");
    fail(drill);
}

/* --- holding it ---------------------------------------------------------------------------------- */

static void watch_signals(struct drill *drill)
{
    uv_signal_init(&drill->loop, &drill->interrupt);
    uv_signal_init(&drill->loop, &drill->terminate);
    drill->interrupt.data = drill;
    drill->terminate.data = drill;
    uv_signal_start(&drill->interrupt, on_signal, SIGINT);
    uv_signal_start(&drill->terminate, on_signal, SIGTERM);
}

int drill_hold(const struct drill_options *options)
{
    static const struct drill_server_ops ops = {.on_ready = on_ready, .on_gone = on_gone};
    struct drill *drill = TRAWL_NEW(struct drill);
    int code;

    signal(SIGPIPE, SIG_IGN);
    drill->options = options;
    drill->code = TRAWL_EXIT_COMPLETED;
    uv_loop_init(&drill->loop);
    uv_timer_init(&drill->loop, &drill->timer);
    drill->timer.data = drill;
    watch_signals(drill);
    enter(drill, DRILL_STARTING);
    if (drill_parts_open(drill, &ops) < 0)
        fail(drill);
    else
        uv_timer_start(&drill->timer, drill_on_timer, STEP_MS, STEP_MS);
    uv_run(&drill->loop, UV_RUN_DEFAULT);
    uv_loop_close(&drill->loop);
    code = drill->code;
    drill_parts_free(drill);
    free(drill);
    return code;
}
