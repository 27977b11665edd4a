#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "journal/phase.h"

static void phase_parse__takes_every_name(void **state)
{
    (void)state;
    for (int i = TRAWL_PHASE_QUEUED; i <= TRAWL_PHASE_SUSPECT; i++) {
        enum trawl_phase phase;

        assert_int_equal(trawl_phase_parse(trawl_phase_name((enum trawl_phase)i), &phase), 0);
        assert_int_equal(phase, i);
    }
}

static void phase_parse__refuses_an_unknown_name(void **state)
{
    enum trawl_phase phase = TRAWL_PHASE_STORING;

    (void)state;
    assert_int_equal(trawl_phase_parse("done", &phase), -EINVAL);
    assert_int_equal(trawl_phase_parse("", &phase), -EINVAL);
    assert_int_equal(phase, TRAWL_PHASE_STORING);
}

static void phase_is_end__begins_with_completed(void **state)
{
    (void)state;
    assert_false(trawl_phase_is_end(TRAWL_PHASE_INTERRUPTED));
    assert_false(trawl_phase_is_end(TRAWL_PHASE_STORING));
    assert_true(trawl_phase_is_end(TRAWL_PHASE_COMPLETED));
    assert_true(trawl_phase_is_end(TRAWL_PHASE_SUSPECT));
}

#define Q TRAWL_PHASE_QUEUED
#define S TRAWL_PHASE_STARTING
#define R TRAWL_PHASE_SCRAPING
#define T TRAWL_PHASE_STORING
#define I TRAWL_PHASE_INTERRUPTED
#define C TRAWL_PHASE_COMPLETED
#define P TRAWL_PHASE_PARTIAL
#define F TRAWL_PHASE_FAILED
#define X TRAWL_PHASE_CANCELLED
#define U TRAWL_PHASE_SUSPECT

static void phase_of_run__follows_its_platforms(void **state)
{
    static const struct {
        enum trawl_phase platforms[3];
        enum trawl_phase expected;
    } cases[] = {
        {{Q, Q, Q}, Q}, {{Q, S, Q}, S}, {{Q, S, R}, R}, {{R, T, C}, T}, {{Q, C, C}, R},
        {{I, Q, Q}, Q}, {{I, I, R}, R}, {{I, I, I}, I}, {{I, C, F}, I}, {{C, C, C}, C},
        {{F, F, F}, F}, {{C, F, C}, P}, {{C, P, C}, P}, {{X, C, F}, X}, {{C, C, X}, X},
        {{U, U, U}, U}, {{C, U, C}, U}, {{F, F, R}, R}, {{X, Q, C}, R}, {{U, P, C}, P},
        {{U, F, U}, P}, {{U, X, C}, X}, {{U, I, C}, I},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(trawl_phase_of_run(cases[i].platforms, 3), cases[i].expected);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(phase_parse__takes_every_name),
        cmocka_unit_test(phase_parse__refuses_an_unknown_name),
        cmocka_unit_test(phase_is_end__begins_with_completed),
        cmocka_unit_test(phase_of_run__follows_its_platforms),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
