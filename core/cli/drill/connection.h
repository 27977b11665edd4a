/* One connection of a client to the server, from its attempt to its end: the acknowledgement, the subscription, and whether it
 * still speaks. A poll is one as well, though each answer has a connection of its own (docs/chain-client.md).
 */
#ifndef TRAWL_CLI_DRILL_CONNECTION_H
#define TRAWL_CLI_DRILL_CONNECTION_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "cli/drill/feed.h"

/* A way to the server, as its `transports` tell. */
struct drill_way {
    char *name;
    enum drill_kind kind;
    char *path; /* with the run in it, where it takes one */
};

/* What is asked of whom. */
struct drill_target {
    int port;         /* of the proxy */
    const char *host; /* the server's own address, for the Host header */
    int64_t run_id;
};

enum drill_end_kind {
    DRILL_END_REFUSED, /* it never opened, or was not acknowledged */
    DRILL_END_LOST,
    DRILL_END_SILENT,  /* it opened, and then nothing came */
    DRILL_END_RESTART, /* the server says that it will be back */
    DRILL_END_OVER,    /* there is nothing more: 204 */
};

struct drill_end {
    enum drill_end_kind kind;
    bool lived;        /* it was acknowledged, and then lived for two heartbeats */
    unsigned retry_ms; /* RESTART: when to come back, at most */
};

struct drill_connection_ops {
    void (*on_acknowledged)(void *user);
    void (*on_message)(void *user, const json_t *message);
    void (*on_caught_up)(void *user); /* with each heartbeat of a client that has all */
    void (*on_end)(void *user, const struct drill_end *end);
};

struct drill_connection;

/* `since`: the last id that the client has, or NULL. All but `since` is borrowed until drill_connection_close(). */
struct drill_connection *drill_connection_open(uv_loop_t *loop, const struct drill_target *target,
                                               const struct drill_way *way, const char *since,
                                               const struct drill_connection_ops *ops, void *user);

/* From now on these are called. */
void drill_connection_redirect(struct drill_connection *connection,
                               const struct drill_connection_ops *ops, void *user);

bool drill_connection_is_acknowledged(const struct drill_connection *connection);

/* Close and free, at any time; it calls nobody any more. NULL is fine. One that has ended has closed itself. */
void drill_connection_close(struct drill_connection *connection);

#endif
