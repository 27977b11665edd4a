#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_host.h"
#include "trawl/plugin.h"
#include "util/alloc.h"

/* The plugin itself: it is only known by the symbol that it exports. */
#include "../../../plugins/html/html.c"

static void *scraper;

static int create(const char *given_text, struct trawl_err *err)
{
    json_auto_t *given = fake_json(given_text);

    assert_non_null(given);
    fake_reset();
    return trawl_plugin.scraper->create(&fake_host, &fake_job, given, &scraper, err);
}

/* Bring one response to a scraper made of these options; what it said, or "where: message". */
static const char *answer(const char *given, const char *type, const char *body)
{
    struct trawl_response response = fake_response(type, body);
    struct trawl_err err = {0};
    int r = create(given, &err);

    if (r == 0) {
        r = trawl_plugin.scraper->on_response(scraper, &response, &err);
        trawl_plugin.scraper->destroy(scraper);
    }
    if (r < 0)
        trawl_buf_printf(&fake_job.said, "%s: %s", err.where, err.message);
    return trawl_buf_text(&fake_job.said);
}

static const char *start(const char *given)
{
    struct trawl_err err = {0};
    int r = create(given, &err);

    assert_int_equal(r, 0);
    r = trawl_plugin.scraper->start(scraper, &err);
    trawl_plugin.scraper->destroy(scraper);
    if (r < 0)
        trawl_buf_printf(&fake_job.said, "%s: %s", err.where, err.message);
    return trawl_buf_text(&fake_job.said);
}

static void html_plugin__requests_its_start_pages(void **state)
{
    (void)state;
    assert_string_equal(start("{'start': ['https://a.example/', 'https://b.example/'], 'follow': "
                              "'a'}"),
                        "-> GET https://a.example/\n-> GET https://b.example/\n");
    assert_string_equal(start("{'start': ['bad:x'], 'follow': 'a'}"),
                        "start: 'bad:x' cannot be requested");
}

static void html_plugin__emits_items_and_links(void **state)
{
    (void)state;
    assert_string_equal(answer("{'start': ['https://a.example/'], 'follow': ['a'], 'rows': 'li', "
                               "'fields': {'t': 'b'}, 'key': ['t']}",
                               "text/html", "<a href=2>next</a><li><b>x</b>"),
                        "-> GET https://books.example/shop/2\nx {\"t\":\"x\"}\n");
}

static void html_plugin__skips_images(void **state)
{
    (void)state;
    assert_string_equal(answer("{'start': [], 'follow': ['a']}", "image/png", "<a href=2>"), "");
}

static void html_plugin__says_what_is_wrong_with_its_rules(void **state)
{
    (void)state;
    assert_string_equal(answer("{'start': [], 'follow': ['a:hover']}", "", ""),
                        "follow[0].select: character 2 of the selector 'a:hover': ':hover' is "
                        "about a person's browser and has no meaning here");
}

static int finish(void **state)
{
    (void)state;
    trawl_buf_finish(&fake_job.said);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(html_plugin__requests_its_start_pages),
        cmocka_unit_test(html_plugin__emits_items_and_links),
        cmocka_unit_test(html_plugin__skips_images),
        cmocka_unit_test(html_plugin__says_what_is_wrong_with_its_rules),
    };

    trawl_extract_init();
    return cmocka_run_group_tests(tests, NULL, finish);
}
