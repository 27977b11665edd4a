/* What the journal of the drill's server has: the truth that listeners are held against. It is read from the store itself, whatever
 * the server is doing. */
#ifndef TRAWL_CLI_DRILL_JOURNAL_H
#define TRAWL_CLI_DRILL_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

#include "trawl/err.h"

/* The place of its last event. */
int drill_journal_head(const char *folder, uint64_t *ret_head, struct trawl_err *err);

/* The places of a run's events behind `since`, increasing; the caller frees *ret_places. */
int drill_journal_read(const char *folder, int64_t run_id, uint64_t since, uint64_t **ret_places,
                       size_t *ret_count, struct trawl_err *err);

/* The place of a run's last event; 0 if it is not over. */
int drill_journal_end(const char *folder, int64_t run_id, uint64_t *ret_last,
                      struct trawl_err *err);

#endif
