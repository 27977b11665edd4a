/* What the requests that change something share: the body that they read, the command that they become. */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "gateway/api/api.h"
#include "gateway/problem.h"
#include "util/json.h"
#include "util/suggest.h"

/* A form on another page can send text/plain without asking first; this media type it cannot. */
static bool is_json(struct api_request *request)
{
    const char *type = trawl_http_header(request->http, "content-type");
    size_t len = type ? strcspn(type, "; \t") : 0;

    return len == strlen("application/json") && strncasecmp(type, "application/json", len) == 0;
}

static int check_fields(const json_t *body, const char *const *fields, size_t count,
                        struct trawl_err *err)
{
    const char *name, *nearest;
    const json_t *value;
    char room[128];

    if (!json_is_object(body))
        return trawl_err_set(err, -EINVAL, "", "expected an object");
    json_object_foreach ((json_t *)(uintptr_t)body, name, value) {
        bool known = false;

        for (size_t i = 0; i < count; i++)
            known |= strcmp(name, fields[i]) == 0;
        if (known)
            continue;
        trawl_log_quote(room, sizeof(room), name);
        nearest = trawl_suggest(name, fields, count);
        return trawl_err_set(err, -EINVAL, room, "there is no field '%s'%s%s%s", room,
                             nearest ? ", did you mean '" : "", nearest ? nearest : "",
                             nearest ? "'?" : "");
    }
    return 0;
}

json_t *api_body(struct api_request *request, const char *const *fields, size_t count)
{
    struct trawl_err err = {0};
    json_t *body = NULL;
    size_t len;
    const char *text = trawl_http_body(request->http, &len);

    if (len == 0)
        return json_object();
    if (!is_json(request)) {
        problem_respond(request->http, 415, "expected Content-Type: application/json", NULL);
        return NULL;
    }
    if (trawl_json_parse(text, len, &body, &err) < 0) {
        problem_respond(request->http, 400, err.message, NULL);
        return NULL;
    }
    if (check_fields(body, fields, count, &err) < 0) {
        api_respond_failure(request, -EINVAL, &err);
        json_decref(body);
        return NULL;
    }
    return body;
}

void api_command(struct api_request *request, const char *name, json_t *args,
                 void (*done)(void *user, int status, const json_t *result))
{
    request->busy = true;
    if (gateway_command(request->gateway, name, args, done, request) == 0)
        return;
    request->busy = false;
    problem_respond(request->http, 503, "shutting down, or too many requests wait", NULL);
}

bool api_command_worked(struct api_request *request, int status, const json_t *result)
{
    if (!api_release(request))
        return false;
    if (status < 400)
        return true;
    problem_respond(request->http, status, NULL, json_is_object(result) ? result : NULL);
    return false;
}
