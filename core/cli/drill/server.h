/* The drill's server: `trawl serve` as a child process, which can be killed and started again on the same data and port. The
 * kernel kills it if we die. */
#ifndef TRAWL_CLI_DRILL_SERVER_H
#define TRAWL_CLI_DRILL_SERVER_H

#include <stdbool.h>
#include <sys/types.h>
#include <uv.h>

#include "trawl/err.h"

/* What it may say before it serves. */
#define DRILL_SERVER_SAYS_MAX 4096u

struct drill_server;

struct drill_server_ops {
    void (*on_ready)(void *user);
    void (*on_gone)(void *user); /* it ended, and nobody had asked for that */
};

/* `log`: the file that its log goes to, or NULL: to our standard error. Both paths are copied, `ops` are called with `user`. */
struct drill_server *drill_server_create(uv_loop_t *loop, const char *config, const char *log,
                                         const struct drill_server_ops *ops, void *user);

/* Start it, the first time at any port, later at the same one. on_ready() follows, or on_gone(). */
int drill_server_start(struct drill_server *server, struct trawl_err *err);

/* SIGKILL, and with it to all its children. */
void drill_server_kill(struct drill_server *server);

/* It, and all its children, are gone. */
bool drill_server_is_gone(const struct drill_server *server);

bool drill_server_is_ready(const struct drill_server *server);
pid_t drill_server_pid(const struct drill_server *server);

/* "127.0.0.1:40123", once it was ready; borrowed. And its port. */
const char *drill_server_address(const struct drill_server *server);
int drill_server_port(const struct drill_server *server);

/* Kill it, wait until it is gone, close and free. NULL is fine. */
void drill_server_close(struct drill_server *server);

#endif
