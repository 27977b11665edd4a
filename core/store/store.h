/* The store of record: runs, frontier, pages, items with their history, and the journal.
 *
 * This is the contract; core/store/sqlite.c keeps it with SQLite (WAL, synchronous=FULL). One supervisor owns
 * a store. Writes are asynchronous: each call takes its place in a queue, one writer thread commits many of
 * them in one transaction, and the callbacks come on the loop's thread, in the order of the calls, only
 * after the commit is durable. Within a transaction each call is atomic: it is wholly done or, if its
 * callback gets an error, has left no trace.
 *
 * The store writes the journal itself. Calls cause events (a page: progress, item changes; a phase change:
 * progress), which get their ids, and progress its `n` (1, 2, 3 … within the run), inside the same
 * transaction. Progress of a platform is thinned to one event in TRAWL_PROGRESS_INTERVAL_MS; phase
 * changes and ends are never thinned, and trawl_store_flush_progress() writes what thinning held back.
 *
 * Items: within one run, when two pages give one key, the page lower by (depth, URL) wins; an item has at most one
 * version for each run, and none if its content ends as it was before that run. An item that was gone and is met again is
 * new, with a version only if its content is another.
 */
#ifndef TRAWL_STORE_STORE_H
#define TRAWL_STORE_STORE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "ipc/page.h"
#include "ipc/validators.h"
#include "journal/event.h"
#include "journal/phase.h"
#include "store/figures.h"
#include "trawl/err.h"
#include "trawl/log_level.h"

#define TRAWL_PROGRESS_INTERVAL_MS 100

struct trawl_store;

struct trawl_store_options {
    const char *folder; /* made if it is not there; locked while the store is open */
    bool durable;       /* false: a private folder that dies with the process, nothing is synced */

    /* Transactions begin no closer together than this, unless much waits: each writes a page of the file for nearly every row,
     * so many rows in one cost far less. What comes alone is committed at once. 0: whatever is there, at once. */
    unsigned gather_ms;
};

/* Fit for a server: nobody sees it, and a crawl's pages come in dozens. */
#define TRAWL_STORE_GATHER_MS 10

/* Called after each commit with its events, in order. Borrowed for the call. */
typedef void trawl_store_on_events(void *user, const struct trawl_event *events, size_t count);

/* Called when writing cannot go on (disk full; `reason` says) and when it goes on again (NULL). Until then all
 * calls wait, nothing is lost, and the store tries again every second. */
typedef void trawl_store_on_stalled(void *user, const char *reason);

/* Open or create. Runs that had not ended are marked interrupted, with the events that say so. -EBUSY: another
 * supervisor uses the folder; -ENOTSUP: the database is from a newer version, and was not touched. */
int trawl_store_open(const struct trawl_store_options *options, struct trawl_store **ret_store,
                     struct trawl_err *err);

uint32_t trawl_store_epoch(const struct trawl_store *store);

/* The highest committed seq. */
uint64_t trawl_store_head(const struct trawl_store *store);

/* Start the writer thread, with callbacks on `loop`. */
int trawl_store_start(struct trawl_store *store, uv_loop_t *loop, trawl_store_on_events *on_events,
                      trawl_store_on_stalled *on_stalled, void *user);

/* Commit what is queued, deliver the callbacks, end the thread; then on_closed, then close the file clean. */
void trawl_store_close(struct trawl_store *store, void (*on_closed)(void *user), void *user);

/* --- runs ---------------------------------------------------------------------------------------- */

enum trawl_overlap {
    TRAWL_OVERLAP_REJECT,
    TRAWL_OVERLAP_QUEUE,
    TRAWL_OVERLAP_REPLACE,
    TRAWL_OVERLAP_ALLOW,
};

struct trawl_new_run_platform {
    const char *name;
    const char *plugin;
    const char
        *options_json; /* what this run overrides, for the record; secrets never stand in it */
};

struct trawl_new_run {
    const char *trigger; /* "manual", "schedule", "api", "cli" */
    const struct trawl_new_run_platform *platforms;
    size_t platform_count;
    enum trawl_overlap overlap;  /* REJECT is decided here, in the transaction */
    const char *idempotency_key; /* or NULL; kept for a day */
    struct trawl_hash idempotency_body;
    int64_t
        due_ms; /* of the schedule of its only platform, or 0: it is dealt with in the transaction, also by -EBUSY */
};

struct trawl_created_run {
    int64_t run_id;
    bool existed;         /* the idempotency key had made this run before */
    const char *conflict; /* with -EBUSY: the platform that is running already; borrowed */
};

/* status 0; -EBUSY (REJECT and a platform has a run that is queued or going on: nothing was made); -EEXIST (the idempotency
 * key was used with another body). */
typedef void trawl_store_on_run(void *user, int status, const struct trawl_created_run *run);
void trawl_store_create_run(struct trawl_store *store, const struct trawl_new_run *run,
                            trawl_store_on_run *done, void *user);

/* Requests of a platform in one run by how they ended, each once. Redirected ones are neither. */
struct trawl_tally {
    uint64_t ok;
    uint64_t failed;   /* given up after their retries */
    uint64_t excluded; /* that robots.txt asks not to make */
};

struct trawl_resumed_platform {
    const char *name;
    const char *options_json; /* what the run overrides */
    enum trawl_phase phase;   /* an end, or QUEUED */
    bool begun;               /* its START page is committed */
    uint64_t counted;         /* its pages of max_pages so far */
    struct trawl_tally tally;
};

/* status 0; -ENOENT: there is no such run; -EALREADY: it is not interrupted. `platforms` is borrowed. */
typedef void trawl_store_on_resumed(void *user, int status,
                                    const struct trawl_resumed_platform *platforms, size_t count);

/* Let an interrupted run go on: those of its platforms that have not ended are queued again. */
void trawl_store_resume_run(struct trawl_store *store, int64_t run_id, trawl_store_on_resumed *done,
                            void *user);

/* Interrupted runs, oldest first; before trawl_store_start(). The caller frees *ret_ids. */
int trawl_store_interrupted_runs(struct trawl_store *store, int64_t **ret_ids, size_t *ret_count);

/* Callbacks of most that is below: 0; -ENOENT: there is no such run or platform; -EALREADY: it has ended, and an end is for
 * ever. NULL is fine. */
typedef void trawl_store_on_done(void *user, int status);

/* Change a platform's phase within a run. When it ends and all others have ended, the run ends in the same
 * transaction (trawl_phase_of_run). `message` may be NULL. A run's or platform's end drops its frontier. */
void trawl_store_set_phase(struct trawl_store *store, int64_t run_id, const char *platform,
                           enum trawl_phase phase, const char *message, trawl_store_on_done *done,
                           void *user);

/* --- pages --------------------------------------------------------------------------------------- */

/* What a commit has brought. */
struct trawl_committed {
    struct trawl_tally tally;               /* the platform's with this page */
    const struct trawl_page_request *added; /* of it: those not known before, or now nearer */
    size_t added_count;
    bool recalled; /* they are those of last time, which the worker does not know of */
};

/* status as above, -EBADMSG, or -ESTALE: the page was not modified, but what came of it last time is no longer known; its
 * request stays pending. `committed` is borrowed. */
typedef void trawl_store_on_page(void *user, int status, const struct trawl_committed *committed);

/* Commit one page. `payload` is an encoded TRAWL_MSG_PAGE that was decoded without error; it is copied. */
void trawl_store_commit_page(struct trawl_store *store, int64_t run_id, const char *platform,
                             const void *payload, size_t len, trawl_store_on_page *done,
                             void *user);

/* Which of these pages of a platform have validators by which a request may be conditional: what came of the page is known,
 * and its scope is the one that is asked for. Found ones in the order in which they were asked for, borrowed. `any`: the
 * platform has some at all. */
typedef void trawl_store_on_validators(void *user, int status, const struct trawl_validators *found,
                                       size_t count, bool any);

/* `payload` is an encoded TRAWL_MSG_ASK; it is copied. status 0 or -EBADMSG. */
void trawl_store_find_validators(struct trawl_store *store, const char *platform,
                                 const void *payload, size_t len, trawl_store_on_validators *done,
                                 void *user);

/* Give up a request without a page: it ends as failed, of that kind (static) and for that reason. status -ENOENT: it is not
 * pending. */
void trawl_store_give_up_request(struct trawl_store *store, int64_t run_id, const char *platform,
                                 const struct trawl_hash *fingerprint, const char *kind,
                                 const char *reason, trawl_store_on_page *done, void *user);

/* The scraper's own progress, which then stands in the events in place of the count of pages. */
void trawl_store_set_progress(struct trawl_store *store, int64_t run_id, const char *platform,
                              uint64_t current, uint64_t total, const char *message);

/* The run has met all that there is of the platform: its items that the run did not meet are gone, with an item_changed each.
 * Done in bounded pieces; a run that breaks off between two of them marks the rest when it is resumed. */
void trawl_store_mark_gone(struct trawl_store *store, int64_t run_id, const char *platform,
                           trawl_store_on_done *done, void *user);

/* How a platform ends whose run has met all that there is of it. */
struct trawl_conclusion {
    const struct trawl_figures *figures;
    struct trawl_hash
        scope;    /* of what decides which items there are: only runs of one scope are compared */
    bool suspect; /* else it is completed */
    const char *message; /* or NULL; also a line of the run's log */
    const char *pause;   /* its schedule is paused, and this is the reason; or NULL */
};

/* End it, and keep its figures for the runs to come, all in one transaction. All is copied. */
void trawl_store_conclude(struct trawl_store *store, int64_t run_id, const char *platform,
                          const struct trawl_conclusion *conclusion, trawl_store_on_done *done,
                          void *user);

/* Write the progress events that thinning held back. */
void trawl_store_flush_progress(struct trawl_store *store);

/* A line of a platform, or of the whole run (NULL). After the run's end nothing is told any more. */
void trawl_store_log(struct trawl_store *store, int64_t run_id, const char *platform,
                     enum trawl_log_level level, const char *message);

/* The part of the frontier that belongs to one of `shards` shards (trawl_shard_of()), as it stands after all calls before this
 * one. The callback borrows `requests`. */
typedef void trawl_store_on_frontier(void *user, int status,
                                     const struct trawl_page_request *requests, size_t count);
/* Of the requests of that part to one host ("https://example.org:8443") the first `count` that have not been made, by depth and
 * priority. They are read beside the writer. */
void trawl_store_load_more(struct trawl_store *store, int64_t run_id, const char *platform,
                           unsigned shard, unsigned shards, const char *host, size_t count,
                           trawl_store_on_frontier *done, void *user);

void trawl_store_load_frontier(struct trawl_store *store, int64_t run_id, const char *platform,
                               unsigned shard, unsigned shards, trawl_store_on_frontier *done,
                               void *user);

/* --- hosts --------------------------------------------------------------------------------------- */

/* What was saved of a host, borrowed: JSON text, or NULL; its robots.txt, or NULL. */
typedef void trawl_store_on_host(void *user, const char *json, const void *robots,
                                 size_t robots_len);
void trawl_store_load_host(struct trawl_store *store, const char *name, trawl_store_on_host *done,
                           void *user);

/* All is copied. `robots` NULL: the one that was saved stays. */
void trawl_store_save_host(struct trawl_store *store, const char *name, const char *json,
                           const void *robots, size_t robots_len);

/* --- schedules ----------------------------------------------------------------------------------- */

struct trawl_schedule_config {
    const char *platform;
    const char *spec_json; /* an object, whose members trawl_reader_schedules() shows */
    const char *timing;    /* what of it says when it is due; never empty */
};

/* How far it has come. */
struct trawl_schedule_state {
    int64_t due_ms; /* due times through this one are dealt with */
    bool paused;
};

/* --- chains -------------------------------------------------------------------------------------- */

/* `chains` are the pushing chains now, {name: section of the configuration}; before trawl_store_start(). *ret_places: {name: {seq,
 * lost}}, one that is new begins at the head, or with "since": "begin" before the first event that is there. *ret_disabled:
 * {transport: reason}. */
int trawl_store_adopt_chains(struct trawl_store *store, const json_t *chains, json_t **ret_places,
                             json_t **ret_disabled);

/* All through `seq` has arrived, and `lost` events had been dropped before they were sent. */
void trawl_store_save_chain(struct trawl_store *store, const char *chain, uint64_t seq,
                            uint64_t lost, trawl_store_on_done *done, void *user);

/* A transport's receiver wants no more; `reason` NULL: it does again. */
void trawl_store_disable_transport(struct trawl_store *store, const char *transport,
                                   const char *reason, int64_t now_ms, trawl_store_on_done *done,
                                   void *user);

/* --- schedules ------------------------------------------------------------------------------------ */

/* These are the schedules now; before trawl_store_start(). One whose timing is not as it was has no past: it begins at
 * `now_ms`. states[i] is that of schedules[i]. */
int trawl_store_adopt_schedules(struct trawl_store *store,
                                const struct trawl_schedule_config *schedules, size_t count,
                                int64_t now_ms, struct trawl_schedule_state *states);

/* A due time passes without a run. `why`: a word or two for the API. */
void trawl_store_skip_due(struct trawl_store *store, const char *platform, int64_t due_ms,
                          const char *why, trawl_store_on_done *done, void *user);

/* Both change nothing if it is as they want it already. What was due before the schedule goes on is dealt with. Going on after
 * a pause with a reason takes the figures of the platform's last runs, if they were suspect, for normal: somebody has looked at them. */
void trawl_store_pause_schedule(struct trawl_store *store, const char *platform, int64_t now_ms,
                                const char *reason, trawl_store_on_done *done, void *user);
void trawl_store_resume_schedule(struct trawl_store *store, const char *platform, int64_t now_ms,
                                 trawl_store_on_done *done, void *user);

/* --- upkeep -------------------------------------------------------------------------------------- */

/* Of each platform at least so many runs are kept, however old. */
#define TRAWL_STORE_KEEP_RUNS 20

/* 0: no such limit. */
struct trawl_store_limits {
    uint64_t events;   /* the newest */
    int64_t events_ms; /* and no older ones than this */
    int64_t runs_ms;   /* since they ended */
};

/* Drop what is beyond the limits, in bounded pieces. */
void trawl_store_prune(struct trawl_store *store, const struct trawl_store_limits *limits,
                       trawl_store_on_done *done, void *user);

#endif
