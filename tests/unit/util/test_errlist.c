#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "util/errlist.h"

static void errlist_add__keeps_order(void **state)
{
    struct trawl_errlist list = {0};

    (void)state;
    trawl_errlist_add(&list, "a.b", "expected %d", 7);
    trawl_errlist_add(&list, NULL, "%s", "lost");
    assert_int_equal(list.count, 2);
    assert_string_equal(list.errs[0].where, "a.b");
    assert_string_equal(list.errs[0].message, "expected 7");
    assert_string_equal(list.errs[1].where, "");
    trawl_errlist_finish(&list);
    assert_int_equal(list.count, 0);
}

static void errlist_add__counts_what_is_too_much(void **state)
{
    struct trawl_errlist list = {0};

    (void)state;
    for (int i = 0; i < TRAWL_ERRLIST_MAX + 5; i++)
        trawl_errlist_add(&list, "x", "%d", i);
    assert_int_equal(list.count, TRAWL_ERRLIST_MAX);
    assert_int_equal(list.dropped, 5);
    trawl_errlist_finish(&list);
}

static void errlist_add__cuts_what_is_too_long(void **state)
{
    struct trawl_errlist list = {0};
    char text[4096];

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    trawl_errlist_add(&list, text, "%s", text);
    assert_int_equal(strlen(list.errs[0].where), sizeof(list.errs[0].where) - 1);
    assert_int_equal(strlen(list.errs[0].message), sizeof(list.errs[0].message) - 1);
    trawl_errlist_finish(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errlist_add__keeps_order),
        cmocka_unit_test(errlist_add__counts_what_is_too_much),
        cmocka_unit_test(errlist_add__cuts_what_is_too_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
