/* Hosts and their budgets: how many requests may be under way to one host and in all, and how far apart their starts
 * are. A host is a scheme, a name and a port.
 *
 * Tasks queue with their host. Hosts that may start one stand in a heap by their first task, so the next task is found
 * in a few steps however many hosts are saturated; hosts that keep their delay stand in another, by the time it ends.
 * The caller brings the clock: nanoseconds that never go back.
 */
#ifndef TRAWL_WORKER_HOSTS_H
#define TRAWL_WORKER_HOSTS_H

#include <stddef.h>
#include <stdint.h>

#include "worker/task.h"

/* No host waits for a time. */
#define TRAWL_HOSTS_NEVER UINT64_MAX

struct trawl_hosts_limits {
    unsigned concurrency; /* for each host */
    unsigned total;
    uint64_t delay_ns; /* between the starts of two requests to one host */
};

struct trawl_hosts;

struct trawl_hosts *trawl_hosts_create(const struct trawl_hosts_limits *limits);

/* Frees the tasks in its queues, too. NULL is fine. */
void trawl_hosts_destroy(struct trawl_hosts *hosts);

/* Queue a task. */
void trawl_hosts_push(struct trawl_hosts *hosts, struct trawl_task *task);

/* The depth of a queued task has changed. */
void trawl_hosts_update(struct trawl_hosts *hosts, struct trawl_task *task);

/* The task to start now, or NULL. It stays queued until it is begun or dropped. */
struct trawl_task *trawl_hosts_peek(struct trawl_hosts *hosts, uint64_t now_ns);

/* Take the peeked task from its queue and count it as under way. */
void trawl_hosts_begin(struct trawl_hosts *hosts, struct trawl_task *task, uint64_t now_ns);

/* Take the peeked task from its queue. */
void trawl_hosts_drop(struct trawl_hosts *hosts, struct trawl_task *task);

/* A task that was begun is no longer under way. */
void trawl_hosts_end(struct trawl_hosts *hosts, struct trawl_task *task);

/* When the next host's delay ends, or TRAWL_HOSTS_NEVER. */
uint64_t trawl_hosts_next_ns(const struct trawl_hosts *hosts);

unsigned trawl_hosts_active(const struct trawl_hosts *hosts);
size_t trawl_hosts_count(const struct trawl_hosts *hosts);

#endif
