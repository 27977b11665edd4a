#include "gateway/ring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"

#define RING_FIRST_ROOM    (16u << 10)
#define RING_FIRST_ENTRIES 64

void ring_init(struct ring *ring, size_t capacity, uint64_t head)
{
    *ring = (struct ring){.capacity = capacity, .floor = head};
}

void ring_finish(struct ring *ring)
{
    free(ring->bytes);
    free(ring->entries);
    ring->bytes = NULL;
    ring->entries = NULL;
}

/* Index of the first entry that ends behind `position`. */
static size_t entry_after(const struct ring *ring, uint64_t position)
{
    size_t low = 0, high = ring->entry_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (ring->entries[middle].end <= position)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Drop the oldest entries so that at most `keep` bytes stay. */
static void drop_oldest(struct ring *ring, size_t keep)
{
    uint64_t held = ring->end - ring->base;
    uint64_t from = held > keep ? ring->end - keep : ring->base;
    size_t dropped = entry_after(ring, from);
    uint64_t base;

    /* An entry that reaches over the border goes as well. */
    if (dropped < ring->entry_count &&
        (dropped > 0 ? ring->entries[dropped - 1].end : ring->base) < from)
        dropped++;
    if (dropped == 0)
        return;
    base = ring->entries[dropped - 1].end;
    ring->floor = ring->entries[dropped - 1].seq;
    memmove(ring->bytes, ring->bytes + (base - ring->base), (size_t)(ring->end - base));
    ring->entry_count -= dropped;
    memmove(ring->entries, ring->entries + dropped, ring->entry_count * sizeof(*ring->entries));
    ring->base = base;
}

static void make_room(struct ring *ring, size_t len)
{
    size_t held = (size_t)(ring->end - ring->base);
    size_t room = ring->room ? ring->room : RING_FIRST_ROOM;

    while (room < held + len && room < 2 * ring->capacity)
        room *= 2;
    if (room > 2 * ring->capacity)
        room = 2 * ring->capacity;
    if (room > ring->room) {
        ring->bytes = trawl_xrealloc(ring->bytes, room);
        ring->room = room;
    }
    if (held + len > ring->room)
        drop_oldest(ring, len < ring->capacity ? ring->capacity - len : 0);
}

void ring_skip(struct ring *ring, uint64_t seq)
{
    drop_oldest(ring, 0);
    ring->floor = seq;
    ring->end++; /* whoever was at the end is behind it now */
    ring->base = ring->end;
}

void ring_append(struct ring *ring, uint64_t seq, const void *bytes, size_t len)
{
    if (len > ring->capacity) {
        ring_skip(ring, seq);
        return;
    }
    make_room(ring, len);
    memcpy(ring->bytes + (ring->end - ring->base), bytes, len);
    ring->end += len;
    if (ring->entry_count == ring->entry_room) {
        ring->entry_room = ring->entry_room ? 2 * ring->entry_room : RING_FIRST_ENTRIES;
        ring->entries = trawl_xrealloc(ring->entries, ring->entry_room * sizeof(*ring->entries));
    }
    ring->entries[ring->entry_count++] = (struct ring_entry){.seq = seq, .end = ring->end};
}

int ring_find(const struct ring *ring, uint64_t seq, uint64_t *ret_position)
{
    size_t low = 0, high = ring->entry_count;

    if (seq < ring->floor)
        return -ERANGE;
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (ring->entries[middle].seq <= seq)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_position = low > 0 ? ring->entries[low - 1].end : ring->base;
    return 0;
}

int ring_read(const struct ring *ring, uint64_t position, size_t max, const char **ret_bytes,
              size_t *ret_len, uint64_t *ret_seq)
{
    size_t last;

    if (position < ring->base)
        return -ERANGE;
    *ret_len = 0;
    if (position == ring->end)
        return 0;
    last = ring->entry_count - 1;
    if (ring->end - position > max) {
        last = entry_after(ring, position + max);
        if (last > 0 && ring->entries[last - 1].end > position)
            last--;
    }
    *ret_bytes = ring->bytes + (position - ring->base);
    *ret_len = (size_t)(ring->entries[last].end - position);
    *ret_seq = ring->entries[last].seq;
    return 0;
}
