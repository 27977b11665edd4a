#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "extract/charset.h"
#include "util/alloc.h"

static void charset_detect__follows_the_standard_order(void **state)
{
    static const struct {
        const char *bytes;
        const char *content_type;
        const char *encoding;
    } table[] = {
        {"\xef\xbb\xbf<meta charset=koi8-r>", "text/html; charset=windows-1251", "utf-8"},
        {"\xff\xfe<", "text/html; charset=utf-8", "utf-16le"},
        {"\xfe\xff<", "", "utf-16be"},
        {"<meta charset=koi8-r>", "text/html; charset=windows-1251", "windows-1251"},
        {"<meta charset=koi8-r>", "text/html; charset=nonsense", "koi8-r"},
        {"<meta charset=koi8-r>", "text/html", "koi8-r"},
        {"<meta charset=koi8-r>", NULL, "koi8-r"},
        {"x", "text/html;charset=\"UTF-8\"", "utf-8"},
        {"x", "text/html; CHARSET = Shift_JIS ; x=y", "shift_jis"},
        {"x", "text/html; charset=ISO-8859-1", "windows-1252"},
        {"<META CharSet = ' Latin2 '>", "", "iso-8859-2"},
        {"<meta http-equiv=Content-Type content='text/html; charset=gb2312'>", "", "gbk"},
        {"<meta content='text/html; charset=gb2312' http-equiv=content-type>", "", "gbk"},
        {"<meta content='text/html; charset=gb2312'>", "", "utf-8"},
        {"<meta name=x content=y><meta charset=big5>", "", "big5"},
        {"<!-- <meta charset=big5> --><meta charset=euc-kr>", "", "euc-kr"},
        {"<!--><meta charset=big5>", "", "big5"},
        {"<a title='<meta charset=big5>'><meta charset=euc-kr>", "", "euc-kr"},
        {"<metadata charset=big5>", "", "utf-8"},
        {"<meta charset=utf-16>", "", "utf-8"},
        {"<meta charset=x-user-defined>", "", "windows-1252"},
        {"<meta charset=nonsense>", "", "utf-8"},
        {"<?xml version='1.0' encoding='windows-1250'?><html>", "", "windows-1250"},
        {"<?xml encoding='windows-1250'?><meta charset=big5>", "", "big5"},
        {"caf\xc3\xa9", "", "utf-8"},
        {"caf\xe9", "", "windows-1252"},
        {"", "", "utf-8"},
        {"<meta", "", "utf-8"},
        {"<meta charset", "", "utf-8"},
        {"<meta charset=", "", "utf-8"},
        {"<meta charset='big5", "", "big5"},
        {"<!--", "", "utf-8"},
    };

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(table); i++)
        assert_string_equal(
            trawl_charset_detect(table[i].bytes, strlen(table[i].bytes), table[i].content_type),
            table[i].encoding);
}

static void charset_detect__looks_at_the_first_1024_bytes(void **state)
{
    char bytes[2048];

    (void)state;
    memset(bytes, ' ', sizeof(bytes));
    memcpy(bytes + 900, "<meta charset=big5>", 19);
    assert_string_equal(trawl_charset_detect(bytes, sizeof(bytes), ""), "big5");
    memset(bytes, ' ', sizeof(bytes));
    memcpy(bytes + 1100, "<meta charset=big5>", 19);
    assert_string_equal(trawl_charset_detect(bytes, sizeof(bytes), ""), "utf-8");
}

static void charset_to_utf8__decodes_as_browsers_do(void **state)
{
    static const struct {
        const char *encoding;
        const char *bytes;
        size_t len;
        const char *text;
    } table[] = {
        {"utf-8", "caf\xc3\xa9", 5, "caf\xc3\xa9"},
        {"utf-8", "\xef\xbb\xbfx", 4, "x"},
        {"utf-8",
         "a\xff"
         "b",
         3,
         "a\xef\xbf\xbd"
         "b"},
        {"utf-8", "\xe2\x82", 2, "\xef\xbf\xbd"},
        {"utf-8", "\xe2\x82x", 3, "\xef\xbf\xbdx"},
        {"utf-8", "\xed\xa0\x80", 3, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"utf-8", "\xc0\x80", 2, "\xef\xbf\xbd\xef\xbf\xbd"},
        {"utf-8", "\xf0\x9f\x98\x80", 4, "\xf0\x9f\x98\x80"},
        {"windows-1252", "\x80 \x93q\x94 \xe9\x81", 8,
         "\xe2\x82\xac \xe2\x80\x9cq\xe2\x80\x9d \xc3\xa9\xc2\x81"},
        {"windows-1251", "\xcf\xf0\xe8", 3, "\xd0\x9f\xd1\x80\xd0\xb8"},
        {"koi8-r", "\xf0\xd2\xc9", 3, "\xd0\x9f\xd1\x80\xd0\xb8"},
        {"shift_jis", "\x93\xfa\x96\x7b", 4, "\xe6\x97\xa5\xe6\x9c\xac"},
        {"euc-jp", "\xc6\xfc\xcb\xdc", 4, "\xe6\x97\xa5\xe6\x9c\xac"},
        {"iso-2022-jp", "\x1b$BF|K\\\x1b(B", 10, "\xe6\x97\xa5\xe6\x9c\xac"},
        {"gbk", "\xc4\xe3", 2, "\xe4\xbd\xa0"},
        {"big5", "\xa7\x41", 2, "\xe4\xbd\xa0"},
        {"euc-kr", "\xc7\xd1", 2, "\xed\x95\x9c"},
        {"utf-16le",
         "\xff\xfe"
         "a\0\xac\x20",
         6, "a\xe2\x82\xac"},
        {"utf-16be", "\0a\x20\xac", 4, "a\xe2\x82\xac"},
        {"utf-16le",
         "a\0\x00\xd8"
         "b\0",
         6,
         "a\xef\xbf\xbd"
         "b"},
        {"utf-16le", "a\0b", 3, "a\xef\xbf\xbd"},
        {"iso-8859-15", "\xa4", 1, "\xe2\x82\xac"},
        {"x-user-defined", "a\x80", 2, "a\xef\x9e\x80"},
        {"replacement", "abc", 3, "\xef\xbf\xbd"},
        {"utf-8", "", 0, ""},
    };

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(table); i++) {
        char *text = NULL;
        size_t len = 0;
        assert_int_equal(
            trawl_charset_to_utf8(table[i].bytes, table[i].len, table[i].encoding, &text, &len), 0);
        assert_string_equal(text, table[i].text);
        assert_int_equal(len, strlen(table[i].text));
        free(text);
    }
}

/* Every encoding that a label leads to must be there, or pages in it would turn into rubbish. */
static void charset_to_utf8__knows_every_encoding(void **state)
{
    static const char *const encodings[] = {
        "ibm866",       "iso-8859-2",    "iso-8859-3",   "iso-8859-4",   "iso-8859-5",
        "iso-8859-6",   "iso-8859-7",    "iso-8859-8",   "iso-8859-8-i", "iso-8859-10",
        "iso-8859-13",  "iso-8859-14",   "iso-8859-15",  "iso-8859-16",  "koi8-r",
        "koi8-u",       "macintosh",     "windows-874",  "windows-1250", "windows-1251",
        "windows-1253", "windows-1254",  "windows-1255", "windows-1256", "windows-1257",
        "windows-1258", "x-mac-cyrillic"};

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(encodings); i++) {
        char *text = NULL;
        size_t len = 0;
        char all[128];
        char *as_1252 = NULL;
        for (int c = 0; c < 128; c++)
            all[c] = (char)(128 + c);
        assert_int_equal(trawl_charset_to_utf8(all, sizeof(all), encodings[i], &text, &len), 0);
        assert_int_equal(trawl_charset_to_utf8(all, sizeof(all), "windows-1252", &as_1252, &len),
                         0);
        assert_string_not_equal(text, as_1252);
        free(text);
        free(as_1252);
    }
}

static void charset__borrows_what_is_utf8(void **state)
{
    static const char page[] = "\xef\xbb\xbf<p>caf\xc3\xa9";
    size_t len = 0;

    (void)state;
    assert_ptr_equal(trawl_charset_borrow(page, strlen(page), "utf-8", &len), page + 3);
    assert_int_equal(len, strlen(page) - 3);
    assert_null(trawl_charset_borrow(page, strlen(page) - 1, "utf-8", &len));
    assert_null(trawl_charset_borrow("<p>", 3, "windows-1252", &len));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(charset_detect__follows_the_standard_order),
        cmocka_unit_test(charset_detect__looks_at_the_first_1024_bytes),
        cmocka_unit_test(charset_to_utf8__decodes_as_browsers_do),
        cmocka_unit_test(charset_to_utf8__knows_every_encoding),
        cmocka_unit_test(charset__borrows_what_is_utf8),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
