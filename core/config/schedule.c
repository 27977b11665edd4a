#include "config/schedule.h"

#include "config/config_priv.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/json.h"

int trawl_timing_parse(const json_t *schedule, struct trawl_timing *ret_timing,
                       struct trawl_err *err)
{
    struct trawl_err what = {0};
    struct trawl_timing timing;
    int r;

    r = trawl_cron_parse(trawl_json_string(schedule, "cron", ""), &timing.cron, &what);
    if (r < 0)
        return trawl_err_set(err, r, "cron", "%s", what.message);
    r = trawl_timezone_load(trawl_json_string(schedule, "timezone", "UTC"), &timing.zone, &what);
    if (r < 0)
        return trawl_err_set(err, r, "timezone", "%s", what.message);
    *ret_timing = timing;
    return 0;
}

void trawl_timing_finish(struct trawl_timing *timing)
{
    trawl_timezone_free(timing->zone);
    timing->zone = NULL;
}

/* --- mistakes ------------------------------------------------------------------------------------ */

static void complain(const char *platform, const char *key, const char *message,
                     struct trawl_errlist *errs)
{
    TRAWL_AUTO_FREE char *where = trawl_xasprintf("platforms.%s.schedule.%s", platform, key);

    trawl_errlist_add(errs, where, "%s", message);
}

/* Both keys are looked at, so that neither hides the other; one that is not there, or is no string, was told before. */
static void check_schedule(const char *platform, const json_t *schedule, struct trawl_errlist *errs)
{
    const char *text = trawl_json_string(schedule, "cron", NULL);
    const char *name = trawl_json_string(schedule, "timezone", NULL);
    struct trawl_timezone *zone = NULL;
    struct trawl_err err = {0};
    struct trawl_cron cron;
    bool has_cron = false;

    if (text && trawl_cron_parse(text, &cron, &err) < 0)
        complain(platform, "cron", err.message, errs);
    else
        has_cron = text != NULL;
    if (name && trawl_timezone_load(name, &zone, &err) < 0)
        complain(platform, "timezone", err.message, errs);
    if (has_cron && zone && trawl_cron_next(&cron, zone, trawl_now_ms()) == TRAWL_CRON_NEVER)
        complain(platform, "cron", "is never due: no year has such a day", errs);
    trawl_timezone_free(zone);
}

void trawl__config_check_schedules(const json_t *platforms, struct trawl_errlist *errs)
{
    const char *name;
    json_t *platform;

    json_object_foreach ((json_t *)platforms, name, platform) {
        json_t *schedule = json_object_get(platform, "schedule");

        if (schedule)
            check_schedule(name, schedule, errs);
    }
}
