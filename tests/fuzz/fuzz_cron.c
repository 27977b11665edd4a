/* Any schedule: refused with a message, or due at times that ascend, each the first after any moment just before it. */
#include <stdint.h>
#include <stdlib.h>

#include "config/cron.h"
#include "util/alloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const zone_names[] = {"UTC", "Europe/Berlin", "Australia/Lord_Howe"};

static void check_times(const struct trawl_cron *cron, const struct trawl_timezone *zone,
                        int64_t after_ms)
{
    for (int i = 0; i < 4; i++) {
        int64_t next_ms = trawl_cron_next(cron, zone, after_ms);

        if (next_ms == TRAWL_CRON_NEVER)
            return;
        if (next_ms <= after_ms || trawl_cron_next(cron, zone, next_ms - 1) != next_ms ||
            trawl_cron_next(cron, zone, after_ms + (next_ms - after_ms) / 2) != next_ms)
            abort();
        after_ms = next_ms;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* 1969, the nights in which Berlin and Lord Howe change their clocks in 2024, the last year. */
    static const int64_t times_ms[] = {
        -1, 1711839600000, 1729983600000, 1712408400000, 1728136800000, 253402300000000};
    static struct trawl_timezone *zones[TRAWL_ARRAY_SIZE(zone_names)];
    TRAWL_AUTO_FREE char *text = trawl_xstrndup((const char *)data, size);
    struct trawl_err err = {0};
    struct trawl_cron cron;

    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(zones); i++) {
        if (!zones[i] && trawl_timezone_load(zone_names[i], &zones[i], &err) < 0)
            abort();
    }
    if (trawl_cron_parse(text, &cron, &err) < 0) {
        if (!*err.message)
            abort();
        return 0;
    }
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(zones); i++) {
        for (size_t n = 0; n < TRAWL_ARRAY_SIZE(times_ms); n++)
            check_times(&cron, zones[i], times_ms[n]);
    }
    return 0;
}
