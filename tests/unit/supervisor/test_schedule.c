/* Schedules under a clock that the test moves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "supervisor/schedule.h"
#include "util/clock.h"
#include "util/json.h"

#define MINUTE INT64_C(60000)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

/* 2026-01-31T12:00:00Z */
#define NOON INT64_C(1769860800000)

/* One that has been watched, and has nothing to do, since `now_ms`. */
static struct trawl_schedule schedule_of(const char *text, int64_t now_ms)
{
    struct trawl_schedule schedule;
    struct trawl_err err = {0};
    json_t *section = NULL;

    assert_int_equal(trawl_json_parse(text, strlen(text), &section, NULL), 0);
    if (trawl_schedule_init(&schedule, section, &err) < 0)
        fail_msg("%s: %s", err.where, err.message);
    json_decref(section);
    schedule.since_ms = now_ms;
    schedule.due_ms = now_ms;
    return schedule;
}

/* The same, but nobody was there from `left_ms` to `back_ms`. */
static struct trawl_schedule left_alone(const char *text, int64_t left_ms, int64_t back_ms)
{
    struct trawl_schedule schedule = schedule_of(text, left_ms);

    schedule.since_ms = back_ms;
    return schedule;
}

static void add_step(char *text, size_t size, const struct trawl_schedule_step *step)
{
    static const char *const overlaps[] = {"reject", "queue", "replace", "allow"};
    char stamp[TRAWL_TIMESTAMP_SIZE];
    size_t len = strlen(text);

    trawl_timestamp(stamp, step->due_ms);
    stamp[16] = '\0'; /* to the minute, without the year */
    if (step->what == TRAWL_STEP_RUN)
        snprintf(text + len, size - len, "run %s %s\n", stamp + 5, overlaps[step->overlap]);
    else
        snprintf(text + len, size - len, "pass %s\n", stamp + 5);
}

/* Do all that is to do at a moment; when to look again. */
static int64_t do_at(struct trawl_schedule *schedule, int64_t now_ms, char *text, size_t size)
{
    for (;;) {
        struct trawl_schedule_step step = trawl_schedule_next(schedule, now_ms);

        if (step.what == TRAWL_STEP_WAIT)
            return step.at_ms;
        add_step(text, size, &step);
        trawl_schedule_advance(schedule, step.due_ms, 0);
    }
}

static void expect_at(struct trawl_schedule *schedule, int64_t now_ms, const char *expected)
{
    char text[4096] = "";

    (void)do_at(schedule, now_ms, text, sizeof(text));
    assert_string_equal(text, expected);
}

/* Let the clock go from minute to minute. */
static void expect_while(struct trawl_schedule *schedule, int64_t from_ms, int64_t through_ms,
                         const char *expected)
{
    char text[4096] = "";

    for (int64_t now_ms = from_ms; now_ms <= through_ms; now_ms += MINUTE)
        (void)do_at(schedule, now_ms, text, sizeof(text));
    assert_string_equal(text, expected);
    trawl_schedule_finish(schedule);
}

/* --- ordinary days ------------------------------------------------------------------------------- */

static void next__waits_until_it_is_due_and_runs_once(void **state)
{
    struct trawl_schedule schedule = schedule_of("{\"cron\": \"30 12 * * *\"}", NOON);
    char text[256] = "";

    (void)state;
    assert_int_equal(do_at(&schedule, NOON, text, sizeof(text)), NOON + 30 * MINUTE);
    assert_int_equal(do_at(&schedule, NOON + 30 * MINUTE - 1, text, sizeof(text)),
                     NOON + 30 * MINUTE);
    assert_string_equal(text, "");
    assert_int_equal(do_at(&schedule, NOON + 30 * MINUTE, text, sizeof(text)),
                     NOON + 30 * MINUTE + DAY);
    assert_string_equal(text, "run 01-31T12:30 reject\n");
    trawl_schedule_finish(&schedule);
}

static void next__a_moment_too_late_is_not_missed(void **state)
{
    struct trawl_schedule schedule =
        schedule_of("{\"cron\": \"@hourly\", \"misfire\": \"skip\"}", NOON);

    (void)state;
    expect_at(&schedule, NOON + HOUR + TRAWL_SCHEDULE_LATE_MS, "run 01-31T13:00 reject\n");
    expect_at(&schedule, NOON + 2 * HOUR + TRAWL_SCHEDULE_LATE_MS + 1, "pass 01-31T14:00\n");
    trawl_schedule_finish(&schedule);
}

static void next__each_overlap_is_handed_on(void **state)
{
    static const char *const words[] = {"skip", "queue", "replace", "allow"};
    static const enum trawl_overlap overlaps[] = {TRAWL_OVERLAP_REJECT, TRAWL_OVERLAP_QUEUE,
                                                  TRAWL_OVERLAP_REPLACE, TRAWL_OVERLAP_ALLOW};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        char text[128];
        struct trawl_schedule schedule;
        struct trawl_schedule_step step;

        snprintf(text, sizeof(text), "{\"cron\": \"@hourly\", \"overlap\": \"%s\"}", words[i]);
        schedule = schedule_of(text, NOON);
        step = trawl_schedule_next(&schedule, NOON + HOUR);
        assert_int_equal(step.what, TRAWL_STEP_RUN);
        assert_int_equal(step.overlap, overlaps[i]);
        trawl_schedule_finish(&schedule);
    }
}

static void next__does_nothing_while_paused(void **state)
{
    struct trawl_schedule schedule = schedule_of("{\"cron\": \"@hourly\"}", NOON);

    (void)state;
    schedule.paused = true;
    expect_at(&schedule, NOON + 5 * HOUR, "");
    schedule.paused = false;
    trawl_schedule_advance(&schedule, NOON + 5 * HOUR + MINUTE, 0);
    expect_at(&schedule, NOON + 5 * HOUR + 2 * MINUTE, "");
    expect_at(&schedule, NOON + 6 * HOUR, "run 01-31T18:00 reject\n");
    trawl_schedule_finish(&schedule);
}

static void next__ends_with_the_last_due_time(void **state)
{
    struct trawl_schedule schedule = schedule_of("{\"cron\": \"0 0 30 2 *\"}", NOON);

    (void)state;
    assert_int_equal(trawl_schedule_next(&schedule, NOON + 9999 * DAY).at_ms, TRAWL_CRON_NEVER);
    trawl_schedule_finish(&schedule);
}

/* --- jitter -------------------------------------------------------------------------------------- */

static void advance__puts_the_next_off_by_no_more_than_the_jitter(void **state)
{
    struct trawl_schedule schedule =
        schedule_of("{\"cron\": \"@hourly\", \"jitter\": 600000}", NOON);

    (void)state;
    for (uint64_t random = 0; random < 2000000; random += 7919) {
        trawl_schedule_advance(&schedule, NOON, random);
        assert_in_range(trawl_schedule_next(&schedule, NOON).at_ms, NOON + HOUR,
                        NOON + HOUR + 600000);
    }
    trawl_schedule_advance(&schedule, NOON, 600000);
    expect_at(&schedule, NOON + HOUR + 600000 - 1, "");
    expect_at(&schedule, NOON + HOUR + 600000, "run 01-31T13:00 reject\n");
    trawl_schedule_finish(&schedule);
}

static void next__a_restart_while_it_was_put_off_misses_nothing(void **state)
{
    static const char text[] = "{\"cron\": \"@hourly\", \"jitter\": 600000, \"misfire\": \"skip\"}";
    struct trawl_schedule schedule = left_alone(text, NOON, NOON + HOUR + 5 * MINUTE);

    (void)state;
    expect_at(&schedule, NOON + HOUR + 5 * MINUTE, "run 01-31T13:00 reject\n");
    trawl_schedule_finish(&schedule);
    schedule = left_alone(text, NOON, NOON + HOUR + 10 * MINUTE);
    expect_at(&schedule, NOON + HOUR + 10 * MINUTE, "pass 01-31T13:00\n");
    trawl_schedule_finish(&schedule);
}

/* --- misfire ------------------------------------------------------------------------------------- */

static void misfire__skip_leaves_out_what_was_missed(void **state)
{
    struct trawl_schedule schedule = left_alone("{\"cron\": \"@hourly\", \"misfire\": \"skip\"}",
                                                NOON, NOON + 3 * HOUR + MINUTE);

    (void)state;
    expect_at(&schedule, NOON + 3 * HOUR + MINUTE, "pass 01-31T15:00\n");
    expect_at(&schedule, NOON + 4 * HOUR, "run 01-31T16:00 reject\n");
    trawl_schedule_finish(&schedule);
}

static void misfire__coalesce_makes_one_run(void **state)
{
    struct trawl_schedule schedule = left_alone(
        "{\"cron\": \"@hourly\", \"misfire\": \"coalesce\"}", NOON, NOON + 3 * HOUR + MINUTE);

    (void)state;
    expect_at(&schedule, NOON + 3 * HOUR + MINUTE, "run 01-31T15:00 reject\n");
    expect_at(&schedule, NOON + 4 * HOUR, "run 01-31T16:00 reject\n");
    trawl_schedule_finish(&schedule);
}

static void misfire__all_makes_up_for_each(void **state)
{
    struct trawl_schedule schedule =
        left_alone("{\"cron\": \"@hourly\", \"misfire\": \"all\"}", NOON, NOON + 3 * HOUR + MINUTE);

    (void)state;
    expect_at(&schedule, NOON + 3 * HOUR + MINUTE,
              "run 01-31T13:00 queue\nrun 01-31T14:00 queue\nrun 01-31T15:00 queue\n");
    expect_at(&schedule, NOON + 4 * HOUR, "run 01-31T16:00 reject\n");
    trawl_schedule_finish(&schedule);
}

static void misfire__all_keeps_to_allow(void **state)
{
    struct trawl_schedule schedule =
        left_alone("{\"cron\": \"@hourly\", \"misfire\": \"all\", \"overlap\": \"allow\"}", NOON,
                   NOON + 2 * HOUR + MINUTE);

    (void)state;
    expect_at(&schedule, NOON + 2 * HOUR + MINUTE,
              "run 01-31T13:00 allow\nrun 01-31T14:00 allow\n");
    trawl_schedule_finish(&schedule);
}

static void misfire__all_makes_up_for_the_last_ones_only(void **state)
{
    struct trawl_schedule schedule =
        left_alone("{\"cron\": \"@every 1s\", \"misfire\": \"all\"}", NOON, NOON + 365 * DAY);
    unsigned runs = 0;

    (void)state;
    for (;;) {
        struct trawl_schedule_step step = trawl_schedule_next(&schedule, NOON + 365 * DAY);

        if (step.what == TRAWL_STEP_WAIT)
            break;
        assert_int_equal(step.what,
                         runs == 0 && schedule.due_ms == NOON ? TRAWL_STEP_PASS : TRAWL_STEP_RUN);
        runs += step.what == TRAWL_STEP_RUN;
        trawl_schedule_advance(&schedule, step.due_ms, 0);
    }
    assert_int_equal(runs, TRAWL_SCHEDULE_MAKE_UP_MAX);
    assert_int_equal(schedule.due_ms, NOON + 365 * DAY);
    trawl_schedule_finish(&schedule);
}

static void misfire__finds_the_last_due_time_of_years(void **state)
{
    struct trawl_schedule schedule =
        left_alone("{\"cron\": \"0 12 1 2 *\"}", NOON - 3653 * DAY, NOON);

    (void)state;
    expect_at(&schedule, NOON, "run 02-01T12:00 reject\n");
    assert_int_equal(schedule.due_ms, NOON - 364 * DAY);
    trawl_schedule_finish(&schedule);
}

/* --- clocks that jump ---------------------------------------------------------------------------- */

static void next__a_clock_set_back_makes_nothing_due_again(void **state)
{
    struct trawl_schedule schedule = schedule_of("{\"cron\": \"*/30 * * * *\"}", NOON);

    (void)state;
    expect_at(&schedule, NOON + 30 * MINUTE, "run 01-31T12:30 reject\n");
    expect_at(&schedule, NOON + 60 * MINUTE, "run 01-31T13:00 reject\n");
    expect_while(&schedule, NOON + 10 * MINUTE, NOON + 90 * MINUTE, "run 01-31T13:30 reject\n");
}

static void next__a_clock_that_jumps_ahead_has_missed(void **state)
{
    struct trawl_schedule schedule = schedule_of("{\"cron\": \"*/30 * * * *\"}", NOON);

    (void)state;
    expect_at(&schedule, NOON + MINUTE, "");
    expect_at(&schedule, NOON + 10 * HOUR + MINUTE, "run 01-31T22:00 reject\n");
    trawl_schedule_finish(&schedule);
}

/* --- nights of daylight saving time -------------------------------------------------------------- */

/* 2024-03-31T00:00:00Z; at 01:00Z clocks in Berlin go from 02:00 to 03:00. */
#define SPRING INT64_C(1711843200000)
/* 2024-10-27T00:00:00Z; at 01:00Z they go from 03:00 to 02:00. */
#define AUTUMN INT64_C(1729987200000)

static void spring__a_time_that_is_skipped_is_due_after_the_gap(void **state)
{
    struct trawl_schedule schedule =
        schedule_of("{\"cron\": \"30 2 * * *\", \"timezone\": \"Europe/Berlin\"}", SPRING - DAY);

    (void)state;
    /* The days before and after it is half past two in winter and in summer. */
    expect_while(&schedule, SPRING - DAY, SPRING + 2 * DAY,
                 "run 03-30T01:30 reject\nrun 03-31T01:00 reject\nrun 04-01T00:30 reject\n");
}

static void spring__what_runs_every_hour_keeps_its_pace(void **state)
{
    struct trawl_schedule schedule =
        schedule_of("{\"cron\": \"0 * * * *\", \"timezone\": \"Europe/Berlin\"}", SPRING - HOUR);

    (void)state;
    expect_while(&schedule, SPRING - HOUR, SPRING + 2 * HOUR,
                 "run 03-31T00:00 reject\nrun 03-31T01:00 reject\nrun 03-31T02:00 reject\n");
}

static void spring__a_server_that_was_down_that_night_has_missed_one(void **state)
{
    struct trawl_schedule schedule = left_alone(
        "{\"cron\": \"30 2 * * *\", \"timezone\": \"Europe/Berlin\", \"misfire\": \"all\"}",
        SPRING - HOUR, SPRING + 6 * HOUR);

    (void)state;
    expect_at(&schedule, SPRING + 6 * HOUR, "run 03-31T01:00 queue\n");
    trawl_schedule_finish(&schedule);
}

static void autumn__a_time_that_comes_twice_is_due_once(void **state)
{
    struct trawl_schedule schedule =
        schedule_of("{\"cron\": \"30 2 * * *\", \"timezone\": \"Europe/Berlin\"}", AUTUMN - DAY);

    (void)state;
    expect_while(&schedule, AUTUMN - DAY, AUTUMN + 2 * DAY,
                 "run 10-26T00:30 reject\nrun 10-27T00:30 reject\nrun 10-28T01:30 reject\n");
}

static void autumn__what_runs_every_hour_keeps_its_pace(void **state)
{
    struct trawl_schedule schedule =
        schedule_of("{\"cron\": \"0 * * * *\", \"timezone\": \"Europe/Berlin\"}", AUTUMN - HOUR);

    (void)state;
    expect_while(&schedule, AUTUMN - HOUR, AUTUMN + 2 * HOUR,
                 "run 10-27T00:00 reject\nrun 10-27T01:00 reject\nrun 10-27T02:00 reject\n");
}

static void autumn__a_server_that_starts_in_the_second_hour_runs_nothing_again(void **state)
{
    struct trawl_schedule schedule =
        left_alone("{\"cron\": \"30 2 * * *\", \"timezone\": \"Europe/Berlin\"}",
                   AUTUMN + 30 * MINUTE, AUTUMN + HOUR);

    (void)state;
    expect_while(&schedule, AUTUMN + HOUR, AUTUMN + 12 * HOUR, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(next__waits_until_it_is_due_and_runs_once),
        cmocka_unit_test(next__a_moment_too_late_is_not_missed),
        cmocka_unit_test(next__each_overlap_is_handed_on),
        cmocka_unit_test(next__does_nothing_while_paused),
        cmocka_unit_test(next__ends_with_the_last_due_time),
        cmocka_unit_test(advance__puts_the_next_off_by_no_more_than_the_jitter),
        cmocka_unit_test(next__a_restart_while_it_was_put_off_misses_nothing),
        cmocka_unit_test(misfire__skip_leaves_out_what_was_missed),
        cmocka_unit_test(misfire__coalesce_makes_one_run),
        cmocka_unit_test(misfire__all_makes_up_for_each),
        cmocka_unit_test(misfire__all_keeps_to_allow),
        cmocka_unit_test(misfire__all_makes_up_for_the_last_ones_only),
        cmocka_unit_test(misfire__finds_the_last_due_time_of_years),
        cmocka_unit_test(next__a_clock_set_back_makes_nothing_due_again),
        cmocka_unit_test(next__a_clock_that_jumps_ahead_has_missed),
        cmocka_unit_test(spring__a_time_that_is_skipped_is_due_after_the_gap),
        cmocka_unit_test(spring__what_runs_every_hour_keeps_its_pace),
        cmocka_unit_test(spring__a_server_that_was_down_that_night_has_missed_one),
        cmocka_unit_test(autumn__a_time_that_comes_twice_is_due_once),
        cmocka_unit_test(autumn__what_runs_every_hour_keeps_its_pace),
        cmocka_unit_test(autumn__a_server_that_starts_in_the_second_hour_runs_nothing_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
