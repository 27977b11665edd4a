/* The HTTP API: one routing table (routes.c), one file for each resource. */
#ifndef TRAWL_GATEWAY_API_API_H
#define TRAWL_GATEWAY_API_API_H

#include "gateway/gateway_priv.h"

/* An answer that is made whole; what is larger is streamed. */
#define API_BODY_MAX      (64u << 20)
#define API_LIMIT_DEFAULT 100
#define API_LIMIT_MAX     1000

struct api_request;

struct api_route {
    const char *method;
    const char *pattern;

    /* Answer on the loop, now or later (then `busy` is set until it is done). */
    void (*handle)(struct api_request *request);

    /* Or: make the answer in request->body, in a thread, touching nothing of the gateway. 0; -ENOENT: 404; -EINVAL: 422 with
     * `err`; anything else: 503. */
    int (*read)(struct api_request *request, struct trawl_reader *reader, struct trawl_err *err);
};

/* A request to the API, from its arrival until it is answered and closed. */
struct api_request {
    enum http_user_kind kind;
    struct trawl_gateway *gateway;
    struct trawl_http_conn *http; /* NULL once it is closed */
    const struct api_route *route;
    struct query path;
    struct query query;
    int64_t run_id; /* {id} of the path */
    struct read_job job;
    struct trawl_err err; /* the job's */
    bool busy;            /* a job or command holds it */
    struct trawl_buf body;
    struct download *download;
};

/* Serve a path below /api, /live, /ready. False: there is no such route. */
bool api_serve(struct trawl_gateway *gateway, struct trawl_http_conn *http);
void api_closed(struct api_request *request);
/* A job or command is done: free the request if it is closed, and then say false. */
bool api_release(struct api_request *request);

int api_submit(struct api_request *request, int (*run)(struct read_job *, struct trawl_reader *),
               void (*done)(struct read_job *));
void api_respond_json(struct api_request *request, int status, const json_t *value);
void api_respond_failure(struct api_request *request, int r, const struct trawl_err *err);

/* ?limit= */
int api_limit(struct api_request *request, unsigned *ret_limit, struct trawl_err *err);
/* ?cursor=, 0 if it is not there */
int api_cursor(struct api_request *request, int64_t *ret_cursor, struct trawl_err *err);

/* command.c */
/* The JSON object that was sent, with no other fields than these; empty if there was no body. NULL after an answer. */
json_t *api_body(struct api_request *request, const char *const *fields, size_t count);
/* Send a command to the supervisor; `args` is stolen, `done` gets the request, unless it is answered 503 at once. */
void api_command(struct api_request *request, const char *name, json_t *args,
                 void (*done)(void *user, int status, const json_t *result));
/* First call of such a `done`: release the request and answer a refusal. False: there is nothing more to answer. */
bool api_command_worked(struct api_request *request, int status, const json_t *result);

/* start.c */
void api_start(struct api_request *request);
void api_cancel(struct api_request *request);
void api_resume(struct api_request *request);
/* runs.c */
int api_runs(struct api_request *request, struct trawl_reader *reader, struct trawl_err *err);
int api_runs_active(struct api_request *request, struct trawl_reader *reader,
                    struct trawl_err *err);
int api_run(struct api_request *request, struct trawl_reader *reader, struct trawl_err *err);
int api_run_errors(struct api_request *request, struct trawl_reader *reader, struct trawl_err *err);
int api_run_logs(struct api_request *request, struct trawl_reader *reader, struct trawl_err *err);
/* stats.c */
int api_days(struct api_request *request, struct trawl_reader *reader, struct trawl_err *err);

/* hosts.c */
int api_hosts(struct api_request *request, struct trawl_reader *reader, struct trawl_err *err);
/* items.c */
int api_items(struct api_request *request, struct trawl_reader *reader, struct trawl_err *err);
int api_item(struct api_request *request, struct trawl_reader *reader, struct trawl_err *err);
int api_item_history(struct api_request *request, struct trawl_reader *reader,
                     struct trawl_err *err);
int api_append_item(struct trawl_buf *buf, const struct trawl_item_row *row);
/* download.c */
void api_run_items(struct api_request *request);
void api_download_writable(struct api_request *request);
void api_download_free(struct download *download);
/* schedules.c */
int api_schedules(struct api_request *request, struct trawl_reader *reader, struct trawl_err *err);
void api_pause_schedule(struct api_request *request);
void api_resume_schedule(struct api_request *request);
/* server.c */
void api_platforms(struct api_request *request);
void api_plugins(struct api_request *request);
void api_live(struct api_request *request);
void api_ready(struct api_request *request);
void api_openapi(struct api_request *request);
/* transports.c */
void api_transports(struct api_request *request);
void api_moved(struct api_request *request);
void api_enable_transport(struct api_request *request);
void api_watchers(struct api_request *request);

#endif
