/* A growing byte buffer that is told its limit when it is made, so that remote input never grows
 * memory beyond a number that somebody chose. The bytes are always followed by a NUL that is not
 * counted, so a buffer of text can be used as a C string.
 */
#ifndef TRAWL_UTIL_BUF_H
#define TRAWL_UTIL_BUF_H

#include <stdarg.h>
#include <stddef.h>

struct trawl_buf {
    char *data; /* NULL while nothing was appended */
    size_t len;
    size_t cap;
    size_t max;
};

void trawl_buf_init(struct trawl_buf *buf, size_t max);
void trawl_buf_finish(struct trawl_buf *buf);

/* Append; 0, or -EFBIG past the limit, or -ENOMEM. On either error the buffer has released its
 * memory and stays empty but usable. */
int trawl_buf_append(struct trawl_buf *buf, const void *bytes, size_t len);
int trawl_buf_append_text(struct trawl_buf *buf, const char *text);
int trawl_buf_append_char(struct trawl_buf *buf, char c);
int trawl_buf_printf(struct trawl_buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
int trawl_buf_vprintf(struct trawl_buf *buf, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* Room for `len` more bytes at the end: *ret_room points to them; call trawl_buf_grew() with what was
 * written. Errors as for append. */
int trawl_buf_reserve(struct trawl_buf *buf, size_t len, char **ret_room);
void trawl_buf_grew(struct trawl_buf *buf, size_t len);

/* Drop the first `len` bytes. */
void trawl_buf_consume(struct trawl_buf *buf, size_t len);

/* Drop all but the first `len` bytes; it has as many. */
void trawl_buf_cut(struct trawl_buf *buf, size_t len);

/* Empty it, keeping the memory. */
void trawl_buf_clear(struct trawl_buf *buf);

/* Hand the bytes over to the caller, who frees them; the buffer is empty afterwards. Never NULL. */
char *trawl_buf_steal(struct trawl_buf *buf, size_t *ret_len);

/* The text, "" when empty; borrowed until the next change. */
const char *trawl_buf_text(const struct trawl_buf *buf);

#endif
