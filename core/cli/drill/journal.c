#include "cli/drill/journal.h"

#include "store/reader.h"
#include "trawl/transport.h"
#include "util/alloc.h"

#define PIECE 1000

int drill_journal_head(const char *folder, uint64_t *ret_head, struct trawl_err *err)
{
    struct trawl_reader *reader = NULL;
    uint64_t tail;
    int r = trawl_reader_open(folder, &reader, err);

    if (r == 0)
        r = trawl_reader_bounds(reader, &tail, ret_head, err);
    trawl_reader_close(reader);
    return r;
}

/* The next places of the run behind the last one, at most PIECE. The result is how many, or negative. */
static int read_piece(struct trawl_reader *reader, int64_t run_id, uint64_t since,
                      uint64_t places[PIECE], struct trawl_err *err)
{
    const struct trawl_event_filter filter = {
        .topics = TRAWL_TOPIC_PROGRESS | TRAWL_TOPIC_ITEMS | TRAWL_TOPIC_LOGS,
        .run_id = run_id,
    };
    struct trawl_event *events = NULL;
    size_t count = 0;
    int r = trawl_reader_events(reader, &filter, since, UINT64_MAX, PIECE, &events, &count, err);

    if (r < 0)
        return r;
    for (size_t i = 0; i < count; i++)
        places[i] = events[i].seq;
    trawl_reader_events_free(events, count);
    return (int)count;
}

static int read_places(struct trawl_reader *reader, int64_t run_id, uint64_t since,
                       uint64_t **ret_places, size_t *ret_count, struct trawl_err *err)
{
    uint64_t *places = NULL;
    size_t count = 0;
    int got = PIECE;

    while (got == PIECE) {
        places = trawl_xrealloc(places, (count + PIECE) * sizeof(*places));
        got =
            read_piece(reader, run_id, count > 0 ? places[count - 1] : since, places + count, err);
        if (got > 0)
            count += (size_t)got;
    }
    if (got < 0) {
        free(places);
        return got;
    }
    *ret_places = places;
    *ret_count = count;
    return 0;
}

int drill_journal_read(const char *folder, int64_t run_id, uint64_t since, uint64_t **ret_places,
                       size_t *ret_count, struct trawl_err *err)
{
    struct trawl_reader *reader = NULL;
    int r = trawl_reader_open(folder, &reader, err);

    if (r == 0)
        r = read_places(reader, run_id, since, ret_places, ret_count, err);
    trawl_reader_close(reader);
    return r;
}

int drill_journal_end(const char *folder, int64_t run_id, uint64_t *ret_last, struct trawl_err *err)
{
    struct trawl_reader *reader = NULL;
    uint64_t before;
    int r = trawl_reader_open(folder, &reader, err);

    if (r == 0)
        r = trawl_reader_run_span(reader, run_id, &before, ret_last, err);
    trawl_reader_close(reader);
    return r;
}
