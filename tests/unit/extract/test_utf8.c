#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "extract/utf8.h"
#include "util/alloc.h"

/* Table 3-8 of the Unicode standard and its kin: the length of a character, or 0 and how much of it is one mistake. */
static void utf8_char__tells_characters_from_mistakes(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        size_t is;
        size_t bad;
    } table[] = {
        {"a", 1, 1, 0},
        {"\x00", 1, 1, 0},
        {"\x7f", 1, 1, 0},
        {"\xc2\x80", 2, 2, 0},
        {"\xdf\xbf", 2, 2, 0},
        {"\xe0\xa0\x80", 3, 3, 0},
        {"\xed\x9f\xbf", 3, 3, 0},
        {"\xee\x80\x80", 3, 3, 0},
        {"\xef\xbf\xbf", 3, 3, 0},
        {"\xf0\x90\x80\x80", 4, 4, 0},
        {"\xf4\x8f\xbf\xbf", 4, 4, 0},
        {"\xc3\xbcz", 3, 2, 0},
        {"", 0, 0, 1},
        {"\x80", 1, 0, 1},
        {"\xbf", 1, 0, 1},
        {"\xc0\x80", 2, 0, 1}, /* a longer form of U+0000 */
        {"\xc1\xbf", 2, 0, 1},
        {"\xe0\x9f\xbf", 3, 0, 1},
        {"\xf0\x8f\xbf\xbf", 4, 0, 1},
        {"\xed\xa0\x80", 3, 0, 1},     /* a surrogate */
        {"\xf4\x90\x80\x80", 4, 0, 1}, /* beyond U+10FFFF */
        {"\xf5\x80\x80\x80", 4, 0, 1},
        {"\xff", 1, 0, 1},
        {"\xc3", 1, 0, 1}, /* cut off */
        {"\xe2\x98", 2, 0, 2},
        {"\xf0\x9f\x98", 3, 0, 3},
        {"\xf0\x9f", 2, 0, 2},
        {"\xe2\x98z", 3, 0, 2}, /* broken off */
        {"\xf0\x9f\x98\xc3", 4, 0, 3},
        {"\xc3\xc3", 2, 0, 1},
    };

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(table); i++) {
        size_t bad = 99;

        assert_int_equal(trawl__utf8_char(table[i].bytes, table[i].len, &bad), table[i].is);
        if (table[i].is == 0)
            assert_int_equal(bad, table[i].bad);
        assert_int_equal(trawl__utf8_valid(table[i].bytes, table[i].len),
                         table[i].len == 0 || table[i].is > 0);
    }
}

/* Every code point that is a character comes back, and those around it do not run into it. */
static void utf8_put__writes_what_char_reads(void **state)
{
    (void)state;
    for (uint32_t code = 0; code <= 0x10ffff; code++) {
        char room[5] = {0};
        size_t bad;
        size_t len;

        if (code == 0xd800)
            code = 0xe000;
        len = trawl__utf8_put(room, code);
        if (len != (code < 0x80      ? 1
                    : code < 0x800   ? 2
                    : code < 0x10000 ? 3
                                     : 4) ||
            trawl__utf8_char(room, len, &bad) != len || room[len] != '\0')
            fail_msg("U+%04X takes %zu bytes", code, len);
    }
}

/* A mistake is found wherever it is among the words that are looked at eight bytes at a time. */
static void utf8_valid__looks_at_every_byte(void **state)
{
    (void)state;
    for (size_t len = 0; len <= 40; len++) {
        char text[41];

        memset(text, 'a', len);
        assert_true(trawl__utf8_valid(text, len));
        for (size_t at = 0; at < len; at++) {
            text[at] = '\xff';
            assert_false(trawl__utf8_valid(text, len));
            if (at + 1 < len) {
                memcpy(text + at, "\xc3\xbc", 2);
                assert_true(trawl__utf8_valid(text, len));
                assert_false(trawl__utf8_valid(text, at + 1));
                text[at + 1] = 'a';
            }
            text[at] = 'a';
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf8_char__tells_characters_from_mistakes),
        cmocka_unit_test(utf8_put__writes_what_char_reads),
        cmocka_unit_test(utf8_valid__looks_at_every_byte),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
