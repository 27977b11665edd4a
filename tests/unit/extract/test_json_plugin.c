#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_host.h"
#include "trawl/plugin.h"
#include "util/alloc.h"

/* The plugin itself: it is only known by the symbol that it exports. */
#include "../../../plugins/json/json.c"

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

static void json_plugin__requests_what_it_starts_with(void **state)
{
    (void)state;
    assert_string_equal(
        start("{'start': [{'url': 'https://a.example/', 'method': 'GET', 'headers': {}}, "
              "{'url': 'https://b.example/', 'method': 'GET', 'headers': {'X-A': 'b'}, 'body': "
              "{'q': 1}}, {'url': 'https://c.example/', 'method': 'PUT', 'body': 'text'}], "
              "'items': '.', 'key': ['id']}"),
        "-> GET https://a.example/\n"
        "-> POST https://b.example/ {\"q\":1} "
        "{\"X-A\":\"b\",\"content-type\":\"application/json\"}\n"
        "-> PUT https://c.example/ text\n");
    assert_string_equal(start("{'start': [{'url': 'bad:x'}], 'items': '.', 'key': ['id']}"),
                        "start: 'bad:x' cannot be requested");
}

static const struct {
    const char *given;
    const char *body;
    const char *said;
} answers[] = {
    {"{'items': '.items[]', 'key': ['id']}",
     "{\"items\":[{\"id\":9007199254740993,\"p\":19.99},{\"id\":\"b\"}]}",
     "9007199254740993 {\"id\":9007199254740993,\"p\":19.99}\nb {\"id\":\"b\"}\n"},
    {"{'items': '.items[]', 'key': ['a', 'b']}", "{\"items\":[{\"a\":1.5,\"b\":true}]}",
     "1.5|true {\"a\":1.5,\"b\":true}\n"},
    {"{'items': 'empty', 'next': '.next', 'key': ['id']}", "{\"next\":\"?page=2\"}",
     "-> =GET ?page=2\n"},
    {"{'items': 'empty', 'next': '.next', 'key': ['id']}", "{\"next\":null}", ""},
    {"{'items': 'empty', 'next': '.next', 'key': ['id']}", "{\"next\":\"\"}", ""},
    {"{'items': 'empty', 'next': '.next // empty', 'key': ['id']}", "{}", ""},
    {"{'items': 'empty', 'next': '{url: .u, body: {after: .c}}', 'key': ['id']}",
     "{\"u\":\"/q\",\"c\":\"x\"}",
     "-> =POST /q {\"after\":\"x\"} {\"content-type\":\"application/json\"}\n"},
    {"{'items': 'empty', 'next': '.[]', 'key': ['id']}", "[\"a\",\"b\"]", "-> =GET a\n-> =GET b\n"},
    {"{'items': '.', 'key': ['id']}", "{\"id\":1}]", NULL},
    {"{'items': '.', 'key': ['id']}", "[1]", "items: an item must be an object, not an array"},
    {"{'items': '.[]', 'key': ['id']}", "[1]", "items: an item must be an object, not a number"},
    {"{'items': '.', 'key': ['id']}", "{\"id\":null}",
     "key: an item's 'id' is missing, empty or longer than 2048 bytes"},
    {"{'items': '.a', 'key': ['id']}", "[1]", ": jq: Cannot index array with string \"a\""},
    {"{'items': 'empty', 'next': '1', 'key': ['id']}", "{}",
     "next: expected a URL or an object with one, not a number"},
    {"{'items': 'empty', 'next': '{a:1}', 'key': ['id']}", "{}", "next: '' cannot be requested"},
    {"{'items': '.[', 'key': ['id']}", "{}", NULL},
    {"{'items': '.', 'key': []}", "{}", "key: name at least one field"},
};

static void json_plugin__works_through_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(answers); i++) {
        const char *said = answer(answers[i].given, "application/json", answers[i].body);
        if (answers[i].said && strcmp(said, answers[i].said) != 0)
            fail_msg("%s over %s gives\n%s, not\n%s", answers[i].given, answers[i].body, said,
                     answers[i].said);
    }
}

static void json_plugin__says_where_json_is_broken(void **state)
{
    const char *said = answer("{'items': '.', 'key': ['id']}", "", "{\n \"id\": 1,,\n}");

    (void)state;
    if (!strstr(said, "2"))
        fail_msg("no line in '%s'", said);
    said = answer("{'items': '.', 'key': ['id']}", "text/html", "<html>");
    assert_non_null(strstr(said, "1"));
}

static void json_plugin__names_the_broken_program(void **state)
{
    const char *said = answer("{'items': '.', 'next': '.[', 'key': ['id']}", "", "{}");

    (void)state;
    assert_int_equal(strncmp(said, "next: not a jq program", 22), 0);
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
        cmocka_unit_test(json_plugin__requests_what_it_starts_with),
        cmocka_unit_test(json_plugin__works_through_answers),
        cmocka_unit_test(json_plugin__says_where_json_is_broken),
        cmocka_unit_test(json_plugin__names_the_broken_program),
    };

    trawl_extract_init();
    return cmocka_run_group_tests(tests, NULL, finish);
}
