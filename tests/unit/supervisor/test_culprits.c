#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "supervisor/culprits.h"
#include "util/json.h"

#define SECOND    UINT64_C(1000000000)
#define MINUTE_MS TRAWL_CULPRIT_WITHIN_MS

static void culprits__three_crashes_within_a_minute_are_too_many(void **state)
{
    struct trawl_culprits culprits = {0};

    (void)state;
    assert_false(trawl_culprits_blame(&culprits, "a", "was killed", MINUTE_MS, 100 * SECOND));
    assert_false(trawl_culprits_blame(&culprits, "a", "was killed", MINUTE_MS, 130 * SECOND));
    assert_false(trawl_culprits_blame(&culprits, "b", "was killed", MINUTE_MS, 140 * SECOND));
    assert_true(
        trawl_culprits_blame(&culprits, "a", "was killed by SIGSEGV", MINUTE_MS, 160 * SECOND));
    assert_string_equal(
        trawl_json_string(culprits.left_out, "a", ""),
        "left out: shortly after each other 3 processes ended in it, the last of them was "
        "killed by SIGSEGV");
    assert_null(json_object_get(culprits.left_out, "b"));
    trawl_culprits_finish(&culprits);
}

static void culprits__three_crashes_in_a_longer_time_are_not(void **state)
{
    struct trawl_culprits culprits = {0};

    (void)state;
    for (uint64_t i = 1; i < 10; i++)
        assert_false(
            trawl_culprits_blame(&culprits, "a", "was killed", MINUTE_MS, i * 31 * SECOND));
    assert_null(culprits.left_out);
    trawl_culprits_finish(&culprits);
}

static void culprits__those_that_hang_have_longer(void **state)
{
    struct trawl_culprits culprits = {0};

    (void)state;
    assert_false(trawl_culprits_blame(&culprits, "a", "hung", 10 * MINUTE_MS, 100 * SECOND));
    assert_false(trawl_culprits_blame(&culprits, "a", "hung", 10 * MINUTE_MS, 400 * SECOND));
    assert_true(trawl_culprits_blame(&culprits, "a", "hung", 10 * MINUTE_MS, 700 * SECOND));
    trawl_culprits_finish(&culprits);
}

static void culprits__what_is_forgiven_begins_anew(void **state)
{
    struct trawl_culprits culprits = {0};

    (void)state;
    assert_false(trawl_culprits_forgive(&culprits, "a"));
    for (uint64_t i = 1; i <= TRAWL_CULPRIT_CRASHES; i++)
        trawl_culprits_blame(&culprits, "a", "was killed", MINUTE_MS, i * SECOND);
    assert_true(trawl_culprits_forgive(&culprits, "a"));
    assert_false(trawl_culprits_forgive(&culprits, "a"));
    assert_false(trawl_culprits_blame(&culprits, "a", "was killed", MINUTE_MS, 5 * SECOND));
    assert_int_equal(json_object_size(culprits.left_out), 0);
    trawl_culprits_finish(&culprits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(culprits__three_crashes_within_a_minute_are_too_many),
        cmocka_unit_test(culprits__three_crashes_in_a_longer_time_are_not),
        cmocka_unit_test(culprits__those_that_hang_have_longer),
        cmocka_unit_test(culprits__what_is_forgiven_begins_anew),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
