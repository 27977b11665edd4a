/* How far pushing chains have come, and which transports are disabled. */
#include <stdlib.h>
#include <string.h>

#include "store/store_priv.h"
#include "util/alloc.h"
#include "util/json.h"

/* --- at the start --------------------------------------------------------------------------------- */

static int adopt_chain(sqlite3_stmt *adopt, const char *name, int64_t head, bool begin,
                       json_t *places)
{
    int code;

    trawl__db_bind_text(adopt, 1, name);
    sqlite3_bind_int64(adopt, 2, head);
    sqlite3_bind_int(adopt, 3, begin);
    code = sqlite3_step(adopt);
    if (code == SQLITE_ROW)
        json_object_set_new(places, name,
                            json_pack("{s:I, s:I}", "seq",
                                      (json_int_t)sqlite3_column_int64(adopt, 0), "lost",
                                      (json_int_t)sqlite3_column_int64(adopt, 1)));
    sqlite3_reset(adopt);
    return trawl__db_errno(code);
}

/* One that is new begins with what comes, or with all that the journal has: what it had dropped before is nothing lost. */
static int adopt_chains(struct trawl_store *store, const json_t *chains, json_t *places)
{
    sqlite3_stmt *adopt = NULL;
    const char *name;
    json_t *chain;
    int r = trawl__db_prepare(
        store->db,
        "INSERT INTO chains (name, seq) VALUES (?1, CASE WHEN ?3 THEN coalesce((SELECT min(seq) "
        "FROM events) - 1, ?2) ELSE ?2 END) "
        "ON CONFLICT (name) DO UPDATE SET name = name RETURNING seq, lost",
        &adopt);

    json_object_foreach ((json_t *)(uintptr_t)chains, name, chain) {
        bool begin = strcmp(trawl_json_string(chain, "since", "now"), "begin") == 0;

        if (r == 0)
            r = adopt_chain(adopt, name, (int64_t)store->head, begin, places);
    }
    sqlite3_finalize(adopt);
    return r;
}

static int read_disabled(sqlite3 *db, json_t *disabled)
{
    sqlite3_stmt *rows = NULL;
    int code = SQLITE_DONE;
    int r = trawl__db_prepare(db, "SELECT name, reason FROM disabled_transports", &rows);

    while (r == 0 && (code = sqlite3_step(rows)) == SQLITE_ROW)
        json_object_set_new(disabled, trawl__db_text(rows, 0),
                            json_string(trawl__db_text(rows, 1)));
    sqlite3_finalize(rows);
    return r < 0 ? r : trawl__db_errno(code);
}

int trawl_store_adopt_chains(struct trawl_store *store, const json_t *chains, json_t **ret_places,
                             json_t **ret_disabled)
{
    json_auto_t *places = json_object();
    json_auto_t *disabled = json_object();
    int r = adopt_chains(store, chains, places);

    if (r == 0)
        r = read_disabled(store->db, disabled);
    if (r < 0)
        return r;
    *ret_places = json_incref(places);
    *ret_disabled = json_incref(disabled);
    return 0;
}

/* --- calls ---------------------------------------------------------------------------------------- */

struct chain_call {
    struct trawl_store_op op;
    char *name;
    int64_t numbers[2];
    char *reason;
    trawl_store_on_done *done;
    void *user;
};

static void chain_done(struct trawl_store_op *op)
{
    struct chain_call *call = TRAWL_CONTAINER_OF(op, struct chain_call, op);

    call->done(call->user, op->status);
}

static void chain_release(struct trawl_store_op *op)
{
    struct chain_call *call = TRAWL_CONTAINER_OF(op, struct chain_call, op);

    free(call->name);
    free(call->reason);
    free(call);
}

static struct chain_call *chain_call(int (*apply)(struct trawl_journal *, struct trawl_store_op *),
                                     const char *name, trawl_store_on_done *done, void *user)
{
    struct chain_call *call = TRAWL_NEW(struct chain_call);

    *call = (struct chain_call){
        .op = {.bytes = sizeof(*call),
               .apply = apply,
               .done = chain_done,
               .release = chain_release},
        .name = trawl_xstrdup(name),
        .done = done,
        .user = user,
    };
    return call;
}

/* A place never goes back. */
static int apply_save(struct trawl_journal *journal, struct trawl_store_op *op)
{
    struct chain_call *call = TRAWL_CONTAINER_OF(op, struct chain_call, op);
    sqlite3_stmt *update = NULL;
    int r = trawl__db_prepare(journal->db,
                              "UPDATE chains SET seq = max(seq, ?2), lost = max(lost, ?3) "
                              "WHERE name = ?1",
                              &update);

    if (r < 0)
        return r;
    trawl__db_bind_text(update, 1, call->name);
    sqlite3_bind_int64(update, 2, call->numbers[0]);
    sqlite3_bind_int64(update, 3, call->numbers[1]);
    r = trawl__db_done(update);
    sqlite3_finalize(update);
    return r;
}

void trawl_store_save_chain(struct trawl_store *store, const char *chain, uint64_t seq,
                            uint64_t lost, trawl_store_on_done *done, void *user)
{
    struct chain_call *call = chain_call(apply_save, chain, done, user);

    call->numbers[0] = (int64_t)seq;
    call->numbers[1] = (int64_t)lost;
    trawl__store_push(store, &call->op);
}

static int apply_disable(struct trawl_journal *journal, struct trawl_store_op *op)
{
    struct chain_call *call = TRAWL_CONTAINER_OF(op, struct chain_call, op);
    sqlite3_stmt *set = NULL;
    int r = trawl__db_prepare(journal->db,
                              call->reason
                                  ? "INSERT OR REPLACE INTO disabled_transports VALUES (?1, ?2, ?3)"
                                  : "DELETE FROM disabled_transports WHERE name = ?1",
                              &set);

    if (r < 0)
        return r;
    trawl__db_bind_text(set, 1, call->name);
    if (call->reason) {
        trawl__db_bind_text(set, 2, call->reason);
        sqlite3_bind_int64(set, 3, call->numbers[0]);
    }
    r = trawl__db_done(set);
    sqlite3_finalize(set);
    return r;
}

void trawl_store_disable_transport(struct trawl_store *store, const char *transport,
                                   const char *reason, int64_t now_ms, trawl_store_on_done *done,
                                   void *user)
{
    struct chain_call *call = chain_call(apply_disable, transport, done, user);

    call->reason = trawl_xstrdup(reason);
    call->numbers[0] = now_ms;
    trawl__store_push(store, &call->op);
}
