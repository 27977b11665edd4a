#include "pusher/filter.h"

#include <stdio.h>
#include <string.h>

#include "util/glob.h"
#include "util/json.h"

static void name_of(const struct trawl_event *event, char *room, size_t size)
{
    json_auto_t *data = NULL;

    room[0] = '\0';
    if (trawl_json_parse(event->data.ptr, event->data.len, &data, NULL) < 0)
        return;
    if (event->type == TRAWL_EVENT_ITEM)
        snprintf(room, size, "item.%s", trawl_json_string(data, "change", ""));
    else if (event->type == TRAWL_EVENT_LOG)
        snprintf(room, size, "log.%s", trawl_json_string(data, "level", ""));
    else
        snprintf(room, size, "%s.%s", event->platform.len > 0 ? "platform" : "run",
                 trawl_json_string(data, "phase", ""));
}

static bool takes_name(const json_t *patterns, const struct trawl_event *event)
{
    char name[64] = "";
    json_t *pattern;
    size_t i;

    if (json_array_size(patterns) == 0)
        return true;
    json_array_foreach ((json_t *)(uintptr_t)patterns, i, pattern) {
        if (trawl_glob_matches(json_string_value(pattern), trawl_event_type_name(event->type)))
            return true;
    }
    name_of(event, name, sizeof(name));
    json_array_foreach ((json_t *)(uintptr_t)patterns, i, pattern) {
        if (trawl_glob_matches(json_string_value(pattern), name))
            return true;
    }
    return false;
}

static bool takes_platform(const json_t *platforms, const struct trawl_event *event)
{
    json_t *platform;
    size_t i;

    if (json_array_size(platforms) == 0 || event->platform.len == 0)
        return true;
    json_array_foreach ((json_t *)(uintptr_t)platforms, i, platform) {
        if (json_string_length(platform) == event->platform.len &&
            memcmp(json_string_value(platform), event->platform.ptr, event->platform.len) == 0)
            return true;
    }
    return false;
}

bool trawl_filter_takes(const struct trawl_filter *filter, const struct trawl_event *event)
{
    return takes_platform(filter->platforms, event) && takes_name(filter->events, event);
}
