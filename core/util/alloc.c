#include "util/alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void *must(void *ptr)
{
    if (!ptr) {
        fputs("trawl: out of memory\n", stderr);
        abort();
    }
    return ptr;
}

void *trawl_xalloc(size_t bytes)
{
    return must(calloc(1, bytes ? bytes : 1));
}

void *trawl_xrealloc(void *ptr, size_t bytes)
{
    return must(realloc(ptr, bytes ? bytes : 1));
}

char *trawl_xstrdup(const char *text)
{
    return text ? must(strdup(text)) : NULL;
}

char *trawl_xstrndup(const char *text, size_t len)
{
    return must(strndup(text, len));
}

char *trawl_xasprintf(const char *format, ...)
{
    va_list args;
    char *text = NULL;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        text = NULL;
    va_end(args);
    return must(text);
}
