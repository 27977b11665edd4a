/* Opening and closing a store. */
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "store/store_priv.h"
#include "util/alloc.h"
#include "util/fs.h"

/* --- the lock ------------------------------------------------------------------------------------ */

static int lock_taken(int fd, const char *folder, struct trawl_err *err)
{
    char owner[32] = "";
    ssize_t len = pread(fd, owner, sizeof(owner) - 1, 0);

    if (len <= 0)
        return trawl_err_set(err, -EBUSY, folder, "another Trawl uses this data folder");
    owner[strcspn(owner, "\n")] = '\0';
    return trawl_err_set(err, -EBUSY, folder, "another Trawl (process %s) uses this data folder",
                         owner);
}

/* One supervisor for each folder. The kernel lets go of the lock when its holder dies. */
static int lock_folder(const char *folder, int *ret_fd, struct trawl_err *err)
{
    TRAWL_AUTO_FREE char *path = trawl_fs_join(folder, "lock");
    char pid[32];
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    int len;
    int r;

    if (fd < 0)
        return trawl_err_set(err, -errno, path, "the data folder cannot be written: %s",
                             strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        r = errno == EWOULDBLOCK
                ? lock_taken(fd, folder, err)
                : trawl_err_set(err, -errno, path, "the data folder cannot be locked: %s",
                                strerror(errno));
        close(fd);
        return r;
    }
    len = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) < 0 || pwrite(fd, pid, (size_t)len, 0) != len) {
        r = trawl_err_set(err, -errno, path, "the data folder cannot be written: %s",
                          strerror(errno));
        close(fd);
        return r;
    }
    *ret_fd = fd;
    return 0;
}

/* --- runs that a dead supervisor left ------------------------------------------------------------- */

static bool is_active(enum trawl_phase phase)
{
    return !trawl_phase_is_end(phase) && phase != TRAWL_PHASE_INTERRUPTED;
}

static int interrupt_run(struct trawl_journal *journal, int64_t run_id)
{
    struct trawl_run_state *run;
    int r = trawl__journal_run(journal, run_id, &run);

    for (unsigned i = 0; r == 0 && i < run->platform_count; i++) {
        if (is_active(run->platforms[i].phase))
            r = trawl__journal_phase(journal, run, &run->platforms[i], TRAWL_PHASE_INTERRUPTED,
                                     "the server stopped before the end");
    }
    return r;
}

static int interrupt_runs(struct trawl_journal *journal)
{
    sqlite3_stmt *left = NULL;
    int r = trawl__db_prepare(
        journal->db,
        "SELECT id FROM runs WHERE phase IN ('queued','starting','scraping','storing') ORDER BY id",
        &left);
    int code = SQLITE_DONE;

    while (r == 0 && (code = sqlite3_step(left)) == SQLITE_ROW)
        r = interrupt_run(journal, sqlite3_column_int64(left, 0));
    sqlite3_finalize(left);
    return r < 0 ? r : trawl__db_errno(code);
}

static int mark_interrupted(struct trawl_journal *journal, const char *folder,
                            struct trawl_err *err)
{
    int r = trawl__db_exec(journal->db, "BEGIN");

    if (r == 0)
        r = interrupt_runs(journal);
    if (r == 0)
        r = trawl__journal_save(journal);
    if (r == 0)
        r = trawl__journal_commit(journal);
    if (r < 0)
        trawl_err_set(err, r, folder, "the database cannot be written: %s",
                      sqlite3_errmsg(journal->db));
    trawl__journal_reset(journal);
    return r;
}

int trawl_store_interrupted_runs(struct trawl_store *store, int64_t **ret_ids, size_t *ret_count)
{
    sqlite3_stmt *rows = NULL;
    int64_t *ids = NULL;
    size_t count = 0;
    int code;
    int r = trawl__db_prepare(store->db,
                              "SELECT id FROM runs WHERE phase = 'interrupted' ORDER BY id", &rows);

    if (r < 0)
        return r;
    while ((code = sqlite3_step(rows)) == SQLITE_ROW) {
        ids = trawl_xrealloc(ids, (count + 1) * sizeof(*ids));
        ids[count++] = sqlite3_column_int64(rows, 0);
    }
    sqlite3_finalize(rows);
    r = trawl__db_errno(code);
    if (r < 0) {
        free(ids);
        return r;
    }
    *ret_ids = ids;
    *ret_count = count;
    return 0;
}

/* --- opening and closing ------------------------------------------------------------------------- */

static int open_database(struct trawl_store *store, const struct trawl_store_options *options,
                         struct trawl_err *err)
{
    int r = lock_folder(options->folder, &store->lock_fd, err);

    if (r == 0)
        r = trawl__db_open(options->folder, options->durable, &store->db, err);
    if (r < 0)
        return r;
    r = trawl__journal_init(&store->journal, store->db);
    if (r < 0)
        return trawl_err_set(err, r, options->folder,
                             "the database has another shape than its version says: %s",
                             sqlite3_errmsg(store->db));
    store->epoch = store->journal.epoch;
    r = mark_interrupted(&store->journal, options->folder, err);
    store->head = store->journal.head;
    return r;
}

int trawl_store_open(const struct trawl_store_options *options, struct trawl_store **ret_store,
                     struct trawl_err *err)
{
    struct trawl_store *store;
    int r = trawl_fs_make_folder(options->folder);

    if (r < 0)
        return trawl_err_set(err, r, options->folder, "the data folder cannot be made: %s",
                             strerror(-r));
    store = TRAWL_NEW(struct trawl_store);
    store->lock_fd = -1;
    store->queue_end = &store->queue;
    store->finished_end = &store->finished;
    store->gather_ms = options->gather_ms;
    store->folder = trawl_xstrdup(options->folder);
    uv_mutex_init(&store->mutex);
    uv_cond_init(&store->cond);
    r = open_database(store, options, err);
    if (r < 0) {
        trawl__store_destroy(store);
        return r;
    }
    *ret_store = store;
    return 0;
}

void trawl__store_destroy(struct trawl_store *store)
{
    if (store->journal.db)
        trawl__journal_finish(&store->journal);
    for (unsigned i = 0; i < TRAWL_LANES; i++)
        trawl_reader_close(store->lanes[i].reader);
    sqlite3_close(store->db); /* the last connection empties the log into the database */
    if (store->lock_fd >= 0)
        close(store->lock_fd);
    uv_cond_destroy(&store->cond);
    uv_mutex_destroy(&store->mutex);
    free(store->stalled);
    free(store->folder);
    free(store);
}

uint32_t trawl_store_epoch(const struct trawl_store *store)
{
    return store->epoch;
}

uint64_t trawl_store_head(const struct trawl_store *store)
{
    return store->head;
}

int trawl_store_start(struct trawl_store *store, uv_loop_t *loop, trawl_store_on_events *on_events,
                      trawl_store_on_stalled *on_stalled, void *user)
{
    int r = uv_async_init(loop, &store->async, trawl__store_on_async);

    if (r < 0)
        return r;
    store->async.data = store;
    store->loop = loop;
    store->on_events = on_events;
    store->on_stalled = on_stalled;
    store->user = user;
    r = uv_thread_create(&store->thread, trawl__store_writer, store);
    if (r < 0) {
        uv_close((uv_handle_t *)&store->async, NULL);
        return r;
    }
    store->started = true;
    return 0;
}

void trawl_store_close(struct trawl_store *store, void (*on_closed)(void *user), void *user)
{
    if (!store->started) {
        trawl__store_destroy(store);
        if (on_closed)
            on_closed(user);
        return;
    }
    store->on_closed = on_closed;
    store->closed_user = user;
    uv_mutex_lock(&store->mutex);
    store->closing = true;
    uv_cond_signal(&store->cond);
    uv_mutex_unlock(&store->mutex);
}
