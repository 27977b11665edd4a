#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "config/config.h"
#include "util/alloc.h"
#include "util/json.h"

/* The mistakes of a top level "fetch", as "where: message" each. */
static void check(const char *fetch, const char *expected)
{
    struct trawl_config *config = NULL;
    struct trawl_errlist errs = {0};
    json_auto_t *root = json_object();
    json_t *value = NULL;

    assert_int_equal(trawl_json_parse(fetch, strlen(fetch), &value, NULL), 0);
    json_object_set_new(root, "fetch", value);
    (void)trawl_config_from_json(root, ".", &config, &errs);
    trawl_config_destroy(config);
    if (!expected) {
        assert_int_equal(errs.count, 0);
    } else {
        assert_int_equal(errs.count, 1);
        assert_string_equal(errs.errs[0].where, expected);
        assert_null(strstr(errs.errs[0].message, "s3cret"));
    }
    trawl_errlist_finish(&errs);
}

static void config__takes_proxies_of_four_kinds(void **state)
{
    (void)state;
    check("{\"proxies\": [\"http://u:s3cret@a.org:3128\", \"https://a.org/\", "
          "\"socks5h://[::1]:1080\", \"socks4a://b\"]}",
          NULL);
    check("{\"proxies\": [\"http://a\", \"socks5://s3cret@b:1080\"]}", "fetch.proxies[1]");
    check("{\"proxies\": \"a.org:3128\"}", "fetch.proxies[0]");
    check("{\"proxies\": \"http://s3cret@\"}", "fetch.proxies[0]");
    check("{\"proxies\": \"http://a/s3cret\"}", "fetch.proxies[0]");
    check("{\"proxies\": \"http://:3128\"}", "fetch.proxies[0]");
}

static void config__knows_what_each_kind_of_auth_needs(void **state)
{
    (void)state;
    check("{\"auth\": {\"type\": \"basic\", \"user\": \"u\", \"password\": \"s3cret\"}}", NULL);
    check("{\"auth\": {\"type\": \"bearer\", \"token\": \"s3cret\"}}", NULL);
    check("{\"auth\": {\"type\": \"none\"}}", NULL);
    check("{\"auth\": {\"type\": \"digest\", \"password\": \"s3cret\"}}", "fetch.auth");
    check("{\"auth\": {\"type\": \"bearer\", \"user\": \"u\"}}", "fetch.auth");
    check("{\"auth\": {\"type\": \"bearer\", \"token\": \"s3cret\\r\\nX: y\"}}", "fetch.auth");
    check("{\"auth\": {\"user\": \"u\"}}", "fetch.auth.type");
}

static void take_secret_headers__leaves_the_harmless(void **state)
{
    json_auto_t *secrets = json_pack("{s:b}", "s3cret", 1);
    const struct trawl_config config = {.secrets = secrets};
    json_auto_t *headers = json_pack("{s:s, s:s, s:s, s:s}", "Accept", "*/*", "Referer", "s3cret",
                                     "Authorization", "x", "X-Shop", "y");
    json_auto_t *taken = trawl_config_take_secret_headers(&config, headers);

    (void)state;
    assert_int_equal(json_object_size(headers), 1);
    assert_non_null(json_object_get(headers, "Accept"));
    assert_int_equal(json_object_size(taken), 3);
    assert_string_equal(trawl_json_string(taken, "Referer", ""), "s3cret");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(config__takes_proxies_of_four_kinds),
        cmocka_unit_test(config__knows_what_each_kind_of_auth_needs),
        cmocka_unit_test(take_secret_headers__leaves_the_harmless),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
