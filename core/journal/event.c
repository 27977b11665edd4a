#include "journal/event.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "trawl/transport.h"
#include "util/alloc.h"
#include "util/clock.h"

/* The least that an event takes in a frame: fixed fields and two empty strings. */
#define EVENT_BYTES (8u + 1u + 1u + 8u + 8u + 2u * 5u)

/* Digits of an epoch. */
#define EPOCH_LEN 8

static const struct {
    const char *name;
    uint32_t topic;
} event_types[] = {
    [TRAWL_EVENT_PROGRESS] = {"scrape_progress", TRAWL_TOPIC_PROGRESS},
    [TRAWL_EVENT_ITEM] = {"item_changed", TRAWL_TOPIC_ITEMS},
    [TRAWL_EVENT_LOG] = {"log", TRAWL_TOPIC_LOGS},
};

const char *trawl_event_type_name(uint8_t type)
{
    return type >= TRAWL_EVENT_PROGRESS && type <= TRAWL_EVENT_LOG ? event_types[type].name
                                                                   : "unknown";
}

uint32_t trawl_event_topic(uint8_t type)
{
    return type >= TRAWL_EVENT_PROGRESS && type <= TRAWL_EVENT_LOG ? event_types[type].topic : 0;
}

void trawl_event_id(char id[TRAWL_EVENT_ID_SIZE], uint32_t epoch, uint64_t seq)
{
    snprintf(id, TRAWL_EVENT_ID_SIZE, "%08" PRIx32 "-%" PRIu64, epoch, seq);
}

/* Of the one spelling that an id has: in lower case. */
static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

static int parse_seq(const char *text, uint64_t *ret_seq)
{
    uint64_t seq = 0;

    /* One spelling for each id, so that ids can be compared as text. */
    if (*text == '\0' || (text[0] == '0' && text[1] != '\0'))
        return -EINVAL;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return -EINVAL;
        if (__builtin_mul_overflow(seq, (uint64_t)10, &seq) ||
            __builtin_add_overflow(seq, (uint64_t)(*text - '0'), &seq))
            return -EINVAL;
    }
    *ret_seq = seq;
    return 0;
}

int trawl_event_id_parse(const char *id, uint32_t *ret_epoch, uint64_t *ret_seq)
{
    uint32_t epoch = 0;
    uint64_t seq;
    int r;

    for (int i = 0; i < EPOCH_LEN; i++) {
        int digit = hex_digit(id[i]);

        if (digit < 0)
            return -EINVAL;
        epoch = epoch << 4 | (uint32_t)digit;
    }
    if (id[EPOCH_LEN] != '-')
        return -EINVAL;
    r = parse_seq(id + EPOCH_LEN + 1, &seq);
    if (r < 0)
        return r;
    *ret_epoch = epoch;
    *ret_seq = seq;
    return 0;
}

int trawl_event_write(const struct trawl_event *event, uint32_t epoch, struct trawl_buf *buf)
{
    char id[TRAWL_EVENT_ID_SIZE];
    char stamp[TRAWL_TIMESTAMP_SIZE];
    int r;

    trawl_event_id(id, epoch, event->seq);
    trawl_timestamp(stamp, event->timestamp_ms);
    r = trawl_buf_printf(buf, "{\"id\":\"%s\",\"type\":\"%s\",\"timestamp\":\"%s\",\"data\":", id,
                         trawl_event_type_name(event->type), stamp);
    if (r < 0)
        return r;
    r = trawl_buf_append(buf, event->data.ptr, event->data.len);
    if (r < 0)
        return r;
    return trawl_buf_append_char(buf, '}');
}

static uint8_t *event_put(uint8_t *at, const struct trawl_event *event)
{
    at = trawl_wire_raw_u64(at, event->seq);
    at = trawl_wire_raw_u8(at, event->type);
    at = trawl_wire_raw_u8(at, event->flags);
    at = trawl_wire_raw_u64(at, (uint64_t)event->run_id);
    at = trawl_wire_raw_u64(at, (uint64_t)event->timestamp_ms);
    at = trawl_wire_raw_str(at, event->platform);
    return trawl_wire_raw_str(at, event->data);
}

static void event_get(struct trawl_wire *wire, struct trawl_event *event)
{
    event->seq = trawl_wire_get_u64(wire);
    event->type = trawl_wire_get_u8(wire);
    event->flags = trawl_wire_get_u8(wire);
    event->run_id = (int64_t)trawl_wire_get_u64(wire);
    event->timestamp_ms = (int64_t)trawl_wire_get_u64(wire);
    event->platform = trawl_wire_get_str(wire);
    event->data = trawl_wire_get_str(wire);
    if (event->type < TRAWL_EVENT_PROGRESS || event->type > TRAWL_EVENT_LOG)
        wire->failed = true;
}

int trawl_events_encode(const struct trawl_event *events, size_t count, struct trawl_buf *buf)
{
    size_t size = sizeof(uint32_t);
    uint8_t *at;
    char *room;
    int r;

    for (size_t i = 0; i < count; i++)
        size += EVENT_BYTES + events[i].platform.len + events[i].data.len;
    if (size > UINT32_MAX) {
        trawl_buf_finish(buf);
        return -EFBIG;
    }
    r = trawl_buf_reserve(buf, size, &room);
    if (r < 0)
        return r;
    at = trawl_wire_raw_u32((uint8_t *)room, (uint32_t)count);
    for (size_t i = 0; i < count; i++)
        at = event_put(at, &events[i]);
    trawl_buf_grew(buf, size);
    return 0;
}

int trawl_events_decode(const void *payload, size_t len, struct trawl_event **ret_events,
                        size_t *ret_count)
{
    struct trawl_event *events;
    struct trawl_wire wire;
    size_t count;
    int r;

    trawl_wire_init(&wire, payload, len);
    count = trawl_wire_get_u32(&wire);
    if (count > trawl_wire_left(&wire) / EVENT_BYTES)
        return -EBADMSG;
    events = trawl_xalloc(count * sizeof(*events));
    for (size_t i = 0; i < count; i++)
        event_get(&wire, &events[i]);
    r = trawl_wire_end(&wire);
    if (r < 0) {
        free(events);
        return r;
    }
    *ret_events = events;
    *ret_count = count;
    return 0;
}
