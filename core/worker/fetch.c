#include "worker/fetch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "util/alloc.h"
#include "util/clock.h"
#include "util/json.h"
#include "worker/fetch_priv.h"
#include "worker/robots.h"

/* Buffer memory that an idle exchange keeps for its next page. */
#define FETCH_KEEP (256u << 10)

/* --- results ---------------------------------------------------------------------------------------- */

/* Where the guard refused, nobody came to it. */
static void judge_proxy(struct trawl_proxy *proxy, const char *kind)
{
    if (!kind || strcmp(kind, "refused") != 0)
        trawl_proxy_used(proxy, kind && strcmp(kind, "proxy") == 0, trawl_mono_ns());
}

static void read_result(struct trawl_fetch *fetch, CURLcode code)
{
    struct trawl_fetch_result *result = &fetch->result;
    curl_off_t elapsed_us = 0;
    curl_off_t sent_us = 0;
    curl_off_t first_us = 0;
    long status = 0;

    curl_easy_getinfo(fetch->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(fetch->easy, CURLINFO_TOTAL_TIME_T, &elapsed_us);
    curl_easy_getinfo(fetch->easy, CURLINFO_PRETRANSFER_TIME_T, &sent_us);
    curl_easy_getinfo(fetch->easy, CURLINFO_STARTTRANSFER_TIME_T, &first_us);
    result->status = (uint16_t)status;
    result->elapsed_ms = (uint32_t)(elapsed_us / 1000);
    result->first_byte_ms = first_us > sent_us ? (uint32_t)((first_us - sent_us) / 1000) : 0;
    result->body = trawl_buf_text(&fetch->body);
    result->body_len = fetch->body.len;
    result->headers = trawl__fetch_head_json(&fetch->head);
    result->content_type = trawl_json_string(result->headers, "content-type", "");
    result->location = trawl_json_string(result->headers, "location", "");
    result->asked_by = fetch->validators.etag.ptr ? &fetch->validators : NULL;
    result->error_kind = trawl__fetch_error(fetch, code, &result->error, &result->transient);
    if (fetch->proxy)
        judge_proxy(fetch->proxy, result->error_kind);
}

static void on_easy_done(struct trawl__fetch_loop *fetch_loop, CURL *easy, CURLcode code)
{
    struct trawl_fetcher *fetcher =
        TRAWL_CONTAINER_OF(fetch_loop, struct trawl_fetcher, fetch_loop);
    struct trawl_fetch *fetch = NULL;

    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&fetch);
    DL_DELETE2(fetcher->under_way, fetch, prev_under_way, next_under_way);
    read_result(fetch, code);
    fetcher->on_done(fetcher->user, fetch);
}

/* --- exchanges -------------------------------------------------------------------------------------- */

static struct trawl_fetch *fetch_create(struct trawl_fetcher *fetcher)
{
    struct trawl_fetch *fetch = TRAWL_NEW(struct trawl_fetch);

    fetch->fetcher = fetcher;
    fetch->easy = curl_easy_init();
    if (!fetch->easy) {
        free(fetch);
        return NULL;
    }
    trawl_buf_init(&fetch->head, TRAWL_HEAD_MAX);
    trawl_buf_init(&fetch->body, fetcher->settings.max_body > TRAWL_ROBOTS_MAX
                                     ? fetcher->settings.max_body
                                     : TRAWL_ROBOTS_MAX);
    trawl__fetch_set_options(fetch);
    return fetch;
}

static void set_validators(struct trawl_fetch *fetch, const struct trawl_validators *validators)
{
    fetch->validators = *validators;
    fetch->validators.etag.ptr = trawl_xstrndup(validators->etag.ptr, validators->etag.len);
    fetch->validators.last_modified.ptr =
        trawl_xstrndup(validators->last_modified.ptr, validators->last_modified.len);
}

static void fetch_clear(struct trawl_fetch *fetch)
{
    free((char *)(uintptr_t)fetch->validators.etag.ptr);
    free((char *)(uintptr_t)fetch->validators.last_modified.ptr);
    fetch->validators = (struct trawl_validators){0};
    json_decref(fetch->result.headers);
    fetch->result = (struct trawl_fetch_result){0};
    if (fetch->body.cap > FETCH_KEEP)
        trawl_buf_finish(&fetch->body);
    else
        trawl_buf_clear(&fetch->body);
    trawl_buf_clear(&fetch->head);
    curl_slist_free_all(fetch->headers);
    fetch->headers = NULL;
    fetch->task = NULL;
    fetch->proxy = NULL;
    fetch->too_large = false;
    fetch->cut = false;
    fetch->error[0] = '\0';
}

static void fetch_destroy(struct trawl_fetch *fetch)
{
    curl_easy_cleanup(fetch->easy);
    fetch_clear(fetch);
    trawl_buf_finish(&fetch->head);
    trawl_buf_finish(&fetch->body);
    free(fetch);
}

int trawl_fetch_start(struct trawl_fetcher *fetcher, struct trawl_task *task)
{
    return trawl_fetch_start_if(fetcher, task, NULL);
}

int trawl_fetch_start_if(struct trawl_fetcher *fetcher, struct trawl_task *task,
                         const struct trawl_validators *validators)
{
    struct trawl_fetch *fetch = fetcher->pool;
    int r;

    if (fetch)
        LL_DELETE(fetcher->pool, fetch);
    else
        fetch = fetch_create(fetcher);
    if (!fetch)
        return -ENOMEM;
    fetch->task = task;
    if (validators)
        set_validators(fetch, validators);
    r = trawl__fetch_set_request(fetch);
    if (r == 0 && curl_multi_add_handle(fetcher->fetch_loop.multi, fetch->easy) != CURLM_OK)
        r = -ENOMEM;
    if (r < 0) {
        trawl_fetch_release(fetch);
        return r;
    }
    DL_APPEND2(fetcher->under_way, fetch, prev_under_way, next_under_way);
    return 0;
}

struct trawl_task *trawl_fetch_task(const struct trawl_fetch *fetch)
{
    return fetch->task;
}

const struct trawl_fetch_result *trawl_fetch_result(const struct trawl_fetch *fetch)
{
    return &fetch->result;
}

struct trawl_fetch **trawl_fetch_next(struct trawl_fetch *fetch)
{
    return &fetch->next;
}

void trawl_fetch_release(struct trawl_fetch *fetch)
{
    struct trawl_fetcher *fetcher = fetch->fetcher;

    fetch_clear(fetch);
    LL_PREPEND(fetcher->pool, fetch);
}

/* --- the fetcher ------------------------------------------------------------------------------------ */

static void on_loop_closed(struct trawl__fetch_loop *fetch_loop)
{
    struct trawl_fetcher *fetcher =
        TRAWL_CONTAINER_OF(fetch_loop, struct trawl_fetcher, fetch_loop);

    free(fetcher);
}

/* What all exchanges share. */
static int set_up(struct trawl_fetcher *fetcher)
{
    const struct trawl_settings *settings = &fetcher->settings;
    int r;

    fetcher->open_headers = settings->headers ? json_deep_copy(settings->headers) : json_object();
    fetcher->trusted_headers = json_deep_copy(fetcher->open_headers);
    json_object_update(fetcher->trusted_headers, (json_t *)settings->secret_headers);
    r = trawl__fetch_head_make(fetcher->open_headers, NULL, &fetcher->open_list);
    if (r == 0)
        r = trawl__fetch_head_make(fetcher->trusted_headers, NULL, &fetcher->trusted_list);
    if (r == 0)
        r = trawl_proxies_init(&fetcher->proxies, settings->proxies);
    if (r < 0 || !settings->cookies)
        return r;
    fetcher->cookies = curl_share_init();
    if (!fetcher->cookies)
        return -ENOMEM;
    curl_share_setopt(fetcher->cookies, CURLSHOPT_SHARE, CURL_LOCK_DATA_COOKIE);
    return 0;
}

int trawl_fetcher_create(uv_loop_t *loop, const struct trawl_settings *settings,
                         trawl_fetch_on_done *on_done, void *user,
                         struct trawl_fetcher **ret_fetcher)
{
    struct trawl_fetcher *fetcher = TRAWL_NEW(struct trawl_fetcher);
    int r;

    r = trawl__fetch_loop_init(&fetcher->fetch_loop, loop);
    if (r < 0) {
        free(fetcher);
        return r;
    }
    fetcher->fetch_loop.on_done = on_easy_done;
    fetcher->fetch_loop.on_closed = on_loop_closed;
    fetcher->settings = *settings;
    fetcher->on_done = on_done;
    fetcher->user = user;
    fetcher->user_agent = trawl_xstrdup(settings->user_agent);
    r = set_up(fetcher);
    if (r < 0) {
        trawl_fetcher_close(fetcher);
        return r;
    }
    curl_multi_setopt(fetcher->fetch_loop.multi, CURLMOPT_MAXCONNECTS,
                      (long)settings->frontier.hosts.total + 8);
    *ret_fetcher = fetcher;
    return 0;
}

void trawl_fetcher_close(struct trawl_fetcher *fetcher)
{
    struct trawl_fetch *fetch;
    struct trawl_fetch *next;

    if (!fetcher)
        return;
    DL_FOREACH_SAFE2(fetcher->under_way, fetch, next, next_under_way)
    {
        curl_multi_remove_handle(fetcher->fetch_loop.multi, fetch->easy);
        fetch_destroy(fetch);
    }
    LL_FOREACH_SAFE(fetcher->pool, fetch, next)
    {
        fetch_destroy(fetch);
    }
    if (fetcher->cookies)
        curl_share_cleanup(fetcher->cookies);
    trawl_proxies_finish(&fetcher->proxies);
    curl_slist_free_all(fetcher->open_list);
    curl_slist_free_all(fetcher->trusted_list);
    json_decref(fetcher->open_headers);
    json_decref(fetcher->trusted_headers);
    free(fetcher->user_agent);
    trawl__fetch_loop_close(&fetcher->fetch_loop);
}
