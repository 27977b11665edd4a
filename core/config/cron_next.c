/* When a schedule is due; cron.c reads it. Local times are seconds as if the zone's clock showed UTC. */
#include <time.h>

#include "config/cron.h"

/* The years 1 to 9999, in which the time zones are known. */
#define FIRST_MS INT64_C(-62135596800000)
#define LAST_MS  INT64_C(253402300799999)

/* The longest wait: 29 February comes back to a weekday after 28 years, or after 40 if one like 2100 lies between. */
#define YEARS_MAX 40

#define ALL_HOURS ((UINT64_C(1) << 24) - 1)

static bool has(uint64_t values, int value)
{
    return values >> value & 1;
}

static int64_t floor_div(int64_t number, int64_t divisor)
{
    return number / divisor - (number % divisor < 0);
}

static bool fits_day(const struct trawl_cron *cron, const struct tm *tm)
{
    bool day = has(cron->days, tm->tm_mday);
    bool weekday = has(cron->weekdays, tm->tm_wday);

    return cron->either_day ? day || weekday : day && weekday;
}

/* Move to the first minute that fits in the rest of the day; false if there is none. */
static bool find_minute(const struct trawl_cron *cron, struct tm *tm)
{
    for (; tm->tm_hour < 24; tm->tm_hour++, tm->tm_min = 0) {
        if (!has(cron->hours, tm->tm_hour))
            continue;
        for (; tm->tm_min < 60; tm->tm_min++) {
            if (has(cron->minutes, tm->tm_min))
                return true;
        }
    }
    return false;
}

/* The first local time from `from_s` on that fits all fields, or TRAWL_CRON_NEVER. */
static int64_t find_local(const struct trawl_cron *cron, int64_t from_s)
{
    time_t time = (time_t)floor_div(from_s + 59, 60) * 60;
    struct tm tm;
    int last_year;

    gmtime_r(&time, &tm);
    last_year = tm.tm_year + YEARS_MAX;
    while (tm.tm_year <= last_year) {
        if (!has(cron->months, tm.tm_mon + 1))
            tm = (struct tm){.tm_year = tm.tm_year, .tm_mon = tm.tm_mon + 1, .tm_mday = 1};
        else if (fits_day(cron, &tm) && find_minute(cron, &tm))
            return timegm(&tm);
        else
            tm = (struct tm){.tm_year = tm.tm_year, .tm_mon = tm.tm_mon, .tm_mday = tm.tm_mday + 1};
        timegm(&tm); /* a 13th month or 32nd day becomes a date, with its weekday */
    }
    return TRAWL_CRON_NEVER;
}

/* Every hour: all that the clock shows, in stretches between its changes. */
static int64_t next_by_pace(const struct trawl_cron *cron, const struct trawl_timezone *zone,
                            int64_t after_s)
{
    int64_t from_s = after_s + 1;

    for (;;) {
        int64_t until_s;
        int32_t offset_s = trawl_timezone_offset(zone, from_s, &until_s);
        int64_t local_s = find_local(cron, from_s + offset_s);

        if (local_s == TRAWL_CRON_NEVER)
            return TRAWL_CRON_NEVER;
        if (local_s - offset_s < until_s)
            return local_s - offset_s;
        from_s = until_s;
    }
}

/* Certain hours: each local time once, when the clock first gets there. */
static int64_t next_by_day(const struct trawl_cron *cron, const struct trawl_timezone *zone,
                           int64_t after_s)
{
    int64_t until_s;
    int64_t local_s = after_s + trawl_timezone_offset(zone, after_s, &until_s);

    for (;;) {
        int64_t due_s;

        local_s = find_local(cron, local_s + 1);
        if (local_s == TRAWL_CRON_NEVER)
            return TRAWL_CRON_NEVER;
        due_s = trawl_timezone_first(zone, local_s);
        if (due_s > after_s) /* else the clock shows it for the second time */
            return due_s;
    }
}

static int64_t next_by_fields(const struct trawl_cron *cron, const struct trawl_timezone *zone,
                              int64_t after_s)
{
    int64_t due_s = cron->hours == ALL_HOURS ? next_by_pace(cron, zone, after_s)
                                             : next_by_day(cron, zone, after_s);

    return due_s == TRAWL_CRON_NEVER ? TRAWL_CRON_NEVER : due_s * 1000;
}

int64_t trawl_cron_next(const struct trawl_cron *cron, const struct trawl_timezone *zone,
                        int64_t after_ms)
{
    int64_t due_ms;

    if (after_ms > LAST_MS)
        return TRAWL_CRON_NEVER;
    if (after_ms < FIRST_MS)
        after_ms = FIRST_MS;
    if (cron->every_ms > 0)
        due_ms = (floor_div(after_ms, cron->every_ms) + 1) * cron->every_ms;
    else
        due_ms = next_by_fields(cron, zone, floor_div(after_ms, 1000));
    return due_ms > LAST_MS ? TRAWL_CRON_NEVER : due_ms;
}
