#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "worker/known.h"

static struct trawl_hash number(uint64_t n)
{
    return trawl_hash_bytes(&n, sizeof(n));
}

static void known_find__nothing_in_an_empty_table(void **state)
{
    struct trawl_known known = {0};

    (void)state;
    assert_null(trawl_known_find(&known, number(1)));
    trawl_known_finish(&known);
}

static void known_add__keeps_all_while_growing(void **state)
{
    enum { COUNT = 100000 };
    struct trawl_known known = {0};

    (void)state;
    for (uint64_t i = 0; i < COUNT; i++) {
        struct trawl_known_entry *entry = trawl_known_add(&known, number(i));

        assert_int_equal(entry->state, TRAWL_KNOWN_FREE);
        entry->state = TRAWL_KNOWN_QUEUED;
        entry->depth = (uint16_t)i;
    }
    for (uint64_t i = 0; i < COUNT; i++)
        assert_int_equal(trawl_known_find(&known, number(i))->depth, (uint16_t)i);
    assert_null(trawl_known_find(&known, number(COUNT)));
    assert_int_equal(known.count, COUNT);
    trawl_known_finish(&known);
}

static void known_add__gives_the_entry_that_is_there(void **state)
{
    struct trawl_known known = {0};

    (void)state;
    trawl_known_add(&known, number(1))->state = TRAWL_KNOWN_DONE;
    assert_int_equal(trawl_known_add(&known, number(1))->state, TRAWL_KNOWN_DONE);
    assert_int_equal(known.count, 1);
    trawl_known_finish(&known);
}

static void known__tells_hashes_with_one_place_apart(void **state)
{
    struct trawl_known known = {0};
    const struct trawl_hash a = {.hi = 1, .lo = 7};
    const struct trawl_hash b = {.hi = 2, .lo = 7};

    (void)state;
    trawl_known_add(&known, a)->state = TRAWL_KNOWN_DONE;
    assert_null(trawl_known_find(&known, b));
    trawl_known_add(&known, b)->state = TRAWL_KNOWN_QUEUED;
    assert_int_equal(trawl_known_find(&known, a)->state, TRAWL_KNOWN_DONE);
    trawl_known_finish(&known);
}

static void known__costs_at_most_100_bytes_a_url(void **state)
{
    struct trawl_known known = {0};

    (void)state;
    for (uint64_t i = 0; i < 50000; i++) {
        size_t before = known.cap;

        trawl_known_add(&known, number(i))->state = TRAWL_KNOWN_DONE;
        /* While it grows, old and new table are there at once. */
        if (i >= 1000)
            assert_true((known.cap + (before != known.cap ? before : 0)) *
                            sizeof(struct trawl_known_entry) <=
                        known.count * 100);
    }
    trawl_known_finish(&known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_find__nothing_in_an_empty_table),
        cmocka_unit_test(known_add__keeps_all_while_growing),
        cmocka_unit_test(known_add__gives_the_entry_that_is_there),
        cmocka_unit_test(known__tells_hashes_with_one_place_apart),
        cmocka_unit_test(known__costs_at_most_100_bytes_a_url),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
