/* An error that a person can act on: where it is and what was expected. The caller owns it; whoever
 * fails fills it in and returns a negative errno. It is left alone on success.
 */
#ifndef TRAWL_ERR_H
#define TRAWL_ERR_H

#include <stdarg.h>
#include <stdio.h>

struct trawl_err {
    char where[256]; /* path of a key ("platforms.books.options.start"), file:line:column, or "" */
    char message[1024]; /* a sentence without a full stop */
};

/* Fill `err` (which may be NULL) and return `code`, so that a failure is one statement. */
__attribute__((format(printf, 4, 5))) static inline int
trawl_err_set(struct trawl_err *err, int code, const char *where, const char *format, ...)
{
    va_list args;

    if (!err)
        return code;
    snprintf(err->where, sizeof(err->where), "%s", where ? where : "");
    va_start(args, format);
    vsnprintf(err->message, sizeof(err->message), format, args);
    va_end(args);
    return code;
}

#endif
