#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"
#include "util/json.h"

static json_t *parse(const char *text)
{
    struct trawl_err err = {0};
    json_t *value = NULL;

    if (trawl_json_parse(text, strlen(text), &value, &err) < 0)
        fail_msg("%s: %s: %s", text, err.where, err.message);
    return value;
}

static void check_form(const char *text, enum trawl_json_form form, const char *expected)
{
    json_t *value = parse(text);
    char *written = trawl_json_text(value, form);

    assert_string_equal(written, expected);
    free(written);
    json_decref(value);
}

static void check(const char *text, const char *expected)
{
    check_form(text, TRAWL_JSON_COMPACT, expected);
}

static void json_numbers__survive(void **state)
{
    static const char *const same[] = {
        "19.99",
        "0.1",
        "9007199254740993",
        "9223372036854775807",
        "-9223372036854775808",
        "1.0",
        "-0.0",
        "1e300",
        "1.7976931348623157e308",
        "5e-324",
        "0.30000000000000004",
        "123456789.125",
        "1e-7",
        "0",
        "-1",
        "2.5e-8",
    };

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(same); i++)
        check(same[i], same[i]);
}

static void json_numbers__too_large_become_text(void **state)
{
    (void)state;
    check("1180591620717411303424", "\"1180591620717411303424\"");
    check("9223372036854775808", "\"9223372036854775808\"");
    check("-9223372036854775809", "\"-9223372036854775809\"");
    check("1e999", "\"1e999\"");
    check("0.1e400", "\"0.1e400\"");
    check("[1,-1e999,2]", "[1,\"-1e999\",2]");
    check("{\"a\":99999999999999999999}", "{\"a\":\"99999999999999999999\"}");
}

static void json_numbers__keep_their_kind_when_written_again(void **state)
{
    json_t *real = json_real(100.0);
    char *text = trawl_json_text(real, TRAWL_JSON_COMPACT);
    json_t *again = parse(text);

    (void)state;
    assert_true(json_is_real(again));
    json_decref(again);
    json_decref(real);
    free(text);
}

static void json_text__lone_surrogates_are_replaced(void **state)
{
    (void)state;
    check("\"a\\ud800b\"", "\"a\xEF\xBF\xBD"
                           "b\"");
    check("\"\\udc00\"", "\"\xEF\xBF\xBD\"");
    check("\"\\ud800\\ud800\\udc00\"", "\"\xEF\xBF\xBD\xF0\x90\x80\x80\"");
    check("\"\\ud83d\\ude00\"", "\"\xF0\x9F\x98\x80\"");
    check("{\"\\udfff\":1}", "{\"\xEF\xBF\xBD\":1}");
}

static void json_text__broken_utf8_is_replaced(void **state)
{
    (void)state;
    check("\"\xff\"", "\"\xEF\xBF\xBD\"");
    check("\"a\xc3\"", "\"a\xEF\xBF\xBD\"");
    check("\"\xc3\xa9\"", "\"\xc3\xa9\"");
    check("\"\xf0\x9f\x98\x80\"", "\"\xf0\x9f\x98\x80\"");
    check("\"\xc0\x80\"", "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

static void json_text__nul_is_kept_in_values(void **state)
{
    (void)state;
    check("\"a\\u0000b\"", "\"a\\u0000b\"");
    check("{\"a\\u0000\" : \"\\u0000\"}", "{\"a\xEF\xBF\xBD\":\"\\u0000\"}");
}

static void json_text__is_escaped(void **state)
{
    (void)state;
    check("\"\\u0001\\b\\f\\n\\r\\t\\\"\\\\\\/\"", "\"\\u0001\\b\\f\\n\\r\\t\\\"\\\\/\"");
}

static void json_parse__takes_any_value_and_a_byte_order_mark(void **state)
{
    (void)state;
    check("\xEF\xBB\xBF{}", "{}");
    check(" true ", "true");
    check("null", "null");
    check("[]", "[]");
}

static void json_parse__says_line_and_column(void **state)
{
    static const struct {
        const char *text;
        const char *where;
    } cases[] = {
        {"", "1:1"},
        {"{\n  \"a\": 1,\n}", "3:1"},
        {"[1 2]", "1:4"},
    };

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(cases); i++) {
        struct trawl_err err = {0};
        json_t *value = NULL;

        assert_int_equal(trawl_json_parse(cases[i].text, strlen(cases[i].text), &value, &err),
                         -EINVAL);
        assert_null(value);
        assert_string_equal(err.where, cases[i].where);
        assert_true(err.message[0] != '\0');
    }
}

static void json_parse__refuses_what_is_no_json(void **state)
{
    static const char *const wrong[] = {
        "{",       "[1,]",        "01",        "1.",   "-",       "1e",   "\"a",
        "\"\\u12", "\"\\uZZZZ\"", "{\"a\" 1}", "nul",  "\"\\q\"", "[1]]", "99999999999999999999.",
        "1.e999",  "\"\n\"",      "'a'",       "\xff", "1e999x",  "--1",
    };

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(wrong); i++) {
        json_t *value = NULL;

        assert_int_equal(trawl_json_parse(wrong[i], strlen(wrong[i]), &value, NULL), -EINVAL);
        assert_null(value);
    }
}

static json_t *nested(unsigned depth, int *ret_result)
{
    char *text = trawl_xalloc(2 * depth);
    struct trawl_err err = {0};
    json_t *value = NULL;

    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    *ret_result = trawl_json_parse(text, 2 * depth, &value, &err);
    free(text);
    return value;
}

static void json_parse__bounds_the_depth(void **state)
{
    int r;

    (void)state;
    json_decref(nested(TRAWL_JSON_DEPTH_MAX, &r));
    assert_int_equal(r, 0);
    assert_null(nested(TRAWL_JSON_DEPTH_MAX + 1, &r));
    assert_int_equal(r, -EINVAL);
    assert_null(nested(100000, &r));
    assert_int_equal(r, -EINVAL);
}

static void json_write__sorted_is_canonical(void **state)
{
    (void)state;
    check_form("{\"b\":{\"z\":1,\"y\":2},\"a\":[3,{\"d\":1,\"c\":2}]}", TRAWL_JSON_SORTED,
               "{\"a\":[3,{\"c\":2,\"d\":1}],\"b\":{\"y\":2,\"z\":1}}");
}

static void json_write__sorts_many_members(void **state)
{
    json_t *object = json_object();
    char *text;
    json_t *again;

    (void)state;
    for (int i = 99; i >= 0; i--)
        json_object_set_new(object, (char[]){'k', (char)('0' + i / 10), (char)('0' + i % 10), 0},
                            json_integer(i));
    text = trawl_json_text(object, TRAWL_JSON_SORTED);
    assert_memory_equal(text, "{\"k00\":0,\"k01\":1,", 17);
    again = parse(text);
    assert_true(json_equal(object, again));
    json_decref(again);
    json_decref(object);
    free(text);
}

static void json_write__indented_is_for_people(void **state)
{
    (void)state;
    check_form("{\"a\":[1,{}],\"b\":[]}", TRAWL_JSON_INDENTED,
               "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}");
}

static void json_write__ends_on_a_loop(void **state)
{
    json_t *a = json_array();
    json_t *b = json_array();
    struct trawl_buf buf;

    (void)state;
    json_array_append(a, b);
    json_array_append(b, a); /* jansson only sees the shortest of loops */
    trawl_buf_init(&buf, 1 << 20);
    assert_int_equal(trawl_json_write(&buf, a, TRAWL_JSON_COMPACT), -ELOOP);
    trawl_buf_finish(&buf);
    json_array_clear(b);
    json_decref(b);
    json_decref(a);
}

static void json_write__stops_at_the_buffers_limit(void **state)
{
    json_t *value = parse("[\"0123456789\"]");
    struct trawl_buf buf;

    (void)state;
    trawl_buf_init(&buf, 8);
    assert_int_equal(trawl_json_write(&buf, value, TRAWL_JSON_COMPACT), -EFBIG);
    trawl_buf_finish(&buf);
    json_decref(value);
}

static void json_hash__ignores_the_order_of_members(void **state)
{
    json_t *a = parse("{\"x\":1,\"y\":[1.5,\"z\"]}");
    json_t *b = parse("{\"y\":[1.5,\"z\"],\"x\":1}");
    json_t *c = parse("{\"y\":[1.5,\"z\"],\"x\":2}");

    (void)state;
    assert_true(trawl_hash_equal(trawl_json_hash(a), trawl_json_hash(b)));
    assert_false(trawl_hash_equal(trawl_json_hash(a), trawl_json_hash(c)));
    json_decref(a);
    json_decref(b);
    json_decref(c);
}

static void json_access__falls_back(void **state)
{
    json_t *object = parse("{\"s\":\"t\",\"i\":7,\"b\":true,\"n\":null}");

    (void)state;
    assert_string_equal(trawl_json_string(object, "s", "x"), "t");
    assert_string_equal(trawl_json_string(object, "i", "x"), "x");
    assert_int_equal(trawl_json_int(object, "i", 1), 7);
    assert_int_equal(trawl_json_int(object, "none", 1), 1);
    assert_true(trawl_json_bool(object, "b", false));
    assert_true(trawl_json_bool(object, "n", true));
    assert_null(trawl_json_string(NULL, "s", NULL));
    json_decref(object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_numbers__survive),
        cmocka_unit_test(json_numbers__too_large_become_text),
        cmocka_unit_test(json_numbers__keep_their_kind_when_written_again),
        cmocka_unit_test(json_text__lone_surrogates_are_replaced),
        cmocka_unit_test(json_text__broken_utf8_is_replaced),
        cmocka_unit_test(json_text__nul_is_kept_in_values),
        cmocka_unit_test(json_text__is_escaped),
        cmocka_unit_test(json_parse__takes_any_value_and_a_byte_order_mark),
        cmocka_unit_test(json_parse__says_line_and_column),
        cmocka_unit_test(json_parse__refuses_what_is_no_json),
        cmocka_unit_test(json_parse__bounds_the_depth),
        cmocka_unit_test(json_write__sorted_is_canonical),
        cmocka_unit_test(json_write__sorts_many_members),
        cmocka_unit_test(json_write__indented_is_for_people),
        cmocka_unit_test(json_write__ends_on_a_loop),
        cmocka_unit_test(json_write__stops_at_the_buffers_limit),
        cmocka_unit_test(json_hash__ignores_the_order_of_members),
        cmocka_unit_test(json_access__falls_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
