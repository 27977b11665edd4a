/* When to try again: exponential backoff with full jitter, so that many workers that failed together do not come back
 * together; and the queue of tasks that wait for it. */
#ifndef TRAWL_WORKER_RETRY_H
#define TRAWL_WORKER_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "worker/task.h"

struct trawl_retry {
    unsigned retries; /* after the first try */
    uint32_t base_ms;
    uint32_t max_ms;
    uint64_t seed; /* of the jitter */
    struct trawl_heap waiting;
};

void trawl_retry_init(struct trawl_retry *retry, unsigned retries, uint32_t base_ms,
                      uint32_t max_ms, uint64_t seed);

/* The waiting tasks are not freed: they belong to the frontier. */
void trawl_retry_finish(struct trawl_retry *retry);

/* True if an answer with this status may be another one next time. */
bool trawl_retry_status(unsigned status);

/* Evenly from [0, min(max, base * 2^(attempt - 1))]; `attempt` is the number of tries so far. */
uint32_t trawl_retry_delay_ms(struct trawl_retry *retry, unsigned attempt);

/* How long to wait after so many tries, or -ERANGE when these were all. */
int64_t trawl_retry_next_ms(struct trawl_retry *retry, unsigned attempts);

/* Let the task wait, at least so long. Returns the milliseconds, or -ERANGE when it has had all its tries. */
int64_t trawl_retry_wait(struct trawl_retry *retry, struct trawl_task *task, int64_t at_least_ms,
                         uint64_t now_ns);

/* Let it wait until then. */
void trawl_retry_wait_until(struct trawl_retry *retry, struct trawl_task *task, uint64_t due_ns);

/* A task whose time has come, out of the queue; NULL if there is none. */
struct trawl_task *trawl_retry_due(struct trawl_retry *retry, uint64_t now_ns);

/* The waiting task of that fingerprint, or NULL. Looks at all of them. */
struct trawl_task *trawl_retry_find(const struct trawl_retry *retry, struct trawl_hash fingerprint);

/* When the first is due, or UINT64_MAX. */
uint64_t trawl_retry_next_ns(const struct trawl_retry *retry);

#endif
