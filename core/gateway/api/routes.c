#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/api/api.h"
#include "gateway/problem.h"
#include "util/alloc.h"
#include "util/json.h"

static const struct api_route routes[] = {
    {"POST", "/api/scrape/runs", .handle = api_start},
    {"GET", "/api/scrape/runs", .read = api_runs},
    {"GET", "/api/scrape/runs/active", .read = api_runs_active},
    {"GET", "/api/scrape/runs/{id}", .read = api_run},
    {"POST", "/api/scrape/runs/{id}/cancel", .handle = api_cancel},
    {"POST", "/api/scrape/runs/{id}/resume", .handle = api_resume},
    {"GET", "/api/scrape/runs/{id}/items", .handle = api_run_items},
    {"GET", "/api/scrape/runs/{id}/errors", .read = api_run_errors},
    {"GET", "/api/scrape/runs/{id}/logs", .read = api_run_logs},
    {"GET", "/api/stats/days", .read = api_days},
    {"GET", "/api/hosts", .read = api_hosts},
    {"GET", "/api/items", .read = api_items},
    {"GET", "/api/items/one", .read = api_item},
    {"GET", "/api/items/history", .read = api_item_history},
    {"GET", "/api/platforms", .handle = api_platforms},
    {"GET", "/api/schedules", .read = api_schedules},
    {"POST", "/api/schedules/{platform}/pause", .handle = api_pause_schedule},
    {"POST", "/api/schedules/{platform}/resume", .handle = api_resume_schedule},
    {"GET", "/api/plugins", .handle = api_plugins},
    {"GET", "/api/transports", .handle = api_transports},
    {"POST", "/api/transports/moves", .handle = api_moved},
    {"POST", "/api/transports/{name}/enable", .handle = api_enable_transport},
    {"GET", "/api/watchers", .handle = api_watchers},
    {"GET", "/api/openapi.json", .handle = api_openapi},
    {"GET", "/live", .handle = api_live},
    {"GET", "/ready", .handle = api_ready},
};

static void request_free(struct api_request *request)
{
    query_finish(&request->path);
    query_finish(&request->query);
    trawl_buf_finish(&request->body);
    api_download_free(request->download);
    free(request);
}

void api_closed(struct api_request *request)
{
    request->http = NULL;
    if (!request->busy)
        request_free(request);
}

bool api_release(struct api_request *request)
{
    request->busy = false;
    if (request->http)
        return true;
    request_free(request);
    return false;
}

int api_submit(struct api_request *request, int (*run)(struct read_job *, struct trawl_reader *),
               void (*done)(struct read_job *))
{
    int r;

    memset(&request->job, 0, sizeof(request->job));
    request->job.err = &request->err;
    request->job.run = run;
    request->job.done = done;
    request->busy = true;
    r = readers_submit(request->gateway->readers, &request->job);
    if (r < 0)
        request->busy = false;
    return r;
}

void api_respond_json(struct api_request *request, int status, const json_t *value)
{
    TRAWL_AUTO_FREE char *text = trawl_json_text(value, TRAWL_JSON_COMPACT);

    trawl_http_respond(request->http, status, "application/json", NULL, text, strlen(text));
}

void api_respond_failure(struct api_request *request, int r, const struct trawl_err *err)
{
    const char *detail = err && *err->message ? err->message : NULL;
    json_auto_t *members =
        err && *err->where ? json_pack("{s:s}", "field", err->where) : json_object();

    if (r == -ENOENT)
        problem_respond(request->http, 404, detail ? detail : "there is no such run or item", NULL);
    else if (r == -EINVAL)
        problem_respond(request->http, 422, detail, members);
    else
        problem_respond(request->http, 503, "the store cannot be read now", NULL);
}

int api_limit(struct api_request *request, unsigned *ret_limit, struct trawl_err *err)
{
    const char *text = query_get(&request->query, "limit");
    long long limit = API_LIMIT_DEFAULT;

    if (text && (query_number(text, API_LIMIT_MAX, &limit) < 0 || limit == 0))
        return trawl_err_set(err, -EINVAL, "limit", "expected a whole number from 1 to %d",
                             API_LIMIT_MAX);
    *ret_limit = (unsigned)limit;
    return 0;
}

int api_cursor(struct api_request *request, int64_t *ret_cursor, struct trawl_err *err)
{
    const char *text = query_get(&request->query, "cursor");
    long long cursor = 0;

    if (text && query_number(text, INT64_MAX, &cursor) < 0)
        return trawl_err_set(err, -EINVAL, "cursor", "expected what `next` of a page said");
    *ret_cursor = cursor;
    return 0;
}

static int read_run(struct read_job *job, struct trawl_reader *reader)
{
    struct api_request *request = TRAWL_CONTAINER_OF(job, struct api_request, job);

    return request->route->read(request, reader, &request->err);
}

static void read_done(struct read_job *job)
{
    struct api_request *request = TRAWL_CONTAINER_OF(job, struct api_request, job);

    if (!api_release(request))
        return;
    if (job->status < 0)
        api_respond_failure(request, job->status, &request->err);
    else
        trawl_http_respond(request->http, 200, "application/json", NULL,
                           trawl_buf_text(&request->body), request->body.len);
}

static void request_run(struct api_request *request)
{
    const char *id = query_get(&request->path, "id");
    long long run_id = 0;

    if (id && (query_number(id, INT64_MAX, &run_id) < 0 || run_id == 0)) {
        problem_respond(request->http, 404, "there is no such run", NULL);
        return;
    }
    request->run_id = run_id;
    if (request->route->handle)
        request->route->handle(request);
    else if (api_submit(request, read_run, read_done) < 0)
        problem_respond(request->http, 503, "too many requests wait", NULL);
}

/* The methods of a path, as Allow has them; empty if the path is not ours. */
static void allowed_methods(const char *path, char allow[64])
{
    struct query params = {.count = 0};
    bool get = false, post = false;

    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(routes); i++) {
        if (query_match_path(routes[i].pattern, path, &params)) {
            get |= strcmp(routes[i].method, "GET") == 0;
            post |= strcmp(routes[i].method, "POST") == 0;
            query_finish(&params);
        }
    }
    snprintf(allow, 64, "%s%s%s", get ? "GET, HEAD, " : "", post ? "POST, " : "",
             get || post ? "OPTIONS" : "");
}

static bool respond_other_method(struct trawl_http_conn *http)
{
    char allow[64];
    struct trawl_http_header headers[] = {{"Allow", allow}, {NULL, NULL}};

    allowed_methods(trawl_http_path(http), allow);
    if (!*allow)
        return false;
    if (strcmp(trawl_http_method(http), "OPTIONS") == 0)
        trawl_http_respond(http, 204, NULL, headers, NULL, 0);
    else
        problem_respond_with(http, 405, "this path does not know the method", NULL, headers);
    return true;
}

static const struct api_route *find_route(const char *method, const char *path,
                                          struct query *params)
{
    if (strcmp(method, "HEAD") == 0)
        method = "GET";
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(routes); i++) {
        if (strcmp(routes[i].method, method) == 0 &&
            query_match_path(routes[i].pattern, path, params))
            return &routes[i];
    }
    return NULL;
}

bool api_serve(struct trawl_gateway *gateway, struct trawl_http_conn *http)
{
    struct query params = {.count = 0};
    const struct api_route *route =
        find_route(trawl_http_method(http), trawl_http_path(http), &params);
    struct api_request *request;

    if (!route)
        return respond_other_method(http);
    request = TRAWL_NEW(struct api_request);
    request->kind = HTTP_USER_REQUEST;
    request->gateway = gateway;
    request->http = http;
    request->route = route;
    request->path = params; /* handed over */
    trawl_buf_init(&request->body, API_BODY_MAX);
    trawl_http_set_data(http, request);
    if (query_parse(trawl_http_query(http), &request->query) < 0)
        problem_respond(http, 400, "the query cannot be read", NULL);
    else
        request_run(request);
    return true;
}
