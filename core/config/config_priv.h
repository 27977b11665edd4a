/* What the files that read the configuration share. */
#ifndef TRAWL_CONFIG_CONFIG_PRIV_H
#define TRAWL_CONFIG_CONFIG_PRIV_H

#include <jansson.h>

#include "util/errlist.h"

/* The transports that every build has, NULL-terminated: a chain may name them without a section of their own. */
extern const char *const trawl__config_transports[];

/* A copy of `value` without its comments, with ${VARIABLES} replaced and secrets read. New reference; mistakes go to
 * `errs` with their path. */
json_t *trawl__config_expand(const json_t *value, struct trawl_errlist *errs);

#endif
