/* When a platform is due, as its resolved "schedule" says (the object; "cron" alone was made one). */
#ifndef TRAWL_CONFIG_SCHEDULE_H
#define TRAWL_CONFIG_SCHEDULE_H

#include <jansson.h>

#include "config/cron.h"

struct trawl_timing {
    struct trawl_cron cron;
    struct trawl_timezone *zone;
};

/* -EINVAL, or what trawl_timezone_load() gave, with `err->where` the key that is wrong: "cron" or "timezone". On success the
 * caller finishes *ret_timing. */
int trawl_timing_parse(const json_t *schedule, struct trawl_timing *ret_timing,
                       struct trawl_err *err);

void trawl_timing_finish(struct trawl_timing *timing);

#endif
