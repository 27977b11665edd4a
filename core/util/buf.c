#include "util/buf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"

/* Small enough not to matter for thousands of buffers, large enough for a line. */
#define TRAWL_BUF_FIRST 64

void trawl_buf_init(struct trawl_buf *buf, size_t max)
{
    *buf = (struct trawl_buf){.max = max};
}

void trawl_buf_finish(struct trawl_buf *buf)
{
    free(buf->data);
    buf->data = NULL;
    buf->len = 0;
    buf->cap = 0;
}

int trawl_buf_reserve(struct trawl_buf *buf, size_t len, char **ret_room)
{
    size_t cap = buf->cap ? buf->cap : TRAWL_BUF_FIRST;
    char *data;

    if (len > buf->max || buf->len > buf->max - len) {
        trawl_buf_finish(buf);
        return -EFBIG;
    }
    while (cap < buf->len + len + 1)
        cap *= 2;
    if (cap > buf->max + 1)
        cap = buf->max + 1;
    if (cap != buf->cap) {
        data = realloc(buf->data, cap);
        if (!data) {
            trawl_buf_finish(buf);
            return -ENOMEM;
        }
        buf->data = data;
        buf->cap = cap;
    }
    *ret_room = buf->data + buf->len;
    return 0;
}

void trawl_buf_grew(struct trawl_buf *buf, size_t len)
{
    buf->len += len;
    buf->data[buf->len] = '\0';
}

int trawl_buf_append(struct trawl_buf *buf, const void *bytes, size_t len)
{
    char *room;
    int r;

    r = trawl_buf_reserve(buf, len, &room);
    if (r < 0)
        return r;
    if (len > 0)
        memcpy(room, bytes, len);
    trawl_buf_grew(buf, len);
    return 0;
}

int trawl_buf_append_text(struct trawl_buf *buf, const char *text)
{
    return trawl_buf_append(buf, text, strlen(text));
}

int trawl_buf_append_char(struct trawl_buf *buf, char c)
{
    return trawl_buf_append(buf, &c, 1);
}

int trawl_buf_vprintf(struct trawl_buf *buf, const char *format, va_list args)
{
    va_list again;
    char *room;
    int len;
    int r;

    va_copy(again, args);
    len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (len < 0)
        return -EINVAL;
    r = trawl_buf_reserve(buf, (size_t)len, &room);
    if (r < 0)
        return r;
    vsnprintf(room, (size_t)len + 1, format, args);
    trawl_buf_grew(buf, (size_t)len);
    return 0;
}

int trawl_buf_printf(struct trawl_buf *buf, const char *format, ...)
{
    va_list args;
    int r;

    va_start(args, format);
    r = trawl_buf_vprintf(buf, format, args);
    va_end(args);
    return r;
}

void trawl_buf_consume(struct trawl_buf *buf, size_t len)
{
    if (len == 0)
        return;
    buf->len -= len;
    memmove(buf->data, buf->data + len, buf->len);
    buf->data[buf->len] = '\0';
}

void trawl_buf_cut(struct trawl_buf *buf, size_t len)
{
    buf->len = len;
    if (buf->data)
        buf->data[len] = '\0';
}

void trawl_buf_clear(struct trawl_buf *buf)
{
    trawl_buf_cut(buf, 0);
}

char *trawl_buf_steal(struct trawl_buf *buf, size_t *ret_len)
{
    char *data = buf->data ? buf->data : trawl_xstrdup("");

    if (ret_len)
        *ret_len = buf->len;
    buf->data = NULL;
    buf->len = 0;
    buf->cap = 0;
    return data;
}

const char *trawl_buf_text(const struct trawl_buf *buf)
{
    return buf->data ? buf->data : "";
}
