#include "worker/job.h"

#include <errno.h>
#include <string.h>

#include "extract/charset.h"
#include "extract/jq.h"
#include "extract/pattern.h"
#include "extract/plan.h"
#include "trawl/plugin.h"
#include "util/json.h"
#include "util/log.h"
#include "util/url.h"
#include "worker/sitemap.h"
#include "worker/trail.h"

/* Longest method name that is passed on; the longest registered one has 17 letters. */
#define METHOD_MAX 32

void trawl_job_init(struct trawl_job *job, const struct trawl_job_ops *ops, void *user,
                    size_t max_item)
{
    *job = (struct trawl_job){.ops = ops, .user = user, .max_depth = UINT64_MAX};
    trawl_emission_init(&job->emission, max_item);
}

void trawl_job_finish(struct trawl_job *job)
{
    trawl_emission_finish(&job->emission);
}

void trawl_job_open(struct trawl_job *job, const char *url, uint16_t depth)
{
    trawl_emission_clear(&job->emission);
    job->open = true;
    job->has_page = url != NULL;
    if (url)
        trawl_url_base_init(&job->page, url);
    job->depth = depth;
}

void trawl_job_close(struct trawl_job *job)
{
    job->open = false;
    trawl_emission_seal(&job->emission);
}

static void job_log(struct trawl_job *job, enum trawl_log_level level, const char *message)
{
    if (job->ops && job->ops->on_log)
        job->ops->on_log(job->user, level, message ? message : "");
}

/* --- requests ------------------------------------------------------------------------------------- */

/* A token of RFC 9110, so that nothing can be smuggled into the request's head. */
static bool is_token(const char *text, size_t max)
{
    size_t len = strspn(text, "!#$%&'*+-.^_`|~0123456789"
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    return len > 0 && len <= max && text[len] == '\0';
}

static bool are_good_headers(const json_t *headers)
{
    const char *name;
    json_t *value;

    if (!headers)
        return true;
    if (!json_is_object(headers))
        return false;
    json_object_foreach ((json_t *)headers, name, value) {
        const char *text = json_string_value(value);

        if (!text || !is_token(name, 256) || strlen(text) != json_string_length(value) ||
            strpbrk(text, "\r\n"))
            return false;
    }
    return true;
}

static bool is_good_request(const struct trawl_request *request)
{
    /* Fields are only ever added at the end, so what version 1.0 had is always there. */
    return request && request->size >= sizeof(struct trawl_request) && request->url &&
           (!request->method || is_token(request->method, METHOD_MAX)) &&
           are_good_headers(request->headers);
}

static uint16_t depth_of(const struct trawl_job *job, const struct trawl_request *request)
{
    if (!job->has_page || request->same_depth || job->depth == UINT16_MAX)
        return job->depth;
    return (uint16_t)(job->depth + 1);
}

static char *json_text_or_null(const json_t *value)
{
    return value ? trawl_json_text(value, TRAWL_JSON_COMPACT) : NULL;
}

static bool is_link(const struct trawl_job *job, const struct trawl_request *request,
                    const struct trawl_page_request *head)
{
    return (!request->method || strcmp(request->method, "GET") == 0) && !request->headers &&
           request->body_len == 0 && !request->meta && request->priority == 0 &&
           head->depth == job->depth + 1;
}

static void note_link(struct trawl_job *job, const struct trawl_request *request,
                      const struct trawl_page_request *head)
{
    if (head->depth <= job->max_depth)
        trawl_emission_note(&job->emission,
                            is_link(job, request, head) ? &head->fingerprint : NULL);
}

static int emit_request(struct trawl_job *job, const struct trawl_request *request,
                        const struct trawl_page_request *head)
{
    struct trawl_page_request page_request = *head;
    char *headers = json_text_or_null(request->headers);
    char *meta = json_text_or_null(request->meta);
    int r;

    page_request.priority = request->priority;
    page_request.headers = trawl_str_of(headers);
    page_request.meta = trawl_str_of(meta);
    page_request.body = (struct trawl_str){.ptr = request->body, .len = request->body_len};
    if (request->method && strcmp(request->method, "GET") != 0)
        page_request.method = trawl_str_of(request->method);
    r = trawl_emission_add_request(&job->emission, &page_request);
    free(headers);
    free(meta);
    return r;
}

static int refuse_request(struct trawl_job *job, const char *url)
{
    char quoted[512];
    char message[600];

    trawl_log_quote(quoted, sizeof(quoted), url ? url : "");
    snprintf(message, sizeof(message), "not a request that can be made, skipping: '%s'", quoted);
    job_log(job, TRAWL_LOG_DEBUG, message);
    return -EINVAL;
}

static int job_request(struct trawl_job *job, const struct trawl_request *request)
{
    struct trawl_page_request head = {0};
    char url[TRAWL_URL_MAX + 1];
    int len;
    int r;

    if (!job->open)
        return -EPERM;
    if (!is_good_request(request))
        return refuse_request(job, request ? request->url : NULL);
    len = trawl_url_resolve_into(job->has_page ? &job->page : NULL, request->url,
                                 strlen(request->url), url);
    if (len < 0)
        return refuse_request(job, request->url);
    head.url = (struct trawl_str){.ptr = url, .len = (size_t)len};
    head.depth = depth_of(job, request);
    head.fingerprint =
        trawl_url_fingerprint(request->method, url, request->body, request->body_len);
    note_link(job, request, &head);
    if (job->ops && job->ops->wants && !job->ops->wants(job->user, head.fingerprint, head.depth))
        return 0;
    r = emit_request(job, request, &head);
    if (r < 0)
        trawl_emission_note(&job->emission, NULL);
    return r;
}

static int job_item(struct trawl_job *job, const char *key, json_t *item)
{
    if (!job->open)
        return -EPERM;
    return trawl_emission_add_item(&job->emission, key, item);
}

static void job_progress(struct trawl_job *job, uint64_t current, uint64_t total,
                         const char *message)
{
    if (job->ops && job->ops->on_progress)
        job->ops->on_progress(job->user, current, total, message);
}

/* --- extraction ----------------------------------------------------------------------------------- */

static int job_plan_compile(struct trawl_job *job, const json_t *rules,
                            struct trawl_plan **ret_plan, struct trawl_err *err)
{
    enum trawl_help before = trawl__trail_help(TRAWL_HELP_PLAN_COMPILE);
    int r = trawl_plan_compile(rules, ret_plan, err);

    (void)job;
    trawl__trail_help(before);
    return r;
}

static int job_plan_run(struct trawl_plan *plan, const struct trawl_response *response,
                        const struct trawl_sink *sink, struct trawl_err *err)
{
    enum trawl_help before = trawl__trail_help(TRAWL_HELP_PLAN_RUN);
    int r = trawl_plan_run(plan, response, sink, err);

    trawl__trail_help(before);
    return r;
}

static int job_jq_compile(struct trawl_job *job, const char *program, struct trawl_jq **ret_jq,
                          struct trawl_err *err)
{
    enum trawl_help before = trawl__trail_help(TRAWL_HELP_JQ_COMPILE);
    int r = trawl_jq_compile(program, ret_jq, err);

    (void)job;
    trawl__trail_help(before);
    return r;
}

static int job_jq_run(struct trawl_jq *jq, json_t *input, int (*result)(void *user, json_t *value),
                      void *user, struct trawl_err *err)
{
    enum trawl_help before = trawl__trail_help(TRAWL_HELP_JQ_RUN);
    int r = trawl_jq_run(jq, input, result, user, err);

    trawl__trail_help(before);
    return r;
}

static int job_json_parse(struct trawl_job *job, const char *bytes, size_t len, json_t **ret_value,
                          struct trawl_err *err)
{
    enum trawl_help before = trawl__trail_help(TRAWL_HELP_JSON_PARSE);
    int r = trawl_json_parse(bytes, len, ret_value, err);

    (void)job;
    trawl__trail_help(before);
    return r;
}

static int job_text(struct trawl_job *job, const struct trawl_response *response, char **ret_text,
                    size_t *ret_len, struct trawl_err *err)
{
    enum trawl_help before = trawl__trail_help(TRAWL_HELP_TEXT);
    const char *encoding;
    int r;

    (void)job;
    encoding = trawl_charset_detect(response->body, response->body_len, response->content_type);
    r = trawl_charset_to_utf8(response->body, response->body_len, encoding, ret_text, ret_len);
    trawl__trail_help(before);
    if (r < 0)
        return trawl_err_set(err, r, "", "the body cannot be read as %s", encoding);
    return 0;
}

static void job_text_free(char *text)
{
    free(text);
}

static int job_sitemap_read(struct trawl_job *job, const struct trawl_response *response,
                            const struct trawl_sitemap_sink *sink, struct trawl_err *err)
{
    enum trawl_help before = trawl__trail_help(TRAWL_HELP_SITEMAP_READ);
    struct trawl_sitemap_faults faults = {0};
    char line[1200];
    int r = trawl__sitemap_or_robots_read(response, sink, &faults, err);

    trawl__trail_help(before);
    if (r == 0 && faults.count > 0)
        job_log(job, TRAWL_LOG_WARNING,
                trawl__sitemap_tell_faults(line, sizeof(line), response->url, &faults));
    return r;
}

static int job_patterns_compile(struct trawl_job *job, const json_t *list,
                                struct trawl_patterns **ret_patterns, struct trawl_err *err)
{
    enum trawl_help before = trawl__trail_help(TRAWL_HELP_PATTERNS_COMPILE);
    int r = trawl_patterns_compile(list, ret_patterns, err);

    (void)job;
    trawl__trail_help(before);
    return r;
}

static bool job_patterns_match(const struct trawl_patterns *patterns, const char *text)
{
    enum trawl_help before = trawl__trail_help(TRAWL_HELP_PATTERNS_MATCH);
    bool matches = trawl_patterns_match(patterns, text);

    trawl__trail_help(before);
    return matches;
}

const struct trawl_scraper_host trawl_scraper_host = {
    .abi_major = TRAWL_ABI_MAJOR,
    .abi_minor = TRAWL_ABI_MINOR,
    .size = sizeof(struct trawl_scraper_host),
    .request = job_request,
    .item = job_item,
    .progress = job_progress,
    .log = job_log,
    .plan_compile = job_plan_compile,
    .plan_run = job_plan_run,
    .plan_free = trawl_plan_free,
    .jq_compile = job_jq_compile,
    .jq_run = job_jq_run,
    .jq_free = trawl_jq_free,
    .json_parse = job_json_parse,
    .text = job_text,
    .text_free = job_text_free,
    .sitemap_read = job_sitemap_read,
    .patterns_compile = job_patterns_compile,
    .patterns_match = job_patterns_match,
    .patterns_free = trawl_patterns_free,
};
