/* Events: one line of the journal each, `{"id","type","timestamp","data"}` on the wire.
 *
 * An id is `epoch-seq`: eight hex digits that are born with the database, and the event's place, 1, 2, 3 …
 * for ever (docs/wire-protocol.md).
 */
#ifndef TRAWL_JOURNAL_EVENT_H
#define TRAWL_JOURNAL_EVENT_H

#include <stddef.h>
#include <stdint.h>

#include "ipc/wire.h"
#include "util/buf.h"

enum trawl_event_type {
    TRAWL_EVENT_PROGRESS = 1, /* scrape_progress */
    TRAWL_EVENT_ITEM,         /* item_changed */
    TRAWL_EVENT_LOG,          /* log */
};

/* Bits of trawl_event.flags. */
#define TRAWL_EVENT_RUN_END 1u /* the last event of its run */

struct trawl_event {
    uint64_t seq;
    uint8_t type; /* enum trawl_event_type */
    uint8_t flags;
    int64_t run_id;
    int64_t timestamp_ms;
    struct trawl_str platform; /* "": the whole run */
    struct trawl_str data;     /* JSON object */
};

const char *trawl_event_type_name(uint8_t type);

/* enum trawl_topic of trawl/transport.h that the event belongs to. */
uint32_t trawl_event_topic(uint8_t type);

#define TRAWL_EVENT_ID_SIZE 32
void trawl_event_id(char id[TRAWL_EVENT_ID_SIZE], uint32_t epoch, uint64_t seq);

/* 0 and both parts, or -EINVAL. */
int trawl_event_id_parse(const char *id, uint32_t *ret_epoch, uint64_t *ret_seq);

/* Append the whole message as JSON. */
int trawl_event_write(const struct trawl_event *event, uint32_t epoch, struct trawl_buf *buf);

/* The payload of TRAWL_MSG_EVENTS. Decoded strings point into `payload`; free the array with free(). */
int trawl_events_encode(const struct trawl_event *events, size_t count, struct trawl_buf *buf);
int trawl_events_decode(const void *payload, size_t len, struct trawl_event **ret_events,
                        size_t *ret_count);

#endif
