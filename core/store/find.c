/* Which pages have validators, asked for each page of a later run before it is fetched: hundreds of times a second, and with a
 * request waiting for each answer. So it is read beside the writer, on one of libuv's threads. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/channel.h"
#include "store/store_priv.h"
#include "util/alloc.h"

/* Texts of one answer, which has to fit a frame. */
#define FOUND_MAX TRAWL_FRAME_MAX

struct trawl_find {
    struct trawl_find *next;
    struct trawl_store *store;
    uv_work_t work;
    char *platform;
    void *payload;
    size_t len;
    int status;
    struct trawl_validators *found;
    size_t count;
    struct trawl_buf texts;
    bool any;
    trawl_store_on_validators *done;
    void *user;
};

/* --- reading ------------------------------------------------------------------------------------- */

static int finder_open(struct trawl_finder *finder, const char *folder)
{
    int r = 0;

    if (!finder->db)
        r = trawl__db_open_reader(folder, &finder->db, NULL);
    if (r == 0 && !finder->get)
        r = trawl__db_prepare(finder->db,
                              "SELECT scope, etag, last_modified, items FROM validators "
                              "WHERE platform = ? AND fingerprint = ?",
                              &finder->get);
    if (r == 0 && !finder->has_item)
        r = trawl__db_prepare(finder->db,
                              "SELECT 1 FROM item_versions WHERE item = ? AND hash = ? LIMIT 1",
                              &finder->has_item);
    return r;
}

void trawl__finder_finish(struct trawl_finder *finder)
{
    sqlite3_finalize(finder->get);
    sqlite3_finalize(finder->has_item);
    sqlite3_close(finder->db);
}

static int find_any(struct trawl_find *find)
{
    sqlite3_stmt *any = NULL;
    int r = trawl__db_prepare(find->store->finder.db,
                              "SELECT 1 FROM validators WHERE platform = ? LIMIT 1", &any);
    int code;

    if (r < 0)
        return r;
    trawl__db_bind_text(any, 1, find->platform);
    code = sqlite3_step(any);
    find->any = code == SQLITE_ROW;
    sqlite3_finalize(any);
    return trawl__db_errno(code);
}

/* Whether all versions of its items are there. */
static int has_items(sqlite3_stmt *has_item, struct trawl_str items, bool *ret_has)
{
    int code = SQLITE_ROW;

    for (size_t i = 0; code == SQLITE_ROW && i < items.len / sizeof(struct trawl_kept_item); i++) {
        struct trawl_kept_item item;

        memcpy(&item, items.ptr + i * sizeof(item), sizeof(item));
        sqlite3_bind_int64(has_item, 1, item.id);
        trawl__db_bind_hash(has_item, 2, &item.hash);
        code = sqlite3_step(has_item);
        sqlite3_reset(has_item);
    }
    *ret_has = code == SQLITE_ROW;
    return trawl__db_errno(code);
}

static int find_one(struct trawl_find *find, const struct trawl_validators *asked)
{
    struct trawl_finder *finder = &find->store->finder;
    bool has = false;
    int code;
    int r;

    trawl__db_bind_text(finder->get, 1, find->platform);
    trawl__db_bind_hash(finder->get, 2, &asked->fingerprint);
    code = sqlite3_step(finder->get);
    r = trawl__db_errno(code);
    if (code == SQLITE_ROW && trawl__db_hash_is(finder->get, 0, asked->scope))
        r = has_items(finder->has_item, trawl__db_str(finder->get, 3), &has);
    if (has) {
        struct trawl_validators *found = &find->found[find->count++];

        *found = *asked;
        r = trawl__text_put(&find->texts, finder->get, 1, &found->etag);
        if (r == 0)
            r = trawl__text_put(&find->texts, finder->get, 2, &found->last_modified);
    }
    sqlite3_reset(finder->get);
    return r;
}

static int find_all(struct trawl_find *find, const struct trawl_validators *asked, size_t count)
{
    int r = find_any(find);

    find->found = trawl_xalloc(count * sizeof(*find->found));
    for (size_t i = 0; r == 0 && find->any && i < count; i++)
        r = find_one(find, &asked[i]);
    for (size_t i = 0; r == 0 && i < find->count; i++) {
        trawl__text_point(&find->texts, &find->found[i].etag);
        trawl__text_point(&find->texts, &find->found[i].last_modified);
    }
    return r;
}

/* --- on a thread, and back ------------------------------------------------------------------------- */

/* What cannot be read is as if there were none: the pages are fetched as a whole. */
static void find_run(uv_work_t *work)
{
    struct trawl_find *find = TRAWL_CONTAINER_OF(work, struct trawl_find, work);
    struct trawl_validators *asked = NULL;
    size_t count = 0;

    find->status = trawl_validators_decode(find->payload, find->len, &asked, &count);
    if (find->status < 0)
        return;
    find->any = true;
    if (finder_open(&find->store->finder, find->store->folder) < 0 ||
        find_all(find, asked, count) < 0)
        find->count = 0;
    free(asked);
}

static void find_free(struct trawl_find *find)
{
    trawl_buf_finish(&find->texts);
    free(find->found);
    free(find->platform);
    free(find->payload);
    free(find);
}

static void find_done(uv_work_t *work, int status);

static void find_next(struct trawl_store *store)
{
    struct trawl_find *find = store->finder.first;

    if (find)
        uv_queue_work(store->loop, &find->work, find_run, find_done);
}

static void find_done(uv_work_t *work, int status)
{
    struct trawl_find *find = TRAWL_CONTAINER_OF(work, struct trawl_find, work);
    struct trawl_store *store = find->store;

    find->done(find->user, status < 0 ? status : find->status, find->found, find->count, find->any);
    store->finder.first = find->next;
    if (!store->finder.first)
        store->finder.last = &store->finder.first;
    find_free(find);
    find_next(store);
    trawl__store_read_ended(store);
}

void trawl_store_find_validators(struct trawl_store *store, const char *platform,
                                 const void *payload, size_t len, trawl_store_on_validators *done,
                                 void *user)
{
    struct trawl_find *find = TRAWL_NEW(struct trawl_find);
    bool is_alone = !store->finder.first;

    *find = (struct trawl_find){
        .store = store,
        .platform = trawl_xstrdup(platform),
        .payload = trawl_xalloc(len),
        .len = len,
        .done = done,
        .user = user,
    };
    memcpy(find->payload, payload, len);
    trawl_buf_init(&find->texts, FOUND_MAX);
    *store->finder.last = find;
    store->finder.last = &find->next;
    store->reading++;
    if (is_alone)
        find_next(store);
}
