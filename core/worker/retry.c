#include "worker/retry.h"

#include <errno.h>

#include "util/alloc.h"

static struct trawl_task *task_of(const struct trawl_heap_node *node)
{
    return TRAWL_CONTAINER_OF(node, struct trawl_task, waiting);
}

static bool due_less(const struct trawl_heap_node *a, const struct trawl_heap_node *b)
{
    return task_of(a)->due_ns < task_of(b)->due_ns;
}

void trawl_retry_init(struct trawl_retry *retry, unsigned retries, uint32_t base_ms,
                      uint32_t max_ms, uint64_t seed)
{
    *retry = (struct trawl_retry){
        .retries = retries,
        .base_ms = base_ms,
        .max_ms = max_ms,
        .seed = seed,
        .waiting = {.less = due_less},
    };
}

void trawl_retry_finish(struct trawl_retry *retry)
{
    trawl_heap_finish(&retry->waiting);
}

bool trawl_retry_status(unsigned status)
{
    return status == 408 || status == 425 || status == 429 || (status >= 500 && status <= 599);
}

/* SplitMix64: jitter needs to be even, not secret. */
static uint64_t next_random(uint64_t *seed)
{
    uint64_t z = (*seed += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint32_t trawl_retry_delay_ms(struct trawl_retry *retry, unsigned attempt)
{
    uint64_t ceiling = retry->base_ms;

    for (unsigned i = 1; i < attempt && ceiling < retry->max_ms; i++)
        ceiling *= 2;
    if (ceiling > retry->max_ms)
        ceiling = retry->max_ms;
    return (uint32_t)(next_random(&retry->seed) % (ceiling + 1));
}

int64_t trawl_retry_next_ms(struct trawl_retry *retry, unsigned attempts)
{
    return attempts > retry->retries ? -ERANGE : (int64_t)trawl_retry_delay_ms(retry, attempts);
}

int64_t trawl_retry_wait(struct trawl_retry *retry, struct trawl_task *task, int64_t at_least_ms,
                         uint64_t now_ns)
{
    int64_t delay_ms = trawl_retry_next_ms(retry, task->attempts);

    if (delay_ms < 0)
        return delay_ms;
    if (delay_ms < at_least_ms)
        delay_ms = at_least_ms;
    trawl_retry_wait_until(retry, task, now_ns + (uint64_t)delay_ms * 1000000);
    return delay_ms;
}

void trawl_retry_wait_until(struct trawl_retry *retry, struct trawl_task *task, uint64_t due_ns)
{
    task->due_ns = due_ns;
    trawl_heap_push(&retry->waiting, &task->waiting);
}

struct trawl_task *trawl_retry_due(struct trawl_retry *retry, uint64_t now_ns)
{
    struct trawl_heap_node *node = trawl_heap_top(&retry->waiting);

    if (!node || task_of(node)->due_ns > now_ns)
        return NULL;
    trawl_heap_pop(&retry->waiting);
    return task_of(node);
}

struct trawl_task *trawl_retry_find(const struct trawl_retry *retry, struct trawl_hash fingerprint)
{
    for (size_t place = 1; place <= retry->waiting.count; place++) {
        struct trawl_task *task = task_of(retry->waiting.nodes[place]);

        if (trawl_hash_equal(task->fingerprint, fingerprint))
            return task;
    }
    return NULL;
}

uint64_t trawl_retry_next_ns(const struct trawl_retry *retry)
{
    struct trawl_heap_node *node = trawl_heap_top(&retry->waiting);

    return node ? task_of(node)->due_ns : UINT64_MAX;
}
