/* What the supervisor says of hosts, and what they do by themselves. */
#include <stdio.h>
#include <stdlib.h>

#include "util/alloc.h"
#include "worker/hosts_priv.h"

/* --- what the supervisor says -------------------------------------------------------------------- */

void trawl_hosts_grant(struct trawl_hosts *hosts, const char *name, unsigned slots, bool once,
                       uint64_t now_ns)
{
    struct trawl_host *host = trawl__host_find(hosts, name);

    if (!host) { /* it was forgotten while the grant was on its way, and gave back all that it had */
        const struct trawl_host_report report = {.back = slots, .retry_after_ms = -1};

        hosts->ops->report(hosts->user, name, &report);
        return;
    }
    *host->shut_kind = '\0';
    if (once)
        host->once += slots;
    else
        host->held += slots;
    if (host->wanted == 0 || (once && host->queue.count == 0)) /* others may wait for it */
        trawl__host_let_go(hosts, host);
    trawl__host_settle(hosts, host, now_ns);
}

void trawl_hosts_recall(struct trawl_hosts *hosts, const char *name, unsigned slots,
                        uint64_t now_ns)
{
    struct trawl_host *host = trawl__host_find(hosts, name);
    unsigned unused;

    if (!host)
        return;
    unused = host->held - host->used;
    if (unused > slots)
        unused = slots;
    host->held -= unused;
    host->recalled += slots - unused;
    if (host->recalled > host->used)
        host->recalled = host->used;
    if (unused > 0)
        trawl__host_give_back(hosts, host, unused);
    trawl__host_settle(hosts, host, now_ns);
}

void trawl_hosts_set_robots(struct trawl_hosts *hosts, const char *name,
                            struct trawl_robots *robots)
{
    struct trawl_host *host = trawl__host_find(hosts, name);

    if (!host) {
        trawl_robots_free(robots);
        return;
    }
    trawl_robots_free(host->robots);
    host->robots = robots;
}

void trawl_hosts_shut(struct trawl_hosts *hosts, const char *name, const char *kind,
                      const char *reason, uint64_t now_ns)
{
    struct trawl_host *host = trawl__host_find(hosts, name);

    if (!host)
        return;
    free(host->shut_reason);
    snprintf(host->shut_kind, sizeof(host->shut_kind), "%s", kind);
    host->shut_reason = trawl_xstrdup(reason);
    trawl__host_settle(hosts, host, now_ns);
}

void trawl_hosts_pause(struct trawl_hosts *hosts)
{
    struct trawl_host *host;
    struct trawl_host *next;

    hosts->paused = true;
    HASH_ITER (hh, hosts->by_name, host, next) {
        if (host->wanted > 0)
            trawl__host_unwant(hosts, host);
    }
}

void trawl_hosts_resume(struct trawl_hosts *hosts, uint64_t now_ns)
{
    struct trawl_host *host;
    struct trawl_host *next;

    if (!hosts->paused)
        return;
    hosts->paused = false;
    HASH_ITER (hh, hosts->by_name, host, next)
        trawl__host_settle(hosts, host, now_ns);
}

/* --- time ---------------------------------------------------------------------------------------- */

/* A host that is idle gives back all, and says that it wants nothing; later it is forgotten. */
static void idle_on(struct trawl_hosts *hosts, struct trawl_host *host, uint64_t now_ns)
{
    if (trawl__host_idle_due(host) > now_ns)
        return;
    if (host->wanted > 0)
        trawl__host_unwant(hosts, host);
    else
        trawl__host_destroy(hosts, host);
}

void trawl_hosts_tick(struct trawl_hosts *hosts, uint64_t now_ns)
{
    struct trawl_heap_node *node;

    while ((node = trawl_heap_top(&hosts->timed)) && trawl__host_timed(node)->due_ns <= now_ns) {
        struct trawl_host *host = trawl__host_timed(node);

        if (host->report_ns <= now_ns)
            trawl__host_report_now(hosts, host);
        if (host->stored_ns <= now_ns)
            trawl__host_ask_stored(hosts, host, now_ns);
        trawl__host_settle_timed(hosts, host);
        idle_on(hosts, host, now_ns);
    }
}

void trawl_hosts_flush(struct trawl_hosts *hosts)
{
    struct trawl_host *host;
    struct trawl_host *next;

    HASH_ITER (hh, hosts->by_name, host, next) {
        if (host->report_ns != TRAWL_HOSTS_NEVER)
            trawl__host_report_now(hosts, host);
        trawl__host_settle_timed(hosts, host);
    }
}

uint64_t trawl_hosts_next_ns(const struct trawl_hosts *hosts)
{
    struct trawl_heap_node *node = trawl_heap_top(&hosts->timed);

    return node ? trawl__host_timed(node)->due_ns : TRAWL_HOSTS_NEVER;
}

unsigned trawl_hosts_active(const struct trawl_hosts *hosts)
{
    return hosts->active;
}

size_t trawl_hosts_count(const struct trawl_hosts *hosts)
{
    return HASH_COUNT(hosts->by_name);
}
