#include "ipc/validators.h"

#include <errno.h>
#include <stdlib.h>

#include "util/alloc.h"

/* Two hashes, and two texts with their length and NUL. */
#define VALIDATORS_BYTES_MIN (2u * 16u + 2u * 5u)

int trawl_validators_encode(const struct trawl_validators *validators, size_t count,
                            struct trawl_buf *buf)
{
    int r = trawl_wire_put_u32(buf, (uint32_t)count);

    for (size_t i = 0; r == 0 && i < count; i++) {
        r = trawl_wire_put_hash(buf, validators[i].fingerprint);
        if (r == 0)
            r = trawl_wire_put_hash(buf, validators[i].scope);
        if (r == 0)
            r = trawl_wire_put_str(buf, validators[i].etag);
        if (r == 0)
            r = trawl_wire_put_str(buf, validators[i].last_modified);
    }
    return r;
}

int trawl_validators_decode(const void *payload, size_t len,
                            struct trawl_validators **ret_validators, size_t *ret_count)
{
    struct trawl_validators *validators;
    struct trawl_wire wire;
    size_t count;
    int r;

    trawl_wire_init(&wire, payload, len);
    count = trawl_wire_get_u32(&wire);
    if (count > trawl_wire_left(&wire) / VALIDATORS_BYTES_MIN)
        return -EBADMSG;
    validators = trawl_xalloc(count * sizeof(*validators));
    for (size_t i = 0; i < count; i++) {
        validators[i].fingerprint = trawl_wire_get_hash(&wire);
        validators[i].scope = trawl_wire_get_hash(&wire);
        validators[i].etag = trawl_wire_get_str(&wire);
        validators[i].last_modified = trawl_wire_get_str(&wire);
    }
    r = trawl_wire_end(&wire);
    if (r < 0) {
        free(validators);
        return r;
    }
    *ret_validators = validators;
    *ret_count = count;
    return 0;
}
