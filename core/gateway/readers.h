/* Reading the store off the loop: jobs wait for one of a few readers and run in libuv's thread pool. */
#ifndef TRAWL_GATEWAY_READERS_H
#define TRAWL_GATEWAY_READERS_H

#include <uv.h>

#include "store/reader.h"

/* Connections to the database; as many jobs run at once, as libuv has threads by default. */
#define READERS_MAX 4
/* Jobs that may wait, some hundred bytes each; beyond it callers are refused. More than clients that all come at once. */
#define READERS_QUEUE_MAX 65536

struct readers;

struct read_job {
    struct read_job *next;
    uv_work_t work;
    struct readers *readers;
    unsigned slot;
    bool begun;            /* a thread may have it */
    int status;            /* what `run` returned */
    struct trawl_err *err; /* room of the caller's for why, or NULL */

    /* In a thread: must touch nothing but the job. */
    int (*run)(struct read_job *job, struct trawl_reader *reader);
    /* On the loop, once, also when no reader could be opened (status -EIO). Owns the job from then on. */
    void (*done)(struct read_job *job);
};

struct readers *readers_create(uv_loop_t *loop, const char *folder);

/* Call when no job is under way any more (the loop has ended). */
void readers_destroy(struct readers *readers);

/* 0, or -EBUSY: too many wait, nothing was taken. */
int readers_submit(struct readers *readers, struct read_job *job);

#endif
