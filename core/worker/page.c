/* One answer, or the lack of one, becomes a page. */
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/alloc.h"
#include "util/clock.h"
#include "util/json.h"
#include "util/url.h"
#include "worker/retry_after.h"
#include "worker/trail.h"
#include "worker/worker_priv.h"

/* Longest word of an error that is recorded. */
#define ERROR_TEXT_MAX 1024

static json_t *meta_of(const struct trawl_task *task)
{
    json_t *meta = NULL;

    if (task->extra && task->extra->meta)
        trawl_json_parse(task->extra->meta, strlen(task->extra->meta), &meta, NULL);
    return meta;
}

static struct trawl_page page_of(const struct trawl_task *task,
                                 const struct trawl_fetch_result *result)
{
    return (struct trawl_page){
        .kind = TRAWL_PAGE_RESPONSE,
        .outcome = TRAWL_OUTCOME_OK,
        .status = result->status,
        .depth = task->depth,
        .attempts = task->attempts,
        .fingerprint = task->fingerprint,
        .url = {.ptr = task->url, .len = task->url_len},
        .error_kind = trawl_str_of(""),
        .error = trawl_str_of(""),
        .bytes = result->bytes,
        .elapsed_ms = result->elapsed_ms,
    };
}

/* Text of a plugin or a server as it may stand in the journal: UTF-8, on one line. */
static void clean_text(char *room, size_t size, const char *text)
{
    json_t *valid;

    trawl_log_quote(room, size, text);
    valid = json_string(room);
    for (char *p = room; !valid && *p; p++) {
        if ((unsigned char)*p >= 0x80)
            *p = '?';
    }
    json_decref(valid);
}

/* --- failures -------------------------------------------------------------------------------------- */

static void call_on_failure(struct trawl_worker *worker, const struct trawl_task *task,
                            uint16_t status, const char *reason)
{
    json_auto_t *meta = meta_of(task);
    const struct trawl_failure failure = {
        .size = sizeof(failure),
        .status = status,
        .depth = task->depth,
        .url = task->url,
        .reason = reason,
        .meta = meta,
    };
    struct trawl_err err = {0};
    int r = 0;

    trawl_job_open(&worker->job, task->url, task->depth);
    trawl__trail_enter(TRAWL_CALL_ON_FAILURE, task);
    if (worker->ops->on_failure)
        r = worker->ops->on_failure(worker->scraper, &failure, &err);
    trawl__trail_leave();
    trawl_job_close(&worker->job);
    if (r < 0) {
        char quoted[ERROR_TEXT_MAX];

        trawl_warning(&worker->log, "on_failure failed, dropping what it emitted: %s",
                      trawl_log_quote(quoted, sizeof(quoted), err.message));
        trawl_emission_clear(&worker->job.emission);
    }
}

static void end(struct trawl_worker *worker, struct trawl_task *task,
                const struct trawl_fetch_result *result, enum trawl_outcome outcome,
                const char *kind, const char *reason)
{
    struct trawl_page page = page_of(task, result);
    char text[ERROR_TEXT_MAX];

    clean_text(text, sizeof(text), reason);
    page.outcome = (uint8_t)outcome;
    page.error_kind = trawl_str_of(kind);
    page.error = trawl_str_of(text);
    call_on_failure(worker, task, result->status, text);
    trawl__pages_send(worker, &page);
    trawl_frontier_done(worker->frontier, task, false);
}

static void give_up(struct trawl_worker *worker, struct trawl_task *task,
                    const struct trawl_fetch_result *result, const char *kind, const char *reason)
{
    end(worker, task, result, TRAWL_OUTCOME_FAILED, kind, reason);
}

void trawl__page_refuse(struct trawl_worker *worker, struct trawl_task *task,
                        const struct trawl_refusal *refusal)
{
    const struct trawl_fetch_result none = {0};

    end(worker, task, &none, refusal->excluded ? TRAWL_OUTCOME_EXCLUDED : TRAWL_OUTCOME_FAILED,
        refusal->kind, refusal->reason);
}

/* What a site asks to wait before the next try, by its own clock where it tells the time; negative if it does not ask. */
static int64_t retry_after_ms(const struct trawl_fetch_result *result)
{
    const char *wish = trawl_json_string(result->headers, "retry-after", NULL);
    const char *date = trawl_json_string(result->headers, "date", NULL);
    time_t now = date ? curl_getdate(date, NULL) : -1;

    if (!wish || !trawl_retry_status(result->status))
        return TRAWL_RETRY_AFTER_NONE;
    return trawl_retry_after_ms(wish, now == -1 ? trawl_now_ms() : (int64_t)now * 1000);
}

/* An answer that cannot be used is the page's fault, unless it broke off. */
void trawl__page_judge_host(const struct trawl_fetch_result *result,
                            struct trawl_host_result *ret_result)
{
    bool busy = result->status == 429 || result->status == 503;
    const char *kind = result->error_kind ? result->error_kind : "";
    bool asked = strcmp(kind, "refused") != 0 && strcmp(kind, "proxy") != 0;
    bool failed = result->status >= 500 || (result->error_kind && result->transient) ||
                  (result->error_kind && result->status == 0);

    *ret_result = (struct trawl_host_result){
        .news = busy              ? TRAWL_HOST_BUSY
                : asked && failed ? TRAWL_HOST_FAILED
                                  : TRAWL_HOST_FINE,
        .elapsed_ms = result->first_byte_ms,
        .retry_after_ms = retry_after_ms(result),
    };
}

static void retry_or_give_up(struct trawl_worker *worker, struct trawl_task *task,
                             const struct trawl_fetch_result *result, const char *kind,
                             const char *reason)
{
    struct trawl_page page = {
        .kind = TRAWL_PAGE_RETRY, .fingerprint = task->fingerprint, .attempts = task->attempts};
    char quoted[ERROR_TEXT_MAX];
    int64_t delay_ms;

    delay_ms =
        trawl_frontier_retry(worker->frontier, task, retry_after_ms(result), trawl_mono_ns());
    if (delay_ms < 0) {
        give_up(worker, task, result, kind, reason);
        return;
    }
    page.not_before_ms = trawl_now_ms() + delay_ms;
    trawl__pages_send_as_is(worker, &page);
    trawl_debug(&worker->log, "fetch failed, retry %u of %u in %lld ms: '%s': %s", task->attempts,
                worker->settings.frontier.retries, (long long)delay_ms, task->url,
                trawl_log_quote(quoted, sizeof(quoted), reason));
}

static void process_status(struct trawl_worker *worker, struct trawl_task *task,
                           const struct trawl_fetch_result *result)
{
    char reason[64];

    snprintf(reason, sizeof(reason), "status %u", result->status);
    if (trawl_retry_status(result->status))
        retry_or_give_up(worker, task, result, "http", reason);
    else
        give_up(worker, task, result, "http", reason);
}

/* --- redirects ------------------------------------------------------------------------------------- */

static bool is_redirect(const struct trawl_fetch_result *result)
{
    switch (result->status) {
    case 301:
    case 302:
    case 303:
    case 307:
    case 308:
        return *result->location != '\0';
    default:
        return false;
    }
}

/* RFC 9110, 15.4: 303 asks for a GET of another resource; after 301 and 302 a POST becomes a GET, as it does everywhere. */
static bool becomes_get(uint16_t status, const char *method)
{
    if (status == 303)
        return strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0;
    return (status == 301 || status == 302) && strcmp(method, "POST") == 0;
}

/* Headers that authenticate are meant for the host that they were written for, as for curl. JSON text, or NULL. */
static char *headers_for(const struct trawl_task *task, const char *target)
{
    static const char *const secret[] = {"authorization", "cookie", "proxy-authorization", "host"};
    json_auto_t *headers = NULL;
    const char *name;
    json_t *value;
    void *next;

    if (!task->extra || !task->extra->headers)
        return NULL;
    if (trawl_url_same_host(task->url, target))
        return trawl_xstrdup(task->extra->headers);
    trawl_json_parse(task->extra->headers, strlen(task->extra->headers), &headers, NULL);
    json_object_foreach_safe (headers, next, name, value) {
        bool drop = false;

        for (size_t i = 0; i < TRAWL_ARRAY_SIZE(secret) && !drop; i++)
            drop = strcasecmp(name, secret[i]) == 0;
        if (drop)
            json_object_del(headers, name);
    }
    return headers ? trawl_json_text(headers, TRAWL_JSON_COMPACT) : NULL;
}

static void follow(struct trawl_worker *worker, struct trawl_task *task,
                   const struct trawl_fetch_result *result,
                   const struct trawl_page_request *request)
{
    struct trawl_page page = page_of(task, result);
    struct trawl_page_request copy = *request;

    page.outcome = TRAWL_OUTCOME_REDIRECTED;
    switch (trawl_frontier_add(worker->frontier, request, trawl_mono_ns())) {
    case TRAWL_ADDED_NEW:
    case TRAWL_ADDED_CLOSER:
        page.requests = &copy;
        page.request_count = 1;
        break;
    case TRAWL_ADDED_KNOWN:
    case TRAWL_ADDED_TOO_DEEP:
        break;
    }
    trawl__pages_send_as_is(worker, &page);
    trawl_frontier_done(worker->frontier, task, false);
}

/* A redirect is a request of its own, as deep as the one that was redirected. */
static void process_redirect(struct trawl_worker *worker, struct trawl_task *task,
                             const struct trawl_fetch_result *result)
{
    struct trawl_page_request request = trawl_task_request(task);
    TRAWL_AUTO_FREE char *headers = NULL;
    TRAWL_AUTO_FREE char *chain = NULL;
    TRAWL_AUTO_FREE char *url = NULL;

    if (trawl_url_resolve(task->url, result->location, strlen(result->location), &url) < 0) {
        give_up(worker, task, result, "redirects", "redirected to what is no web address");
        return;
    }
    if (becomes_get(result->status, trawl_task_method(task))) {
        request.method = trawl_str_of("");
        request.body = trawl_str_of("");
    }
    headers = headers_for(task, url);
    request.headers = trawl_str_of(headers);
    request.url = trawl_str_of(url);
    request.redirects = (uint8_t)(task->redirects + 1);
    chain = trawl_task_next_chain(task, &request.chain.len);
    request.chain.ptr = chain;
    request.fingerprint =
        trawl_url_fingerprint(request.method.ptr, url, request.body.ptr, request.body.len);
    if (request.redirects > worker->settings.max_redirects)
        give_up(worker, task, result, "redirects", "more redirects in a row than max_redirects");
    else if (trawl_task_in_chain(task, request.fingerprint))
        give_up(worker, task, result, "redirects", "redirected in a circle");
    else
        follow(worker, task, result, &request);
}

/* --- answers --------------------------------------------------------------------------------------- */

static void process_answer(struct trawl_worker *worker, struct trawl_task *task,
                           const struct trawl_fetch_result *result)
{
    struct trawl_page page = page_of(task, result);
    json_auto_t *meta = meta_of(task);
    const struct trawl_response response = {
        .size = sizeof(response),
        .status = result->status,
        .depth = task->depth,
        .url = task->url,
        .content_type = result->content_type,
        .body = result->body,
        .body_len = result->body_len,
        .headers = result->headers,
        .meta = meta,
    };
    struct trawl_err err = {0};
    char text[ERROR_TEXT_MAX];
    int r;

    trawl_job_open(&worker->job, task->url, task->depth);
    trawl__trail_enter(TRAWL_CALL_ON_RESPONSE, task);
    r = worker->ops->on_response(worker->scraper, &response, &err);
    trawl__trail_leave();
    trawl_job_close(&worker->job);
    if (r < 0) {
        clean_text(text, sizeof(text), *err.message ? err.message : uv_strerror(r));
        trawl_emission_clear(&worker->job.emission);
        page.outcome = TRAWL_OUTCOME_FAILED;
        page.error_kind = trawl_str_of("extract");
        page.error = trawl_str_of(text);
    }
    if (r >= 0)
        trawl__validate_page(worker, task, result, &page);
    page.counts = !task->again;
    trawl__pages_send(worker, &page);
    trawl_frontier_done(worker->frontier, task, true);
}

/* The store knows what came of it last time. One that was met nearer to the start meanwhile has other links, and has to be
 * fetched after all. */
static void process_not_modified(struct trawl_worker *worker, struct trawl_task *task,
                                 const struct trawl_fetch_result *result)
{
    const struct trawl_validators *asked = result->asked_by;
    struct trawl_page page = page_of(task, result);

    if (!trawl_hash_equal(asked->scope, trawl__validate_scope(worker, task))) {
        task->whole = true;
        trawl_frontier_repeat(worker->frontier, task, trawl_mono_ns());
        return;
    }
    page.outcome = TRAWL_OUTCOME_NOT_MODIFIED;
    page.counts = !task->again;
    page.scope = asked->scope;
    page.etag = asked->etag;
    page.last_modified = asked->last_modified;
    trawl__pages_send_as_is(worker, &page);
    trawl_frontier_done(worker->frontier, task, true);
}

void trawl__page_process(struct trawl_worker *worker, struct trawl_fetch *fetch)
{
    const struct trawl_fetch_result *result = trawl_fetch_result(fetch);
    struct trawl_task *task = trawl_fetch_task(fetch);

    if (result->error_kind && result->transient)
        retry_or_give_up(worker, task, result, result->error_kind, result->error);
    else if (result->error_kind)
        give_up(worker, task, result, result->error_kind, result->error);
    else if (result->status >= 200 && result->status <= 299)
        process_answer(worker, task, result);
    else if (result->status == 304 && result->asked_by)
        process_not_modified(worker, task, result);
    else if (is_redirect(result))
        process_redirect(worker, task, result);
    else
        process_status(worker, task, result);
    trawl_fetch_release(fetch);
}
