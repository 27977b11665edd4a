#include "supervisor/schedule.h"

#include <string.h>

#include "util/json.h"

/* Where the search for the last due times begins: this far back, then twice as far, and so on. */
#define SEARCH_MS 1000

static enum trawl_misfire misfire_of(const json_t *section)
{
    const char *misfire = trawl_json_string(section, "misfire", "coalesce");

    if (strcmp(misfire, "skip") == 0)
        return TRAWL_MISFIRE_SKIP;
    return strcmp(misfire, "all") == 0 ? TRAWL_MISFIRE_ALL : TRAWL_MISFIRE_COALESCE;
}

static enum trawl_overlap overlap_of(const json_t *section)
{
    const char *overlap = trawl_json_string(section, "overlap", "skip");

    if (strcmp(overlap, "queue") == 0)
        return TRAWL_OVERLAP_QUEUE;
    if (strcmp(overlap, "replace") == 0)
        return TRAWL_OVERLAP_REPLACE;
    return strcmp(overlap, "allow") == 0 ? TRAWL_OVERLAP_ALLOW : TRAWL_OVERLAP_REJECT;
}

int trawl_schedule_init(struct trawl_schedule *schedule, const json_t *section,
                        struct trawl_err *err)
{
    struct trawl_timing timing;
    int r = trawl_timing_parse(section, &timing, err);

    if (r < 0)
        return r;
    *schedule = (struct trawl_schedule){
        .timing = timing,
        .jitter_ms = trawl_json_int(section, "jitter", 0),
        .misfire = misfire_of(section),
        .overlap = overlap_of(section),
    };
    return 0;
}

void trawl_schedule_finish(struct trawl_schedule *schedule)
{
    trawl_timing_finish(&schedule->timing);
}

/* --- due times ----------------------------------------------------------------------------------- */

static int64_t due_after(const struct trawl_schedule *schedule, int64_t after_ms)
{
    return trawl_cron_next(&schedule->timing.cron, schedule->timing.zone, after_ms);
}

/* Due times between two, at most the last `max` of them, in order. */
static size_t due_between(const struct trawl_schedule *schedule, int64_t after_ms,
                          int64_t through_ms, int64_t *times, size_t max)
{
    int64_t due_ms = due_after(schedule, after_ms);
    size_t count = 0;

    for (; due_ms <= through_ms; due_ms = due_after(schedule, due_ms)) {
        if (count == max)
            memmove(times, times + 1, --count * sizeof(*times));
        times[count++] = due_ms;
    }
    return count;
}

/* The last ones that wait to be dealt with. They may be as many as the seconds of years, so it is not counted from the first
 * on. */
static size_t last_due(const struct trawl_schedule *schedule, int64_t through_ms, int64_t *times,
                       size_t max)
{
    int64_t width_ms = SEARCH_MS;

    for (;; width_ms *= 2) {
        bool whole = through_ms - width_ms <= schedule->due_ms;
        int64_t after_ms = whole ? schedule->due_ms : through_ms - width_ms;
        size_t count = due_between(schedule, after_ms, through_ms, times, max);

        if (whole || count == max)
            return count;
    }
}

/* All of the time to which it could have been put off went by with nobody there, or is long over. */
static bool is_missed(const struct trawl_schedule *schedule, int64_t due_ms, int64_t now_ms)
{
    int64_t latest_ms = due_ms + schedule->jitter_ms;

    return latest_ms <= schedule->since_ms || now_ms - latest_ms > TRAWL_SCHEDULE_LATE_MS;
}

/* --- steps --------------------------------------------------------------------------------------- */

static struct trawl_schedule_step wait_until(int64_t at_ms)
{
    return (struct trawl_schedule_step){.what = TRAWL_STEP_WAIT, .at_ms = at_ms};
}

static struct trawl_schedule_step run_for(int64_t due_ms, enum trawl_overlap overlap)
{
    return (struct trawl_schedule_step){
        .what = TRAWL_STEP_RUN, .due_ms = due_ms, .overlap = overlap};
}

static struct trawl_schedule_step pass_over(int64_t due_ms)
{
    return (struct trawl_schedule_step){.what = TRAWL_STEP_PASS, .due_ms = due_ms};
}

/* What is made up for comes all at once: skipping would leave one of them, and replacing the last. */
static struct trawl_schedule_step make_up(const struct trawl_schedule *schedule, int64_t now_ms)
{
    int64_t times[TRAWL_SCHEDULE_MAKE_UP_MAX + 1] = {0};
    size_t count =
        last_due(schedule, now_ms - schedule->put_off_ms, times, TRAWL_SCHEDULE_MAKE_UP_MAX + 1);
    bool late = is_missed(schedule, times[0], now_ms);

    if (count > TRAWL_SCHEDULE_MAKE_UP_MAX)
        return pass_over(times[0]);
    if (late && schedule->overlap != TRAWL_OVERLAP_ALLOW)
        return run_for(times[0], TRAWL_OVERLAP_QUEUE);
    return run_for(times[0], schedule->overlap);
}

struct trawl_schedule_step trawl_schedule_next(const struct trawl_schedule *schedule,
                                               int64_t now_ms)
{
    int64_t through_ms = now_ms - schedule->put_off_ms;
    int64_t first_ms = due_after(schedule, schedule->due_ms);
    int64_t last_ms = first_ms;

    if (schedule->paused || first_ms == TRAWL_CRON_NEVER)
        return wait_until(TRAWL_CRON_NEVER);
    if (first_ms > through_ms)
        return wait_until(first_ms + schedule->put_off_ms);
    if (schedule->misfire == TRAWL_MISFIRE_ALL)
        return make_up(schedule, now_ms);
    (void)last_due(schedule, through_ms, &last_ms, 1);
    if (schedule->misfire == TRAWL_MISFIRE_SKIP && is_missed(schedule, last_ms, now_ms))
        return pass_over(last_ms);
    return run_for(last_ms, schedule->overlap);
}

void trawl_schedule_advance(struct trawl_schedule *schedule, int64_t due_ms, uint64_t random)
{
    schedule->due_ms = due_ms;
    schedule->put_off_ms = (int64_t)(random % ((uint64_t)schedule->jitter_ms + 1));
}
