#include "supervisor/policy.h"

#define PAUSE_FIRST_MS 200
#define PAUSE_MAX_MS   10000

enum trawl_phase trawl_policy_outcome(enum trawl_over over, const struct trawl_tally *tally)
{
    if (over == TRAWL_OVER_STOPPED)
        return TRAWL_PHASE_CANCELLED;
    if (over == TRAWL_OVER_FINISHED && tally->failed == 0 &&
        (tally->ok > 0 || tally->excluded == 0))
        return TRAWL_PHASE_COMPLETED;
    return tally->ok > 0 ? TRAWL_PHASE_PARTIAL : TRAWL_PHASE_FAILED;
}

uint64_t trawl_policy_pause_ms(unsigned restarts)
{
    uint64_t pause = PAUSE_FIRST_MS;

    if (restarts == 0)
        return 0;
    while (--restarts > 0 && pause < PAUSE_MAX_MS)
        pause *= 2;
    return pause < PAUSE_MAX_MS ? pause : PAUSE_MAX_MS;
}

static unsigned lesser(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

unsigned trawl_policy_shards(const struct trawl_shard_limits *limits)
{
    unsigned shards = lesser(limits->wanted, limits->workers);

    shards = lesser(shards, lesser(limits->concurrency, limits->total_concurrency));
    return shards > 0 ? shards : 1;
}

uint64_t trawl_policy_grant(uint64_t left, unsigned shards)
{
    uint64_t pages = shards > 1 ? left / (2 * (uint64_t)shards) : left;

    return pages > 0 ? pages : 1;
}

int trawl_policy_exit_code(enum trawl_phase run)
{
    switch (run) {
    case TRAWL_PHASE_COMPLETED:
        return TRAWL_SUPERVISOR_COMPLETED;
    case TRAWL_PHASE_PARTIAL:
    case TRAWL_PHASE_SUSPECT:
        return TRAWL_SUPERVISOR_PARTIAL;
    case TRAWL_PHASE_CANCELLED:
    case TRAWL_PHASE_INTERRUPTED:
        return TRAWL_SUPERVISOR_INTERRUPTED;
    default:
        return TRAWL_SUPERVISOR_FAILED;
    }
}
