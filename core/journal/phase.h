/* Phases of a run and of each of its platforms. */
#ifndef TRAWL_JOURNAL_PHASE_H
#define TRAWL_JOURNAL_PHASE_H

#include <stdbool.h>

enum trawl_phase {
    TRAWL_PHASE_QUEUED,
    TRAWL_PHASE_STARTING,
    TRAWL_PHASE_SCRAPING,
    TRAWL_PHASE_STORING,
    TRAWL_PHASE_INTERRUPTED, /* not an end: it will be resumed */
    TRAWL_PHASE_COMPLETED,
    TRAWL_PHASE_PARTIAL,
    TRAWL_PHASE_FAILED,
    TRAWL_PHASE_CANCELLED,
    TRAWL_PHASE_SUSPECT,
};

const char *trawl_phase_name(enum trawl_phase phase);

/* 0, or -EINVAL for an unknown name. */
int trawl_phase_parse(const char *name, enum trawl_phase *ret_phase);

/* COMPLETED and what follows. */
bool trawl_phase_is_end(enum trawl_phase phase);

/* The run's phase from those of its platforms: queued while all are; while any has not ended the most
 * advanced of the others' (interrupted only when no other is active); at the end completed if all are,
 * cancelled if any is, failed if all are, suspect if some are and all others are completed, else partial. */
enum trawl_phase trawl_phase_of_run(const enum trawl_phase *platforms, unsigned count);

#endif
