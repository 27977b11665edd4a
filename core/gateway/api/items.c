/* Items as they are now, one item, and its history. An item's own JSON goes out as the text that was stored, so that its
 * numbers stay exact. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "gateway/api/api.h"
#include "util/clock.h"
#include "util/json.h"

static int append_string(struct trawl_buf *buf, const char *name, const char *value)
{
    int r = trawl_buf_printf(buf, "\"%s\":", name);

    if (r >= 0)
        r = value ? trawl_json_write_string(buf, value, strlen(value))
                  : trawl_buf_append_text(buf, "null");
    return r < 0 ? r : trawl_buf_append_char(buf, ',');
}

static int append_time(struct trawl_buf *buf, const char *name, int64_t ms)
{
    char stamp[TRAWL_TIMESTAMP_SIZE];

    trawl_timestamp(stamp, ms);
    return append_string(buf, name, stamp);
}

int api_append_item(struct trawl_buf *buf, const struct trawl_item_row *row)
{
    int r = trawl_buf_append_char(buf, '{');

    if (r >= 0)
        r = append_string(buf, "platform", row->platform);
    if (r >= 0)
        r = append_string(buf, "key", row->key);
    if (r >= 0)
        r = append_string(buf, "url", row->url);
    if (r >= 0 && row->change)
        r = append_string(buf, "change", row->change);
    if (r >= 0)
        r = append_time(buf, "first_seen", row->first_seen_ms);
    if (r >= 0)
        r = append_time(buf, "last_seen", row->last_seen_ms);
    if (r >= 0)
        r = append_time(buf, "last_changed", row->last_changed_ms);
    if (r >= 0)
        r = row->gone_ms ? append_time(buf, "gone_at", row->gone_ms)
                         : append_string(buf, "gone_at", NULL);
    if (r >= 0)
        r = trawl_buf_append_text(buf, "\"item\":");
    if (r >= 0)
        r = trawl_buf_append_text(buf, row->json);
    return r < 0 ? r : trawl_buf_append_char(buf, '}');
}

struct items_page {
    struct trawl_buf *buf;
    unsigned count;
    int64_t last;
};

static int on_item(void *user, const struct trawl_item_row *row)
{
    struct items_page *page = user;
    int r = page->count > 0 ? trawl_buf_append_char(page->buf, ',') : 0;

    page->count++;
    page->last = row->row;
    return r < 0 ? r : api_append_item(page->buf, row);
}

int api_items(struct api_request *request, struct trawl_reader *reader, struct trawl_err *err)
{
    struct trawl_item_filter filter = {.platform = query_get(&request->query, "platform"),
                                       .change = query_get(&request->query, "change"),
                                       .search = query_get(&request->query, "search")};
    struct items_page page = {.buf = &request->body};
    int r;

    if (filter.change && strcmp(filter.change, "gone") != 0)
        return trawl_err_set(err, -EINVAL, "change",
                             "expected gone, or nothing for the items that are there; other "
                             "changes are a run's");
    r = api_limit(request, &filter.limit, err);
    if (r >= 0)
        r = api_cursor(request, &filter.after, err);
    if (r >= 0)
        r = trawl_buf_append_text(&request->body, "{\"items\":[");
    if (r >= 0)
        r = trawl_reader_items(reader, &filter, on_item, &page, err);
    if (r < 0)
        return r;
    if (page.count == filter.limit)
        return trawl_buf_printf(&request->body, "],\"next\":\"%" PRId64 "\"}", page.last);
    return trawl_buf_append_text(&request->body, "],\"next\":null}");
}

static int item_parameters(struct api_request *request, const char **ret_platform,
                           const char **ret_key, struct trawl_err *err)
{
    *ret_platform = query_get(&request->query, "platform");
    *ret_key = query_get(&request->query, "key");
    if (!*ret_platform)
        return trawl_err_set(err, -EINVAL, "platform", "this parameter is needed");
    if (!*ret_key)
        return trawl_err_set(err, -EINVAL, "key", "this parameter is needed");
    return 0;
}

static int write_value(struct api_request *request, json_t *value)
{
    int r = trawl_json_write(&request->body, value, TRAWL_JSON_COMPACT);

    json_decref(value);
    return r;
}

int api_item(struct api_request *request, struct trawl_reader *reader, struct trawl_err *err)
{
    const char *platform, *key;
    json_t *item;
    int r = item_parameters(request, &platform, &key, err);

    if (r >= 0)
        r = trawl_reader_item(reader, platform, key, &item, err);
    return r < 0 ? r : write_value(request, item);
}

int api_item_history(struct api_request *request, struct trawl_reader *reader,
                     struct trawl_err *err)
{
    const char *platform, *key;
    json_t *versions;
    int r = item_parameters(request, &platform, &key, err);

    if (r >= 0)
        r = trawl_reader_item_history(reader, platform, key, &versions, err);
    if (r < 0)
        return r;
    return write_value(request, json_pack("{s:s, s:s, s:o}", "platform", platform, "key", key,
                                          "versions", versions));
}
