/* What a pushing chain takes: names that nothing has are mistakes, for it would silently take nothing. */
#include "config/config_priv.h"
#include "util/alloc.h"
#include "util/glob.h"
#include "util/json.h"
#include "util/suggest.h"

/* More platforms than that are not looked through for what may have been meant. */
#define PLATFORMS_MAX 256

/* As pusher/filter.h has them. */
static const char *const event_names[] = {
    "scrape_progress",    "item_changed",     "log",
    "run.queued",         "run.starting",     "run.scraping",
    "run.storing",        "run.interrupted",  "run.completed",
    "run.partial",        "run.failed",       "run.cancelled",
    "run.suspect",        "platform.queued",  "platform.starting",
    "platform.scraping",  "platform.storing", "platform.interrupted",
    "platform.completed", "platform.partial", "platform.failed",
    "platform.cancelled", "platform.suspect", "item.new",
    "item.changed",       "item.gone",        "log.debug",
    "log.info",           "log.warning",      "log.error"};

static void complain(const char *chain, const char *key, size_t place, const char *what,
                     const char *name, const char *nearest, struct trawl_errlist *errs)
{
    TRAWL_AUTO_FREE char *where = trawl_xasprintf("chains.%.64s.%s[%zu]", chain, key, place);

    trawl_errlist_add(errs, where, "%s '%.64s'%s%s%s", what, name,
                      nearest ? "; did you mean '" : "", nearest ? nearest : "",
                      nearest ? "'?" : "");
}

static void check_pattern(const char *chain, size_t place, const char *pattern,
                          struct trawl_errlist *errs)
{
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(event_names); i++) {
        if (trawl_glob_matches(pattern, event_names[i]))
            return;
    }
    complain(chain, "events", place, "no event is called", pattern,
             trawl_suggest(pattern, event_names, TRAWL_ARRAY_SIZE(event_names)), errs);
}

static void check_platform(const char *chain, size_t place, const char *wanted,
                           const json_t *platforms, struct trawl_errlist *errs)
{
    const char *names[PLATFORMS_MAX];
    size_t count = 0;
    const char *name;
    json_t *platform;

    if (json_object_get(platforms, wanted))
        return;
    json_object_foreach ((json_t *)(uintptr_t)platforms, name, platform) {
        if (count < PLATFORMS_MAX)
            names[count++] = name;
    }
    complain(chain, "platforms", place, "there is no platform", wanted,
             trawl_suggest(wanted, names, count), errs);
}

void trawl__config_check_filters(const json_t *root, struct trawl_errlist *errs)
{
    const char *name;
    json_t *chain;

    json_object_foreach (json_object_get(root, "chains"), name, chain) {
        json_t *value;
        size_t i;

        json_array_foreach (json_object_get(chain, "events"), i, value)
            check_pattern(name, i, json_string_value(value), errs);
        json_array_foreach (json_object_get(chain, "platforms"), i, value)
            check_platform(name, i, json_string_value(value), json_object_get(root, "platforms"),
                           errs);
    }
}
