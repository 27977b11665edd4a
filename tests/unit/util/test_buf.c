#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/buf.h"

static void buf_append__ends_in_a_nul(void **state)
{
    struct trawl_buf buf;

    (void)state;
    trawl_buf_init(&buf, 100);
    assert_string_equal(trawl_buf_text(&buf), "");
    assert_int_equal(trawl_buf_append(&buf, "ab", 2), 0);
    assert_int_equal(trawl_buf_append_char(&buf, 'c'), 0);
    assert_int_equal(trawl_buf_printf(&buf, "%d", 42), 0);
    assert_string_equal(trawl_buf_text(&buf), "abc42");
    assert_int_equal(buf.len, 5);
    trawl_buf_finish(&buf);
}

static void buf_append__stops_at_the_limit_and_stays_usable(void **state)
{
    struct trawl_buf buf;

    (void)state;
    trawl_buf_init(&buf, 4);
    assert_int_equal(trawl_buf_append_text(&buf, "abcd"), 0);
    assert_int_equal(trawl_buf_append_char(&buf, 'e'), -EFBIG);
    assert_int_equal(buf.len, 0);
    assert_int_equal(trawl_buf_append_text(&buf, "ab"), 0);
    assert_string_equal(trawl_buf_text(&buf), "ab");
    trawl_buf_finish(&buf);
}

static void buf_consume__drops_the_front(void **state)
{
    struct trawl_buf buf;

    (void)state;
    trawl_buf_init(&buf, 100);
    trawl_buf_append_text(&buf, "hello");
    trawl_buf_consume(&buf, 2);
    assert_string_equal(trawl_buf_text(&buf), "llo");
    trawl_buf_consume(&buf, 3);
    assert_string_equal(trawl_buf_text(&buf), "");
    trawl_buf_clear(&buf);
    trawl_buf_finish(&buf);
}

static void buf_steal__hands_the_bytes_over(void **state)
{
    struct trawl_buf buf;
    size_t len = 1;
    char *text;

    (void)state;
    trawl_buf_init(&buf, 100);
    text = trawl_buf_steal(&buf, &len);
    assert_string_equal(text, "");
    assert_int_equal(len, 0);
    free(text);
    trawl_buf_append_text(&buf, "abc");
    text = trawl_buf_steal(&buf, &len);
    assert_string_equal(text, "abc");
    assert_int_equal(len, 3);
    assert_int_equal(buf.len, 0);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buf_append__ends_in_a_nul),
        cmocka_unit_test(buf_append__stops_at_the_limit_and_stays_usable),
        cmocka_unit_test(buf_consume__drops_the_front),
        cmocka_unit_test(buf_steal__hands_the_bytes_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
