/* What is to be fetched, in which order, and what was met already.
 *
 * Order: depth, priority, arrival, as far as the hosts' budgets allow. A request that is met again at a smaller depth
 * moves up: one that is queued gets a second, earlier place (the later one is stale and skipped), one that is under way
 * just learns it, and one that was fetched is fetched again, so that what lies behind it is found at the right depth.
 *
 * What finds the queue of its host full waits in the store, and is asked for when there is room; memory holds its fingerprint
 * only.
 *
 * Requests of other shards are only remembered, so that each is told to its shard once. Where max_pages limits the run, pages
 * are allowed piece by piece: by the supervisor, which deals them out to all shards.
 */
#ifndef TRAWL_WORKER_FRONTIER_H
#define TRAWL_WORKER_FRONTIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/page.h"
#include "worker/hosts.h"
#include "worker/known.h"
#include "worker/retry.h"
#include "worker/task.h"

/* No limit of that kind. */
#define TRAWL_FRONTIER_UNLIMITED UINT64_MAX

/* Longest that a restored request waits: the wall clock may have been put back meanwhile. */
#define TRAWL_FRONTIER_WAIT_MAX_MS ((int64_t)24 * 3600 * 1000)

struct trawl_frontier_limits {
    struct trawl_hosts_limits hosts;
    unsigned shard;  /* this one's number */
    unsigned shards; /* at least 1 */
    uint64_t pages;  /* that may be fetched for now */
    uint64_t max_depth;
    unsigned retries;
    uint32_t retry_base_ms;
    uint32_t retry_max_ms;
};

enum trawl_frontier_added {
    TRAWL_ADDED_NEW,    /* here, or, of another shard, to be told to it */
    TRAWL_ADDED_CLOSER, /* was known, but at a greater depth */
    TRAWL_ADDED_KNOWN,
    TRAWL_ADDED_TOO_DEEP,
};

struct trawl_frontier;

/* `ops` are called with `user`. */
struct trawl_frontier *trawl_frontier_create(const struct trawl_frontier_limits *limits,
                                             const struct trawl_hosts_ops *ops, void *user,
                                             uint64_t seed);
void trawl_frontier_destroy(struct trawl_frontier *frontier);

/* Whether adding would change anything: the cheap question that most links of a page end with. */
bool trawl_frontier_wants(const struct trawl_frontier *frontier, struct trawl_hash fingerprint,
                          uint16_t depth);

/* Copies the request. */
enum trawl_frontier_added trawl_frontier_add(struct trawl_frontier *frontier,
                                             const struct trawl_page_request *request,
                                             uint64_t now_ns);

/* A request as the store has it, when a shard is continued: done, pending, or waiting for another try. `now_ns` and `now_ms`
 * are the present moment by either clock. */
void trawl_frontier_restore(struct trawl_frontier *frontier,
                            const struct trawl_page_request *request, uint64_t now_ns,
                            int64_t now_ms);

/* A request that the store was asked for; those that are here already are no matter. */
void trawl_frontier_take_stored(struct trawl_frontier *frontier,
                                const struct trawl_page_request *request, uint64_t now_ns);

/* The next task to fetch, counted as under way, or NULL if none may start now. If the host does not allow it, it is not under
 * way, and `ret_refusal` says why (its kind is NULL otherwise): what follows is trawl_frontier_done(). */
struct trawl_task *trawl_frontier_next(struct trawl_frontier *frontier, uint64_t now_ns,
                                       struct trawl_refusal *ret_refusal);

/* The task's fetch has ended, and this is what it told of the host; its outcome follows as one of the two below. */
void trawl_frontier_end(struct trawl_frontier *frontier, struct trawl_task *task,
                        const struct trawl_host_result *result, uint64_t now_ns);

/* Let it wait for another try, at least so long: milliseconds, or -ERANGE if there is none left. */
int64_t trawl_frontier_retry(struct trawl_frontier *frontier, struct trawl_task *task,
                             int64_t at_least_ms, uint64_t now_ns);

/* The same for what does not belong to it: how long to wait after so many tries. */
int64_t trawl_frontier_retry_ms(struct trawl_frontier *frontier, unsigned attempts);

/* Let it be fetched once more, at once, which is no further try. */
void trawl_frontier_repeat(struct trawl_frontier *frontier, struct trawl_task *task,
                           uint64_t now_ns);

/* The task is over; `fetched`: it counts as a page. Frees it. */
void trawl_frontier_done(struct trawl_frontier *frontier, struct trawl_task *task, bool fetched);

/* What it may ask of hosts. */
struct trawl_hosts *trawl_frontier_hosts(struct trawl_frontier *frontier);

/* Fetches under way. */
unsigned trawl_frontier_active(const struct trawl_frontier *frontier);

/* True if nothing is left to fetch, or no more pages are allowed, and nothing is under way or waits for another try. */
bool trawl_frontier_is_over(const struct trawl_frontier *frontier);

/* True if there is something to fetch, but that no more pages are allowed. */
bool trawl_frontier_is_starved(const struct trawl_frontier *frontier);

/* So many more pages may be fetched. */
void trawl_frontier_allow(struct trawl_frontier *frontier, uint64_t pages, uint64_t now_ns);

/* Take back what is left of it, when nothing is under way: how much that was. 0 where there is no limit. */
uint64_t trawl_frontier_disallow(struct trawl_frontier *frontier);

/* When trawl_frontier_next() may give more without anything else happening, or TRAWL_HOSTS_NEVER. */
uint64_t trawl_frontier_next_ns(const struct trawl_frontier *frontier);

size_t trawl_frontier_queued(const struct trawl_frontier *frontier);
uint64_t trawl_frontier_pages(const struct trawl_frontier *frontier);

#endif
