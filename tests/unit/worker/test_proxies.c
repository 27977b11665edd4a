#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "worker/proxies.h"

#define SECOND UINT64_C(1000000000)

static int setup(void **state)
{
    static struct trawl_proxies proxies;
    json_t *urls = json_pack("[s, s, s]", "http://me:p%40ss@a.org:3128", "socks5h://b.org:1080",
                             "https://c.org/");

    proxies = (struct trawl_proxies){0};
    assert_int_equal(trawl_proxies_init(&proxies, urls), 0);
    json_decref(urls);
    *state = &proxies;
    return 0;
}

static int teardown(void **state)
{
    trawl_proxies_finish(*state);
    return 0;
}

static void proxies_init__takes_user_and_password_out(void **state)
{
    struct trawl_proxies *proxies = *state;

    assert_string_equal(proxies->proxies[0].url, "http://a.org:3128/");
    assert_string_equal(proxies->proxies[0].user, "me");
    assert_string_equal(proxies->proxies[0].password, "p@ss");
    assert_string_equal(proxies->proxies[1].url, "socks5h://b.org:1080/");
    assert_null(proxies->proxies[1].user);
    assert_null(proxies->proxies[1].password);
}

static void proxies_next__goes_round(void **state)
{
    struct trawl_proxies *proxies = *state;

    for (size_t i = 0; i < 7; i++)
        assert_ptr_equal(trawl_proxies_next(proxies, 0), &proxies->proxies[i % 3]);
}

static void proxies_next__is_none_where_there_are_none(void **state)
{
    struct trawl_proxies none = {0};

    (void)state;
    assert_int_equal(trawl_proxies_init(&none, NULL), 0);
    assert_null(trawl_proxies_next(&none, 0));
    trawl_proxies_finish(&none);
}

static void fail_in_row(struct trawl_proxy *proxy, unsigned times, uint64_t now_ns)
{
    while (times-- > 0)
        trawl_proxy_used(proxy, true, now_ns);
}

static void proxies_next__lets_one_rest_that_fails_in_a_row(void **state)
{
    struct trawl_proxies *proxies = *state;
    struct trawl_proxy *bad = &proxies->proxies[1];

    fail_in_row(bad, TRAWL_PROXY_FAILURES - 1, SECOND);
    trawl_proxy_used(bad, false, SECOND);
    fail_in_row(bad, TRAWL_PROXY_FAILURES - 1, SECOND);
    assert_int_equal(bad->rests_until_ns, 0);
    fail_in_row(bad, 1, SECOND);
    assert_int_equal(bad->rests_until_ns, SECOND + TRAWL_PROXY_REST_MIN_NS);
    for (size_t i = 0; i < 6; i++)
        assert_ptr_not_equal(trawl_proxies_next(proxies, 2 * SECOND), bad);
    for (size_t i = 0; i < 3; i++) {
        if (trawl_proxies_next(proxies, SECOND + TRAWL_PROXY_REST_MIN_NS) == bad)
            return;
    }
    fail_msg("it still rests");
}

static void proxies_next__prefers_the_one_that_has_rested_most(void **state)
{
    struct trawl_proxies *proxies = *state;

    fail_in_row(&proxies->proxies[0], TRAWL_PROXY_FAILURES + 2, 0);
    fail_in_row(&proxies->proxies[1], TRAWL_PROXY_FAILURES, 0);
    fail_in_row(&proxies->proxies[2], TRAWL_PROXY_FAILURES + 1, 0);
    for (size_t i = 0; i < 4; i++)
        assert_ptr_equal(trawl_proxies_next(proxies, 1), &proxies->proxies[1]);
}

static void proxy_used__rests_no_longer_than_the_most(void **state)
{
    struct trawl_proxies *proxies = *state;

    fail_in_row(&proxies->proxies[0], 1000, 0);
    assert_int_equal(proxies->proxies[0].rests_until_ns, TRAWL_PROXY_REST_MAX_NS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(proxies_init__takes_user_and_password_out),
        TEST(proxies_next__goes_round),
        TEST(proxies_next__is_none_where_there_are_none),
        TEST(proxies_next__lets_one_rest_that_fails_in_a_row),
        TEST(proxies_next__prefers_the_one_that_has_rested_most),
        TEST(proxy_used__rests_no_longer_than_the_most),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
