/* The members of a JSON object as slices of its text, so that values can be passed on exactly as they were stored. */
#ifndef TRAWL_GATEWAY_SLICE_H
#define TRAWL_GATEWAY_SLICE_H

#include <stddef.h>

/* `name` is with its quotes and escapes. A negative return stops and is passed on. */
typedef int slice_member(void *user, const char *name, size_t name_len, const char *value,
                         size_t value_len);

/* 0, or -EINVAL if it is no object (what is inside its values is not checked). */
int slice_object(const char *json, size_t len, slice_member *member, void *user);

/* A JSON string with its quotes, decoded; the caller frees it. NULL if it is none. May hold NULs: *ret_len. */
char *slice_string(const char *json, size_t len, size_t *ret_len);

#endif
