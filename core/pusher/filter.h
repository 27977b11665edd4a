/* Which events a chain takes: patterns of names, and platforms.
 *
 * An event has two names, of which either may match: its type ("scrape_progress", "item_changed", "log"), and what it tells:
 * "run.PHASE" (of a whole run) or "platform.PHASE", "item.CHANGE" ("item.new"), "log.LEVEL". `*` in a pattern stands for any text.
 */
#ifndef TRAWL_PUSHER_FILTER_H
#define TRAWL_PUSHER_FILTER_H

#include <jansson.h>
#include <stdbool.h>

#include "journal/event.h"

struct trawl_filter {
    json_t *events;    /* array of patterns; empty: all */
    json_t *platforms; /* array of names; empty: all. Events of a whole run belong to each */
};

bool trawl_filter_takes(const struct trawl_filter *filter, const struct trawl_event *event);

#endif
