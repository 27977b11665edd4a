/* What the files that read the configuration share. */
#ifndef TRAWL_CONFIG_CONFIG_PRIV_H
#define TRAWL_CONFIG_CONFIG_PRIV_H

#include <jansson.h>
#include <stdbool.h>

#include "util/errlist.h"

/* The transports that every build has, NULL-terminated: a chain may name them without a section of their own. */
extern const char *const trawl__config_transports[];

/* A copy of `value` without its comments, with ${VARIABLES} replaced and secrets read. New reference; mistakes go to
 * `errs` with their path. The texts that are secret become names in the object `secrets`: what was read from a file, and what
 * holds a variable whose name says that it is secret. */
json_t *trawl__config_expand(const json_t *value, json_t *secrets, struct trawl_errlist *errs);

/* Say what is wrong with the schedules of resolved platforms. */
void trawl__config_check_schedules(const json_t *platforms, struct trawl_errlist *errs);

/* Mistakes in the top level's and the platforms' proxies and authentication, before the former is merged into the latter. */
void trawl__config_check_fetch(const json_t *root, struct trawl_errlist *errs);

/* Say which events and platforms that chains name there are not. */
void trawl__config_check_filters(const json_t *root, struct trawl_errlist *errs);

/* Headers that let nobody in; any other may be what does. */
bool trawl__header_is_harmless(const char *name);

/* "password", "X-Api-Key", "SHOP_TOKEN": what bears such a name is not shown. */
bool trawl__name_is_secret(const char *name);

#endif
