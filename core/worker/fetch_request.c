/* What libcurl is told of a request, and where it puts the answer. */
#include <errno.h>
#include <string.h>

#include "util/clock.h"
#include "worker/fetch_priv.h"
#include "worker/robots.h"

/* A transfer that brings less than this for so long is given up, well before a generous total timeout ends it. */
#define LOW_SPEED_BYTES   16L
#define LOW_SPEED_SECONDS 60L
/* What libcurl reads at once: a large page costs a fifth less CPU than with its default of 16 KB. */
#define READ_BYTES (64L << 10)

/* --- what libcurl brings --------------------------------------------------------------------------- */

static size_t on_head(char *line, size_t size, size_t count, void *user)
{
    struct trawl_fetch *fetch = user;
    size_t len = size * count;

    return trawl__fetch_head_add(&fetch->head, line, len) < 0 ? 0 : len;
}

/* Counts decoded bytes, so that a small answer that unfolds into a huge one ends here, too. */
static size_t on_body(char *bytes, size_t size, size_t count, void *user)
{
    struct trawl_fetch *fetch = user;
    size_t len = size * count;
    long status = 0;

    fetch->result.bytes += len;
    if (fetch->task->robots && fetch->result.bytes > TRAWL_ROBOTS_MAX) {
        fetch->cut = true; /* RFC 9309 section 2.5: what lies beyond is not read */
        (void)trawl_buf_append(&fetch->body, bytes, TRAWL_ROBOTS_MAX - fetch->body.len);
        return 0;
    }
    if (!fetch->task->robots && fetch->result.bytes > fetch->fetcher->settings.max_body) {
        fetch->too_large = true;
        return 0;
    }
    curl_easy_getinfo(fetch->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status < 200 || status > 299)
        return len; /* nobody reads the body of an error page */
    return trawl_buf_append(&fetch->body, bytes, len) < 0 ? 0 : len;
}

/* --- what it is told -------------------------------------------------------------------------------- */

void trawl__fetch_set_options(struct trawl_fetch *fetch)
{
    const struct trawl_settings *settings = &fetch->fetcher->settings;
    CURL *easy = fetch->easy;

    curl_easy_setopt(easy, CURLOPT_PRIVATE, fetch);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, fetch->error);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_head);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, fetch);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, fetch);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, trawl__fetch_guard_open);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &fetch->guard);
    curl_easy_setopt(easy, CURLOPT_NOPROXY, ""); /* whatever the environment says */
    if (fetch->fetcher->cookies) {
        curl_easy_setopt(easy, CURLOPT_SHARE, fetch->fetcher->cookies);
        curl_easy_setopt(easy, CURLOPT_COOKIEFILE, "");
    }
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, READ_BYTES);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L); /* the URL is canonical */
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, fetch->fetcher->user_agent);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, settings->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, settings->connect_timeout_ms);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, LOW_SPEED_BYTES);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, LOW_SPEED_SECONDS);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                     settings->http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1);
    /* Rather share one connection than open as many as there are requests. */
    curl_easy_setopt(easy, CURLOPT_PIPEWAIT, settings->http2 ? 1L : 0L);
}

/* HTTPGET takes back what an earlier request of this handle had set. */
static void set_method(struct trawl_fetch *fetch)
{
    const char *method = trawl_task_method(fetch->task);
    const struct trawl_task_extra *extra = fetch->task->extra;

    curl_easy_setopt(fetch->easy, CURLOPT_HTTPGET, 1L);
    curl_easy_setopt(fetch->easy, CURLOPT_CUSTOMREQUEST, NULL);
    if (strcmp(method, "HEAD") == 0) {
        curl_easy_setopt(fetch->easy, CURLOPT_NOBODY, 1L);
        return;
    }
    if (strcmp(method, "POST") == 0 || (extra && extra->body_len > 0)) {
        curl_easy_setopt(fetch->easy, CURLOPT_POST, 1L);
        curl_easy_setopt(fetch->easy, CURLOPT_POSTFIELDSIZE_LARGE,
                         (curl_off_t)(extra ? extra->body_len : 0));
        curl_easy_setopt(fetch->easy, CURLOPT_POSTFIELDS, extra && extra->body ? extra->body : "");
    }
    if (strcmp(method, "GET") != 0 || (extra && extra->body_len > 0))
        curl_easy_setopt(fetch->easy, CURLOPT_CUSTOMREQUEST, method);
}

/* The empty proxy is none, whatever the environment says. */
static void set_proxy(struct trawl_fetch *fetch)
{
    const struct trawl_proxy *proxy = fetch->proxy;

    curl_easy_setopt(fetch->easy, CURLOPT_PROXY, proxy ? proxy->url : "");
    curl_easy_setopt(fetch->easy, CURLOPT_PROXYUSERNAME, proxy ? proxy->user : NULL);
    curl_easy_setopt(fetch->easy, CURLOPT_PROXYPASSWORD, proxy ? proxy->password : NULL);
}

/* What an earlier request of this handle had set is taken back. */
static void set_auth(struct trawl_fetch *fetch, bool trusted)
{
    static const unsigned long schemes[] = {
        [TRAWL_AUTH_NONE] = CURLAUTH_BASIC, /* libcurl's default, for a URL with a user in it */
        [TRAWL_AUTH_BASIC] = CURLAUTH_BASIC,
        [TRAWL_AUTH_DIGEST] = CURLAUTH_DIGEST,
        [TRAWL_AUTH_BEARER] = CURLAUTH_BEARER,
    };
    const struct trawl_auth *auth = &fetch->fetcher->settings.auth;
    enum trawl_auth_type type = trusted ? auth->type : TRAWL_AUTH_NONE;
    bool by_user = type == TRAWL_AUTH_BASIC || type == TRAWL_AUTH_DIGEST;
    CURL *easy = fetch->easy;

    curl_easy_setopt(easy, CURLOPT_HTTPAUTH, schemes[type]);
    curl_easy_setopt(easy, CURLOPT_USERNAME, by_user ? auth->user : NULL);
    curl_easy_setopt(easy, CURLOPT_PASSWORD, by_user ? auth->password : NULL);
    curl_easy_setopt(easy, CURLOPT_XOAUTH2_BEARER, type == TRAWL_AUTH_BEARER ? auth->token : NULL);
}

static int set_headers(struct trawl_fetch *fetch, bool trusted)
{
    const struct trawl_fetcher *fetcher = fetch->fetcher;
    const struct trawl_task_extra *extra = fetch->task->extra;
    const char *own = extra ? extra->headers : NULL;
    int r = 0;

    if (own || fetch->validators.etag.ptr)
        r = trawl__fetch_head_make(trusted ? fetcher->trusted_headers : fetcher->open_headers, own,
                                   &fetch->headers);
    if (r == 0 && fetch->validators.etag.ptr)
        r = trawl__fetch_head_add_validators(&fetch->validators, &fetch->headers);
    curl_easy_setopt(fetch->easy, CURLOPT_HTTPHEADER,
                     fetch->headers ? fetch->headers
                     : trusted      ? fetcher->trusted_list
                                    : fetcher->open_list);
    return r;
}

int trawl__fetch_set_request(struct trawl_fetch *fetch)
{
    struct trawl_fetcher *fetcher = fetch->fetcher;
    const char *url = fetch->task->url;
    bool trusted = trawl_settings_trust_host(&fetcher->settings, url);
    bool refused;
    int r = set_headers(fetch, trusted);

    if (r < 0)
        return r;
    fetch->proxy = trawl_proxies_next(&fetcher->proxies, trawl_mono_ns());
    refused =
        !trawl__fetch_guard_begin(&fetch->guard, &fetcher->settings, url, fetch->proxy != NULL);
    /* A connection to the proxy would be there to be used; a new one is where the guard stands. */
    curl_easy_setopt(fetch->easy, CURLOPT_FRESH_CONNECT, (long)refused);
    set_proxy(fetch);
    set_auth(fetch, trusted);
    curl_easy_setopt(fetch->easy, CURLOPT_MAXFILESIZE_LARGE,
                     fetch->task->robots ? (curl_off_t)0 : (curl_off_t)fetcher->settings.max_body);
    set_method(fetch);
    return curl_easy_setopt(fetch->easy, CURLOPT_URL, url) == CURLE_OK ? 0 : -ENOMEM;
}
