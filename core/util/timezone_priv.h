/* The rule that a time zone follows behind its table of changes (RFC 8536 section 3.3: a POSIX TZ string). */
#ifndef TRAWL_UTIL_TIMEZONE_PRIV_H
#define TRAWL_UTIL_TIMEZONE_PRIV_H

#include <stdbool.h>
#include <stdint.h>

enum trawl__timezone_day {
    TRAWL__TIMEZONE_JULIAN,  /* 1 to 365, 29 February is never counted */
    TRAWL__TIMEZONE_YEARDAY, /* 0 to 365 */
    TRAWL__TIMEZONE_WEEKDAY, /* the week-th such weekday of a month, the last for 5 */
};

/* A moment of every year, by the clock that is valid just before it. */
struct trawl__timezone_date {
    enum trawl__timezone_day kind;
    int day; /* of the year, or of the week with Sunday as 0 */
    int month;
    int week;
    int32_t time_s; /* after that day's midnight; may be negative or longer than a day */
};

struct trawl__timezone_rule {
    int32_t standard_s; /* to add to UTC */
    bool has_daylight;  /* false: always standard time */
    int32_t daylight_s;
    struct trawl__timezone_date start; /* of daylight saving time */
    struct trawl__timezone_date end;
};

/* "CET-1CEST,M3.5.0,M10.5.0/3". 0 or -EBADMSG. */
int trawl__timezone_rule_parse(const char *text, struct trawl__timezone_rule *ret_rule);

/* As trawl_timezone_offset(). */
int32_t trawl__timezone_rule_offset(const struct trawl__timezone_rule *rule, int64_t utc_s,
                                    int64_t *ret_until_s);

#endif
