/* 128-bit hashes (XXH3) of bytes: URL fingerprints and item contents. Not for secrets. */
#ifndef TRAWL_UTIL_HASH_H
#define TRAWL_UTIL_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct trawl_hash {
    uint64_t hi;
    uint64_t lo;
};

struct trawl_hash trawl_hash_bytes(const void *bytes, size_t len);

static inline bool trawl_hash_equal(struct trawl_hash a, struct trawl_hash b)
{
    return a.hi == b.hi && a.lo == b.lo;
}

#endif
