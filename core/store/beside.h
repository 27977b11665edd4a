/* Reading the store beside its writer, on libuv's threads: it waits for no commit, and the loop does not wait for it. */
#ifndef TRAWL_STORE_BESIDE_H
#define TRAWL_STORE_BESIDE_H

#include "store/reader.h"
#include "store/store.h"

/* A lane has one connection and reads one thing at a time, in the order in which they came. So what takes seconds holds up only
 * its own kind, and of libuv's four threads one is always left to others. */
enum trawl_lane {
    TRAWL_LANE_SHORT, /* hundreds of times a second, and somebody waits for each */
    TRAWL_LANE_FRONTIER,
    TRAWL_LANE_FIGURES, /* the longest, and nobody is in a hurry */
    TRAWL_LANES,
};

/* Embedded in what it needs, which must stay until `done`. */
struct trawl_store_read {
    struct trawl_store_read *next;
    struct trawl_store *store; /* set by the call */
    enum trawl_lane lane;
    int status;            /* what `run` returned, or that no reader could be opened */
    struct trawl_err *err; /* room for why not, or NULL */

    int (*run)(struct trawl_store_read *read, struct trawl_reader *reader); /* on a thread */
    void (*done)(
        struct trawl_store_read *read); /* on the loop, once; `read` is then the caller's */
};

/* The store is not closed before it is done. */
void trawl_store_read(struct trawl_store *store, struct trawl_store_read *read);

#endif
