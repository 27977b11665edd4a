/* A pushing transport and the thread that its push() is called on, one call at a time, in the order of asking. */
#ifndef TRAWL_PUSHER_SENDER_H
#define TRAWL_PUSHER_SENDER_H

#include <jansson.h>
#include <uv.h>

#include "trawl/transport.h"

struct trawl_sender;

/* Embedded in what it needs; whoever asks keeps it until `done`. */
struct trawl_sender_job {
    struct trawl_sender_job *next;
    const struct trawl_message *messages;
    size_t count;
    _Atomic uint64_t began_ns; /* of its call of push(); 0: none is under way */
    enum trawl_push_outcome outcome;
    struct trawl_push_result result;            /* `delivered` never exceeds `count` */
    void (*done)(struct trawl_sender_job *job); /* on the loop's thread */
};

/* Load the plugin and make its transport. `name` is what the configuration calls it, `options` are resolved; NULL: none. -ENOTSUP with
 * `err`: it does not push. */
int trawl_sender_create(uv_loop_t *loop, const char *name, const char *file, json_t *options,
                        struct trawl_sender **ret_sender, struct trawl_err *err);

const char *trawl_sender_name(const struct trawl_sender *sender);

void trawl_sender_push(struct trawl_sender *sender, struct trawl_sender_job *job);

/* Let a push() that waits come back: host->stopping() says so from now on. */
void trawl_sender_stop(struct trawl_sender *sender);

/* Nothing is asked of it any more; the loop frees it once its thread has ended the transport, which may take a while. What is
 * asked and not begun is not answered. */
void trawl_sender_close(struct trawl_sender *sender);

#endif
