/* A host's robots.txt as it crosses between a worker, which fetched it, and the supervisor, which keeps it and tells others. */
#ifndef TRAWL_IPC_ROBOTS_H
#define TRAWL_IPC_ROBOTS_H

#include <stddef.h>
#include <stdint.h>

#include "ipc/wire.h"
#include "util/buf.h"

enum trawl_robots_state {
    TRAWL_ROBOTS_RULES, /* `body` holds them */
    TRAWL_ROBOTS_NONE,  /* the host has none: all is allowed */
    TRAWL_ROBOTS_UNKNOWN, /* it could not be read, as `kind` and `reason` say: nothing is allowed for now */
    TRAWL_ROBOTS_REFUSED, /* the worker's platform may not ask this host, which says nothing of the host */
};

struct trawl_robots_answer {
    struct trawl_str host;
    uint8_t state;         /* enum trawl_robots_state */
    uint16_t status;       /* HTTP status of the last answer, 0: none came */
    struct trawl_str kind; /* as of a page's error */
    struct trawl_str reason;
    struct trawl_str body;
};

/* Append the frame's payload. 0 or -EFBIG. */
int trawl_robots_answer_encode(const struct trawl_robots_answer *answer, struct trawl_buf *buf);

/* Strings point into `payload`. 0 or -EBADMSG. */
int trawl_robots_answer_decode(const void *payload, size_t len,
                               struct trawl_robots_answer *ret_answer);

#endif
