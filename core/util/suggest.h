/* The nearest known name for a mistyped one. */
#ifndef TRAWL_UTIL_SUGGEST_H
#define TRAWL_UTIL_SUGGEST_H

#include <stddef.h>

/* The candidate with the smallest edit distance (optimal string alignment) if that is at most a third of
 * the length, at least 1 and at most 3; else NULL. Borrowed from `candidates`. */
const char *trawl_suggest(const char *name, const char *const *candidates, size_t count);

#endif
