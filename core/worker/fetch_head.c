#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "util/alloc.h"
#include "util/json.h"
#include "worker/fetch_priv.h"

int trawl__fetch_head_add(struct trawl_buf *head, const char *line, size_t len)
{
    if (len >= 5 && memcmp(line, "HTTP/", 5) == 0)
        trawl_buf_clear(head);
    return trawl_buf_append(head, line, len);
}

/* A header's value as JSON. Bytes that are not UTF-8 are read as Latin-1, which is what HTTP once meant. */
static json_t *header_value(const char *value, size_t len)
{
    json_t *text = json_stringn(value, len);
    char *latin;
    size_t out = 0;

    if (text)
        return text;
    latin = trawl_xalloc(len * 2 + 1);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)value[i];

        if (c >= 0x80) {
            latin[out++] = (char)(0xc0 | (c >> 6));
            c = (unsigned char)(0x80 | (c & 0x3f));
        }
        latin[out++] = (char)c;
    }
    text = json_stringn(latin, out);
    free(latin);
    return text;
}

static void add_line(json_t *headers, const char *line, size_t len)
{
    const char *colon = memchr(line, ':', len);
    const char *end = line + len;
    const char *value;
    char name[256];
    size_t name_len;

    if (!colon)
        return;
    name_len = (size_t)(colon - line);
    if (name_len == 0 || name_len >= sizeof(name))
        return;
    for (size_t i = 0; i < name_len; i++) {
        if ((unsigned char)line[i] <= 0x20 || (unsigned char)line[i] >= 0x7f)
            return;
        name[i] = (char)tolower((unsigned char)line[i]);
    }
    name[name_len] = '\0';
    for (value = colon + 1; value < end && isspace((unsigned char)*value); value++)
        ;
    while (end > value && isspace((unsigned char)end[-1]))
        end--;
    json_object_set_new_nocheck(headers, name, header_value(value, (size_t)(end - value)));
}

json_t *trawl__fetch_head_json(const struct trawl_buf *head)
{
    json_t *headers = json_object();
    const char *at = trawl_buf_text(head);
    const char *end = at + head->len;

    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));

        if (!stop)
            stop = end;
        add_line(headers, at, (size_t)(stop - at));
        at = stop < end ? stop + 1 : end;
    }
    return headers;
}

static bool has_header(const json_t *headers, const char *name)
{
    const char *other;
    json_t *value;

    json_object_foreach ((json_t *)headers, other, value) {
        if (strcasecmp(other, name) == 0)
            return true;
    }
    return false;
}

bool trawl_fetch_has_condition(const json_t *headers)
{
    const char *name;
    json_t *value;

    json_object_foreach ((json_t *)headers, name, value) {
        if (strncasecmp(name, "if-", 3) == 0 || strcasecmp(name, "range") == 0)
            return true;
    }
    return false;
}

int64_t trawl_fetch_date(const char *text)
{
    return curl_getdate(text, NULL);
}

/* An empty value is "Name;" for libcurl: "Name:" would remove the header. */
static int append_headers(struct curl_slist **list, const json_t *headers, const json_t *without)
{
    const char *name;
    json_t *value;

    json_object_foreach ((json_t *)headers, name, value) {
        TRAWL_AUTO_FREE char *line = NULL;
        const char *text = json_string_value(value);
        struct curl_slist *longer;

        if (!text || strpbrk(text, "\r\n") || has_header(without, name))
            continue;
        line = *text ? trawl_xasprintf("%s: %s", name, text) : trawl_xasprintf("%s;", name);
        longer = curl_slist_append(*list, line);
        if (!longer)
            return -ENOMEM;
        *list = longer;
    }
    return 0;
}

int trawl__fetch_head_make(const json_t *platform, const char *own, struct curl_slist **ret_list)
{
    json_auto_t *headers = own ? json_loads(own, 0, NULL) : NULL;
    struct curl_slist *list = NULL;
    int r;

    r = append_headers(&list, platform, headers);
    if (r == 0)
        r = append_headers(&list, headers, NULL);
    if (r < 0) {
        curl_slist_free_all(list);
        return r;
    }
    *ret_list = list;
    return 0;
}

static int append_line(struct curl_slist **list, const char *name, struct trawl_str value)
{
    TRAWL_AUTO_FREE char *line = trawl_xasprintf("%s: %.*s", name, (int)value.len, value.ptr);
    struct curl_slist *longer = value.len > 0 ? curl_slist_append(*list, line) : *list;

    if (value.len > 0 && !longer)
        return -ENOMEM;
    *list = longer;
    return 0;
}

int trawl__fetch_head_add_validators(const struct trawl_validators *validators,
                                     struct curl_slist **list)
{
    int r = append_line(list, "If-None-Match", validators->etag);

    return r < 0 ? r : append_line(list, "If-Modified-Since", validators->last_modified);
}
