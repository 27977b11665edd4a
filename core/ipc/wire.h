/* Numbers and strings in a frame's payload: little-endian, strings with a u32 length before them.
 *
 * Writing goes to a struct trawl_buf. Reading never reads past the end: the first read that would marks
 * the reader as failed, and all later ones give zeroes, so a decoder checks once, at its end.
 */
#ifndef TRAWL_IPC_WIRE_H
#define TRAWL_IPC_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/hash.h"

/* A borrowed run of bytes; text where the field says so, then followed by a NUL when `ptr` came from
 * trawl_wire_get_str(). */
struct trawl_str {
    const char *ptr;
    size_t len;
};

int trawl_wire_put_u8(struct trawl_buf *buf, uint8_t value);
int trawl_wire_put_u16(struct trawl_buf *buf, uint16_t value);
int trawl_wire_put_u32(struct trawl_buf *buf, uint32_t value);
int trawl_wire_put_u64(struct trawl_buf *buf, uint64_t value);
int trawl_wire_put_hash(struct trawl_buf *buf, struct trawl_hash value);
int trawl_wire_put_str(struct trawl_buf *buf,
                       struct trawl_str value); /* adds a NUL after the bytes */

/* The same into room that was reserved with trawl_buf_reserve(): for encoders that know the size of the
 * whole before they begin, so that there is one place to fail. Each returns where the next one goes. */
#define TRAWL_WIRE_STR_BYTES(str) (sizeof(uint32_t) + (str).len + 1)
uint8_t *trawl_wire_raw_u8(uint8_t *at, uint8_t value);
uint8_t *trawl_wire_raw_u16(uint8_t *at, uint16_t value);
uint8_t *trawl_wire_raw_u32(uint8_t *at, uint32_t value);
uint8_t *trawl_wire_raw_u64(uint8_t *at, uint64_t value);
uint8_t *trawl_wire_raw_hash(uint8_t *at, struct trawl_hash value);
uint8_t *trawl_wire_raw_str(uint8_t *at, struct trawl_str value);

struct trawl_wire {
    const uint8_t *at;
    const uint8_t *end;
    bool failed;
};

void trawl_wire_init(struct trawl_wire *wire, const void *bytes, size_t len);
uint8_t trawl_wire_get_u8(struct trawl_wire *wire);
uint16_t trawl_wire_get_u16(struct trawl_wire *wire);
uint32_t trawl_wire_get_u32(struct trawl_wire *wire);
uint64_t trawl_wire_get_u64(struct trawl_wire *wire);
struct trawl_hash trawl_wire_get_hash(struct trawl_wire *wire);
struct trawl_str trawl_wire_get_str(struct trawl_wire *wire); /* borrowed from the payload */

/* How many bytes are left: what bounds a count before memory is taken for it. */
size_t trawl_wire_left(const struct trawl_wire *wire);

/* 0 if everything was read and nothing is left over, else -EBADMSG. */
int trawl_wire_end(const struct trawl_wire *wire);

static inline struct trawl_str trawl_str_of(const char *text)
{
    return (struct trawl_str){.ptr = text ? text : "", .len = text ? __builtin_strlen(text) : 0};
}

#endif
