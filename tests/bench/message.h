/* Reading what a server of events sends: WebSocket frames or lines of a stream, and in them the event's number and age.
 *
 * Messages look as docs/wire-protocol.md says, nchan's too, so that all are read at the same cost. Nothing is parsed that
 * need not be: the id is the first member, and stands at a fixed place.
 */
#ifndef TESTS_BENCH_MESSAGE_H
#define TESTS_BENCH_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

enum message_kind {
    MESSAGE_NONE,  /* nothing to count: a control message, a line of another kind */
    MESSAGE_STATE, /* snapshot or heartbeat: `seq` is the last event that it is through */
    MESSAGE_EVENT, /* `seq` is its number */
    MESSAGE_PING,  /* to be answered with the same text */
    MESSAGE_END,   /* the server closes */
};

struct message {
    enum message_kind kind;
    const char *text;
    size_t len;
    uint64_t seq;
};

/* The message at the start of `bytes`. Gives the bytes that it takes, 0 if it is not there as a whole. */
size_t message_from_frame(const char *bytes, size_t len, struct message *ret_message);
size_t message_from_line(const char *bytes, size_t len, struct message *ret_message);

/* Milliseconds from an event's timestamp to `now_ms`, -1 if it has none. */
int message_age_ms(const struct message *message, int64_t now_ms);

#endif
