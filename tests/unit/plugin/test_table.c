#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "plugin/table.h"
#include "util/alloc.h"

static const struct trawl_option text[] = {{.type = TRAWL_OPTION_STRING}};

static const struct trawl_option inner[] = {
    {.name = "select", .type = TRAWL_OPTION_STRING, .required = true, .help = "a selector"},
    {.type = TRAWL_OPTION_END},
};

static const struct trawl_option object[] = {
    {.type = TRAWL_OPTION_OBJECT, .fields = inner, .shorthand = "select"}};

static const struct trawl_option table[] = {
    {.name = "start", .type = TRAWL_OPTION_LIST, .fields = text, .help = "where to begin"},
    {.name = "fields", .type = TRAWL_OPTION_MAP, .fields = object},
    {.name = "count", .type = TRAWL_OPTION_INT, .default_json = "8", .min = 1, .max = 64},
    {.name = "get", .type = TRAWL_OPTION_ENUM, .choices = "text|html"},
    {.type = TRAWL_OPTION_END},
};

static void expect_copy(const struct trawl_option *copy)
{
    const struct trawl_option *select = copy[1].fields[0].fields;

    assert_string_equal(copy[0].name, "start");
    assert_string_equal(copy[0].help, "where to begin");
    assert_int_equal(copy[0].fields[0].type, TRAWL_OPTION_STRING);
    assert_int_equal(copy[0].fields[1].type, TRAWL_OPTION_END);
    assert_int_equal(copy[1].fields[0].type, TRAWL_OPTION_OBJECT);
    assert_string_equal(copy[1].fields[0].shorthand, "select");
    assert_string_equal(select[0].name, "select");
    assert_true(select[0].required);
    assert_int_equal(select[1].type, TRAWL_OPTION_END);
    assert_string_equal(copy[2].default_json, "8");
    assert_true(copy[2].min == 1 && copy[2].max == 64);
    assert_string_equal(copy[3].choices, "text|html");
    assert_int_equal(copy[4].type, TRAWL_OPTION_END);
}

static void table_copy__takes_all_that_is_below(void **state)
{
    struct trawl_option *copy = NULL;

    (void)state;
    assert_int_equal(trawl__table_copy(table, sizeof(table[0]), &copy, NULL), 0);
    expect_copy(copy);
    assert_ptr_not_equal(copy[0].fields, text);
    trawl__table_free(copy);
}

static void table_copy__of_none_is_empty(void **state)
{
    struct trawl_option *copy = NULL;

    (void)state;
    assert_int_equal(trawl__table_copy(NULL, 0, &copy, NULL), 0);
    assert_int_equal(copy[0].type, TRAWL_OPTION_END);
    trawl__table_free(copy);
    trawl__table_free(NULL);
}

/* --- a plugin of another build ------------------------------------------------------------------- */

/* What a plugin would have that was built when the struct had more at its end. */
struct longer {
    struct trawl_option option;
    uint64_t unknown[2];
};

#define LONGER(...)                                                                                \
    {                                                                                              \
        .option = {__VA_ARGS__}, .unknown = { UINT64_MAX, UINT64_MAX }                             \
    }

static void table_copy__steps_over_what_it_does_not_know(void **state)
{
    static const struct longer longer_text[] = {LONGER(.type = TRAWL_OPTION_STRING)};
    static const struct longer longer_inner[] = {
        LONGER(.name = "select", .type = TRAWL_OPTION_STRING, .required = true),
        LONGER(.type = TRAWL_OPTION_END)};
    static const struct longer longer_object[] = {LONGER(.type = TRAWL_OPTION_OBJECT,
                                                         .fields = &longer_inner[0].option,
                                                         .shorthand = "select")};
    static const struct longer longer_table[] = {
        LONGER(.name = "start", .type = TRAWL_OPTION_LIST, .fields = &longer_text[0].option,
               .help = "where to begin"),
        LONGER(.name = "fields", .type = TRAWL_OPTION_MAP, .fields = &longer_object[0].option),
        LONGER(.name = "count", .type = TRAWL_OPTION_INT, .default_json = "8", .min = 1, .max = 64),
        LONGER(.name = "get", .type = TRAWL_OPTION_ENUM, .choices = "text|html"),
        LONGER(.type = TRAWL_OPTION_END)};
    struct trawl_option *copy = NULL;

    (void)state;
    assert_int_equal(trawl__table_copy(&longer_table[0].option, sizeof(struct longer), &copy, NULL),
                     0);
    expect_copy(copy);
    trawl__table_free(copy);
}

static void table_copy__refuses_a_struct_that_never_was(void **state)
{
    struct trawl_option *copy = NULL;
    struct trawl_err err;

    (void)state;
    assert_int_equal(trawl__table_copy(table, TRAWL_OPTION_BYTES_MIN - 8, &copy, &err), -EINVAL);
    assert_non_null(strstr(err.message, "its options have"));
    assert_int_equal(trawl__table_copy(table, sizeof(table[0]) + 1, &copy, &err), -EINVAL);
    assert_int_equal(trawl__table_copy(table, 0, &copy, &err), -EINVAL);
    assert_null(copy);
}

/* --- mistakes ------------------------------------------------------------------------------------ */

static void expect_mistake(const struct trawl_option *wrong, const char *message)
{
    struct trawl_option *copy = NULL;
    struct trawl_err err = {0};

    assert_int_equal(trawl__table_copy(wrong, sizeof(*wrong), &copy, &err), -EINVAL);
    assert_null(copy);
    assert_string_equal(err.message, message);
}

/* One option that is wrong, behind one that is right and has tables of its own. */
static void expect_wrong(struct trawl_option option, const char *message)
{
    const struct trawl_option wrong[] = {table[1], option, {.type = TRAWL_OPTION_END}};

    expect_mistake(wrong, message);
}

static void table_copy__says_what_is_wrong(void **state)
{
    (void)state;
    expect_wrong((struct trawl_option){.name = "a", .type = (enum trawl_option_type)99},
                 "its option 'a' has a type that this Trawl does not know");
    expect_wrong((struct trawl_option){.name = "a", .type = (enum trawl_option_type) - 1},
                 "its option 'a' has a type that this Trawl does not know");
    expect_wrong((struct trawl_option){.name = "a", .type = TRAWL_OPTION_ENUM},
                 "its option 'a' is an enum without choices");
    expect_wrong((struct trawl_option){.name = "a", .type = TRAWL_OPTION_ENUM, .choices = ""},
                 "its option 'a' is an enum without choices");
    expect_wrong((struct trawl_option){.name = "a", .type = TRAWL_OPTION_LIST},
                 "its option 'a' says nothing of what it holds");
    expect_wrong((struct trawl_option){.name = "a", .type = TRAWL_OPTION_MAP},
                 "its option 'a' says nothing of what it holds");
    expect_wrong((struct trawl_option){.name = "a", .type = TRAWL_OPTION_OBJECT},
                 "its option 'a' says nothing of what it holds");
    expect_wrong(
        (struct trawl_option){.name = "a", .type = TRAWL_OPTION_STRING, .default_json = "text"},
        "its option 'a' has a default that is not JSON");
    expect_wrong((struct trawl_option){.type = TRAWL_OPTION_STRING},
                 "its option '' holds one without a name");
    expect_wrong((struct trawl_option){.name = "", .type = TRAWL_OPTION_STRING},
                 "its option '' holds one without a name");
}

static void table_copy__names_the_path(void **state)
{
    static const struct trawl_option deepest[] = {
        {.name = "ok", .type = TRAWL_OPTION_STRING},
        {.name = "wrong", .type = TRAWL_OPTION_ENUM},
        {.type = TRAWL_OPTION_END},
    };
    static const struct trawl_option element[] = {{.type = TRAWL_OPTION_OBJECT, .fields = deepest}};
    static const struct trawl_option nameless[] = {{.type = TRAWL_OPTION_STRING},
                                                   {.type = TRAWL_OPTION_END}};

    (void)state;
    expect_wrong((struct trawl_option){.name = "a", .type = TRAWL_OPTION_OBJECT, .fields = deepest},
                 "its option 'a.wrong' is an enum without choices");
    expect_wrong((struct trawl_option){.name = "a", .type = TRAWL_OPTION_MAP, .fields = element},
                 "its option 'a.*.wrong' is an enum without choices");
    expect_wrong(
        (struct trawl_option){.name = "a", .type = TRAWL_OPTION_OBJECT, .fields = nameless},
        "its option 'a' holds one without a name");
}

/* A table that has lost its end, and one that holds itself, end here all the same. */
static void table_copy__comes_to_an_end(void **state)
{
    struct trawl_option *endless = trawl_xalloc(1001 * sizeof(*endless));
    static struct trawl_option around[] = {{.name = "a", .type = TRAWL_OPTION_OBJECT},
                                           {.type = TRAWL_OPTION_END}};
    struct trawl_option *copy = NULL;
    struct trawl_err err = {0};

    (void)state;
    for (size_t i = 0; i < 1000; i++)
        endless[i] = (struct trawl_option){.name = "a", .type = TRAWL_OPTION_BOOL};
    expect_mistake(endless, "its option table does not end");
    free(endless);
    around[0].fields = around;
    assert_int_equal(trawl__table_copy(around, sizeof(around[0]), &copy, &err), -EINVAL);
    assert_non_null(strstr(err.message, "is nested too deeply"));
    assert_null(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_copy__takes_all_that_is_below),
        cmocka_unit_test(table_copy__of_none_is_empty),
        cmocka_unit_test(table_copy__steps_over_what_it_does_not_know),
        cmocka_unit_test(table_copy__refuses_a_struct_that_never_was),
        cmocka_unit_test(table_copy__says_what_is_wrong),
        cmocka_unit_test(table_copy__names_the_path),
        cmocka_unit_test(table_copy__comes_to_an_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
