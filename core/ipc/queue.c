#include "ipc/queue.h"

#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"

/* Small frames are joined in pieces of this size: large enough that one write takes hundreds of them. */
#define PIECE_BYTES (64u << 10)

static void queue_append(struct trawl__queue *queue, struct trawl__piece *piece)
{
    if (queue->last)
        queue->last->next = piece;
    else
        queue->first = piece;
    queue->last = piece;
    queue->bytes += piece->len;
}

void trawl__queue_copy(struct trawl__queue *queue, const void *bytes, size_t len)
{
    struct trawl__piece *piece = queue->last;

    if (len == 0)
        return;
    if (piece && piece->cap > 0 && piece->cap - piece->len >= len) {
        memcpy(piece->data + piece->len, bytes, len);
        piece->len += len;
        queue->bytes += len;
        return;
    }
    piece = TRAWL_NEW(struct trawl__piece);
    piece->cap = len < PIECE_BYTES ? PIECE_BYTES : len;
    piece->data = trawl_xrealloc(NULL, piece->cap);
    memcpy(piece->data, bytes, len);
    piece->len = len;
    queue_append(queue, piece);
}

void trawl__queue_take(struct trawl__queue *queue, char *data, size_t len, size_t skip)
{
    struct trawl__piece *piece;

    /* Moving the little that is left is cheaper than to keep a second offset for each piece. */
    if (len - skip < PIECE_BYTES / 4) {
        trawl__queue_copy(queue, data + skip, len - skip);
        free(data);
        return;
    }
    if (skip > 0)
        memmove(data, data + skip, len - skip);
    piece = TRAWL_NEW(struct trawl__piece);
    piece->data = data;
    piece->len = len - skip;
    queue_append(queue, piece);
}

unsigned trawl__queue_bufs(struct trawl__queue *queue, uv_buf_t *bufs, unsigned max)
{
    unsigned count = 0;

    for (struct trawl__piece *piece = queue->first; piece && count < max; piece = piece->next) {
        /* Bytes added behind a write that is under way would be dropped with it. */
        piece->cap = 0;
        bufs[count++] = uv_buf_init(piece->data, (unsigned)piece->len);
    }
    return count;
}

void trawl__queue_drop(struct trawl__queue *queue, unsigned count)
{
    for (unsigned i = 0; i < count && queue->first; i++) {
        struct trawl__piece *piece = queue->first;

        queue->first = piece->next;
        queue->bytes -= piece->len;
        free(piece->data);
        free(piece);
    }
    if (!queue->first)
        queue->last = NULL;
}

void trawl__queue_finish(struct trawl__queue *queue)
{
    while (queue->first)
        trawl__queue_drop(queue, 1);
}
