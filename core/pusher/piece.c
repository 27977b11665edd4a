#include "pusher/piece.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"
#include "util/clock.h"
#include "util/json.h"

static void make_room(struct trawl_piece *piece, size_t count)
{
    trawl_buf_init(&piece->text, TRAWL_PIECE_BYTES);
    piece->messages = trawl_xalloc(count * sizeof(*piece->messages));
    piece->seqs = trawl_xalloc(count * sizeof(*piece->seqs));
    piece->ids = trawl_xalloc(count * sizeof(*piece->ids));
}

/* The text at `begin` becomes a message; its place is filled in when all are there, since the text may still move. */
static void add(struct trawl_piece *piece, const char *type, const char *id, uint64_t seq,
                size_t begin)
{
    struct trawl_message *message = &piece->messages[piece->count];

    *message = (struct trawl_message){
        .size = sizeof(*message),
        .type = type,
        .id = piece->ids[piece->count],
        .json = (const char *)(uintptr_t)begin,
        .json_len = piece->text.len - begin,
    };
    snprintf(piece->ids[piece->count], sizeof(piece->ids[0]), "%s", id);
    piece->seqs[piece->count++] = seq;
}

/* It stands for the events that are lost, at the place of the last of them. */
static void add_gap(struct trawl_piece *piece)
{
    const struct trawl_piece_journal *journal = piece->journal;
    uint64_t seq = piece->since + piece->lost;
    json_auto_t *message = NULL;
    TRAWL_AUTO_FREE char *text = NULL;
    char id[TRAWL_EVENT_ID_SIZE];
    char stamp[TRAWL_TIMESTAMP_SIZE];

    trawl_event_id(id, journal->epoch, seq);
    trawl_timestamp(stamp, trawl_now_ms());
    message = json_pack("{s:s, s:s, s:s, s:{s:s, s:I}}", "id", id, "type", "gap", "timestamp",
                        stamp, "data", "chain", journal->chain, "lost", (json_int_t)piece->lost);
    text = trawl_json_text(message, TRAWL_JSON_COMPACT);
    (void)trawl_buf_append(&piece->text, text, strlen(text) + 1);
    add(piece, "gap", id, seq, 0);
    piece->messages[0].json_len--;
}

/* 0, or -EFBIG: the piece has no room for it, the next one begins with it. */
static int add_event(struct trawl_piece *piece, const struct trawl_event *event)
{
    char id[TRAWL_EVENT_ID_SIZE];
    struct trawl_buf text;
    size_t begin = piece->text.len;
    int r;

    trawl_buf_init(&text, TRAWL_PIECE_BYTES);
    r = trawl_event_write(event, piece->journal->epoch, &text);
    if (r == 0)
        r = trawl_buf_append(&text, "", 1);
    if (r == 0 && begin + text.len > TRAWL_PIECE_BYTES && piece->count > 0)
        r = -EFBIG;
    if (r == 0)
        r = trawl_buf_append(&piece->text, text.data, text.len);
    trawl_buf_finish(&text);
    if (r < 0)
        return r;
    trawl_event_id(id, piece->journal->epoch, event->seq);
    add(piece, trawl_event_type_name(event->type), id, event->seq, begin);
    piece->messages[piece->count - 1].json_len--;
    return 0;
}

static void settle(struct trawl_piece *piece)
{
    for (size_t i = 0; i < piece->count; i++)
        piece->messages[i].json = piece->text.data + (uintptr_t)piece->messages[i].json;
}

static int read_events(struct trawl_piece *piece, struct trawl_reader *reader)
{
    const struct trawl_event_filter all = {.topics = TRAWL_TOPIC_PROGRESS | TRAWL_TOPIC_ITEMS |
                                                     TRAWL_TOPIC_LOGS};
    struct trawl_event *events = NULL;
    size_t count = 0;
    int r = trawl_reader_events(reader, &all, piece->since, piece->until, TRAWL_PIECE_EVENTS,
                                &events, &count, &piece->err);

    if (r < 0)
        return r;
    /* Seen by what is there, so that nothing can be dropped between two looks: the journal has no holes but at its begin. */
    piece->lost = (count > 0 ? events[0].seq - 1 : piece->until) - piece->since;
    if (piece->lost > 0)
        add_gap(piece);
    piece->through = piece->since + piece->lost;
    for (size_t i = 0; r == 0 && i < count; i++) {
        if (trawl_filter_takes(&piece->journal->filter, &events[i]))
            r = add_event(piece, &events[i]);
        if (r == 0)
            piece->through = events[i].seq;
    }
    if (r == 0 && count < TRAWL_PIECE_EVENTS)
        piece->through = piece->until;
    piece->events = count;
    trawl_reader_events_free(events, count);
    return r == -EFBIG && piece->count > 0 ? 0 : r;
}

static int read_piece(struct trawl_piece *piece)
{
    struct trawl_reader **reader = &piece->journal->reader;
    int r = 0;

    if (!*reader)
        r = trawl_reader_open(piece->journal->folder, reader, &piece->err);
    if (r < 0)
        return r;
    make_room(piece, TRAWL_PIECE_EVENTS + 1);
    r = read_events(piece, *reader);
    settle(piece);
    return r;
}

static void on_work(uv_work_t *work)
{
    struct trawl_piece *piece = TRAWL_CONTAINER_OF(work, struct trawl_piece, work);

    piece->status = read_piece(piece);
}

static void on_work_done(uv_work_t *work, int status)
{
    struct trawl_piece *piece = TRAWL_CONTAINER_OF(work, struct trawl_piece, work);

    if (status < 0)
        piece->status = status;
    piece->done(piece);
}

void trawl_piece_read(uv_loop_t *loop, struct trawl_piece *piece,
                      struct trawl_piece_journal *journal, uint64_t since, uint64_t until,
                      void (*done)(struct trawl_piece *piece))
{
    *piece = (struct trawl_piece){
        .journal = journal,
        .since = since,
        .until = until,
        .done = done,
    };
    uv_queue_work(loop, &piece->work, on_work, on_work_done);
}

void trawl_piece_clear(struct trawl_piece *piece)
{
    trawl_buf_finish(&piece->text);
    free(piece->messages);
    free(piece->seqs);
    free(piece->ids);
    *piece = (struct trawl_piece){0};
}
