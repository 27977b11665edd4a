/* Errors as RFC 9457 problems. */
#ifndef TRAWL_GATEWAY_PROBLEM_H
#define TRAWL_GATEWAY_PROBLEM_H

#include <jansson.h>

#include "http/http.h"

/* Answer {type, title, status, detail, …}. `members`: further ones, which may replace title and detail; borrowed, or NULL. */
void problem_respond(struct trawl_http_conn *http, int status, const char *detail,
                     const json_t *members);

/* The same with headers (Allow). */
void problem_respond_with(struct trawl_http_conn *http, int status, const char *detail,
                          const json_t *members, const struct trawl_http_header *headers);

#endif
