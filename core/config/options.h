/* Applying an option table (trawl/option.h) to what a user wrote. */
#ifndef TRAWL_CONFIG_OPTIONS_H
#define TRAWL_CONFIG_OPTIONS_H

#include <jansson.h>

#include "trawl/option.h"
#include "util/buf.h"
#include "util/errlist.h"

/* Validate `given` (an object, or NULL for none) against `table` and fill in the defaults. Every mistake is added to
 * `errs` with its path below `path`; keys that begin with "//" are comments. The result is a new reference, whole
 * only if nothing was added to `errs` but unknown keys, which are passed over. Durations become milliseconds and sizes bytes. */
json_t *trawl_options_resolve(const struct trawl_option *table, const json_t *given,
                              const char *path, struct trawl_errlist *errs);

/* Parse one value of those types. 0 or -EINVAL. */
int trawl_duration_parse(const char *text, int64_t *ret_ms);
int trawl_size_parse(const char *text, int64_t *ret_bytes);

/* `path=value` of the command line: put `value` at `path` ("fields.title", "start") of `object`. The text is JSON if it
 * parses as such ("\"5\"" for a string of digits), else a string; a path set twice becomes a list. 0 or -EINVAL. */
int trawl_options_set(json_t *object, const char *assignment, struct trawl_err *err);

/* The JSON Schema (2020-12) of a table: an object schema, new reference. */
json_t *trawl_options_schema(const struct trawl_option *table);

/* The table as JSON, [{name, type, default, required, min, max, choices, fields, shorthand, help}], new reference: how a
 * table leaves the inspector. trawl_options_from_json() makes a table of it again, freed with trawl_options_free(). */
json_t *trawl_options_to_json(const struct trawl_option *table);
struct trawl_option *trawl_options_from_json(const json_t *json);
void trawl_options_free(struct trawl_option *table);

/* The table as text for a terminal, one option a paragraph. */
int trawl_options_describe(const struct trawl_option *table, struct trawl_buf *buf);

#endif
