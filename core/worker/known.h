/* Every request that this shard has met, by fingerprint, with the smallest depth at which it was met.
 *
 * A crawl knows millions of them, so an entry is 24 bytes in an open-addressing table that is at least three eighths and
 * at most three quarters full: 32 to 64 bytes a URL, 96 for the moment of growing.
 */
#ifndef TRAWL_WORKER_KNOWN_H
#define TRAWL_WORKER_KNOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/hash.h"

enum trawl_known_state {
    TRAWL_KNOWN_FREE, /* no entry; zero, so that a fresh table is empty */
    TRAWL_KNOWN_QUEUED,
    TRAWL_KNOWN_STORED, /* like QUEUED, but only the store has the request */
    TRAWL_KNOWN_WAITING, /* like QUEUED, but waits for another try that was left by an earlier worker */
    TRAWL_KNOWN_ACTIVE, /* being fetched, or waiting for its next try */
    TRAWL_KNOWN_DONE,
    TRAWL_KNOWN_FOREIGN, /* another shard's: that it was met is all that matters here */
};

struct trawl_known_entry {
    struct trawl_hash fingerprint;
    uint16_t depth;
    uint8_t state; /* enum trawl_known_state */
    bool counted;  /* it was a page of max_pages */
};

/* Initialise with {0}. */
struct trawl_known {
    struct trawl_known_entry *entries;
    size_t count;
    size_t cap; /* a power of two */
};

void trawl_known_finish(struct trawl_known *known);

/* NULL if it was never met. Valid until the next trawl_known_add(). */
struct trawl_known_entry *trawl_known_find(const struct trawl_known *known,
                                           struct trawl_hash fingerprint);

/* The entry, new with state FREE (the caller sets another) if it was not there. */
struct trawl_known_entry *trawl_known_add(struct trawl_known *known, struct trawl_hash fingerprint);

#endif
