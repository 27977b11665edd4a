#include <errno.h>
#include <string.h>
#include <time.h>

#include "util/timezone.h"
#include "util/timezone_priv.h"

#define HOUR_S 3600

/* From the year 1 to before the year 10000 there is daylight saving time: the calendar need not go on for ever. */
#define FIRST_S (-62135596800)
#define LAST_S  253402300800

/* --- reading it -------------------------------------------------------------------------------------- */

/* A number from `least` to `most`; moves *at behind it. */
static bool take_number(const char **at, int least, int most, int *ret_number)
{
    const char *digit = *at;
    int number = 0;

    for (; *digit >= '0' && *digit <= '9' && number <= most; digit++)
        number = number * 10 + (*digit - '0');
    if (digit == *at || number < least || number > most)
        return false;
    *at = digit;
    *ret_number = number;
    return true;
}

static bool take_char(const char **at, char c)
{
    if (**at != c)
        return false;
    (*at)++;
    return true;
}

/* "CET" or "<+03>". */
static bool take_name(const char **at)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    static const char quoted[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-";
    size_t len;

    if (take_char(at, '<')) {
        len = strspn(*at, quoted);
        *at += len;
        return len > 0 && take_char(at, '>');
    }
    len = strspn(*at, letters);
    *at += len;
    return len > 0;
}

/* "-1", "+10:30", "0:00:30". */
static bool take_time(const char **at, int hours_max, int32_t *ret_s)
{
    bool negative = take_char(at, '-');
    int parts[3] = {0};

    if (!negative)
        take_char(at, '+');
    if (!take_number(at, 0, hours_max, &parts[0]))
        return false;
    for (int i = 1; i < 3 && take_char(at, ':'); i++) {
        if (!take_number(at, 0, 59, &parts[i]))
            return false;
    }
    *ret_s = parts[0] * HOUR_S + parts[1] * 60 + parts[2];
    if (negative)
        *ret_s = -*ret_s;
    return true;
}

/* POSIX counts westward. */
static bool take_offset(const char **at, int32_t *ret_s)
{
    if (!take_time(at, 24, ret_s))
        return false;
    *ret_s = -*ret_s;
    return true;
}

/* "M3.5.0", "J60", "59", each perhaps with "/time". */
static bool take_date(const char **at, struct trawl__timezone_date *ret_date)
{
    bool ok;

    *ret_date = (struct trawl__timezone_date){.time_s = 2 * HOUR_S};
    if (take_char(at, 'M')) {
        ret_date->kind = TRAWL__TIMEZONE_WEEKDAY;
        ok = take_number(at, 1, 12, &ret_date->month) && take_char(at, '.') &&
             take_number(at, 1, 5, &ret_date->week) && take_char(at, '.') &&
             take_number(at, 0, 6, &ret_date->day);
    } else if (take_char(at, 'J')) {
        ret_date->kind = TRAWL__TIMEZONE_JULIAN;
        ok = take_number(at, 1, 365, &ret_date->day);
    } else {
        ret_date->kind = TRAWL__TIMEZONE_YEARDAY;
        ok = take_number(at, 0, 365, &ret_date->day);
    }
    return ok && (!take_char(at, '/') || take_time(at, 167, &ret_date->time_s));
}

int trawl__timezone_rule_parse(const char *text, struct trawl__timezone_rule *ret_rule)
{
    struct trawl__timezone_rule rule = {0};

    if (!take_name(&text) || !take_offset(&text, &rule.standard_s))
        return -EBADMSG;
    if (*text) {
        rule.has_daylight = true;
        rule.daylight_s = rule.standard_s + HOUR_S;
        if (!take_name(&text) || (*text != ',' && !take_offset(&text, &rule.daylight_s)) ||
            !take_char(&text, ',') || !take_date(&text, &rule.start) || !take_char(&text, ',') ||
            !take_date(&text, &rule.end) || *text)
            return -EBADMSG;
    }
    *ret_rule = rule;
    return 0;
}

/* --- applying it ------------------------------------------------------------------------------------- */

/* Midnight of a date, which may lie beyond its month (the 0th, the 366th), in seconds; years since 1900. */
static int64_t midnight(int year, int month, int day, struct tm *ret_tm)
{
    *ret_tm = (struct tm){.tm_year = year, .tm_mon = month - 1, .tm_mday = day};
    return timegm(ret_tm);
}

static bool is_leap(int year)
{
    struct tm tm;

    midnight(year, 2, 29, &tm);
    return tm.tm_mon == 1;
}

static int64_t weekday_midnight(const struct trawl__timezone_date *date, int year)
{
    struct tm first;
    struct tm last;
    int day;

    midnight(year, date->month, 1, &first);
    midnight(year, date->month + 1, 0, &last);
    day = 1 + (date->day - first.tm_wday + 7) % 7 + (date->week - 1) * 7;
    if (day > last.tm_mday)
        day -= 7;
    return midnight(year, date->month, day, &first);
}

static int64_t local_moment(const struct trawl__timezone_date *date, int year)
{
    struct tm tm;

    switch (date->kind) {
    case TRAWL__TIMEZONE_WEEKDAY:
        return weekday_midnight(date, year) + date->time_s;
    case TRAWL__TIMEZONE_JULIAN:
        return midnight(year, 1, date->day + (date->day >= 60 && is_leap(year)), &tm) +
               date->time_s;
    case TRAWL__TIMEZONE_YEARDAY:
        break;
    }
    return midnight(year, 1, 1 + date->day, &tm) + date->time_s;
}

/* The changes around a moment, as far as they have been looked at. */
struct around {
    int64_t utc_s;
    int64_t since_s;
    int64_t until_s;
    int32_t offset_s;
};

static void look_at(struct around *around, int64_t change_s, int32_t offset_s)
{
    if (change_s > around->utc_s) {
        if (change_s < around->until_s)
            around->until_s = change_s;
    } else if (change_s >= around->since_s) {
        around->since_s = change_s;
        around->offset_s = offset_s;
    }
}

int32_t trawl__timezone_rule_offset(const struct trawl__timezone_rule *rule, int64_t utc_s,
                                    int64_t *ret_until_s)
{
    struct around around = {utc_s, INT64_MIN, TRAWL_TIMEZONE_NEVER, rule->standard_s};
    time_t time = (time_t)utc_s;
    struct tm tm;

    if (rule->has_daylight && utc_s < FIRST_S) {
        around.until_s = FIRST_S;
    } else if (rule->has_daylight && utc_s < LAST_S) {
        around.until_s = LAST_S;
        gmtime_r(&time, &tm);
        /* The start comes second: where daylight saving time never ends, its end and next start are one moment. */
        for (int year = tm.tm_year - 1; year <= tm.tm_year + 1; year++) {
            look_at(&around, local_moment(&rule->end, year) - rule->daylight_s, rule->standard_s);
            look_at(&around, local_moment(&rule->start, year) - rule->standard_s, rule->daylight_s);
        }
    }
    *ret_until_s = around.until_s;
    return around.offset_s;
}
