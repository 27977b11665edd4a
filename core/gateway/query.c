#include "gateway/query.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"
#include "util/escape.h"

char *query_decode(const char *text, size_t len, bool plus_is_space)
{
    char *out = trawl_xalloc(len + 1);
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        int value;

        if (text[i] != '%') {
            out[n++] = text[i] == '+' && plus_is_space ? ' ' : text[i];
            continue;
        }
        value = trawl_percent_value(text + i, text + len);
        if (value <= 0) {
            free(out);
            return NULL;
        }
        out[n++] = (char)value;
        i += TRAWL_PERCENT_SIZE - 1;
    }
    out[n] = '\0';
    return out;
}

static int add_param(struct query *query, const char *name, size_t name_len, const char *value,
                     size_t value_len, bool plus_is_space)
{
    struct query_param *param;

    if (query->count == QUERY_PARAMS_MAX)
        return -E2BIG;
    query->params = trawl_xrealloc(query->params, (query->count + 1) * sizeof(*query->params));
    param = &query->params[query->count];
    param->name = query_decode(name, name_len, plus_is_space);
    param->value = query_decode(value, value_len, plus_is_space);
    if (!param->name || !param->value) {
        free(param->name);
        free(param->value);
        return -EINVAL;
    }
    query->count++;
    return 0;
}

int query_parse(const char *text, struct query *ret_query)
{
    int r;

    *ret_query = (struct query){0};
    while (*text) {
        size_t len = strcspn(text, "&");
        const char *equals = memchr(text, '=', len);
        size_t name_len = equals ? (size_t)(equals - text) : len;

        if (len > 0) {
            r = add_param(ret_query, text, name_len, equals ? equals + 1 : "",
                          equals ? len - name_len - 1 : 0, true);
            if (r < 0) {
                query_finish(ret_query);
                return r;
            }
        }
        text += len;
        if (*text == '&')
            text++;
    }
    return 0;
}

void query_finish(struct query *query)
{
    for (size_t i = 0; i < query->count; i++) {
        free(query->params[i].name);
        free(query->params[i].value);
    }
    free(query->params);
    *query = (struct query){0};
}

const char *query_get(const struct query *query, const char *name)
{
    for (size_t i = 0; i < query->count; i++) {
        if (strcmp(query->params[i].name, name) == 0)
            return query->params[i].value;
    }
    return NULL;
}

bool query_match_path(const char *pattern, const char *path, struct query *params)
{
    size_t before = params->count;
    bool matched = false;

    while (*pattern && *path) {
        size_t name_len, value_len;

        matched = *pattern == *path;
        if (*pattern != '{') {
            if (!matched)
                break;
            pattern++;
            path++;
            continue;
        }
        matched = false;
        name_len = strcspn(pattern, "}") - 1;
        value_len = strcspn(path, "/");
        if (value_len == 0 || add_param(params, pattern + 1, name_len, path, value_len, false) < 0)
            break;
        pattern += name_len + 2;
        path += value_len;
        matched = true;
    }
    if (matched && !*pattern && !*path)
        return true;
    while (params->count > before) {
        params->count--;
        free(params->params[params->count].name);
        free(params->params[params->count].value);
    }
    if (params->count == 0)
        query_finish(params);
    return false;
}

int query_number(const char *text, long long max, long long *ret_number)
{
    char *end;
    long long number;

    if (*text < '0' || *text > '9')
        return -EINVAL;
    errno = 0;
    number = strtoll(text, &end, 10);
    if (errno != 0 || *end || number > max)
        return -EINVAL;
    *ret_number = number;
    return 0;
}
