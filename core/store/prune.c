/* Keeping the journal, and the runs, within their limits. */
#include <stdlib.h>

#include "store/store_priv.h"
#include "util/alloc.h"
#include "util/clock.h"

/* Events that one transaction drops. */
#define PIECE 5000

struct prune {
    struct trawl_store_op op;
    struct trawl_store *store;
    struct trawl_store_limits limits;
    bool more;
    trawl_store_on_done *done;
    void *user;
};

/* The first event of the oldest PIECE that has to stay; without one, the event after them. */
static int find_first_kept(struct trawl_journal *journal, const struct prune *prune,
                           int64_t *ret_seq, bool *ret_more)
{
    uint64_t head = journal->head;
    const struct trawl_store_limits *limits = &prune->limits;
    bool by_count = limits->events > 0 && head > limits->events;
    sqlite3_stmt *find = NULL;
    int code;
    int r = trawl__db_prepare(
        journal->db,
        "SELECT min(seq) FILTER (WHERE seq > ?1 AND at_ms >= ?2), max(seq), count(*) "
        "FROM (SELECT seq, at_ms FROM events ORDER BY seq LIMIT ?3)",
        &find);

    if (r < 0)
        return r;
    sqlite3_bind_int64(find, 1, by_count ? (int64_t)(head - limits->events) : 0);
    sqlite3_bind_int64(find, 2,
                       limits->events_ms > 0 ? trawl_now_ms() - limits->events_ms : INT64_MIN);
    sqlite3_bind_int(find, 3, PIECE);
    code = sqlite3_step(find);
    *ret_more = sqlite3_column_type(find, 0) == SQLITE_NULL && sqlite3_column_int(find, 2) == PIECE;
    *ret_seq = sqlite3_column_type(find, 0) != SQLITE_NULL ? sqlite3_column_int64(find, 0)
                                                           : sqlite3_column_int64(find, 1) + 1;
    sqlite3_finalize(find);
    return trawl__db_errno(code);
}

static int drop_events(struct trawl_journal *journal, struct prune *prune)
{
    sqlite3_stmt *drop = NULL;
    int64_t kept;
    int r = find_first_kept(journal, prune, &kept, &prune->more);

    if (r == 0)
        r = trawl__db_prepare(journal->db, "DELETE FROM events WHERE seq < ?", &drop);
    if (r < 0)
        return r;
    sqlite3_bind_int64(drop, 1, kept);
    r = trawl__db_done(drop);
    sqlite3_finalize(drop);
    return r;
}

static int prune_apply(struct trawl_journal *journal, struct trawl_store_op *op)
{
    struct prune *prune = TRAWL_CONTAINER_OF(op, struct prune, op);
    int r = drop_events(journal, prune);

    if (r == 0 && !prune->more)
        r = trawl__prune_runs(journal->db, prune->limits.runs_ms, &prune->more);
    return r;
}

static void prune_done(struct trawl_store_op *op)
{
    struct prune *prune = TRAWL_CONTAINER_OF(op, struct prune, op);

    if (op->status == 0 && prune->more)
        trawl_store_prune(prune->store, &prune->limits, prune->done, prune->user);
    else if (prune->done)
        prune->done(prune->user, op->status);
}

static void prune_release(struct trawl_store_op *op)
{
    free(TRAWL_CONTAINER_OF(op, struct prune, op));
}

void trawl_store_prune(struct trawl_store *store, const struct trawl_store_limits *limits,
                       trawl_store_on_done *done, void *user)
{
    struct prune *prune = TRAWL_NEW(struct prune);

    *prune = (struct prune){
        .op = {.bytes = sizeof(*prune),
               .apply = prune_apply,
               .done = prune_done,
               .release = prune_release},
        .store = store,
        .limits = *limits,
        .done = done,
        .user = user,
    };
    trawl__store_push(store, &prune->op);
}
