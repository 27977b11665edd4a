/* What waits in the store. A host's queue holds so many tasks and no more: what comes when it is full is only counted, as the
 * store has it, or will have it with the page that it is on. When little is left in the queue, the store is asked for the
 * host's next ones. */
#include "worker/hosts_priv.h"

/* What the store does not have yet, it will have soon: when to ask again if nothing came. */
#define AGAIN_NS UINT64_C(100000000)

static bool runs_dry(const struct trawl_hosts *hosts, const struct trawl_host *host)
{
    return host->stored > 0 && host->queue.count < (hosts->limits.queue + 3) / 4;
}

void trawl__host_settle_stored(struct trawl_hosts *hosts, struct trawl_host *host, uint64_t now_ns)
{
    if (host->stored_ns == TRAWL_HOSTS_NEVER && !host->stored_asked && runs_dry(hosts, host))
        host->stored_ns = now_ns;
}

/* Of the requests that the store has of the host, some are here already, and they come first. */
void trawl__host_ask_stored(struct trawl_hosts *hosts, struct trawl_host *host, uint64_t now_ns)
{
    host->stored_ns = TRAWL_HOSTS_NEVER;
    if (!runs_dry(hosts, host))
        return;
    if (host->stored_count < hosts->limits.queue)
        host->stored_count = hosts->limits.queue;
    host->stored_asked = true;
    host->stored_taken = 0;
    hosts->ops->more(hosts->user, host->name,
                     host->queue.count + host->active + host->stored_count);
    trawl__host_settle(hosts, host, now_ns);
}

bool trawl_hosts_store(struct trawl_hosts *hosts, const char *url, uint64_t now_ns)
{
    struct trawl_host *host = trawl__host_of(hosts, url);

    if (host->queue.count < hosts->limits.queue || *host->shut_kind != '\0')
        return false;
    host->stored++;
    trawl__host_settle(hosts, host, now_ns);
    return true;
}

void trawl_hosts_push_stored(struct trawl_hosts *hosts, struct trawl_task *task, uint64_t now_ns)
{
    struct trawl_host *host = trawl__host_of(hosts, task->url);

    host->stored--;
    host->stored_taken++;
    trawl_hosts_push(hosts, task, now_ns);
}

void trawl_hosts_more_came(struct trawl_hosts *hosts, const char *name, uint64_t now_ns)
{
    struct trawl_host *host = trawl__host_find(hosts, name);

    if (!host)
        return;
    host->stored_asked = false;
    if (host->stored_taken > 0) {
        host->stored_count = 0;
    } else { /* they wait for another try, more of them than were asked for, or the store does not have them yet */
        host->stored_count *= 2;
        host->stored_ns = now_ns + AGAIN_NS;
    }
    trawl__host_settle(hosts, host, now_ns);
}
