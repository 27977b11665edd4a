/* What is kept of a page for a later run: the validators of its answer, and what came of it, so that it need not be fetched
 * again if the server says that it has not changed.
 *
 * Items are kept as references to their versions, links as fingerprints. Where a version is there no more (its page had lost
 * against another, or a run at the same time wrote over it), the page is fetched as a whole. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_priv.h"
#include "util/alloc.h"

/* Texts of one page: what crossed in one frame, but for the rest of each URL. */
#define RECALLED_MAX ((size_t)1 << 30)

/* A row of validators, with memory of its own. */
struct kept {
    struct trawl_kept_item *items;
    size_t item_count;
    struct trawl_hash *links;
    size_t link_count;
};

static void kept_finish(struct kept *kept)
{
    free(kept->items);
    free(kept->links);
}

static void *copy(struct trawl_str bytes, size_t element, size_t *ret_count)
{
    void *copied = trawl_xalloc(bytes.len + 1);

    memcpy(copied, bytes.ptr, bytes.len);
    *ret_count = bytes.len / element;
    return copied;
}

static sqlite3_stmt *bind_key(struct trawl_journal *journal, enum trawl_statement which,
                              const char *platform, const struct trawl_hash *fingerprint)
{
    sqlite3_stmt *statement = journal->statements[which];

    trawl__db_bind_text(statement, 1, platform);
    trawl__db_bind_hash(statement, 2, fingerprint);
    return statement;
}

static bool str_equal(struct trawl_str a, struct trawl_str b)
{
    return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}

/* --- texts --------------------------------------------------------------------------------------- */

int trawl__text_put(struct trawl_buf *room, sqlite3_stmt *row, int column,
                    struct trawl_str *ret_text)
{
    struct trawl_str text = trawl__db_str(row, column);
    size_t offset = room->len;
    int r = trawl_buf_append(room, text.ptr, text.len);

    if (r == 0)
        r = trawl_buf_append(room, "", 1);
    *ret_text = (struct trawl_str){.ptr = (const char *)(uintptr_t)offset, .len = text.len};
    return r;
}

void trawl__text_point(const struct trawl_buf *room, struct trawl_str *text)
{
    text->ptr = room->data + (uintptr_t)text->ptr;
}

/* --- keeping --------------------------------------------------------------------------------------- */

static int keep(struct trawl_journal *journal, const char *platform, const struct trawl_page *page,
                const int64_t *ids)
{
    sqlite3_stmt *set = bind_key(journal, STATEMENT_VALIDATORS_SET, platform, &page->fingerprint);
    TRAWL_AUTO_FREE struct trawl_kept_item *items = trawl_xalloc(page->item_count * sizeof(*items));

    for (size_t i = 0; i < page->item_count; i++)
        items[i] = (struct trawl_kept_item){.id = ids[i], .hash = page->items[i].hash};
    trawl__db_bind_hash(set, 3, &page->scope);
    trawl__db_bind_str(set, 4, page->etag);
    trawl__db_bind_str(set, 5, page->last_modified);
    trawl__db_bind_blob(
        set, 6,
        (struct trawl_str){.ptr = (const char *)items, .len = page->item_count * sizeof(*items)});
    trawl__db_bind_blob(set, 7, page->links);
    return trawl__db_done(set);
}

static int drop(struct trawl_journal *journal, const char *platform,
                const struct trawl_hash *fingerprint)
{
    return trawl__db_done(bind_key(journal, STATEMENT_VALIDATORS_DROP, platform, fingerprint));
}

int trawl__journal_remember(struct trawl_journal *journal,
                            const struct trawl_platform_state *platform,
                            const struct trawl_page *page, const int64_t *items)
{
    if (!page->remembers || page->kind != TRAWL_PAGE_RESPONSE || page->outcome != TRAWL_OUTCOME_OK)
        return 0;
    if (page->etag.len == 0 && page->last_modified.len == 0)
        return drop(journal, platform->name, &page->fingerprint);
    return keep(journal, platform->name, page, items);
}

int trawl__journal_remember_url(struct trawl_journal *journal,
                                const struct trawl_page_request *request)
{
    sqlite3_stmt *add = journal->statements[STATEMENT_URL_ADD];

    if (request->method.len > 0 || request->body.len > 0)
        return 0;
    trawl__db_bind_hash(add, 1, &request->fingerprint);
    trawl__db_bind_str(add, 2, request->url);
    return trawl__db_done(add);
}

/* --- recalling ------------------------------------------------------------------------------------- */

/* What is kept of the page, if it is what the worker asked by; -ESTALE. */
static int read_kept(struct trawl_journal *journal, const char *platform,
                     const struct trawl_page *page, struct kept *ret_kept)
{
    sqlite3_stmt *get = bind_key(journal, STATEMENT_VALIDATORS_GET, platform, &page->fingerprint);
    int code = sqlite3_step(get);
    int r = code == SQLITE_DONE ? -ESTALE : trawl__db_errno(code);

    if (code == SQLITE_ROW &&
        (!trawl__db_hash_is(get, 0, page->scope) || !str_equal(trawl__db_str(get, 1), page->etag) ||
         !str_equal(trawl__db_str(get, 2), page->last_modified)))
        r = -ESTALE;
    if (code == SQLITE_ROW && r == 0) {
        ret_kept->items =
            copy(trawl__db_str(get, 3), sizeof(*ret_kept->items), &ret_kept->item_count);
        ret_kept->links =
            copy(trawl__db_str(get, 4), sizeof(*ret_kept->links), &ret_kept->link_count);
    }
    sqlite3_reset(get);
    return r;
}

static int recall_item(struct trawl_journal *journal, const struct trawl_kept_item *kept,
                       struct trawl_buf *room, struct trawl_page_item *item)
{
    sqlite3_stmt *find = journal->statements[STATEMENT_VERSION_FIND];
    int code;
    int r;

    sqlite3_bind_int64(find, 1, kept->id);
    trawl__db_bind_hash(find, 2, &kept->hash);
    code = sqlite3_step(find);
    r = code == SQLITE_DONE ? -ESTALE : trawl__db_errno(code);
    if (code == SQLITE_ROW) {
        item->hash = kept->hash;
        r = trawl__text_put(room, find, 0, &item->key);
        if (r == 0)
            r = trawl__text_put(room, find, 1, &item->json);
    }
    sqlite3_reset(find);
    return r;
}

/* Whether the run has met it as near to the start as this page leads to it. */
static int is_met(struct trawl_journal *journal, const struct trawl_platform_state *platform,
                  const struct trawl_page_request *request, bool *ret_met)
{
    sqlite3_stmt *find = journal->statements[STATEMENT_FRONTIER_DEPTH];
    int code;

    sqlite3_bind_int64(find, 1, platform->id);
    trawl__db_bind_hash(find, 2, &request->fingerprint);
    code = sqlite3_step(find);
    *ret_met = code == SQLITE_ROW && sqlite3_column_int(find, 0) <= request->depth;
    sqlite3_reset(find);
    return trawl__db_errno(code);
}

static int recall_url(struct trawl_journal *journal, struct trawl_page_request *request,
                      struct trawl_buf *room)
{
    sqlite3_stmt *get = journal->statements[STATEMENT_URL_GET];
    int code;
    int r;

    trawl__db_bind_hash(get, 1, &request->fingerprint);
    code = sqlite3_step(get);
    r = code == SQLITE_DONE ? -ESTALE : trawl__db_errno(code);
    if (code == SQLITE_ROW)
        r = trawl__text_put(room, get, 0, &request->url);
    sqlite3_reset(get);
    return r;
}

static int recall_links(struct trawl_journal *journal, const struct trawl_platform_state *platform,
                        const struct kept *kept, struct trawl_page *page, struct trawl_buf *room)
{
    int r = 0;

    page->requests = trawl_xalloc(kept->link_count * sizeof(*page->requests));
    for (size_t i = 0; r == 0 && i < kept->link_count; i++) {
        struct trawl_page_request *request = &page->requests[page->request_count];
        bool met = false;

        *request = (struct trawl_page_request){.fingerprint = kept->links[i],
                                               .depth = (uint16_t)(page->depth + 1)};
        r = is_met(journal, platform, request, &met);
        if (r < 0 || met)
            continue;
        r = recall_url(journal, request, room);
        page->request_count++;
    }
    return r;
}

static int recall_all(struct trawl_journal *journal, const struct trawl_platform_state *platform,
                      const struct kept *kept, struct trawl_page *page, struct trawl_buf *room)
{
    int r = 0;

    page->items = trawl_xalloc(kept->item_count * sizeof(*page->items));
    for (size_t i = 0; r == 0 && i < kept->item_count; i++) {
        r = recall_item(journal, &kept->items[i], room, &page->items[i]);
        page->item_count++;
    }
    if (r == 0)
        r = recall_links(journal, platform, kept, page, room);
    if (r < 0)
        return r;
    for (size_t i = 0; i < page->item_count; i++) {
        trawl__text_point(room, &page->items[i].key);
        trawl__text_point(room, &page->items[i].json);
    }
    for (size_t i = 0; i < page->request_count; i++)
        trawl__text_point(room, &page->requests[i].url);
    return 0;
}

int trawl__journal_recall(struct trawl_journal *journal,
                          const struct trawl_platform_state *platform, struct trawl_page *page,
                          struct trawl_buf *room)
{
    struct kept kept = {0};
    int r;

    trawl_page_finish(page);
    trawl_buf_finish(room);
    trawl_buf_init(room, RECALLED_MAX);
    r = read_kept(journal, platform->name, page, &kept);
    if (r < 0)
        return r;
    r = recall_all(journal, platform, &kept, page, room);
    kept_finish(&kept);
    if (r == -ESTALE) { /* else the worker's successor would ask by it again */
        int dropped = drop(journal, platform->name, &page->fingerprint);

        return dropped < 0 ? dropped : r;
    }
    return r;
}
