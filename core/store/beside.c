#include "store/beside.h"

#include "store/store_priv.h"
#include "util/alloc.h"

static void lane_run(uv_work_t *work)
{
    struct trawl_store_lane *lane = TRAWL_CONTAINER_OF(work, struct trawl_store_lane, work);
    struct trawl_store_read *read = lane->first;
    int r = 0;

    if (!lane->reader)
        r = trawl_reader_open(read->store->folder, &lane->reader, read->err);
    read->status = r < 0 ? r : read->run(read, lane->reader);
}

static void lane_done(uv_work_t *work, int status)
{
    struct trawl_store_lane *lane = TRAWL_CONTAINER_OF(work, struct trawl_store_lane, work);
    struct trawl_store_read *read = lane->first;
    struct trawl_store *store = read->store;

    (void)status; /* nobody cancels it */
    lane->first = read->next;
    if (lane->first)
        uv_queue_work(store->loop, work, lane_run, lane_done);
    read->done(read);
    if (--store->reading == 0 && store->closing)
        uv_async_send(&store->async); /* it waits for this */
}

void trawl_store_read(struct trawl_store *store, struct trawl_store_read *read)
{
    struct trawl_store_lane *lane = &store->lanes[read->lane];
    struct trawl_store_read **end = &lane->first;

    while (*end)
        end = &(*end)->next;
    *end = read;
    read->next = NULL;
    read->store = store;
    store->reading++;
    if (lane->first == read)
        uv_queue_work(store->loop, &lane->work, lane_run, lane_done);
}
