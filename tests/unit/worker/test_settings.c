#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "config/config.h"
#include "config/options.h"
#include "util/json.h"
#include "worker/settings.h"

/* Settings of one of `shards` shards, from a section as a user would write it; *ret_job has to outlive them. */
static struct trawl_settings read_shard(const char *written, int shard, int shards,
                                        json_t **ret_job)
{
    struct trawl_settings settings = {0};
    struct trawl_errlist errs = {0};
    json_auto_t *given = NULL;

    assert_int_equal(trawl_json_parse(written, strlen(written), &given, NULL), 0);
    *ret_job = json_pack("{s:o, s:i, s:i}", "fetch",
                         trawl_options_resolve(trawl_fetch_table, given, "fetch", &errs), "shard",
                         shard, "shards", shards);
    assert_int_equal(errs.count, 0);
    trawl_settings_read(&settings, *ret_job);
    return settings;
}

static struct trawl_settings read(const char *written, json_t **ret_job)
{
    return read_shard(written, 0, 1, ret_job);
}

static void settings_read__takes_every_value(void **state)
{
    json_auto_t *section = NULL;
    struct trawl_settings settings =
        read("{\"concurrency\": 3, \"total_concurrency\": 5, \"max_pages\": 7, "
             "\"max_depth\": 9, \"retries\": 4, \"retry_base\": \"2s\", \"retry_max\": \"1m\", "
             "\"timeout\": \"20s\", \"connect_timeout\": \"6s\", \"max_body\": \"2M\", "
             "\"max_item\": \"64K\", \"max_redirects\": 2, \"http2\": false, "
             "\"user_agent\": \"me\", \"headers\": {\"X-A\": \"b\"}}",
             &section);

    (void)state;
    assert_int_equal(settings.frontier.hosts.concurrency, 3);
    assert_int_equal(settings.frontier.hosts.total, 5);
    assert_int_equal(settings.frontier.pages, 0); /* until some are granted */
    assert_int_equal(settings.frontier.max_depth, 9);
    assert_int_equal(settings.frontier.retries, 4);
    assert_int_equal(settings.frontier.retry_base_ms, 2000);
    assert_int_equal(settings.frontier.retry_max_ms, 60000);
    assert_int_equal(settings.timeout_ms, 20000);
    assert_int_equal(settings.connect_timeout_ms, 6000);
    assert_int_equal(settings.max_body, 2 << 20);
    assert_int_equal(settings.max_item, 64 << 10);
    assert_int_equal(settings.max_redirects, 2);
    assert_false(settings.http2);
    assert_string_equal(settings.user_agent, "me");
    assert_string_equal(trawl_json_string(settings.headers, "X-A", ""), "b");
}

static void settings_name_host__compares_host_and_port(void **state)
{
    json_auto_t *starts = json_pack("[s, s]", "http://a.org/", "https://b.org:8443/");
    struct trawl_settings settings = {.starts = starts};

    (void)state;
    assert_true(trawl_settings_name_host(&settings, "http://a.org/x"));
    assert_true(trawl_settings_name_host(&settings, "https://a.org/x"));
    assert_true(trawl_settings_name_host(&settings, "https://b.org:8443/"));
    assert_false(trawl_settings_name_host(&settings, "http://a.org:8080/"));
    assert_false(trawl_settings_name_host(&settings, "https://b.org/"));
    assert_false(trawl_settings_name_host(&settings, "http://www.a.org/"));
    settings.starts = NULL;
    assert_false(trawl_settings_name_host(&settings, "http://a.org/"));
}

static void settings_trust_host__does_not_go_back_to_the_clear(void **state)
{
    json_auto_t *starts = json_pack("[s, s]", "http://a.org/", "https://b.org/");
    struct trawl_settings settings = {.starts = starts};

    (void)state;
    assert_true(trawl_settings_trust_host(&settings, "http://a.org/x"));
    assert_true(trawl_settings_trust_host(&settings, "https://a.org/x"));
    assert_true(trawl_settings_trust_host(&settings, "https://b.org/x"));
    assert_false(trawl_settings_trust_host(&settings, "http://b.org/x"));
    assert_false(trawl_settings_trust_host(&settings, "https://c.org/"));
}

static void settings_read__knows_private_networks(void **state)
{
    json_auto_t *none = NULL;
    json_auto_t *allow = NULL;
    json_auto_t *deny = NULL;

    (void)state;
    assert_int_equal(read("{}", &none).private_networks, TRAWL_PRIVATE_START);
    assert_int_equal(read("{\"private_networks\": \"allow\"}", &allow).private_networks,
                     TRAWL_PRIVATE_ALLOW);
    assert_int_equal(read("{\"private_networks\": \"deny\"}", &deny).private_networks,
                     TRAWL_PRIVATE_DENY);
}

static void settings_read__knows_what_is_unlimited(void **state)
{
    json_auto_t *none = NULL;
    json_auto_t *zero = NULL;
    struct trawl_settings settings = read("{}", &none);

    (void)state;
    assert_int_equal(settings.frontier.pages, TRAWL_FRONTIER_UNLIMITED);
    assert_int_equal(settings.frontier.max_depth, TRAWL_FRONTIER_UNLIMITED);
    assert_true(settings.http2);
    settings = read("{\"max_depth\": 0}", &zero); /* the first pages, and no link */
    assert_int_equal(settings.frontier.max_depth, 0);
}

static void settings_read__divides_the_total_among_shards(void **state)
{
    unsigned total = 0;

    (void)state;
    for (int shard = 0; shard < 3; shard++) {
        json_auto_t *job = NULL;
        struct trawl_settings settings = read_shard("{\"total_concurrency\": 32}", shard, 3, &job);

        total += settings.frontier.hosts.total;
        assert_int_equal(settings.frontier.shard, shard);
        assert_int_equal(settings.frontier.shards, 3);
    }
    assert_int_equal(total, 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_read__takes_every_value),
        cmocka_unit_test(settings_name_host__compares_host_and_port),
        cmocka_unit_test(settings_trust_host__does_not_go_back_to_the_clear),
        cmocka_unit_test(settings_read__knows_private_networks),
        cmocka_unit_test(settings_read__knows_what_is_unlimited),
        cmocka_unit_test(settings_read__divides_the_total_among_shards),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
