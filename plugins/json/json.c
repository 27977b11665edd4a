/* Scraper "json": asks an HTTP API, takes items from its answers with jq, and goes on to the next answer with jq
 * (docs/extraction.md). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "trawl/plugin.h"
#include "trawl/scraper.h"

/* Between the values of a key of several fields, and the longest key that the host takes. */
#define KEY_SEPARATOR "|"
#define KEY_MAX       2048

struct json {
    const struct trawl_scraper_host *host;
    struct trawl_job *job;
    json_t *start;
    json_t *key; /* names */
    struct trawl_jq *items;
    struct trawl_jq *next; /* NULL: an answer leads to no other */
};

static const struct trawl_option header_value[] = {
    {.type = TRAWL_OPTION_STRING, .help = "the header's value"},
};

static const struct trawl_option request_members[] = {
    {.name = "url", .type = TRAWL_OPTION_STRING, .required = true, .help = "where to ask"},
    {.name = "method",
     .type = TRAWL_OPTION_STRING,
     .default_json = "\"GET\"",
     .help = "HTTP method; POST when there is a body and nothing else is said"},
    {.name = "headers",
     .type = TRAWL_OPTION_MAP,
     .fields = header_value,
     .default_json = "{}",
     .help = "headers of this request"},
    {.name = "body",
     .type = TRAWL_OPTION_ANY,
     .help = "what is sent: a string as it is, anything else as JSON"},
    {.type = TRAWL_OPTION_END},
};

static const struct trawl_option start_request[] = {
    {.type = TRAWL_OPTION_OBJECT,
     .fields = request_members,
     .shorthand = "url",
     .help = "a request"},
};

static const struct trawl_option key_name[] = {
    {.type = TRAWL_OPTION_STRING, .help = "name of an item's field"},
};

static const struct trawl_option options[] = {
    {.name = "start",
     .type = TRAWL_OPTION_LIST,
     .fields = start_request,
     .required = true,
     .help = "requests to begin with"},
    {.name = "items",
     .type = TRAWL_OPTION_STRING,
     .default_json = "\"if type == \\\"array\\\" then .[] else . end\"",
     .help = "jq program whose outputs, given an answer, are the items (objects)"},
    {.name = "next",
     .type = TRAWL_OPTION_STRING,
     .help =
         "jq program that gives the requests that follow an answer: URLs, relative ones too, or "
         "objects as in start; null and false and \"\" are none"},
    {.name = "key",
     .type = TRAWL_OPTION_LIST,
     .fields = key_name,
     .required = true,
     .help = "fields of an item that tell it apart from all others"},
    {.type = TRAWL_OPTION_END},
};

static void json_scraper_destroy(void *scraper)
{
    struct json *json = scraper;

    if (json->items)
        json->host->jq_free(json->items);
    if (json->next)
        json->host->jq_free(json->next);
    json_decref(json->start);
    json_decref(json->key);
    free(json);
}

static int compile(struct json *json, const json_t *given, const char *name,
                   struct trawl_jq **ret_jq, struct trawl_err *err)
{
    const char *program = json_string_value(json_object_get(given, name));
    int r;

    if (!program)
        return 0;
    r = json->host->jq_compile(json->job, program, ret_jq, err);
    if (r < 0)
        snprintf(err->where, sizeof(err->where), "%s", name);
    return r;
}

static int json_scraper_create(const struct trawl_scraper_host *host, struct trawl_job *job,
                               json_t *given, void **ret_scraper, struct trawl_err *err)
{
    struct json *json = calloc(1, sizeof(*json));
    int r;

    if (!json)
        return trawl_err_set(err, -ENOMEM, "", "no memory");
    json->host = host;
    json->job = job;
    json->start = json_incref(json_object_get(given, "start"));
    json->key = json_incref(json_object_get(given, "key"));
    r = compile(json, given, "items", &json->items, err);
    if (r == 0)
        r = compile(json, given, "next", &json->next, err);
    if (r == 0 && json_array_size(json->key) == 0)
        r = trawl_err_set(err, -EINVAL, "key", "name at least one field");
    if (r < 0) {
        json_scraper_destroy(json);
        return r;
    }
    *ret_scraper = json;
    return 0;
}

/* The headers of a request with a JSON body, which says what it is unless the user did. */
static json_t *headers_of(const json_t *object, bool json_body)
{
    json_t *headers = json_object();
    bool has_type = false;
    const char *name;
    json_t *value;

    json_object_foreach (json_object_get(object, "headers"), name, value) {
        has_type = has_type || strcasecmp(name, "content-type") == 0;
        json_object_set(headers, name, value);
    }
    if (json_body && !has_type)
        json_object_set_new(headers, "content-type", json_string("application/json"));
    return headers;
}

/* Ask for {url, method, headers, body}. */
static int request_object(struct json *json, const json_t *object, bool same_depth)
{
    const json_t *body = json_object_get(object, "body");
    bool json_body = body && !json_is_string(body) && !json_is_null(body);
    const char *method = json_string_value(json_object_get(object, "method"));
    char *dumped = json_body ? json_dumps(body, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    struct trawl_request request = {
        .size = sizeof(request),
        .url = json_string_value(json_object_get(object, "url")),
        .headers = headers_of(object, json_body),
        .same_depth = same_depth,
    };
    int r;

    if (json_is_string(body) || dumped) {
        request.body = dumped ? dumped : json_string_value(body);
        request.body_len = dumped ? strlen(dumped) : json_string_length(body);
    }
    request.method = method;
    if (request.body && (!method || strcmp(method, "GET") == 0))
        request.method = "POST";
    r = request.url ? json->host->request(json->job, &request) : -EINVAL;
    json_decref(request.headers);
    free(dumped);
    return r;
}

static int json_scraper_start(void *scraper, struct trawl_err *err)
{
    struct json *json = scraper;
    const json_t *object;
    size_t i;

    json_array_foreach (json->start, i, object) {
        int r = request_object(json, object, false);
        if (r < 0)
            return trawl_err_set(err, r, "start", "'%s' cannot be requested",
                                 json_string_value(json_object_get(object, "url")));
    }
    return 0;
}

/* One answer that is being worked through. */
struct answer {
    struct json *json;
    struct trawl_err *err;
};

static const char *type_name(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "an array";
    case JSON_STRING:
        return "a string";
    case JSON_INTEGER:
    case JSON_REAL:
        return "a number";
    case JSON_TRUE:
    case JSON_FALSE:
        return "a boolean";
    case JSON_NULL:
        break;
    }
    return "null";
}

/* Write one value of a key behind `len` bytes; the length then, or 0 if it is missing or too long. */
static size_t put_key_value(char *key, size_t len, const json_t *value)
{
    const char *separator = len > 0 ? KEY_SEPARATOR : "";
    char *dumped;
    int added = 0;

    if (json_is_string(value) && json_string_length(value) > 0) {
        added = snprintf(key + len, KEY_MAX + 1 - len, "%s%s", separator, json_string_value(value));
    } else if (value && !json_is_null(value) && !json_is_string(value)) {
        dumped = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS |
                                       JSON_REAL_PRECISION(17));
        if (dumped)
            added = snprintf(key + len, KEY_MAX + 1 - len, "%s%s", separator, dumped);
        free(dumped);
    }
    return added > 0 && len + (size_t)added <= KEY_MAX ? len + (size_t)added : 0;
}

static int on_item(void *user, json_t *item)
{
    struct answer *answer = user;
    char key[KEY_MAX + 1];
    const json_t *name;
    size_t len = 0;
    size_t i;

    if (!json_is_object(item))
        return trawl_err_set(answer->err, -EINVAL, "items", "an item must be an object, not %s",
                             type_name(item));
    json_array_foreach (answer->json->key, i, name) {
        len = put_key_value(key, len, json_object_get(item, json_string_value(name)));
        if (len == 0)
            return trawl_err_set(answer->err, -EINVAL, "key",
                                 "an item's '%s' is missing, empty or longer than %d bytes",
                                 json_string_value(name), KEY_MAX);
    }
    return answer->json->host->item(answer->json->job, key, item);
}

static int on_next(void *user, json_t *value)
{
    struct answer *answer = user;
    json_t *object;
    int r;

    if (json_is_null(value) || json_is_false(value) ||
        (json_is_string(value) && json_string_length(value) == 0))
        return 0;
    if (!json_is_string(value) && !json_is_object(value))
        return trawl_err_set(answer->err, -EINVAL, "next",
                             "expected a URL or an object with one, not %s", type_name(value));
    object = json_is_string(value) ? json_pack("{sO}", "url", value) : json_incref(value);
    if (!object)
        return trawl_err_set(answer->err, -ENOMEM, "next", "no memory");
    r = request_object(answer->json, object, true);
    if (r < 0)
        trawl_err_set(answer->err, r, "next", "'%.200s' cannot be requested",
                      json_is_string(json_object_get(object, "url"))
                          ? json_string_value(json_object_get(object, "url"))
                          : "");
    json_decref(object);
    return r;
}

static int json_scraper_on_response(void *scraper, const struct trawl_response *response,
                                    struct trawl_err *err)
{
    struct json *json = scraper;
    struct answer answer = {.json = json, .err = err};
    json_t *body = NULL;
    char *text = NULL;
    size_t len;
    int r;

    r = json->host->text(json->job, response, &text, &len, err);
    if (r < 0)
        return r;
    r = json->host->json_parse(json->job, text, len, &body, err);
    json->host->text_free(text);
    if (r < 0)
        return r;
    r = json->host->jq_run(json->items, body, on_item, &answer, err);
    if (r == 0 && json->next)
        r = json->host->jq_run(json->next, body, on_next, &answer, err);
    json_decref(body);
    return r;
}

static const struct trawl_scraper_ops json_ops = {
    .create = json_scraper_create,
    .start = json_scraper_start,
    .on_response = json_scraper_on_response,
    .destroy = json_scraper_destroy,
};

TRAWL_EXPORT const struct trawl_plugin trawl_plugin = {
    TRAWL_PLUGIN_HEADER,
    .name = "json",
    .version = "1.0.0",
    .summary = "asks HTTP APIs and takes items from their JSON with jq",
    .options = options,
    .scraper = &json_ops,
    .traits = TRAWL_SCRAPER_PAGEWISE,
};
