/* Binding the addresses of a server. */
#ifndef TRAWL_UTIL_LISTEN_H
#define TRAWL_UTIL_LISTEN_H

#include "trawl/err.h"

/* Connections that wait to be accepted, also while a gateway is being restarted. */
#define TRAWL_LISTEN_BACKLOG 1024

/* "host:port", "[::1]:8080", ":8080" or "8080" to a listening socket: close-on-exec, non-blocking, SO_REUSEADDR; without a
 * host it is the loopback address, port 0 is any. *ret_fd and *ret_address (numeric, as bound) are the caller's.
 * Negative errno with `err` (its `where` is `where`). */
int trawl_listen(const char *address, const char *where, int *ret_fd, char **ret_address,
                 struct trawl_err *err);

#endif
