#include "cli/drill/link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "util/alloc.h"
#include "util/buf.h"

#define READ_SIZE 65536

/* How the end of an answer is told. */
enum framing {
    UNTIL_CLOSED,
    BY_LENGTH,
    BY_CHUNKS,
};

struct drill_link {
    uv_tcp_t tcp;
    uv_connect_t connecting;
    uv_timer_t failed; /* what fails at once is told later */
    const struct drill_link_ops *ops;
    void *user;
    char *request;
    struct trawl_buf head; /* or a chunk's size line */
    enum framing framing;
    size_t left; /* of the body, or of the chunk */
    int open_handles;
    bool has_head;
    bool in_chunk;
    bool last_chunk;
    bool closed;
    char room[READ_SIZE];
};

struct link_write {
    uv_write_t request;
    char bytes[];
};

static void link_on_closed(uv_handle_t *handle)
{
    struct drill_link *link = handle->data;

    if (--link->open_handles > 0)
        return;
    trawl_buf_finish(&link->head);
    free(link->request);
    free(link);
}

void drill_link_close(struct drill_link *link)
{
    if (!link || link->closed)
        return;
    link->closed = true;
    uv_close((uv_handle_t *)&link->tcp, link_on_closed);
    uv_close((uv_handle_t *)&link->failed, link_on_closed);
}

static void link_end(struct drill_link *link, bool whole)
{
    if (link->closed)
        return;
    uv_read_stop((uv_stream_t *)&link->tcp);
    link->ops->on_end(link->user, whole);
}

/* --- what is sent -------------------------------------------------------------------------------- */

static void link_on_written(uv_write_t *request, int status)
{
    (void)status; /* a connection that is lost is noticed by reading */
    free(TRAWL_CONTAINER_OF(request, struct link_write, request));
}

void drill_link_send(struct drill_link *link, const void *bytes, size_t len)
{
    struct link_write *out;
    uv_buf_t buf;

    if (link->closed)
        return;
    out = trawl_xalloc(sizeof(*out) + len);
    memcpy(out->bytes, bytes, len);
    buf = uv_buf_init(out->bytes, (unsigned)len);
    if (uv_write(&out->request, (uv_stream_t *)&link->tcp, &buf, 1, link_on_written) < 0)
        free(out);
}

/* --- what comes ---------------------------------------------------------------------------------- */

/* The value of a header in the head, NULL if it is not there. */
static const char *find_header(const char *head, const char *name)
{
    size_t len = strlen(name);

    for (const char *at = strstr(head, "\r\n"); at; at = strstr(at, "\r\n")) {
        at += 2;
        if (strncasecmp(at, name, len) == 0 && at[len] == ':')
            return at + len + 1 + strspn(at + len + 1, " ");
    }
    return NULL;
}

static int read_head(struct drill_link *link)
{
    const char *head = trawl_buf_text(&link->head);
    const char *length = find_header(head, "content-length");
    const char *coding = find_header(head, "transfer-encoding");
    char *end;
    long status;

    if (strncmp(head, "HTTP/1.1 ", 9) != 0)
        return -EPROTO;
    status = strtol(head + 9, &end, 10);
    if (end != head + 12)
        return -EPROTO;
    if (coding && strncasecmp(coding, "chunked", 7) == 0) {
        link->framing = BY_CHUNKS;
    } else if (length || status == 204) {
        link->framing = BY_LENGTH;
        link->left = length ? strtoul(length, NULL, 10) : 0;
    }
    link->has_head = true;
    trawl_buf_clear(&link->head);
    return (int)status;
}

/* Bytes up to and with `mark` go to link->head. Gives how many; *ret_found says whether the mark is there. 0 and not found:
 * it is longer than it may be. */
static size_t take_until(struct drill_link *link, const char *bytes, size_t len, const char *mark,
                         bool *ret_found)
{
    size_t used = 0;

    *ret_found = false;
    while (used < len && !*ret_found) {
        if (link->head.len == DRILL_HEAD_MAX ||
            trawl_buf_append_char(&link->head, bytes[used++]) < 0)
            return 0;
        *ret_found = link->head.len >= strlen(mark) &&
                     strcmp(link->head.data + link->head.len - strlen(mark), mark) == 0;
    }
    return used;
}

/* A chunk's size line, or the empty one behind a chunk. */
static size_t take_chunk_line(struct drill_link *link, const char *bytes, size_t len)
{
    bool found;
    size_t used = take_until(link, bytes, len, "\r\n", &found);

    if (!found)
        return used;
    if (link->head.len > 2) {
        link->left = strtoul(trawl_buf_text(&link->head), NULL, 16);
        link->in_chunk = link->left > 0;
        link->last_chunk = link->left == 0;
    }
    trawl_buf_clear(&link->head);
    return used;
}

static size_t take_body(struct drill_link *link, const char *bytes, size_t len)
{
    size_t piece = link->framing == UNTIL_CLOSED || link->left > len ? len : link->left;

    if (piece > 0)
        link->ops->on_body(link->user, bytes, piece);
    if (link->framing != UNTIL_CLOSED)
        link->left -= piece;
    if (link->left == 0)
        link->in_chunk = false;
    return piece;
}

/* 0: it makes no sense. */
static size_t take_head(struct drill_link *link, const char *bytes, size_t len)
{
    bool found;
    size_t used = take_until(link, bytes, len, "\r\n\r\n", &found);
    int status;

    if (!found)
        return used;
    status = read_head(link);
    if (status < 0)
        return 0;
    link->ops->on_head(link->user, status);
    return used;
}

static bool is_over(const struct drill_link *link)
{
    if (!link->has_head)
        return false;
    return link->framing == BY_CHUNKS ? link->last_chunk
                                      : link->framing == BY_LENGTH && link->left == 0;
}

static void link_take(struct drill_link *link, const char *bytes, size_t len)
{
    size_t at = 0;

    while (!link->closed && !is_over(link) && at < len) {
        size_t used;

        if (!link->has_head)
            used = take_head(link, bytes + at, len - at);
        else if (link->framing == BY_CHUNKS && !link->in_chunk)
            used = take_chunk_line(link, bytes + at, len - at);
        else
            used = take_body(link, bytes + at, len - at);
        if (used == 0) {
            link_end(link, false);
            return;
        }
        at += used;
    }
    if (is_over(link))
        link_end(link, true);
}

static void link_on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct drill_link *link = handle->data;

    (void)suggested;
    *buf = uv_buf_init(link->room, sizeof(link->room));
}

static void link_on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
    struct drill_link *link = stream->data;

    if (len > 0)
        link_take(link, buf->base, (size_t)len);
    else if (len < 0)
        link_end(link, link->has_head && link->framing == UNTIL_CLOSED && len == UV_EOF);
}

static void link_on_failed(uv_timer_t *timer)
{
    link_end(timer->data, false);
}

static void link_on_connected(uv_connect_t *connecting, int status)
{
    struct drill_link *link = connecting->handle->data;

    if (link->closed)
        return;
    if (status == 0)
        status = uv_read_start((uv_stream_t *)&link->tcp, link_on_alloc, link_on_read);
    if (status < 0)
        link_end(link, false);
    else
        drill_link_send(link, link->request, strlen(link->request));
}

struct drill_link *drill_link_open(uv_loop_t *loop, int port, const char *request,
                                   const struct drill_link_ops *ops, void *user)
{
    struct drill_link *link = TRAWL_NEW(struct drill_link);
    struct sockaddr_in address;

    link->ops = ops;
    link->user = user;
    link->request = trawl_xstrdup(request);
    trawl_buf_init(&link->head, DRILL_HEAD_MAX);
    link->open_handles = 2;
    uv_tcp_init(loop, &link->tcp);
    uv_timer_init(loop, &link->failed);
    link->tcp.data = link;
    link->failed.data = link;
    uv_ip4_addr("127.0.0.1", port, &address);
    if (uv_tcp_connect(&link->connecting, &link->tcp, (const struct sockaddr *)&address,
                       link_on_connected) < 0)
        uv_timer_start(&link->failed, link_on_failed, 0, 0);
    return link;
}
