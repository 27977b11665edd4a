/* Schedules: crontab(5) of Vixie's cron, and what the nights do in which clocks are changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config/cron.h"
#include "util/alloc.h"
#include "util/clock.h"

#define MINUTE_MS 60000

/* Milliseconds since 1970 of "2024-03-31T01:00". */
static int64_t at(const char *text)
{
    struct tm tm = {0};
    const char *end = strptime(text, "%Y-%m-%dT%H:%M", &tm);

    assert_true(end && *end == '\0');
    return (int64_t)timegm(&tm) * 1000;
}

static struct trawl_cron parse(const char *text)
{
    struct trawl_cron cron;
    struct trawl_err err = {0};

    if (trawl_cron_parse(text, &cron, &err) < 0)
        fail_msg("%s", err.message);
    return cron;
}

static struct trawl_timezone *load(const char *name)
{
    struct trawl_timezone *zone = NULL;
    struct trawl_err err = {0};

    if (trawl_timezone_load(name, &zone, &err) < 0)
        fail_msg("%s", err.message);
    return zone;
}

#define TIMES_MAX 7

struct sequence {
    const char *source;
    const char *cron;
    const char *after;
    const char *times[TIMES_MAX]; /* all in UTC; fewer than all say nothing of what follows */
};

static void check_sequence(const struct sequence *sequence, const struct trawl_timezone *zone)
{
    struct trawl_cron cron = parse(sequence->cron);
    int64_t time_ms = at(sequence->after);

    for (int i = 0; i < TIMES_MAX && sequence->times[i]; i++) {
        char stamp[TRAWL_TIMESTAMP_SIZE];

        time_ms = trawl_cron_next(&cron, zone, time_ms);
        if (time_ms != at(sequence->times[i])) {
            trawl_timestamp(stamp, time_ms);
            print_error("%s: '%s' comes at %s, not at %s\n", sequence->source, sequence->cron,
                        stamp, sequence->times[i]);
        }
        assert_true(time_ms == at(sequence->times[i]));
    }
}

static void check_table(const char *zone_name, const struct sequence *table, size_t count)
{
    struct trawl_timezone *zone = load(zone_name);

    for (size_t i = 0; i < count; i++)
        check_sequence(&table[i], zone);
    trawl_timezone_free(zone);
}

#define CHECK(zone, table) check_table(zone, table, TRAWL_ARRAY_SIZE(table))

/* 2024-01-01 is a Monday. */
static void cron_next__follows_each_field(void **state)
{
    static const struct sequence table[] = {
        {"minute", "* * * * *", "2024-01-01T00:00", {"2024-01-01T00:01", "2024-01-01T00:02"}},
        {"minute", "0 * * * *", "2024-01-01T00:00", {"2024-01-01T01:00", "2024-01-01T02:00"}},
        {"minute", "59 * * * *", "2024-01-01T00:59", {"2024-01-01T01:59", "2024-01-01T02:59"}},
        {"hour", "0 0 * * *", "2024-01-01T00:00", {"2024-01-02T00:00", "2024-01-03T00:00"}},
        {"hour", "30 23 * * *", "2024-01-01T23:29", {"2024-01-01T23:30", "2024-01-02T23:30"}},
        {"day of month",
         "0 0 31 * *",
         "2024-01-01T00:00",
         {"2024-01-31T00:00", "2024-03-31T00:00", "2024-05-31T00:00"}},
        {"month", "0 0 1 12 *", "2024-01-01T00:00", {"2024-12-01T00:00", "2025-12-01T00:00"}},
        {"month", "0 0 1 jan *", "2024-01-01T00:00", {"2025-01-01T00:00", "2026-01-01T00:00"}},
        {"day of week", "0 0 * * 0", "2024-01-01T00:00", {"2024-01-07T00:00", "2024-01-14T00:00"}},
        {"Vixie: 7 is Sunday", "0 0 * * 7", "2024-01-01T00:00", {"2024-01-07T00:00"}},
        {"day of week", "0 0 * * sat", "2024-01-01T00:00", {"2024-01-06T00:00"}},
        {"a list",
         "5,10,50 * * * *",
         "2024-01-01T00:00",
         {"2024-01-01T00:05", "2024-01-01T00:10", "2024-01-01T00:50", "2024-01-01T01:05"}},
        {"a range",
         "0 8-10 * * *",
         "2024-01-01T00:00",
         {"2024-01-01T08:00", "2024-01-01T09:00", "2024-01-01T10:00", "2024-01-02T08:00"}},
        {"Vixie: ranges in a list",
         "0 0-1,22,23 * * *",
         "2024-01-01T00:00",
         {"2024-01-01T01:00", "2024-01-01T22:00", "2024-01-01T23:00", "2024-01-02T00:00"}},
        {"Vixie: steps",
         "1-9/4 0 * * *",
         "2024-01-01T00:00",
         {"2024-01-01T00:01", "2024-01-01T00:05", "2024-01-01T00:09", "2024-01-02T00:01"}},
        {"Vixie: steps of a star",
         "*/20 * * * *",
         "2024-01-01T00:00",
         {"2024-01-01T00:20", "2024-01-01T00:40", "2024-01-01T01:00"}},
        {"steps begin with the field's first value",
         "0 0 */15 * *",
         "2024-01-01T00:00",
         {"2024-01-16T00:00", "2024-01-31T00:00", "2024-02-01T00:00"}},
        {"a step over all",
         "*/60 */24 * */12 *",
         "2024-01-01T00:00",
         {"2024-01-02T00:00", "2024-01-03T00:00"}},
        {"ours: lists and ranges of names",
         "0 0 * jan-feb,DEC mon-fri",
         "2024-02-28T00:00",
         {"2024-02-29T00:00", "2024-12-02T00:00"}},
        {"ours: to Sunday",
         "0 0 * * fri-sun",
         "2024-01-01T00:00",
         {"2024-01-05T00:00", "2024-01-06T00:00", "2024-01-07T00:00", "2024-01-12T00:00"}},
        {"from Sunday",
         "0 0 * * sun-mon",
         "2024-01-01T00:00",
         {"2024-01-07T00:00", "2024-01-08T00:00", "2024-01-14T00:00"}},
        {"blanks", " \t0  0\t*   *  1 ", "2024-01-01T00:00", {"2024-01-08T00:00"}},
    };

    (void)state;
    CHECK("UTC", table);
}

static void cron_next__follows_the_manual(void **state)
{
    static const struct sequence table[] = {
        {"crontab(5): five minutes after midnight",
         "5 0 * * *",
         "2024-01-01T00:00",
         {"2024-01-01T00:05", "2024-01-02T00:05"}},
        {"crontab(5): at 2:15pm on the first",
         "15 14 1 * *",
         "2024-01-01T14:15",
         {"2024-02-01T14:15", "2024-03-01T14:15"}},
        {"crontab(5): at 10 pm on weekdays",
         "0 22 * * 1-5",
         "2024-01-04T22:00",
         {"2024-01-05T22:00", "2024-01-08T22:00"}},
        {"crontab(5): every other hour",
         "23 0-23/2 * * *",
         "2024-01-01T00:00",
         {"2024-01-01T00:23", "2024-01-01T02:23", "2024-01-01T04:23"}},
        {"crontab(5): every Sunday",
         "5 4 * * sun",
         "2024-01-01T00:00",
         {"2024-01-07T04:05", "2024-01-14T04:05"}},
        {"crontab(5): either day",
         "30 4 1,15 * 5",
         "2024-01-01T04:30",
         {"2024-01-05T04:30", "2024-01-12T04:30", "2024-01-15T04:30", "2024-01-19T04:30"}},
        {"cron.c: a star in one day field, so both",
         "0 0 */2 * 1",
         "2024-01-01T00:00",
         {"2024-01-15T00:00", "2024-01-29T00:00", "2024-02-05T00:00"}},
        {"cron.c: a star in one day field, so both",
         "0 0 1 * */2",
         "2024-01-01T00:00",
         {"2024-02-01T00:00", "2024-06-01T00:00", "2024-08-01T00:00"}},
        {"cron.c: a full range is no star",
         "0 0 1-31 * 1",
         "2024-01-01T00:00",
         {"2024-01-02T00:00", "2024-01-03T00:00"}},
        {"@hourly", "@hourly", "2024-01-01T00:30", {"2024-01-01T01:00", "2024-01-01T02:00"}},
        {"@daily", "@daily", "2024-01-01T00:30", {"2024-01-02T00:00", "2024-01-03T00:00"}},
        {"@midnight", " @midnight ", "2024-01-01T00:30", {"2024-01-02T00:00"}},
        {"@weekly", "@weekly", "2024-01-01T00:30", {"2024-01-07T00:00", "2024-01-14T00:00"}},
        {"@monthly", "@monthly", "2024-01-01T00:30", {"2024-02-01T00:00", "2024-03-01T00:00"}},
        {"@yearly", "@yearly", "2024-01-01T00:30", {"2025-01-01T00:00", "2026-01-01T00:00"}},
        {"@annually", "@annually", "2024-01-01T00:30", {"2025-01-01T00:00"}},
        {"@every",
         "@every 15m",
         "2024-01-01T00:07",
         {"2024-01-01T00:15", "2024-01-01T00:30", "2024-01-01T00:45"}},
        {"@every", "@every\t 1h30m ", "2024-01-01T00:00", {"2024-01-01T01:30", "2024-01-01T03:00"}},
        {"@every", "@every 2d", "1969-12-30T01:00", {"1970-01-01T00:00", "1970-01-03T00:00"}},
    };

    (void)state;
    CHECK("UTC", table);
}

static void cron_next__knows_the_calendar(void **state)
{
    static const struct sequence table[] = {
        {"the year's end",
         "59 23 31 12 *",
         "2024-12-31T23:58",
         {"2024-12-31T23:59", "2025-12-31T23:59"}},
        {"the year's beginning",
         "0 0 * * *",
         "2024-12-31T00:00",
         {"2025-01-01T00:00", "2025-01-02T00:00"}},
        {"a leap day", "0 0 29 2 *", "2024-02-29T00:00", {"2028-02-29T00:00", "2032-02-29T00:00"}},
        {"1900 and 2100 have none",
         "0 0 29 2 *",
         "2096-02-29T00:00",
         {"2104-02-29T00:00", "2108-02-29T00:00"}},
        {"2000 has one", "0 0 29 2 *", "1996-02-29T00:00", {"2000-02-29T00:00"}},
        {"the day after",
         "0 0 28-31 2 *",
         "2023-02-28T00:00",
         {"2024-02-28T00:00", "2024-02-29T00:00", "2025-02-28T00:00"}},
        {"a leap day on a Sunday",
         "0 0 29 2 */7",
         "2000-01-01T00:00",
         {"2004-02-29T00:00", "2032-02-29T00:00", "2060-02-29T00:00", "2088-02-29T00:00",
          "2128-02-29T00:00"}},
        {"either of them",
         "0 0 29 2 sun",
         "2024-02-25T00:00",
         {"2024-02-29T00:00", "2025-02-02T00:00"}},
        {"before 1970", "0 0 1 * *", "1969-12-15T00:00", {"1970-01-01T00:00"}},
    };
    static const char *const never[] = {"0 0 30 2 *", "0 0 31 2,4,6,9,11 *", "* * 30-31 feb *",
                                        "*/5 0-3 31 apr *"};
    static const char *const zones[] = {"UTC", "Europe/Berlin", "Australia/Lord_Howe"};

    (void)state;
    CHECK("UTC", table);
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(never); i++) {
        struct trawl_cron cron = parse(never[i]);

        for (size_t n = 0; n < TRAWL_ARRAY_SIZE(zones); n++) {
            struct trawl_timezone *zone = load(zones[n]);
            assert_true(trawl_cron_next(&cron, zone, at("2024-01-01T00:00")) == TRAWL_CRON_NEVER);
            trawl_timezone_free(zone);
        }
    }
}

static void cron_next__keeps_within_its_years(void **state)
{
    static const char *const texts[] = {"* * * * *", "0 0 * * *", "@every 15m"};
    struct trawl_timezone *zone = load("Europe/Berlin");

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(texts); i++) {
        struct trawl_cron cron = parse(texts[i]);
        int64_t first_ms = trawl_cron_next(&cron, zone, INT64_MIN);

        assert_true(first_ms >= at("0001-01-01T00:00") && first_ms < at("0001-01-03T00:00"));
        assert_true(trawl_cron_next(&cron, zone, at("9999-12-31T23:59")) == TRAWL_CRON_NEVER);
        assert_true(trawl_cron_next(&cron, zone, INT64_MAX) == TRAWL_CRON_NEVER);
    }
    trawl_timezone_free(zone);
}

static void cron_next__is_after_the_given_millisecond(void **state)
{
    struct trawl_cron cron = parse("0 0 * * *");
    struct trawl_cron every = parse("@every 1s");
    struct trawl_timezone *zone = load("UTC");
    int64_t midnight_ms = at("2024-01-01T00:00");

    (void)state;
    assert_true(trawl_cron_next(&cron, zone, midnight_ms - 1) == midnight_ms);
    assert_true(trawl_cron_next(&cron, zone, midnight_ms) == midnight_ms + 86400000);
    assert_true(trawl_cron_next(&cron, zone, midnight_ms + 1) == midnight_ms + 86400000);
    assert_true(trawl_cron_next(&cron, zone, -1) == 0);
    assert_true(trawl_cron_next(&every, zone, midnight_ms - 1) == midnight_ms);
    assert_true(trawl_cron_next(&every, zone, midnight_ms) == midnight_ms + 1000);
    trawl_timezone_free(zone);
}

/* 2024-03-31: 02:00 CET (01:00 UTC) is 03:00 CEST. 2024-10-27: 03:00 CEST (01:00 UTC) is 02:00 CET. */
static void cron_next__in_berlin(void **state)
{
    static const struct sequence table[] = {
        {"a plain day in winter",
         "30 2 * * *",
         "2024-01-01T00:00",
         {"2024-01-01T01:30", "2024-01-02T01:30"}},
        {"spring: skipped, so right after",
         "30 2 * * *",
         "2024-03-30T00:00",
         {"2024-03-30T01:30", "2024-03-31T01:00", "2024-04-01T00:30"}},
        {"spring: skipped together, so once",
         "0,15,30,45 2 * * *",
         "2024-03-30T01:30",
         {"2024-03-30T01:45", "2024-03-31T01:00", "2024-04-01T00:00"}},
        {"spring: the hour after is due at that moment too",
         "30 2,3 * * *",
         "2024-03-30T03:00",
         {"2024-03-31T01:00", "2024-03-31T01:30", "2024-04-01T00:30"}},
        {"spring: both at once",
         "0 2,3 * * *",
         "2024-03-30T03:00",
         {"2024-03-31T01:00", "2024-04-01T00:00"}},
        {"spring: every other hour has no hole",
         "0 */2 * * *",
         "2024-03-30T22:00",
         {"2024-03-30T23:00", "2024-03-31T01:00", "2024-03-31T02:00", "2024-03-31T04:00"}},
        {"spring: every hour keeps its pace",
         "30 * * * *",
         "2024-03-30T23:00",
         {"2024-03-30T23:30", "2024-03-31T00:30", "2024-03-31T01:30"}},
        {"spring: so does every quarter",
         "*/15 * * * *",
         "2024-03-31T00:30",
         {"2024-03-31T00:45", "2024-03-31T01:00", "2024-03-31T01:15"}},
        {"spring: a month's last day",
         "0 2 31 3 *",
         "2024-03-01T00:00",
         {"2024-03-31T01:00", "2025-03-31T00:00"}},
        {"spring: on Sundays",
         "59 2 * * sun",
         "2024-03-25T00:00",
         {"2024-03-31T01:00", "2024-04-07T00:59"}},
        {"autumn: twice, so the first",
         "30 2 * * *",
         "2024-10-26T01:00",
         {"2024-10-27T00:30", "2024-10-28T01:30"}},
        {"autumn: between the two", "30 2 * * *", "2024-10-27T01:10", {"2024-10-28T01:30"}},
        {"autumn: the hour before and the hour after",
         "0 1-3 * * *",
         "2024-10-26T22:30",
         {"2024-10-26T23:00", "2024-10-27T00:00", "2024-10-27T02:00", "2024-10-28T00:00"}},
        {"autumn: every other hour has no repetition",
         "0 */2 * * *",
         "2024-10-26T22:00",
         {"2024-10-27T00:00", "2024-10-27T03:00", "2024-10-27T05:00"}},
        {"autumn: every hour keeps its pace",
         "30 * * * *",
         "2024-10-27T00:00",
         {"2024-10-27T00:30", "2024-10-27T01:30", "2024-10-27T02:30"}},
        {"autumn: so does every quarter",
         "*/15 * * * *",
         "2024-10-27T00:30",
         {"2024-10-27T00:45", "2024-10-27T01:00", "2024-10-27T01:15"}},
        {"autumn: midnight is no matter",
         "@daily",
         "2024-10-26T00:00",
         {"2024-10-26T22:00", "2024-10-27T23:00"}},
        {"@every knows no clock",
         "@every 6h",
         "2024-03-30T20:00",
         {"2024-03-31T00:00", "2024-03-31T06:00", "2024-03-31T12:00"}},
    };

    (void)state;
    CHECK("Europe/Berlin", table);
}

/* 2024-03-10: 02:00 EST (07:00 UTC) is 03:00 EDT. 2024-11-03: 02:00 EDT (06:00 UTC) is 01:00 EST. */
static void cron_next__in_new_york(void **state)
{
    static const struct sequence table[] = {
        {"spring: skipped, so right after",
         "15 2 * * *",
         "2024-03-09T00:00",
         {"2024-03-09T07:15", "2024-03-10T07:00", "2024-03-11T06:15"}},
        {"spring: every hour keeps its pace",
         "@hourly",
         "2024-03-10T05:30",
         {"2024-03-10T06:00", "2024-03-10T07:00", "2024-03-10T08:00"}},
        {"autumn: twice, so the first",
         "30 1 * * *",
         "2024-11-02T06:00",
         {"2024-11-03T05:30", "2024-11-04T06:30"}},
        {"autumn: every hour keeps its pace",
         "@hourly",
         "2024-11-03T04:30",
         {"2024-11-03T05:00", "2024-11-03T06:00", "2024-11-03T07:00"}},
        {"a year far away", "0 12 4 7 *", "2200-01-01T00:00", {"2200-07-04T16:00"}},
    };

    (void)state;
    CHECK("America/New_York", table);
}

/* 2024-10-06: 02:00 (+10:30, 15:30 UTC) is 02:30. 2024-04-07: 02:00 (+11, 15:00 UTC) is 01:30. */
static void cron_next__in_lord_howe(void **state)
{
    static const struct sequence table[] = {
        {"spring: skipped, so right after",
         "15 2 * * *",
         "2024-10-04T15:45",
         {"2024-10-05T15:30", "2024-10-06T15:15"}},
        {"spring: not skipped",
         "45 2 * * *",
         "2024-10-04T16:15",
         {"2024-10-05T15:45", "2024-10-06T15:45"}},
        {"spring: every quarter keeps its pace",
         "*/15 * * * *",
         "2024-10-05T15:00",
         {"2024-10-05T15:15", "2024-10-05T15:30", "2024-10-05T15:45"}},
        {"spring: every hour, when the clock shows it",
         "0 * * * *",
         "2024-10-05T14:00",
         {"2024-10-05T14:30", "2024-10-05T16:00", "2024-10-05T17:00"}},
        {"autumn: twice, so the first",
         "45 1 * * *",
         "2024-04-05T14:45",
         {"2024-04-06T14:45", "2024-04-07T15:15"}},
        {"autumn: once",
         "15 1 * * *",
         "2024-04-05T14:45",
         {"2024-04-06T14:15", "2024-04-07T14:45"}},
        {"autumn: every hour, when the clock shows it",
         "45 * * * *",
         "2024-04-06T14:00",
         {"2024-04-06T14:45", "2024-04-06T15:15", "2024-04-06T16:15"}},
    };

    (void)state;
    CHECK("Australia/Lord_Howe", table);
}

static void cron_next__in_odd_zones(void **state)
{
    static const struct sequence havana[] = {
        {"midnight is skipped",
         "@daily",
         "2024-03-09T06:00",
         {"2024-03-10T05:00", "2024-03-11T04:00"}},
        {"midnight comes twice",
         "@daily",
         "2024-11-02T05:00",
         {"2024-11-03T04:00", "2024-11-04T05:00"}},
    };
    static const struct sequence apia[] = {
        {"a day is skipped",
         "0 12 * * *",
         "2011-12-29T00:00",
         {"2011-12-29T22:00", "2011-12-30T10:00", "2011-12-30T22:00"}},
    };
    static const struct sequence kathmandu[] = {
        {"a quarter of an hour", "0 0 * * *", "2024-01-01T00:00", {"2024-01-01T18:15"}},
        {"a quarter of an hour", "0 * * * *", "2024-01-01T00:00", {"2024-01-01T00:15"}},
    };

    (void)state;
    CHECK("America/Havana", havana);
    CHECK("Pacific/Apia", apia);
    CHECK("Asia/Kathmandu", kathmandu);
}

/* --- the definition, minute by minute ---------------------------------------------------------------- */

static int64_t local_of(const struct trawl_timezone *zone, int64_t utc_ms)
{
    int64_t until_s;

    return utc_ms + (int64_t)trawl_timezone_offset(zone, utc_ms / 1000, &until_s) * 1000;
}

static bool shows(const struct trawl_cron *cron, int64_t local_ms)
{
    time_t time = (time_t)(local_ms / 1000);
    struct tm tm;

    gmtime_r(&time, &tm);
    return cron->minutes >> tm.tm_min & 1 && cron->hours >> tm.tm_hour & 1;
}

/* Is it due when the clock gets to `local_ms`, having shown `latest_ms` and nothing later so far? By pace: if the clock shows
 * it. Else if it fits a time that the clock has not shown yet. */
static bool is_due(const struct trawl_cron *cron, bool by_pace, int64_t local_ms, int64_t latest_ms)
{
    if (by_pace)
        return shows(cron, local_ms);
    for (int64_t ms = latest_ms + MINUTE_MS; ms <= local_ms; ms += MINUTE_MS) {
        if (shows(cron, ms))
            return true;
    }
    return false;
}

static void check_night(const char *text, bool by_pace, const char *zone_name, const char *begin)
{
    struct trawl_cron cron = parse(text);
    struct trawl_timezone *zone = load(zone_name);
    int64_t utc_ms = at(begin);
    int64_t latest_ms = local_of(zone, utc_ms);
    int64_t next_ms = trawl_cron_next(&cron, zone, utc_ms);

    for (int n = 0; n < 720; n++) {
        int64_t local_ms = local_of(zone, utc_ms += MINUTE_MS);
        bool due = is_due(&cron, by_pace, local_ms, latest_ms);

        if (due != (utc_ms == next_ms))
            print_error("'%s' in %s: minute %d after %s\n", text, zone_name, n + 1, begin);
        assert_int_equal(due, utc_ms == next_ms);
        if (due)
            next_ms = trawl_cron_next(&cron, zone, utc_ms);
        latest_ms = local_ms > latest_ms ? local_ms : latest_ms;
    }
    trawl_timezone_free(zone);
}

static void cron_next__agrees_with_the_definition(void **state)
{
    static const struct {
        const char *text;
        bool by_pace;
    } crons[] = {
        {"* * * * *", true},      {"*/7 * * * *", true}, {"30 0-23 * * *", true},
        {"*/7 1-3 * * *", false}, {"* 2 * * *", false},  {"0 */2 * * *", false},
        {"45 1,2 * * *", false},  {"15 0 * * *", false}, {"59 0-22 * * *", false},
    };
    static const struct {
        const char *zone;
        const char *begin; /* UTC, some hours before the change */
    } nights[] = {
        {"Europe/Berlin", "2024-03-30T21:00"},       {"Europe/Berlin", "2024-10-26T21:00"},
        {"America/New_York", "2024-03-10T03:00"},    {"America/New_York", "2024-11-03T02:00"},
        {"Australia/Lord_Howe", "2024-10-05T11:00"}, {"Australia/Lord_Howe", "2024-04-06T11:00"},
        {"America/Havana", "2024-03-10T01:00"},      {"Pacific/Apia", "2011-12-30T06:00"},
        {"Antarctica/Troll", "2024-03-30T21:00"},    {"Antarctica/Troll", "2024-10-26T21:00"},
    };

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(nights); i++) {
        for (size_t n = 0; n < TRAWL_ARRAY_SIZE(crons); n++)
            check_night(crons[n].text, crons[n].by_pace, nights[i].zone, nights[i].begin);
    }
}

static void cron_parse__says_what_was_expected(void **state)
{
    static const struct {
        const char *text;
        const char *message;
    } table[] = {
        {"", "the schedule '' has 0 fields; expected 5 (minute, hour, day of month, month, day of "
             "week), or a name such as '@daily'"},
        {"5", "the schedule '5' has 1 field; expected 5 (minute, hour, day of month, month, day of "
              "week), or a name such as '@daily'"},
        {"0 5 4 * * *",
         "the schedule '0 5 4 * * *' has 6 fields; expected 5 (minute, hour, day of month, month, "
         "day of week), or a name such as '@daily'"},
        {"60 * * * *", "character 1 of the schedule '60 * * * *', in the minute: expected 0 to 59, "
                       "not '60'"},
        {"0 25 * * *", "character 3 of the schedule '0 25 * * *', in the hour: expected 0 to 23, "
                       "not '25'"},
        {"0 0 0 * *", "character 5 of the schedule '0 0 0 * *', in the day of month: expected 1 to "
                      "31, not '0'"},
        {"0 0 * 13 *", "character 7 of the schedule '0 0 * 13 *', in the month: expected 1 to 12 "
                       "or jan to dec, not '13'"},
        {"0 0 * * 8",
         "character 9 of the schedule '0 0 * * 8', in the day of week: expected 0 to 7 "
         "or sun to sat, not '8'"},
        {" 0 0 * * monday", "character 10 of the schedule ' 0 0 * * monday', in the day of week: "
                            "expected 0 to 7 or sun to sat, not 'monday'"},
        {"0 jan * * *", "character 3 of the schedule '0 jan * * *', in the hour: expected 0 to 23, "
                        "not 'jan'"},
        {"0 0 * * 1,,2", "character 11 of the schedule '0 0 * * 1,,2', in the day of week: a value "
                         "is missing; expected 0 to 7 or sun to sat"},
        {"1- * * * *", "character 3 of the schedule '1- * * * *', in the minute: a value is "
                       "missing; expected 0 to 59"},
        {"-1 * * * *", "character 1 of the schedule '-1 * * * *', in the minute: a value is "
                       "missing; expected 0 to 59"},
        {"0 17-9 * * *", "character 3 of the schedule '0 17-9 * * *', in the hour: the range "
                         "'17-9' runs backwards"},
        {"0 0 * * sat-mon", "character 9 of the schedule '0 0 * * sat-mon', in the day of week: "
                            "the range 'sat-mon' runs backwards"},
        {"*/0 * * * *", "character 3 of the schedule '*/0 * * * *', in the minute: expected a step "
                        "of 1 to 60, not '0'"},
        {"*/90 * * * *", "character 3 of the schedule '*/90 * * * *', in the minute: expected a "
                         "step of 1 to 60, not '90'"},
        {"*/ * * * *",
         "character 3 of the schedule '*/ * * * *', in the minute: expected a step of "
         "1 to 60, not ''"},
        {"5/15 * * * *", "character 2 of the schedule '5/15 * * * *', in the minute: a step needs "
                         "'*' or a range before it, such as 5-59"},
        {"*5 * * * *", "character 2 of the schedule '*5 * * * *', in the minute: expected ',' or "
                       "the end of the field, not '5'"},
        {"1-2-3 * * * *", "character 4 of the schedule '1-2-3 * * * *', in the minute: expected "
                          "',' or the end of the field, not '-3'"},
        {"0 0 L * ?", "character 5 of the schedule '0 0 L * ?', in the day of month: expected 1 to "
                      "31, not 'L'"},
        {"99999999999999999999 * * * *",
         "character 1 of the schedule '99999999999999999999 * * * *', in the minute: expected 0 to "
         "59, not '99999999999999999999'"},
        {"@dialy", "there is no schedule '@dialy'; did you mean '@daily'?"},
        {"@evry 5m", "there is no schedule '@evry 5m'; did you mean '@every'?"},
        {"@reboot", "there is no schedule '@reboot'; expected @hourly, @daily, @midnight, @weekly, "
                    "@monthly, @yearly, @annually, or @every with a duration"},
        {"@", "there is no schedule '@'; expected @hourly, @daily, @midnight, @weekly, @monthly, "
              "@yearly, @annually, or @every with a duration"},
        {"@every", "'@every' expects a duration such as 15m or 1h30m, not ''"},
        {"@every 15", "'@every' expects a duration such as 15m or 1h30m, not '15'"},
        {"@every 100ms", "'@every' expects 1s to 366d, not '100ms'"},
        {"@every 0", "'@every' expects 1s to 366d, not '0'"},
        {"@every 367d", "'@every' expects 1s to 366d, not '367d'"},
    };

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(table); i++) {
        struct trawl_cron cron = {.every_ms = 77};
        struct trawl_err err = {0};

        assert_int_equal(trawl_cron_parse(table[i].text, &cron, &err), -EINVAL);
        assert_string_equal(err.message, table[i].message);
        assert_true(cron.every_ms == 77);
        assert_int_equal(trawl_cron_parse(table[i].text, &cron, NULL), -EINVAL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cron_next__follows_each_field),
        cmocka_unit_test(cron_next__follows_the_manual),
        cmocka_unit_test(cron_next__knows_the_calendar),
        cmocka_unit_test(cron_next__keeps_within_its_years),
        cmocka_unit_test(cron_next__is_after_the_given_millisecond),
        cmocka_unit_test(cron_next__in_berlin),
        cmocka_unit_test(cron_next__in_new_york),
        cmocka_unit_test(cron_next__in_lord_howe),
        cmocka_unit_test(cron_next__in_odd_zones),
        cmocka_unit_test(cron_next__agrees_with_the_definition),
        cmocka_unit_test(cron_parse__says_what_was_expected),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
