/* A pushing chain: a place in the journal, and the transports that bring what comes after it to one audience.
 *
 * Events are read from the journal in pieces, those that the filter takes go to the first transport of the order that works,
 * in order and at least once; the place moves on once they have arrived, and is saved by a command to the supervisor. When no
 * transport works the place waits. What retention has dropped meanwhile is told by a message `gap`, which has the id of the
 * last event that is lost.
 */
#ifndef TRAWL_PUSHER_CHAIN_H
#define TRAWL_PUSHER_CHAIN_H

#include <jansson.h>
#include <uv.h>

#include "pusher/sender.h"

struct trawl_chain_ops {
    /* Save that all through `seq` has arrived, and what was lost so far. trawl_chain_saved() follows. */
    void (*save)(void *user, const char *chain, uint64_t seq, uint64_t lost);

    /* A receiver wants no more of a transport. */
    void (*disabled)(void *user, const char *transport, const char *reason);

    /* What trawl_chain_state() gives has changed. */
    void (*changed)(void *user);

    /* A call of push() has not come back for so long, which is more than its transport may take. Nothing ends its thread but the
     * end of the process. */
    void (*stalled)(void *user, const char *chain, const char *transport, uint64_t ms);
};

struct trawl_chain;

/* `config`: the chain's section of the configuration. `place`: {seq, lost}, as the store has it. `folder` is the store's,
 * `ops` are called with `user`, all else is copied. */
struct trawl_chain *trawl_chain_create(uv_loop_t *loop, const char *name, const json_t *config,
                                       const char *folder, uint32_t epoch, const json_t *place,
                                       const struct trawl_chain_ops *ops, void *user);

/* Add a transport to its order, a call of whose push() may take `stall_ms`. `sender` NULL: it could not be made, for that
 * `reason`, in UTF-8. `disabled`: NULL, or why its receiver wants no more. */
void trawl_chain_add(struct trawl_chain *chain, const char *transport, struct trawl_sender *sender,
                     uint64_t stall_ms, const char *reason, const char *disabled);

/* The journal goes to `head` now. */
void trawl_chain_head(struct trawl_chain *chain, uint64_t head);

/* False: it could not be saved, and will be with the next. */
void trawl_chain_saved(struct trawl_chain *chain, bool saved);

/* Somebody enabled a transport again, or another chain heard that its receiver wants no more. */
void trawl_chain_enable(struct trawl_chain *chain, const char *transport);
void trawl_chain_disable(struct trawl_chain *chain, const char *transport, const char *reason);

/* Begin nothing more. It is quiet when nothing is under way and the place is saved. */
void trawl_chain_stop(struct trawl_chain *chain);
bool trawl_chain_is_quiet(const struct trawl_chain *chain);

/* {name, events, platforms, failures, retry_after_ms, sent_id, lag, lost, delivered, last_transport, transports:
 * [{name, ok, state, failures, delivered, retry_at, error: {at, message}}]}, a new reference. */
json_t *trawl_chain_state(const struct trawl_chain *chain);

/* When nothing is under way. */
void trawl_chain_close(struct trawl_chain *chain);

#endif
