#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "util/alloc.h"
#include "util/suggest.h"

static const char *const names[] = {"concurrency", "delay", "start", "key", "rows", "follow"};

static void suggest__finds_the_nearest(void **state)
{
    static const struct {
        const char *name;
        const char *expected;
    } cases[] = {
        {"concurency", "concurrency"},
        {"dealy", "delay"},
        {"strat", "start"},
        {"keys", "key"},
        {"row", "rows"},
        {"fallow", "follow"},
        {"key", "key"},
    };

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(cases); i++)
        assert_string_equal(trawl_suggest(cases[i].name, names, TRAWL_ARRAY_SIZE(names)),
                            cases[i].expected);
}

static void suggest__is_silent_when_nothing_is_near(void **state)
{
    static const char *const far[] = {"", "x", "elephant", "conc", "zzzzz"};
    char long_name[300];

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(far); i++)
        assert_null(trawl_suggest(far[i], names, TRAWL_ARRAY_SIZE(names)));
    memset(long_name, 'a', sizeof(long_name) - 1);
    long_name[sizeof(long_name) - 1] = '\0';
    assert_null(trawl_suggest(long_name, names, TRAWL_ARRAY_SIZE(names)));
    assert_null(trawl_suggest("key", NULL, 0));
}

static void suggest__counts_a_swap_as_one(void **state)
{
    static const char *const one[] = {"ab"};

    (void)state;
    assert_string_equal(trawl_suggest("ba", one, 1), "ab");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(suggest__finds_the_nearest),
        cmocka_unit_test(suggest__is_silent_when_nothing_is_near),
        cmocka_unit_test(suggest__counts_a_swap_as_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
