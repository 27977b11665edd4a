/* JSON as Trawl means it, on top of jansson: numbers survive, text is always UTF-8.
 *
 * Reading: integers are exact to 2^63; a larger one, or a real beyond double, becomes a string of its
 * digits; lone surrogates and broken UTF-8 become U+FFFD; \u0000 is kept. Writing: reals in the shortest
 * form that reads back the same.
 */
#ifndef TRAWL_UTIL_JSON_H
#define TRAWL_UTIL_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "trawl/err.h"
#include "util/buf.h"
#include "util/hash.h"

/* Deepest nesting that is read; deeper input is an error, not a stack overflow. */
#define TRAWL_JSON_DEPTH_MAX 512

/* Parse remote JSON, any value. 0 and a new reference, or -EINVAL with line, column and what was wrong. */
int trawl_json_parse(const char *bytes, size_t len, json_t **ret_value, struct trawl_err *err);

/* Append compact JSON. `TRAWL_JSON_SORTED` is the canonical form that hashes are taken over. */
enum trawl_json_form {
    TRAWL_JSON_COMPACT,
    TRAWL_JSON_SORTED,
    TRAWL_JSON_INDENTED, /* two spaces, for people */
};
int trawl_json_write(struct trawl_buf *buf, const json_t *value, enum trawl_json_form form);

/* The same as a string of its own; never NULL. Free with free(). */
char *trawl_json_text(const json_t *value, enum trawl_json_form form);

/* Append `text` as a JSON string with its quotes. */
int trawl_json_write_string(struct trawl_buf *buf, const char *text, size_t len);

/* Hash of the canonical form. */
struct trawl_hash trawl_json_hash(const json_t *value);

/* Member access with a fallback, for objects that were validated or come from our own processes. */
const char *trawl_json_string(const json_t *object, const char *name, const char *fallback);
json_int_t trawl_json_int(const json_t *object, const char *name, json_int_t fallback);
bool trawl_json_bool(const json_t *object, const char *name, bool fallback);

#endif
