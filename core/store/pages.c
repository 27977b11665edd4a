/* Committing a page: its request, what it asks for, its items, and the events that all this causes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/state.h"
#include "util/clock.h"

/* Failures that are told as events; all of them stand in the errors table. */
#define TRAWL_FAILURE_LOGS_MAX 100

/* A request that was known, and is now met nearer to the start: it is followed again. */
static int nearer(struct trawl_journal *journal, struct trawl_platform_state *platform,
                  const struct trawl_page_request *request)
{
    sqlite3_stmt *update = journal->statements[STATEMENT_FRONTIER_NEARER];

    for (int state = TRAWL_REQUEST_PENDING; state <= TRAWL_REQUEST_DONE; state++) {
        int r;

        sqlite3_bind_int64(update, 1, platform->id);
        trawl__db_bind_hash(update, 2, &request->fingerprint);
        sqlite3_bind_int(update, 3, request->depth);
        sqlite3_bind_int(update, 4, state);
        r = trawl__db_done(update);
        if (r < 0)
            return r;
        if (sqlite3_changes(journal->db) == 0)
            continue;
        if (state == TRAWL_REQUEST_DONE && platform->pages > 0)
            platform->pages--;
        return 0;
    }
    return 0;
}

static int add_request(struct trawl_journal *journal, struct trawl_platform_state *platform,
                       const struct trawl_page_request *request)
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
    r = trawl__db_done(add);
    if (r < 0)
        return r;
    if (sqlite3_changes(journal->db) == 0)
        return nearer(journal, platform, request);
    platform->known++;
    return 0;
}

static int record_failure(struct trawl_journal *journal, struct trawl_run_state *run,
                          struct trawl_platform_state *platform, const struct trawl_page *page)
{
    sqlite3_stmt *insert = journal->statements[STATEMENT_ERROR];
    char message[1024];
    int r;

    platform->failed++;
    sqlite3_bind_int64(insert, 1, run->id);
    trawl__db_bind_text(insert, 2, platform->name);
    trawl__db_bind_str(insert, 3, page->url);
    trawl__db_bind_str(insert, 4, page->error_kind);
    trawl__db_bind_str(insert, 5, page->error);
    sqlite3_bind_int(insert, 6, page->status);
    sqlite3_bind_int64(insert, 7, trawl_now_ms());
    r = trawl__db_done(insert);
    if (r < 0 || platform->failure_logs >= TRAWL_FAILURE_LOGS_MAX)
        return r;
    platform->failure_logs++;
    snprintf(message, sizeof(message), "page failed: '%.*s': %.*s", (int)page->url.len,
             page->url.ptr, (int)page->error.len, page->error.ptr);
    return trawl__journal_log(journal, run, platform->name, "warning", message);
}

static int record_response(struct trawl_journal *journal, struct trawl_run_state *run,
                           struct trawl_platform_state *platform, const struct trawl_page *page)
{
    sqlite3_stmt *done = journal->statements[STATEMENT_FRONTIER_DONE];
    sqlite3_stmt *insert = journal->statements[STATEMENT_PAGE];
    int r;

    sqlite3_bind_int64(done, 1, platform->id);
    trawl__db_bind_hash(done, 2, &page->fingerprint);
    r = trawl__db_done(done);
    if (r < 0)
        return r;
    if (sqlite3_changes(journal->db) > 0)
        platform->pages++;
    platform->bytes += page->bytes;
    sqlite3_bind_int64(insert, 1, platform->id);
    trawl__db_bind_str(insert, 2, page->url);
    sqlite3_bind_int(insert, 3, page->outcome);
    sqlite3_bind_int(insert, 4, page->status);
    sqlite3_bind_int(insert, 5, page->depth);
    sqlite3_bind_int(insert, 6, page->attempts);
    sqlite3_bind_int64(insert, 7, (int64_t)page->bytes);
    sqlite3_bind_int64(insert, 8, page->elapsed_ms);
    sqlite3_bind_int64(insert, 9, trawl_now_ms());
    r = trawl__db_done(insert);
    platform->ok += page->outcome == TRAWL_OUTCOME_OK;
    if (r < 0 || page->outcome != TRAWL_OUTCOME_FAILED)
        return r;
    return record_failure(journal, run, platform, page);
}

int trawl__journal_page(struct trawl_journal *journal, struct trawl_run_state *run,
                        struct trawl_platform_state *platform, const struct trawl_page *page)
{
    int r = 0;

    if (page->kind == TRAWL_PAGE_RESPONSE)
        r = record_response(journal, run, platform, page);
    else if (page->kind == TRAWL_PAGE_START)
        platform->begun = true;
    for (size_t i = 0; r == 0 && i < page->request_count; i++)
        r = add_request(journal, platform, &page->requests[i]);
    for (size_t i = 0; r == 0 && i < page->item_count; i++)
        r = trawl__journal_page_item(journal, run, platform, page, &page->items[i]);
    if (r < 0)
        return r;
    return trawl__journal_thinned(journal, run, platform);
}
