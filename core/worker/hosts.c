#include "worker/hosts.h"

#include <stdio.h>
#include <string.h>
#include <uthash.h>

#include "util/alloc.h"
#include "util/url.h"

struct trawl_host {
    UT_hash_handle hh;
    struct trawl_heap queue;        /* of tasks */
    struct trawl_heap_node ready;   /* may start its first task */
    struct trawl_heap_node resting; /* keeps its delay */
    uint64_t next_ns;               /* no start before */
    unsigned active;
    char name[];
};

struct trawl_hosts {
    struct trawl_hosts_limits limits;
    struct trawl_host *by_name; /* uthash */
    struct trawl_heap ready;
    struct trawl_heap resting;
    unsigned active;
};

static struct trawl_task *task_of(const struct trawl_heap_node *node)
{
    return TRAWL_CONTAINER_OF(node, struct trawl_task, queued);
}

static bool task_less(const struct trawl_heap_node *a, const struct trawl_heap_node *b)
{
    return trawl_task_before(task_of(a), task_of(b));
}

static struct trawl_host *ready_host(const struct trawl_heap_node *node)
{
    return TRAWL_CONTAINER_OF(node, struct trawl_host, ready);
}

static struct trawl_host *resting_host(const struct trawl_heap_node *node)
{
    return TRAWL_CONTAINER_OF(node, struct trawl_host, resting);
}

static struct trawl_task *first_task(const struct trawl_host *host)
{
    return task_of(trawl_heap_top(&host->queue));
}

static bool ready_less(const struct trawl_heap_node *a, const struct trawl_heap_node *b)
{
    return trawl_task_before(first_task(ready_host(a)), first_task(ready_host(b)));
}

static bool resting_less(const struct trawl_heap_node *a, const struct trawl_heap_node *b)
{
    return resting_host(a)->next_ns < resting_host(b)->next_ns;
}

struct trawl_hosts *trawl_hosts_create(const struct trawl_hosts_limits *limits)
{
    struct trawl_hosts *hosts = TRAWL_NEW(struct trawl_hosts);

    hosts->limits = *limits;
    hosts->ready.less = ready_less;
    hosts->resting.less = resting_less;
    return hosts;
}

static void host_destroy(struct trawl_hosts *hosts, struct trawl_host *host)
{
    struct trawl_heap_node *node;

    trawl_heap_remove(&hosts->ready, &host->ready);
    trawl_heap_remove(&hosts->resting, &host->resting);
    while ((node = trawl_heap_pop(&host->queue)))
        trawl_task_destroy(task_of(node));
    trawl_heap_finish(&host->queue);
    HASH_DEL(hosts->by_name, host);
    free(host);
}

void trawl_hosts_destroy(struct trawl_hosts *hosts)
{
    struct trawl_host *host;
    struct trawl_host *next;

    if (!hosts)
        return;
    HASH_ITER (hh, hosts->by_name, host, next)
        host_destroy(hosts, host);
    trawl_heap_finish(&hosts->ready);
    trawl_heap_finish(&hosts->resting);
    free(hosts);
}

static struct trawl_host *host_of(struct trawl_hosts *hosts, const char *url)
{
    struct trawl_url_parts parts;
    struct trawl_host *host;
    char name[TRAWL_URL_MAX + 1];
    size_t len;

    trawl_url_split(url, &parts);
    len = (size_t)snprintf(name, sizeof(name), "%.*s://%.*s:%.*s", (int)parts.scheme_len,
                           parts.scheme, (int)parts.host_len, parts.host, (int)parts.port_len,
                           parts.port);
    HASH_FIND(hh, hosts->by_name, name, len, host);
    if (host)
        return host;
    host = trawl_xalloc(sizeof(*host) + len + 1);
    host->queue.less = task_less;
    memcpy(host->name, name, len);
    HASH_ADD_KEYPTR(hh, hosts->by_name, host->name, len, host);
    return host;
}

/* Put the host into the heaps where it belongs. A resting host is in that heap alone, and one with nothing to do is
 * forgotten once its delay is over, for a crawl may meet any number of them. */
static void settle(struct trawl_hosts *hosts, struct trawl_host *host)
{
    if (host->resting.place > 0)
        return;
    if (host->queue.count == 0) {
        trawl_heap_remove(&hosts->ready, &host->ready);
        if (host->active == 0)
            host_destroy(hosts, host);
        return;
    }
    if (host->active >= hosts->limits.concurrency)
        trawl_heap_remove(&hosts->ready, &host->ready);
    else if (host->ready.place == 0)
        trawl_heap_push(&hosts->ready, &host->ready);
    else
        trawl_heap_update(&hosts->ready, &host->ready);
}

void trawl_hosts_push(struct trawl_hosts *hosts, struct trawl_task *task)
{
    struct trawl_host *host = host_of(hosts, task->url);

    task->host = host;
    trawl_heap_push(&host->queue, &task->queued);
    settle(hosts, host);
}

void trawl_hosts_update(struct trawl_hosts *hosts, struct trawl_task *task)
{
    if (task->queued.place == 0)
        return;
    trawl_heap_update(&task->host->queue, &task->queued);
    settle(hosts, task->host);
}

static void wake_rested(struct trawl_hosts *hosts, uint64_t now_ns)
{
    struct trawl_heap_node *node;

    while ((node = trawl_heap_top(&hosts->resting)) && resting_host(node)->next_ns <= now_ns) {
        trawl_heap_pop(&hosts->resting);
        settle(hosts, resting_host(node));
    }
}

struct trawl_task *trawl_hosts_peek(struct trawl_hosts *hosts, uint64_t now_ns)
{
    struct trawl_heap_node *node;

    wake_rested(hosts, now_ns);
    if (hosts->active >= hosts->limits.total)
        return NULL;
    node = trawl_heap_top(&hosts->ready);
    return node ? first_task(ready_host(node)) : NULL;
}

/* The ready heap is ordered by first tasks, so a host leaves it before its first task changes. */
static struct trawl_host *unqueue(struct trawl_hosts *hosts, struct trawl_task *task)
{
    struct trawl_host *host = task->host;

    trawl_heap_remove(&hosts->ready, &host->ready);
    trawl_heap_remove(&host->queue, &task->queued);
    return host;
}

void trawl_hosts_begin(struct trawl_hosts *hosts, struct trawl_task *task, uint64_t now_ns)
{
    struct trawl_host *host = unqueue(hosts, task);

    hosts->active++;
    host->active++;
    if (hosts->limits.delay_ns > 0) {
        host->next_ns = now_ns + hosts->limits.delay_ns;
        trawl_heap_push(&hosts->resting, &host->resting);
    }
    settle(hosts, host);
}

void trawl_hosts_drop(struct trawl_hosts *hosts, struct trawl_task *task)
{
    struct trawl_host *host = unqueue(hosts, task);

    task->host = NULL;
    settle(hosts, host);
}

void trawl_hosts_end(struct trawl_hosts *hosts, struct trawl_task *task)
{
    struct trawl_host *host = task->host;

    task->host = NULL;
    hosts->active--;
    host->active--;
    settle(hosts, host);
}

uint64_t trawl_hosts_next_ns(const struct trawl_hosts *hosts)
{
    struct trawl_heap_node *node = trawl_heap_top(&hosts->resting);

    return node ? resting_host(node)->next_ns : TRAWL_HOSTS_NEVER;
}

unsigned trawl_hosts_active(const struct trawl_hosts *hosts)
{
    return hosts->active;
}

size_t trawl_hosts_count(const struct trawl_hosts *hosts)
{
    return HASH_COUNT(hosts->by_name);
}
