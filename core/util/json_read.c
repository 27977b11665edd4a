/* Reading: jansson parses, but it refuses integers beyond 2^63, reals beyond double, lone surrogates, broken UTF-8 and
 * "\u0000" in names. One pass over the text replaces these by what Trawl makes of them. Ordinary text has none, and
 * is parsed as it lies. */
#include "util/json.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "util/alloc.h"
#include "util/escape.h"

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

/* A replacement is at most 3 bytes for 1. */
#define GROWTH 3

/* A real with fewer characters and no exponent cannot reach 1e308. */
#define REAL_SURELY_FINITE 300

struct reader {
    const char *at;
    const char *end;
    const char *copied;   /* up to here the text is in `out` */
    struct trawl_buf out; /* used once something had to be replaced */
    bool patched;
    unsigned depth;
};

static int patch(struct reader *reader, const char *from, const char *to, const char *text,
                 size_t len)
{
    int r;

    reader->patched = true;
    r = trawl_buf_append(&reader->out, reader->copied, (size_t)(from - reader->copied));
    if (r == 0)
        r = trawl_buf_append(&reader->out, text, len);
    reader->copied = to;
    return r;
}

/* How many bytes of `p` are one UTF-8 sequence, 0 if they are none (RFC 3629: no overlong forms, no surrogates, nothing above
 * U+10FFFF). */
static size_t utf8_len(const unsigned char *p, size_t left)
{
    unsigned char low = 0x80;
    unsigned char high = 0xBF;
    size_t len;

    if (p[0] >= 0xC2 && p[0] <= 0xDF)
        len = 2;
    else if (p[0] >= 0xE0 && p[0] <= 0xEF)
        len = 3;
    else if (p[0] >= 0xF0 && p[0] <= 0xF4)
        len = 4;
    else
        return 0;
    if (p[0] == 0xE0)
        low = 0xA0;
    else if (p[0] == 0xED)
        high = 0x9F;
    else if (p[0] == 0xF0)
        low = 0x90;
    else if (p[0] == 0xF4)
        high = 0x8F;
    if (left < len || p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    }
    return len;
}

/* The code unit of "\uXXXX" at `p`, or -1. */
static int escaped_unit(const char *p, const char *end)
{
    int unit = 0;

    if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
        return -1;
    for (int i = 2; i < 6; i++) {
        int digit = trawl_hex_digit(p[i]);

        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

static bool is_high_surrogate(int unit)
{
    return unit >= 0xD800 && unit <= 0xDBFF;
}

static bool is_low_surrogate(int unit)
{
    return unit >= 0xDC00 && unit <= 0xDFFF;
}

/* Whether the string that goes on at `p` is the name of a member: jansson takes no NUL there. */
static bool string_is_name(const char *p, const char *end)
{
    while (p < end && *p != '"')
        p += *p == '\\' ? 2 : 1;
    if (p >= end)
        return false;
    p++;
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
        p++;
    return p < end && *p == ':';
}

struct string_state {
    bool asked_name; /* string_is_name() was asked, once a string */
    bool is_name;
};

static int read_escape(struct reader *reader, struct string_state *string)
{
    const char *p = reader->at;
    int unit = escaped_unit(p, reader->end);

    if (unit < 0) { /* "\n" and its like; wrong ones are left to jansson to complain about */
        reader->at = reader->end - p < 2 ? reader->end : p + 2;
        return 0;
    }
    reader->at = p + 6;
    if (is_high_surrogate(unit) && is_low_surrogate(escaped_unit(p + 6, reader->end))) {
        reader->at = p + 12;
        return 0;
    }
    if (unit == 0 && !string->asked_name) {
        string->asked_name = true;
        string->is_name = string_is_name(reader->at, reader->end);
    }
    if (is_high_surrogate(unit) || is_low_surrogate(unit) || (unit == 0 && string->is_name))
        return patch(reader, p, reader->at, REPLACEMENT, strlen(REPLACEMENT));
    return 0;
}

static int read_string(struct reader *reader)
{
    struct string_state string = {0};

    reader->at++;
    while (reader->at < reader->end) {
        unsigned char c = (unsigned char)*reader->at;
        int r = 0;

        if (c == '"') {
            reader->at++;
            return 0;
        }
        if (c == '\\') {
            r = read_escape(reader, &string);
        } else if (c < 0x80) {
            reader->at++;
        } else {
            size_t len =
                utf8_len((const unsigned char *)reader->at, (size_t)(reader->end - reader->at));

            if (len == 0)
                r = patch(reader, reader->at, reader->at + 1, REPLACEMENT, strlen(REPLACEMENT));
            reader->at += len ? len : 1;
        }
        if (r < 0)
            return r;
    }
    return 0;
}

static bool integer_fits(const char *digits, size_t len, bool negative)
{
    const char *limit = negative ? "9223372036854775808" : "9223372036854775807";

    return len < 19 || (len == 19 && memcmp(digits, limit, 19) <= 0);
}

static bool real_fits(const char *text, size_t len)
{
    if (len < REAL_SURELY_FINITE && !memchr(text, 'e', len) && !memchr(text, 'E', len))
        return true;

    TRAWL_AUTO_FREE char *copy = trawl_xstrndup(text, len);

    return !isinf(strtod(copy, NULL));
}

static const char *skip_digits(const char *p, const char *end)
{
    while (p < end && *p >= '0' && *p <= '9')
        p++;
    return p;
}

/* The end of the number at `p` as RFC 8259 has it, NULL if it is none. */
static const char *number_end(const char *p, const char *end, bool *ret_real)
{
    const char *digits = p + (*p == '-');

    p = skip_digits(digits, end);
    if (p == digits || (*digits == '0' && p > digits + 1))
        return NULL;
    *ret_real = p < end && (*p == '.' || *p == 'e' || *p == 'E');
    if (p < end && *p == '.') {
        digits = ++p;
        p = skip_digits(p, end);
        if (p == digits)
            return NULL;
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p < end && (*p == '+' || *p == '-'))
            p++;
        digits = p;
        p = skip_digits(p, end);
        if (p == digits)
            return NULL;
    }
    return p;
}

static int read_number(struct reader *reader)
{
    const char *start = reader->at;
    bool negative = *start == '-';
    bool real = false;
    const char *p = number_end(start, reader->end, &real);
    size_t len;
    int r;

    if (!p) { /* jansson will say what is wrong with it */
        reader->at++;
        return 0;
    }
    reader->at = p;
    len = (size_t)(p - start);
    if (real ? real_fits(start, len) : integer_fits(start + negative, len - negative, negative))
        return 0;
    r = patch(reader, start, start, "\"", 1);
    return r < 0 ? r : patch(reader, p, p, "\"", 1);
}

static int read_text(struct reader *reader)
{
    while (reader->at < reader->end) {
        char c = *reader->at;
        int r = 0;

        if (c == '"') {
            r = read_string(reader);
        } else if (c == '-' || (c >= '0' && c <= '9')) {
            r = read_number(reader);
        } else {
            if (c == '{' || c == '[')
                reader->depth++;
            else if ((c == '}' || c == ']') && reader->depth > 0)
                reader->depth--;
            if (reader->depth > TRAWL_JSON_DEPTH_MAX)
                return -E2BIG;
            reader->at++;
        }
        if (r < 0)
            return r;
    }
    return reader->patched ? patch(reader, reader->end, reader->end, "", 0) : 0;
}

static void set_where(struct trawl_err *err, int line, int column)
{
    if (err)
        snprintf(err->where, sizeof(err->where), "%d:%d", line, column);
}

static int too_deep(const char *start, const char *at, struct trawl_err *err)
{
    int line = 1;
    const char *line_start = start;

    for (const char *p = start; p < at; p++) {
        if (*p == '\n') {
            line++;
            line_start = p + 1;
        }
    }
    trawl_err_set(err, 0, "", "nested more than %d deep", TRAWL_JSON_DEPTH_MAX);
    set_where(err, line, (int)(at - line_start) + 1);
    return -EINVAL;
}

int trawl_json_parse(const char *bytes, size_t len, json_t **ret_value, struct trawl_err *err)
{
    struct reader reader = {0};
    json_error_t error;
    json_t *value;
    int r;

    if (len >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) { /* a byte order mark */
        bytes += 3;
        len -= 3;
    }
    if (len == 0)
        return trawl_err_set(err, -EINVAL, "1:1", "the text is empty");
    reader.at = bytes;
    reader.copied = bytes;
    reader.end = bytes + len;
    trawl_buf_init(&reader.out, len * GROWTH + 2);
    r = read_text(&reader);
    if (r == -E2BIG)
        r = too_deep(bytes, reader.at, err);
    else if (r < 0)
        r = trawl_err_set(err, -EINVAL, "", "the text is too large: %s", strerror(-r));
    if (r < 0)
        goto out;

    value =
        json_loadb(reader.patched ? reader.out.data : bytes, reader.patched ? reader.out.len : len,
                   JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    if (value) {
        *ret_value = value;
    } else {
        r = trawl_err_set(err, -EINVAL, "", "%s", error.text);
        set_where(err, error.line, error.column);
    }
out:
    trawl_buf_finish(&reader.out);
    return r;
}
