/* Serving the demonstration's sites: how slow they are, and when they fail. */
#ifndef TRAWL_CLI_DEMO_SERVER_H
#define TRAWL_CLI_DEMO_SERVER_H

#include <stdint.h>
#include <uv.h>

#include "trawl/err.h"

/* Every so many requests one is answered with 503. */
#define DEMO_FAIL_EVERY 200u

struct demo_server;

/* Serve from the listening socket (taken over, also on failure) until demo_server_close(). `speed` divides the delays;
 * 0: no delay at all. */
int demo_server_create(uv_loop_t *loop, int fd, unsigned speed, struct demo_server **ret_server,
                       struct trawl_err *err);

/* Close and free; afterwards nothing of it is left on the loop. */
void demo_server_close(struct demo_server *server);

#endif
