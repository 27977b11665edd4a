#include "ipc/wire.h"

#include <errno.h>
#include <string.h>

uint8_t *trawl_wire_raw_u8(uint8_t *at, uint8_t value)
{
    *at = value;
    return at + 1;
}

uint8_t *trawl_wire_raw_u16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
    return at + 2;
}

uint8_t *trawl_wire_raw_u32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (8 * i));
    return at + 4;
}

uint8_t *trawl_wire_raw_u64(uint8_t *at, uint64_t value)
{
    for (int i = 0; i < 8; i++)
        at[i] = (uint8_t)(value >> (8 * i));
    return at + 8;
}

uint8_t *trawl_wire_raw_hash(uint8_t *at, struct trawl_hash value)
{
    at = trawl_wire_raw_u64(at, value.hi);
    return trawl_wire_raw_u64(at, value.lo);
}

uint8_t *trawl_wire_raw_str(uint8_t *at, struct trawl_str value)
{
    at = trawl_wire_raw_u32(at, (uint32_t)value.len);
    if (value.len > 0)
        memcpy(at, value.ptr, value.len);
    at[value.len] = '\0';
    return at + value.len + 1;
}

int trawl_wire_put_u8(struct trawl_buf *buf, uint8_t value)
{
    return trawl_buf_append(buf, &value, 1);
}

int trawl_wire_put_u16(struct trawl_buf *buf, uint16_t value)
{
    uint8_t bytes[2];

    trawl_wire_raw_u16(bytes, value);
    return trawl_buf_append(buf, bytes, sizeof(bytes));
}

int trawl_wire_put_u32(struct trawl_buf *buf, uint32_t value)
{
    uint8_t bytes[4];

    trawl_wire_raw_u32(bytes, value);
    return trawl_buf_append(buf, bytes, sizeof(bytes));
}

int trawl_wire_put_u64(struct trawl_buf *buf, uint64_t value)
{
    uint8_t bytes[8];

    trawl_wire_raw_u64(bytes, value);
    return trawl_buf_append(buf, bytes, sizeof(bytes));
}

int trawl_wire_put_hash(struct trawl_buf *buf, struct trawl_hash value)
{
    uint8_t bytes[16];

    trawl_wire_raw_hash(bytes, value);
    return trawl_buf_append(buf, bytes, sizeof(bytes));
}

int trawl_wire_put_str(struct trawl_buf *buf, struct trawl_str value)
{
    char *room;
    int r;

    if (value.len > UINT32_MAX) {
        trawl_buf_finish(buf);
        return -EFBIG;
    }
    r = trawl_buf_reserve(buf, TRAWL_WIRE_STR_BYTES(value), &room);
    if (r < 0)
        return r;
    trawl_wire_raw_str((uint8_t *)room, value);
    trawl_buf_grew(buf, TRAWL_WIRE_STR_BYTES(value));
    return 0;
}

void trawl_wire_init(struct trawl_wire *wire, const void *bytes, size_t len)
{
    /* A payload of length 0 may be NULL, to which nothing may be added. */
    static const uint8_t nothing;

    wire->at = len > 0 ? bytes : &nothing;
    wire->end = wire->at + len;
    wire->failed = false;
}

size_t trawl_wire_left(const struct trawl_wire *wire)
{
    return (size_t)(wire->end - wire->at);
}

/* The next `len` bytes, or NULL once the reader has failed. */
static const uint8_t *wire_take(struct trawl_wire *wire, size_t len)
{
    const uint8_t *at = wire->at;

    if (wire->failed || trawl_wire_left(wire) < len) {
        wire->failed = true;
        return NULL;
    }
    wire->at += len;
    return at;
}

static uint64_t wire_get(struct trawl_wire *wire, size_t bytes)
{
    const uint8_t *at = wire_take(wire, bytes);
    uint64_t value = 0;

    if (!at)
        return 0;
    for (size_t i = 0; i < bytes; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

uint8_t trawl_wire_get_u8(struct trawl_wire *wire)
{
    return (uint8_t)wire_get(wire, 1);
}

uint16_t trawl_wire_get_u16(struct trawl_wire *wire)
{
    return (uint16_t)wire_get(wire, 2);
}

uint32_t trawl_wire_get_u32(struct trawl_wire *wire)
{
    return (uint32_t)wire_get(wire, 4);
}

uint64_t trawl_wire_get_u64(struct trawl_wire *wire)
{
    return wire_get(wire, 8);
}

struct trawl_hash trawl_wire_get_hash(struct trawl_wire *wire)
{
    struct trawl_hash hash;

    hash.hi = trawl_wire_get_u64(wire);
    hash.lo = trawl_wire_get_u64(wire);
    return hash;
}

struct trawl_str trawl_wire_get_str(struct trawl_wire *wire)
{
    size_t len = trawl_wire_get_u32(wire);
    const uint8_t *at = wire_take(wire, len + 1);

    if (!at || at[len] != '\0') {
        wire->failed = true;
        return trawl_str_of(NULL);
    }
    return (struct trawl_str){.ptr = (const char *)at, .len = len};
}

int trawl_wire_end(const struct trawl_wire *wire)
{
    return wire->failed || wire->at != wire->end ? -EBADMSG : 0;
}
