#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_host.h"
#include "trawl/plugin.h"
#include "util/alloc.h"

/* The plugin itself: it is only known by the symbol that it exports. */
#include "../../../plugins/example/example.c"

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

static void example_plugin__tells_title_and_size(void **state)
{
    (void)state;
    assert_string_equal(start("{'pages': ['https://a.example/'], 'longest_title': 1024}"),
                        "-> GET https://a.example/\n");
    assert_string_equal(
        answer("{'pages': [], 'longest_title': 4}", "text/html", "<title>caf\xc3\xa9</title>"),
        "https://books.example/shop/list.html {\"title\":\"caf\",\"bytes\":20}\n");
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
        cmocka_unit_test(example_plugin__tells_title_and_size),
    };

    trawl_extract_init();
    return cmocka_run_group_tests(tests, NULL, finish);
}
