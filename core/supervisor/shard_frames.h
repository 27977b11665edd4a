/* What the processes of shards say. */
#ifndef TRAWL_SUPERVISOR_SHARD_FRAMES_H
#define TRAWL_SUPERVISOR_SHARD_FRAMES_H

#include "ipc/channel.h"
#include "supervisor/shard.h"

void trawl__shard_on_frame(void *user, const struct trawl_frame *frame);

/* Hand the scraper's last word on its progress to the store. */
void trawl__shard_flush_progress(struct trawl_shard *shard);

#endif
