#include "util/errlist.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/alloc.h"

void trawl_errlist_add(struct trawl_errlist *list, const char *where, const char *format, ...)
{
    struct trawl_err *err;
    va_list args;

    if (list->count == TRAWL_ERRLIST_MAX) {
        list->dropped++;
        return;
    }
    list->errs = trawl_xrealloc(list->errs, (list->count + 1) * sizeof(*list->errs));
    err = &list->errs[list->count++];
    snprintf(err->where, sizeof(err->where), "%s", where ? where : "");
    va_start(args, format);
    vsnprintf(err->message, sizeof(err->message), format, args);
    va_end(args);
}

void trawl_errlist_finish(struct trawl_errlist *list)
{
    free(list->errs);
    *list = (struct trawl_errlist){0};
}
