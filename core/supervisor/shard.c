#include "supervisor/shard.h"

#include <errno.h>
#include <string.h>
#include <utlist.h>

#include "ipc/channel.h"
#include "ipc/messages.h"
#include "ipc/page.h"
#include "supervisor/process.h"
#include "supervisor/shard_frames.h"
#include "supervisor/shard_priv.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/json.h"

static void shard_spawn(struct trawl_shard *shard);

/* --- ends ---------------------------------------------------------------------------------------- */

static void shard_on_closed(uv_handle_t *handle)
{
    struct trawl_shard *shard = handle->data;

    free(shard->progress_message);
    free(shard);
}

static void shard_end(struct trawl_shard *shard, enum trawl_over over, const char *message)
{
    struct trawl_task *task = shard->task;

    trawl__shard_flush_progress(shard);
    trawl_process_release(shard->process);
    shard->process = NULL;
    shard->task = NULL;
    uv_close((uv_handle_t *)&shard->timer, shard_on_closed);
    trawl__task_over(task, over, message);
}

void trawl__shard_finished(struct trawl_shard *shard, bool completed, const char *message)
{
    shard_end(shard, completed ? TRAWL_OVER_FINISHED : TRAWL_OVER_FAILED, message);
}

void trawl__shard_stopped(struct trawl_shard *shard)
{
    shard_end(shard, TRAWL_OVER_STOPPED, NULL);
}

void trawl__shard_broken(struct trawl_shard *shard, const char *why)
{
    if (!shard->broken)
        snprintf(shard->why, sizeof(shard->why), "was killed: %s", why);
    shard->broken = true; /* what it still sends is not looked at */
    trawl_process_kill(shard->process);
}

/* --- restarts ------------------------------------------------------------------------------------ */

static void shard_on_pause_over(uv_timer_t *timer)
{
    shard_spawn(timer->data);
}

static void shard_log_to_journal(struct trawl_shard *shard, enum trawl_log_level level,
                                 const char *message)
{
    trawl_log_write(&shard->log, level, "%s", message);
    trawl_store_log(shard->supervisor->store, shard->task->run->id, shard->task->platform, level,
                    message);
}

/* Its process is gone, or could not be started: pause and try again, or give up. */
static void shard_restart(struct trawl_shard *shard, const char *how)
{
    unsigned most = shard->supervisor->max_restarts;
    uint64_t pause_ms;
    char message[256];

    if (shard->restarts >= most) {
        snprintf(message, sizeof(message), "the worker %s; given up after %u restart%s", how,
                 shard->restarts, shard->restarts == 1 ? "" : "s");
        shard_log_to_journal(shard, TRAWL_LOG_ERROR, message);
        shard_end(shard, TRAWL_OVER_GAVE_UP, message);
        return;
    }
    shard->restarts++;
    shard->state = TRAWL_SHARD_PAUSED;
    pause_ms = trawl_policy_pause_ms(shard->restarts);
    snprintf(message, sizeof(message), "the worker %s; restart %u of %u in %llu ms", how,
             shard->restarts, most, (unsigned long long)pause_ms);
    shard_log_to_journal(shard, TRAWL_LOG_WARNING, message);
    uv_timer_start(&shard->timer, shard_on_pause_over, pause_ms, 0);
}

static void shard_on_gone(void *user, const char *how)
{
    struct trawl_shard *shard = user;

    shard->process = NULL;
    if (shard->stopping)
        trawl__shard_stopped(shard);
    else
        shard_restart(shard, shard->broken ? shard->why : how);
}

/* --- a process ----------------------------------------------------------------------------------- */

static int shard_send_job(struct trawl_shard *shard)
{
    const struct trawl_task *task = shard->task;
    json_auto_t *job =
        json_pack("{s:I, s:s, s:i, s:i, s:I, s:b}", "run_id", (json_int_t)task->run->id, "platform",
                  task->platform, "shard", 0, "shards", 1, "lease", (json_int_t)shard->lease,
                  "fresh", !task->begun);

    if (!job || json_object_update(job, task->job) < 0)
        return -EINVAL;
    return trawl_channel_send_json(trawl_process_channel(shard->process), TRAWL_MSG_JOB, job);
}

/* One process begins: with a new lease, so that nothing of an earlier one counts any more. */
static void shard_spawn(struct trawl_shard *shard)
{
    static const struct trawl_process_ops ops = {
        .on_frame = trawl__shard_on_frame,
        .on_gone = shard_on_gone,
    };
    int r;

    shard->lease++;
    shard->serial = 0;
    shard->committed = 0;
    shard->acknowledged = 0;
    shard->broken = false;
    shard->silent_ticks = 0;
    shard->state = TRAWL_SHARD_STARTING;
    r = trawl_process_spawn(&shard->supervisor->loop, "worker", NULL, 0, &ops, shard,
                            &shard->process);
    if (r < 0) {
        char how[128];

        snprintf(how, sizeof(how), "could not be started: %s", strerror(-r));
        shard_restart(shard, how);
        return;
    }
    r = shard_send_job(shard);
    if (r < 0)
        trawl__shard_broken(shard, strerror(-r));
}

void trawl__shard_start(struct trawl_task *task)
{
    struct trawl_supervisor *supervisor = task->run->supervisor;
    struct trawl_shard *shard = TRAWL_NEW(struct trawl_shard);

    shard->supervisor = supervisor;
    shard->task = task;
    task->shard = shard;
    trawl_log_init(&shard->log, "run %lld/%s", (long long)task->run->id, task->platform);
    uv_timer_init(&supervisor->loop, &shard->timer);
    shard->timer.data = shard;
    shard_spawn(shard);
}

static void shard_on_grace_over(uv_timer_t *timer)
{
    trawl__shard_broken(timer->data, "it did not stop in time");
}

void trawl__shard_stop(struct trawl_shard *shard)
{
    static const char empty[] = "{}";

    if (shard->stopping)
        return;
    shard->stopping = true;
    if (shard->state != TRAWL_SHARD_RUNNING) { /* no page can be in flight */
        if (shard->process)
            trawl_process_kill(shard->process);
        trawl__shard_stopped(shard);
        return;
    }
    if (trawl_process_channel(shard->process)) /* else it is gone already, and on_gone is to come */
        (void)trawl_channel_send(trawl_process_channel(shard->process), TRAWL_MSG_STOP, empty,
                                 sizeof(empty) - 1);
    uv_timer_start(&shard->timer, shard_on_grace_over, shard->supervisor->grace_ms, 0);
}

/* --- all of them --------------------------------------------------------------------------------- */

static void shards_each(struct trawl_supervisor *supervisor, void (*call)(struct trawl_shard *))
{
    struct trawl_run *run;

    DL_FOREACH (supervisor->runs, run) {
        for (unsigned i = 0; i < run->task_count; i++) {
            if (run->tasks[i].state == TRAWL_TASK_ACTIVE)
                call(run->tasks[i].shard);
        }
    }
}

static void shard_acknowledge(struct trawl_shard *shard)
{
    json_auto_t *ack = NULL;

    if (!shard->process || !trawl_process_channel(shard->process) ||
        shard->acknowledged == shard->committed)
        return;
    shard->acknowledged = shard->committed;
    ack = json_pack("{s:I}", "serial", (json_int_t)shard->acknowledged);
    (void)trawl_channel_send_json(trawl_process_channel(shard->process), TRAWL_MSG_ACK, ack);
}

void trawl__shards_on_idle(uv_idle_t *idle)
{
    uv_idle_stop(idle);
    shards_each(idle->data, shard_acknowledge);
}

static void shard_tick(struct trawl_shard *shard)
{
    trawl__shard_flush_progress(shard);
    if (shard->process && !shard->broken && ++shard->silent_ticks >= TRAWL_SHARD_SILENT_TICKS)
        trawl__shard_broken(shard, "it hangs");
}

void trawl__shards_tick(struct trawl_supervisor *supervisor)
{
    shards_each(supervisor, shard_tick);
}
