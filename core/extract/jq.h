/* jq programs over jansson values (libjq). One thread; `env` and `$ENV` are empty, no file can be included.
 *
 * A program that is a path expression (".items[]", ".. | select(.price)") is run for its paths and gives the very values of
 * the input, so integers stay exact to 2^63; only what jq computed itself is limited to 2^53.
 */
#ifndef TRAWL_EXTRACT_JQ_H
#define TRAWL_EXTRACT_JQ_H

#include <jansson.h>

#include "trawl/err.h"
#include "trawl/scraper.h"

int trawl_jq_compile(const char *program, struct trawl_jq **ret_jq, struct trawl_err *err);
int trawl_jq_run(struct trawl_jq *jq, const json_t *input, int (*result)(void *user, json_t *value),
                 void *user, struct trawl_err *err);
void trawl_jq_free(struct trawl_jq *jq);

#endif
