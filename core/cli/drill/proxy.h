/* A TCP proxy on loopback between the clients and the server that breaks what it is told to, when it is told to. What kind a
 * connection is stands in its request: the upgrade of a WebSocket, the Accept of an event stream. */
#ifndef TRAWL_CLI_DRILL_PROXY_H
#define TRAWL_CLI_DRILL_PROXY_H

#include <uv.h>

#include "trawl/err.h"

enum drill_proxy_fault {
    DRILL_PASS,
    DRILL_CUT,  /* WebSockets are reset, and new ones refused */
    DRILL_MUTE, /* WebSockets are let through, and then nothing of the server's reaches the client */
    DRILL_BUFFER, /* nothing of an event stream reaches the client before it ends */
};

struct drill_proxy;

int drill_proxy_create(uv_loop_t *loop, struct drill_proxy **ret_proxy, struct trawl_err *err);
int drill_proxy_port(const struct drill_proxy *proxy);

/* Where the server is, on loopback. */
void drill_proxy_set_target(struct drill_proxy *proxy, int port);

/* From now on, for open connections too. */
void drill_proxy_set_fault(struct drill_proxy *proxy, enum drill_proxy_fault fault);

/* Close and free, with all connections. NULL is fine. */
void drill_proxy_close(struct drill_proxy *proxy);

#endif
