/* Bytes in a known encoding to UTF-8. */
#include "extract/charset.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

#include "extract/utf8.h"
#include "util/alloc.h"

/* What iconv calls the encodings, where it is not the standard's name: the standard's encodings are those of browsers,
 * which are Microsoft's for the double-byte ones. */
static const char *const iconv_names[][2] = {
    {"shift_jis", "CP932"},     {"euc-kr", "CP949"},        {"gbk", "GB18030"},
    {"big5", "BIG5-HKSCS"},     {"euc-jp", "EUC-JP-MS"},    {"iso-2022-jp", "ISO-2022-JP"},
    {"ibm866", "CP866"},        {"windows-874", "CP874"},   {"iso-8859-8-i", "ISO-8859-8"},
    {"utf-16le", "UTF-16LE"},   {"utf-16be", "UTF-16BE"},   {"x-mac-cyrillic", "MAC-UK"},
    {"windows-1250", "CP1250"}, {"windows-1251", "CP1251"}, {"windows-1253", "CP1253"},
    {"windows-1254", "CP1254"}, {"windows-1255", "CP1255"}, {"windows-1256", "CP1256"},
    {"windows-1257", "CP1257"}, {"windows-1258", "CP1258"},
};

/* 0x80 to 0x9f of windows-1252, with the five holes as the standard fills them. */
static const uint16_t windows_1252[32] = {
    0x20ac, 0x81,   0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x8d,   0x017d, 0x8f,   0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d,   0x017e, 0x0178,
};

/* Room that the result never outgrows: a byte becomes at most one character of 4 bytes or one U+FFFD. */
struct output {
    char *text;
    size_t len;
    size_t cap;
};

static void put(struct output *out, const char *bytes, size_t len)
{
    if (len > out->cap - out->len)
        return;
    memcpy(out->text + out->len, bytes, len);
    out->len += len;
}

static void put_replacement(struct output *out)
{
    put(out, TRAWL_REPLACEMENT, strlen(TRAWL_REPLACEMENT));
}

static void from_utf8(struct output *out, const char *bytes, size_t len)
{
    const char *end = bytes + len;

    while (bytes < end) {
        size_t bad;
        size_t step = trawl__utf8_char(bytes, (size_t)(end - bytes), &bad);
        if (step > 0) {
            put(out, bytes, step);
            bytes += step;
        } else {
            put_replacement(out);
            bytes += bad;
        }
    }
}

static void from_windows_1252(struct output *out, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = (uint8_t)bytes[i];
        char room[4];
        uint32_t code = byte >= 0x80 && byte < 0xa0 ? windows_1252[byte - 0x80] : byte;
        put(out, room, trawl__utf8_put(room, code));
    }
}

static void from_user_defined(struct output *out, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = (uint8_t)bytes[i];
        char room[4];
        put(out, room, trawl__utf8_put(room, byte < 0x80 ? byte : 0xf780u + byte - 0x80));
    }
}

static void from_iconv(struct output *out, iconv_t converter, const char *bytes, size_t len,
                       size_t unit)
{
    char *in = (char *)bytes; /* iconv's prototype lacks a const */
    size_t in_left = len;

    while (in_left > 0) {
        char *to = out->text + out->len;
        size_t to_left = out->cap - out->len;
        size_t skip;
        size_t r = iconv(converter, &in, &in_left, &to, &to_left);
        out->len = out->cap - to_left;
        if (r != (size_t)-1 || errno == E2BIG)
            break;
        put_replacement(out);
        skip = unit < in_left ? unit : in_left;
        in += skip;
        in_left -= skip;
    }
}

static iconv_t open_converter(const char *encoding)
{
    const char *name = encoding;

    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(iconv_names); i++)
        if (strcmp(encoding, iconv_names[i][0]) == 0)
            name = iconv_names[i][1];
    return iconv_open("UTF-8", name);
}

static void convert(struct output *out, const char *bytes, size_t len, const char *encoding)
{
    iconv_t converter;

    if (strcmp(encoding, "utf-8") == 0) {
        from_utf8(out, bytes, len);
        return;
    }
    if (strcmp(encoding, "x-user-defined") == 0) {
        from_user_defined(out, bytes, len);
        return;
    }
    if (strcmp(encoding, "replacement") == 0) { /* not safe to decode, says the standard */
        if (len > 0)
            put_replacement(out);
        return;
    }
    converter = strcmp(encoding, "windows-1252") == 0 ? (iconv_t)-1 : open_converter(encoding);
    if (converter == (iconv_t)-1) { /* or this system's iconv lacks it: ASCII survives */
        from_windows_1252(out, bytes, len);
        return;
    }
    from_iconv(out, converter, bytes, len, strncmp(encoding, "utf-16", 6) == 0 ? 2 : 1);
    iconv_close(converter);
}

static size_t mark_length(const char *bytes, size_t len, const char *encoding)
{
    if (strcmp(encoding, "utf-8") == 0)
        return len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    if (strcmp(encoding, "utf-16be") == 0)
        return len >= 2 && memcmp(bytes, "\xfe\xff", 2) == 0 ? 2 : 0;
    if (strcmp(encoding, "utf-16le") == 0)
        return len >= 2 && memcmp(bytes, "\xff\xfe", 2) == 0 ? 2 : 0;
    return 0;
}

static bool is_valid_utf8(const char *bytes, size_t len, const char *encoding)
{
    return strcmp(encoding, "utf-8") == 0 && trawl__utf8_valid(bytes, len);
}

const char *trawl_charset_borrow(const char *bytes, size_t len, const char *encoding,
                                 size_t *ret_len)
{
    size_t mark = mark_length(bytes, len, encoding);

    if (!is_valid_utf8(bytes + mark, len - mark, encoding))
        return NULL;
    *ret_len = len - mark;
    return bytes + mark;
}

int trawl_charset_to_utf8(const char *bytes, size_t len, const char *encoding, char **ret_text,
                          size_t *ret_len)
{
    struct output out = {0};
    size_t mark = mark_length(bytes, len, encoding);
    bool valid;

    bytes += mark;
    len -= mark;
    valid = is_valid_utf8(bytes, len, encoding);
    if (len > (SIZE_MAX - 4) / 4)
        return -ENOMEM;
    out.cap = valid ? len : 4 * len + 3;
    out.text = malloc(out.cap + 1);
    if (!out.text)
        return -ENOMEM;
    if (valid)
        put(&out, bytes, len);
    else
        convert(&out, bytes, len, encoding);
    out.text[out.len] = '\0';
    *ret_text = out.text;
    *ret_len = out.len;
    return 0;
}
