/* What is made of a table besides validation: JSON and back, the schema, the text for a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/options.h"
#include "util/alloc.h"
#include "util/json.h"

static const struct trawl_option text[] = {{.type = TRAWL_OPTION_STRING}};

static const struct trawl_option entry_table[] = {
    {.name = "kind", .type = TRAWL_OPTION_ENUM, .choices = "a|b", .required = true},
    {.type = TRAWL_OPTION_END},
};
static const struct trawl_option entry[] = {
    {.type = TRAWL_OPTION_OBJECT, .fields = entry_table, .shorthand = "kind"},
};

static const struct trawl_option table[] = {
    {.name = "delay",
     .type = TRAWL_OPTION_DURATION,
     .default_json = "\"30s\"",
     .min = 0,
     .max = 60000,
     .help = "a pause"},
    {.name = "start", .type = TRAWL_OPTION_LIST, .fields = text, .required = true},
    {.name = "entries", .type = TRAWL_OPTION_MAP, .fields = entry},
    {.name = "anything", .type = TRAWL_OPTION_LIST},
    {.type = TRAWL_OPTION_END},
};

static json_t *at(json_t *value, const char *name)
{
    return json_object_get(value, name);
}

static void options_json__gives_the_same_table_back(void **state)
{
    json_t *json = trawl_options_to_json(table);
    struct trawl_option *again = trawl_options_from_json(json);
    json_t *json_again;

    (void)state;
    assert_non_null(again);
    assert_string_equal(again[0].default_json, "\"30s\"");
    assert_true(again[0].max == 60000);
    assert_string_equal(again[2].fields[0].fields[0].choices, "a|b");
    json_again = trawl_options_to_json(again);
    assert_true(json_equal(json, json_again));
    json_decref(json_again);
    trawl_options_free(again);
    json_decref(json);
}

static void options_json__carries_the_cores_own_tables(void **state)
{
    json_t *json = trawl_options_to_json(trawl_config_table);
    struct trawl_option *again = trawl_options_from_json(json);

    (void)state;
    assert_non_null(again);
    trawl_options_free(again);
    json_decref(json);
}

static void options_json__refuses_what_is_no_table(void **state)
{
    static const char *const wrong[] = {
        "{}",
        "7",
        "[7]",
        "[{}]",
        "[{\"name\":\"a\"}]",
        "[{\"name\":\"a\",\"type\":\"end\"}]",
        "[{\"type\":\"string\"}]",
        "[{\"name\":\"a\",\"type\":\"string\"},{\"name\":\"b\",\"type\":\"x\"}]",
        "[{\"name\":\"a\",\"type\":\"enum\"}]",
        "[{\"name\":\"a\",\"type\":\"object\"}]",
        "[{\"name\":\"a\",\"type\":\"object\",\"fields\":[{\"type\":\"string\"}]}]",
        "[{\"name\":\"a\",\"type\":\"list\",\"fields\":[]}]",
        "[{\"name\":\"a\",\"type\":\"object\",\"fields\":[{\"name\":\"b\",\"type\":\"?\"}]}]",
    };

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(wrong); i++) {
        json_t *json = NULL;

        assert_int_equal(trawl_json_parse(wrong[i], strlen(wrong[i]), &json, NULL), 0);
        assert_null(trawl_options_from_json(json));
        json_decref(json);
    }
}

static void options_schema__describes_every_option(void **state)
{
    json_t *schema = trawl_options_schema(table);
    json_t *properties = at(schema, "properties");

    (void)state;
    assert_true(json_is_false(at(schema, "additionalProperties")));
    assert_true(json_is_true(at(at(schema, "patternProperties"), "^//")));
    assert_string_equal(json_string_value(json_array_get(at(schema, "required"), 0)), "start");
    assert_int_equal(json_array_size(at(schema, "required")), 1);
    assert_string_equal(trawl_json_string(at(properties, "delay"), "default", ""), "30s");
    assert_string_equal(trawl_json_string(at(properties, "delay"), "description", ""), "a pause");
    assert_int_equal(json_object_size(properties), 4);
    json_decref(schema);
}

static void config_schema__has_the_options_of_plugins(void **state)
{
    json_t *plugins = json_pack("[{s:s, s:s, s:o}, {s:s, s:s, s:[]}]", "name", "html", "kind",
                                "scraper", "options", trawl_options_to_json(table), "name", "sse",
                                "kind", "transport", "options");
    json_t *schema = trawl_config_schema(plugins);
    json_t *properties = at(schema, "properties");

    (void)state;
    assert_non_null(at(at(schema, "$defs"), "plugin-html"));
    assert_non_null(at(at(schema, "$defs"), "plugin-sse"));
    assert_int_equal(
        json_array_size(at(at(at(properties, "platforms"), "additionalProperties"), "allOf")), 1);
    assert_non_null(at(at(at(properties, "transports"), "properties"), "sse"));
    json_decref(schema);
    json_decref(plugins);
}

static void config_schema__needs_no_plugins(void **state)
{
    json_t *schema = trawl_config_schema(NULL);

    (void)state;
    assert_string_equal(trawl_json_string(schema, "type", ""), "object");
    json_decref(schema);
}

static void options_describe__tells_type_range_and_default(void **state)
{
    struct trawl_buf buf;

    (void)state;
    trawl_buf_init(&buf, 1 << 16);
    assert_int_equal(trawl_options_describe(table, &buf), 0);
    assert_string_equal(trawl_buf_text(&buf),
                        "delay  (duration, 0ms to 1m, default \"30s\")\n    a pause\n"
                        "start  (list of string, required)\n"
                        "entries  (map of object)\n    kind  (one of a|b, required)\n"
                        "anything  (list)\n");
    trawl_buf_finish(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_json__gives_the_same_table_back),
        cmocka_unit_test(options_json__carries_the_cores_own_tables),
        cmocka_unit_test(options_json__refuses_what_is_no_table),
        cmocka_unit_test(options_schema__describes_every_option),
        cmocka_unit_test(config_schema__has_the_options_of_plugins),
        cmocka_unit_test(config_schema__needs_no_plugins),
        cmocka_unit_test(options_describe__tells_type_range_and_default),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
