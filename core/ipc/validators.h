/* What lets a server say that a page is as it was: the validators of its last answer, and what else the page's content came
 * from. A worker asks for them before it fetches, with empty texts, and is answered with those that may be used.
 */
#ifndef TRAWL_IPC_VALIDATORS_H
#define TRAWL_IPC_VALIDATORS_H

#include <stddef.h>

#include "ipc/wire.h"
#include "util/buf.h"
#include "util/hash.h"

/* Longest validator that is kept; real ones have some dozen bytes. */
#define TRAWL_VALIDATOR_MAX 1024

struct trawl_validators {
    struct trawl_hash fingerprint; /* of the request */
    struct trawl_hash
        scope; /* of all else that decides what comes of the page: plugin, options, depth, meta, … */
    struct trawl_str etag;          /* "" if there is none */
    struct trawl_str last_modified; /* likewise */
};

/* The payload of TRAWL_MSG_ASK and TRAWL_MSG_VALIDATORS. 0 or -EFBIG. */
int trawl_validators_encode(const struct trawl_validators *validators, size_t count,
                            struct trawl_buf *buf);

/* Texts point into `payload`; the caller frees *ret_validators. 0 or -EBADMSG. */
int trawl_validators_decode(const void *payload, size_t len,
                            struct trawl_validators **ret_validators, size_t *ret_count);

#endif
