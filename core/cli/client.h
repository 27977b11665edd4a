/* Asking a running server over HTTP. */
#ifndef TRAWL_CLI_CLIENT_H
#define TRAWL_CLI_CLIENT_H

#include <jansson.h>

#include "trawl/err.h"

/* Longest answer that is read. */
#define TRAWL_CLIENT_ANSWER_MAX (16u << 20)
#define TRAWL_CLIENT_TIMEOUT_MS 30000

struct trawl_client;

/* `server`: "http://127.0.0.1:8080". */
struct trawl_client *trawl_client_create(const char *server);
void trawl_client_destroy(struct trawl_client *client); /* NULL is fine */

/* GET, or POST where there is a `body`. *ret_status is the answer's, whatever it says, and *ret_answer its JSON (new
 * reference). -ECONNREFUSED, -EIO or -EPROTO with `err` if there was none. */
int trawl_client_ask(struct trawl_client *client, const char *path, const json_t *body,
                     long *ret_status, json_t **ret_answer, struct trawl_err *err);

#endif
