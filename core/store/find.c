/* Which pages have validators, asked for each page of a later run before it is fetched: hundreds of times a second, and with a
 * request waiting for each answer. So it is read beside the writer. */
#include <stdlib.h>
#include <string.h>

#include "ipc/channel.h"
#include "store/reader_priv.h"
#include "store/store_priv.h"
#include "util/alloc.h"

/* Texts of one answer, which has to fit a frame. */
#define FOUND_MAX TRAWL_FRAME_MAX

struct find {
    struct trawl_store_read read;
    char *platform;
    struct trawl_validators *pages; /* asked for; those that are found take the first places */
    size_t asked;
    size_t found;
    struct trawl_buf texts;
    bool any;
    trawl_store_on_validators *done;
    void *user;
};

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

static int find_one(struct find *find, sqlite3_stmt *get, sqlite3_stmt *has_item,
                    const struct trawl_validators *asked)
{
    bool has = false;
    int code;
    int r;

    trawl__db_bind_hash(get, 2, &asked->fingerprint);
    code = sqlite3_step(get);
    r = trawl__db_errno(code);
    if (code == SQLITE_ROW && trawl__db_hash_is(get, 0, asked->scope))
        r = has_items(has_item, trawl__db_str(get, 3), &has);
    if (has) {
        struct trawl_validators *found = &find->pages[find->found++];

        *found = *asked;
        r = trawl__text_put(&find->texts, get, 1, &found->etag);
        if (r == 0)
            r = trawl__text_put(&find->texts, get, 2, &found->last_modified);
    }
    sqlite3_reset(get);
    return r;
}

static int find_all(struct find *find, sqlite3 *db)
{
    sqlite3_stmt *get = NULL;
    sqlite3_stmt *has_item = NULL;
    int r = trawl__db_prepare(db,
                              "SELECT scope, etag, last_modified, items FROM validators "
                              "WHERE platform = ? AND fingerprint = ?",
                              &get);

    if (r == 0)
        r = trawl__db_prepare(db, "SELECT 1 FROM item_versions WHERE item = ? AND hash = ? LIMIT 1",
                              &has_item);
    if (r == 0)
        trawl__db_bind_text(get, 1, find->platform);
    for (size_t i = 0; r == 0 && i < find->asked; i++)
        r = find_one(find, get, has_item, &find->pages[i]);
    for (size_t i = 0; r == 0 && i < find->found; i++) {
        trawl__text_point(&find->texts, &find->pages[i].etag);
        trawl__text_point(&find->texts, &find->pages[i].last_modified);
    }
    sqlite3_finalize(get);
    sqlite3_finalize(has_item);
    return r;
}

static int find_any(struct find *find, sqlite3 *db)
{
    sqlite3_stmt *any = NULL;
    int r = trawl__db_prepare(db, "SELECT 1 FROM validators WHERE platform = ? LIMIT 1", &any);
    int code;

    if (r < 0)
        return r;
    trawl__db_bind_text(any, 1, find->platform);
    code = sqlite3_step(any);
    find->any = code == SQLITE_ROW;
    sqlite3_finalize(any);
    return trawl__db_errno(code);
}

static int find_run(struct trawl_store_read *read, struct trawl_reader *reader)
{
    struct find *find = TRAWL_CONTAINER_OF(read, struct find, read);
    int r = find_all(find, reader->db);

    find->any = find->found > 0;
    return r == 0 && !find->any ? find_any(find, reader->db) : r;
}

/* What cannot be read is as if there were none: the pages are fetched as a whole. */
static void find_done(struct trawl_store_read *read)
{
    struct find *find = TRAWL_CONTAINER_OF(read, struct find, read);
    bool failed = read->status < 0;

    find->done(find->user, 0, find->pages, failed ? 0 : find->found, failed || find->any);
    trawl_buf_finish(&find->texts);
    free(find->pages);
    free(find->platform);
    free(find);
}

void trawl_store_find_validators(struct trawl_store *store, const char *platform,
                                 const void *payload, size_t len, trawl_store_on_validators *done,
                                 void *user)
{
    struct trawl_validators *pages = NULL; /* whose texts, in `payload`, are not looked at */
    struct find *find;
    size_t asked = 0;
    int r = trawl_validators_decode(payload, len, &pages, &asked);

    if (r < 0) {
        done(user, r, NULL, 0, false);
        return;
    }
    find = TRAWL_NEW(struct find);
    *find = (struct find){
        .read = {.lane = TRAWL_LANE_SHORT, .run = find_run, .done = find_done},
        .platform = trawl_xstrdup(platform),
        .pages = pages,
        .asked = asked,
        .done = done,
        .user = user,
    };
    trawl_buf_init(&find->texts, FOUND_MAX);
    trawl_store_read(store, &find->read);
}
