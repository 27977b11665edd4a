#include "cli/drill/tally.h"

#include <string.h>

#include "util/alloc.h"

void drill_tally_finish(struct drill_tally *tally)
{
    free(tally->seen);
    memset(tally, 0, sizeof(*tally));
}

uint64_t drill_tally_last(const struct drill_tally *tally)
{
    return tally->count > 0 ? tally->seen[tally->count - 1] : 0;
}

static bool has(const struct drill_tally *tally, uint64_t seq)
{
    size_t low = 0, high = tally->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (tally->seen[middle] == seq)
            return true;
        if (tally->seen[middle] < seq)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static void take_n(struct drill_tally *tally, int64_t n)
{
    if (n > tally->n + 1)
        tally->skipped += (uint64_t)(n - tally->n - 1);
    if (n > tally->n)
        tally->n = n;
}

bool drill_tally_take(struct drill_tally *tally, uint64_t seq, int64_t n)
{
    if (seq <= drill_tally_last(tally)) {
        /* One that comes late, behind those that follow it, reaches no listener: it stays lost. */
        tally->repeated += has(tally, seq);
        return false;
    }
    if (tally->count == DRILL_EVENTS_MAX)
        return false;
    if (tally->count == tally->room) {
        tally->room = tally->room ? 2 * tally->room : 256;
        tally->seen = trawl_xrealloc(tally->seen, tally->room * sizeof(*tally->seen));
    }
    tally->seen[tally->count++] = seq;
    if (n > 0)
        take_n(tally, n);
    return true;
}

struct drill_count drill_tally_check(struct drill_tally *tally, const uint64_t *journal,
                                     size_t count, uint64_t through)
{
    struct drill_count result = {.repeated = tally->repeated};
    size_t at = 0;

    while (at < count && journal[at] <= tally->through)
        at++;
    for (; tally->compared < tally->count && tally->seen[tally->compared] <= through;
         tally->compared++) {
        uint64_t seq = tally->seen[tally->compared];

        for (; at < count && journal[at] < seq; at++)
            result.lost++;
        if (at < count && journal[at] == seq)
            at++;
        else
            result.stray++;
    }
    for (; at < count && journal[at] <= through; at++)
        result.lost++;
    /* A journal that has left out a step of n has lost an event too, though its places do not tell. */
    if (tally->skipped > result.lost)
        result.lost = tally->skipped;
    if (through > tally->through)
        tally->through = through;
    tally->skipped = 0;
    tally->repeated = 0;
    return result;
}
