#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/query.h"

static void query_parse__decodes(void **state)
{
    struct query query;

    (void)state;
    assert_int_equal(query_parse("a=1&key=https%3A%2F%2Fx.org%2Fa%2F..%26b&s=x+y%2B&e&=v", &query),
                     0);
    assert_string_equal(query_get(&query, "a"), "1");
    assert_string_equal(query_get(&query, "key"), "https://x.org/a/..&b");
    assert_string_equal(query_get(&query, "s"), "x y+");
    assert_string_equal(query_get(&query, "e"), "");
    assert_null(query_get(&query, "b"));
    query_finish(&query);
}

static void query_parse__takes_the_first_of_a_name(void **state)
{
    struct query query;

    (void)state;
    assert_int_equal(query_parse("&&a=1&a=2&", &query), 0);
    assert_int_equal(query.count, 2);
    assert_string_equal(query_get(&query, "a"), "1");
    query_finish(&query);
}

static void query_parse__refuses_broken_escapes(void **state)
{
    static const char *const broken[] = {"a=%", "a=%2", "a=%zz", "%00=1", "a=b%00"};
    struct query query;

    (void)state;
    for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
        assert_int_equal(query_parse(broken[i], &query), -EINVAL);
        assert_int_equal(query.count, 0);
    }
}

static void query_parse__bounds_the_parameters(void **state)
{
    char text[4 * (QUERY_PARAMS_MAX + 1) + 1] = "";
    struct query query;

    (void)state;
    for (size_t i = 0; i <= QUERY_PARAMS_MAX; i++)
        memcpy(text + 4 * i, "a=1&", 4);
    assert_int_equal(query_parse(text, &query), -E2BIG);
}

static void query_match_path__matches_segments(void **state)
{
    static const struct {
        const char *pattern;
        const char *path;
        bool matches;
    } cases[] = {
        {"/api/runs", "/api/runs", true},
        {"/api/runs", "/api/runs/", false},
        {"/api/runs", "/api/run", false},
        {"/api/runs", "/api/runss", false},
        {"/api/runs/{id}", "/api/runs/12", true},
        {"/api/runs/{id}", "/api/runs/", false},
        {"/api/runs/{id}", "/api/runs", false},
        {"/api/runs/{id}", "/api/runs/12/", false},
        {"/api/runs/{id}", "/api/runs/12/items", false},
        {"/api/runs/{id}/items", "/api/runs/12/items", true},
        {"/api/runs/{id}/items", "/api/runs/12/item", false},
        {"/api/runs/{id}/items", "/api/runs//items", false},
        {"/{a}/{b}", "/x/y", true},
        {"/", "/", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct query params = {.count = 0};

        if (query_match_path(cases[i].pattern, cases[i].path, &params) != cases[i].matches)
            fail_msg("%s %s", cases[i].pattern, cases[i].path);
        assert_true(cases[i].matches || params.count == 0);
        query_finish(&params);
    }
}

static void query_match_path__gives_parameters_decoded(void **state)
{
    struct query params = {.count = 0};

    (void)state;
    assert_true(query_match_path("/a/{id}/{name}", "/a/1%202/x+y", &params));
    assert_string_equal(query_get(&params, "id"), "1 2");
    assert_string_equal(query_get(&params, "name"), "x+y");
    query_finish(&params);
}

static void query_number__takes_whole_numbers(void **state)
{
    long long number = 5;

    (void)state;
    assert_int_equal(query_number("0", 10, &number), 0);
    assert_int_equal(number, 0);
    assert_int_equal(query_number("10", 10, &number), 0);
    assert_int_equal(number, 10);
    assert_int_equal(query_number("11", 10, &number), -EINVAL);
    assert_int_equal(query_number("-1", 10, &number), -EINVAL);
    assert_int_equal(query_number("", 10, &number), -EINVAL);
    assert_int_equal(query_number("1x", 10, &number), -EINVAL);
    assert_int_equal(query_number("99999999999999999999", INT64_MAX, &number), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(query_parse__decodes),
        cmocka_unit_test(query_parse__takes_the_first_of_a_name),
        cmocka_unit_test(query_parse__refuses_broken_escapes),
        cmocka_unit_test(query_parse__bounds_the_parameters),
        cmocka_unit_test(query_match_path__matches_segments),
        cmocka_unit_test(query_match_path__gives_parameters_decoded),
        cmocka_unit_test(query_number__takes_whole_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
