/* Schedules as crontab(5) has them: when a run is due.
 *
 * Five fields: minute (0-59), hour (0-23), day of month (1-31), month (1-12 or jan-dec), day of week (0-7 or sun-sat; 0 and
 * 7 are Sunday). Each is a list of values, ranges (1-5, mon-fri, fri-sun) and stars; a range or a star may have a step
 * (0-30/10, with minutes 0, 10, 20 and 30). When both day fields are restricted, a day needs to fit only one of them; one
 * that begins with a star restricts nothing in this sense (POSIX, Vixie). Or a name: @hourly, @daily, @midnight, @weekly,
 * @monthly, @yearly, @annually, @every 15m.
 *
 * The fields speak of a time zone's clock, which daylight saving time moves:
 * - A schedule of certain hours keeps to its days: what the clock skips is due once, right after the skip, and what it
 *   shows twice is due the first time.
 * - A schedule of every hour keeps to its pace: it is due whenever the clock shows it, so an hour that comes twice counts
 *   twice, and in place of one that is skipped nothing is due.
 * Vixie's cron tells the two apart by a star at the beginning of the minute or the hour. Here it is only asked whether all
 * hours are meant, so that "every other hour" has no repetition in autumn and no hole in spring.
 *
 * "@every" knows no clock: it is due at the multiples of its duration (1 s to 366 days) since 1970 in UTC, so a restart
 * does not shift it.
 */
#ifndef TRAWL_CONFIG_CRON_H
#define TRAWL_CONFIG_CRON_H

#include <stdbool.h>
#include <stdint.h>

#include "trawl/err.h"
#include "util/timezone.h"

/* There is no such day. */
#define TRAWL_CRON_NEVER INT64_MAX

#define TRAWL_CRON_EVERY_MIN_MS 1000
#define TRAWL_CRON_EVERY_MAX_MS (366 * INT64_C(86400000))

/* A parsed schedule, a plain value. */
struct trawl_cron {
    int64_t every_ms; /* 0: the fields count, in which bit n stands for the value n */
    uint64_t minutes;
    uint64_t hours;
    uint64_t days;
    uint64_t months;
    uint64_t weekdays; /* Sunday is 0 */
    bool either_day;   /* else a day fits both of its fields */
};

/* -EINVAL with a message that says which field, where, and what was expected. */
int trawl_cron_parse(const char *text, struct trawl_cron *ret_cron, struct trawl_err *err);

/* The first time that it is due after `after_ms` (since 1970), or TRAWL_CRON_NEVER, as for 30 February and after the year
 * 9999. */
int64_t trawl_cron_next(const struct trawl_cron *cron, const struct trawl_timezone *zone,
                        int64_t after_ms);

#endif
