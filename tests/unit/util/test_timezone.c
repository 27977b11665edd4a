/* Time zones: RFC 8536, with the C library as the judge. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "util/alloc.h"
#include "util/fs.h"
#include "util/timezone.h"
#include "util/timezone_priv.h"

/* Seconds since 1970 of "2024-03-31T01:00:00" and the like. */
static int64_t at(const char *text)
{
    struct tm tm = {0};
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);

    assert_true(end && *end == '\0');
    return timegm(&tm);
}

static struct trawl_timezone *load(const char *name)
{
    struct trawl_timezone *zone = NULL;
    struct trawl_err err = {0};

    if (trawl_timezone_load(name, &zone, &err) < 0)
        fail_msg("%s", err.message);
    return zone;
}

static void check_offset(const struct trawl_timezone *zone, const char *name, int64_t utc_s)
{
    time_t time = (time_t)utc_s;
    int64_t until_s;
    struct tm tm;

    localtime_r(&time, &tm);
    if (trawl_timezone_offset(zone, utc_s, &until_s) != tm.tm_gmtoff)
        print_error("%s at %lld\n", name, (long long)utc_s);
    assert_int_equal(trawl_timezone_offset(zone, utc_s, &until_s), tm.tm_gmtoff);
    assert_true(until_s > utc_s);
}

static const char *const zones[] = {
    "UTC",
    "Etc/GMT+5",
    "Europe/Berlin",
    "Europe/Dublin", /* winter time is the exception there */
    "Europe/Moscow",
    "America/New_York",
    "America/St_Johns", /* half an hour; changes at 00:01 for years */
    "America/Havana",   /* changes at midnight */
    "America/Nuuk",     /* changes the day before */
    "America/Sao_Paulo",
    "Africa/Cairo",
    "Africa/Casablanca", /* a table to 2087 */
    "Asia/Jerusalem",
    "Asia/Gaza",
    "Asia/Kathmandu",
    "Asia/Tehran",
    "Australia/Lord_Howe", /* half an hour of daylight saving */
    "Antarctica/Troll",    /* two hours of it */
    "Pacific/Chatham",
    "Pacific/Apia", /* has lost a day */
};

static void timezone_offset__agrees_with_the_c_library(void **state)
{
    int64_t first_s = at("1880-01-01T00:00:00");
    int64_t last_s = at("2120-01-01T00:00:00");

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(zones); i++) {
        struct trawl_timezone *zone = load(zones[i]);
        TRAWL_AUTO_FREE char *variable = trawl_xasprintf(":%s", zones[i]);
        int64_t until_s = first_s;

        setenv("TZ", variable, 1);
        tzset();
        for (int64_t utc_s = first_s; utc_s < last_s; utc_s += 100003)
            check_offset(zone, zones[i], utc_s);
        while (until_s < last_s) {
            check_offset(zone, zones[i], until_s - 1);
            check_offset(zone, zones[i], until_s);
            trawl_timezone_offset(zone, until_s, &until_s);
        }
        trawl_timezone_free(zone);
    }
    unsetenv("TZ");
}

static void timezone_first__is_when_clocks_get_there(void **state)
{
    static const struct {
        const char *zone;
        const char *local;
        const char *utc;
    } table[] = {
        {"UTC", "2024-02-29T12:00:00", "2024-02-29T12:00:00"},
        {"Europe/Berlin", "2024-01-15T12:00:00", "2024-01-15T11:00:00"},
        {"Europe/Berlin", "2024-07-15T12:00:00", "2024-07-15T10:00:00"},
        {"Europe/Berlin", "2024-03-31T01:59:59", "2024-03-31T00:59:59"},
        {"Europe/Berlin", "2024-03-31T02:00:00", "2024-03-31T01:00:00"}, /* skipped */
        {"Europe/Berlin", "2024-03-31T02:59:59", "2024-03-31T01:00:00"},
        {"Europe/Berlin", "2024-03-31T03:00:00", "2024-03-31T01:00:00"},
        {"Europe/Berlin", "2024-03-31T03:00:01", "2024-03-31T01:00:01"},
        {"Europe/Berlin", "2024-10-27T01:59:59", "2024-10-26T23:59:59"},
        {"Europe/Berlin", "2024-10-27T02:30:00", "2024-10-27T00:30:00"}, /* comes twice */
        {"Europe/Berlin", "2024-10-27T03:00:00", "2024-10-27T02:00:00"},
        {"America/New_York", "2024-03-10T02:30:00", "2024-03-10T07:00:00"},
        {"America/New_York", "2024-11-03T01:30:00", "2024-11-03T05:30:00"},
        {"Australia/Lord_Howe", "2024-10-06T02:15:00", "2024-10-05T15:30:00"},
        {"Australia/Lord_Howe", "2024-04-07T01:45:00", "2024-04-06T14:45:00"},
        {"Pacific/Apia", "2011-12-30T12:00:00", "2011-12-30T10:00:00"}, /* a day skipped */
        {"America/New_York", "2500-07-01T12:00:00", "2500-07-01T16:00:00"},
    };

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(table); i++) {
        struct trawl_timezone *zone = load(table[i].zone);
        int64_t utc_s = trawl_timezone_first(zone, at(table[i].local));

        if (utc_s != at(table[i].utc))
            print_error("%s in %s\n", table[i].local, table[i].zone);
        assert_int_equal(utc_s, at(table[i].utc));
        trawl_timezone_free(zone);
    }
}

/* The definition: the first second at whose beginning the clock shows that time or a later one. */
static void timezone_first__is_the_first_that_shows_it_or_more(void **state)
{
    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(zones); i++) {
        struct trawl_timezone *zone = load(zones[i]);
        int64_t change_s = at("2009-06-01T00:00:00");
        int64_t unused_s;

        trawl_timezone_offset(zone, change_s, &change_s);
        for (int n = 0; n < 10 && change_s != TRAWL_TIMEZONE_NEVER; n++) {
            int64_t local_s = change_s + trawl_timezone_offset(zone, change_s, &unused_s) - 10800;
            int64_t utc_s = local_s - TRAWL_TIMEZONE_OFFSET_MAX_S;

            for (int step = 0; step < 24; step++, local_s += 900) {
                while (utc_s + trawl_timezone_offset(zone, utc_s, &unused_s) < local_s)
                    utc_s += 900; /* all changes since 2009 lie on quarters of an hour */
                assert_int_equal(trawl_timezone_first(zone, local_s), utc_s);
            }
            trawl_timezone_offset(zone, change_s, &change_s);
        }
        trawl_timezone_free(zone);
    }
}

static void timezone_load__says_what_was_expected(void **state)
{
    static const struct {
        const char *name;
        int error;
        const char *message;
    } table[] = {
        {"", -EINVAL,
         "'' is no name of a time zone; expected an IANA name such as 'Europe/Berlin', or 'UTC'"},
        {"../../../etc/passwd", -EINVAL,
         "'../../../etc/passwd' is no name of a time zone; expected an IANA name such as "
         "'Europe/Berlin', or 'UTC'"},
        {"/etc/localtime", -EINVAL,
         "'/etc/localtime' is no name of a time zone; expected an IANA name such as "
         "'Europe/Berlin', or 'UTC'"},
        {"Europe/Berln", -ENOENT,
         "there is no time zone 'Europe/Berln' in /usr/share/zoneinfo; expected an IANA name such "
         "as 'Europe/Berlin', in its own case"},
        {"Europe", -ENOENT,
         "there is no time zone 'Europe' in /usr/share/zoneinfo; expected an IANA name such as "
         "'Europe/Berlin', in its own case"},
        {"UTC/x", -ENOENT,
         "there is no time zone 'UTC/x' in /usr/share/zoneinfo; expected an IANA name such as "
         "'Europe/Berlin', in its own case"},
    };

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(table); i++) {
        struct trawl_timezone *zone = NULL;
        struct trawl_err err = {0};

        assert_int_equal(trawl_timezone_load(table[i].name, &zone, &err), table[i].error);
        assert_string_equal(err.message, table[i].message);
        assert_null(zone);
    }
}

/* RFC 8536 section 3.3, of version 3 files. */
static void timezone_rule__is_understood(void **state)
{
    static const struct {
        const char *text;
        const char *utc;
        int32_t offset_s;
        const char *until; /* NULL: for ever */
    } table[] = {
        {"HST10", "2024-01-01T00:00:00", -36000, NULL},
        {"<+0530>-5:30", "2024-01-01T00:00:00", 19800, NULL},
        {"XXX-1:02:03", "2024-01-01T00:00:00", 3723, NULL},
        {"CET-1CEST,M3.5.0,M10.5.0/3", "2024-01-01T00:00:00", 3600, "2024-03-31T01:00:00"},
        {"CET-1CEST,M3.5.0,M10.5.0/3", "2024-03-31T01:00:00", 7200, "2024-10-27T01:00:00"},
        {"CET-1CEST,M3.5.0,M10.5.0/3", "2024-12-31T23:59:59", 3600, "2025-03-30T01:00:00"},
        {"EST5EDT,M3.2.0,M11.1.0", "2024-03-10T06:59:59", -18000, "2024-03-10T07:00:00"},
        {"EST5EDT,M3.2.0,M11.1.0", "2024-03-10T07:00:00", -14400, "2024-11-03T06:00:00"},
        {"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2024-01-01T00:00:00", 39600,
         "2024-04-06T15:00:00"},
        {"IST-1GMT0,M10.5.0,M3.5.0/1", "2024-01-01T00:00:00", 0, "2024-03-31T01:00:00"},
        {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2024-01-01T00:00:00", -7200, "2024-03-31T01:00:00"},
        {"IST-2IDT,M3.4.4/26,M10.5.0", "2024-01-01T00:00:00", 7200, "2024-03-29T00:00:00"},
        {"XXX3EDT4,0/0,J365/23", "2024-12-31T23:59:59", -14400, "2025-01-01T03:00:00"},
        {"XXX3EDT4,0/0,J365/23", "2025-01-01T03:00:00", -14400, "2026-01-01T03:00:00"},
        {"STD0DST,J59,J60", "2024-01-01T00:00:00", 0, "2024-02-28T02:00:00"},
        {"STD0DST,J59,J60", "2024-02-28T02:00:00", 3600, "2024-03-01T01:00:00"},
        {"STD0DST,J59,J60", "2023-02-28T02:00:00", 3600, "2023-03-01T01:00:00"},
        {"STD0DST,58,59", "2024-02-28T02:00:00", 3600, "2024-02-29T01:00:00"},
        {"STD0DST,58,59", "2023-02-28T02:00:00", 3600, "2023-03-01T01:00:00"},
        {"STD0DST,M2.5.4/0,M12.5.2/0", "2024-01-01T00:00:00", 0, "2024-02-29T00:00:00"},
        {"STD0DST,M2.5.4/0,M12.5.2/0", "2024-06-01T00:00:00", 3600, "2024-12-30T23:00:00"},
    };

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(table); i++) {
        struct trawl__timezone_rule rule;
        int64_t until_s = 0;

        assert_int_equal(trawl__timezone_rule_parse(table[i].text, &rule), 0);
        if (trawl__timezone_rule_offset(&rule, at(table[i].utc), &until_s) != table[i].offset_s ||
            until_s != (table[i].until ? at(table[i].until) : TRAWL_TIMEZONE_NEVER))
            print_error("%s at %s: until %lld\n", table[i].text, table[i].utc, (long long)until_s);
        assert_int_equal(trawl__timezone_rule_offset(&rule, at(table[i].utc), &until_s),
                         table[i].offset_s);
        assert_int_equal(until_s, table[i].until ? at(table[i].until) : TRAWL_TIMEZONE_NEVER);
    }
}

static void timezone_rule__refuses_what_is_none(void **state)
{
    static const char *const wrong[] = {
        "",
        "CET",
        "-1",
        "<CET-1",
        "<>-1",
        "<C T>-1",
        "CET-",
        "CET-25",
        "CET-1:60",
        "CET-1:",
        "CET-1 ",
        "CET-1CEST",
        "CET-1CEST,",
        "CET-1CEST,M3.5.0",
        "CET-1CEST,M3.5.0,",
        "CET-1CEST,M3.5.0,M10.5.0/",
        "CET-1CEST,M3.5.0,M10.5.0/168",
        "CET-1CEST,M3.5.0,M10.5.0,",
        "CET-1CEST,M0.5.0,M10.5.0",
        "CET-1CEST,M13.5.0,M10.5.0",
        "CET-1CEST,M3.0.0,M10.5.0",
        "CET-1CEST,M3.6.0,M10.5.0",
        "CET-1CEST,M3.5.7,M10.5.0",
        "CET-1CEST,M3.5,M10.5.0",
        "CET-1CEST,J0,J365",
        "CET-1CEST,J1,J366",
        "CET-1CEST,0,366",
        "CET-1CEST,-1,365",
        "CET-1CEST,0,99999999999999999999",
    };

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(wrong); i++) {
        struct trawl__timezone_rule rule;

        if (trawl__timezone_rule_parse(wrong[i], &rule) == 0)
            print_error("'%s' was taken\n", wrong[i]);
        assert_int_equal(trawl__timezone_rule_parse(wrong[i], &rule), -EBADMSG);
    }
}

/* A whole file, in the parts of RFC 8536 section 3: +01:00 first, +02:00 from 1970-01-02 on. */
#define HEADER(version, leaps, changes, types, names)                                              \
    "TZif" version "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"                                                \
    "\0\0\0\0\0\0\0\0\0\0\0" leaps "\0\0\0" changes "\0\0\0" types "\0\0\0" names
#define EMPTY_BLOCK "\0\0\0\0\0\0\0"
#define CHANGE      "\0\0\0\0\0\1\x51\x80"
#define HOUR_1      "\0\0\x0e\x10\0\0"
#define HOURS_2     "\0\0\x1c\x20\1\0"
#define HOURS_27    "\0\1\x7b\xb0\0\0"
#define V1          HEADER("2", "\0", "\0", "\1", "\1") EMPTY_BLOCK
#define V2          HEADER("2", "\0", "\1", "\2", "\1")
#define CHANGES_1   V1 V2 CHANGE "\1" HOUR_1 HOURS_2 "\0"

static int parse(const char *bytes, size_t len, struct trawl_timezone **ret_zone)
{
    char *exact = trawl_xalloc(len); /* so that a sanitizer sees a byte too many being read */
    int r;

    memcpy(exact, bytes, len);
    r = trawl_timezone_parse(exact, len, ret_zone);
    free(exact);
    return r;
}

static void timezone_parse__reads_a_file(void **state)
{
    static const struct {
        const char *footer;
        int32_t later_s;
    } table[] = {{"\n\n", 7200}, {"\nXXX-3\n", 10800}};

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(table); i++) {
        static const char head[] = CHANGES_1;
        char file[sizeof(head) + 16];
        struct trawl_timezone *zone = NULL;
        int64_t until_s;

        memcpy(file, head, sizeof(head) - 1);
        memcpy(file + sizeof(head) - 1, table[i].footer, strlen(table[i].footer));
        assert_int_equal(parse(file, sizeof(head) - 1 + strlen(table[i].footer), &zone), 0);
        assert_int_equal(trawl_timezone_offset(zone, 86399, &until_s), 3600);
        assert_int_equal(until_s, 86400);
        assert_int_equal(trawl_timezone_offset(zone, 86400, &until_s), table[i].later_s);
        assert_int_equal(until_s, TRAWL_TIMEZONE_NEVER);
        trawl_timezone_free(zone);
    }
}

static void timezone_parse__refuses_broken_files(void **state)
{
#define BROKEN(what, bytes)                                                                        \
    {                                                                                              \
        what, bytes, sizeof(bytes) - 1                                                             \
    }
    static const struct {
        const char *what;
        const char *bytes;
        size_t len;
    } table[] = {
        BROKEN("no footer", CHANGES_1),
        BROKEN("half a footer", CHANGES_1 "\nXXX-3"),
        BROKEN("no rule in it", CHANGES_1 "\nXXX\n"),
        BROKEN("something before it", CHANGES_1 "X\n\n"),
        BROKEN("another magic", "TZiF" CHANGES_1 "\n\n"),
        BROKEN("version 1", HEADER("\0", "\0", "\0", "\1", "\1") EMPTY_BLOCK V2 CHANGE
               "\1" HOUR_1 HOURS_2 "\0\n\n"),
        BROKEN("leap seconds",
               V1 HEADER("2", "\1", "\0", "\1", "\1") HOUR_1 "\0" CHANGE "\0\0\0\1\n\n"),
        BROKEN("no type", V1 HEADER("2", "\0", "\0", "\0", "\1") "\0\n\n"),
        BROKEN("an unknown type", V1 V2 CHANGE "\2" HOUR_1 HOURS_2 "\0\n\n"),
        BROKEN("a day and more", V1 V2 CHANGE "\1" HOUR_1 HOURS_27 "\0\n\n"),
        BROKEN("changes that do not ascend",
               V1 HEADER("2", "\0", "\2", "\2", "\1") CHANGE CHANGE "\0\1" HOUR_1 HOURS_2 "\0\n\n"),
        BROKEN("more than there is", V1 HEADER("2", "\0", "\xff", "\2", "\1") CHANGE "\1\n\n"),
    };

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(table); i++) {
        struct trawl_timezone *zone = NULL;

        if (parse(table[i].bytes, table[i].len, &zone) == 0)
            print_error("%s was taken\n", table[i].what);
        assert_int_equal(parse(table[i].bytes, table[i].len, &zone), -EBADMSG);
        assert_null(zone);
    }
}

static void timezone_parse__refuses_every_beginning_of_a_file(void **state)
{
    TRAWL_AUTO_FREE char *bytes = NULL;
    struct trawl_timezone *zone = NULL;
    size_t len = 0;

    (void)state;
    assert_int_equal(
        trawl_fs_read("/usr/share/zoneinfo/Europe/Berlin", TRAWL_TIMEZONE_FILE_MAX, &bytes, &len),
        0);
    for (size_t i = 0; i < len; i++)
        assert_int_equal(parse(bytes, i, &zone), -EBADMSG);
    assert_int_equal(parse(bytes, len, &zone), 0);
    trawl_timezone_free(zone);
    trawl_timezone_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timezone_offset__agrees_with_the_c_library),
        cmocka_unit_test(timezone_first__is_when_clocks_get_there),
        cmocka_unit_test(timezone_first__is_the_first_that_shows_it_or_more),
        cmocka_unit_test(timezone_load__says_what_was_expected),
        cmocka_unit_test(timezone_rule__is_understood),
        cmocka_unit_test(timezone_rule__refuses_what_is_none),
        cmocka_unit_test(timezone_parse__reads_a_file),
        cmocka_unit_test(timezone_parse__refuses_broken_files),
        cmocka_unit_test(timezone_parse__refuses_every_beginning_of_a_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
