/* The store's queue of operations, and the thread that writes them. */
#ifndef TRAWL_STORE_STORE_PRIV_H
#define TRAWL_STORE_STORE_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "store/beside.h"
#include "store/state.h"
#include "store/store.h"

/* One call. Embedded in what it needs; made on the loop's thread, applied on the writer's, finished on the loop's. */
struct trawl_store_op {
    struct trawl_store_op *next;
    size_t bytes; /* that it holds, roughly */
    int status;   /* what its callback gets */

    /* Within a transaction. An error of the database is returned, and all of the transaction is tried again later; what the
     * caller did wrong goes to `status`, and must be found before the first write. */
    int (*apply)(struct trawl_journal *journal, struct trawl_store_op *op);
    void (*done)(struct trawl_store_op *op); /* calls back; then the op is released */
    void (*release)(struct trawl_store_op *op);
};

/* An item of a page whose validators are kept, as it stands in validators.items. */
struct trawl_kept_item {
    int64_t id;
    struct trawl_hash hash;
};

/* Of the loop's thread, but for the reader. */
struct trawl_store_lane {
    uv_work_t work;
    struct trawl_reader *reader;    /* opened by the first read */
    struct trawl_store_read *first; /* it is under way, the others wait */
};

/* What one commit has to tell the loop. */
struct trawl_store_batch {
    struct trawl_store_batch *next;
    struct trawl_store_op *ops;
    struct trawl_event *events;
    size_t event_count;
    uint64_t head;
};

struct trawl_store {
    /* Of the loop's thread. */
    uv_loop_t *loop;
    uv_async_t async;
    uv_thread_t thread;
    bool started;
    uint64_t head;
    bool told_stalled;
    uint64_t dropped_logs;
    struct trawl_store_lane lanes[TRAWL_LANES];
    unsigned reading; /* in all of them */
    trawl_store_on_events *on_events;
    trawl_store_on_stalled *on_stalled;
    void *user;
    void (*on_closed)(void *user);
    void *closed_user;

    /* Of the writer's, once it runs. */
    sqlite3 *db;
    struct trawl_journal journal;
    uint32_t epoch; /* never changes, as */
    char *folder;
    int lock_fd;
    unsigned gather_ms;
    uint64_t gather_ns; /* no transaction begins before, unless much waits */

    uv_mutex_t mutex; /* for all below */
    uv_cond_t cond;
    struct trawl_store_op *queue;
    struct trawl_store_op **queue_end;
    size_t queue_bytes;
    struct trawl_store_batch *finished;
    struct trawl_store_batch **finished_end;
    char *stalled; /* why nothing can be written, or NULL */
    bool closing;
    bool ended;
};

/* Within a transaction: a schedule's due time is dealt with, by a run or without one. */
int trawl__schedule_fired(sqlite3 *db, const char *platform, int64_t due_ms, int64_t run_id);
int trawl__schedule_skipped(sqlite3 *db, const char *platform, int64_t due_ms, const char *why);

/* Within a transaction: it is paused, unless it is already, or there is none. */
int trawl__schedule_paused(sqlite3 *db, const char *platform, int64_t now_ms, const char *reason);

/* Within a transaction: drop a piece of the runs that ended longer ago than `keep_ms`. 0: none; but what was begun is done. */
int trawl__prune_runs(sqlite3 *db, int64_t keep_ms, bool *ret_more);

/* A column's text and a NUL, appended to `room`. As that may move, *ret_text has an offset for its pointer, until all are there:
 * then each is made to point. 0 or -EFBIG. */
int trawl__text_put(struct trawl_buf *room, sqlite3_stmt *row, int column,
                    struct trawl_str *ret_text);
void trawl__text_point(const struct trawl_buf *room, struct trawl_str *text);

/* Queue an operation, which the store then owns. */
void trawl__store_push(struct trawl_store *store, struct trawl_store_op *op);

/* Bytes that wait to be written. */
size_t trawl__store_queued(struct trawl_store *store);

/* Commit what is queued on the writer's thread, until the store closes. */
void trawl__store_writer(void *store);

/* On the loop's thread: tell what was committed. */
void trawl__store_on_async(uv_async_t *async);

/* Free everything; the writer has ended. */
void trawl__store_destroy(struct trawl_store *store);

#endif
