/* One budget for each host in the whole server, and what is known of it.
 *
 * Workers say how many requests to a host they could have under way; slots are dealt out among them (hosts_deal.c), as the
 * host's budget allows (budget.h), once its robots.txt is known (hosts_robots.c). What was asked of a host and what it said is
 * kept in the store, as evidence for its owner (hosts_record.c).
 */
#ifndef TRAWL_SUPERVISOR_HOSTS_H
#define TRAWL_SUPERVISOR_HOSTS_H

#include <jansson.h>

#include "ipc/channel.h"
#include "supervisor/supervisor_priv.h"

struct trawl_shard;

/* What a worker says of a host: a TRAWL_MSG_HOST_WANT, HOST_REPORT or HOST_RULES. False if it cannot be. */
bool trawl__hosts_on_words(struct trawl_shard *shard, uint16_t type, const json_t *words);

/* A TRAWL_MSG_ROBOTS of a worker. False if it is broken, or nobody asked for it. */
bool trawl__hosts_on_robots(struct trawl_shard *shard, const struct trawl_frame *frame);

/* The shard's process is gone, with all that it held. */
void trawl__hosts_forget(struct trawl_shard *shard);

/* Save what has changed. Called once a second while runs go on. */
void trawl__hosts_save(struct trawl_supervisor *supervisor);

/* All shards are gone: save, and forget all. */
void trawl__hosts_finish(struct trawl_supervisor *supervisor);

#endif
