#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_host.h"
#include "util/alloc.h"

#define LINKS 3000

struct found {
    size_t count;
    size_t stop_at; /* refuse from here on; 0: never */
};

/* Links come in the order of the page: https://books.example/0, /1 and so on. */
static int on_link(void *user, const char *url)
{
    struct found *found = user;
    TRAWL_AUTO_FREE char *expected = trawl_xasprintf("https://books.example/%zu", found->count);

    assert_string_equal(url, expected);
    found->count++;
    return found->count == found->stop_at ? -E2BIG : 0;
}

/* A page of LINKS links, each `times` times, and spelled in another way each time. */
static char *page_of(size_t times)
{
    static const struct {
        const char *before;
        const char *after;
    } spellings[] = {{"/", ""}, {"https://books.example/", "#top"}, {" /", " "}, {"/x/../", ""}};
    struct trawl_buf page;

    trawl_buf_init(&page, (size_t)16 << 20);
    for (size_t i = 0; i < LINKS; i++) {
        for (size_t t = 0; t < times; t++)
            trawl_buf_printf(&page, "<a href='%s%zu%s'></a>", spellings[t].before, i,
                             spellings[t].after);
    }
    return trawl_buf_steal(&page, NULL);
}

static int run(const char *rules_text, const char *body, struct found *found)
{
    const struct trawl_response response = fake_response("text/html", body);
    const struct trawl_sink sink = {.link = on_link, .user = found};
    json_auto_t *rules = fake_json(rules_text);
    struct trawl_plan *plan = NULL;
    int r;

    assert_int_equal(trawl_plan_compile(rules, &plan, NULL), 0);
    r = trawl_plan_run(plan, &response, &sink, NULL);
    trawl_plan_free(plan);
    return r;
}

static void links__are_found_once_however_many(void **state)
{
    TRAWL_AUTO_FREE char *body = page_of(4);
    struct found found = {0};

    (void)state;
    assert_int_equal(run("{'follow': 'a'}", body, &found), 0);
    assert_int_equal(found.count, LINKS);
}

/* Of what the first rule had, the second finds nothing new. */
static void links__are_found_once_by_many_rules(void **state)
{
    TRAWL_AUTO_FREE char *body = page_of(2);
    struct found found = {0};

    (void)state;
    assert_int_equal(run("{'follow': ['a', '//a/@href', 'a']}", body, &found), 0);
    assert_int_equal(found.count, LINKS);
}

static void links__end_where_the_sink_says(void **state)
{
    TRAWL_AUTO_FREE char *body = page_of(1);
    struct found found = {.stop_at = 1000};

    (void)state;
    assert_int_equal(run("{'follow': ['a', 'a']}", body, &found), -E2BIG);
    assert_int_equal(found.count, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(links__are_found_once_however_many),
        cmocka_unit_test(links__are_found_once_by_many_rules),
        cmocka_unit_test(links__end_where_the_sink_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
