#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "supervisor/suspicion.h"
#include "util/alloc.h"

/* --- notation ------------------------------------------------------------------------------------ */

#define RUNS_MAX TRAWL_RECORD_NORMAL_MAX

/* "90 name=90 price=88": items, and fields with how many of them have it; "…+" has met fields that were not counted. */
static void read_run(const char *text, struct trawl_figures *figures)
{
    char name[64];
    unsigned items;
    int len;

    assert_int_equal(sscanf(text, "%u%n", &items, &len), 1);
    figures->items = items;
    for (text += len; sscanf(text, " %63[^=]=%u%n", name, &items, &len) == 2; text += len) {
        for (unsigned i = 0; i < items; i++)
            trawl_figures_count(figures, name);
    }
    figures->more = *text == '+';
}

static size_t read_runs(const char *const *texts, size_t max, struct trawl_figures *runs)
{
    size_t count = 0;

    for (; count < max && texts[count]; count++)
        read_run(texts[count], &runs[count]);
    return count;
}

struct judged {
    const char *now;
    const char *normal[RUNS_MAX];
    const char *suspect[TRAWL_RECORD_SUSPECT_MAX];
    enum trawl_suspicion expected;
    const char *why; /* "": none */
};

static void expect_judged(const struct judged *judged)
{
    struct trawl_record record = {0};
    TRAWL_AUTO_FREE char *why = NULL;
    enum trawl_suspicion suspicion;

    read_run(judged->now, &record.now);
    record.normal_count = read_runs(judged->normal, RUNS_MAX, record.normal);
    record.suspect_count = read_runs(judged->suspect, TRAWL_RECORD_SUSPECT_MAX, record.suspect);
    suspicion = trawl_suspicion_judge(&record, &why);
    assert_string_equal(why ? why : "", judged->why);
    assert_int_equal(suspicion, judged->expected);
    trawl_record_finish(&record);
}

#define NONE    TRAWL_SUSPICION_NONE, ""
#define SUSPECT TRAWL_SUSPICION_SUSPECT
#define AGREED  TRAWL_SUSPICION_AGREED

#define EXPECT_ALL(cases)                                                                          \
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(cases); i++)                                           \
    expect_judged(&(cases)[i])

/* --- tests --------------------------------------------------------------------------------------- */

static void judge__needs_three_runs_to_compare_with(void **state)
{
    static const struct judged cases[] = {
        {"0", {NULL}, {NULL}, NONE},
        {"0", {"90"}, {NULL}, NONE},
        {"0", {"90", "91"}, {NULL}, NONE},
        {"0", {"90", "91", "90"}, {NULL}, SUSPECT, "0 items, 90 to 91 in the last 3 runs"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void judge__items_have_a_band(void **state)
{
    static const struct judged cases[] = {
        {"45", {"90", "92", "100"}, {NULL}, NONE}, /* half of the lowest */
        {"44", {"90", "92", "100"}, {NULL}, SUSPECT, "44 items, 90 to 100 in the last 3 runs"},
        {"200", {"90", "92", "100"}, {NULL}, NONE},
        {"201", {"90", "92", "100"}, {NULL}, SUSPECT, "201 items, 90 to 100 in the last 3 runs"},
        {"12", {"90", "90", "90", "90"}, {NULL}, SUSPECT, "12 items, 90 in the last 4 runs"},
        {"30", {"90", "20", "92"}, {NULL}, NONE}, /* one of them was as low */
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void judge__few_items_may_come_and_go(void **state)
{
    static const struct judged cases[] = {
        {"1", {"3", "3", "3"}, {NULL}, NONE},
        {"1", {"6", "6", "6"}, {NULL}, NONE},
        {"1", {"7", "7", "7"}, {NULL}, SUSPECT, "1 item, 7 in the last 3 runs"},
        {"6", {"1", "1", "1"}, {NULL}, NONE},
        {"7", {"1", "1", "1"}, {NULL}, SUSPECT, "7 items, 1 in the last 3 runs"},
        {"5", {"0", "0", "0"}, {NULL}, NONE},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void judge__no_items_after_some_are_always_suspicious(void **state)
{
    static const struct judged cases[] = {
        {"0", {"1", "1", "2"}, {NULL}, SUSPECT, "0 items, 1 to 2 in the last 3 runs"},
        {"0", {"1", "0", "2"}, {NULL}, NONE},
        {"0", {"0", "0", "0"}, {NULL}, NONE},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void judge__fields_have_a_band(void **state)
{
    static const struct judged cases[] = {
        {"100 a=80", {"100 a=100", "50 a=50", "100 a=100"}, {NULL}, NONE},
        {"100 a=79",
         {"100 a=100", "50 a=50", "100 a=100"},
         {NULL},
         SUSPECT,
         "\"a\" is filled in 79 %, 100 % in the last 3 runs"},
        {"100 a=78", {"100 a=98", "100 a=98", "100 a=98"}, {NULL}, NONE}, /* to the digit */
        {"100 a=77",
         {"100 a=99", "100 a=98", "100 a=100"},
         {NULL},
         SUSPECT,
         "\"a\" is filled in 77 %, 98 to 100 % in the last 3 runs"},
        {"100 a=0", {"100 a=100", "100 a=20", "100 a=90"}, {NULL}, NONE},
        {"100 a=100", {"100 a=10", "100 a=10", "100 a=10"}, {NULL}, NONE}, /* more is fine */
        {"100 b=100", {"100", "100", "100"}, {NULL}, NONE},                /* and so is a new one */
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void judge__a_field_that_nothing_has_is_missed_however_few_there_are(void **state)
{
    static const struct judged cases[] = {
        {"5 a=3", {"5 a=5", "5 a=5", "5 a=5"}, {NULL}, NONE}, /* two are an accident */
        {"5 a=2",
         {"5 a=5", "5 a=5", "5 a=5"},
         {NULL},
         SUSPECT,
         "\"a\" is filled in 40 %, 100 % in the last 3 runs"},
        {"1",
         {"1 a=1", "1 a=1", "1 a=1"},
         {NULL},
         SUSPECT,
         "\"a\" is filled in 0 %, 100 % in the last 3 runs"},
        {"1", {"1 a=1", "1", "1 a=1"}, {NULL}, NONE},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* Items whose fields have any names: which of them are counted depends on which come first. */
static void judge__a_field_that_may_not_have_been_counted_is_not_missed(void **state)
{
    static const struct judged cases[] = {
        {"100 a=100+", {"100 a=100 b=100", "100 b=100", "100 b=100"}, {NULL}, NONE},
        {"100 b=50+",
         {"100 b=100", "100 b=100", "100 b=100"},
         {NULL},
         SUSPECT,
         "\"b\" is filled in 50 %, 100 % in the last 3 runs"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void judge__runs_without_items_say_nothing_of_fields(void **state)
{
    static const struct judged cases[] = {
        {"100 a=10",
         {"0", "100 a=100", "100 a=100", "0"},
         {NULL},
         SUSPECT,
         "\"a\" is filled in 10 %, 100 % in the last 4 runs"},
        {"0", {"0", "100 a=100", "100 a=100"}, {NULL}, NONE},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void judge__says_all_of_it(void **state)
{
    static const struct judged cases[] = {
        {"12 name=12 price=1",
         {"87 name=87 price=86", "92 name=92 price=92", "90 name=90 price=90"},
         {NULL},
         SUSPECT,
         "12 items, 87 to 92 in the last 3 runs; \"price\" is filled in 8 %, 98 to 100 % before"},
        {"9 g=9",
         {"9 a=9 b=9 c=9 d=9 e=9 f=9 g=9 h=9", "9 a=9 b=9 c=9 d=9 e=9 f=9 h=9",
          "9 a=9 b=9 c=9 d=9 e=9 f=9 h=9"},
         {NULL},
         SUSPECT,
         "\"a\" is filled in 0 %, 100 % in the last 3 runs; \"b\" is filled in 0 %, 100 % before; "
         "\"c\" is filled in 0 %, 100 % before; \"d\" is filled in 0 %, 100 % before; "
         "\"e\" is filled in 0 %, 100 % before; and so with 2 more fields"},
        {"3",
         {"3 \x1b[2J=3", "3 \x1b[2J=3", "3 \x1b[2J=3"},
         {NULL},
         SUSPECT,
         "\"\\x1b[2J\" is filled in 0 %, 100 % in the last 3 runs"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void judge__the_third_that_says_the_same_is_normal(void **state)
{
    static const struct judged cases[] = {
        {"12", {"90", "90", "90"}, {"13", NULL}, SUSPECT, "12 items, 90 in the last 3 runs"},
        {"12",
         {"90", "90", "90"},
         {"13", "11"},
         AGREED,
         "12 items, 90 in the last 3 runs; so it was in the 2 runs before, and is normal now"},
        {"12", {"90", "90", "90"}, {"13", "40"}, SUSPECT, "12 items, 90 in the last 3 runs"},
        {"0",
         {"90", "90", "90"},
         {"0", "0"},
         AGREED,
         "0 items, 90 in the last 3 runs; so it was in the 2 runs before, and is normal now"},
        {"0", {"90", "90", "90"}, {"0", "3"}, SUSPECT, "0 items, 90 in the last 3 runs"},
        /* Another field than before. */
        {"90 a=90",
         {"90 a=90 b=90", "90 a=90 b=90", "90 a=90 b=90"},
         {"90 b=90", "90 b=90"},
         SUSPECT,
         "\"b\" is filled in 0 %, 100 % in the last 3 runs"},
        {"90 a=90",
         {"90 a=90 b=90", "90 a=90 b=90", "90 a=90 b=90"},
         {"90 a=90", "90 a=88"},
         AGREED,
         "\"b\" is filled in 0 %, 100 % in the last 3 runs; so it was in the 2 runs before, and is "
         "normal now"},
        /* It is as it always was: what came between does not matter. */
        {"90", {"90", "90", "90"}, {"12", "12"}, NONE},
    };

    (void)state;
    EXPECT_ALL(cases);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(judge__needs_three_runs_to_compare_with),
        cmocka_unit_test(judge__items_have_a_band),
        cmocka_unit_test(judge__few_items_may_come_and_go),
        cmocka_unit_test(judge__no_items_after_some_are_always_suspicious),
        cmocka_unit_test(judge__fields_have_a_band),
        cmocka_unit_test(judge__a_field_that_nothing_has_is_missed_however_few_there_are),
        cmocka_unit_test(judge__a_field_that_may_not_have_been_counted_is_not_missed),
        cmocka_unit_test(judge__runs_without_items_say_nothing_of_fields),
        cmocka_unit_test(judge__says_all_of_it),
        cmocka_unit_test(judge__the_third_that_says_the_same_is_normal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
