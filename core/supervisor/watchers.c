#include "supervisor/watchers.h"

#include <stdlib.h>
#include <utlist.h>

#include "supervisor/commands.h"
#include "supervisor/gateways.h"
#include "util/alloc.h"
#include "util/json.h"

/* One command that waits for the gateways' answers. */
struct trawl_watchers_query {
    struct trawl_watchers_query *prev, *next;
    struct trawl_supervisor *supervisor;
    json_int_t seq;
    unsigned waiting; /* for so many gateways */
    size_t limit;
    json_int_t snapshots;
    json_t *watchers;
    uv_timer_t timer;
    trawl_command_done *done;
    void *user;
};

static void query_on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void query_answer(struct trawl_watchers_query *query)
{
    struct trawl_supervisor *supervisor = query->supervisor;
    json_auto_t *result =
        json_pack("{s:o, s:I, s:o}", "transports", trawl__gateways_watchers(supervisor),
                  "snapshots", query->snapshots, "watchers", query->watchers);

    uv_close((uv_handle_t *)&query->timer, query_on_closed);
    query->done(query->user, 0, result);
}

static void query_end(struct trawl_watchers_query *query)
{
    DL_DELETE(query->supervisor->watcher_queries, query);
    query_answer(query);
}

static void query_on_timer(uv_timer_t *timer)
{
    query_end(timer->data);
}

static void query_take(struct trawl_watchers_query *query, const json_t *list)
{
    json_t *watcher;
    size_t i;

    query->snapshots += trawl_json_int(list, "snapshots", 0);
    json_array_foreach (json_object_get(list, "watchers"), i, watcher) {
        if (json_array_size(query->watchers) < query->limit)
            json_array_append(query->watchers, watcher);
    }
}

void trawl__watchers_on_list(struct trawl_supervisor *supervisor, const json_t *list)
{
    json_int_t seq = trawl_json_int(list, "seq", 0);
    struct trawl_watchers_query *query;

    DL_SEARCH_SCALAR(supervisor->watcher_queries, query, seq, seq);
    if (!query) /* it was answered without */
        return;
    query_take(query, list);
    if (--query->waiting == 0)
        query_end(query);
}

void trawl__command_watchers(struct trawl_supervisor *supervisor, const json_t *args,
                             trawl_command_done *done, void *user)
{
    struct trawl_watchers_query *query = TRAWL_NEW(struct trawl_watchers_query);

    query->supervisor = supervisor;
    query->seq = ++supervisor->watcher_seq;
    query->limit = (size_t)trawl_json_int(args, "limit", 0);
    query->watchers = json_array();
    query->done = done;
    query->user = user;
    uv_timer_init(&supervisor->loop, &query->timer);
    query->timer.data = query;
    query->waiting = trawl__gateways_list_watchers(supervisor, query->seq, query->limit);
    if (query->waiting == 0) {
        query_answer(query);
        return;
    }
    DL_APPEND(supervisor->watcher_queries, query);
    uv_timer_start(&query->timer, query_on_timer, TRAWL_WATCHERS_WAIT_MS, 0);
}
