#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/items.h"
#include "util/alloc.h"

static void append_json__splices_the_stored_text(void **state)
{
    static const struct {
        const char *json;
        const char *key;
        const char *expected;
    } cases[] = {
        {"{}", "k", "{\"_key\":\"k\",\"_url\":\"http://a/\"}\n"},
        {"{\"n\":19.99}", "k", "{\"n\":19.99,\"_key\":\"k\",\"_url\":\"http://a/\"}\n"},
        {"{\"n\":9007199254740993}", "k",
         "{\"n\":9007199254740993,\"_key\":\"k\",\"_url\":\"http://a/\"}\n"},
        {"{\"a\":{}}", "q\"\n", "{\"a\":{},\"_key\":\"q\\\"\\n\",\"_url\":\"http://a/\"}\n"},
    };

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(cases); i++) {
        const struct trawl_item_row row = {
            .key = cases[i].key, .url = "http://a/", .json = cases[i].json};
        struct trawl_buf buf;

        trawl_buf_init(&buf, 1000);
        assert_int_equal(trawl_items_append_json(&buf, &row), 0);
        assert_string_equal(trawl_buf_text(&buf), cases[i].expected);
        trawl_buf_finish(&buf);
    }
}

static void append_json__refuses_what_is_no_object(void **state)
{
    static const char *const texts[] = {"", "1", "[1]", "\"{}\""};

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(texts); i++) {
        const struct trawl_item_row row = {.key = "k", .url = "u", .json = texts[i]};
        struct trawl_buf buf;

        trawl_buf_init(&buf, 1000);
        assert_true(trawl_items_append_json(&buf, &row) < 0);
        trawl_buf_finish(&buf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(append_json__splices_the_stored_text),
        cmocka_unit_test(append_json__refuses_what_is_no_object),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
