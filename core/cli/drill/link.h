/* One HTTP/1.1 request over a TCP connection of its own to loopback, and its answer as it comes. After 101 the bytes of
 * the answer are what the new protocol sends. */
#ifndef TRAWL_CLI_DRILL_LINK_H
#define TRAWL_CLI_DRILL_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

/* Largest head of an answer, and what a link keeps of a chunk's size line. */
#define DRILL_HEAD_MAX 16384u

struct drill_link_ops {
    void (*on_head)(void *user, int status);
    void (*on_body)(void *user, const char *bytes, size_t len);

    /* Once, and nothing follows: the answer is over (`whole`), or the connection is lost. */
    void (*on_end)(void *user, bool whole);
};

struct drill_link;

/* `request` is sent as it is, `ops` are called with `user` until drill_link_close(), never within this call. */
struct drill_link *drill_link_open(uv_loop_t *loop, int port, const char *request,
                                   const struct drill_link_ops *ops, void *user);

/* Send more, to what it was upgraded to. */
void drill_link_send(struct drill_link *link, const void *bytes, size_t len);

/* Close and free, at any time, also in one of the calls. NULL is fine. */
void drill_link_close(struct drill_link *link);

#endif
