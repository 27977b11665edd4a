/* What the supervisor decides by rule alone: outcomes, pauses, limits of chatter. No state, no clock. */
#ifndef TRAWL_SUPERVISOR_POLICY_H
#define TRAWL_SUPERVISOR_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "journal/phase.h"
#include "store/store.h"

/* Exit codes of docs/cli.md, for `trawl run`. */
enum trawl_supervisor_exit {
    TRAWL_SUPERVISOR_COMPLETED = 0,
    TRAWL_SUPERVISOR_FAILED = 1,
    TRAWL_SUPERVISOR_PARTIAL = 3,
    TRAWL_SUPERVISOR_INTERRUPTED = 130,
};

/* How the work on a platform of a run came to its end. */
enum trawl_over {
    TRAWL_OVER_FINISHED, /* the frontier is empty and finish() was run */
    TRAWL_OVER_FAILED,   /* the scraper said that it failed */
    TRAWL_OVER_GAVE_UP,  /* its worker died more often than workers.restarts allows */
    TRAWL_OVER_STOPPED,  /* by a cancel or a shutdown */
};

/* completed: finished, no page was given up, and robots.txt did not exclude all of them. partial: some pages worked, but others were given up or the work broke
 * off. failed: no page worked. */
enum trawl_phase trawl_policy_outcome(enum trawl_over over, const struct trawl_tally *tally);

/* Before the n-th restart in a row (1, 2, …): 200 ms, doubled each time, at most 10 s. 0: at once. */
uint64_t trawl_policy_pause_ms(unsigned restarts);

/* What bounds the shards of a platform. */
struct trawl_shard_limits {
    unsigned wanted;
    unsigned concurrency; /* fetch.concurrency, and */
    unsigned total_concurrency;
    unsigned workers; /* workers.max */
};

/* As many as are wanted, but not more than there are workers, or connections to divide among them. At least 1. */
unsigned trawl_policy_shards(const struct trawl_shard_limits *limits);

/* How many of `left` (at least 1) pages of max_pages one of `shards` gets at a time: all of them if it is alone, else so many
 * that others need not wait for its leftovers. */
uint64_t trawl_policy_grant(uint64_t left, unsigned shards);

int trawl_policy_exit_code(enum trawl_phase run);

#endif
