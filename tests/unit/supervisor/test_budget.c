#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "supervisor/budget.h"

#define MS     UINT64_C(1000000)
#define SECOND UINT64_C(1000000000)

static const struct trawl_budget_limits plain = {
    .concurrency = 8, .burst = 1, .rest_ns = SECOND, .rest_max_ns = 8 * SECOND};

static struct trawl_budget make(const struct trawl_budget_limits *limits)
{
    struct trawl_budget budget;

    trawl_budget_init(&budget, limits, 0);
    return budget;
}

static struct trawl_budget make_throttled(void)
{
    struct trawl_budget_limits limits = plain;

    limits.throttle = true;
    return make(&limits);
}

static void hear_fine(struct trawl_budget *budget, unsigned count, uint64_t each_ms,
                      uint64_t now_ns)
{
    const struct trawl_budget_news news = {
        .fine = count, .fine_ms = count * each_ms, .retry_after_ms = -1};

    trawl_budget_hear(budget, &news, now_ns);
}

static void hear_failed(struct trawl_budget *budget, unsigned count, uint64_t now_ns)
{
    const struct trawl_budget_news news = {.failed = count, .retry_after_ms = -1};

    trawl_budget_hear(budget, &news, now_ns);
}

static void hear_busy(struct trawl_budget *budget, int64_t retry_after_ms, uint64_t now_ns)
{
    const struct trawl_budget_news news = {.busy = 1, .retry_after_ms = retry_after_ms};

    trawl_budget_hear(budget, &news, now_ns);
}

static void budget__without_limits_all_slots_are_free(void **state)
{
    struct trawl_budget budget = make(&plain);

    (void)state;
    assert_int_equal(trawl_budget_slots(&budget), 8);
    assert_false(trawl_budget_is_paced(&budget, 0));
    assert_true(trawl_budget_next_ns(&budget, 5) <= 5);
}

static void budget__keeps_the_delay(void **state)
{
    struct trawl_budget_limits limits = plain;
    struct trawl_budget budget;

    (void)state;
    limits.delay_ns = SECOND;
    budget = make(&limits);
    assert_true(trawl_budget_is_paced(&budget, 0));
    assert_int_equal(trawl_budget_next_ns(&budget, 0), 0);
    trawl_budget_start(&budget, 3 * MS);
    assert_int_equal(trawl_budget_next_ns(&budget, 4 * MS), SECOND + 3 * MS);
}

static void budget__keeps_the_rate_and_lets_a_burst_pass(void **state)
{
    struct trawl_budget_limits limits = plain;
    struct trawl_budget budget;

    (void)state;
    limits.rate = 10;
    limits.burst = 3;
    budget = make(&limits);
    for (int i = 0; i < 3; i++) {
        assert_true(trawl_budget_next_ns(&budget, 0) == 0);
        trawl_budget_start(&budget, 0);
    }
    assert_in_range(trawl_budget_next_ns(&budget, 0), 100 * MS, 100 * MS + 10);
    trawl_budget_start(&budget, 101 * MS);
    assert_in_range(trawl_budget_next_ns(&budget, 101 * MS), 199 * MS, 201 * MS);
    assert_true(trawl_budget_next_ns(&budget, 60 * SECOND) <= 60 * SECOND);
    for (int i = 0; i < 3; i++) /* a long silence saves up no more than a burst */
        trawl_budget_start(&budget, 60 * SECOND);
    assert_true(trawl_budget_next_ns(&budget, 60 * SECOND) > 60 * SECOND);
}

static void budget_limits_merge__takes_the_stricter(void **state)
{
    struct trawl_budget_limits limits = plain;
    const struct trawl_budget_limits other = {.concurrency = 2,
                                              .delay_ns = 5,
                                              .rate = 3,
                                              .burst = 4,
                                              .rest_ns = 2 * SECOND,
                                              .rest_max_ns = SECOND,
                                              .throttle = true};

    (void)state;
    trawl_budget_limits_merge(&limits, &other);
    assert_int_equal(limits.concurrency, 2);
    assert_int_equal(limits.delay_ns, 5);
    assert_true(limits.rate > 2.9 && limits.rate < 3.1);
    assert_int_equal(limits.burst, 1);
    assert_int_equal(limits.rest_ns, 2 * SECOND);
    assert_int_equal(limits.rest_max_ns, 8 * SECOND);
    assert_true(limits.throttle);
    trawl_budget_limits_merge(&limits, &plain); /* no rate is no stricter one */
    assert_true(limits.rate > 2.9);
}

static void throttle__doubles_while_the_host_is_at_ease(void **state)
{
    struct trawl_budget budget = make_throttled();

    (void)state;
    assert_int_equal(trawl_budget_slots(&budget), 2);
    hear_fine(&budget, 4, 20, 0);
    hear_fine(&budget, 4, 20, 0);
    assert_int_equal(trawl_budget_slots(&budget), 4);
    hear_fine(&budget, 4, 20, 0);
    hear_fine(&budget, 4, 20, 0);
    assert_int_equal(trawl_budget_slots(&budget), 8); /* and no more */
}

static void throttle__takes_back_from_a_host_that_gets_slower(void **state)
{
    struct trawl_budget budget = make_throttled();

    (void)state;
    for (int i = 0; i < 5; i++)
        hear_fine(&budget, 4, 20, 0);
    hear_fine(&budget, 4, 400, 0);
    assert_int_equal(trawl_budget_slots(&budget), 6);
    hear_fine(&budget, 4, 20, 0); /* from now on one by one */
    assert_int_equal(trawl_budget_slots(&budget), 7);
    for (int i = 0; i < 20; i++)
        hear_fine(&budget, 4, 3000 * (uint64_t)(i + 1), 0);
    assert_int_equal(trawl_budget_slots(&budget), 1);
    assert_true(trawl_budget_is_paced(&budget, 0)); /* as long as it took */
}

/* As when a machine of ours slept, or a site was held up once. */
static void throttle__one_answer_that_took_for_ever_is_forgotten_soon(void **state)
{
    struct trawl_budget budget = make_throttled();

    (void)state;
    hear_fine(&budget, 4, 20, 0);
    for (int i = 0; i < 3; i++)
        hear_fine(&budget, 1, 30000, 0);
    trawl_budget_start(&budget, 0);
    assert_in_range(trawl_budget_next_ns(&budget, 0), 1, SECOND);
    for (int i = 0; i < 8; i++)
        hear_fine(&budget, 1, 20, 0);
    assert_false(trawl_budget_is_paced(&budget, 0));
}

static void throttle__errors_never_make_it_faster(void **state)
{
    struct trawl_budget budget = make_throttled();
    const struct trawl_budget_news mixed = {
        .fine = 4, .fine_ms = 4, .failed = 1, .retry_after_ms = -1};

    (void)state;
    hear_fine(&budget, 4, 20, 0);
    for (int i = 0; i < 3; i++)
        trawl_budget_hear(&budget, &mixed, 0);
    assert_int_equal(trawl_budget_slots(&budget), 2);
}

static void throttle__keeps_requests_apart_after_many_429(void **state)
{
    struct trawl_budget budget = make_throttled();
    uint64_t now_ns = 0;

    (void)state;
    for (int i = 0; i < 3; i++) {
        hear_busy(&budget, -1, now_ns);
        now_ns = budget.rest_until_ns;
        hear_fine(&budget, 1, 20, now_ns);
    }
    assert_int_equal(trawl_budget_slots(&budget), 1);
    assert_true(trawl_budget_is_paced(&budget, now_ns));
    for (int i = 0; i < 100; i++)
        hear_fine(&budget, 1, 20, now_ns);
    assert_false(trawl_budget_is_paced(&budget, now_ns));
}

static void rest__follows_retry_after(void **state)
{
    struct trawl_budget budget = make(&plain);

    (void)state;
    hear_busy(&budget, 20000, 0);
    assert_int_equal(trawl_budget_next_ns(&budget, 0), 20 * SECOND);
    hear_busy(&budget, 30000, SECOND); /* what was under way asks for more */
    assert_int_equal(trawl_budget_next_ns(&budget, SECOND), 31 * SECOND);
    hear_busy(&budget, 1000, SECOND);
    assert_int_equal(trawl_budget_next_ns(&budget, SECOND), 31 * SECOND);
}

static void rest__doubles_and_tries_one_at_a_time(void **state)
{
    struct trawl_budget budget = make(&plain);
    uint64_t now_ns = 0;

    (void)state;
    for (uint64_t rest_ns = SECOND; rest_ns <= 8 * SECOND; rest_ns *= 2) {
        hear_busy(&budget, -1, now_ns);
        assert_int_equal(trawl_budget_next_ns(&budget, now_ns), now_ns + rest_ns);
        now_ns += rest_ns;
        assert_int_equal(trawl_budget_slots(&budget), 1);
    }
    hear_busy(&budget, -1, now_ns);
    assert_int_equal(trawl_budget_next_ns(&budget, now_ns), now_ns + 8 * SECOND);
    now_ns += 8 * SECOND;
    hear_fine(&budget, 1, 20, now_ns);
    assert_int_equal(trawl_budget_slots(&budget), 8);
    hear_busy(&budget, -1, now_ns);
    assert_int_equal(trawl_budget_next_ns(&budget, now_ns), now_ns + SECOND);
}

static void rest__comes_after_failures_in_a_row(void **state)
{
    struct trawl_budget budget = make(&plain);

    (void)state;
    hear_failed(&budget, TRAWL_BUDGET_FAILURES - 1, 0);
    hear_fine(&budget, 1, 20, 0);
    hear_failed(&budget, TRAWL_BUDGET_FAILURES - 1, 0);
    assert_int_equal(trawl_budget_next_ns(&budget, 0), 0);
    hear_failed(&budget, 1, 0);
    assert_int_equal(trawl_budget_next_ns(&budget, 0), SECOND);
    hear_failed(&budget, 1, SECOND); /* the one that tried whether it is back */
    assert_int_equal(trawl_budget_next_ns(&budget, SECOND), 3 * SECOND);
}

static void rest__ends_with_giving_up(void **state)
{
    struct trawl_budget budget = make(&plain);
    uint64_t now_ns = 0;

    (void)state;
    for (int i = 0; i < TRAWL_BUDGET_RESTS_MAX; i++) {
        hear_busy(&budget, -1, now_ns);
        assert_false(trawl_budget_is_given_up(&budget, now_ns));
        now_ns = budget.rest_until_ns;
    }
    hear_busy(&budget, -1, now_ns);
    assert_true(trawl_budget_is_given_up(&budget, now_ns));
    assert_int_equal(budget.rest_until_ns, now_ns + TRAWL_BUDGET_GIVE_UP_NS);
    now_ns = budget.rest_until_ns; /* then it gets one more chance */
    assert_false(trawl_budget_is_given_up(&budget, now_ns));
    assert_int_equal(trawl_budget_slots(&budget), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(budget__without_limits_all_slots_are_free),
        cmocka_unit_test(budget__keeps_the_delay),
        cmocka_unit_test(budget__keeps_the_rate_and_lets_a_burst_pass),
        cmocka_unit_test(budget_limits_merge__takes_the_stricter),
        cmocka_unit_test(throttle__doubles_while_the_host_is_at_ease),
        cmocka_unit_test(throttle__takes_back_from_a_host_that_gets_slower),
        cmocka_unit_test(throttle__one_answer_that_took_for_ever_is_forgotten_soon),
        cmocka_unit_test(throttle__errors_never_make_it_faster),
        cmocka_unit_test(throttle__keeps_requests_apart_after_many_429),
        cmocka_unit_test(rest__follows_retry_after),
        cmocka_unit_test(rest__doubles_and_tries_one_at_a_time),
        cmocka_unit_test(rest__comes_after_failures_in_a_row),
        cmocka_unit_test(rest__ends_with_giving_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
