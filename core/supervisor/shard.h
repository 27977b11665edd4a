/* Shards: the worker process that does a task, or its part of one, and its successors when it dies.
 *
 * Each process of a shard has a lease number of its own. A page goes from it to the store, and is acknowledged when it is
 * committed; a successor continues from what the store has then of the requests that belong to the shard. The shard ends by
 * one call of trawl__task_on_shard_end().
 */
#ifndef TRAWL_SUPERVISOR_SHARD_H
#define TRAWL_SUPERVISOR_SHARD_H

#include "ipc/page.h"
#include "supervisor/task.h"

/* Log lines of one worker that reach the journal in a second; the rest is counted and dropped. */
#define TRAWL_SHARD_LOGS_PER_SECOND 50

/* The shard of that number, without a process. */
struct trawl_shard *trawl__shard_create(struct trawl_task *task, unsigned number);
void trawl__shard_begin(struct trawl_shard *shard);

/* No new pages; what is in flight may be committed within workers.grace. */
void trawl__shard_stop(struct trawl_shard *shard);

/* Its work is done, or given up: its process is told to exit, and the task that it has ended. `message` may be NULL. */
void trawl__shard_end(struct trawl_shard *shard, enum trawl_over how, const char *message);

/* It has nothing left, and was sent nothing since it said so. */
bool trawl__shard_is_idle(const struct trawl_shard *shard);

/* Let its scraper finish, unless its process has done so when the task had as many responses. True if it was told to. */
bool trawl__shard_finish(struct trawl_shard *shard, uint64_t responses);

/* Requests that other shards have found for it. One whose process has not begun reads them from the store. */
void trawl__shard_forward(struct trawl_shard *shard, const struct trawl_page_request *requests,
                          size_t count);

/* It has something left, but for max_pages; and so many more of them for it, if that is so. False if it is not. */
bool trawl__shard_is_starving(const struct trawl_shard *shard);
bool trawl__shard_grant(struct trawl_shard *shard, uint64_t pages);

/* To its process, if it has one; what it says does not end its being idle. */
void trawl__shard_tell(struct trawl_shard *shard, uint16_t type, const json_t *message);
void trawl__shard_tell_bytes(struct trawl_shard *shard, uint16_t type, const void *bytes,
                             size_t len);

struct trawl_shard_progress {
    uint64_t current;
    uint64_t total;
    const char *message;
};

/* Add its scraper's own progress to a sum. True if that has changed since the last time. */
bool trawl__shard_add_progress(struct trawl_shard *shard, struct trawl_shard_progress *sum);

/* Send the acknowledgements that are due. */
void trawl__shards_on_idle(uv_idle_t *idle);

/* Ten times a second: hand on the scrapers' own progress, and end those that hang: a worker whose loop turns says something
 * every second. Ticks are counted, not time: after the machine or we ourselves stood still, everyone gets another chance. */
void trawl__shards_tick(struct trawl_supervisor *supervisor);

#endif
