#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "cli/demo/demo.h"

static struct demo_page fetch(const struct demo_site *site, const char *path, const char *query,
                              unsigned edition)
{
    struct demo_page page = {.status = 200};

    trawl_buf_init(&page.body, DEMO_PAGE_MAX);
    site->page(&page, path, query, edition);
    return page;
}

static void assert_status(const struct demo_site *site, const char *path, const char *query,
                          int status)
{
    struct demo_page page = fetch(site, path, query, 1);

    assert_int_equal(page.status, status);
    trawl_buf_finish(&page.body);
}

static void demo_books__has_fifteen_lists(void **state)
{
    (void)state;
    assert_status(&demo_books, "", "", 200);
    assert_status(&demo_books, "", "page=15", 200);
    assert_status(&demo_books, "", "page=16", 404);
    assert_status(&demo_books, "", "page=0", 404);
    assert_status(&demo_books, "", "page=x", 404);
}

static void demo_books__links_only_to_pages_that_exist(void **state)
{
    struct demo_page list = fetch(&demo_books, "", "page=3", 1);
    unsigned found = 0;

    (void)state;
    for (const char *at = trawl_buf_text(&list.body); (at = strstr(at, "href=\"/books/")); at++) {
        char path[128];

        if (sscanf(at, "href=\"/books/%127[0-9a-z.-]\"", path) != 1)
            continue;
        assert_status(&demo_books, path, "", 200);
        found++;
    }
    assert_int_equal(found, 20);
    trawl_buf_finish(&list.body);
}

static void demo_books__refuses_a_wrong_name(void **state)
{
    (void)state;
    assert_status(&demo_books, "1-the-wrong-name.html", "", 404);
    assert_status(&demo_books, "301-the-quiet-orchard.html", "", 404);
}

static void demo_prices__are_the_same_in_one_edition(void **state)
{
    struct demo_page a = fetch(&demo_prices, "", "page=2", 4);
    struct demo_page b = fetch(&demo_prices, "", "page=2", 4);

    (void)state;
    assert_string_equal(trawl_buf_text(&a.body), trawl_buf_text(&b.body));
    trawl_buf_finish(&a.body);
    trawl_buf_finish(&b.body);
}

static void demo_last_change__is_a_tenth_an_edition(void **state)
{
    unsigned changed = 0;

    (void)state;
    for (unsigned i = 1; i <= 1000; i++) {
        assert_int_equal(demo_last_change(i, 1), 0);
        changed += demo_last_change(i, 2) == 2;
    }
    assert_in_range(changed, 50, 150);
}

static void demo_news__adds_two_articles_an_edition(void **state)
{
    struct demo_page first = fetch(&demo_news, "", "", 1);
    struct demo_page second = fetch(&demo_news, "", "", 2);

    (void)state;
    assert_null(strstr(trawl_buf_text(&first.body), "/61-"));
    assert_non_null(strstr(trawl_buf_text(&second.body), "/62-"));
    trawl_buf_finish(&first.body);
    trawl_buf_finish(&second.body);
}

static void demo_news__culture_is_windows_1252(void **state)
{
    struct demo_page page = fetch(&demo_news, "culture/", "", 1);

    (void)state;
    assert_int_equal(page.status, 200);
    assert_non_null(strstr(trawl_buf_text(&page.body), "charset=\"windows-1252\""));
    assert_null(strstr(trawl_buf_text(&page.body), "ü"));
    assert_non_null(strchr(trawl_buf_text(&page.body), '\xfc'));
    trawl_buf_finish(&page.body);
}

static void demo_news__stays_within_a_page_for_ever(void **state)
{
    struct demo_page page = fetch(&demo_news, "world/", "", UINT32_MAX);

    (void)state;
    assert_int_equal(page.status, 200);
    trawl_buf_finish(&page.body);
}

static void demo_query_number__finds_the_whole_name(void **state)
{
    (void)state;
    assert_int_equal(demo_query_number("subpage=3&page=7", "page", 1), 7);
    assert_int_equal(demo_query_number("a=1", "page", 5), 5);
    assert_int_equal(demo_query_number("page=", "page", 5), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(demo_books__has_fifteen_lists),
        cmocka_unit_test(demo_books__links_only_to_pages_that_exist),
        cmocka_unit_test(demo_books__refuses_a_wrong_name),
        cmocka_unit_test(demo_prices__are_the_same_in_one_edition),
        cmocka_unit_test(demo_last_change__is_a_tenth_an_edition),
        cmocka_unit_test(demo_news__adds_two_articles_an_edition),
        cmocka_unit_test(demo_news__culture_is_windows_1252),
        cmocka_unit_test(demo_news__stays_within_a_page_for_ever),
        cmocka_unit_test(demo_query_number__finds_the_whole_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
