/* Committing a page: its request, what it asks for, its items, and the events that all this causes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/state.h"
#include "util/alloc.h"
#include "util/clock.h"

/* Failures that are told as events; all of them stand in the errors table. */
#define TRAWL_FAILURE_LOGS_MAX 100

/* --- what a page asks for ------------------------------------------------------------------------ */

static int drop_row(struct trawl_journal *journal, enum trawl_statement statement, int64_t id)
{
    sqlite3_bind_int64(journal->statements[statement], 1, id);
    return trawl__db_done(journal->statements[statement]);
}

/* A request that was done is to be fetched again: nothing is left of its first time but what it found. */
static int take_back(struct trawl_journal *journal, struct trawl_platform_state *platform,
                     int64_t page, struct trawl_str url)
{
    sqlite3_stmt *get = journal->statements[STATEMENT_PAGE_GET];
    int outcome = TRAWL_OUTCOME_REDIRECTED;
    int64_t error = 0;
    int code;
    int r;

    if (platform->pages > 0)
        platform->pages--;
    sqlite3_bind_int64(get, 1, page);
    sqlite3_bind_int64(get, 2, platform->id);
    trawl__db_bind_str(get, 3, url);
    code = sqlite3_step(get);
    if (code == SQLITE_ROW) {
        outcome = sqlite3_column_int(get, 0);
        error = sqlite3_column_int64(get, 1);
    }
    sqlite3_reset(get);
    if (code != SQLITE_ROW)
        return trawl__db_errno(code);
    platform->ok -= outcome == TRAWL_OUTCOME_OK || outcome == TRAWL_OUTCOME_NOT_MODIFIED;
    platform->not_modified -= outcome == TRAWL_OUTCOME_NOT_MODIFIED;
    platform->failed -= outcome == TRAWL_OUTCOME_FAILED;
    platform->excluded -= outcome == TRAWL_OUTCOME_EXCLUDED;
    r = drop_row(journal, STATEMENT_PAGE_DROP, page);
    if (r == 0 && error != 0)
        r = drop_row(journal, STATEMENT_ERROR_DROP, error);
    return r;
}

/* A request that was known may now be met nearer to the start. */
static int meet_again(struct trawl_journal *journal, struct trawl_platform_state *platform,
                      const struct trawl_page_request *request, bool *ret_nearer)
{
    sqlite3_stmt *find = journal->statements[STATEMENT_FRONTIER_FIND];
    sqlite3_stmt *update = journal->statements[STATEMENT_FRONTIER_NEARER];
    bool done = false;
    int64_t page = 0;
    int code;
    int r = 0;

    sqlite3_bind_int64(find, 1, platform->id);
    trawl__db_bind_hash(find, 2, &request->fingerprint);
    sqlite3_bind_int(find, 3, request->depth);
    code = sqlite3_step(find);
    if (code == SQLITE_ROW) {
        done = sqlite3_column_int(find, 0) == TRAWL_REQUEST_DONE;
        page = sqlite3_column_int64(find, 1);
    }
    sqlite3_reset(find);
    *ret_nearer = code == SQLITE_ROW;
    if (code != SQLITE_ROW)
        return trawl__db_errno(code);
    if (done)
        r = take_back(journal, platform, page, request->url);
    if (r < 0)
        return r;
    sqlite3_bind_int64(update, 1, platform->id);
    trawl__db_bind_hash(update, 2, &request->fingerprint);
    sqlite3_bind_int(update, 3, request->depth);
    sqlite3_bind_int(update, 4, request->redirects);
    sqlite3_bind_int(update, 5, request->priority);
    trawl__db_bind_str(update, 6, request->headers);
    trawl__db_bind_str(update, 7, request->meta);
    trawl__db_bind_blob(update, 8, request->chain);
    return trawl__db_done(update);
}

static int add_request(struct trawl_journal *journal, struct trawl_platform_state *platform,
                       const struct trawl_page_request *request, bool remembers, bool *ret_added)
{
    sqlite3_stmt *add = journal->statements[STATEMENT_FRONTIER_ADD];
    int r;

    sqlite3_bind_int64(add, 1, platform->id);
    trawl__db_bind_hash(add, 2, &request->fingerprint);
    sqlite3_bind_int(add, 3, request->depth);
    sqlite3_bind_int(add, 4, request->redirects);
    sqlite3_bind_int(add, 5, request->priority);
    trawl__db_bind_str(add, 6, request->url);
    trawl__db_bind_str(add, 7, request->method);
    trawl__db_bind_str(add, 8, request->headers);
    trawl__db_bind_blob(add, 9, request->body);
    trawl__db_bind_str(add, 10, request->meta);
    trawl__db_bind_blob(add, 11, request->chain);
    r = trawl__db_done(add);
    if (r < 0)
        return r;
    if (sqlite3_changes(journal->db) == 0)
        return meet_again(journal, platform, request, ret_added);
    platform->known++;
    *ret_added = true;
    return remembers ? trawl__journal_remember_url(journal, request) : 0;
}

/* Add what the page asks for, and leave of it what was new. */
static int add_requests(struct trawl_journal *journal, struct trawl_platform_state *platform,
                        struct trawl_page *page)
{
    size_t added = 0;

    for (size_t i = 0; i < page->request_count; i++) {
        bool is_new = false;
        int r = add_request(journal, platform, &page->requests[i], page->remembers, &is_new);

        if (r < 0)
            return r;
        if (is_new)
            page->requests[added++] = page->requests[i];
    }
    page->request_count = added;
    return 0;
}

/* --- what has become of its request -------------------------------------------------------------- */

static int add_error(struct trawl_journal *journal, const struct trawl_run_state *run,
                     const struct trawl_platform_state *platform, const struct trawl_page *page,
                     int64_t *ret_id)
{
    sqlite3_stmt *add = journal->statements[STATEMENT_ERROR_ADD];
    int r;

    sqlite3_bind_int64(add, 1, run->id);
    trawl__db_bind_text(add, 2, platform->name);
    trawl__db_bind_str(add, 3, page->url);
    trawl__db_bind_str(add, 4, page->error_kind);
    trawl__db_bind_str(add, 5, page->error);
    sqlite3_bind_int(add, 6, page->status);
    sqlite3_bind_int64(add, 7, trawl_now_ms());
    r = trawl__db_done(add);
    *ret_id = sqlite3_last_insert_rowid(journal->db);
    return r;
}

static int add_page(struct trawl_journal *journal, const struct trawl_platform_state *platform,
                    const struct trawl_page *page, int64_t error, int64_t *ret_id)
{
    sqlite3_stmt *add = journal->statements[STATEMENT_PAGE_ADD];
    int r;

    sqlite3_bind_int64(add, 1, platform->id);
    trawl__db_bind_str(add, 2, page->url);
    sqlite3_bind_int(add, 3, page->outcome);
    sqlite3_bind_int(add, 4, page->status);
    sqlite3_bind_int(add, 5, page->depth);
    sqlite3_bind_int(add, 6, page->attempts);
    sqlite3_bind_int64(add, 7, (int64_t)page->bytes);
    sqlite3_bind_int64(add, 8, page->elapsed_ms);
    sqlite3_bind_int64(add, 9, trawl_now_ms());
    if (error)
        sqlite3_bind_int64(add, 10, error);
    else
        sqlite3_bind_null(add, 10);
    r = trawl__db_done(add);
    *ret_id = sqlite3_last_insert_rowid(journal->db);
    return r;
}

/* Take off a character of UTF-8 that was cut. */
static void drop_cut_character(char *text)
{
    size_t len = strlen(text);
    size_t start = len;

    while (start > 0 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
        start--;
    if (start > 0 && (unsigned char)text[start - 1] >= 0xc0)
        text[start - 1] = '\0';
}

static int tell_failure(struct trawl_journal *journal, struct trawl_run_state *run,
                        struct trawl_platform_state *platform, const struct trawl_page *page)
{
    char message[1024];

    if (platform->failure_logs >= TRAWL_FAILURE_LOGS_MAX)
        return 0;
    platform->failure_logs++;
    if (snprintf(message, sizeof(message), "page failed: '%.*s': %.*s", (int)page->url.len,
                 page->url.ptr, (int)page->error.len, page->error.ptr) >= (int)sizeof(message))
        drop_cut_character(message);
    return trawl__journal_log(journal, run, platform->name, "warning", message);
}

/* The request is done, by the row `row` of pages. False if it is to be fetched again, since it was met nearer to the start
 * while this page was under way. */
static int set_done(struct trawl_journal *journal, const struct trawl_platform_state *platform,
                    const struct trawl_page *page, int64_t row, bool *ret_done)
{
    sqlite3_stmt *done = journal->statements[STATEMENT_FRONTIER_DONE];
    int r;

    sqlite3_bind_int64(done, 1, platform->id);
    trawl__db_bind_hash(done, 2, &page->fingerprint);
    sqlite3_bind_int64(done, 3, row);
    sqlite3_bind_int(done, 4, page->counts);
    sqlite3_bind_int(done, 5, page->depth);
    r = trawl__db_done(done);
    *ret_done = sqlite3_changes(journal->db) > 0;
    return r;
}

static int record_response(struct trawl_journal *journal, struct trawl_run_state *run,
                           struct trawl_platform_state *platform, const struct trawl_page *page)
{
    bool failed = page->outcome == TRAWL_OUTCOME_FAILED;
    int64_t error = 0;
    int64_t row = 0;
    bool done = false;
    int r = 0;

    platform->bytes += page->bytes;
    if (failed)
        r = add_error(journal, run, platform, page, &error);
    if (r == 0)
        r = add_page(journal, platform, page, error, &row);
    if (r == 0)
        r = set_done(journal, platform, page, row, &done);
    if (r < 0)
        return r;
    if (!done) {
        r = drop_row(journal, STATEMENT_PAGE_DROP, row);
        return r == 0 && failed ? drop_row(journal, STATEMENT_ERROR_DROP, error) : r;
    }
    platform->pages++;
    platform->ok +=
        page->outcome == TRAWL_OUTCOME_OK || page->outcome == TRAWL_OUTCOME_NOT_MODIFIED;
    platform->not_modified += page->outcome == TRAWL_OUTCOME_NOT_MODIFIED;
    platform->failed += failed;
    platform->excluded += page->outcome == TRAWL_OUTCOME_EXCLUDED;
    return failed ? tell_failure(journal, run, platform, page) : 0;
}

static int record_retry(struct trawl_journal *journal, const struct trawl_platform_state *platform,
                        const struct trawl_page *page)
{
    sqlite3_stmt *retry = journal->statements[STATEMENT_FRONTIER_RETRY];

    sqlite3_bind_int64(retry, 1, platform->id);
    trawl__db_bind_hash(retry, 2, &page->fingerprint);
    sqlite3_bind_int(retry, 3, page->attempts);
    sqlite3_bind_int64(retry, 4, page->not_before_ms);
    return trawl__db_done(retry);
}

/* Its items, and what a later run needs of it. */
static int store_items(struct trawl_journal *journal, struct trawl_run_state *run,
                       struct trawl_platform_state *platform, const struct trawl_page *page)
{
    TRAWL_AUTO_FREE int64_t *ids = trawl_xalloc(page->item_count * sizeof(*ids));
    int r = 0;

    for (size_t i = 0; r == 0 && i < page->item_count; i++)
        r = trawl__journal_page_item(journal, run, platform, page, &page->items[i], &ids[i]);
    return r < 0 ? r : trawl__journal_remember(journal, platform, page, ids);
}

int trawl__journal_page(struct trawl_journal *journal, struct trawl_run_state *run,
                        struct trawl_platform_state *platform, struct trawl_page *page)
{
    int r = 0;

    if (page->kind == TRAWL_PAGE_RETRY)
        return record_retry(journal, platform, page);
    if (page->kind == TRAWL_PAGE_RESPONSE)
        r = record_response(journal, run, platform, page);
    else if (page->kind == TRAWL_PAGE_START)
        platform->begun = true;
    if (r == 0)
        r = add_requests(journal, platform, page);
    if (r == 0)
        r = store_items(journal, run, platform, page);
    if (r < 0)
        return r;
    return trawl__journal_thinned(journal, run, platform);
}

int trawl__journal_give_up(struct trawl_journal *journal, struct trawl_run_state *run,
                           struct trawl_platform_state *platform,
                           const struct trawl_hash *fingerprint, const char *kind,
                           const char *reason)
{
    sqlite3_stmt *find = journal->statements[STATEMENT_FRONTIER_PENDING];
    struct trawl_page page = {
        .outcome = TRAWL_OUTCOME_FAILED,
        .fingerprint = *fingerprint,
        .error_kind = trawl_str_of(kind),
        .error = trawl_str_of(reason),
    };
    int code;
    int r;

    sqlite3_bind_int64(find, 1, platform->id);
    trawl__db_bind_hash(find, 2, fingerprint);
    code = sqlite3_step(find);
    if (code != SQLITE_ROW) {
        sqlite3_reset(find);
        return code == SQLITE_DONE ? -ENOENT : trawl__db_errno(code);
    }
    page.url = trawl__db_str(find, 0);
    page.depth = (uint16_t)sqlite3_column_int(find, 1);
    page.attempts = (uint8_t)(sqlite3_column_int(find, 2) + 1);
    r = record_response(journal, run, platform, &page);
    sqlite3_reset(find); /* until now its URL was in use */
    return r < 0 ? r : trawl__journal_thinned(journal, run, platform);
}
