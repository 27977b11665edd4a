/* Bytes that wait to be written to a peer: a list of pieces, small ones joined, large ones kept as they came. */
#ifndef TRAWL_IPC_QUEUE_H
#define TRAWL_IPC_QUEUE_H

#include <stddef.h>
#include <uv.h>

struct trawl__piece {
    struct trawl__piece *next;
    char *data;
    size_t len;
    size_t cap; /* 0: nothing is added to it any more */
};

struct trawl__queue {
    struct trawl__piece *first;
    struct trawl__piece *last;
    size_t bytes;
};

/* Add a copy. */
void trawl__queue_copy(struct trawl__queue *queue, const void *bytes, size_t len);

/* Add memory from malloc(), which the queue frees; its first `skip` bytes have left already. */
void trawl__queue_take(struct trawl__queue *queue, char *data, size_t len, size_t skip);

/* The first pieces as buffers, at most `max`, to be written and then dropped; their count. */
unsigned trawl__queue_bufs(struct trawl__queue *queue, uv_buf_t *bufs, unsigned max);

/* Drop the first `count` pieces. */
void trawl__queue_drop(struct trawl__queue *queue, unsigned count);

void trawl__queue_finish(struct trawl__queue *queue);

#endif
