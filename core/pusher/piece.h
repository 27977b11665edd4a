/* A piece of the journal, as messages: read on a thread, those that the filter takes. What is missing before the first event has
 * been dropped, and is told by a message `gap` at the begin, which has the id of the last event that is lost.
 *
 * A piece is {0} when there is none; from trawl_piece_read() until `done` only the thread may look at it and at its journal.
 */
#ifndef TRAWL_PUSHER_PIECE_H
#define TRAWL_PUSHER_PIECE_H

#include <uv.h>

#include "pusher/filter.h"
#include "store/reader.h"
#include "trawl/transport.h"
#include "util/buf.h"

/* Events that are read at once, and bytes of one call of push(). */
#define TRAWL_PIECE_EVENTS 500
#define TRAWL_PIECE_BYTES  (16u << 20)

/* Where pieces are read from. */
struct trawl_piece_journal {
    const char *chain; /* that they are for */
    char *folder;      /* the store's */
    uint32_t epoch;
    struct trawl_reader *reader; /* NULL: opened by the first piece */
    struct trawl_filter filter;
};

struct trawl_piece {
    uv_work_t work;
    struct trawl_piece_journal *journal; /* NULL: there is none */
    uint64_t since;
    uint64_t until;
    void (*done)(struct trawl_piece *piece); /* on the loop's thread */
    int status;
    struct trawl_err err;

    struct trawl_buf text; /* of all messages */
    struct trawl_message *messages;
    uint64_t *seqs; /* of each */
    char (*ids)[TRAWL_EVENT_ID_SIZE];
    size_t count;
    uint64_t through; /* the last event that was looked at */
    uint64_t lost;    /* events before the first, that are there no more */
    uint64_t events;  /* that were read, taken or not */
};

/* Read what comes after `since`, and no further than `until`; done() follows, with `status` and what was read. */
void trawl_piece_read(uv_loop_t *loop, struct trawl_piece *piece,
                      struct trawl_piece_journal *journal, uint64_t since, uint64_t until,
                      void (*done)(struct trawl_piece *piece));

void trawl_piece_clear(struct trawl_piece *piece);

#endif
