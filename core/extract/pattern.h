/* Regular expressions over URLs (PCRE2). */
#ifndef TRAWL_EXTRACT_PATTERN_H
#define TRAWL_EXTRACT_PATTERN_H

#include <jansson.h>
#include <stdbool.h>

#include "trawl/err.h"

struct trawl_patterns;

/* Compile a list of strings, or a lone one; NULL is an empty list. -EINVAL with where it goes wrong. */
int trawl_patterns_compile(const json_t *list, struct trawl_patterns **ret_patterns,
                           struct trawl_err *err);
void trawl_patterns_free(struct trawl_patterns *patterns);

bool trawl_patterns_empty(const struct trawl_patterns *patterns);

/* Is one of them found in `text`? One that takes too long on this text is not. */
bool trawl_patterns_match(const struct trawl_patterns *patterns, const char *text);

#endif
