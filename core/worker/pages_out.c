#include <stdlib.h>

#include "ipc/messages.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "worker/worker_priv.h"

static size_t unacked(const struct trawl_worker *worker)
{
    return (size_t)(worker->serial - worker->acked);
}

bool trawl__pages_may_send(const struct trawl_worker *worker)
{
    return unacked(worker) < TRAWL_UNACKED_PAGES_MAX &&
           worker->unacked_bytes < TRAWL_UNACKED_BYTES_MAX;
}

bool trawl__pages_all_acked(const struct trawl_worker *worker)
{
    return worker->serial == worker->acked;
}

static uint32_t *size_of(struct trawl_worker *worker, uint64_t serial)
{
    return &worker->sizes[serial % TRAWL_ARRAY_SIZE(worker->sizes)];
}

void trawl__pages_send_as_is(struct trawl_worker *worker, struct trawl_page *page)
{
    struct trawl_buf buf;
    int r;

    page->serial = ++worker->serial;
    page->lease = worker->lease;
    page->remembers = worker->validate.on;
    trawl_buf_init(&buf, TRAWL_FRAME_MAX);
    r = trawl_page_encode(page, &buf);
    if (r < 0) {
        /* An emission is smaller than a frame by construction, so this is memory, and nobody can go on without. */
        trawl_error(&worker->log, "page cannot be sent, leaving: %s", uv_strerror(r));
        abort();
    }
    *size_of(worker, page->serial) = (uint32_t)buf.len;
    worker->unacked_bytes += buf.len;
    /* A channel that has ended says so by itself. */
    trawl_channel_send_buf(worker->channel, TRAWL_MSG_PAGE, &buf);
    trawl_buf_finish(&buf);
}

void trawl__pages_send(struct trawl_worker *worker, struct trawl_page *page)
{
    struct trawl_emission *emission = &worker->job.emission;
    size_t kept = 0;

    for (size_t i = 0; i < emission->request_count; i++) {
        switch (trawl_frontier_add(worker->frontier, &emission->requests[i], trawl_mono_ns())) {
        case TRAWL_ADDED_NEW:
        case TRAWL_ADDED_CLOSER:
            emission->requests[kept++] = emission->requests[i];
            break;
        case TRAWL_ADDED_KNOWN:
        case TRAWL_ADDED_TOO_DEEP:
            break;
        }
    }
    page->items = emission->items;
    page->item_count = emission->item_count;
    page->requests = emission->requests;
    page->request_count = kept;
    trawl__pages_send_as_is(worker, page);
}

void trawl__pages_on_ack(struct trawl_worker *worker, uint64_t serial)
{
    if (serial > worker->serial)
        serial = worker->serial;
    while (worker->acked < serial)
        worker->unacked_bytes -= *size_of(worker, ++worker->acked);
}
