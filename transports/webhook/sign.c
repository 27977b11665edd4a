#include "sign.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#define PREFIX  "whsec_"
#define VERSION "v1,"

/* SHA-256 has 32 bytes, base64 makes 44 characters of them. */
#define SIGNATURE_MAX (sizeof(VERSION) + 44)

struct key {
    unsigned char *bytes;
    size_t len;
};

struct webhook_keys {
    struct key keys[WEBHOOK_KEYS_MAX];
    size_t count;
};

static int refuse(size_t i, const char *expected, struct trawl_err *err)
{
    char where[32];

    snprintf(where, sizeof(where), "secret[%zu]", i);
    return trawl_err_set(err, -EINVAL, where, "%s", expected);
}

/* Padding at the end, at most two, and nothing else that is no digit of base64. */
static size_t count_padding(const char *text, size_t len, int *ret_good)
{
    size_t digits =
        strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");

    *ret_good =
        len > 0 && len % 4 == 0 && len - digits <= 2 && strspn(text + digits, "=") == len - digits;
    return len - digits;
}

static int decode(const char *text, struct key *key, size_t i, struct trawl_err *err)
{
    size_t len = strlen(text);
    int good;
    size_t padding = count_padding(text, len, &good);
    int decoded;

    if (!good)
        return refuse(i, "expected base64 behind '" PREFIX "'", err);
    key->bytes = malloc(len / 4 * 3);
    if (!key->bytes)
        return trawl_err_set(err, -ENOMEM, "", "no memory");
    decoded = EVP_DecodeBlock(key->bytes, (const unsigned char *)text, (int)len);
    if (decoded < 0)
        return refuse(i, "expected base64 behind '" PREFIX "'", err);
    key->len = (size_t)decoded - padding;
    return 0;
}

static int read_key(const char *secret, struct key *key, size_t i, struct trawl_err *err)
{
    if (*secret == '\0')
        return refuse(i, "expected a key, it is empty", err);
    if (strncmp(secret, PREFIX, strlen(PREFIX)) == 0)
        return decode(secret + strlen(PREFIX), key, i, err);
    key->bytes = (unsigned char *)strdup(secret);
    key->len = strlen(secret);
    return key->bytes ? 0 : trawl_err_set(err, -ENOMEM, "", "no memory");
}

int webhook_keys_create(const json_t *secrets, struct webhook_keys **ret_keys,
                        struct trawl_err *err)
{
    struct webhook_keys *keys;
    json_t *secret;
    size_t i;
    int r = 0;

    if (json_array_size(secrets) > WEBHOOK_KEYS_MAX)
        return trawl_err_set(err, -EINVAL, "secret", "expected no more than %d", WEBHOOK_KEYS_MAX);
    keys = calloc(1, sizeof(*keys));
    if (!keys)
        return trawl_err_set(err, -ENOMEM, "", "no memory");
    json_array_foreach ((json_t *)(uintptr_t)secrets, i, secret) {
        if (r == 0)
            r = read_key(json_string_value(secret), &keys->keys[keys->count++], i, err);
    }
    if (r < 0) {
        webhook_keys_destroy(keys);
        return r;
    }
    *ret_keys = keys;
    return 0;
}

void webhook_keys_destroy(struct webhook_keys *keys)
{
    if (!keys)
        return;
    for (size_t i = 0; i < keys->count; i++) {
        if (keys->keys[i].bytes)
            OPENSSL_cleanse(keys->keys[i].bytes, keys->keys[i].len);
        free(keys->keys[i].bytes);
    }
    free(keys);
}

char *webhook_sign(const struct webhook_keys *keys, const char *text, size_t len)
{
    char *signatures = calloc(1, keys->count * SIGNATURE_MAX + 1);
    char *at = signatures;

    for (size_t i = 0; signatures && i < keys->count; i++) {
        unsigned char mac[EVP_MAX_MD_SIZE];
        unsigned mac_len = 0;

        if (!HMAC(EVP_sha256(), keys->keys[i].bytes, (int)keys->keys[i].len,
                  (const unsigned char *)text, len, mac, &mac_len)) {
            free(signatures);
            return NULL;
        }
        if (i > 0)
            *at++ = ' ';
        memcpy(at, VERSION, strlen(VERSION));
        at += strlen(VERSION);
        at += EVP_EncodeBlock((unsigned char *)at, mac, (int)mac_len);
    }
    return signatures;
}
