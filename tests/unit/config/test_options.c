#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "config/options.h"
#include "util/alloc.h"
#include "util/json.h"

static const struct trawl_option text[] = {{.type = TRAWL_OPTION_STRING}};

static const struct trawl_option field_table[] = {
    {.name = "select", .type = TRAWL_OPTION_STRING, .required = true, .help = "a selector"},
    {.name = "get",
     .type = TRAWL_OPTION_ENUM,
     .choices = "text|html|attr",
     .default_json = "\"text\""},
    {.type = TRAWL_OPTION_END},
};

static const struct trawl_option field[] = {
    {.type = TRAWL_OPTION_OBJECT, .fields = field_table, .shorthand = "select"},
};

static const struct trawl_option table[] = {
    {.name = "name", .type = TRAWL_OPTION_STRING},
    {.name = "on", .type = TRAWL_OPTION_BOOL, .default_json = "true"},
    {.name = "count", .type = TRAWL_OPTION_INT, .default_json = "8", .min = 1, .max = 64},
    {.name = "shards", .type = TRAWL_OPTION_INT, .choices = "auto|most", .min = 1, .max = 64},
    {.name = "ratio", .type = TRAWL_OPTION_NUMBER, .min = 0, .max = 1},
    {.name = "delay", .type = TRAWL_OPTION_DURATION, .default_json = "\"30s\"", .max = 60000},
    {.name = "room", .type = TRAWL_OPTION_SIZE, .default_json = "\"16M\""},
    {.name = "start", .type = TRAWL_OPTION_LIST, .fields = text},
    {.name = "fields", .type = TRAWL_OPTION_MAP, .fields = field},
    {.name = "body", .type = TRAWL_OPTION_ANY},
    {.type = TRAWL_OPTION_END},
};

static json_t *parse(const char *written)
{
    json_t *value = NULL;

    assert_int_equal(trawl_json_parse(written, strlen(written), &value, NULL), 0);
    return value;
}

/* What `written` becomes, with the defaults that are the same everywhere left out. */
static void check(const char *written, const char *expected)
{
    struct trawl_errlist errs = {0};
    json_t *given = parse(written);
    json_t *wanted = parse("{\"on\":true,\"count\":8,\"delay\":30000,\"room\":16777216}");
    json_t *more = parse(expected);
    json_t *resolved = trawl_options_resolve(table, given, "", &errs);

    json_object_update(wanted, more);
    assert_int_equal(errs.count, 0);
    assert_true(json_equal(resolved, wanted));
    json_decref(resolved);
    json_decref(more);
    json_decref(wanted);
    json_decref(given);
}

static void check_mistake(const char *written, const char *where, const char *message)
{
    struct trawl_errlist errs = {0};
    json_t *given = parse(written);

    json_decref(trawl_options_resolve(table, given, "options", &errs));
    assert_int_equal(errs.count, 1);
    assert_string_equal(errs.errs[0].where, where);
    assert_string_equal(errs.errs[0].message, message);
    trawl_errlist_finish(&errs);
    json_decref(given);
}

static void options_resolve__fills_in_defaults(void **state)
{
    struct trawl_errlist errs = {0};
    json_t *resolved = trawl_options_resolve(table, NULL, "", &errs);

    (void)state;
    assert_int_equal(trawl_json_int(resolved, "count", 0), 8);
    assert_int_equal(trawl_json_int(resolved, "delay", 0), 30000);
    assert_int_equal(trawl_json_int(resolved, "room", 0), 16 << 20);
    assert_null(json_object_get(resolved, "name"));
    json_decref(resolved);
}

static void options_resolve__takes_every_type(void **state)
{
    (void)state;
    check("{\"name\": \"x\", \"on\": false, \"count\": 64}",
          "{\"name\": \"x\", \"on\": false, \"count\": 64}");
    check("{\"ratio\": 0.5}", "{\"ratio\": 0.5}");
    check("{\"ratio\": 1}", "{\"ratio\": 1}");
    check("{\"delay\": 0}", "{\"delay\": 0}");
    check("{\"delay\": \"250ms\", \"room\": 12}", "{\"delay\": 250, \"room\": 12}");
    check("{\"start\": [\"a\", \"b\"]}", "{\"start\": [\"a\", \"b\"]}");
    check("{\"body\": {\"any\": [null]}}", "{\"body\": {\"any\": [null]}}");
    check("{\"body\": null, \"name\": null}", "{\"body\": null}");
}

static void options_resolve__takes_what_a_variable_gave_as_text(void **state)
{
    (void)state;
    check("{\"on\": \"false\", \"count\": \"12\", \"ratio\": \"0.25\"}",
          "{\"on\": false, \"count\": 12, \"ratio\": 0.25}");
}

static void options_resolve__takes_short_forms(void **state)
{
    (void)state;
    check("{\"start\": \"a\"}", "{\"start\": [\"a\"]}");
    check("{\"fields\": {\"t\": \"h1\"}}",
          "{\"fields\": {\"t\": {\"select\": \"h1\", \"get\": \"text\"}}}");
}

static void options_resolve__takes_a_word_for_a_number(void **state)
{
    (void)state;
    check("{\"shards\": \"most\"}", "{\"shards\": \"most\"}");
    check("{\"shards\": \"4\"}", "{\"shards\": 4}");
}

static void options_resolve__passes_over_comments(void **state)
{
    (void)state;
    check("{\"//\": 1, \"// delay\": \"x\", \"fields\": {\"//\": 7}}", "{\"fields\": {}}");
}

static void options_resolve__says_what_was_expected(void **state)
{
    static const struct {
        const char *written;
        const char *where;
        const char *message;
    } cases[] = {
        {"7", "options", "expected an object, not a number"},
        {"{\"name\": 7}", "options.name", "expected a string, not a number"},
        {"{\"on\": \"yes\"}", "options.on", "expected true or false, not the string 'yes'"},
        {"{\"count\": \"many\"}", "options.count",
         "expected a whole number, not the string 'many'"},
        {"{\"count\": 1.5}", "options.count", "expected a whole number, not 1.5"},
        {"{\"count\": 0}", "options.count", "expected 1 to 64, not 0"},
        {"{\"count\": 99999999999999999999}", "options.count",
         "expected a whole number, not the string '99999999999999999999'"},
        {"{\"shards\": \"au\"}", "options.shards",
         "expected a whole number or auto|most, not the string 'au'"},
        {"{\"shards\": 0}", "options.shards", "expected 1 to 64, not 0"},
        {"{\"ratio\": 1.5}", "options.ratio", "expected 0 to 1, not 1.5"},
        {"{\"ratio\": []}", "options.ratio", "expected a number, not a list"},
        {"{\"delay\": 30}", "options.delay",
         "expected a duration with its unit such as \"30s\", not a number"},
        {"{\"delay\": \"2m\"}", "options.delay", "expected 0ms to 1m, not 2m"},
        {"{\"delay\": \"soon\"}", "options.delay",
         "expected a duration such as \"250ms\", \"30s\", \"15m\" or \"7d\", not the string "
         "'soon'"},
        {"{\"room\": -1}", "options.room",
         "expected a size such as \"512\", \"64K\", \"16M\" or \"2G\", not a number"},
        {"{\"start\": [\"a\", 1]}", "options.start[1]", "expected a string, not a number"},
        {"{\"start\": 1}", "options.start", "expected a string, not a number"},
        {"{\"fields\": []}", "options.fields", "expected an object, not a list"},
        {"{\"fields\": {\"t\": {}}}", "options.fields.t.select", "is missing: a selector"},
        {"{\"fields\": {\"t\": 7}}", "options.fields.t",
         "expected an object, or a string for its 'select', not a number"},
        {"{\"fields\": {\"t\": {\"select\": \"a\", \"get\": \"txt\"}}}", "options.fields.t.get",
         "expected one of text|html|attr, not 'txt'; did you mean 'text'?"},
        {"{\"fields\": {\"t\": {\"select\": \"a\", \"get\": 1}}}", "options.fields.t.get",
         "expected one of text|html|attr, not a number"},
        {"{\"cuont\": 8}", "options.cuont", "unknown key; did you mean 'count'?"},
        {"{\"elephant\": 8}", "options.elephant",
         "unknown key; known are name, on, count, shards, ratio, delay, room, start, fields, body"},
    };

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(cases); i++)
        check_mistake(cases[i].written, cases[i].where, cases[i].message);
}

static void options_resolve__tells_all_mistakes_at_once(void **state)
{
    struct trawl_errlist errs = {0};
    json_t *given = parse("{\"cuont\": 1, \"on\": 7, \"start\": [1, 2], \"fields\": {\"a\": {}}}");

    (void)state;
    json_decref(trawl_options_resolve(table, given, "", &errs));
    assert_int_equal(errs.count, 5);
    trawl_errlist_finish(&errs);
    json_decref(given);
}

static void options_resolve__without_a_table_takes_nothing(void **state)
{
    struct trawl_errlist errs = {0};
    json_t *given = parse("{\"a\": 1}");

    (void)state;
    json_decref(trawl_options_resolve(NULL, given, "", &errs));
    assert_string_equal(errs.errs[0].message, "unknown key; none is known here");
    trawl_errlist_finish(&errs);
    json_decref(given);
}

static void duration_parse__knows_its_units(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {
        {"0", 0},          {"250ms", 250},    {"30s", 30000},     {"15m", 900000},
        {"12h", 43200000}, {"7d", 604800000}, {"1h30m", 5400000},
    };
    static const char *const wrong[] = {
        "", "s", "30", "-1s", "1.5s", "30 s", "30S", "1w", "30s ", "1hm", "99999999999999999999s"};
    int64_t ms = 77;

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(cases); i++) {
        assert_int_equal(trawl_duration_parse(cases[i].text, &ms), 0);
        assert_int_equal(ms, cases[i].ms);
    }
    ms = 77;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(wrong); i++)
        assert_int_equal(trawl_duration_parse(wrong[i], &ms), -EINVAL);
    assert_int_equal(ms, 77);
}

static void size_parse__knows_its_units(void **state)
{
    static const struct {
        const char *text;
        int64_t bytes;
    } cases[] = {{"0", 0}, {"512", 512}, {"64K", 65536}, {"16M", 16777216}, {"2G", 2147483648}};
    static const char *const wrong[] = {"", "K", "-1", "1T", "1k", "1K1K", "1.5M", "99999999999G"};
    int64_t bytes = 77;

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(cases); i++) {
        assert_int_equal(trawl_size_parse(cases[i].text, &bytes), 0);
        assert_int_equal(bytes, cases[i].bytes);
    }
    bytes = 77;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(wrong); i++)
        assert_int_equal(trawl_size_parse(wrong[i], &bytes), -EINVAL);
    assert_int_equal(bytes, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_resolve__fills_in_defaults),
        cmocka_unit_test(options_resolve__takes_every_type),
        cmocka_unit_test(options_resolve__takes_what_a_variable_gave_as_text),
        cmocka_unit_test(options_resolve__takes_short_forms),
        cmocka_unit_test(options_resolve__takes_a_word_for_a_number),
        cmocka_unit_test(options_resolve__passes_over_comments),
        cmocka_unit_test(options_resolve__says_what_was_expected),
        cmocka_unit_test(options_resolve__tells_all_mistakes_at_once),
        cmocka_unit_test(options_resolve__without_a_table_takes_nothing),
        cmocka_unit_test(duration_parse__knows_its_units),
        cmocka_unit_test(size_parse__knows_its_units),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
