/* A client that follows the run as docs/chain-client.md says: a failure is tried again on the same transport; `failures` of them
 * in a row, or silence, move it on to the next; on a lower one it probes the better ones, and goes back.
 *
 * It tells what it did since it was last asked, and keeps the place of each event that reached its listener.
 */
#ifndef TRAWL_CLI_DRILL_CLIENT_H
#define TRAWL_CLI_DRILL_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "cli/drill/connection.h"
#include "cli/drill/tally.h"

/* Changes of transport that are kept of one fault; more are counted, but not named. */
#define DRILL_MOVES_MAX 16

/* What happened since drill_client_begin(). */
struct drill_story {
    const char *path[DRILL_MOVES_MAX]; /* names of transports that it moved to, in order */
    size_t moves;
    unsigned reconnects; /* on the transport that it had */
    uint64_t
        home_ns; /* when it was last acknowledged on its first transport again; 0: it never left */
    uint64_t next_ns; /* when the first event behind the given place came; 0: not yet */
    uint64_t behind;  /* that place */
};

struct drill_chain {
    const struct drill_way *ways; /* the order, the best first */
    size_t count;
    unsigned failures;
    unsigned retry_after_ms;
};

struct drill_client {
    uv_loop_t *loop;
    const struct drill_target *target;
    struct drill_chain chain;
    struct drill_tally tally;
    struct drill_story story;
    struct drill_connection *connection; /* NULL between two attempts */
    struct drill_connection *probe;
    json_t *held; /* messages of the probe */
    uv_timer_t retry_timer;
    uv_timer_t probe_timer;
    char *last_id;
    size_t index; /* in the order */
    size_t probed;
    unsigned failures; /* in a row, on the present transport */
    unsigned tries;    /* since a connection last lived: what the pauses grow with */
    uint64_t probe_ms;
    bool ended; /* the run's end came: it has closed everything */
    bool closed;
};

/* Begin to follow, from n = 1. `client` is the caller's memory, valid until the loop has closed its handles; `target` and the ways
 * are borrowed. */
void drill_client_start(struct drill_client *client, uv_loop_t *loop,
                        const struct drill_target *target, const struct drill_chain *chain);

/* Its name is that of its first transport. */
const char *drill_client_name(const struct drill_client *client);

/* Begin a new story; events behind the place `behind` are what is waited for. */
void drill_client_begin(struct drill_client *client, uint64_t behind);

/* It has an acknowledged connection by its first transport. */
bool drill_client_is_home(const struct drill_client *client);

/* Close all that it has; its memory stays until the loop has run on. */
void drill_client_close(struct drill_client *client);

/* Free what it holds, once the loop has closed its handles. */
void drill_client_finish(struct drill_client *client);

#endif
