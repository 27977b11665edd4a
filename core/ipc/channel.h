/* Frames between the supervisor and its children: u32 length of the payload, u16 type, u16 flags, payload,
 * little-endian, over a Unix socketpair on a libuv loop.
 *
 * A frame that breaks the rules (longer than the limit, of no type) or a peer that does not read
 * until the send limit is reached ends the channel: on_closed tells why, and the peer counts as dead.
 */
#ifndef TRAWL_IPC_CHANNEL_H
#define TRAWL_IPC_CHANNEL_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "util/buf.h"

/* A page with all its items; the worker keeps pages below it (limits.page_output). */
#define TRAWL_FRAME_MAX (64u << 20)
/* What may wait for a peer that is slow to read. */
#define TRAWL_CHANNEL_QUEUE_MAX (256u << 20)

struct trawl_channel;

struct trawl_frame {
    uint16_t type; /* enum trawl_message_type of ipc/messages.h */
    uint16_t flags;
    const char *payload; /* borrowed for the callback */
    size_t len;
};

struct trawl_channel_ops {
    void (*on_frame)(void *user, const struct trawl_frame *frame);
    /* The peer is gone (0), or the channel broke (negative errno). Nothing is called afterwards. Not called
     * after trawl_channel_close(). */
    void (*on_closed)(void *user, int reason);
};

/* Both ends of a socketpair, close-on-exec. 0 or negative errno. */
int trawl_channel_pair(int ret_fds[2]);

/* Takes `fd` over (also on failure). */
int trawl_channel_open(uv_loop_t *loop, int fd, const struct trawl_channel_ops *ops, void *user,
                       struct trawl_channel **ret_channel);

/* Read the frame at the start of `bytes`. 1: *ret_frame (its payload borrowed from `bytes`) and *ret_used are set;
 * 0: more bytes are needed, *ret_used says how many the whole frame has, as far as that is known; -EMSGSIZE: longer than
 * TRAWL_FRAME_MAX; -EBADMSG: of no type. */
int trawl_frame_parse(const void *bytes, size_t len, struct trawl_frame *ret_frame,
                      size_t *ret_used);

/* Copies the payload. 0, or -EPIPE once the channel is closed or has broken, -EMSGSIZE if the payload is longer than
 * a frame may be. Never calls back: what goes wrong is told by on_closed, from the loop. */
int trawl_channel_send(struct trawl_channel *channel, uint16_t type, const void *payload,
                       size_t len);
int trawl_channel_send_flags(struct trawl_channel *channel, uint16_t type, uint16_t flags,
                             const void *payload, size_t len);
int trawl_channel_send_json(struct trawl_channel *channel, uint16_t type, const json_t *value);

/* Takes the buffer's bytes over without copying; the buffer is empty afterwards. */
int trawl_channel_send_buf(struct trawl_channel *channel, uint16_t type, struct trawl_buf *buf);

/* Bytes that wait to be read by the peer. */
size_t trawl_channel_queued(const struct trawl_channel *channel);

/* What came makes no sense (an unknown message, a broken payload): end the channel. on_closed follows with `reason`, a
 * negative errno; no more frames come. */
void trawl_channel_fail(struct trawl_channel *channel, int reason);

/* Stop calling back, close, free. What was sent before still leaves if the peer reads it. NULL is fine. */
void trawl_channel_close(struct trawl_channel *channel);

#endif
