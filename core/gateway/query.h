/* Query strings and path parameters, decoded. */
#ifndef TRAWL_GATEWAY_QUERY_H
#define TRAWL_GATEWAY_QUERY_H

#include <stdbool.h>
#include <stddef.h>

/* More parameters than this are refused: no request of ours has as many. */
#define QUERY_PARAMS_MAX 32

struct query_param {
    char *name;
    char *value;
};

/* {0} is empty. Kept by each subscriber, so it has no more room than it needs. */
struct query {
    struct query_param *params;
    size_t count;
};

/* "a=1&b=x%20y" decoded ('+' is a space). 0; -EINVAL for a broken escape or an encoded NUL, -E2BIG. On failure the query is
 * empty. */
int query_parse(const char *text, struct query *ret_query);
void query_finish(struct query *query);

/* The first value of that name, or NULL. Borrowed. */
const char *query_get(const struct query *query, const char *name);

/* Match "/api/runs/{id}/items" against an encoded path and add its parameters, decoded. A parameter is one segment and
 * not empty. */
bool query_match_path(const char *pattern, const char *path, struct query *params);

/* Percent-decode `len` bytes to a string of the caller's; NULL if an escape is broken or a NUL encoded. */
char *query_decode(const char *text, size_t len, bool plus_is_space);

/* A whole number from 0 to `max`; -EINVAL. */
int query_number(const char *text, long long max, long long *ret_number);

#endif
