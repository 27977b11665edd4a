/* What the server is made of, and how it feels. */
#include <stdio.h>
#include <string.h>

#include "gateway/api/api.h"
#include "gateway/problem.h"
#include "util/alloc.h"

void api_platforms(struct api_request *request)
{
    json_auto_t *answer = json_pack("{s:O}", "platforms", request->gateway->platforms);

    api_respond_json(request, 200, answer);
}

void api_plugins(struct api_request *request)
{
    json_auto_t *answer = json_pack("{s:O}", "plugins", request->gateway->plugin_list);

    api_respond_json(request, 200, answer);
}

void api_live(struct api_request *request)
{
    static const char body[] = "{\"status\":\"live\"}";

    trawl_http_respond(request->http, 200, "application/json", NULL, body, strlen(body));
}

static int ready_run(struct read_job *job, struct trawl_reader *reader)
{
    uint64_t tail, head;

    return trawl_reader_bounds(reader, &tail, &head, job->err);
}

static void respond_stalled(struct api_request *request)
{
    char detail[192];

    snprintf(detail, sizeof(detail), "the store cannot write: %s; everything waits",
             request->gateway->stalled);
    problem_respond(request->http, 503, detail, NULL);
}

static void ready_done(struct read_job *job)
{
    static const char body[] = "{\"status\":\"ready\"}";
    struct api_request *request = TRAWL_CONTAINER_OF(job, struct api_request, job);

    if (!api_release(request))
        return;
    if (job->status < 0)
        problem_respond(request->http, 503, "the store cannot be read", NULL);
    else if (*request->gateway->stalled)
        respond_stalled(request);
    else
        trawl_http_respond(request->http, 200, "application/json", NULL, body, strlen(body));
}

void api_ready(struct api_request *request)
{
    if (request->gateway->draining || api_submit(request, ready_run, ready_done) < 0)
        problem_respond(request->http, 503, "shutting down", NULL);
}
