/* Who the server's webhook brings events to. It can be down: then nobody listens at its address. */
#ifndef TRAWL_CLI_DRILL_RECEIVER_H
#define TRAWL_CLI_DRILL_RECEIVER_H

#include <stdint.h>
#include <uv.h>

#include "cli/drill/tally.h"
#include "trawl/err.h"

struct drill_receiver;

int drill_receiver_create(uv_loop_t *loop, struct drill_receiver **ret_receiver,
                          struct trawl_err *err);

/* Borrowed. */
const char *drill_receiver_url(const struct drill_receiver *receiver);

/* What it was brought, each event once; borrowed. */
struct drill_tally *drill_receiver_tally(struct drill_receiver *receiver);

/* Wait for the first event behind the place `behind`. */
void drill_receiver_begin(struct drill_receiver *receiver, uint64_t behind);

/* When that came, by trawl_mono_ns(); 0: not yet. */
uint64_t drill_receiver_next_ns(const struct drill_receiver *receiver);

void drill_receiver_stop(struct drill_receiver *receiver);
int drill_receiver_restart(struct drill_receiver *receiver, struct trawl_err *err);

/* Close and free. NULL is fine. */
void drill_receiver_close(struct drill_receiver *receiver);

#endif
