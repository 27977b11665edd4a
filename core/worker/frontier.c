#include "worker/frontier.h"

#include <assert.h>
#include <utlist.h>

#include "util/alloc.h"

struct trawl_frontier {
    struct trawl_frontier_limits limits;
    struct trawl_known known;
    struct trawl_hosts *hosts;
    struct trawl_retry retry;
    struct trawl_task *active; /* utlist: under way, or waiting for another try */
    size_t active_count;
    size_t queued;       /* without the stale ones */
    size_t queued_again; /* of them, those that need no page of max_pages any more */
    uint64_t order;
    uint64_t pages;      /* that were fetched here, each once */
    uint64_t pages_open; /* that are active and would become new pages */
};

struct trawl_frontier *trawl_frontier_create(const struct trawl_frontier_limits *limits,
                                             const struct trawl_hosts_ops *ops, void *user,
                                             uint64_t seed)
{
    struct trawl_frontier *frontier = TRAWL_NEW(struct trawl_frontier);

    frontier->limits = *limits;
    frontier->hosts = trawl_hosts_create(&limits->hosts, ops, user);
    trawl_retry_init(&frontier->retry, limits->retries, limits->retry_base_ms, limits->retry_max_ms,
                     seed);
    return frontier;
}

void trawl_frontier_destroy(struct trawl_frontier *frontier)
{
    struct trawl_task *task;
    struct trawl_task *next;

    if (!frontier)
        return;
    while ((task = trawl_retry_due(&frontier->retry, UINT64_MAX))) {
        if (!task->active) /* else it is among the active ones */
            trawl_task_destroy(task);
    }
    DL_FOREACH_SAFE(frontier->active, task, next)
    {
        if (task->queued.place == 0) /* those in a host's queue go with it */
            trawl_task_destroy(task);
    }
    trawl_hosts_destroy(frontier->hosts);
    trawl_retry_finish(&frontier->retry);
    trawl_known_finish(&frontier->known);
    free(frontier);
}

/* --- adding --------------------------------------------------------------------------------------- */

bool trawl_frontier_wants(const struct trawl_frontier *frontier, struct trawl_hash fingerprint,
                          uint16_t depth)
{
    const struct trawl_known_entry *entry;

    if (depth > frontier->limits.max_depth)
        return false;
    entry = trawl_known_find(&frontier->known, fingerprint);
    return !entry || depth < entry->depth;
}

static struct trawl_task *make_task(struct trawl_frontier *frontier,
                                    const struct trawl_page_request *request, bool again)
{
    struct trawl_task *task = trawl_task_create(request);

    task->order = ++frontier->order;
    task->again = again;
    return task;
}

/* A request that is under way counts at its new depth: its page has not been made yet. */
static void move_active(struct trawl_frontier *frontier, struct trawl_hash fingerprint,
                        uint16_t depth)
{
    struct trawl_task *task;

    DL_FOREACH (frontier->active, task) {
        if (trawl_hash_equal(task->fingerprint, fingerprint)) {
            task->depth = depth;
            trawl_hosts_update(frontier->hosts, task);
            return;
        }
    }
}

/* One that an earlier worker left waiting keeps its place and its tries. */
static void move_waiting(struct trawl_frontier *frontier, struct trawl_hash fingerprint,
                         uint16_t depth)
{
    struct trawl_task *task = trawl_retry_find(&frontier->retry, fingerprint);

    assert(task);
    task->depth = depth;
}

static void take_stored(struct trawl_frontier *frontier, struct trawl_known_entry *entry,
                        const struct trawl_page_request *request, uint64_t now_ns)
{
    struct trawl_task *task = make_task(frontier, request, false);

    task->depth = entry->depth;
    entry->state = TRAWL_KNOWN_QUEUED;
    trawl_hosts_push_stored(frontier->hosts, task, now_ns);
}

static void enqueue(struct trawl_frontier *frontier, struct trawl_known_entry *entry,
                    const struct trawl_page_request *request, uint64_t now_ns)
{
    if (entry->state == TRAWL_KNOWN_STORED) {
        take_stored(frontier, entry, request, now_ns);
        return;
    }
    if (entry->state != TRAWL_KNOWN_QUEUED) {
        frontier->queued++;
        frontier->queued_again += entry->counted;
    }
    if (entry->state == TRAWL_KNOWN_FREE && !entry->counted &&
        trawl_hosts_store(frontier->hosts, request->url.ptr, now_ns)) {
        entry->state = TRAWL_KNOWN_STORED;
        return;
    }
    entry->state = TRAWL_KNOWN_QUEUED;
    trawl_hosts_push(frontier->hosts, make_task(frontier, request, entry->counted), now_ns);
    if (entry->counted) /* it waits for no page of max_pages, with which hosts would be resumed */
        trawl_hosts_resume(frontier->hosts, now_ns);
}

static bool is_ours(const struct trawl_frontier *frontier, struct trawl_hash fingerprint)
{
    return trawl_shard_of(fingerprint, frontier->limits.shards) == frontier->limits.shard;
}

enum trawl_frontier_added trawl_frontier_add(struct trawl_frontier *frontier,
                                             const struct trawl_page_request *request,
                                             uint64_t now_ns)
{
    struct trawl_known_entry *entry;
    uint8_t state;

    if (request->depth > frontier->limits.max_depth)
        return TRAWL_ADDED_TOO_DEEP;
    entry = trawl_known_add(&frontier->known, request->fingerprint);
    state = entry->state;
    if (state != TRAWL_KNOWN_FREE && request->depth >= entry->depth)
        return TRAWL_ADDED_KNOWN;
    entry->depth = request->depth;
    if (!is_ours(frontier, request->fingerprint))
        entry->state = TRAWL_KNOWN_FOREIGN;
    else if (state == TRAWL_KNOWN_ACTIVE)
        move_active(frontier, request->fingerprint, request->depth);
    else if (state == TRAWL_KNOWN_WAITING)
        move_waiting(frontier, request->fingerprint, request->depth);
    else
        enqueue(frontier, entry, request, now_ns);
    return state == TRAWL_KNOWN_FREE ? TRAWL_ADDED_NEW : TRAWL_ADDED_CLOSER;
}

/* --- taking --------------------------------------------------------------------------------------- */

/* False for the later place of a request that moved up. One that waited for another try is in the queue while active. */
static bool is_current(const struct trawl_frontier *frontier, const struct trawl_task *task)
{
    const struct trawl_known_entry *entry;

    if (task->active)
        return true;
    entry = trawl_known_find(&frontier->known, task->fingerprint);
    return entry && entry->state == TRAWL_KNOWN_QUEUED && entry->depth == task->depth;
}

static bool may_fetch_another_page(const struct trawl_frontier *frontier)
{
    return frontier->pages + frontier->pages_open < frontier->limits.pages;
}

static void activate(struct trawl_frontier *frontier, struct trawl_task *task)
{
    struct trawl_known_entry *entry = trawl_known_find(&frontier->known, task->fingerprint);

    assert(entry);
    entry->state = TRAWL_KNOWN_ACTIVE;
    task->active = true;
    DL_APPEND(frontier->active, task);
    frontier->active_count++;
    if (!task->again)
        frontier->pages_open++;
}

/* Its time has come. One that an earlier worker left waiting is begun like any other. */
static void try_again(struct trawl_frontier *frontier, struct trawl_task *task, uint64_t now_ns)
{
    struct trawl_known_entry *entry = trawl_known_find(&frontier->known, task->fingerprint);

    assert(entry);
    if (!task->active)
        entry->state = TRAWL_KNOWN_QUEUED;
    trawl_hosts_push(frontier->hosts, task, now_ns);
}

static struct trawl_task *peek(struct trawl_frontier *frontier, uint64_t now_ns)
{
    struct trawl_task *task;

    while ((task = trawl_retry_due(&frontier->retry, now_ns)))
        try_again(frontier, task, now_ns);
    while ((task = trawl_hosts_peek(frontier->hosts)) && !is_current(frontier, task)) {
        trawl_hosts_drop(frontier->hosts, task, now_ns);
        trawl_task_destroy(task);
    }
    return task;
}

struct trawl_task *trawl_frontier_next(struct trawl_frontier *frontier, uint64_t now_ns,
                                       struct trawl_refusal *ret_refusal)
{
    struct trawl_task *task = peek(frontier, now_ns);

    ret_refusal->kind = NULL;
    if (!task || (!task->active && !task->again && !may_fetch_another_page(frontier)))
        return NULL;
    if (trawl_hosts_refuse(frontier->hosts, task, ret_refusal, now_ns))
        trawl_hosts_drop(frontier->hosts, task, now_ns);
    else
        trawl_hosts_begin(frontier->hosts, task, now_ns);
    if (!task->active) {
        frontier->queued--;
        frontier->queued_again -= task->again;
        activate(frontier, task);
    }
    if (!ret_refusal->kind && task->attempts < UINT8_MAX)
        task->attempts++;
    return task;
}

void trawl_frontier_end(struct trawl_frontier *frontier, struct trawl_task *task,
                        const struct trawl_host_result *result, uint64_t now_ns)
{
    trawl_hosts_end(frontier->hosts, task, result, now_ns);
}

int64_t trawl_frontier_retry(struct trawl_frontier *frontier, struct trawl_task *task,
                             int64_t at_least_ms, uint64_t now_ns)
{
    return trawl_retry_wait(&frontier->retry, task, at_least_ms, now_ns);
}

int64_t trawl_frontier_retry_ms(struct trawl_frontier *frontier, unsigned attempts)
{
    return trawl_retry_next_ms(&frontier->retry, attempts);
}

void trawl_frontier_repeat(struct trawl_frontier *frontier, struct trawl_task *task,
                           uint64_t now_ns)
{
    task->attempts--;
    trawl_hosts_push(frontier->hosts, task, now_ns);
}

void trawl_frontier_done(struct trawl_frontier *frontier, struct trawl_task *task, bool fetched)
{
    struct trawl_known_entry *entry = trawl_known_find(&frontier->known, task->fingerprint);

    assert(entry);
    entry->state = TRAWL_KNOWN_DONE;
    entry->counted |= fetched;
    if (!task->again) {
        frontier->pages_open--;
        frontier->pages += fetched;
    }
    DL_DELETE(frontier->active, task);
    frontier->active_count--;
    trawl_task_destroy(task);
}

/* --- restoring ------------------------------------------------------------------------------------ */

static uint64_t due_ns(const struct trawl_page_request *request, uint64_t now_ns, int64_t now_ms)
{
    int64_t wait_ms = request->not_before_ms - now_ms;

    if (wait_ms < 0)
        wait_ms = 0;
    if (wait_ms > TRAWL_FRONTIER_WAIT_MAX_MS)
        wait_ms = TRAWL_FRONTIER_WAIT_MAX_MS;
    return now_ns + (uint64_t)wait_ms * 1000000;
}

void trawl_frontier_restore(struct trawl_frontier *frontier,
                            const struct trawl_page_request *request, uint64_t now_ns,
                            int64_t now_ms)
{
    struct trawl_known_entry *entry = trawl_known_add(&frontier->known, request->fingerprint);
    struct trawl_task *task;

    if (entry->state != TRAWL_KNOWN_FREE)
        return;
    entry->depth = request->depth;
    entry->counted = request->counted;
    if (request->state == TRAWL_REQUEST_DONE) {
        entry->state = TRAWL_KNOWN_DONE;
        return;
    }
    if (request->attempts == 0) {
        enqueue(frontier, entry, request, now_ns);
        return;
    }
    entry->state = TRAWL_KNOWN_WAITING;
    frontier->queued++;
    frontier->queued_again += entry->counted;
    task = make_task(frontier, request, request->counted);
    task->attempts = request->attempts;
    trawl_retry_wait_until(&frontier->retry, task, due_ns(request, now_ns, now_ms));
}

void trawl_frontier_take_stored(struct trawl_frontier *frontier,
                                const struct trawl_page_request *request, uint64_t now_ns)
{
    struct trawl_known_entry *entry = trawl_known_find(&frontier->known, request->fingerprint);

    if (entry && entry->state == TRAWL_KNOWN_STORED)
        take_stored(frontier, entry, request, now_ns);
}

/* --- state ---------------------------------------------------------------------------------------- */

unsigned trawl_frontier_active(const struct trawl_frontier *frontier)
{
    return trawl_hosts_active(frontier->hosts);
}

bool trawl_frontier_is_over(const struct trawl_frontier *frontier)
{
    if (frontier->active_count > 0 || frontier->queued_again > 0)
        return false;
    return frontier->queued == 0 || !may_fetch_another_page(frontier);
}

bool trawl_frontier_is_starved(const struct trawl_frontier *frontier)
{
    return frontier->queued > frontier->queued_again && !may_fetch_another_page(frontier);
}

void trawl_frontier_allow(struct trawl_frontier *frontier, uint64_t pages, uint64_t now_ns)
{
    if (frontier->limits.pages == TRAWL_FRONTIER_UNLIMITED)
        return;
    frontier->limits.pages += pages;
    trawl_hosts_resume(frontier->hosts, now_ns);
}

uint64_t trawl_frontier_disallow(struct trawl_frontier *frontier)
{
    uint64_t left = frontier->limits.pages - frontier->pages;

    if (frontier->limits.pages == TRAWL_FRONTIER_UNLIMITED)
        return 0;
    frontier->limits.pages = frontier->pages;
    trawl_hosts_pause(frontier->hosts);
    return left;
}

struct trawl_hosts *trawl_frontier_hosts(struct trawl_frontier *frontier)
{
    return frontier->hosts;
}

uint64_t trawl_frontier_next_ns(const struct trawl_frontier *frontier)
{
    return trawl_retry_next_ns(&frontier->retry);
}

size_t trawl_frontier_queued(const struct trawl_frontier *frontier)
{
    return frontier->queued;
}

uint64_t trawl_frontier_pages(const struct trawl_frontier *frontier)
{
    return frontier->pages;
}
