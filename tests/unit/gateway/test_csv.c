#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/api/csv.h"
#include "gateway/slice.h"

static void check_field(const char *text, const char *expected)
{
    struct trawl_buf buf;

    trawl_buf_init(&buf, 1000);
    assert_int_equal(csv_append_field(&buf, text, strlen(text)), 0);
    assert_string_equal(trawl_buf_text(&buf), expected);
    trawl_buf_finish(&buf);
}

static void csv_append_field__quotes_what_has_to_be(void **state)
{
    (void)state;
    check_field("", "");
    check_field("plain text", "plain text");
    check_field("a,b", "\"a,b\"");
    check_field("say \"hi\"", "\"say \"\"hi\"\"\"");
    check_field("\"", "\"\"\"\"");
    check_field("two\nlines", "\"two\nlines\"");
    check_field("cr\r", "\"cr\r\"");
}

static void csv_row__keeps_numbers_and_unites_columns(void **state)
{
    static const char *const items[] = {
        "{\"title\":\"A \\u00e9 \\\"q\\\"\",\"price\":19.99,\"n\":9007199254740993}",
        "{\"price\": null , \"tags\":[\"a\",{\"b\":\"}\"}],\"title\":true}"};
    struct csv_columns columns = {0};
    struct trawl_item_row row = {.platform = "books", .key = "1", .url = "http://x/"};
    struct trawl_buf buf;

    (void)state;
    trawl_buf_init(&buf, 10000);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(csv_columns_add(&columns, items[i]), 0);
    assert_int_equal(csv_append_head(&buf, &columns), 0);
    for (size_t i = 0; i < 2; i++) {
        row.json = items[i];
        row.gone_ms = 1000 * (int64_t)i;
        assert_int_equal(csv_append_row(&buf, &columns, &row), 0);
    }
    assert_string_equal(trawl_buf_text(&buf),
                        "_platform,_key,_url,_change,_first_seen,_last_seen,_last_changed,_gone_at,"
                        "title,price,n,tags\r\n"
                        "books,1,http://x/,,1970-01-01T00:00:00.000Z,1970-01-01T00:00:00.000Z,"
                        "1970-01-01T00:00:00.000Z,,\"A é \"\"q\"\"\",19.99,9007199254740993,\r\n"
                        "books,1,http://x/,,1970-01-01T00:00:00.000Z,1970-01-01T00:00:00.000Z,"
                        "1970-01-01T00:00:00.000Z,1970-01-01T00:00:01.000Z,true,,,\"[\"\"a\"\",{"
                        "\"\"b\"\":\"\"}\"\"}]\"\r\n");
    trawl_buf_finish(&buf);
    csv_columns_finish(&columns);
}

static int ignore(void *user, const char *name, size_t name_len, const char *value,
                  size_t value_len)
{
    (void)user;
    (void)name;
    (void)name_len;
    (void)value;
    (void)value_len;
    return 0;
}

static void slice_object__refuses_what_is_none(void **state)
{
    static const char *const broken[] = {"",           "[]",     "{",          "{\"a\"}",
                                         "{\"a\":}",   "{a:1}",  "{\"a\":1",   "{\"a\":1,}",
                                         "{\"a\":\"}", "{\"a\\", "{\"a\":[1}", "\"a\""};

    (void)state;
    for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
        if (slice_object(broken[i], strlen(broken[i]), ignore, NULL) != -EINVAL)
            fail_msg("%s", broken[i]);
    }
    assert_int_equal(slice_object("{}", 2, ignore, NULL), 0);
    assert_int_equal(slice_object(" { \"a\" : {} } ", 14, ignore, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv_append_field__quotes_what_has_to_be),
        cmocka_unit_test(csv_row__keeps_numbers_and_unites_columns),
        cmocka_unit_test(slice_object__refuses_what_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
