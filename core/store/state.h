/* What the writer keeps in memory of the runs that are going on, and the journal that it writes.
 *
 * All of it belongs to the writer thread. It is a cache: when a transaction has to be rolled back it is thrown away and read
 * again from the database.
 */
#ifndef TRAWL_STORE_STATE_H
#define TRAWL_STORE_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <uthash.h>

#include "ipc/page.h"
#include "journal/event.h"
#include "journal/phase.h"
#include "store/db.h"
#include "util/buf.h"

enum trawl_statement {
    STATEMENT_EVENT,
    STATEMENT_PAGE_ADD,
    STATEMENT_PAGE_GET,
    STATEMENT_PAGE_DROP,
    STATEMENT_ERROR_ADD,
    STATEMENT_ERROR_DROP,
    STATEMENT_FRONTIER_ADD,
    STATEMENT_FRONTIER_FIND,
    STATEMENT_FRONTIER_DEPTH,
    STATEMENT_FRONTIER_NEARER,
    STATEMENT_FRONTIER_DONE,
    STATEMENT_FRONTIER_RETRY,
    STATEMENT_FRONTIER_PENDING,
    STATEMENT_ITEM_FIND,
    STATEMENT_ITEM_ADD,
    STATEMENT_ITEM_UPDATE,
    STATEMENT_ITEM_GONE,
    STATEMENT_VERSION_ADD,
    STATEMENT_VERSION_REPLACE,
    STATEMENT_VERSION_DROP,
    STATEMENT_VERSION_GET,
    STATEMENT_SEEN_FIND,
    STATEMENT_SEEN_SET,
    STATEMENT_SEEN_GONE,
    STATEMENT_VALIDATORS_GET,
    STATEMENT_VALIDATORS_SET,
    STATEMENT_VALIDATORS_DROP,
    STATEMENT_VERSION_FIND,
    STATEMENT_URL_ADD,
    STATEMENT_URL_GET,
    STATEMENT_SAVE_RUN,
    STATEMENT_SAVE_PLATFORM,
    STATEMENT_COUNT,
};

struct trawl_platform_state {
    int64_t id; /* of run_platforms */
    char *name;
    char *message;
    enum trawl_phase phase;
    uint64_t pages;
    uint64_t known;
    bool has_own; /* the scraper tells its progress itself */
    uint64_t own_current;
    uint64_t own_total;
    uint64_t items;
    uint64_t new_items;
    uint64_t changed;
    uint64_t gone;
    uint64_t ok;
    uint64_t not_modified; /* of them */
    uint64_t failed;
    uint64_t excluded; /* by robots.txt */
    uint64_t bytes;
    int64_t started_ms;
    int64_t ended_ms;
    uint64_t told_ns; /* when its last progress event was written */
    bool begun;       /* start() of its scraper is committed */
    bool held;        /* progress that thinning held back */
    bool dirty;
    unsigned failure_logs;
};

struct trawl_run_state {
    int64_t id;
    enum trawl_phase phase;
    uint64_t n;
    uint64_t first_seq;
    uint64_t last_seq;
    uint64_t end_seq;
    int64_t started_ms;
    int64_t ended_ms;
    bool dirty;
    struct trawl_platform_state *platforms;
    unsigned platform_count;
    UT_hash_handle hh;
};

/* The data of one event. What goes into it was bounded by the frame that brought it. */
#define TRAWL_EVENT_DATA_MAX ((size_t)1 << 30)

struct trawl_journal {
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENT_COUNT];
    uint32_t epoch;
    uint64_t head;                /* the last seq that was given, committed or not */
    uint64_t committed;           /* the last seq that is committed */
    struct trawl_run_state *runs; /* uthash by id */
    struct trawl_event *events;   /* of the transaction under way */
    size_t event_count;
    size_t event_cap;
    struct trawl_buf data; /* scratch: the event being built */
};

int trawl__journal_init(struct trawl_journal *journal, sqlite3 *db);
void trawl__journal_finish(struct trawl_journal *journal);

/* Forget runs and events of the transaction under way, after a rollback. */
void trawl__journal_reset(struct trawl_journal *journal);

/* End the transaction, after trawl__journal_save(). */
int trawl__journal_commit(struct trawl_journal *journal);

/* Write what changed of the runs to the database, before a commit. */
int trawl__journal_save(struct trawl_journal *journal);

/* Give an event bytes of its own for its strings, in one block. */
void trawl__event_own(struct trawl_event *event);

/* Free events and their bytes. */
void trawl__events_free(struct trawl_event *events, size_t count);

/* The run, read from the database if need be. -ENOENT: there is none. */
int trawl__journal_run(struct trawl_journal *journal, int64_t run_id,
                       struct trawl_run_state **ret_run);
int trawl__journal_platform(struct trawl_journal *journal, int64_t run_id, const char *name,
                            struct trawl_run_state **ret_run,
                            struct trawl_platform_state **ret_platform);

/* Events. `platform` NULL: the whole run. */
int trawl__journal_progress(struct trawl_journal *journal, struct trawl_run_state *run,
                            struct trawl_platform_state *platform, uint8_t flags);
int trawl__journal_item(struct trawl_journal *journal, struct trawl_run_state *run,
                        struct trawl_platform_state *platform, struct trawl_str key,
                        const char *change);
int trawl__journal_log(struct trawl_journal *journal, struct trawl_run_state *run,
                       const char *platform, const char *level, const char *message);

/* Progress unless thinning holds it back. */
int trawl__journal_thinned(struct trawl_journal *journal, struct trawl_run_state *run,
                           struct trawl_platform_state *platform);

/* Change a platform's phase, and the run's with it. */
int trawl__journal_phase(struct trawl_journal *journal, struct trawl_run_state *run,
                         struct trawl_platform_state *platform, enum trawl_phase phase,
                         const char *message);

/* Commit one page. A request that is done has exactly one row in pages; one that is met again nearer to the start is pending
 * again, and its row, its error and its part in the tally are taken back. Of the page's requests those are left that were
 * not known or are nearer now. */
int trawl__journal_page(struct trawl_journal *journal, struct trawl_run_state *run,
                        struct trawl_platform_state *platform, struct trawl_page *page);

/* Give up a pending request. -ENOENT: it is not pending. */
int trawl__journal_give_up(struct trawl_journal *journal, struct trawl_run_state *run,
                           struct trawl_platform_state *platform,
                           const struct trawl_hash *fingerprint, const char *kind,
                           const char *reason);

/* Store one item of it. */
int trawl__journal_page_item(struct trawl_journal *journal, struct trawl_run_state *run,
                             struct trawl_platform_state *platform, const struct trawl_page *page,
                             const struct trawl_page_item *item, int64_t *ret_id);

/* --- validators.c -------------------------------------------------------------------------------- */

/* Give a page that was not modified the items and requests that it had last time; their texts go to `room`, which must
 * outlive it. -ESTALE: that cannot be, for what is kept of the page is no longer what the worker asked by. */
int trawl__journal_recall(struct trawl_journal *journal,
                          const struct trawl_platform_state *platform, struct trawl_page *page,
                          struct trawl_buf *room);

/* Keep what a later run needs to ask whether the page has changed, or drop what was kept. `items`: the ids. */
int trawl__journal_remember(struct trawl_journal *journal,
                            const struct trawl_platform_state *platform,
                            const struct trawl_page *page, const int64_t *items);

/* Keep the URL of a request that is new. */
int trawl__journal_remember_url(struct trawl_journal *journal,
                                const struct trawl_page_request *request);

#endif
