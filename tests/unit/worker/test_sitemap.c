/* What a scraper gets of robots.txt and of sitemaps, through the host table that it is given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "extract/plan.h"
#include "util/buf.h"
#include "util/log.h"
#include "worker/job.h"

static struct trawl_buf said;
static int result_of_sitemap; /* what the sink says of one */

static int on_page(void *user, const char *url)
{
    return trawl_buf_printf(user, "page %s\n", url);
}

static int on_sitemap(void *user, const char *url)
{
    trawl_buf_printf(user, "sitemap %s\n", url);
    return result_of_sitemap;
}

static void on_log(void *user, enum trawl_log_level level, const char *message)
{
    trawl_buf_printf(user, "%s: %s\n", trawl_log_level_name(level), message);
}

/* What the host brings of this body, and what it logs or says is wrong. */
static const char *read_at(const char *url, const char *body)
{
    static const struct trawl_job_ops ops = {.on_log = on_log};
    const struct trawl_sitemap_sink sink = {
        .size = sizeof(sink), .page = on_page, .sitemap = on_sitemap, .user = &said};
    const struct trawl_response response = {
        .size = sizeof(response),
        .status = 200,
        .url = url,
        .content_type = "text/plain",
        .body = body,
        .body_len = strlen(body),
    };
    struct trawl_err err = {0};
    struct trawl_job job;
    int r;

    trawl_buf_finish(&said);
    trawl_buf_init(&said, 1u << 20);
    trawl_job_init(&job, &ops, &said, 1000);
    trawl_job_open(&job, url, 0);
    r = trawl_scraper_host.sitemap_read(&job, &response, &sink, &err);
    trawl_job_close(&job);
    trawl_job_finish(&job);
    if (r < 0)
        trawl_buf_printf(&said, "error %d: %s", -r, err.message);
    return trawl_buf_text(&said);
}

static void sitemap_read__takes_the_lines_of_robots_txt(void **state)
{
    static const char robots[] = "User-agent: *\nDisallow: /private\n"
                                 "Sitemap: https://a.example/1.xml\n"
                                 "sitemap:https://b.example/2.xml.gz # the second\n"
                                 "Sitemap: /3.xml\n";
    static const char expected[] =
        "sitemap https://a.example/1.xml\nsitemap https://b.example/2.xml.gz\n";

    (void)state;
    assert_string_equal(read_at("https://a.example/robots.txt", robots), expected);
    assert_string_equal(read_at("https://a.example/robots.txt?x", robots), expected);
    assert_string_equal(read_at("https://a.example/en/rules", robots), expected);
}

static void sitemap_read__of_robots_txt_without_sitemaps_is_an_error(void **state)
{
    static const char error[] = "error 22: the site's robots.txt names no sitemap";

    (void)state;
    assert_string_equal(read_at("https://a.example/robots.txt", "User-agent: *\nDisallow:\n"),
                        error);
    assert_string_equal(read_at("https://a.example/robots.txt", ""), error);
    assert_string_equal(read_at("https://a.example/robots.txt", "<!DOCTYPE html><p>Hello"), error);
    assert_string_equal(read_at("https://a.example/robots.txt.bak", "User-agent: *\n"),
                        "error 22: nothing of this sitemap can be read: line 1: 'User-agent: *' is "
                        "no http or https URL");
}

/* A URL that is a robots.txt's in a list is a page like any other. */
static void sitemap_read__takes_all_else_as_a_sitemap(void **state)
{
    (void)state;
    assert_string_equal(read_at("https://a.example/list.txt",
                                "https://a.example/sitemap\nhttps://a.example/robots.txt\n"),
                        "page https://a.example/sitemap\npage https://a.example/robots.txt\n");
    assert_string_equal(read_at("https://a.example/sitemap.xml",
                                "\n<urlset><url><loc>/1</loc></url></urlset>\n<!--\n"
                                "Sitemap: https://a.example/2.xml\n-->"),
                        "page https://a.example/1\n");
}

static void sitemap_read__logs_what_is_left_out(void **state)
{
    (void)state;
    assert_string_equal(
        read_at("https://a.example/s.xml",
                "<urlset><url><loc>/1</loc></url>\n<url><loc>/2?a&b</loc></url></urlset>"),
        "page https://a.example/1\nwarning: a damaged sitemap, going on without 1 of its entries: "
        "'https://a.example/s.xml': line 2: EntityRef: expecting ';'\n");
}

static void sitemap_read__passes_on_what_the_sink_says(void **state)
{
    (void)state;
    result_of_sitemap = -E2BIG;
    assert_string_equal(
        read_at("https://a.example/robots.txt", "Sitemap: http://a/1\nSitemap: http://a/2"),
        "sitemap http://a/1\nerror 7: ");
    result_of_sitemap = 0;
}

static void sitemap_read__wants_the_size_of_the_sink(void **state)
{
    const struct trawl_sitemap_sink sink = {.page = on_page, .sitemap = on_sitemap};
    const struct trawl_response response = {
        .size = sizeof(response), .url = "https://a.example/", .content_type = "", .body = ""};
    struct trawl_err err = {0};

    (void)state;
    assert_int_equal(trawl_scraper_host.sitemap_read(NULL, &response, &sink, &err), -EINVAL);
    assert_string_equal(err.message, "the sink does not say its size");
}

static void patterns__match_as_in_follow_rules(void **state)
{
    json_auto_t *list = json_pack("[s, s]", "/shop/", "\\.html$");
    json_auto_t *wrong = json_pack("[s]", "a(");
    struct trawl_patterns *patterns = NULL;
    struct trawl_err err = {0};

    (void)state;
    assert_int_equal(trawl_scraper_host.patterns_compile(NULL, wrong, &patterns, &err), -EINVAL);
    assert_null(patterns);
    assert_non_null(strstr(err.message, "character 3 of the regular expression 'a('"));
    assert_int_equal(trawl_scraper_host.patterns_compile(NULL, list, &patterns, &err), 0);
    assert_true(trawl_scraper_host.patterns_match(patterns, "https://a.example/shop/1"));
    assert_true(trawl_scraper_host.patterns_match(patterns, "https://a.example/x.html"));
    assert_false(trawl_scraper_host.patterns_match(patterns, "https://a.example/x.html?y"));
    trawl_scraper_host.patterns_free(patterns);
}

static int finish(void **state)
{
    (void)state;
    trawl_buf_finish(&said);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sitemap_read__takes_the_lines_of_robots_txt),
        cmocka_unit_test(sitemap_read__of_robots_txt_without_sitemaps_is_an_error),
        cmocka_unit_test(sitemap_read__takes_all_else_as_a_sitemap),
        cmocka_unit_test(sitemap_read__logs_what_is_left_out),
        cmocka_unit_test(sitemap_read__passes_on_what_the_sink_says),
        cmocka_unit_test(sitemap_read__wants_the_size_of_the_sink),
        cmocka_unit_test(patterns__match_as_in_follow_rules),
    };

    trawl_extract_init();
    return cmocka_run_group_tests(tests, NULL, finish);
}
