/* Signatures as Standard Webhooks has them (github.com/standard-webhooks): HMAC-SHA256, in base64. */
#ifndef WEBHOOK_SIGN_H
#define WEBHOOK_SIGN_H

#include <jansson.h>
#include <stddef.h>

#include "trawl/err.h"

/* Keys at once: the one in use and those that it takes the place of. */
#define WEBHOOK_KEYS_MAX 8

struct webhook_keys;

/* `secrets`: array of "whsec_BASE64", or of text that is the key as it is. */
int webhook_keys_create(const json_t *secrets, struct webhook_keys **ret_keys,
                        struct trawl_err *err);
void webhook_keys_destroy(struct webhook_keys *keys);

/* "v1,… v1,…" of each key for "ID.TIMESTAMP.BODY"; "" if there are no keys. NULL: no memory. Free with free(). */
char *webhook_sign(const struct webhook_keys *keys, const char *text, size_t len);

#endif
