/* One page as it crosses from a worker to the store: the outcome of one request and all that came of it.
 * It is committed in one transaction or not at all.
 */
#ifndef TRAWL_IPC_PAGE_H
#define TRAWL_IPC_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/wire.h"
#include "util/buf.h"
#include "util/hash.h"

enum trawl_page_kind {
    TRAWL_PAGE_START,    /* what start() asked for; has no request of its own */
    TRAWL_PAGE_RESPONSE, /* the end of one request */
    TRAWL_PAGE_FINISH,   /* what finish() emitted; has no request of its own */
    TRAWL_PAGE_RETRY,    /* a try of a request failed, and it waits for the next */
};

enum trawl_outcome {
    TRAWL_OUTCOME_OK,           /* fetched and extracted */
    TRAWL_OUTCOME_REDIRECTED,   /* its target is among the requests */
    TRAWL_OUTCOME_FAILED,       /* given up: `error_kind` and `error` say why */
    TRAWL_OUTCOME_EXCLUDED,     /* not fetched: robots.txt asks not to */
    TRAWL_OUTCOME_NOT_MODIFIED, /* as it was last time, with all that came of it then */
};

/* State of a request in the frontier. */
enum trawl_request_state {
    TRAWL_REQUEST_PENDING,
    TRAWL_REQUEST_DONE, /* its page is committed, whatever the outcome */
};

struct trawl_page_item {
    struct trawl_str key;
    struct trawl_hash hash; /* of the canonical JSON */
    struct trawl_str json;
};

struct trawl_page_request {
    struct trawl_hash fingerprint; /* of method, canonical URL and body */
    uint8_t state;                 /* enum trawl_request_state; PENDING from a worker */
    bool counted; /* it was a page of max_pages; then PENDING is at least its second time */
    uint16_t depth;
    uint8_t redirects;     /* hops behind it */
    uint8_t attempts;      /* that failed; more than 0: it waits for another try */
    int64_t not_before_ms; /* of that try, wall time */
    int32_t priority;
    struct trawl_str url;
    struct trawl_str method;  /* "" is GET */
    struct trawl_str headers; /* JSON object, or "" */
    struct trawl_str body;
    struct trawl_str meta; /* JSON, or "" */
    struct trawl_str
        chain; /* the fingerprints of the requests that were redirected to it, one after the other */
};

struct trawl_page {
    uint64_t serial; /* 1, 2, 3 … of this worker; acknowledged by it */
    uint32_t lease;  /* the job's; a page with an old one is refused */
    uint8_t kind;    /* enum trawl_page_kind */
    bool remembers;  /* the platform makes conditional requests: what they need is to be kept */

    /* RESPONSE and RETRY */
    struct trawl_hash fingerprint;
    uint8_t attempts;      /* 1: at the first try */
    int64_t not_before_ms; /* RETRY: no try before this, wall time */

    /* RESPONSE only */
    uint8_t outcome; /* enum trawl_outcome */
    bool counts;     /* towards max_pages */
    uint16_t status; /* HTTP status, 0: no answer */
    uint16_t depth;
    struct trawl_str url;
    struct trawl_str
        error_kind; /* "" or a short word: "timeout", "http", "too_large", "extract", … */
    struct trawl_str error;
    uint64_t bytes; /* of the body, decoded */
    uint32_t elapsed_ms;

    /* OK: by what a later run may ask whether it has changed, both empty if it cannot; NOT_MODIFIED: by what this run asked. */
    struct trawl_hash scope; /* see struct trawl_validators */
    struct trawl_str etag;
    struct trawl_str last_modified;
    struct trawl_str
        links; /* OK: fingerprints of all GETs that it asks for, known or not, one after the other */

    struct trawl_page_item *items;
    size_t item_count;
    struct trawl_page_request *requests; /* not known before, or now met at a smaller depth */
    size_t request_count;
};

/* Most of one page; a worker refuses what goes beyond (host->item and host->request say -E2BIG). */
#define TRAWL_PAGE_ITEMS_MAX    100000
#define TRAWL_PAGE_REQUESTS_MAX 100000

/* The shard, of `shards`, that a request belongs to. */
static inline unsigned trawl_shard_of(struct trawl_hash fingerprint, unsigned shards)
{
    return (unsigned)(fingerprint.hi % shards);
}

/* Append the frame's payload. 0 or -EFBIG. */
int trawl_page_encode(const struct trawl_page *page, struct trawl_buf *buf);

/* Strings of *ret_page point into `payload`, which must outlive it; its arrays go with trawl_page_finish().
 * 0 or -EBADMSG. */
int trawl_page_decode(const void *payload, size_t len, struct trawl_page *ret_page);
void trawl_page_finish(struct trawl_page *page);

/* The payload of TRAWL_MSG_REQUESTS. */
int trawl_page_requests_encode(const struct trawl_page_request *requests, size_t count,
                               struct trawl_buf *buf);
int trawl_page_requests_decode(const void *payload, size_t len,
                               struct trawl_page_request **ret_requests, size_t *ret_count);

#endif
