/* All that is wrong, gathered to be said at once. */
#ifndef TRAWL_UTIL_ERRLIST_H
#define TRAWL_UTIL_ERRLIST_H

#include <stddef.h>

#include "trawl/err.h"

/* More than this many mistakes help nobody; the rest is counted, not kept. */
#define TRAWL_ERRLIST_MAX 100

struct trawl_errlist {
    struct trawl_err *errs; /* initialise the list with {0} */
    size_t count;
    size_t dropped;
    size_t passed_over; /* of all these, what leaves the result whole: unknown keys */
};

void trawl_errlist_add(struct trawl_errlist *list, const char *where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void trawl_errlist_finish(struct trawl_errlist *list);

#endif
