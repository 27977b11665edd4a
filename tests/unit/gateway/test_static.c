#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "gateway/frame.h"
#include "gateway/static.h"

static void check_file(const char *path, const char *expected)
{
    char *file = static_file_of(path);

    if (expected)
        assert_string_equal(file, expected);
    else
        assert_null(file);
    free(file);
}

static void static_file_of__stays_in_the_folder(void **state)
{
    (void)state;
    check_file("/", "index.html");
    check_file("/runs", "runs");
    check_file("/docs/", "docs/index.html");
    check_file("/assets/app%20x.js", "assets/app x.js");
    check_file("", NULL);
    check_file("/../x", NULL);
    check_file("/%2e%2e/x", NULL);
    check_file("/a/..%2fx", NULL);
    check_file("/a/%2e./x", NULL);
    check_file("/.env", NULL);
    check_file("/a//b", NULL);
    check_file("//etc/passwd", NULL);
    check_file("/%2fetc/passwd", NULL);
    check_file("/a%5c..%5cx", NULL);
    check_file("/a%00", NULL);
    check_file("/%", NULL);
}

static void static_content_type__by_suffix(void **state)
{
    (void)state;
    assert_string_equal(static_content_type("a/b.HTML"), "text/html; charset=utf-8");
    assert_string_equal(static_content_type("app-3f.js"), "text/javascript; charset=utf-8");
    assert_string_equal(static_content_type("x"), "application/octet-stream");
}

static void static_accepts__reads_the_list(void **state)
{
    (void)state;
    assert_true(static_accepts("gzip, deflate, br", "br"));
    assert_true(static_accepts("br;q=0.5", "br"));
    assert_true(static_accepts("GZIP", "gzip"));
    assert_false(static_accepts("br;q=0, gzip", "br"));
    assert_false(static_accepts("brotli", "br"));
    assert_false(static_accepts("", "br"));
    assert_false(static_accepts(NULL, "br"));
}

static void frame_head__has_three_lengths(void **state)
{
    static const struct {
        size_t len;
        size_t head_len;
        uint8_t head[10];
    } cases[] = {
        {0, 2, {0x81, 0}},
        {125, 2, {0x81, 125}},
        {126, 4, {0x81, 126, 0, 126}},
        {65535, 4, {0x81, 126, 0xff, 0xff}},
        {65536, 10, {0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0}},
    };
    uint8_t head[FRAME_HEAD_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_int_equal(frame_head(head, cases[i].len), cases[i].head_len);
        assert_memory_equal(head, cases[i].head, cases[i].head_len);
    }
}

static void static_find_folder__takes_the_configured_one(void **state)
{
    char *folder = static_find_folder("/nowhere");

    (void)state;
    assert_string_equal(folder, "/nowhere");
    free(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(static_find_folder__takes_the_configured_one),
        cmocka_unit_test(static_file_of__stays_in_the_folder),
        cmocka_unit_test(static_content_type__by_suffix),
        cmocka_unit_test(static_accepts__reads_the_list),
        cmocka_unit_test(frame_head__has_three_lengths),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
