#include "worker/hosts.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "ipc/messages.h"
#include "util/alloc.h"
#include "util/url.h"
#include "worker/hosts_priv.h"

/* --- heaps --------------------------------------------------------------------------------------- */

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

static struct trawl_task *first_task(const struct trawl_host *host)
{
    return task_of(trawl_heap_top(&host->queue));
}

static bool ready_less(const struct trawl_heap_node *a, const struct trawl_heap_node *b)
{
    return trawl_task_before(first_task(ready_host(a)), first_task(ready_host(b)));
}

static bool timed_less(const struct trawl_heap_node *a, const struct trawl_heap_node *b)
{
    return trawl__host_timed(a)->due_ns < trawl__host_timed(b)->due_ns;
}

/* --- reports ------------------------------------------------------------------------------------- */

static void report_clear(struct trawl_host_report *report)
{
    free(report->excluded_url);
    free(report->excluded_rule);
    *report = (struct trawl_host_report){.retry_after_ms = -1};
}

void trawl__host_report_now(struct trawl_hosts *hosts, struct trawl_host *host)
{
    host->report_ns = TRAWL_HOSTS_NEVER;
    hosts->ops->report(hosts->user, host->name, &host->report);
    report_clear(&host->report);
}

static void report_later(struct trawl_host *host, uint64_t now_ns)
{
    if (host->report_ns == TRAWL_HOSTS_NEVER)
        host->report_ns = now_ns + TRAWL_HOSTS_REPORT_NS;
}

void trawl__host_give_back(struct trawl_hosts *hosts, struct trawl_host *host, unsigned slots)
{
    host->report.back += slots;
    trawl__host_report_now(hosts, host);
}

/* --- hosts --------------------------------------------------------------------------------------- */

struct trawl_hosts *trawl_hosts_create(const struct trawl_hosts_limits *limits,
                                       const struct trawl_hosts_ops *ops, void *user)
{
    struct trawl_hosts *hosts = TRAWL_NEW(struct trawl_hosts);

    hosts->limits = *limits;
    hosts->ops = ops;
    hosts->user = user;
    hosts->ready.less = ready_less;
    hosts->timed.less = timed_less;
    return hosts;
}

void trawl__host_destroy(struct trawl_hosts *hosts, struct trawl_host *host)
{
    struct trawl_heap_node *node;

    trawl_heap_remove(&hosts->ready, &host->ready);
    trawl_heap_remove(&hosts->timed, &host->timed);
    while ((node = trawl_heap_pop(&host->queue)))
        trawl_task_destroy(task_of(node));
    trawl_heap_finish(&host->queue);
    HASH_DEL(hosts->by_name, host);
    trawl_robots_free(host->robots);
    report_clear(&host->report);
    free(host->shut_reason);
    free(host);
}

void trawl_hosts_destroy(struct trawl_hosts *hosts)
{
    struct trawl_host *host;
    struct trawl_host *next;

    if (!hosts)
        return;
    HASH_ITER (hh, hosts->by_name, host, next)
        trawl__host_destroy(hosts, host);
    trawl_heap_finish(&hosts->ready);
    trawl_heap_finish(&hosts->timed);
    free(hosts);
}

size_t trawl_host_name(const char *url, char *room)
{
    struct trawl_url_parts parts;

    trawl_url_split(url, &parts);
    return (size_t)snprintf(room, TRAWL_URL_MAX + 1, "%.*s://%.*s%s%.*s", (int)parts.scheme_len,
                            parts.scheme, (int)parts.host_len, parts.host,
                            parts.port_len > 0 ? ":" : "", (int)parts.port_len, parts.port);
}

struct trawl_host *trawl__host_find(struct trawl_hosts *hosts, const char *name)
{
    struct trawl_host *host;

    HASH_FIND_STR(hosts->by_name, name, host);
    return host;
}

/* The supervisor cannot be told of it; there is no such host anyway. */
static void shut_unspeakable(struct trawl_host *host, size_t len)
{
    json_t *word = json_stringn(host->name, len);

    if (!word || len > TRAWL_HOST_NAME_MAX) {
        snprintf(host->shut_kind, sizeof(host->shut_kind), "url");
        host->shut_reason = trawl_xstrdup("no host has such a name");
    }
    json_decref(word);
}

struct trawl_host *trawl__host_of(struct trawl_hosts *hosts, const char *url)
{
    struct trawl_host *host;
    char name[TRAWL_URL_MAX + 1];
    size_t len = trawl_host_name(url, name);

    HASH_FIND(hh, hosts->by_name, name, len, host);
    if (host)
        return host;
    host = trawl_xalloc(sizeof(*host) + len + 1);
    host->queue.less = task_less;
    host->report_ns = TRAWL_HOSTS_NEVER;
    host->idle_ns = TRAWL_HOSTS_NEVER;
    host->stored_ns = TRAWL_HOSTS_NEVER;
    host->report.retry_after_ms = -1;
    memcpy(host->name, name, len);
    shut_unspeakable(host, len);
    HASH_ADD_KEYPTR(hh, hosts->by_name, host->name, len, host);
    return host;
}

/* --- where a host belongs ------------------------------------------------------------------------ */

static bool is_shut(const struct trawl_host *host)
{
    return *host->shut_kind != '\0';
}

static bool may_start(const struct trawl_host *host)
{
    return is_shut(host) || host->once > 0 || host->used < host->held;
}

static void settle_ready(struct trawl_hosts *hosts, struct trawl_host *host)
{
    if (host->queue.count == 0 || !may_start(host))
        trawl_heap_remove(&hosts->ready, &host->ready);
    else if (host->ready.place == 0)
        trawl_heap_push(&hosts->ready, &host->ready);
    else
        trawl_heap_update(&hosts->ready, &host->ready);
}

uint64_t trawl__host_idle_due(const struct trawl_host *host)
{
    if (host->idle_ns == TRAWL_HOSTS_NEVER)
        return TRAWL_HOSTS_NEVER;
    return host->idle_ns + (host->wanted > 0 ? TRAWL_HOSTS_IDLE_NS : TRAWL_HOSTS_LINGER_NS);
}

void trawl__host_settle_timed(struct trawl_hosts *hosts, struct trawl_host *host)
{
    uint64_t idle_ns = trawl__host_idle_due(host);

    host->due_ns = idle_ns < host->report_ns ? idle_ns : host->report_ns;
    if (host->stored_ns < host->due_ns)
        host->due_ns = host->stored_ns;
    if (host->due_ns == TRAWL_HOSTS_NEVER)
        trawl_heap_remove(&hosts->timed, &host->timed);
    else if (host->timed.place == 0)
        trawl_heap_push(&hosts->timed, &host->timed);
    else
        trawl_heap_update(&hosts->timed, &host->timed);
}

/* More is asked for at once; less only by one that is idle. */
static void settle_want(struct trawl_hosts *hosts, struct trawl_host *host)
{
    size_t useful = host->queue.count + host->active;
    unsigned want =
        useful < hosts->limits.concurrency ? (unsigned)useful : hosts->limits.concurrency;

    if (want <= host->wanted || is_shut(host) || hosts->paused)
        return;
    host->wanted = want;
    hosts->ops->want(hosts->user, host->name, want);
}

void trawl__host_settle(struct trawl_hosts *hosts, struct trawl_host *host, uint64_t now_ns)
{
    if (host->queue.count > 0 || host->active > 0 || host->stored > 0)
        host->idle_ns = TRAWL_HOSTS_NEVER;
    else if (host->idle_ns == TRAWL_HOSTS_NEVER)
        host->idle_ns = now_ns;
    settle_want(hosts, host);
    settle_ready(hosts, host);
    trawl__host_settle_stored(hosts, host, now_ns);
    trawl__host_settle_timed(hosts, host);
}

/* --- tasks --------------------------------------------------------------------------------------- */

void trawl_hosts_push(struct trawl_hosts *hosts, struct trawl_task *task, uint64_t now_ns)
{
    struct trawl_host *host = trawl__host_of(hosts, task->url);

    task->host = host;
    trawl_heap_push(&host->queue, &task->queued);
    trawl__host_settle(hosts, host, now_ns);
}

void trawl_hosts_update(struct trawl_hosts *hosts, struct trawl_task *task)
{
    if (task->queued.place == 0)
        return;
    trawl_heap_update(&task->host->queue, &task->queued);
    settle_ready(hosts, task->host);
}

struct trawl_task *trawl_hosts_peek(struct trawl_hosts *hosts)
{
    struct trawl_heap_node *node;

    if (hosts->active >= hosts->limits.total)
        return NULL;
    node = trawl_heap_top(&hosts->ready);
    return node ? first_task(ready_host(node)) : NULL;
}

static void note_excluded(struct trawl_host *host, const char *url, const char *rule,
                          uint64_t now_ns)
{
    struct trawl_host_report *report = &host->report;

    report->excluded++;
    free(report->excluded_url);
    free(report->excluded_rule);
    report->excluded_url = trawl_xstrdup(url);
    report->excluded_rule = trawl_xstrdup(rule);
    report_later(host, now_ns);
}

bool trawl_hosts_refuse(struct trawl_hosts *hosts, const struct trawl_task *task,
                        struct trawl_refusal *ret_refusal, uint64_t now_ns)
{
    struct trawl_host *host = task->host;
    struct trawl_robots_rule rule;
    struct trawl_url_parts parts;

    if (is_shut(host)) {
        *ret_refusal = (struct trawl_refusal){.kind = host->shut_kind};
        snprintf(ret_refusal->reason, sizeof(ret_refusal->reason), "%s", host->shut_reason);
        return true;
    }
    if (!host->robots)
        return false;
    trawl_url_split(task->url, &parts);
    if (trawl_robots_allows(host->robots, parts.path, &rule))
        return false;
    *ret_refusal = (struct trawl_refusal){.kind = "robots", .excluded = true};
    snprintf(ret_refusal->reason, sizeof(ret_refusal->reason), "robots.txt, line %u: %s", rule.line,
             rule.text);
    note_excluded(host, task->url, ret_refusal->reason, now_ns);
    trawl__host_settle_timed(hosts, host);
    return true;
}

/* The ready heap is ordered by first tasks, so a host leaves it before its first task changes. */
static struct trawl_host *unqueue(struct trawl_hosts *hosts, struct trawl_task *task)
{
    struct trawl_host *host = task->host;

    trawl_heap_remove(&hosts->ready, &host->ready);
    trawl_heap_remove(&host->queue, &task->queued);
    return host;
}

static void tell_started(struct trawl_hosts *hosts, struct trawl_host *host, uint64_t now_ns)
{
    host->report.started_ns = now_ns;
    trawl__host_report_now(hosts, host);
}

void trawl_hosts_start_late(struct trawl_hosts *hosts, bool late)
{
    hosts->start_late = late;
}

void trawl_hosts_started(struct trawl_hosts *hosts, struct trawl_task *task, uint64_t now_ns)
{
    if (task->late)
        tell_started(hosts, task->host, now_ns);
    task->late = false;
}

void trawl_hosts_begin(struct trawl_hosts *hosts, struct trawl_task *task, uint64_t now_ns)
{
    struct trawl_host *host = unqueue(hosts, task);

    hosts->active++;
    host->active++;
    task->once = host->used >= host->held;
    if (task->once) {
        host->once--;
        task->late = hosts->start_late;
        if (!task->late)
            tell_started(hosts, host, now_ns);
    } else {
        host->used++;
    }
    trawl__host_settle(hosts, host, now_ns);
}

void trawl_hosts_drop(struct trawl_hosts *hosts, struct trawl_task *task, uint64_t now_ns)
{
    struct trawl_host *host = unqueue(hosts, task);

    task->host = NULL;
    trawl__host_settle(hosts, host, now_ns);
}

static void note_result(struct trawl_host *host, const struct trawl_host_result *result,
                        uint64_t now_ns)
{
    struct trawl_host_report *report = &host->report;

    report->fine += result->news == TRAWL_HOST_FINE;
    report->fine_ms += result->news == TRAWL_HOST_FINE ? result->elapsed_ms : 0;
    report->failed += result->news == TRAWL_HOST_FAILED;
    report->busy += result->news == TRAWL_HOST_BUSY;
    if (result->retry_after_ms > report->retry_after_ms)
        report->retry_after_ms = result->retry_after_ms;
    report_later(host, now_ns);
}

void trawl__host_let_go(struct trawl_hosts *hosts, struct trawl_host *host)
{
    unsigned unused = host->held - host->used + host->once;

    host->held = host->used;
    host->recalled = host->used;
    host->once = 0;
    trawl__host_give_back(hosts, host, unused);
}

void trawl__host_unwant(struct trawl_hosts *hosts, struct trawl_host *host)
{
    host->wanted = 0;
    if (host->held + host->once > 0)
        trawl__host_let_go(hosts, host);
    hosts->ops->want(hosts->user, host->name, 0);
    settle_ready(hosts, host);
    trawl__host_settle_timed(hosts, host);
}

void trawl_hosts_end(struct trawl_hosts *hosts, struct trawl_task *task,
                     const struct trawl_host_result *result, uint64_t now_ns)
{
    struct trawl_host *host = task->host;
    bool back = task->once;

    task->host = NULL;
    hosts->active--;
    host->active--;
    note_result(host, result, now_ns);
    if (!task->once) {
        host->used--;
        /* After a failure it is asked for again: the host may have to rest. */
        back = host->recalled > 0 || result->news == TRAWL_HOST_FAILED;
        host->recalled -= host->recalled > 0;
        host->held -= back;
    }
    host->report.back += back;
    if (result->news == TRAWL_HOST_BUSY)
        trawl__host_let_go(hosts, host);
    else if (back)
        trawl__host_report_now(hosts, host);
    trawl__host_settle(hosts, host, now_ns);
}
