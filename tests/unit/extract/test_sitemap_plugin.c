#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_host.h"
#include "trawl/plugin.h"
#include "util/alloc.h"

/* The plugin itself: it is only known by the symbol that it exports. */
#include "../../../plugins/sitemap/sitemap.c"

#define RULES "'fields': {'t': 'h1'}"

static void *scraper;

static int create(const char *given_text, struct trawl_err *err)
{
    json_auto_t *given = fake_json(given_text);

    assert_non_null(given);
    fake_reset();
    return trawl_plugin.scraper->create(&fake_host, &fake_job, given, &scraper, err);
}

/* Bring one response to a scraper made of these options; what it said, or "where: message". */
static const char *answer_with(const char *given, const char *meta_text, uint16_t depth,
                               const char *body)
{
    struct trawl_response response = fake_response("", body);
    json_auto_t *meta = meta_text ? fake_json(meta_text) : NULL;
    struct trawl_err err = {0};
    int r = create(given, &err);

    response.meta = meta;
    response.depth = depth;
    if (r == 0) {
        r = trawl_plugin.scraper->on_response(scraper, &response, &err);
        trawl_plugin.scraper->destroy(scraper);
    }
    if (r < 0)
        trawl_buf_printf(&fake_job.said, "%s: %s", err.where, err.message);
    return trawl_buf_text(&fake_job.said);
}

static const char *answer(const char *given, const char *body)
{
    return answer_with(given, "{'sitemap': true}", 1, body);
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

static void sitemap_plugin__asks_for_the_robots_txt_of_a_root(void **state)
{
    static const char robots[] = "-> GET https://a.example:8080/robots.txt {\"sitemap\":true}\n";

    (void)state;
    assert_string_equal(start("{'start': ['https://a.example:8080'], " RULES "}"), robots);
    assert_string_equal(start("{'start': ['https://a.example:8080/'], " RULES "}"), robots);
    assert_string_equal(start("{'start': ['https://a.example:8080/robots.txt'], " RULES "}"),
                        robots);
}

static void sitemap_plugin__asks_for_sitemaps(void **state)
{
    (void)state;
    assert_string_equal(start("{'start': ['https://a.example/s.xml', 'https://a.example/?s=1', "
                              "'https://a.example//'], " RULES "}"),
                        "-> GET https://a.example/s.xml {\"sitemap\":true}\n"
                        "-> GET https://a.example/?s=1 {\"sitemap\":true}\n"
                        "-> GET https://a.example// {\"sitemap\":true}\n");
    assert_string_equal(start("{'start': ['bad:x'], " RULES "}"),
                        "start: 'bad:x' cannot be requested");
    assert_string_equal(start("{'start': ['bad://x/'], " RULES "}"),
                        "start: 'bad://x/' cannot be requested");
}

static void sitemap_plugin__requests_pages_that_match(void **state)
{
    static const char map[] = "<urlset><url><loc>/shop/1</loc></url><url><loc>/news/2</loc></url>"
                              "<url><loc>/help/3.html</loc></url></urlset>";

    (void)state;
    assert_string_equal(answer("{'start': [], 'match': [], " RULES "}", map),
                        "-> GET https://books.example/shop/1\n"
                        "-> GET https://books.example/news/2\n"
                        "-> GET https://books.example/help/3.html\n");
    assert_string_equal(answer("{'start': [], 'match': ['/shop/', '\\\\.html$'], " RULES "}", map),
                        "-> GET https://books.example/shop/1\n"
                        "-> GET https://books.example/help/3.html\n");
}

static void sitemap_plugin__follows_indexes_so_deep(void **state)
{
    static const char given[] = "{'start': [], 'match': ['nothing'], " RULES "}";
    static const char map[] =
        "<sitemapindex><sitemap><loc>/2.xml.gz</loc></sitemap></sitemapindex>";

    (void)state;
    for (uint16_t depth = 0; depth < 4; depth++)
        assert_string_equal(answer_with(given, "{'sitemap': true}", depth, map),
                            "-> GET https://books.example/2.xml.gz {\"sitemap\":true}\n");
    assert_string_equal(answer_with(given, "{'sitemap': true}", 4, map),
                        ": sitemaps lead to sitemaps more than 4 times in a row");
}

static void sitemap_plugin__tells_what_is_damaged(void **state)
{
    (void)state;
    assert_string_equal(answer("{'start': [], " RULES "}",
                               "<urlset><url><loc>/1</loc></url><url><loc>/2?a&b</loc></url>"),
                        "-> GET https://books.example/1\n"
                        "log: line 1: EntityRef: expecting ';'\n");
    assert_string_equal(answer("{'start': [], " RULES "}", "Not found"),
                        ": nothing of this sitemap can be read: line 1: 'Not found' is no http or "
                        "https URL");
}

static void sitemap_plugin__takes_all_else_as_pages(void **state)
{
    static const char given[] = "{'start': [], 'match': ['/shop/'], 'follow': ['a'], " RULES "}";

    (void)state;
    assert_string_equal(answer_with(given, NULL, 2, "<h1>x</h1><a href=y>z</a><a href=mailto:a>b"),
                        "-> GET https://books.example/shop/y\n"
                        "https://books.example/shop/list.html {\"t\":\"x\"}\n");
    assert_string_equal(answer_with(given, NULL, 2, "<urlset><url><loc>/1</loc></url></urlset>"),
                        "");
}

static void sitemap_plugin__says_what_is_wrong_with_its_options(void **state)
{
    (void)state;
    assert_string_equal(answer("{'start': [], 'match': ['/a', '/b('], " RULES "}", ""),
                        "match: character 4 of the regular expression '/b(': missing closing "
                        "parenthesis");
    assert_string_equal(answer("{'start': [], 'fields': {'t': 'a:hover'}}", ""),
                        "fields.t.select: character 2 of the selector 'a:hover': ':hover' is about "
                        "a person's browser and has no meaning here");
    assert_string_equal(answer("{'start': []}", ""),
                        "fields: neither fields nor links to follow: there is nothing to do");
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
        cmocka_unit_test(sitemap_plugin__asks_for_the_robots_txt_of_a_root),
        cmocka_unit_test(sitemap_plugin__asks_for_sitemaps),
        cmocka_unit_test(sitemap_plugin__requests_pages_that_match),
        cmocka_unit_test(sitemap_plugin__follows_indexes_so_deep),
        cmocka_unit_test(sitemap_plugin__tells_what_is_damaged),
        cmocka_unit_test(sitemap_plugin__takes_all_else_as_pages),
        cmocka_unit_test(sitemap_plugin__says_what_is_wrong_with_its_options),
    };

    trawl_extract_init();
    return cmocka_run_group_tests(tests, NULL, finish);
}
