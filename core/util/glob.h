/* Patterns in which `*` stands for any text, also for none, and every other character for itself. */
#ifndef TRAWL_UTIL_GLOB_H
#define TRAWL_UTIL_GLOB_H

#include <stdbool.h>

/* True if it matches all of the text. */
bool trawl_glob_matches(const char *pattern, const char *text);

#endif
