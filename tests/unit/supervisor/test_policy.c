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

static void shards__are_bounded_by_workers_and_connections(void **state)
{
    static const struct {
        struct trawl_shard_limits limits;
        unsigned expected;
    } cases[] = {
        {{.wanted = 4, .concurrency = 8, .total_concurrency = 32, .workers = 8}, 4},
        {{.wanted = 4, .concurrency = 2, .total_concurrency = 32, .workers = 8}, 2},
        {{.wanted = 4, .concurrency = 8, .total_concurrency = 3, .workers = 8}, 3},
        {{.wanted = 64, .concurrency = 256, .total_concurrency = 1024, .workers = 8}, 8},
        {{.wanted = 0, .concurrency = 8, .total_concurrency = 32, .workers = 8}, 1},
    };

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(cases); i++)
        assert_int_equal(trawl_policy_shards(&cases[i].limits), cases[i].expected);
}

static void grant__leaves_some_for_others_and_ends(void **state)
{
    uint64_t left = 1000;
    unsigned grants = 0;

    (void)state;
    assert_int_equal(trawl_policy_grant(1000, 1), 1000);
    assert_int_equal(trawl_policy_grant(1000, 4), 125);
    assert_int_equal(trawl_policy_grant(1, 4), 1);
    for (; left > 0; grants++)
        left -= trawl_policy_grant(left, 4);
    assert_true(grants < 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outcome__follows_pages_and_end),
        cmocka_unit_test(pause__doubles_up_to_ten_seconds),
        cmocka_unit_test(exit_code__tells_the_end),
        cmocka_unit_test(shards__are_bounded_by_workers_and_connections),
        cmocka_unit_test(grant__leaves_some_for_others_and_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
