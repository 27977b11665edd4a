#include "util/hash.h"

#include <xxhash.h>

struct trawl_hash trawl_hash_bytes(const void *bytes, size_t len)
{
    XXH128_hash_t hash = XXH3_128bits(bytes, len);

    return (struct trawl_hash){.hi = hash.high64, .lo = hash.low64};
}
