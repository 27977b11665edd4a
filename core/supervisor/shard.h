/* Shards: the worker process that does a task, and its successors when it dies.
 *
 * Each process of a shard has a lease number of its own. A page goes from it to the store, and is acknowledged when it is
 * committed; a successor continues from the frontier that the store has then. The shard ends by one call of
 * trawl__task_over().
 */
#ifndef TRAWL_SUPERVISOR_SHARD_H
#define TRAWL_SUPERVISOR_SHARD_H

#include "supervisor/runs.h"

/* Log lines of one worker that reach the journal in a second; the rest is counted and dropped. */
#define TRAWL_SHARD_LOGS_PER_SECOND 50

void trawl__shard_start(struct trawl_task *task);

/* No new pages; what is in flight may be committed within workers.grace. */
void trawl__shard_stop(struct trawl_shard *shard);

/* Send the acknowledgements that are due. */
void trawl__shards_on_idle(uv_idle_t *idle);

/* Ten times a second: hand on the scrapers' own progress, and end those that hang: a worker whose loop turns says something
 * every second. Ticks are counted, not time: after the machine or we ourselves stood still, everyone gets another chance. */
void trawl__shards_tick(struct trawl_supervisor *supervisor);

#endif
