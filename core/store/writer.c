/* The writer thread: many operations in one transaction, and the way back to the loop. */
#include <errno.h>
#include <stdlib.h>

#include "store/store_priv.h"
#include "util/alloc.h"

/* The most of one transaction. */
#define BATCH_OPS_MAX   2000
#define BATCH_BYTES_MAX ((size_t)32 << 20)

/* So much is committed without waiting for more. */
#define GATHER_BYTES ((size_t)2 << 20)

#define RETRY_NS ((uint64_t)1000000000)

/* --- the queue ----------------------------------------------------------------------------------- */

void trawl__store_push(struct trawl_store *store, struct trawl_store_op *op)
{
    uv_mutex_lock(&store->mutex);
    if (!store->closing) {
        bool tell = !store->queue || store->queue_bytes >= GATHER_BYTES;

        *store->queue_end = op;
        store->queue_end = &op->next;
        store->queue_bytes += op->bytes;
        if (tell)
            uv_cond_signal(&store->cond);
        op = NULL;
    }
    uv_mutex_unlock(&store->mutex);
    if (!op)
        return;
    op->status = -ECANCELED;
    op->done(op);
    op->release(op);
}

size_t trawl__store_queued(struct trawl_store *store)
{
    size_t bytes;

    uv_mutex_lock(&store->mutex);
    bytes = store->queue_bytes;
    uv_mutex_unlock(&store->mutex);
    return bytes;
}

/* With the mutex held: wait for the first operation, and for those that come soon after it. */
static void gather(struct trawl_store *store)
{
    uint64_t now_ns;

    while (!store->queue && !store->closing)
        uv_cond_wait(&store->cond, &store->mutex);
    while (!store->closing && store->queue_bytes < GATHER_BYTES &&
           (now_ns = uv_hrtime()) < store->gather_ns)
        uv_cond_timedwait(&store->cond, &store->mutex, store->gather_ns - now_ns);
    store->gather_ns = uv_hrtime() + (uint64_t)store->gather_ms * 1000000;
}

/* Detach the operations of the next transaction, waiting for the first. NULL: the store closes. */
static struct trawl_store_op *take(struct trawl_store *store)
{
    struct trawl_store_op *first;
    struct trawl_store_op **end;
    size_t bytes = 0;

    uv_mutex_lock(&store->mutex);
    gather(store);
    first = store->queue;
    end = &first;
    for (size_t i = 0; *end && i < BATCH_OPS_MAX && bytes < BATCH_BYTES_MAX; i++) {
        bytes += (*end)->bytes;
        end = &(*end)->next;
    }
    store->queue_bytes -= bytes;
    store->queue = *end;
    if (!store->queue)
        store->queue_end = &store->queue;
    *end = NULL;
    uv_mutex_unlock(&store->mutex);
    return first;
}

/* --- transactions -------------------------------------------------------------------------------- */

static int try_commit(struct trawl_store *store, struct trawl_store_op *ops)
{
    int r = trawl__db_exec(store->db, "BEGIN");

    for (struct trawl_store_op *op = ops; r == 0 && op; op = op->next) {
        op->status = 0;
        r = op->apply(&store->journal, op);
    }
    if (r == 0)
        r = trawl__journal_save(&store->journal);
    if (r == 0)
        r = trawl__journal_commit(&store->journal);
    return r;
}

static void set_stalled(struct trawl_store *store, char *reason)
{
    uv_mutex_lock(&store->mutex);
    free(store->stalled);
    store->stalled = reason;
    uv_mutex_unlock(&store->mutex);
}

/* Wait a second, or until the store closes. False: it was closing already, there is no more waiting. */
static bool wait_to_retry(struct trawl_store *store)
{
    uint64_t until = uv_hrtime() + RETRY_NS;
    bool closing;

    uv_mutex_lock(&store->mutex);
    closing = store->closing;
    while (!store->closing && uv_hrtime() < until)
        uv_cond_timedwait(&store->cond, &store->mutex, until - uv_hrtime());
    uv_mutex_unlock(&store->mutex);
    return !closing;
}

static void roll_back(struct trawl_store *store)
{
    trawl__db_exec(store->db, "ROLLBACK");
    trawl__journal_reset(&store->journal);
}

/* Commit, however long it takes; only a store that closes gives up, and each operation is told. */
static void commit(struct trawl_store *store, struct trawl_store_op *ops)
{
    bool was_stalled = false;
    int r;

    while ((r = try_commit(store, ops)) < 0) {
        char *reason =
            trawl_xasprintf("the database cannot be written: %s", sqlite3_errmsg(store->db));

        roll_back(store);
        set_stalled(store, reason);
        uv_async_send(&store->async);
        was_stalled = true;
        if (!wait_to_retry(store))
            break;
    }
    for (struct trawl_store_op *op = ops; r < 0 && op; op = op->next)
        op->status = r;
    if (r == 0 && was_stalled)
        set_stalled(store, NULL);
}

static void finish(struct trawl_store *store, struct trawl_store_op *ops)
{
    struct trawl_store_batch *batch = TRAWL_NEW(struct trawl_store_batch);
    struct trawl_journal *journal = &store->journal;

    *batch = (struct trawl_store_batch){.ops = ops,
                                        .events = journal->events,
                                        .event_count = journal->event_count,
                                        .head = journal->head};
    journal->events = NULL;
    journal->event_count = 0;
    journal->event_cap = 0;
    uv_mutex_lock(&store->mutex);
    *store->finished_end = batch;
    store->finished_end = &batch->next;
    uv_mutex_unlock(&store->mutex);
    uv_async_send(&store->async);
}

void trawl__store_writer(void *user)
{
    struct trawl_store *store = user;
    struct trawl_store_op *ops;

    while ((ops = take(store))) {
        commit(store, ops);
        finish(store, ops);
    }
    uv_mutex_lock(&store->mutex);
    store->ended = true;
    uv_mutex_unlock(&store->mutex);
    uv_async_send(&store->async);
}

/* --- on the loop --------------------------------------------------------------------------------- */

static void deliver(struct trawl_store *store, struct trawl_store_batch *batch)
{
    struct trawl_store_op *next;

    store->head = batch->head;
    if (batch->event_count > 0)
        store->on_events(store->user, batch->events, batch->event_count);
    for (struct trawl_store_op *op = batch->ops; op; op = next) {
        next = op->next;
        op->done(op);
        op->release(op);
    }
    trawl__events_free(batch->events, batch->event_count);
    free(batch);
}

static void on_async_closed(uv_handle_t *handle)
{
    struct trawl_store *store = handle->data;
    void (*on_closed)(void *user) = store->on_closed;
    void *user = store->closed_user;

    trawl__store_destroy(store);
    if (on_closed)
        on_closed(user);
}

void trawl__store_on_async(uv_async_t *async)
{
    struct trawl_store *store = async->data;
    TRAWL_AUTO_FREE char *stalled = NULL;
    struct trawl_store_batch *batch;
    struct trawl_store_batch *next;
    bool ended;

    uv_mutex_lock(&store->mutex);
    stalled = trawl_xstrdup(store->stalled);
    batch = store->finished;
    store->finished = NULL;
    store->finished_end = &store->finished;
    ended = store->ended;
    uv_mutex_unlock(&store->mutex);

    if (store->told_stalled != (stalled != NULL)) {
        store->told_stalled = stalled != NULL;
        store->on_stalled(store->user, stalled);
    }
    for (; batch; batch = next) {
        next = batch->next;
        deliver(store, batch);
    }
    if (ended && store->reading == 0 && !uv_is_closing((uv_handle_t *)async)) {
        uv_thread_join(&store->thread);
        uv_close((uv_handle_t *)async, on_async_closed);
    }
}
