#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "supervisor/policy.h"
#include "util/alloc.h"

static void outcome__follows_pages_and_end(void **state)
{
    static const struct {
        enum trawl_over over;
        struct trawl_tally tally;
        enum trawl_phase expected;
    } cases[] = {
        {TRAWL_OVER_FINISHED, {.ok = 5}, TRAWL_PHASE_COMPLETED},
        {TRAWL_OVER_FINISHED, {0}, TRAWL_PHASE_COMPLETED}, /* nothing to do is done */
        {TRAWL_OVER_FINISHED, {.ok = 5, .failed = 1}, TRAWL_PHASE_PARTIAL},
        {TRAWL_OVER_FINISHED, {.failed = 1}, TRAWL_PHASE_FAILED},
        {TRAWL_OVER_FAILED, {.ok = 5}, TRAWL_PHASE_PARTIAL},
        {TRAWL_OVER_FAILED, {0}, TRAWL_PHASE_FAILED},
        {TRAWL_OVER_GAVE_UP, {.ok = 1}, TRAWL_PHASE_PARTIAL},
        {TRAWL_OVER_GAVE_UP, {0}, TRAWL_PHASE_FAILED},
        {TRAWL_OVER_STOPPED, {.ok = 5}, TRAWL_PHASE_CANCELLED},
    };

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(cases); i++)
        assert_int_equal(trawl_policy_outcome(cases[i].over, &cases[i].tally), cases[i].expected);
}

static void pause__doubles_up_to_ten_seconds(void **state)
{
    (void)state;
    assert_int_equal(trawl_policy_pause_ms(0), 0);
    assert_int_equal(trawl_policy_pause_ms(1), 200);
    assert_int_equal(trawl_policy_pause_ms(2), 400);
    assert_int_equal(trawl_policy_pause_ms(5), 3200);
    assert_int_equal(trawl_policy_pause_ms(7), 10000);
    assert_int_equal(trawl_policy_pause_ms(4000000000u), 10000);
}

static void exit_code__tells_the_end(void **state)
{
    (void)state;
    assert_int_equal(trawl_policy_exit_code(TRAWL_PHASE_COMPLETED), 0);
    assert_int_equal(trawl_policy_exit_code(TRAWL_PHASE_FAILED), 1);
    assert_int_equal(trawl_policy_exit_code(TRAWL_PHASE_PARTIAL), 3);
    assert_int_equal(trawl_policy_exit_code(TRAWL_PHASE_SUSPECT), 3);
    assert_int_equal(trawl_policy_exit_code(TRAWL_PHASE_CANCELLED), 130);
    assert_int_equal(trawl_policy_exit_code(TRAWL_PHASE_INTERRUPTED), 130);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outcome__follows_pages_and_end),
        cmocka_unit_test(pause__doubles_up_to_ten_seconds),
        cmocka_unit_test(exit_code__tells_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
