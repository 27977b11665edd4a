#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/origin.h"

static struct origins *make(const char *listen, const char *hosts, const char *allowed)
{
    json_auto_t *a = json_pack("[s]", listen);
    json_auto_t *b = hosts ? json_pack("[s]", hosts) : json_array();
    json_auto_t *c = allowed ? json_pack("[s]", allowed) : NULL;

    return origins_create(a, b, c);
}

static void check_host(const char *listen, const char *hosts, const char *host, bool allowed)
{
    struct origins *origins = make(listen, hosts, NULL);

    if (origins_host_allowed(origins, host) != allowed)
        fail_msg("%s, %s: %s", listen, hosts ? hosts : "-", host);
    origins_destroy(origins);
}

static void origins_host__must_be_served(void **state)
{
    (void)state;
    check_host("127.0.0.1:8080", NULL, "127.0.0.1:8080", true);
    check_host("127.0.0.1:8080", NULL, "localhost:8080", true);
    check_host("127.0.0.1:8080", NULL, "LocalHost:8080", true);
    check_host("127.0.0.1:8080", NULL, "127.0.0.1", false);
    check_host("127.0.0.1:8080", NULL, "127.0.0.1:8081", false);
    check_host("127.0.0.1:8080", NULL, "evil.example:8080", false);
    check_host("127.0.0.1:8080", NULL, "127.0.0.1:8080.evil.example", false);
    check_host("127.0.0.1:8080", NULL, "127.0.0.1.evil.example:8080", false);
    check_host("127.0.0.1:8080", NULL, "", false);
    check_host("127.0.0.1:80", NULL, "127.0.0.1", true);
    check_host("[::1]:8080", NULL, "[::1]:8080", true);
    check_host("[::1]:8080", NULL, "[::1]", false);
}

static void origins_host__takes_configured_names(void **state)
{
    (void)state;
    check_host("127.0.0.1:8080", "trawl.example", "trawl.example", true);
    check_host("127.0.0.1:8080", "trawl.example", "trawl.example:443", true);
    check_host("127.0.0.1:8080", "trawl.example:443", "trawl.example:444", false);
    check_host("127.0.0.1:8080", "trawl.example", "xtrawl.example", false);
}

static void origins_host__any_interface_takes_numbers_not_names(void **state)
{
    (void)state;
    check_host("0.0.0.0:8080", NULL, "10.1.2.3:8080", true);
    check_host("0.0.0.0:8080", NULL, "[fe80::1]:8080", true);
    check_host("0.0.0.0:8080", NULL, "10.1.2.3:81", false);
    check_host("0.0.0.0:8080", NULL, "evil.example:8080", false);
    check_host("[::]:8080", NULL, "10.1.2.3:8080", true);
}

static void origins_origin__same_or_configured(void **state)
{
    struct origins *origins = make("127.0.0.1:8080", NULL, "https://board.example");

    (void)state;
    assert_true(origins_origin_allowed(origins, NULL));
    assert_true(origins_origin_allowed(origins, "http://127.0.0.1:8080"));
    assert_true(origins_origin_allowed(origins, "http://localhost:8080"));
    assert_true(origins_origin_allowed(origins, "https://board.example"));
    assert_false(origins_origin_allowed(origins, "http://board.example"));
    assert_false(origins_origin_allowed(origins, "null"));
    assert_false(origins_origin_allowed(origins, ""));
    assert_false(origins_origin_allowed(origins, "http://evil.example"));
    assert_false(origins_origin_allowed(origins, "http://127.0.0.1:8080.evil.example"));
    assert_false(origins_origin_allowed(origins, "file://"));
    origins_destroy(origins);
}

static void origins_origin__is_listed_or_not(void **state)
{
    struct origins *origins = make("127.0.0.1:8080", NULL, "https://board.example");
    struct origins *alone = make("127.0.0.1:8080", NULL, NULL);

    (void)state;
    assert_true(origins_are_shared(origins));
    assert_true(origins_origin_listed(origins, "https://board.example"));
    assert_false(origins_origin_listed(origins, "https://board.example:8443"));
    assert_false(origins_origin_listed(origins, "http://127.0.0.1:8080")); /* allowed: our own */
    assert_false(origins_origin_listed(origins, "*"));
    assert_false(origins_origin_listed(origins, NULL));
    assert_false(origins_are_shared(alone));
    origins_destroy(origins);
    origins_destroy(alone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(origins_host__must_be_served),
        cmocka_unit_test(origins_host__takes_configured_names),
        cmocka_unit_test(origins_host__any_interface_takes_numbers_not_names),
        cmocka_unit_test(origins_origin__same_or_configured),
        cmocka_unit_test(origins_origin__is_listed_or_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
