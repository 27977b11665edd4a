#include "ipc/channel.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ipc/frame.h"
#include "ipc/queue.h"
#include "util/alloc.h"
#include "util/json.h"

/* Room for one read: several times what a socket's buffer holds by default brings nothing. */
#define READ_BYTES (256u << 10)
/* A read buffer that grew beyond this for one large frame is given back after it. */
#define KEEP_BYTES (1u << 20)
/* Pieces that leave in one write. */
#define WRITE_PIECES 16u

/* Owner and loop each hold a channel: it is freed when the owner has closed it and libuv has closed the
 * handle, in whichever order. While `writing`, the first `writing` pieces of `queue` belong to libuv. */
struct trawl_channel {
    uv_pipe_t pipe;
    uv_write_t write;
    unsigned writing;
    struct trawl__queue queue;
    struct trawl_buf in;
    struct trawl_channel_ops ops;
    void *user;
    int reason;     /* why the channel ended */
    bool abandoned; /* by its owner: nothing is called back */
    bool ended;     /* uv_close() was called */
    bool closed;    /* and has called back */
    bool peer_gone; /* writing has failed; what the peer sent before is still read */
};

int trawl_channel_pair(int ret_fds[2])
{
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ret_fds) < 0)
        return -errno;
    return 0;
}

static void channel_free(struct trawl_channel *channel)
{
    trawl_buf_finish(&channel->in);
    trawl__queue_finish(&channel->queue);
    free(channel);
}

static void channel_on_handle_closed(uv_handle_t *handle)
{
    struct trawl_channel *channel = handle->data;

    channel->closed = true;
    /* The owner may close the channel in on_closed, or later. */
    if (!channel->abandoned) {
        channel->ops.on_closed(channel->user, channel->reason);
        return;
    }
    channel_free(channel);
}

/* The one way to the end; on_closed comes from the loop, never from inside a call of the owner's. */
static void channel_end(struct trawl_channel *channel, int reason)
{
    if (channel->ended)
        return;
    channel->ended = true;
    channel->reason = reason;
    uv_close((uv_handle_t *)&channel->pipe, channel_on_handle_closed);
}

/* --- reading ------------------------------------------------------------------------------------- */

static void channel_on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buf)
{
    struct trawl_channel *channel = handle->data;
    size_t room_bytes = READ_BYTES;
    char *room;

    (void)suggested;
    /* What is left over is always less than one frame, so this never goes beyond the buffer's limit. */
    if (trawl_buf_reserve(&channel->in, room_bytes, &room) < 0) {
        *ret_buf = uv_buf_init(NULL, 0);
        return;
    }
    room_bytes = channel->in.cap - 1 - channel->in.len;
    *ret_buf = uv_buf_init(room, (unsigned)room_bytes);
}

/* Hand on all complete frames of the buffer, then move what is left once. */
static void channel_take_frames(struct trawl_channel *channel)
{
    struct trawl_frame frame;
    size_t at = 0;
    size_t used;
    int r = 0;

    while (!channel->abandoned && !channel->ended) {
        r = trawl_frame_parse(channel->in.data + at, channel->in.len - at, &frame, &used);
        if (r <= 0)
            break;
        at += used;
        channel->ops.on_frame(channel->user, &frame);
    }
    if (r < 0) {
        channel_end(channel, r);
        return;
    }
    trawl_buf_consume(&channel->in, at);
    if (channel->in.len == 0 && channel->in.cap > KEEP_BYTES)
        trawl_buf_finish(&channel->in);
}

static void channel_on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
    struct trawl_channel *channel = stream->data;

    (void)buf;
    if (count == 0)
        return;
    if (count < 0) {
        /* A peer that dies with unread bytes resets its end: to us that is the same as closing it. */
        channel_end(channel, count == UV_EOF || count == UV_ECONNRESET ? 0 : (int)count);
        return;
    }
    trawl_buf_grew(&channel->in, (size_t)count);
    channel_take_frames(channel);
}

/* --- writing ------------------------------------------------------------------------------------- */

static void channel_write_more(struct trawl_channel *channel);

static void channel_on_written(uv_write_t *write, int status)
{
    struct trawl_channel *channel = write->data;

    trawl__queue_drop(&channel->queue, channel->writing);
    channel->writing = 0;
    if (channel->ended)
        return;
    if (status < 0) {
        channel->peer_gone = true;
        trawl__queue_finish(&channel->queue);
    }
    if (channel->queue.first)
        channel_write_more(channel);
    else if (channel->abandoned)
        channel_end(channel, 0);
}

static void channel_write_more(struct trawl_channel *channel)
{
    uv_buf_t bufs[WRITE_PIECES];
    int r;

    channel->writing = trawl__queue_bufs(&channel->queue, bufs, WRITE_PIECES);
    r = uv_write(&channel->write, (uv_stream_t *)&channel->pipe, bufs, channel->writing,
                 channel_on_written);
    if (r < 0) {
        channel->writing = 0;
        channel_end(channel, r);
    }
}

/* Write at once what the socket takes. Bytes written (0 if others are waiting before these), or -EPIPE. */
static ssize_t channel_try(struct trawl_channel *channel, const uv_buf_t *bufs, unsigned count)
{
    int r;

    if (channel->queue.first)
        return 0;
    r = uv_try_write((uv_stream_t *)&channel->pipe, bufs, count);
    if (r == UV_EAGAIN)
        return 0;
    if (r < 0) {
        /* Not the end yet: frames that the peer had sent before it died may still wait to be read, and the
         * end of them is what on_closed tells. */
        channel->peer_gone = true;
        return -EPIPE;
    }
    return r;
}

static int channel_may_send(struct trawl_channel *channel, size_t len)
{
    if (channel->ended || channel->abandoned || channel->peer_gone)
        return -EPIPE;
    if (len > TRAWL_FRAME_MAX)
        return -EMSGSIZE;
    if (channel->queue.bytes + TRAWL_FRAME_HEAD + len > TRAWL_CHANNEL_QUEUE_MAX) {
        channel_end(channel, -ENOBUFS);
        return -EPIPE;
    }
    return 0;
}

/* Begin to write what was queued, unless a write is under way already. */
static int channel_queued_more(struct trawl_channel *channel)
{
    if (channel->writing == 0 && channel->queue.first)
        channel_write_more(channel);
    return channel->ended ? -EPIPE : 0;
}

int trawl_channel_send_flags(struct trawl_channel *channel, uint16_t type, uint16_t flags,
                             const void *payload, size_t len)
{
    uint8_t head[TRAWL_FRAME_HEAD];
    uv_buf_t bufs[2];
    ssize_t sent;
    int r;

    r = channel_may_send(channel, len);
    if (r < 0)
        return r;
    trawl__frame_head(head, type, flags, len);
    bufs[0] = uv_buf_init((char *)head, TRAWL_FRAME_HEAD);
    bufs[1] = uv_buf_init((char *)(uintptr_t)payload, (unsigned)len);
    sent = channel_try(channel, bufs, len > 0 ? 2 : 1);
    if (sent < 0)
        return (int)sent;
    for (unsigned i = 0; i < (len > 0 ? 2u : 1u); i++) {
        size_t skip = (size_t)sent < bufs[i].len ? (size_t)sent : bufs[i].len;

        trawl__queue_copy(&channel->queue, bufs[i].base + skip, bufs[i].len - skip);
        sent -= (ssize_t)skip;
    }
    return channel_queued_more(channel);
}

int trawl_channel_send(struct trawl_channel *channel, uint16_t type, const void *payload,
                       size_t len)
{
    return trawl_channel_send_flags(channel, type, 0, payload, len);
}

int trawl_channel_send_json(struct trawl_channel *channel, uint16_t type, const json_t *value)
{
    struct trawl_buf buf;
    int r;

    trawl_buf_init(&buf, TRAWL_FRAME_MAX);
    r = trawl_json_write(&buf, value, TRAWL_JSON_COMPACT);
    if (r < 0)
        r = r == -EFBIG ? -EMSGSIZE : r;
    else
        r = trawl_channel_send_buf(channel, type, &buf);
    trawl_buf_finish(&buf);
    return r;
}

int trawl_channel_send_buf(struct trawl_channel *channel, uint16_t type, struct trawl_buf *buf)
{
    uint8_t head[TRAWL_FRAME_HEAD];
    uv_buf_t bufs[2];
    size_t len = buf->len;
    size_t head_left;
    ssize_t sent;
    int r;

    r = channel_may_send(channel, len);
    if (r < 0)
        goto out;
    trawl__frame_head(head, type, 0, len);
    bufs[0] = uv_buf_init((char *)head, TRAWL_FRAME_HEAD);
    bufs[1] = uv_buf_init(buf->data, (unsigned)len);
    sent = channel_try(channel, bufs, len > 0 ? 2 : 1);
    if (sent < 0) {
        r = (int)sent;
        goto out;
    }
    if ((size_t)sent < TRAWL_FRAME_HEAD + len) {
        head_left = (size_t)sent < TRAWL_FRAME_HEAD ? TRAWL_FRAME_HEAD - (size_t)sent : 0;
        trawl__queue_copy(&channel->queue, head + TRAWL_FRAME_HEAD - head_left, head_left);
        sent -= (ssize_t)(TRAWL_FRAME_HEAD - head_left);
        trawl__queue_take(&channel->queue, trawl_buf_steal(buf, NULL), len, (size_t)sent);
    }
    r = channel_queued_more(channel);
out:
    trawl_buf_finish(buf);
    return r;
}

size_t trawl_channel_queued(const struct trawl_channel *channel)
{
    return channel->queue.bytes;
}

/* --- life ---------------------------------------------------------------------------------------- */

int trawl_channel_open(uv_loop_t *loop, int fd, const struct trawl_channel_ops *ops, void *user,
                       struct trawl_channel **ret_channel)
{
    struct trawl_channel *channel = TRAWL_NEW(struct trawl_channel);
    int r;

    r = uv_pipe_init(loop, &channel->pipe, 0);
    if (r < 0) {
        close(fd);
        free(channel);
        return r;
    }
    channel->pipe.data = channel;
    channel->write.data = channel;
    channel->ops = *ops;
    channel->user = user;
    trawl_buf_init(&channel->in, TRAWL_FRAME_HEAD + TRAWL_FRAME_MAX + READ_BYTES);
    r = uv_pipe_open(&channel->pipe, fd);
    if (r < 0)
        close(fd);
    else
        r = uv_read_start((uv_stream_t *)&channel->pipe, channel_on_alloc, channel_on_read);
    if (r < 0) {
        channel->abandoned = true;
        channel_end(channel, r);
        return r;
    }
    *ret_channel = channel;
    return 0;
}

void trawl_channel_fail(struct trawl_channel *channel, int reason)
{
    channel_end(channel, reason);
}

void trawl_channel_close(struct trawl_channel *channel)
{
    if (!channel || channel->abandoned)
        return;
    channel->abandoned = true;
    if (channel->closed) {
        channel_free(channel);
        return;
    }
    if (channel->ended)
        return;
    /* What waits still leaves, as long as the peer lives. */
    uv_read_stop((uv_stream_t *)&channel->pipe);
    if (!channel->queue.first)
        channel_end(channel, 0);
}
