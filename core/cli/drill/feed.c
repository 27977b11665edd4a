#include "cli/drill/feed.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "util/alloc.h"
#include "util/json.h"

#define OPCODE_CLOSE 8u
#define OPCODE_PING  9u
#define FRAME_FINAL  0x80u
#define LINE_KEY     "data: "

int drill_kind_parse(const char *name, enum drill_kind *ret_kind)
{
    static const char *const names[] = {
        [DRILL_WEBSOCKET] = "websocket",
        [DRILL_STREAM] = "stream",
        [DRILL_POLL] = "poll",
    };

    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(names); i++) {
        if (strcmp(name, names[i]) == 0) {
            *ret_kind = (enum drill_kind)i;
            return 0;
        }
    }
    return -EINVAL;
}

void drill_feed_init(struct drill_feed *feed, enum drill_kind kind,
                     const struct drill_feed_ops *ops, void *user)
{
    *feed = (struct drill_feed){.kind = kind, .ops = ops, .user = user};
    trawl_buf_init(&feed->in, DRILL_MESSAGE_MAX);
}

void drill_feed_finish(struct drill_feed *feed)
{
    trawl_buf_finish(&feed->in);
}

static int take_message(struct drill_feed *feed, const char *bytes, size_t len)
{
    json_auto_t *message = NULL;

    if (trawl_json_parse(bytes, len, &message, NULL) < 0 || !json_is_object(message))
        return -EPROTO;
    feed->ops->on_message(feed->user, message);
    return 0;
}

/* --- WebSocket (RFC 6455) ------------------------------------------------------------------------ */

static int take_frame(struct drill_feed *feed, unsigned head, const char *bytes, size_t len)
{
    const unsigned char *code = (const unsigned char *)bytes;

    switch (head) {
    case FRAME_FINAL | DRILL_OPCODE_TEXT:
        return take_message(feed, bytes, len);
    case FRAME_FINAL | OPCODE_PING:
        feed->ops->on_ping(feed->user, bytes, len);
        return 0;
    case FRAME_FINAL | DRILL_OPCODE_PONG:
        return 0;
    case FRAME_FINAL | OPCODE_CLOSE:
        feed->ops->on_close(feed->user, len < 2 ? 1005 : (unsigned)(code[0] << 8 | code[1]),
                            len < 2 ? "" : bytes + 2, len < 2 ? 0 : len - 2);
        return 0;
    default:
        return -EPROTO; /* the server sends each message in one frame of text */
    }
}

/* Bytes of the head; 0 if it is not there as a whole. */
static size_t frame_head(const unsigned char *bytes, size_t len, uint64_t *ret_len)
{
    size_t head = len < 2 ? 0 : bytes[1] < 126 ? 2 : bytes[1] == 126 ? 4 : 10;

    if (head == 0 || len < head)
        return 0;
    *ret_len = head == 2 ? bytes[1] : 0;
    for (size_t i = 2; i < head; i++)
        *ret_len = *ret_len << 8 | bytes[i];
    return head;
}

/* Gives the bytes that are done with, or a negative errno. */
static ssize_t take_frames(struct drill_feed *feed)
{
    const char *bytes = trawl_buf_text(&feed->in);
    size_t at = 0;

    while (!feed->stopped) {
        const unsigned char *frame = (const unsigned char *)bytes + at;
        size_t left = feed->in.len - at;
        uint64_t len = 0;
        size_t head = frame_head(frame, left, &len);
        int r;

        if (left > 1 && frame[1] > 127)
            return -EPROTO; /* a server masks nothing */
        if (len > DRILL_MESSAGE_MAX)
            return -EPROTO;
        if (head == 0 || left - head < len)
            break;
        r = take_frame(feed, frame[0], bytes + at + head, (size_t)len);
        if (r < 0)
            return r;
        at += head + (size_t)len;
    }
    return (ssize_t)at;
}

void drill_frame_write(struct trawl_buf *out, unsigned opcode, const void *bytes, size_t len)
{
    const unsigned char *from = bytes;
    unsigned char head[8] = {(unsigned char)(FRAME_FINAL | opcode)};
    unsigned char *mask;
    size_t used = 2;

    head[1] = (unsigned char)(0x80 | (len < 126 ? len : 126)); /* none is longer than 64 KiB */
    if (len >= 126) {
        head[2] = (unsigned char)(len >> 8);
        head[3] = (unsigned char)len;
        used = 4;
    }
    mask = head + used;
    if (getentropy(mask, 4) < 0)
        memset(mask, 0, 4); /* as good on loopback, where nobody is between who could be confused */
    (void)trawl_buf_append(out, head, used + 4);
    for (size_t i = 0; i < len; i++)
        (void)trawl_buf_append_char(out, (char)(from[i] ^ mask[i % 4]));
}

/* --- event stream -------------------------------------------------------------------------------- */

static ssize_t take_lines(struct drill_feed *feed)
{
    const char *bytes = trawl_buf_text(&feed->in);
    const char *line_end;
    size_t at = 0;

    while (!feed->stopped && (line_end = memchr(bytes + at, '\n', feed->in.len - at))) {
        const char *line = bytes + at;
        size_t len = (size_t)(line_end - line);
        int r = 0;

        if (len > strlen(LINE_KEY) && memcmp(line, LINE_KEY, strlen(LINE_KEY)) == 0)
            r = take_message(feed, line + strlen(LINE_KEY), len - strlen(LINE_KEY));
        if (r < 0)
            return r;
        at += len + 1;
    }
    return (ssize_t)at;
}

/* --- all of them --------------------------------------------------------------------------------- */

int drill_feed_take(struct drill_feed *feed, const char *bytes, size_t len)
{
    ssize_t used = 0;
    int r = trawl_buf_append(&feed->in, bytes, len);

    if (r < 0)
        return r;
    if (feed->kind == DRILL_WEBSOCKET)
        used = take_frames(feed);
    else if (feed->kind == DRILL_STREAM)
        used = take_lines(feed);
    if (used < 0)
        return (int)used;
    trawl_buf_consume(&feed->in, (size_t)used);
    return 0;
}

int drill_feed_end(struct drill_feed *feed)
{
    json_auto_t *messages = NULL;
    json_t *message;
    size_t i;

    if (feed->kind != DRILL_POLL)
        return 0;
    if (trawl_json_parse(trawl_buf_text(&feed->in), feed->in.len, &messages, NULL) < 0 ||
        !json_is_array(messages))
        return -EPROTO;
    trawl_buf_clear(&feed->in);
    json_array_foreach (messages, i, message) {
        if (feed->stopped)
            break;
        feed->ops->on_message(feed->user, message);
    }
    return 0;
}
