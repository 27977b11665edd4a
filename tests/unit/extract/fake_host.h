/* A host that writes down what a scraper or a plan gives: tests compare that as text. */
#ifndef TRAWL_TESTS_FAKE_HOST_H
#define TRAWL_TESTS_FAKE_HOST_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "extract/charset.h"
#include "extract/jq.h"
#include "extract/pattern.h"
#include "extract/plan.h"
#include "extract/sitemap.h"
#include "trawl/scraper.h"
#include "util/buf.h"
#include "util/json.h"

/* "key {json}\n" for an item, "-> METHOD url body headers meta\n" for a request. */
struct trawl_job {
    struct trawl_buf said;
};

static struct trawl_job fake_job;

static inline void fake_reset(void)
{
    trawl_buf_finish(&fake_job.said);
    trawl_buf_init(&fake_job.said, 64u << 20);
}

static inline int fake_item(struct trawl_job *job, const char *key, json_t *item)
{
    trawl_buf_printf(&job->said, "%s ", key);
    trawl_json_write(&job->said, item, TRAWL_JSON_COMPACT);
    trawl_buf_append_char(&job->said, '\n');
    return 0;
}

static inline int fake_request(struct trawl_job *job, const struct trawl_request *request)
{
    if (strncmp(request->url, "bad:", 4) == 0)
        return -EINVAL;
    trawl_buf_printf(&job->said, "-> %s%s %s", request->same_depth ? "=" : "",
                     request->method ? request->method : "GET", request->url);
    if (request->body)
        trawl_buf_printf(&job->said, " %.*s", (int)request->body_len, (const char *)request->body);
    if (json_object_size(request->headers) > 0) {
        trawl_buf_append_char(&job->said, ' ');
        trawl_json_write(&job->said, request->headers, TRAWL_JSON_SORTED);
    }
    if (request->meta) {
        trawl_buf_append_char(&job->said, ' ');
        trawl_json_write(&job->said, request->meta, TRAWL_JSON_SORTED);
    }
    trawl_buf_append_char(&job->said, '\n');
    return 0;
}

static inline int fake_plan_compile(struct trawl_job *job, const json_t *rules,
                                    struct trawl_plan **ret_plan, struct trawl_err *err)
{
    (void)job;
    return trawl_plan_compile(rules, ret_plan, err);
}

static inline int fake_jq_compile(struct trawl_job *job, const char *program,
                                  struct trawl_jq **ret_jq, struct trawl_err *err)
{
    (void)job;
    return trawl_jq_compile(program, ret_jq, err);
}

static inline int fake_jq_run(struct trawl_jq *jq, json_t *input, int (*result)(void *, json_t *),
                              void *user, struct trawl_err *err)
{
    return trawl_jq_run(jq, input, result, user, err);
}

static inline int fake_json_parse(struct trawl_job *job, const char *bytes, size_t len,
                                  json_t **ret_value, struct trawl_err *err)
{
    (void)job;
    return trawl_json_parse(bytes, len, ret_value, err);
}

static inline int fake_text(struct trawl_job *job, const struct trawl_response *response,
                            char **ret_text, size_t *ret_len, struct trawl_err *err)
{
    (void)job;
    (void)err;
    return trawl_charset_to_utf8(
        response->body, response->body_len,
        trawl_charset_detect(response->body, response->body_len, response->content_type), ret_text,
        ret_len);
}

static inline void fake_text_free(char *text)
{
    free(text);
}

static inline void fake_log(struct trawl_job *job, enum trawl_log_level level, const char *message)
{
    (void)level;
    trawl_buf_printf(&job->said, "log: %s\n", message);
}

static inline int fake_sitemap_read(struct trawl_job *job, const struct trawl_response *response,
                                    const struct trawl_sitemap_sink *sink, struct trawl_err *err)
{
    struct trawl_sitemap_faults faults = {0};
    int r = trawl_sitemap_read(response, sink, &faults, err);

    if (r == 0 && faults.count > 0)
        fake_log(job, TRAWL_LOG_WARNING, faults.first);
    return r;
}

static inline int fake_patterns_compile(struct trawl_job *job, const json_t *list,
                                        struct trawl_patterns **ret_patterns, struct trawl_err *err)
{
    (void)job;
    return trawl_patterns_compile(list, ret_patterns, err);
}

static const struct trawl_scraper_host fake_host = {
    .size = sizeof(fake_host),
    .request = fake_request,
    .item = fake_item,
    .log = fake_log,
    .plan_compile = fake_plan_compile,
    .plan_run = trawl_plan_run,
    .plan_free = trawl_plan_free,
    .jq_compile = fake_jq_compile,
    .jq_run = fake_jq_run,
    .jq_free = trawl_jq_free,
    .json_parse = fake_json_parse,
    .text = fake_text,
    .text_free = fake_text_free,
    .sitemap_read = fake_sitemap_read,
    .patterns_compile = fake_patterns_compile,
    .patterns_match = trawl_patterns_match,
    .patterns_free = trawl_patterns_free,
};

static inline struct trawl_response fake_response(const char *type, const char *body)
{
    return (struct trawl_response){
        .size = sizeof(struct trawl_response),
        .status = 200,
        .url = "https://books.example/shop/list.html",
        .content_type = type,
        .body = body,
        .body_len = strlen(body),
    };
}

/* JSON as a test's author likes to write it: with single quotes. */
static inline json_t *fake_json(const char *text)
{
    json_error_t error;
    char *copy = strdup(text);
    json_t *value;

    for (char *at = copy; *at; at++)
        if (*at == '\'')
            *at = '"';
    value = json_loads(copy, JSON_DECODE_ANY, &error);
    free(copy);
    return value;
}

#endif
