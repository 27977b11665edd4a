/* Retry-After: RFC 9110 section 10.2.3, dates by section 5.6.7. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "util/alloc.h"
#include "worker/retry_after.h"

#define MAX  TRAWL_RETRY_AFTER_MAX_MS
#define NONE TRAWL_RETRY_AFTER_NONE

/* Sun, 06 Nov 1994 08:49:37.250 GMT */
#define NOW_MS 784111777250

static void retry_after__follows_its_sections(void **state)
{
    static const struct {
        const char *source;
        const char *value;
        int64_t ms;
    } table[] = {
        {"10.2.3: delta-seconds", "120", 120000},
        {"10.2.3: at once", "0", 0},
        {"10.2.3: leading zeros", "0000000000000000000000000000000000007", 7000},
        {"5.5: blanks around a value", " \t 3 \t ", 3000},
        {"cut to the limit", "86400", MAX},
        {"cut to the limit", "86401", MAX},
        {"cut to the limit", "99999999999999999999999999999999999999999", MAX},
        {"5.6.7: IMF-fixdate", "Sun, 06 Nov 1994 08:50:37 GMT", 59750},
        {"5.6.7: RFC 850", "Sunday, 06-Nov-94 08:50:37 GMT", 59750},
        {"5.6.7: asctime", "Sun Nov  6 08:50:37 1994", 59750},
        {"5.6.7: RFC 850, the next century", "Thursday, 06-Nov-25 08:50:37 GMT", MAX},
        {"blanks around a date", " Sun, 06 Nov 1994 08:50:37 GMT ", 59750},
        {"the second that is now", "Sun, 06 Nov 1994 08:49:37 GMT", 0},
        {"the next second", "Sun, 06 Nov 1994 08:49:38 GMT", 750},
        {"over", "Sun, 06 Nov 1994 08:49:36 GMT", 0},
        {"over", "Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {"a day", "Mon, 07 Nov 1994 08:49:37 GMT", MAX - 250},
        {"cut to the limit", "Mon, 07 Nov 1994 08:49:38 GMT", MAX},
        {"cut to the limit", "Fri, 31 Dec 9999 23:59:59 GMT", MAX},
        {"cut to the limit", "Fri, 31 Dec 2147483647 23:59:59 GMT", MAX},
        {"no value", "", NONE},
        {"no value", "  ", NONE},
        {"no integer", "-5", NONE},
        {"no integer", "+5", NONE},
        {"no integer", "1.5", NONE},
        {"no integer", "1e3", NONE},
        {"no unit", "5s", NONE},
        {"no unit", "10 minutes", NONE},
        {"no list", "120, 60", NONE},
        {"no list", "120 60", NONE},
        {"no date", "soon", NONE},
        {"no date", "12:00", NONE},
        {"no date", "Nov 6", NONE},
        {"no date", "Sun, 99 Nov 1994 08:49:37 GMT", NONE},
        {"no date", "Sun, 06 Nov 1994 25:49:37 GMT", NONE},
        {"no date", "2024-01-02T10:00:00Z", NONE},
    };

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(table); i++) {
        int64_t ms = trawl_retry_after_ms(table[i].value, NOW_MS);

        if (ms != table[i].ms)
            print_error("%s: '%s'\n", table[i].source, table[i].value);
        assert_int_equal(ms, table[i].ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(retry_after__follows_its_sections),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
