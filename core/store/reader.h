/* Reading the store from any process while a supervisor writes it (or when none does).
 *
 * A reader is one read-only connection, for one thread at a time. Each call is one short transaction; lists are
 * paged by key, so none is held while a client reads. JSON results are new references and have the shape that the
 * HTTP API documents (docs/http-api.md). Errors: -ENOENT (no such run, item), -EIO with `err`.
 */
#ifndef TRAWL_STORE_READER_H
#define TRAWL_STORE_READER_H

#include <jansson.h>
#include <stdint.h>

#include "journal/event.h"
#include "store/figures.h"
#include "trawl/err.h"
#include "util/buf.h"
#include "util/hash.h"

struct trawl_reader;

int trawl_reader_open(const char *folder, struct trawl_reader **ret_reader, struct trawl_err *err);
void trawl_reader_close(struct trawl_reader *reader);

/* --- runs ---------------------------------------------------------------------------------------- */

struct trawl_run_filter {
    const char *status;   /* a phase, or NULL */
    const char *platform; /* or NULL */
    int64_t before;       /* runs with a smaller id; 0: from the newest */
    unsigned limit;
};

/* Newest first: [{id, trigger, status, created_at, started_at, ended_at, n, last_id, pages, items, new, changed,
 * unchanged, gone, failed, excluded, platforms: [{platform, plugin, phase, current, total, items, new, changed, unchanged,
 * gone, failed, excluded, bytes, message, started_at, ended_at}]}] */
int trawl_reader_runs(struct trawl_reader *reader, const struct trawl_run_filter *filter,
                      json_t **ret_runs, struct trawl_err *err);
int trawl_reader_run(struct trawl_reader *reader, int64_t run_id, json_t **ret_run,
                     struct trawl_err *err);
int trawl_reader_active_runs(struct trawl_reader *reader, json_t **ret_runs, struct trawl_err *err);

/* [{platform, url, kind, detail, status, at}] and [{platform, level, message, at}], oldest first, `after` a row
 * number that the last row of the page before gave as `row`. */
int trawl_reader_run_errors(struct trawl_reader *reader, int64_t run_id, int64_t after,
                            unsigned limit, json_t **ret_errors, struct trawl_err *err);
/* [{platform, kind, count, example_url, example_detail}], most frequent first; the example is the first that came. */
int trawl_reader_run_error_groups(struct trawl_reader *reader, int64_t run_id, unsigned limit,
                                  json_t **ret_groups, struct trawl_err *err);
int trawl_reader_run_logs(struct trawl_reader *reader, int64_t run_id, int64_t after,
                          unsigned limit, json_t **ret_logs, struct trawl_err *err);

/* [{date, runs, items, new, changed, failed}]: the last `count` days (UTC), today's last, each one there. A run counts with
 * all its figures on the day on which it was created. */
int trawl_reader_days(struct trawl_reader *reader, int64_t now_ms, unsigned count,
                      json_t **ret_days, struct trawl_err *err);

/* --- schedules ----------------------------------------------------------------------------------- */

/* Those that are configured, by platform: [{platform, the members of its spec, paused, paused_at, reason: text or null,
 * last: {due_at, run_id, status, ended_at} or null, last_skipped: {due_at, reason} or null, due_ms}], due_ms as
 * trawl_schedule_state has it. */
int trawl_reader_schedules(struct trawl_reader *reader, json_t **ret_schedules,
                           struct trawl_err *err);

/* --- items --------------------------------------------------------------------------------------- */

struct trawl_item_row {
    int64_t row; /* where the next page begins: `after` */
    const char *platform;
    const char *key;
    const char *url;    /* the page that it came from */
    const char *json;   /* the item's own object, as it was stored */
    const char *change; /* "new", "changed", "unchanged", "gone"; NULL where no run is asked for */
    int64_t first_seen_ms;
    int64_t last_seen_ms;
    int64_t last_changed_ms;
    int64_t gone_ms; /* 0: it is there */
};

struct trawl_item_filter {
    int64_t
        run_id; /* items met in that run (none, if there is no such run), as that run found them; 0: the current ones of all */
    const char *platform; /* or NULL */
    const char *change;   /* or NULL: all but those that are gone. Without run_id only "gone" */
    const char *search;   /* text that key or JSON contains, or NULL */
    int64_t after;
    unsigned limit;
};

/* Calls `row` for each, ordered by row; what it points to is borrowed for the call. Of an unknown run there are none. What
 * `row` returns other than 0 ends the list, and is returned. */
int trawl_reader_items(struct trawl_reader *reader, const struct trawl_item_filter *filter,
                       int (*row)(void *user, const struct trawl_item_row *item), void *user,
                       struct trawl_err *err);

/* {platform, key, url, first_seen, last_seen, last_changed, gone_at: time or null, item} */
int trawl_reader_item(struct trawl_reader *reader, const char *platform, const char *key,
                      json_t **ret_item, struct trawl_err *err);

/* Oldest first: [{run_id, seen_at, url, item}] */
int trawl_reader_item_history(struct trawl_reader *reader, const char *platform, const char *key,
                              json_t **ret_versions, struct trawl_err *err);

/* --- figures ------------------------------------------------------------------------------------- */

/* What a run has met of a platform, all of whose pages are committed, and what is known of the runs of the same scope that ended
 * before. Items are read in bounded pieces, which takes long where there are many. The caller finishes *ret_record. */
int trawl_reader_record(struct trawl_reader *reader, int64_t run_id, const char *platform,
                        const struct trawl_hash *scope, struct trawl_record *ret_record,
                        struct trawl_err *err);

/* --- hosts --------------------------------------------------------------------------------------- */

struct trawl_host_filter {
    const char *after;  /* the name that the page before ended with, or NULL */
    const char *search; /* text that the name contains, or NULL */
    unsigned limit;
};

/* [{name, seen_at, …}] as docs/http-api.md shows it, by name. */
int trawl_reader_hosts(struct trawl_reader *reader, const struct trawl_host_filter *filter,
                       json_t **ret_hosts, struct trawl_err *err);

/* --- journal ------------------------------------------------------------------------------------- */

struct trawl_event_filter {
    uint32_t topics; /* enum trawl_topic */
    int64_t run_id;  /* 0: all */
};

/* Events with since < seq <= until, at most `limit`, in order. The array is the caller's: free with
 * trawl_reader_events_free(). */
int trawl_reader_events(struct trawl_reader *reader, const struct trawl_event_filter *filter,
                        uint64_t since, uint64_t until, size_t limit,
                        struct trawl_event **ret_events, size_t *ret_count, struct trawl_err *err);
void trawl_reader_events_free(struct trawl_event *events, size_t count);

/* The lowest seq that the journal still has, and the head; tail = head + 1 when it is empty. */
int trawl_reader_bounds(struct trawl_reader *reader, uint64_t *ret_tail, uint64_t *ret_head,
                        struct trawl_err *err);

/* In one transaction: the `data` of a snapshot message, {runs: [as trawl_reader_runs: those active, those with
 * events after `since` (0: the active ones only), and run_id if it is not 0]}, and the seq that it is through. */
int trawl_reader_snapshot(struct trawl_reader *reader, uint64_t since, int64_t run_id,
                          json_t **ret_data, uint64_t *ret_through, struct trawl_err *err);

/* What is needed to follow one run: the seq before its first event, and the seq of its last (0: not over yet). */
int trawl_reader_run_span(struct trawl_reader *reader, int64_t run_id, uint64_t *ret_before_first,
                          uint64_t *ret_last, struct trawl_err *err);

#endif
