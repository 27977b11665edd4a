/* Items and their history.
 *
 * An item's content at a run is a version; a version that says what the one before said is not written. When a later page of
 * the same run wins over the one that was stored, this run's version is replaced, or goes if the content is again what it
 * was before the run. An item that was gone is new when it is met again.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/state.h"
#include "util/alloc.h"
#include "util/clock.h"

struct stored_item {
    int64_t id;
    int64_t version;
    bool same; /* its current content is that of the page's item */
    bool gone;
};

struct seen_item {
    bool exists;
    bool is_gone; /* this run itself took it for gone, before it was interrupted */
    bool is_new;
    bool is_changed;
    bool wins; /* the page that it came from is lower than the one at hand */
    int64_t version;
    int64_t
        base; /* from before this run, 0: none; the same as `version` where this run has not written one */
};

/* What is being stored. */
struct storing {
    struct trawl_journal *journal;
    struct trawl_run_state *run;
    struct trawl_platform_state *platform;
    const struct trawl_page *page;
    const struct trawl_page_item *item;
    int64_t now_ms;
};

static int find_item(const struct storing *storing, struct stored_item *stored, bool *ret_found)
{
    sqlite3_stmt *find = storing->journal->statements[STATEMENT_ITEM_FIND];
    int code;

    trawl__db_bind_text(find, 1, storing->platform->name);
    trawl__db_bind_str(find, 2, storing->item->key);
    code = sqlite3_step(find);
    *ret_found = code == SQLITE_ROW;
    if (*ret_found) {
        stored->id = sqlite3_column_int64(find, 0);
        stored->version = sqlite3_column_int64(find, 1);
        stored->same = trawl__db_hash_is(find, 2, storing->item->hash);
        stored->gone = sqlite3_column_type(find, 3) != SQLITE_NULL;
    }
    sqlite3_reset(find);
    return trawl__db_errno(code);
}

static bool page_is_lower(uint16_t depth, struct trawl_str url, const struct trawl_page *page)
{
    size_t common = url.len < page->url.len ? url.len : page->url.len;
    int order;

    if (depth != page->depth)
        return depth < page->depth;
    order = memcmp(url.ptr, page->url.ptr, common);
    return order < 0 || (order == 0 && url.len < page->url.len);
}

static int find_seen(const struct storing *storing, int64_t item, struct seen_item *seen)
{
    sqlite3_stmt *find = storing->journal->statements[STATEMENT_SEEN_FIND];
    int code;

    *seen = (struct seen_item){0};
    sqlite3_bind_int64(find, 1, storing->platform->id);
    sqlite3_bind_int64(find, 2, item);
    code = sqlite3_step(find);
    if (code == SQLITE_ROW) {
        seen->exists = true;
        seen->is_gone = strcmp(trawl__db_text(find, 0), "gone") == 0;
        seen->is_new = strcmp(trawl__db_text(find, 0), "new") == 0;
        seen->is_changed = strcmp(trawl__db_text(find, 0), "changed") == 0;
        seen->version = sqlite3_column_int64(find, 1);
        seen->base = sqlite3_column_int64(find, 2);
        seen->wins = page_is_lower((uint16_t)sqlite3_column_int(find, 3), trawl__db_str(find, 4),
                                   storing->page);
    }
    sqlite3_reset(find);
    return trawl__db_errno(code);
}

static int set_seen(const struct storing *storing, int64_t item, const char *change,
                    int64_t version, int64_t base)
{
    sqlite3_stmt *set = storing->journal->statements[STATEMENT_SEEN_SET];

    sqlite3_bind_int64(set, 1, storing->platform->id);
    sqlite3_bind_int64(set, 2, item);
    trawl__db_bind_text(set, 3, change);
    sqlite3_bind_int64(set, 4, version);
    if (base)
        sqlite3_bind_int64(set, 5, base);
    else
        sqlite3_bind_null(set, 5);
    sqlite3_bind_int(set, 6, storing->page->depth);
    trawl__db_bind_str(set, 7, storing->page->url);
    return trawl__db_done(set);
}

static int add_version(const struct storing *storing, int64_t item, int64_t *ret_version)
{
    sqlite3_stmt *add = storing->journal->statements[STATEMENT_VERSION_ADD];
    int r;

    sqlite3_bind_int64(add, 1, item);
    sqlite3_bind_int64(add, 2, storing->run->id);
    trawl__db_bind_hash(add, 3, &storing->item->hash);
    trawl__db_bind_str(add, 4, storing->page->url);
    trawl__db_bind_str(add, 5, storing->item->json);
    sqlite3_bind_int64(add, 6, storing->now_ms);
    r = trawl__db_done(add);
    *ret_version = sqlite3_last_insert_rowid(storing->journal->db);
    return r;
}

static int replace_version(const struct storing *storing, int64_t version)
{
    sqlite3_stmt *replace = storing->journal->statements[STATEMENT_VERSION_REPLACE];

    sqlite3_bind_int64(replace, 1, version);
    trawl__db_bind_hash(replace, 2, &storing->item->hash);
    trawl__db_bind_str(replace, 3, storing->page->url);
    trawl__db_bind_str(replace, 4, storing->item->json);
    return trawl__db_done(replace);
}

static int drop_version(const struct storing *storing, int64_t version)
{
    sqlite3_stmt *drop = storing->journal->statements[STATEMENT_VERSION_DROP];

    sqlite3_bind_int64(drop, 1, version);
    return trawl__db_done(drop);
}

/* `changed_ms` 0: it did not change. */
static int update_item(const struct storing *storing, int64_t item, int64_t version,
                       int64_t changed_ms)
{
    sqlite3_stmt *update = storing->journal->statements[STATEMENT_ITEM_UPDATE];

    sqlite3_bind_int64(update, 1, item);
    sqlite3_bind_int64(update, 2, version);
    sqlite3_bind_int64(update, 3, storing->now_ms);
    if (changed_ms)
        sqlite3_bind_int64(update, 4, changed_ms);
    else
        sqlite3_bind_null(update, 4);
    return trawl__db_done(update);
}

static int tell(const struct storing *storing, const char *change)
{
    return trawl__journal_item(storing->journal, storing->run, storing->platform,
                               storing->item->key, change);
}

static int store_new(const struct storing *storing, int64_t *ret_id)
{
    sqlite3_stmt *add = storing->journal->statements[STATEMENT_ITEM_ADD];
    int64_t version = 0;
    int64_t item;
    int r;

    trawl__db_bind_text(add, 1, storing->platform->name);
    trawl__db_bind_str(add, 2, storing->item->key);
    sqlite3_bind_int64(add, 3, storing->now_ms);
    r = trawl__db_done(add);
    item = sqlite3_last_insert_rowid(storing->journal->db);
    if (r == 0)
        r = add_version(storing, item, &version);
    if (r == 0)
        r = update_item(storing, item, version, storing->now_ms);
    if (r == 0)
        r = set_seen(storing, item, "new", version, 0);
    if (r < 0)
        return r;
    *ret_id = item;
    storing->platform->items++;
    storing->platform->new_items++;
    return tell(storing, "new");
}

/* The content is another than that of `base`, which this run has not written. */
static int store_version(const struct storing *storing, int64_t item, int64_t base,
                         const char *change)
{
    int64_t version = 0;
    int r = add_version(storing, item, &version);

    if (r == 0)
        r = update_item(storing, item, version, storing->now_ms);
    if (r == 0)
        r = set_seen(storing, item, change, version, base);
    return r < 0 ? r : tell(storing, change);
}

/* It was gone, and is new again, with a version only if it is another. */
static int store_returned(const struct storing *storing, const struct stored_item *stored)
{
    int r;

    storing->platform->new_items++;
    if (!stored->same)
        return store_version(storing, stored->id, stored->version, "new");
    r = update_item(storing, stored->id, stored->version, storing->now_ms);
    if (r == 0)
        r = set_seen(storing, stored->id, "new", stored->version, stored->version);
    return r < 0 ? r : tell(storing, "new");
}

/* The first time that this run meets an item that was known before. */
static int store_again(const struct storing *storing, const struct stored_item *stored)
{
    int r;

    storing->platform->items++;
    if (stored->gone)
        return store_returned(storing, stored);
    if (!stored->same) {
        storing->platform->changed++;
        return store_version(storing, stored->id, stored->version, "changed");
    }
    r = update_item(storing, stored->id, stored->version, 0);
    return r < 0 ? r : set_seen(storing, stored->id, "unchanged", stored->version, stored->version);
}

/* Whether a version has the content at hand, and when it was written. It may be gone, if a run at the same time has taken it
 * back, and its number may be that of another item's. */
static int compare_version(const struct storing *storing, int64_t item, int64_t version,
                           bool *ret_same, int64_t *ret_seen_ms)
{
    sqlite3_stmt *get = storing->journal->statements[STATEMENT_VERSION_GET];
    int code;

    sqlite3_bind_int64(get, 1, version);
    sqlite3_bind_int64(get, 2, item);
    code = sqlite3_step(get);
    *ret_same = code == SQLITE_ROW && trawl__db_hash_is(get, 0, storing->item->hash);
    *ret_seen_ms = code == SQLITE_ROW ? sqlite3_column_int64(get, 1) : 0;
    sqlite3_reset(get);
    return trawl__db_errno(code);
}

/* The content is again what it was before this run: but that an item that had been gone is there, the run has changed
 * nothing. */
static int revert(const struct storing *storing, const struct stored_item *stored,
                  const struct seen_item *seen, int64_t base_ms)
{
    int r = drop_version(storing, seen->version);

    if (r == 0)
        r = update_item(storing, stored->id, seen->base, seen->is_new ? 0 : base_ms);
    if (r == 0)
        r = set_seen(storing, stored->id, seen->is_new ? "new" : "unchanged", seen->base,
                     seen->base);
    if (r < 0)
        return r;
    storing->platform->changed -= seen->is_changed;
    return tell(storing, seen->is_new ? "new" : "changed");
}

static bool has_version(const struct seen_item *seen)
{
    return seen->version != seen->base;
}

static const char *change_of(const struct seen_item *seen)
{
    return seen->is_new ? "new" : seen->is_changed ? "changed" : "unchanged";
}

/* This run wrote a version at `version_ms`, and the page at hand has another content for it. */
static int rewrite(const struct storing *storing, const struct stored_item *stored,
                   const struct seen_item *seen, int64_t version_ms)
{
    int r = replace_version(storing, seen->version);

    if (r == 0)
        r = update_item(storing, stored->id, seen->version, version_ms);
    if (r == 0)
        r = set_seen(storing, stored->id, change_of(seen), seen->version, seen->base);
    return r < 0 ? r : tell(storing, change_of(seen));
}

/* This run met the item before, and the page at hand wins with another content. */
static int correct(const struct storing *storing, const struct stored_item *stored,
                   const struct seen_item *seen, int64_t version_ms)
{
    int64_t base_ms = 0;
    bool as_before = false;
    int r = 0;

    if (!has_version(seen)) {
        storing->platform->changed += !seen->is_new;
        return store_version(storing, stored->id, seen->base, seen->is_new ? "new" : "changed");
    }
    if (seen->base)
        r = compare_version(storing, stored->id, seen->base, &as_before, &base_ms);
    if (r < 0)
        return r;
    return as_before ? revert(storing, stored, seen, base_ms)
                     : rewrite(storing, stored, seen, version_ms);
}

/* The page at hand wins with the same content: it is where the item comes from. */
static int confirm(const struct storing *storing, const struct stored_item *stored,
                   const struct seen_item *seen)
{
    int r = has_version(seen) ? replace_version(storing, seen->version) : 0;

    return r < 0 ? r : set_seen(storing, stored->id, change_of(seen), seen->version, seen->base);
}

int trawl__journal_page_item(struct trawl_journal *journal, struct trawl_run_state *run,
                             struct trawl_platform_state *platform, const struct trawl_page *page,
                             const struct trawl_page_item *item, int64_t *ret_id)
{
    struct storing storing = {.journal = journal,
                              .run = run,
                              .platform = platform,
                              .page = page,
                              .item = item,
                              .now_ms = trawl_now_ms()};
    struct stored_item stored = {0};
    struct seen_item seen;
    bool found;
    bool same;
    int64_t version_ms;
    int r = find_item(&storing, &stored, &found);

    if (r < 0)
        return r;
    if (!found)
        return store_new(&storing, ret_id);
    *ret_id = stored.id;
    r = find_seen(&storing, stored.id, &seen);
    if (r < 0)
        return r;
    platform->gone -= seen.is_gone;
    if (!seen.exists || seen.is_gone)
        return store_again(&storing, &stored);
    if (seen.wins)
        return 0;
    r = compare_version(&storing, stored.id, seen.version, &same, &version_ms);
    if (r < 0)
        return r;
    return same ? confirm(&storing, &stored, &seen) : correct(&storing, &stored, &seen, version_ms);
}
