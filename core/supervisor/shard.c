#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

#include "ipc/channel.h"
#include "ipc/messages.h"
#include "supervisor/crash.h"
#include "supervisor/hosts.h"
#include "supervisor/shard_priv.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/json.h"

static void shard_spawn(struct trawl_shard *shard);

/* --- ends ---------------------------------------------------------------------------------------- */

static void shard_on_closed(uv_handle_t *handle)
{
    struct trawl_shard *shard = handle->data;

    trawl_breadcrumb_close(shard->crumb);
    free(shard->progress_message);
    free(shard);
}

void trawl__shard_end(struct trawl_shard *shard, enum trawl_over how, const char *message)
{
    struct trawl_task *task = shard->task;

    trawl__task_flush_progress(task);
    trawl__hosts_forget(shard);
    trawl_process_release(shard->process);
    shard->process = NULL;
    shard->task = NULL;
    uv_close((uv_handle_t *)&shard->timer, shard_on_closed);
    trawl__task_on_shard_end(task, shard->number, how, message);
}

void trawl__shard_broken(struct trawl_shard *shard, const char *why)
{
    if (!shard->broken)
        snprintf(shard->why, sizeof(shard->why), "was killed: %s", why);
    shard->broken = true; /* what it still sends is not looked at */
    shard->idle = false;
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

static void shard_give_up(struct trawl_shard *shard, const struct trawl_crash *crash)
{
    const struct trawl_blame *blame = &shard->task->blame;
    char message[1024];

    if (crash->blames_page)
        snprintf(message, sizeof(message),
                 "the worker %s; given up after %u crashes with no good page between them",
                 crash->what, blame->blamed_in_row);
    else
        snprintf(message, sizeof(message), "the worker %s; given up after %u restart%s",
                 crash->what, blame->restarts, blame->restarts == 1 ? "" : "s");
    shard_log_to_journal(shard, TRAWL_LOG_ERROR, message);
    trawl__shard_end(shard, TRAWL_OVER_GAVE_UP, message);
}

/* The page that crashes its worker is given up; a new worker does not get to see it. */
static void shard_set_aside(struct trawl_shard *shard, const struct trawl_crash *crash)
{
    char evidence[512];

    snprintf(evidence, sizeof(evidence), "its worker %s, %u times", crash->what,
             TRAWL_BLAME_POISON);
    trawl__shard_poison(shard, &crash->page, evidence);
}

static void shard_restart(struct trawl_shard *shard, const struct trawl_crash *crash)
{
    const struct trawl_blame *blame = &shard->task->blame;
    uint64_t pause_ms = trawl_policy_pause_ms(blame->in_row);
    char message[1024 + TRAWL_BREADCRUMB_URL];

    if (crash->blames_page)
        snprintf(message, sizeof(message), "the worker %s, at '%s'; restart in %llu ms",
                 crash->what, crash->url, (unsigned long long)pause_ms);
    else
        snprintf(message, sizeof(message), "the worker %s; restart %u of %u in %llu ms",
                 crash->what, blame->restarts, shard->supervisor->max_restarts,
                 (unsigned long long)pause_ms);
    shard_log_to_journal(shard, TRAWL_LOG_WARNING, message);
    shard->state = TRAWL_SHARD_PAUSED;
    uv_timer_start(&shard->timer, shard_on_pause_over, pause_ms, 0);
}

/* Its process is gone, or could not be started: pause and try again, or give up. */
static void shard_on_crash(struct trawl_shard *shard, const struct trawl_crash *crash)
{
    switch (trawl_blame_crash(&shard->task->blame, shard->supervisor->max_restarts,
                              crash->blames_page ? &crash->page : NULL)) {
    case TRAWL_VERDICT_GIVE_UP:
        shard_give_up(shard, crash);
        break;
    case TRAWL_VERDICT_POISON:
        shard_restart(shard, crash);
        shard_set_aside(shard, crash);
        break;
    case TRAWL_VERDICT_RESTART:
        shard_restart(shard, crash);
        break;
    }
}

/* What it had been told or given is void, and its successor begins anew. */
static void shard_forget_process(struct trawl_shard *shard)
{
    uint64_t granted = shard->granted;

    trawl__hosts_forget(shard);
    shard->idle = false;
    shard->sent = 0;
    shard->told_to_finish = false;
    shard->starving = false;
    shard->granted = 0;
    trawl__task_take_back(shard->task, granted);
}

static void shard_on_gone(void *user, const char *how)
{
    struct trawl_shard *shard = user;
    struct trawl_trail trail;
    struct trawl_crash crash;
    struct trawl_crash_facts facts = {
        .how = shard->broken ? shard->why : how,
        .plugin = trawl_json_string(json_object_get(shard->task->job, "plugin"), "name", "unknown"),
        .signal = trawl_process_signal(shard->process),
        .killed = shard->broken,
        .silent = shard->silent,
        .kernel_killed = trawl_crash_kernel_kills() > shard->kernel_kills,
        .memory_bytes = shard->supervisor->memory_bytes,
    };

    shard->process = NULL;
    if (shard->stopping) {
        trawl__shard_end(shard, TRAWL_OVER_STOPPED, NULL);
        return;
    }
    shard_forget_process(shard);
    trawl_breadcrumb_read(shard->crumb, &trail);
    trawl_crash_judge(&facts, &trail, &crash);
    shard_on_crash(shard, &crash);
}

/* --- a process ----------------------------------------------------------------------------------- */

static int shard_send_job(struct trawl_shard *shard)
{
    const struct trawl_task *task = shard->task;
    json_auto_t *job =
        json_pack("{s:I, s:s, s:i, s:i, s:I, s:b}", "run_id", (json_int_t)task->run->id, "platform",
                  task->platform, "shard", (int)shard->number, "shards", (int)task->shard_count,
                  "lease", (json_int_t)shard->lease, "fresh", !task->begun && shard->number == 0);

    if (!job || json_object_update(job, task->job) < 0)
        return -EINVAL;
    return trawl_channel_send_json(trawl_process_channel(shard->process), TRAWL_MSG_JOB, job);
}

static int shard_make_process(struct trawl_shard *shard)
{
    static const struct trawl_process_ops ops = {
        .on_frame = trawl__shard_on_frame,
        .on_gone = shard_on_gone,
    };
    const struct trawl_breadcrumb *crumb = NULL;
    int fd = -1;
    int r = trawl_breadcrumb_create(&fd, &crumb);

    if (r < 0)
        return r;
    r = trawl_process_spawn(&shard->supervisor->loop, "worker", &fd, 1, &ops, shard,
                            &shard->process);
    close(fd);
    if (r < 0) {
        trawl_breadcrumb_close(crumb);
        return r;
    }
    trawl_breadcrumb_close(shard->crumb);
    shard->crumb = crumb;
    shard->kernel_kills = trawl_crash_kernel_kills();
    if (shard->supervisor->memory_bytes > 0 &&
        trawl_process_limit_memory(shard->process, shard->supervisor->memory_bytes) < 0)
        trawl__shard_broken(shard, "its memory could not be limited");
    return 0;
}

/* One process begins: with a new lease, so that nothing of an earlier one counts any more. */
static void shard_spawn(struct trawl_shard *shard)
{
    struct trawl_crash crash = {0};
    int r;

    shard->lease++;
    shard->serial = 0;
    shard->committed = 0;
    shard->acknowledged = 0;
    shard->asking = false;
    shard->more = 0;
    shard->broken = false;
    shard->silent = false;
    shard->silent_ticks = 0;
    shard->state = TRAWL_SHARD_STARTING;
    r = shard_make_process(shard);
    if (r < 0) {
        snprintf(crash.what, sizeof(crash.what), "could not be started: %s", strerror(-r));
        shard_on_crash(shard, &crash);
        return;
    }
    r = shard_send_job(shard);
    if (r < 0)
        trawl__shard_broken(shard, strerror(-r));
}

struct trawl_shard *trawl__shard_create(struct trawl_task *task, unsigned number)
{
    struct trawl_supervisor *supervisor = task->run->supervisor;
    struct trawl_shard *shard = TRAWL_NEW(struct trawl_shard);

    shard->supervisor = supervisor;
    shard->task = task;
    shard->number = number;
    if (task->shard_count > 1)
        trawl_log_init(&shard->log, "run %lld/%s/%u", (long long)task->run->id, task->platform,
                       number);
    else
        trawl_log_init(&shard->log, "run %lld/%s", (long long)task->run->id, task->platform);
    uv_timer_init(&supervisor->loop, &shard->timer);
    shard->timer.data = shard;
    return shard;
}

void trawl__shard_begin(struct trawl_shard *shard)
{
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
        trawl__shard_end(shard, TRAWL_OVER_STOPPED, NULL);
        return;
    }
    if (trawl_process_channel(shard->process)) /* else it is gone already, and on_gone is to come */
        (void)trawl_channel_send(trawl_process_channel(shard->process), TRAWL_MSG_STOP, empty,
                                 sizeof(empty) - 1);
    uv_timer_start(&shard->timer, shard_on_grace_over, shard->supervisor->grace_ms, 0);
}

/* --- what the task has for it -------------------------------------------------------------------- */

/* A message that may end its being idle. False, and it is broken, if that is not possible. */
static bool shard_send(struct trawl_shard *shard, uint16_t type, const json_t *message)
{
    struct trawl_channel *channel = trawl_process_channel(shard->process);
    int r = channel ? trawl_channel_send_json(channel, type, message) : -EPIPE;

    shard->idle = false;
    shard->sent++;
    if (r < 0)
        trawl__shard_broken(shard, strerror(-r));
    return r == 0;
}

void trawl__shard_tell_bytes(struct trawl_shard *shard, uint16_t type, const void *bytes,
                             size_t len)
{
    struct trawl_channel *channel = shard->process ? trawl_process_channel(shard->process) : NULL;
    int r = 0;

    if (channel && !shard->broken)
        r = trawl_channel_send(channel, type, bytes, len);
    if (r < 0)
        trawl__shard_broken(shard, strerror(-r));
}

void trawl__shard_tell(struct trawl_shard *shard, uint16_t type, const json_t *message)
{
    TRAWL_AUTO_FREE char *text = trawl_json_text(message, TRAWL_JSON_COMPACT);

    trawl__shard_tell_bytes(shard, type, text, strlen(text));
}

bool trawl__shard_is_idle(const struct trawl_shard *shard)
{
    return shard->idle;
}

bool trawl__shard_finish(struct trawl_shard *shard, uint64_t responses)
{
    json_auto_t *message = NULL;

    if (shard->told_to_finish && shard->finished_at == responses)
        return false;
    shard->told_to_finish = true;
    shard->finished_at = responses;
    message = json_object();
    shard_send(shard, TRAWL_MSG_FINISH, message);
    return true;
}

bool trawl__shard_is_starving(const struct trawl_shard *shard)
{
    return shard->starving;
}

bool trawl__shard_grant(struct trawl_shard *shard, uint64_t pages)
{
    json_auto_t *message = NULL;

    if (!shard->starving || shard->broken || shard->stopping)
        return false;
    message = json_pack("{s:I}", "pages", (json_int_t)pages);
    if (!shard_send(shard, TRAWL_MSG_GRANT, message))
        return false;
    shard->starving = false;
    shard->granted += pages;
    return true;
}

/* --- all of them --------------------------------------------------------------------------------- */

static void tasks_each(struct trawl_supervisor *supervisor, void (*call)(struct trawl_task *))
{
    struct trawl_run *run;

    DL_FOREACH (supervisor->runs, run) {
        for (unsigned i = 0; i < run->task_count; i++) {
            if (run->tasks[i].state == TRAWL_TASK_ACTIVE)
                call(&run->tasks[i]);
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

static void task_acknowledge(struct trawl_task *task)
{
    for (unsigned i = 0; i < task->shard_count; i++) {
        if (task->shards[i])
            shard_acknowledge(task->shards[i]);
    }
}

void trawl__shards_on_idle(uv_idle_t *idle)
{
    uv_idle_stop(idle);
    tasks_each(idle->data, task_acknowledge);
}

static void shard_watch(struct trawl_shard *shard)
{
    uint64_t silence_ms = shard->supervisor->silence_ms;
    char why[64];

    if (!shard->process || shard->broken ||
        ++shard->silent_ticks * (uint64_t)TRAWL_PROGRESS_INTERVAL_MS < silence_ms)
        return;
    shard->silent = true;
    snprintf(why, sizeof(why), "silent for %g s", (double)silence_ms / 1000);
    trawl__shard_broken(shard, why);
}

static void task_tick(struct trawl_task *task)
{
    trawl__task_flush_progress(task);
    for (unsigned i = 0; i < task->shard_count; i++) {
        if (task->shards[i])
            shard_watch(task->shards[i]);
    }
}

void trawl__shards_tick(struct trawl_supervisor *supervisor)
{
    tasks_each(supervisor, task_tick);
}
