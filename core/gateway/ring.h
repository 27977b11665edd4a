/* The newest encoded events of one filter, as contiguous bytes, with an index of where each begins.
 *
 * Positions are counted from the ring's birth and never repeat. A reader keeps a position of its own; when what lies
 * there was dropped, it has to be fed from the journal. Bytes are held twice as long as the capacity says, so that
 * making room is one move of memory for each capacity's worth of events.
 */
#ifndef TRAWL_GATEWAY_RING_H
#define TRAWL_GATEWAY_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring_entry {
    uint64_t seq;
    uint64_t end; /* position behind its last byte */
};

struct ring {
    size_t capacity;
    char *bytes;
    size_t room;
    uint64_t base; /* position of bytes[0] */
    uint64_t end;
    struct ring_entry *entries;
    size_t entry_count;
    size_t entry_room;
    uint64_t floor; /* every event of the filter with a higher seq is in the ring */
};

/* `head`: the last event that the ring will not hold. */
void ring_init(struct ring *ring, size_t capacity, uint64_t head);
void ring_finish(struct ring *ring);

void ring_append(struct ring *ring, uint64_t seq, const void *bytes, size_t len);

/* It cannot have this event: who reads gets it, and all before it, from the journal. */
void ring_skip(struct ring *ring, uint64_t seq);

/* The position behind the event `seq` and all before it: 0, or -ERANGE if events after it were dropped. */
int ring_find(const struct ring *ring, uint64_t seq, uint64_t *ret_position);

/* Whole events from `position` on, at most `max` bytes but at least one event. *ret_len 0: there are none. *ret_seq is
 * the last of them. -ERANGE if what lay there was dropped. */
int ring_read(const struct ring *ring, uint64_t position, size_t max, const char **ret_bytes,
              size_t *ret_len, uint64_t *ret_seq);

#endif
