/* What a store tells, one line each, so that a test compares all of it with what it expects to read. */
#ifndef TRAWL_TESTS_STORE_LINES_H
#define TRAWL_TESTS_STORE_LINES_H

#include <stdbool.h>
#include <string.h>

#include "journal/event.h"
#include "store/reader.h"
#include "trawl/transport.h"
#include "util/alloc.h"
#include "util/buf.h"
#include "util/json.h"

#define LINES_MAX ((size_t)16 << 20)

static inline struct trawl_event event_copy(const struct trawl_event *event)
{
    struct trawl_event copy = *event;

    copy.platform.ptr = trawl_xstrndup(event->platform.ptr, event->platform.len);
    copy.data.ptr = trawl_xstrndup(event->data.ptr, event->data.len);
    return copy;
}

static inline void event_copy_free(struct trawl_event *copy)
{
    free((char *)(uintptr_t)copy->platform.ptr);
    free((char *)(uintptr_t)copy->data.ptr);
}

/* "shop", "*" for the whole run. */
static inline const char *line_platform(const json_t *data)
{
    return trawl_json_string(data, "platform", "*");
}

/* The figures that events and runs share: "1/2 items 1 new 1 changed 0 failed 0", and the message if there is one. */
static inline void line_figures(struct trawl_buf *text, const json_t *of)
{
    const char *message = trawl_json_string(of, "message", "");

    trawl_buf_printf(text, "%lld/%lld items %lld new %lld changed %lld failed %lld",
                     trawl_json_int(of, "current", -1), trawl_json_int(of, "total", -1),
                     trawl_json_int(of, "items", -1), trawl_json_int(of, "new", -1),
                     trawl_json_int(of, "changed", -1), trawl_json_int(of, "failed", -1));
    if (message[0] != '\0')
        trawl_buf_printf(text, " '%s'", message);
}

/* progress 1 shop queued 0/0 items 0 new 0 changed 0 failed 0 | item shop key new | log shop warning 'message', and END after
 * the last of a run. */
static inline void line_of_event(struct trawl_buf *text, const struct trawl_event *event)
{
    json_auto_t *data = NULL;

    assert_int_equal(trawl_json_parse(event->data.ptr, event->data.len, &data, NULL), 0);
    assert_int_equal(trawl_json_int(data, "run_id", 0), event->run_id);
    assert_string_equal(trawl_json_string(data, "platform", ""), event->platform.ptr);
    if (event->type == TRAWL_EVENT_PROGRESS) {
        trawl_buf_printf(text, "progress %lld %s %s ", trawl_json_int(data, "n", -1),
                         line_platform(data), trawl_json_string(data, "phase", ""));
        line_figures(text, data);
    } else if (event->type == TRAWL_EVENT_ITEM) {
        trawl_buf_printf(text, "item %s %s %s", line_platform(data),
                         trawl_json_string(data, "key", ""), trawl_json_string(data, "change", ""));
    } else {
        trawl_buf_printf(text, "log %s %s '%s'", line_platform(data),
                         trawl_json_string(data, "level", ""),
                         trawl_json_string(data, "message", ""));
    }
    trawl_buf_append_text(text, event->flags & TRAWL_EVENT_RUN_END ? " END\n" : "\n");
}

static inline void lines_of_events(struct trawl_buf *text, uint32_t topics,
                                   const struct trawl_event *events, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (trawl_event_topic(events[i].type) & topics)
            line_of_event(text, &events[i]);
    }
}

/* run 1 api queued n 2: 0 pages | shop html queued 0/0 items 0 …, 0 pages, 0 bytes */
static inline void lines_of_run(struct trawl_buf *text, const json_t *run)
{
    json_t *platform;
    size_t i;

    trawl_buf_printf(text, "run %lld %s %s n %lld, %lld pages, %lld unchanged\n",
                     trawl_json_int(run, "id", -1), trawl_json_string(run, "trigger", ""),
                     trawl_json_string(run, "status", ""), trawl_json_int(run, "n", -1),
                     trawl_json_int(run, "pages", -1), trawl_json_int(run, "unchanged", -1));
    json_array_foreach (json_object_get(run, "platforms"), i, platform) {
        trawl_buf_printf(text, "%s %s %s ", line_platform(platform),
                         trawl_json_string(platform, "plugin", ""),
                         trawl_json_string(platform, "phase", ""));
        line_figures(text, platform);
        trawl_buf_printf(text, ", %lld pages, %lld bytes\n", trawl_json_int(platform, "pages", -1),
                         trawl_json_int(platform, "bytes", -1));
    }
}

/* 1 http://a/1 {"a":1} */
static inline void lines_of_history(struct trawl_buf *text, const json_t *versions)
{
    json_t *version;
    size_t i;

    json_array_foreach (versions, i, version) {
        TRAWL_AUTO_FREE char *item =
            trawl_json_text(json_object_get(version, "item"), TRAWL_JSON_COMPACT);

        trawl_buf_printf(text, "%lld %s %s\n", trawl_json_int(version, "run_id", -1),
                         trawl_json_string(version, "url", ""), item);
    }
}

/* shop key http://a/1 {"a":1}, and the change where a run is asked for. For trawl_reader_items(). */
static inline int lines_on_item(void *user, const struct trawl_item_row *item)
{
    return trawl_buf_printf(user, "%s %s %s %s%s%s\n", item->platform, item->key, item->url,
                            item->json, item->change ? " " : "", item->change ? item->change : "");
}

#endif
