/* Starting, cancelling and resuming runs: commands to the supervisor, whose refusals become problems. */
#include <errno.h>
#include <string.h>

#include "gateway/api/api.h"
#include "gateway/problem.h"
#include "ipc/commands.h"
#include "util/alloc.h"
#include "util/json.h"

/* Longest Idempotency-Key that is kept. */
#define IDEMPOTENCY_KEY_MAX 255

static const char *const start_fields[] = {"platforms", "options", "overlap"};
static const char *const overlaps[] = {"reject", "queue", "replace", "allow"};

static int check_platforms(const json_t *platforms, struct trawl_err *err)
{
    size_t i;
    json_t *name;

    if (!platforms)
        return 0;
    if (!json_is_array(platforms) || json_array_size(platforms) == 0)
        return trawl_err_set(err, -EINVAL, "platforms",
                             "expected a list of names, or nothing for all of them");
    json_array_foreach (platforms, i, name) {
        if (!json_is_string(name))
            return trawl_err_set(err, -EINVAL, "platforms", "expected a list of names");
    }
    return 0;
}

static int check_overlap(const json_t *overlap, struct trawl_err *err)
{
    if (!overlap)
        return 0;
    for (size_t i = 0; json_is_string(overlap) && i < TRAWL_ARRAY_SIZE(overlaps); i++) {
        if (strcmp(json_string_value(overlap), overlaps[i]) == 0)
            return 0;
    }
    return trawl_err_set(err, -EINVAL, "overlap", "expected reject, queue, replace or allow");
}

static int check_options(const json_t *options, struct trawl_err *err)
{
    const char *name;
    json_t *value;

    if (!options)
        return 0;
    if (!json_is_object(options))
        return trawl_err_set(err, -EINVAL, "options", "expected {platform: {option: value}}");
    json_object_foreach ((json_t *)(uintptr_t)options, name, value) {
        if (!json_is_object(value))
            return trawl_err_set(err, -EINVAL, "options", "expected {platform: {option: value}}");
    }
    return 0;
}

static int check_body(const json_t *body, struct trawl_err *err)
{
    int r = check_platforms(json_object_get(body, "platforms"), err);

    if (r >= 0)
        r = check_options(json_object_get(body, "options"), err);
    if (r >= 0)
        r = check_overlap(json_object_get(body, "overlap"), err);
    return r;
}

/* The body, or an answer and NULL. */
static json_t *take_body(struct api_request *request)
{
    json_t *body = api_body(request, start_fields, TRAWL_ARRAY_SIZE(start_fields));
    struct trawl_err err = {0};

    if (body && check_body(body, &err) < 0) {
        api_respond_failure(request, -EINVAL, &err);
        json_decref(body);
        return NULL;
    }
    return body;
}

static void on_started(void *user, int status, const json_t *result)
{
    struct api_request *request = user;
    char where[64];
    struct trawl_http_header headers[] = {{"Location", where}, {NULL, NULL}};
    TRAWL_AUTO_FREE char *text = NULL;

    if (!api_command_worked(request, status, result))
        return;
    snprintf(where, sizeof(where), "/api/scrape/runs/%lld",
             (long long)trawl_json_int(result, "run_id", 0));
    text = trawl_json_text(result, TRAWL_JSON_COMPACT);
    trawl_http_respond(request->http, 202, "application/json", headers, text, strlen(text));
}

void api_start(struct api_request *request)
{
    const char *key = trawl_http_header(request->http, "idempotency-key");
    struct trawl_hash hash;
    char hex[33];
    json_t *body;

    if (key && strlen(key) > IDEMPOTENCY_KEY_MAX) {
        problem_respond(request->http, 400, "the Idempotency-Key is too long", NULL);
        return;
    }
    body = take_body(request);
    if (!body)
        return;
    hash = trawl_json_hash(body);
    snprintf(hex, sizeof(hex), "%016llx%016llx", (unsigned long long)hash.hi,
             (unsigned long long)hash.lo);
    json_object_set_new(body, "trigger", json_string("api"));
    if (key) {
        json_object_set_new(body, "idempotency_key", json_string(key));
        json_object_set_new(body, "idempotency_body", json_string(hex));
    }
    api_command(request, TRAWL_COMMAND_START, body, on_started);
}

static void on_accepted(void *user, int status, const json_t *result)
{
    struct api_request *request = user;

    if (api_command_worked(request, status, result))
        api_respond_json(request, 202, result);
}

void api_cancel(struct api_request *request)
{
    api_command(request, TRAWL_COMMAND_CANCEL,
                json_pack("{s:I}", "run_id", (json_int_t)request->run_id), on_accepted);
}

void api_resume(struct api_request *request)
{
    api_command(request, TRAWL_COMMAND_RESUME,
                json_pack("{s:I}", "run_id", (json_int_t)request->run_id), on_accepted);
}
