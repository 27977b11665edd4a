/* Answers. Heads are written here and not by libwebsockets, so that head and body leave in one write. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "http/http_priv.h"
#include "util/alloc.h"

static const struct {
    int status;
    const char *reason;
} reasons[] = {
    {200, "OK"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {426, "Upgrade Required"},
    {429, "Too Many Requests"},
    {500, "Internal Server Error"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
};

const char *trawl_http_reason(int status)
{
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(reasons); i++) {
        if (reasons[i].status == status)
            return reasons[i].reason;
    }
    return "Unknown";
}

static void append_date(struct trawl_buf *buf)
{
    static char line[64];
    static time_t of;
    time_t now = time(NULL);
    struct tm tm;

    if (now != of) {
        gmtime_r(&now, &tm);
        strftime(line, sizeof(line), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &tm);
        of = now;
    }
    trawl_buf_append_text(buf, line);
}

/* A value must not break out of its line, wherever it came from. */
static void append_header(struct trawl_buf *buf, const char *name, const char *value)
{
    trawl_buf_append_text(buf, name);
    trawl_buf_append(buf, ": ", 2);
    for (const char *c = value; *c; c++) {
        if ((unsigned char)*c >= ' ' && *c != 0x7f)
            trawl_buf_append_char(buf, *c);
    }
    trawl_buf_append(buf, "\r\n", 2);
}

void trawl__http_head(struct trawl_http_conn *conn, struct trawl_buf *buf, int status,
                      const char *content_type, const struct trawl_http_header *headers)
{
    trawl_buf_printf(buf, "HTTP/1.1 %d %s\r\n", status, trawl_http_reason(status));
    append_date(buf);
    if (content_type) {
        append_header(buf, "Content-Type", content_type);
        /* Answers hold what was scraped: no browser may take it for anything else than it is called. */
        append_header(buf, "X-Content-Type-Options", "nosniff");
    }
    for (; headers && headers->name; headers++)
        append_header(buf, headers->name, headers->value);
    for (const struct http_field *field = conn->added; field; field = field->next)
        append_header(buf, field->name, field->value);
    if (!conn->keep_alive)
        append_header(buf, "Connection", "close");
    else if (conn->old)
        append_header(buf, "Connection", "keep-alive");
}

void trawl_http_respond(struct trawl_http_conn *conn, int status, const char *content_type,
                        const struct trawl_http_header *headers, const void *body, size_t len)
{
    struct trawl_buf *out;

    if (conn->answered)
        return;
    out = &trawl__http_bufs(conn)->out;
    conn->answered = true;
    conn->ended = true;
    trawl__http_head(conn, out, status, content_type, headers);
    if (status != 204 && status != 304)
        trawl_buf_printf(out, "Content-Length: %zu\r\n", len);
    trawl_buf_append(out, "\r\n", 2);
    if (!conn->head && len > 0 && trawl_buf_append(out, body, len) < 0) {
        conn->keep_alive = false;
        trawl_buf_append_text(out, "HTTP/1.1 500 Internal Server Error\r\n"
                                   "Content-Length: 0\r\nConnection: close\r\n\r\n");
    }
    if (!conn->gone)
        lws_callback_on_writable(conn->wsi);
}

void trawl__http_refuse(struct trawl_http_conn *conn, int status)
{
    char body[256];

    snprintf(body, sizeof(body), "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d}",
             trawl_http_reason(status), status);
    trawl_http_respond(conn, status, "application/problem+json", NULL, body, strlen(body));
}

int trawl_http_stream_begin(struct trawl_http_conn *conn, int status, const char *content_type,
                            const struct trawl_http_header *headers, bool event_stream)
{
    struct trawl_buf *out;

    if (conn->gone)
        return -EPIPE;
    if (conn->answered)
        return -EALREADY;
    out = &trawl__http_bufs(conn)->out;
    conn->answered = true;
    conn->kind = event_stream ? HTTP_EVENTS : HTTP_DOWNLOAD;
    if (event_stream || conn->old)
        conn->keep_alive = false;
    trawl__http_head(conn, out, status, content_type, headers);
    if (!event_stream && !conn->old)
        trawl_buf_append_text(out, "Transfer-Encoding: chunked\r\n");
    trawl_buf_append(out, "\r\n", 2);
    if (conn->head) {
        conn->ended = true;
        conn->keep_alive = false; /* no end of chunks will follow */
    }
    if (trawl__http_watch_start(conn, event_stream ? UV_READABLE | UV_DISCONNECT : UV_DISCONNECT) <
        0)
        conn->closing = true;
    if (!event_stream || conn->ended || conn->closing) {
        lws_callback_on_writable(conn->wsi);
        return 0;
    }
    lws_http_headers_detach(conn->wsi);
    lws_set_timeout(conn->wsi, NO_PENDING_TIMEOUT, 0);
    if (lws_write(conn->wsi, (unsigned char *)out->data, out->len, LWS_WRITE_HTTP) < 0)
        conn->closing = true;
    trawl__http_bufs_free(conn);
    if (conn->closing)
        lws_callback_on_writable(conn->wsi);
    return 0;
}

int trawl_http_stream_write(struct trawl_http_conn *conn, const void *bytes, size_t len)
{
    struct trawl_buf *out;
    int r = 0;

    if (conn->gone || conn->closing || conn->ended)
        return -EPIPE;
    if (len == 0)
        return 0;
    out = &trawl__http_bufs(conn)->out;
    if (!conn->old)
        r = trawl_buf_printf(out, "%zx\r\n", len);
    if (r >= 0)
        r = trawl_buf_append(out, bytes, len);
    if (r >= 0 && !conn->old)
        r = trawl_buf_append(out, "\r\n", 2);
    if (r < 0) { /* what was sent cannot be taken back: the peer must see that it is cut */
        trawl_http_close(conn, 0, NULL);
        return -EPIPE;
    }
    lws_callback_on_writable(conn->wsi);
    if (out->len < HTTP_DOWNLOAD_QUEUE)
        return 0;
    conn->wants_writable = true;
    return -EAGAIN;
}

void trawl_http_stream_end(struct trawl_http_conn *conn)
{
    if (conn->gone || conn->ended)
        return;
    conn->ended = true;
    if (conn->kind == HTTP_DOWNLOAD && !conn->old)
        trawl_buf_append(&trawl__http_bufs(conn)->out, "0\r\n\r\n", 5);
    lws_callback_on_writable(conn->wsi);
}

ssize_t trawl_http_write_raw(struct trawl_http_conn *conn, const void *bytes, size_t len)
{
    if (conn->gone || conn->closing)
        return -EPIPE;
    if (lws_partial_buffered(conn->wsi)) {
        conn->wants_writable = true;
        lws_callback_on_writable(conn->wsi);
        return -EAGAIN;
    }
    /* lws_write() does not change raw bytes, though its prototype would allow it. */
    if (lws_write(conn->wsi, (unsigned char *)(uintptr_t)bytes, len, LWS_WRITE_RAW) < 0) {
        conn->closing = true;
        lws_set_timeout(conn->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
        return -EPIPE;
    }
    if (lws_partial_buffered(conn->wsi)) {
        conn->wants_writable = true;
        lws_callback_on_writable(conn->wsi);
    }
    return (ssize_t)len;
}

/* RFC 6455, 5.5.1; what is longer than a control frame may be is cut. */
static void append_close_frame(struct trawl_buf *buf, uint16_t code, const char *reason)
{
    size_t len = strnlen(reason, HTTP_CLOSE_REASON_MAX);
    const char head[] = {(char)0x88, (char)(len + 2), (char)(code >> 8), (char)code};

    trawl_buf_append(buf, head, sizeof(head));
    trawl_buf_append(buf, reason, len);
}

void trawl_http_close(struct trawl_http_conn *conn, uint16_t code, const char *reason)
{
    if (conn->gone || conn->closing)
        return;
    conn->closing = true;
    if (conn->kind == HTTP_WEBSOCKET)
        append_close_frame(&trawl__http_bufs(conn)->out, code ? code : 1000, reason ? reason : "");
    lws_set_timeout(conn->wsi, PENDING_TIMEOUT_USER_OK, HTTP_CLOSE_TIMEOUT_S);
    lws_callback_on_writable(conn->wsi);
}

void trawl_http_abort(struct trawl_http_conn *conn)
{
    if (conn->gone)
        return;
    conn->closing = true;
    conn->aborted = true;
    lws_set_timeout(conn->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
    lws_callback_on_writable(conn->wsi); /* where nothing else happens, its timers stand still */
}
