/* Writing. jansson's own writer gives 19.99 as 19.989999999999998; this one writes the shortest form that reads back. */
#include "util/json.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"

/* What was read is at most TRAWL_JSON_DEPTH_MAX deep, and we wrap it a little. A plugin's value that is deeper is a loop. */
#define WRITE_DEPTH_MAX (2 * TRAWL_JSON_DEPTH_MAX)

#define REAL_SIZE 40

struct writer {
    struct trawl_buf *buf;
    enum trawl_json_form form;
};

struct member {
    const char *name;
    size_t len;
    const json_t *value;
};

static int write_value(struct writer *writer, const json_t *value, unsigned depth);

static bool needs_escape(unsigned char c)
{
    return c < 0x20 || c == '"' || c == '\\';
}

static int write_escape(struct trawl_buf *buf, unsigned char c)
{
    static const char short_forms[] = "\bb\ff\nn\rr\tt\"\"\\\\";
    char text[8] = {'\\', 'u', '0', '0'};

    for (size_t i = 0; i + 1 < sizeof(short_forms); i += 2) {
        if (c == (unsigned char)short_forms[i]) {
            text[1] = short_forms[i + 1];
            return trawl_buf_append(buf, text, 2);
        }
    }
    text[4] = "0123456789abcdef"[c >> 4];
    text[5] = "0123456789abcdef"[c & 15];
    return trawl_buf_append(buf, text, 6);
}

int trawl_json_write_string(struct trawl_buf *buf, const char *text, size_t len)
{
    size_t start = 0;
    int r = trawl_buf_append_char(buf, '"');

    for (size_t i = 0; i < len && r == 0; i++) {
        if (!needs_escape((unsigned char)text[i]))
            continue;
        r = trawl_buf_append(buf, text + start, i - start);
        if (r == 0)
            r = write_escape(buf, (unsigned char)text[i]);
        start = i + 1;
    }
    if (r == 0)
        r = trawl_buf_append(buf, text + start, len - start);
    return r < 0 ? r : trawl_buf_append_char(buf, '"');
}

static int write_integer(struct trawl_buf *buf, json_int_t value)
{
    char digits[24];
    size_t at = sizeof(digits);
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;

    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0)
        digits[--at] = '-';
    return trawl_buf_append(buf, digits + at, sizeof(digits) - at);
}

/* "1e+07" to "1e7", and 1 to "1.0", so that a real stays a real when it is read again. */
static void tidy_real(char text[REAL_SIZE])
{
    char *exponent = strchr(text, 'e');

    if (!exponent) {
        if (!strchr(text, '.'))
            memcpy(text + strlen(text), ".0", 3);
        return;
    }
    char *to = exponent + 1;
    char *from = to;

    if (*from == '-') {
        from++;
        to++;
    } else if (*from == '+') {
        from++;
    }
    while (*from == '0' && from[1])
        from++;
    memmove(to, from, strlen(from) + 1);
}

static int write_real(struct trawl_buf *buf, double value)
{
    char text[REAL_SIZE];

    /* 15 digits are never more than the shortest form needs, except next to zero, where a double holds fewer. */
    for (int precision = fabs(value) < DBL_MIN ? 1 : 15; precision <= 17; precision++) {
        snprintf(text, sizeof(text) - 3, "%.*g", precision, value);
        if (strtod(text, NULL) == value)
            break;
    }
    tidy_real(text);
    return trawl_buf_append_text(buf, text);
}

/* A line break and the indent of `depth`, in the form for people. */
static int write_break(struct writer *writer, unsigned depth)
{
    int r;

    if (writer->form != TRAWL_JSON_INDENTED)
        return 0;
    r = trawl_buf_append_char(writer->buf, '\n');
    for (unsigned i = 0; i < depth && r == 0; i++)
        r = trawl_buf_append(writer->buf, "  ", 2);
    return r;
}

static int write_array(struct writer *writer, const json_t *array, unsigned depth)
{
    size_t count = json_array_size(array);
    int r = trawl_buf_append_char(writer->buf, '[');

    for (size_t i = 0; i < count && r == 0; i++) {
        if (i > 0)
            r = trawl_buf_append_char(writer->buf, ',');
        if (r == 0)
            r = write_break(writer, depth + 1);
        if (r == 0)
            r = write_value(writer, json_array_get(array, i), depth + 1);
    }
    if (r == 0 && count > 0)
        r = write_break(writer, depth);
    return r < 0 ? r : trawl_buf_append_char(writer->buf, ']');
}

static int write_member(struct writer *writer, const struct member *member, bool first,
                        unsigned depth)
{
    int r = first ? 0 : trawl_buf_append_char(writer->buf, ',');

    if (r == 0)
        r = write_break(writer, depth);
    if (r == 0)
        r = trawl_json_write_string(writer->buf, member->name, member->len);
    if (r == 0)
        r = trawl_buf_append(writer->buf, ": ", writer->form == TRAWL_JSON_INDENTED ? 2 : 1);
    return r < 0 ? r : write_value(writer, member->value, depth);
}

static int compare_members(const void *a, const void *b)
{
    return strcmp(((const struct member *)a)->name, ((const struct member *)b)->name);
}

static struct member member_at(void *iter)
{
    return (struct member){.name = json_object_iter_key(iter),
                           .len = json_object_iter_key_len(iter),
                           .value = json_object_iter_value(iter)};
}

static int write_members(struct writer *writer, json_t *object, unsigned depth)
{
    bool first = true;
    int r = 0;

    for (void *iter = json_object_iter(object); iter && r == 0;
         iter = json_object_iter_next(object, iter)) {
        struct member member = member_at(iter);

        r = write_member(writer, &member, first, depth);
        first = false;
    }
    return r;
}

static int write_sorted_members(struct writer *writer, json_t *object, unsigned depth)
{
    struct member few[32]; /* most objects are small: no allocation for them */
    bool are_few = json_object_size(object) <= TRAWL_ARRAY_SIZE(few);
    TRAWL_AUTO_FREE struct member *many =
        are_few ? NULL : trawl_xalloc(json_object_size(object) * sizeof(*many));
    struct member *members = are_few ? few : many;
    size_t count = 0;
    int r = 0;

    for (void *iter = json_object_iter(object); iter; iter = json_object_iter_next(object, iter))
        members[count++] = member_at(iter);
    qsort(members, count, sizeof(*members), compare_members);
    for (size_t i = 0; i < count && r == 0; i++)
        r = write_member(writer, &members[i], i == 0, depth);
    return r;
}

/* jansson's iterators want a json_t that is not const, though they change nothing. */
static int write_object(struct writer *writer, const json_t *object, unsigned depth)
{
    int r = trawl_buf_append_char(writer->buf, '{');

    if (r < 0)
        return r;
    if (writer->form == TRAWL_JSON_SORTED)
        r = write_sorted_members(writer, (json_t *)object, depth + 1);
    else
        r = write_members(writer, (json_t *)object, depth + 1);
    if (r == 0 && json_object_size(object) > 0)
        r = write_break(writer, depth);
    return r < 0 ? r : trawl_buf_append_char(writer->buf, '}');
}

static int write_value(struct writer *writer, const json_t *value, unsigned depth)
{
    if (depth > WRITE_DEPTH_MAX)
        return -ELOOP;
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return write_object(writer, value, depth);
    case JSON_ARRAY:
        return write_array(writer, value, depth);
    case JSON_STRING:
        return trawl_json_write_string(writer->buf, json_string_value(value),
                                       json_string_length(value));
    case JSON_INTEGER:
        return write_integer(writer->buf, json_integer_value(value));
    case JSON_REAL:
        return write_real(writer->buf, json_real_value(value));
    case JSON_TRUE:
        return trawl_buf_append(writer->buf, "true", 4);
    case JSON_FALSE:
        return trawl_buf_append(writer->buf, "false", 5);
    case JSON_NULL:
        break;
    }
    return trawl_buf_append(writer->buf, "null", 4);
}

int trawl_json_write(struct trawl_buf *buf, const json_t *value, enum trawl_json_form form)
{
    struct writer writer = {.buf = buf, .form = form};

    return write_value(&writer, value, 0);
}

char *trawl_json_text(const json_t *value, enum trawl_json_form form)
{
    struct trawl_buf buf;

    trawl_buf_init(&buf, SIZE_MAX / 4);
    if (trawl_json_write(&buf, value, form) < 0) {
        trawl_buf_finish(&buf);
        return trawl_xstrdup("null");
    }
    return trawl_buf_steal(&buf, NULL);
}

struct trawl_hash trawl_json_hash(const json_t *value)
{
    struct trawl_buf buf;
    struct trawl_hash hash;

    trawl_buf_init(&buf, SIZE_MAX / 4);
    (void)trawl_json_write(&buf, value, TRAWL_JSON_SORTED); /* on failure the empty text's hash */
    hash = trawl_hash_bytes(trawl_buf_text(&buf), buf.len);
    trawl_buf_finish(&buf);
    return hash;
}
