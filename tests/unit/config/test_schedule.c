#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "config/config.h"
#include "config/schedule.h"
#include "util/json.h"

static json_t *platforms_with(const char *schedule)
{
    char text[512];
    json_t *root = NULL;

    snprintf(text, sizeof(text),
             "{\"platforms\": {\"shop\": {\"plugin\": \"html\", \"schedule\": %s}}}", schedule);
    assert_int_equal(trawl_json_parse(text, strlen(text), &root, NULL), 0);
    return root;
}

/* The schedule as it is resolved. New reference. */
static json_t *resolve(const char *schedule)
{
    json_auto_t *root = platforms_with(schedule);
    struct trawl_errlist errs = {0};
    struct trawl_config *config = NULL;
    json_t *resolved;

    if (trawl_config_from_json(root, ".", &config, &errs) < 0)
        fail_msg("%s: %s", errs.errs[0].where, errs.errs[0].message);
    resolved = json_incref(json_object_get(trawl_config_platform(config, "shop"), "schedule"));
    trawl_config_destroy(config);
    return resolved;
}

/* The mistakes, a line each: where and how the message begins. */
static void expect_mistakes(const char *schedule, const char *const (*expected)[2], size_t count)
{
    json_auto_t *root = platforms_with(schedule);
    struct trawl_errlist errs = {0};
    struct trawl_config *config = NULL;

    assert_int_equal(trawl_config_from_json(root, ".", &config, &errs), -EINVAL);
    assert_int_equal(errs.count, count);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(errs.errs[i].where, expected[i][0]);
        assert_ptr_equal(strstr(errs.errs[i].message, expected[i][1]), errs.errs[i].message);
    }
    trawl_errlist_finish(&errs);
}

static void schedule__a_string_is_its_cron(void **state)
{
    json_auto_t *schedule = resolve("\"@daily\"");

    (void)state;
    assert_string_equal(trawl_json_string(schedule, "cron", ""), "@daily");
    assert_string_equal(trawl_json_string(schedule, "timezone", ""), "UTC");
    assert_int_equal(trawl_json_int(schedule, "jitter", -1), 0);
    assert_string_equal(trawl_json_string(schedule, "misfire", ""), "coalesce");
    assert_string_equal(trawl_json_string(schedule, "overlap", ""), "skip");
    assert_string_equal(trawl_json_string(schedule, "on_suspect", ""), "run");
}

static void schedule__says_all_that_is_wrong_at_once(void **state)
{
    static const char *const mistakes[][2] = {
        {"platforms.shop.schedule.misfire", "expected one of skip|coalesce|all, not 'al'"},
        {"platforms.shop.schedule.cron", "character 1 of the schedule '61 * * * *', in the minute"},
        {"platforms.shop.schedule.timezone", "there is no time zone 'Europe/Berlinn'"},
    };

    (void)state;
    expect_mistakes(
        "{\"cron\": \"61 * * * *\", \"timezone\": \"Europe/Berlinn\", \"misfire\": \"al\"}",
        mistakes, 3);
}

static void schedule__needs_a_cron(void **state)
{
    static const char *const mistakes[][2] = {
        {"platforms.shop.schedule.cron", "is missing"},
        {"platforms.shop.schedule.timezone", "'../UTC' is no name of a time zone"},
    };

    (void)state;
    expect_mistakes("{\"timezone\": \"../UTC\"}", mistakes, 2);
}

static void schedule__must_be_due_some_day(void **state)
{
    static const char *const mistakes[][2] = {{"platforms.shop.schedule.cron", "is never due"}};

    (void)state;
    expect_mistakes("\"0 0 30 2 *\"", mistakes, 1);
}

static void timing_parse__knows_the_zone(void **state)
{
    json_auto_t *schedule =
        json_pack("{s:s, s:s}", "cron", "0 12 * * *", "timezone", "Europe/Berlin");
    struct trawl_timing timing;

    (void)state;
    assert_int_equal(trawl_timing_parse(schedule, &timing, NULL), 0);
    /* 2026-01-31T11:00:00Z */
    assert_int_equal(trawl_cron_next(&timing.cron, timing.zone, 1769817600000), 1769857200000);
    trawl_timing_finish(&timing);
}

static void timing_parse__says_which_key_is_wrong(void **state)
{
    json_auto_t *schedule = json_pack("{s:s, s:s}", "cron", "@daily", "timezone", "Nowhere");
    struct trawl_timing timing;
    struct trawl_err err = {0};

    (void)state;
    assert_int_equal(trawl_timing_parse(schedule, &timing, &err), -ENOENT);
    assert_string_equal(err.where, "timezone");
    json_object_set_new(schedule, "cron", json_string("daily"));
    assert_int_equal(trawl_timing_parse(schedule, &timing, &err), -EINVAL);
    assert_string_equal(err.where, "cron");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(schedule__a_string_is_its_cron),
        cmocka_unit_test(schedule__says_all_that_is_wrong_at_once),
        cmocka_unit_test(schedule__needs_a_cron),
        cmocka_unit_test(schedule__must_be_due_some_day),
        cmocka_unit_test(timing_parse__knows_the_zone),
        cmocka_unit_test(timing_parse__says_which_key_is_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
