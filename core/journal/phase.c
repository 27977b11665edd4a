#include "journal/phase.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "util/alloc.h"

static const char *const phase_names[] = {
    [TRAWL_PHASE_QUEUED] = "queued",           [TRAWL_PHASE_STARTING] = "starting",
    [TRAWL_PHASE_SCRAPING] = "scraping",       [TRAWL_PHASE_STORING] = "storing",
    [TRAWL_PHASE_INTERRUPTED] = "interrupted", [TRAWL_PHASE_COMPLETED] = "completed",
    [TRAWL_PHASE_PARTIAL] = "partial",         [TRAWL_PHASE_FAILED] = "failed",
    [TRAWL_PHASE_CANCELLED] = "cancelled",     [TRAWL_PHASE_SUSPECT] = "suspect",
};

const char *trawl_phase_name(enum trawl_phase phase)
{
    return (size_t)phase < TRAWL_ARRAY_SIZE(phase_names) ? phase_names[phase] : "unknown";
}

int trawl_phase_parse(const char *name, enum trawl_phase *ret_phase)
{
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(phase_names); i++) {
        if (strcmp(name, phase_names[i]) == 0) {
            *ret_phase = (enum trawl_phase)i;
            return 0;
        }
    }
    return -EINVAL;
}

bool trawl_phase_is_end(enum trawl_phase phase)
{
    return phase >= TRAWL_PHASE_COMPLETED;
}

static enum trawl_phase phase_of_ended(const enum trawl_phase *platforms, unsigned count)
{
    bool same = true;
    bool done = true; /* no page was given up */

    for (unsigned i = 0; i < count; i++) {
        if (platforms[i] == TRAWL_PHASE_CANCELLED)
            return TRAWL_PHASE_CANCELLED;
        same = same && platforms[i] == platforms[0];
        done =
            done && (platforms[i] == TRAWL_PHASE_COMPLETED || platforms[i] == TRAWL_PHASE_SUSPECT);
    }
    if (count == 0)
        return TRAWL_PHASE_COMPLETED;
    if (same)
        return platforms[0];
    return done ? TRAWL_PHASE_SUSPECT : TRAWL_PHASE_PARTIAL;
}

enum trawl_phase trawl_phase_of_run(const enum trawl_phase *platforms, unsigned count)
{
    enum trawl_phase active = TRAWL_PHASE_QUEUED;
    unsigned ended = 0;
    unsigned interrupted = 0;

    for (unsigned i = 0; i < count; i++) {
        if (trawl_phase_is_end(platforms[i]))
            ended++;
        else if (platforms[i] == TRAWL_PHASE_INTERRUPTED)
            interrupted++;
        else if (platforms[i] > active)
            active = platforms[i];
    }
    if (ended == count)
        return phase_of_ended(platforms, count);
    if (ended + interrupted == count)
        return TRAWL_PHASE_INTERRUPTED;
    /* What has had a platform end is in the middle of its work, whatever the others still wait for. */
    if (active == TRAWL_PHASE_QUEUED && ended > 0)
        return TRAWL_PHASE_SCRAPING;
    return active;
}
