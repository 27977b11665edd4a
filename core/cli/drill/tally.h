/* What one listener has been told of a run, held against what the journal has.
 *
 * Events come in the order of their places in the journal. One that the listener has already is a repeat, and is dropped; one that
 * it never gets, though it got a later one, is lost. Both are counted from one check to the next, so that each fault has its own.
 */
#ifndef TRAWL_CLI_DRILL_TALLY_H
#define TRAWL_CLI_DRILL_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Events that a listener keeps the places of; a drill has some hundred. What comes beyond is dropped, and so is lost. */
#define DRILL_EVENTS_MAX 1000000u

struct drill_tally {
    uint64_t *seen; /* increasing */
    size_t count;
    size_t room;
    size_t compared;  /* of them, by the checks so far */
    uint64_t through; /* the place up to which it was checked */
    int64_t n;        /* of the last scrape_progress */
    uint64_t skipped; /* steps of n that were left out since the last check */
    uint64_t repeated;
};

struct drill_count {
    uint64_t lost;
    uint64_t repeated;
    uint64_t stray; /* told, though the journal does not have them */
};

void drill_tally_finish(struct drill_tally *tally);

/* The event at `seq` came; `n` is 0 if it is no scrape_progress. True if it is new, and so for the listener. */
bool drill_tally_take(struct drill_tally *tally, uint64_t seq, int64_t n);

/* The place of the last event, 0 before the first. */
uint64_t drill_tally_last(const struct drill_tally *tally);

/* Compare what was told since the last check, through the place `through`, with the run's events in the journal: `journal` has
 * their places, increasing, at least those behind the last check. */
struct drill_count drill_tally_check(struct drill_tally *tally, const uint64_t *journal,
                                     size_t count, uint64_t through);

#endif
