#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <string.h>

#include "plugin/breaker.h"
#include "util/alloc.h"

#define MS UINT64_C(1000000)

/* The limits of every test here. */
static const struct trawl_breaker_limits limits = {.failures = 3, .retry_after_ms = 30000};

/* One thing that happens at a time, and what is seen after it. */
struct move {
    uint64_t at_ms;
    enum { TRY, HEAR, DISABLE, ENABLE } what;
    int argument;           /* TRY: is it tried? HEAR: the outcome */
    int64_t retry_after_ms; /* HEAR */
    const char *state;
    unsigned failures;
    uint64_t until_ms;
    bool passed_over;
};

static void play(const struct move *moves, size_t count)
{
    struct trawl_breaker breaker = {0};

    for (size_t i = 0; i < count; i++) {
        const struct move *move = &moves[i];
        uint64_t now_ns = move->at_ms * MS;

        if (move->what == TRY)
            assert_int_equal(trawl_breaker_try(&breaker, now_ns), move->argument);
        else if (move->what == HEAR)
            trawl_breaker_hear(&breaker, &limits, (enum trawl_push_outcome)move->argument,
                               move->retry_after_ms, now_ns);
        else if (move->what == DISABLE)
            trawl_breaker_disable(&breaker);
        else
            trawl_breaker_enable(&breaker);
        if (strcmp(trawl_breaker_state_name(breaker.state), move->state) != 0 ||
            breaker.failures != move->failures || breaker.until_ns != move->until_ms * MS ||
            trawl_breaker_is_passed_over(&breaker) != move->passed_over)
            fail_msg("after move %zu: %s, %u failures, until %llu ms", i,
                     trawl_breaker_state_name(breaker.state), breaker.failures,
                     (unsigned long long)(breaker.until_ns / MS));
    }
}

static void breaker__opens_after_failures_in_a_row_and_probes(void **state)
{
    static const struct move moves[] = {
        {1000, TRY, true, 0, "closed", 0, 0, false},
        {1000, HEAR, TRAWL_PUSH_FAILED, -1, "closed", 1, 1100, false},
        {1099, TRY, false, 0, "closed", 1, 1100, false},
        {1100, TRY, true, 0, "closed", 1, 1100, false},
        {1100, HEAR, TRAWL_PUSH_FAILED, -1, "closed", 2, 1300, false},
        {1300, TRY, true, 0, "closed", 2, 1300, false},
        {1300, HEAR, TRAWL_PUSH_FAILED, -1, "open", 3, 31300, true},
        {31299, TRY, false, 0, "open", 3, 31300, true},
        {31300, TRY, true, 0, "half-open", 3, 31300, false},
        {31400, HEAR, TRAWL_PUSH_FAILED, -1, "open", 4, 61400, true},
        {61400, TRY, true, 0, "half-open", 4, 61400, false},
        {61500, HEAR, TRAWL_PUSH_DELIVERED, -1, "closed", 0, 0, false},
        {61500, TRY, true, 0, "closed", 0, 0, false},
    };

    (void)state;
    play(moves, TRAWL_ARRAY_SIZE(moves));
}

static void breaker__forgets_failures_at_a_success(void **state)
{
    static const struct move moves[] = {
        {1000, HEAR, TRAWL_PUSH_FAILED, -1, "closed", 1, 1100, false},
        {2000, HEAR, TRAWL_PUSH_FAILED, -1, "closed", 2, 2200, false},
        {3000, HEAR, TRAWL_PUSH_DELIVERED, -1, "closed", 0, 0, false},
        {4000, HEAR, TRAWL_PUSH_FAILED, -1, "closed", 1, 4100, false},
    };

    (void)state;
    play(moves, TRAWL_ARRAY_SIZE(moves));
}

static void breaker__leaves_alone_who_asks_for_it(void **state)
{
    static const struct move moves[] = {
        {1000, HEAR, TRAWL_PUSH_LATER, 7000, "open", 0, 8000, true},
        {7999, TRY, false, 0, "open", 0, 8000, true},
        {8000, TRY, true, 0, "half-open", 0, 8000, false},
        {8000, HEAR, TRAWL_PUSH_LATER, -1, "open", 0, 38000, true}, /* as the chain says */
        {38000, TRY, true, 0, "half-open", 0, 38000, false},
        {38000, HEAR, TRAWL_PUSH_LATER, 0, "open", 0, 39000, true}, /* no loop */
        {39000, TRY, true, 0, "half-open", 0, 39000, false},
        {39000, HEAR, TRAWL_PUSH_LATER, INT64_MAX, "open", 0, 86439000, true}, /* a day */
    };

    (void)state;
    play(moves, TRAWL_ARRAY_SIZE(moves));
}

static void breaker__waits_no_less_than_a_failure_asks_for(void **state)
{
    static const struct move moves[] = {
        {1000, HEAR, TRAWL_PUSH_FAILED, 5000, "closed", 1, 6000, false},
        {6000, HEAR, TRAWL_PUSH_FAILED, 50, "closed", 2, 6200, false},
        {6200, HEAR, TRAWL_PUSH_FAILED, 45000, "open", 3, 51200, true},
        {51200, TRY, true, 0, "half-open", 3, 51200, false},
        {51200, HEAR, TRAWL_PUSH_FAILED, INT64_MAX, "open", 4, 86451200, true},
    };

    (void)state;
    play(moves, TRAWL_ARRAY_SIZE(moves));
}

static void breaker__is_disabled_until_it_is_enabled(void **state)
{
    static const struct move moves[] = {
        {1000, HEAR, TRAWL_PUSH_GONE, -1, "disabled", 0, 0, true},
        {999999999, TRY, false, 0, "disabled", 0, 0, true},
        {999999999, ENABLE, 0, 0, "closed", 0, 0, false},
        {999999999, TRY, true, 0, "closed", 0, 0, false},
        {999999999, DISABLE, 0, 0, "disabled", 0, 0, true},
    };

    (void)state;
    play(moves, TRAWL_ARRAY_SIZE(moves));
}

static void breaker__takes_what_a_plugin_makes_up_for_a_failure(void **state)
{
    static const struct move moves[] = {
        {1000, HEAR, 77, INT64_MIN, "closed", 1, 1100, false},
    };

    (void)state;
    play(moves, TRAWL_ARRAY_SIZE(moves));
}

static void breaker__pauses_no_longer_than_its_limit(void **state)
{
    const struct trawl_breaker_limits patient = {.failures = 1000, .retry_after_ms = 100};
    struct trawl_breaker breaker = {0};

    (void)state;
    for (int i = 0; i < 999; i++)
        trawl_breaker_hear(&breaker, &patient, TRAWL_PUSH_FAILED, -1, 0);
    assert_int_equal(breaker.state, TRAWL_BREAKER_CLOSED);
    assert_int_equal(breaker.until_ns, TRAWL_BREAKER_PAUSE_MAX_MS * MS);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(breaker__opens_after_failures_in_a_row_and_probes),
        cmocka_unit_test(breaker__forgets_failures_at_a_success),
        cmocka_unit_test(breaker__leaves_alone_who_asks_for_it),
        cmocka_unit_test(breaker__waits_no_less_than_a_failure_asks_for),
        cmocka_unit_test(breaker__is_disabled_until_it_is_enabled),
        cmocka_unit_test(breaker__takes_what_a_plugin_makes_up_for_a_failure),
        cmocka_unit_test(breaker__pauses_no_longer_than_its_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
