/* A gateway's or the pusher's process, shared by gateways.c (its life), gateway_config.c (its first message) and gateway_words.c
 * (what it says). */
#ifndef TRAWL_SUPERVISOR_GATEWAYS_PRIV_H
#define TRAWL_SUPERVISOR_GATEWAYS_PRIV_H

#include "ipc/channel.h"
#include "ipc/culprit.h"
#include "supervisor/gateways.h"
#include "supervisor/process.h"

struct trawl_gateway {
    struct trawl_gateway *prev, *next; /* in supervisor->gateways */
    struct trawl_supervisor *supervisor;
    struct trawl_log log;
    struct trawl_process *process;       /* NULL during a pause */
    const struct trawl_culprit *culprit; /* of the process, or of the one before it */
    uint64_t generation; /* of the process: answers to an earlier one's commands are dropped */
    uint64_t started_ns;
    unsigned short_lives; /* in a row */
    bool pushes;          /* it is the pusher */
    bool serving;
    bool stopping;
    bool reloading;     /* it was told to end, and starts again */
    json_t *watchers;   /* {transport: subscribers}, as it told last; NULL: none */
    json_t *transports; /* that it serves, as it told last; NULL: it does not serve */
    uv_timer_t timer;   /* a pause, or the time to drain */
};

static inline struct trawl_channel *trawl__gateway_channel(const struct trawl_gateway *gateway)
{
    return gateway->process ? trawl_process_channel(gateway->process) : NULL;
}

/* --- gateway_config.c ------------------------------------------------------------------------------ */

/* The message CONFIGURE, a new reference. */
json_t *trawl__gateway_configuration(const struct trawl_gateway *gateway);

/* --- gateway_words.c ------------------------------------------------------------------------------- */

void trawl__gateway_on_frame(void *user, const struct trawl_frame *frame);

/* It is gone, and with it those who watched. */
void trawl__gateway_forget(struct trawl_gateway *gateway);
json_int_t trawl__gateway_watcher_count(const struct trawl_gateway *gateway);

#endif
