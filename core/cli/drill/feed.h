/* The messages in what a transport brings: WebSocket frames, the lines of an event stream, the array of a poll's answer. */
#ifndef TRAWL_CLI_DRILL_FEED_H
#define TRAWL_CLI_DRILL_FEED_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/buf.h"

/* Largest frame, line or answer. */
#define DRILL_MESSAGE_MAX (16u << 20)

enum drill_kind {
    DRILL_WEBSOCKET,
    DRILL_STREAM,
    DRILL_POLL,
};

/* Of a server's endpoints; -EINVAL for a kind that is not known here. */
int drill_kind_parse(const char *name, enum drill_kind *ret_kind);

struct drill_feed_ops {
    void (*on_message)(void *user, const json_t *message);
    void (*on_ping)(void *user, const char *bytes, size_t len);                  /* WebSocket */
    void (*on_close)(void *user, unsigned code, const char *reason, size_t len); /* WebSocket */
};

struct drill_feed {
    enum drill_kind kind;
    const struct drill_feed_ops *ops;
    void *user;
    struct trawl_buf in;
    bool stopped; /* set from outside: nothing more is wanted, not even what is there */
};

void drill_feed_init(struct drill_feed *feed, enum drill_kind kind,
                     const struct drill_feed_ops *ops, void *user);
void drill_feed_finish(struct drill_feed *feed);

/* Bytes came. 0, -EPROTO, or -EFBIG beyond DRILL_MESSAGE_MAX. */
int drill_feed_take(struct drill_feed *feed, const char *bytes, size_t len);

/* The answer is whole: a poll's is read now. 0 or -EPROTO. */
int drill_feed_end(struct drill_feed *feed);

/* What a client says: one masked frame. */
#define DRILL_OPCODE_TEXT 1u
#define DRILL_OPCODE_PONG 10u
void drill_frame_write(struct trawl_buf *out, unsigned opcode, const void *bytes, size_t len);

#endif
