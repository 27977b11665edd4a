/* What went wrong, in a word and in words. */
#include <string.h>

#include "worker/fetch_priv.h"

/* The one place where libcurl's codes become kinds of error. */
static const char *kind_of(CURLcode code, bool *ret_transient)
{
    *ret_transient = true;
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        return "timeout";
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return "dns";
    case CURLE_COULDNT_CONNECT:
        return "connect";
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_HTTP2_STREAM:
    case CURLE_HTTP2:
        return "incomplete";
    case CURLE_SSL_CONNECT_ERROR:
        return "tls";
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
        return "network";
    default:
        break;
    }
    *ret_transient = false;
    switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
        return "tls";
    case CURLE_FILESIZE_EXCEEDED:
        return "too_large";
    case CURLE_URL_MALFORMAT:
        return "url";
    case CURLE_UNSUPPORTED_PROTOCOL: /* what comes back is not HTTP: our own URLs all are */
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_WEIRD_SERVER_REPLY:
        return "protocol";
    default:
        return "network";
    }
}

/* Whether it was the proxy, and not what is behind it, that did not answer or did not let us through. */
static bool is_proxy_failure(const struct trawl_fetch *fetch, CURLcode code)
{
    curl_off_t connected_us = 0;
    long connect_status = 0;
    long status = 0;

    curl_easy_getinfo(fetch->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(fetch->easy, CURLINFO_HTTP_CONNECTCODE, &connect_status);
    curl_easy_getinfo(fetch->easy, CURLINFO_CONNECT_TIME_T, &connected_us);
    switch (code) {
    case CURLE_OK:
        return status == 407;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_PROXY:
        return true;
    case CURLE_OPERATION_TIMEDOUT:
        return connected_us == 0;
    default:
        return connect_status >= 300;
    }
}

static const char *proxy_error(struct trawl_fetch *fetch, CURLcode code, const char **ret_error)
{
    const char *why = *fetch->error ? fetch->error : curl_easy_strerror(code);

    snprintf(fetch->proxy_error, sizeof(fetch->proxy_error), "by the proxy %s: %s",
             fetch->proxy->url, code == CURLE_OK ? "it wants another user or password" : why);
    *ret_error = fetch->proxy_error;
    return "proxy";
}

const char *trawl__fetch_error(struct trawl_fetch *fetch, CURLcode code, const char **ret_error,
                               bool *ret_transient)
{
    *ret_transient = false;
    if (fetch->too_large) {
        *ret_error = "the body is larger than max_body";
        return "too_large";
    }
    if (code != CURLE_OK && trawl__fetch_guard_refused(&fetch->guard)) {
        *ret_error = fetch->guard.refusal;
        return "refused";
    }
    if (fetch->proxy && is_proxy_failure(fetch, code)) {
        *ret_transient = true;
        return proxy_error(fetch, code, ret_error);
    }
    if (code == CURLE_OK || fetch->cut)
        return NULL;
    *ret_error = *fetch->error ? fetch->error : curl_easy_strerror(code);
    return kind_of(code, ret_transient);
}
