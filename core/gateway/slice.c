#include "gateway/slice.h"

#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <string.h>

#include "util/alloc.h"

struct scan {
    const char *at;
    const char *end;
};

static void skip_space(struct scan *scan)
{
    while (scan->at < scan->end && memchr(" \t\r\n", *scan->at, 4))
        scan->at++;
}

static bool skip_char(struct scan *scan, char c)
{
    skip_space(scan);
    if (scan->at == scan->end || *scan->at != c)
        return false;
    scan->at++;
    return true;
}

static bool skip_string(struct scan *scan)
{
    if (scan->at == scan->end || *scan->at != '"')
        return false;
    for (scan->at++; scan->at < scan->end; scan->at++) {
        if (*scan->at == '\\')
            scan->at++;
        else if (*scan->at == '"') {
            scan->at++;
            return true;
        }
    }
    scan->at = scan->end;
    return false;
}

/* Up to the comma or brace that follows the value on its own level. */
static bool skip_value(struct scan *scan)
{
    const char *begin = scan->at;
    size_t depth = 0;

    while (scan->at < scan->end) {
        char c = *scan->at;

        if (c == '"') {
            if (!skip_string(scan))
                return false;
            continue;
        }
        if (depth == 0 && (c == ',' || c == '}' || c == ']'))
            break;
        if (c == '{' || c == '[')
            depth++;
        else if (c == '}' || c == ']')
            depth--;
        scan->at++;
    }
    return depth == 0 && scan->at > begin;
}

static int slice_one(struct scan *scan, slice_member *member, void *user)
{
    const char *name, *value;
    size_t name_len, value_len;

    skip_space(scan);
    name = scan->at;
    if (!skip_string(scan))
        return -EINVAL;
    name_len = (size_t)(scan->at - name);
    if (!skip_char(scan, ':'))
        return -EINVAL;
    skip_space(scan);
    value = scan->at;
    if (!skip_value(scan))
        return -EINVAL;
    value_len = (size_t)(scan->at - value);
    while (value_len > 0 && memchr(" \t\r\n", value[value_len - 1], 4))
        value_len--;
    return member(user, name, name_len, value, value_len);
}

int slice_object(const char *json, size_t len, slice_member *member, void *user)
{
    struct scan scan = {.at = json, .end = json + len};
    int r;

    if (!skip_char(&scan, '{'))
        return -EINVAL;
    if (skip_char(&scan, '}'))
        return 0;
    do {
        r = slice_one(&scan, member, user);
        if (r < 0)
            return r;
    } while (skip_char(&scan, ','));
    return skip_char(&scan, '}') ? 0 : -EINVAL;
}

char *slice_string(const char *json, size_t len, size_t *ret_len)
{
    json_auto_t *value = json_loadb(json, len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

    if (!json_is_string(value))
        return NULL;
    *ret_len = json_string_length(value);
    return trawl_xstrndup(json_string_value(value), *ret_len);
}
