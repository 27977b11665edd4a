#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "supervisor/blame.h"

static enum trawl_verdict crash(struct trawl_blame *blame, unsigned most, uint64_t page)
{
    const struct trawl_hash hash = {.lo = page};

    return trawl_blame_crash(blame, most, page ? &hash : NULL);
}

static void blame__two_crashes_make_a_page_poison(void **state)
{
    struct trawl_blame blame = {0};

    (void)state;
    assert_int_equal(crash(&blame, 5, 1), TRAWL_VERDICT_RESTART);
    assert_int_equal(crash(&blame, 5, 2), TRAWL_VERDICT_RESTART);
    assert_int_equal(crash(&blame, 5, 1), TRAWL_VERDICT_POISON);
    assert_int_equal(crash(&blame, 5, 1), TRAWL_VERDICT_RESTART); /* it is forgotten */
    assert_int_equal(crash(&blame, 5, 2), TRAWL_VERDICT_POISON);
}

static void blame__what_nobody_is_to_blame_for_uses_up_the_restarts(void **state)
{
    struct trawl_blame blame = {0};

    (void)state;
    assert_int_equal(crash(&blame, 2, 0), TRAWL_VERDICT_RESTART);
    trawl_blame_good_page(&blame);
    assert_int_equal(crash(&blame, 2, 0), TRAWL_VERDICT_RESTART);
    assert_int_equal(crash(&blame, 2, 0), TRAWL_VERDICT_GIVE_UP);
    assert_int_equal(crash(&(struct trawl_blame){0}, 0, 0), TRAWL_VERDICT_GIVE_UP);
    assert_int_equal(crash(&(struct trawl_blame){0}, 0, 1), TRAWL_VERDICT_GIVE_UP);
}

static void blame__poison_does_not_use_up_the_restarts(void **state)
{
    struct trawl_blame blame = {0};

    (void)state;
    for (uint64_t page = 1; page <= 100; page++) {
        assert_int_equal(crash(&blame, 1, page), TRAWL_VERDICT_RESTART);
        assert_int_equal(crash(&blame, 1, page), TRAWL_VERDICT_POISON);
        trawl_blame_good_page(&blame);
    }
    assert_int_equal(blame.restarts, 0);
    assert_int_equal(crash(&blame, 1, 0), TRAWL_VERDICT_RESTART);
}

static void blame__gives_up_a_plugin_that_crashes_at_every_page(void **state)
{
    struct trawl_blame blame = {0};

    (void)state;
    for (uint64_t page = 1; page <= 5; page++) {
        assert_int_equal(crash(&blame, 5, page), TRAWL_VERDICT_RESTART);
        assert_int_equal(crash(&blame, 5, page), TRAWL_VERDICT_POISON);
    }
    assert_int_equal(crash(&blame, 5, 6), TRAWL_VERDICT_GIVE_UP);
    assert_int_equal(blame.blamed_in_row, 11);
}

static void blame__remembers_a_bounded_number_of_pages(void **state)
{
    struct trawl_blame blame = {0};

    (void)state;
    for (uint64_t page = 1; page <= 10 * TRAWL_BLAME_PAGES_MAX; page++)
        assert_int_equal(crash(&blame, 10000, page), TRAWL_VERDICT_RESTART);
    assert_int_equal(blame.page_count, TRAWL_BLAME_PAGES_MAX);
    assert_int_equal(crash(&blame, 10000, 1), TRAWL_VERDICT_RESTART); /* forgotten */
    assert_int_equal(crash(&blame, 10000, 10 * TRAWL_BLAME_PAGES_MAX), TRAWL_VERDICT_POISON);
}

static void blame__a_good_page_ends_a_row(void **state)
{
    struct trawl_blame blame = {0};

    (void)state;
    crash(&blame, 5, 0);
    crash(&blame, 5, 1);
    assert_int_equal(blame.in_row, 2);
    trawl_blame_good_page(&blame);
    assert_int_equal(blame.in_row, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blame__two_crashes_make_a_page_poison),
        cmocka_unit_test(blame__what_nobody_is_to_blame_for_uses_up_the_restarts),
        cmocka_unit_test(blame__poison_does_not_use_up_the_restarts),
        cmocka_unit_test(blame__gives_up_a_plugin_that_crashes_at_every_page),
        cmocka_unit_test(blame__remembers_a_bounded_number_of_pages),
        cmocka_unit_test(blame__a_good_page_ends_a_row),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
