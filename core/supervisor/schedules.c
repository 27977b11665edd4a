#include "supervisor/schedules.h"

#include <errno.h>
#include <string.h>

#include "supervisor/commands.h"
#include "supervisor/runs.h"
#include "supervisor/schedule.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/json.h"

/* The wall clock may be set: it is looked at this often at least. */
#define LOOK_MS 60000

struct trawl_scheduled {
    struct trawl_supervisor *supervisor;
    const char *platform; /* the configuration's */
    const json_t *section;
    struct trawl_schedule schedule;
    bool busy; /* the store deals with a due time */
};

static struct trawl_scheduled *schedules_find(struct trawl_supervisor *supervisor,
                                              const char *platform)
{
    for (size_t i = 0; i < supervisor->schedule_count; i++) {
        if (strcmp(supervisor->schedules[i].platform, platform) == 0)
            return &supervisor->schedules[i];
    }
    return NULL;
}

/* --- due times ----------------------------------------------------------------------------------- */

static void scheduled_advance(struct trawl_scheduled *scheduled, int64_t due_ms)
{
    uint64_t random = 0;

    /* Without a random number nothing is put off. */
    (void)uv_random(NULL, NULL, &random, sizeof(random), 0, NULL);
    trawl_schedule_advance(&scheduled->schedule, due_ms, random);
}

static void scheduled_on_run(void *user, int status, const json_t *result)
{
    struct trawl_scheduled *scheduled = user;
    struct trawl_supervisor *supervisor = scheduled->supervisor;
    json_int_t run_id = trawl_json_int(result, "run_id", 0);

    if (status == 0)
        trawl_info(&supervisor->log, "platform '%s' is due by its schedule: run %lld",
                   scheduled->platform, (long long)run_id);
    else if (status == 409)
        trawl_info(&supervisor->log,
                   "platform '%s' is due by its schedule, but in run %lld already, skipping",
                   scheduled->platform, (long long)run_id);
    else if (!trawl__stopping(supervisor)) /* else it is still due for the next server */
        trawl_error(&supervisor->log, "platform '%s' is due by its schedule, but not run: %s",
                    scheduled->platform, trawl_json_string(result, "detail", ""));
    scheduled->busy = false;
    trawl__schedules_start(
        supervisor); /* not at once: this may be called from within scheduled_run() */
}

static void scheduled_run(struct trawl_scheduled *scheduled, const struct trawl_schedule_step *step)
{
    scheduled->busy = true;
    scheduled_advance(scheduled, step->due_ms);
    trawl__start_due(scheduled->supervisor, scheduled->platform, step->overlap, step->due_ms,
                     scheduled_on_run, scheduled);
}

static void scheduled_pass(struct trawl_scheduled *scheduled, int64_t due_ms, const char *why)
{
    struct trawl_supervisor *supervisor = scheduled->supervisor;
    char stamp[TRAWL_TIMESTAMP_SIZE];

    trawl_timestamp(stamp, due_ms);
    trawl_info(&supervisor->log,
               "platform '%s': what was due by its schedule until %s is skipped: %s",
               scheduled->platform, stamp, why);
    scheduled_advance(scheduled, due_ms);
    trawl_store_skip_due(supervisor->store, scheduled->platform, due_ms, why, NULL, NULL);
}

static unsigned scheduled_count_runs(const struct trawl_scheduled *scheduled)
{
    const struct trawl_run *run = scheduled->supervisor->runs;
    unsigned count = 0;

    for (; run; run = run->next)
        count += trawl__run_holds(run, scheduled->platform);
    return count;
}

/* Do what is to do now. When to look again. */
static int64_t scheduled_look(struct trawl_scheduled *scheduled, int64_t now_ms)
{
    while (!scheduled->busy) {
        struct trawl_schedule_step step = trawl_schedule_next(&scheduled->schedule, now_ms);

        if (step.what == TRAWL_STEP_WAIT)
            return step.at_ms;
        if (step.what == TRAWL_STEP_PASS)
            scheduled_pass(scheduled, step.due_ms, "it was missed");
        else if (scheduled_count_runs(scheduled) >= TRAWL_SCHEDULE_RUNS_MAX)
            scheduled_pass(scheduled, step.due_ms, "too many runs of the platform wait");
        else
            scheduled_run(scheduled, &step);
    }
    return TRAWL_CRON_NEVER;
}

static void schedules_on_timer(uv_timer_t *timer)
{
    struct trawl_supervisor *supervisor = timer->data;
    int64_t now_ms = trawl_now_ms();
    int64_t look_ms = now_ms + LOOK_MS;

    if (trawl__stopping(supervisor))
        return;
    for (size_t i = 0; i < supervisor->schedule_count; i++) {
        int64_t at_ms = scheduled_look(&supervisor->schedules[i], now_ms);

        look_ms = at_ms < look_ms ? at_ms : look_ms;
    }
    uv_timer_start(timer, schedules_on_timer, (uint64_t)(look_ms - now_ms), 0);
}

/* --- pausing ------------------------------------------------------------------------------------- */

static void scheduled_pause(struct trawl_scheduled *scheduled, const char *reason)
{
    if (!scheduled->schedule.paused)
        trawl_info(&scheduled->supervisor->log, "the schedule of platform '%s' is paused%s%s",
                   scheduled->platform, reason ? ": " : "", reason ? reason : "");
    scheduled->schedule.paused = true;
}

int trawl__schedule_pause(struct trawl_supervisor *supervisor, const char *platform,
                          const char *reason, trawl_store_on_done *done, void *user)
{
    struct trawl_scheduled *scheduled = schedules_find(supervisor, platform);

    if (!scheduled)
        return -ENOENT;
    scheduled_pause(scheduled, reason);
    trawl_store_pause_schedule(supervisor->store, platform, trawl_now_ms(), reason, done, user);
    return 0;
}

/* It rests before the store has heard of it, so that nothing becomes due in between. */
bool trawl__schedule_suspect(struct trawl_supervisor *supervisor, const char *platform,
                             const char *reason)
{
    struct trawl_scheduled *scheduled = schedules_find(supervisor, platform);

    if (!scheduled ||
        strcmp(trawl_json_string(scheduled->section, "on_suspect", "run"), "pause") != 0)
        return false;
    scheduled_pause(scheduled, reason);
    return true;
}

int trawl__schedule_resume(struct trawl_supervisor *supervisor, const char *platform,
                           trawl_store_on_done *done, void *user)
{
    struct trawl_scheduled *scheduled = schedules_find(supervisor, platform);
    int64_t now_ms = trawl_now_ms();

    if (!scheduled)
        return -ENOENT;
    if (scheduled->schedule.paused) {
        trawl_info(&supervisor->log, "the schedule of platform '%s' goes on", platform);
        scheduled->schedule.paused = false;
        scheduled_advance(scheduled, now_ms);
        trawl__schedules_start(supervisor);
    }
    trawl_store_resume_schedule(supervisor->store, platform, now_ms, done, user);
    return 0;
}

/* --- beginnings and ends ------------------------------------------------------------------------- */

static int schedules_add(struct trawl_supervisor *supervisor, const char *platform,
                         const json_t *section, struct trawl_errlist *errs)
{
    struct trawl_scheduled *scheduled = &supervisor->schedules[supervisor->schedule_count];
    struct trawl_err err = {0};
    int r;

    r = trawl_schedule_init(&scheduled->schedule, section, &err);
    if (r < 0) {
        TRAWL_AUTO_FREE char *where =
            trawl_xasprintf("platforms.%s.schedule.%s", platform, err.where);

        trawl_errlist_add(errs, where, "%s", err.message);
        return r;
    }
    scheduled->supervisor = supervisor;
    scheduled->platform = platform;
    scheduled->section = section;
    supervisor->schedule_count++;
    return 0;
}

static int schedules_read(struct trawl_supervisor *supervisor, struct trawl_errlist *errs)
{
    json_t *platforms = json_object_get(supervisor->options->config->root, "platforms");
    const char *name;
    json_t *platform;
    int result = 0;

    supervisor->schedules =
        trawl_xalloc((json_object_size(platforms) + 1) * sizeof(*supervisor->schedules));
    json_object_foreach (platforms, name, platform) {
        const json_t *section = json_object_get(platform, "schedule");

        if (section && trawl_json_bool(platform, "enabled", true) &&
            schedules_add(supervisor, name, section, errs) < 0)
            result = -EINVAL;
    }
    return result;
}

/* As the API shows it. */
static char *scheduled_spec(const json_t *section)
{
    json_auto_t *spec = json_pack(
        "{s:O, s:O, s:O, s:O, s:O, s:O}", "cron", json_object_get(section, "cron"), "timezone",
        json_object_get(section, "timezone"), "jitter_ms", json_object_get(section, "jitter"),
        "misfire", json_object_get(section, "misfire"), "overlap",
        json_object_get(section, "overlap"), "on_suspect", json_object_get(section, "on_suspect"));

    return trawl_json_text(spec, TRAWL_JSON_COMPACT);
}

static char *scheduled_timing(const json_t *section)
{
    return trawl_xasprintf("%s %s", trawl_json_string(section, "cron", ""),
                           trawl_json_string(section, "timezone", ""));
}

static void scheduled_begin(struct trawl_scheduled *scheduled,
                            const struct trawl_schedule_state *state, int64_t now_ms)
{
    scheduled->schedule.since_ms = now_ms;
    scheduled->schedule.paused = state->paused;
    scheduled_advance(scheduled, state->due_ms);
    if (state->due_ms > now_ms)
        trawl_warning(&scheduled->supervisor->log,
                      "the clock stands before what was due last for platform '%s': nothing is due "
                      "until it has passed that; pausing and resuming its schedule forgets it",
                      scheduled->platform);
}

static int schedules_adopt(struct trawl_supervisor *supervisor)
{
    size_t count = supervisor->schedule_count;
    TRAWL_AUTO_FREE struct trawl_schedule_config *configs =
        trawl_xalloc((count + 1) * sizeof(*configs));
    TRAWL_AUTO_FREE struct trawl_schedule_state *states =
        trawl_xalloc((count + 1) * sizeof(*states));
    int64_t now_ms = trawl_now_ms();
    int r;

    for (size_t i = 0; i < count; i++) {
        const struct trawl_scheduled *scheduled = &supervisor->schedules[i];

        configs[i] = (struct trawl_schedule_config){
            .platform = scheduled->platform,
            .spec_json = scheduled_spec(scheduled->section),
            .timing = scheduled_timing(scheduled->section),
        };
    }
    r = trawl_store_adopt_schedules(supervisor->store, configs, count, now_ms, states);
    for (size_t i = 0; i < count; i++) {
        if (r == 0)
            scheduled_begin(&supervisor->schedules[i], &states[i], now_ms);
        free((char *)(uintptr_t)configs[i].spec_json);
        free((char *)(uintptr_t)configs[i].timing);
    }
    return r;
}

int trawl__schedules_open(struct trawl_supervisor *supervisor, struct trawl_errlist *errs)
{
    int r;

    r = schedules_read(supervisor, errs);
    if (r < 0)
        return r;
    r = schedules_adopt(supervisor);
    if (r < 0)
        trawl_errlist_add(errs, supervisor->options->data_folder,
                          "the schedules cannot be stored: %s", strerror(-r));
    return r;
}

void trawl__schedules_start(struct trawl_supervisor *supervisor)
{
    uv_timer_start(&supervisor->schedule_timer, schedules_on_timer, 0, 0);
}

void trawl__schedules_free(struct trawl_supervisor *supervisor)
{
    for (size_t i = 0; i < supervisor->schedule_count; i++)
        trawl_schedule_finish(&supervisor->schedules[i].schedule);
    free(supervisor->schedules);
}
