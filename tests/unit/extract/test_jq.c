#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "extract/jq.h"
#include "util/alloc.h"
#include "util/json.h"

static int on_result(void *user, json_t *value)
{
    return json_array_append((json_t *)user, value);
}

/* What a program makes of an input, as one JSON array; or the error's message. */
static char *run(const char *program, const char *input_text)
{
    json_auto_t *results = json_array();
    json_auto_t *input = NULL;
    struct trawl_jq *jq = NULL;
    struct trawl_err err = {0};
    char *text;

    assert_int_equal(trawl_json_parse(input_text, strlen(input_text), &input, &err), 0);
    if (trawl_jq_compile(program, &jq, &err) < 0)
        return trawl_xstrdup(err.message);
    text = trawl_jq_run(jq, input, on_result, results, &err) < 0
               ? trawl_xstrdup(err.message)
               : trawl_json_text(results, TRAWL_JSON_COMPACT);
    trawl_jq_free(jq);
    return text;
}

struct row {
    const char *program;
    const char *input;
    const char *output;
};

static void check(const struct row *table, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *output = run(table[i].program, table[i].input);
        if (strcmp(output, table[i].output) != 0)
            fail_msg("%s over %s gives %s, not %s", table[i].program, table[i].input, output,
                     table[i].output);
        free(output);
    }
}

static void jq__gives_each_output_in_order(void **state)
{
    static const struct row table[] = {
        {".", "{\"b\":1,\"a\":[true,false,null,\"x\"]}",
         "[{\"b\":1,\"a\":[true,false,null,\"x\"]}]"},
        {".[]", "[1,\"a\",null]", "[1,\"a\",null]"},
        {"empty", "1", "[]"},
        {".a, .b", "{\"a\":1,\"b\":2}", "[1,2]"},
        {"def f: . + 1; f # a comment", "1", "[2]"},
        {"tonumber", "\"19.99\"", "[19.99]"},
        {"\"\\u0000\"|length", "1", "[1]"},
        {".", "\"a\\u0000b\"", "[\"a\\u0000b\"]"},
        {"limit(2; .[])", "[1,2,3]", "[1,2]"},
        {"first(.[])", "[1,2,3]", "[1]"},
        {"first(path(..))", "[[1],2]", "[[]]"}, /* libjq must not be left in the midst of it */
    };

    (void)state;
    check(table, TRAWL_ARRAY_SIZE(table));
}

static void jq__keeps_numbers(void **state)
{
    static const struct row table[] = {
        {".items[]", "{\"items\":[9007199254740993]}", "[9007199254740993]"},
        {".items[]", "{\"items\":[{\"id\":9007199254740993,\"p\":19.99}]}",
         "[{\"id\":9007199254740993,\"p\":19.99}]"},
        {".[0]", "[-9223372036854775808]", "[-9223372036854775808]"},
        {".. | numbers", "[9223372036854775807, [1]]", "[9223372036854775807,1]"},
        {".[-1]", "[1,9007199254740993]", "[9007199254740993]"},
        {"if type == \"array\" then .[] else . end", "[9007199254740993]", "[9007199254740993]"},
        {".[] | select(.x > 1)", "[{\"x\":9007199254740993},{\"x\":1}]",
         "[{\"x\":9007199254740993}]"},
        {".", "3.0", "[3]"},
        {".", "[3.0,9007199254740993]", "[[3,9007199254740993]]"},
        {".", "1.5e300", "[1.5e300]"},
        {". + 1", "9007199254740990", "[9007199254740991]"},
        {".", "1180591620717411303424", "[\"1180591620717411303424\"]"},
        {".", "\"\\ud800\"", "[\"\xef\xbf\xbd\"]"},
        {"nan, null", "1", "[null,null]"},
        /* An error that the program catches in the one way of running it, but not in the other. */
        {"(.a | map(.)[0])? // .b", "{\"a\":[9007199254740993],\"b\":2}", "[9007199254740992.0]"},
        {".a[1:]", "{\"a\":[1,9007199254740993]}", "[[9007199254740992.0]]"},
    };

    (void)state;
    check(table, TRAWL_ARRAY_SIZE(table));
}

static void jq__says_what_is_wrong(void **state)
{
    static const struct row table[] = {
        {".[", "1", "not a jq program"},
        {".a |\n .b |\n nosuch", "1", "not a jq program: nosuch/0 is not defined at line 3"},
        {"", "1", "not a jq program"},
        {".) | (.", "1", "[1]"},
        {".a", "1", "jq: Cannot index number with string \"a\""},
        {"error(\"no\")", "1", "jq: no"},
        {"error({a:1})", "1", "jq: {\"a\":1}"},
        {"import \"a\" as a; .", "1", "a jq program here cannot use modules"},
        {" # x\n include \"a\"; .", "1", "a jq program here cannot use modules"},
    };

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(table); i++) {
        char *output = run(table[i].program, table[i].input);
        if (strncmp(output, table[i].output, strlen(table[i].output)) != 0)
            fail_msg("%s gives %s, not %s", table[i].program, output, table[i].output);
        free(output);
    }
}

static void jq__sees_nothing_of_the_process(void **state)
{
    static const struct row table[] = {
        {"env, $ENV", "1", "[{},{}]"},
        {"$ENV.HOME, env.HOME", "1", "[null,null]"},
        {"halt", "1", "jq: halt is not available"},
        {"\"x\" | halt_error", "1", "jq: halt_error is not available"},
        {"input", "1", "jq: input is not available"},
        {"[inputs], input_filename, input_line_number", "1", "[[],null,0]"},
        {"debug, stderr", "1", "[1,1]"},
        {"\"a\" | modulemeta", "1", "jq: modulemeta is not available"},
    };

    (void)state;
    setenv("HOME", "/secret", 1);
    check(table, TRAWL_ARRAY_SIZE(table));
}

static void jq__stops_when_told(void **state)
{
    json_auto_t *input = json_integer(1);
    struct trawl_jq *jq = NULL;
    struct trawl_err err = {0};

    (void)state;
    assert_int_equal(trawl_jq_compile("range(10)", &jq, &err), 0);
    /* json_array_append() refuses what is no array, with -1. */
    assert_int_equal(trawl_jq_run(jq, input, on_result, input, &err), -1);
    trawl_jq_free(jq);
}

static int count_result(void *user, json_t *value)
{
    (void)value;
    (*(int *)user)++;
    return 0;
}

static void jq__bounds_endless_outputs(void **state)
{
    json_auto_t *input = json_integer(1);
    struct trawl_jq *jq = NULL;
    struct trawl_err err = {0};
    int count = 0;

    (void)state;
    assert_int_equal(trawl_jq_compile("repeat(.)", &jq, &err), 0);
    assert_int_equal(trawl_jq_run(jq, input, count_result, &count, &err), -E2BIG);
    assert_int_equal(count, 0);
    trawl_jq_free(jq);
}

static void jq__refuses_what_is_nested_too_deeply(void **state)
{
    static const struct row table[] = {
        {"reduce range(2000) as $i (.; [.]) | ., 1", "1", "jq: the result is nested too deeply"},
    };

    (void)state;
    check(table, TRAWL_ARRAY_SIZE(table));
}

static void jq__can_be_run_again(void **state)
{
    json_auto_t *results = json_array();
    struct trawl_jq *jq = NULL;
    struct trawl_err err = {0};

    (void)state;
    assert_int_equal(trawl_jq_compile(".a | if . == 2 then error(\"two\") else . end", &jq, &err),
                     0);
    for (int i = 0; i < 4; i++) {
        json_auto_t *input = json_pack("{si}", "a", i);
        assert_int_equal(trawl_jq_run(jq, input, on_result, results, &err), i == 2 ? -EINVAL : 0);
    }
    assert_int_equal(json_array_size(results), 3);
    trawl_jq_free(jq);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jq__gives_each_output_in_order),
        cmocka_unit_test(jq__keeps_numbers),
        cmocka_unit_test(jq__says_what_is_wrong),
        cmocka_unit_test(jq__sees_nothing_of_the_process),
        cmocka_unit_test(jq__stops_when_told),
        cmocka_unit_test(jq__bounds_endless_outputs),
        cmocka_unit_test(jq__refuses_what_is_nested_too_deeply),
        cmocka_unit_test(jq__can_be_run_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
