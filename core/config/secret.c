/* Showing settings without what is secret in them. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "config/config.h"
#include "config/config_priv.h"
#include "util/alloc.h"
#include "util/buf.h"
#include "util/json.h"

#define HIDDEN "***"

/* Longer names are looked at no further than this. */
#define NAME_MAX_LEN 128

/* --- names ----------------------------------------------------------------------------------------- */

/* In lower case, letters and digits alone: "X-Api_Key" is "xapikey". */
static void plain_name(char plain[NAME_MAX_LEN], const char *name, size_t len)
{
    size_t used = 0;

    for (size_t i = 0; i < len && used < NAME_MAX_LEN - 1; i++) {
        if (isalnum((unsigned char)name[i]))
            plain[used++] = (char)tolower((unsigned char)name[i]);
    }
    plain[used] = '\0';
}

static bool name_is_secret(const char *name, size_t len)
{
    static const char *const parts[] = {
        "accesskey", "apikey",   "authorization", "bearer", "cookie",    "credential", "passphrase",
        "passwd",    "password", "privatekey",    "secret", "sessionid", "signature",  "token"};
    static const char *const wholes[] = {"auth", "jwt", "pass", "pwd", "sid", "sig"};
    char plain[NAME_MAX_LEN];

    plain_name(plain, name, len);
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(parts); i++) {
        if (strstr(plain, parts[i]))
            return true;
    }
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(wholes); i++) {
        if (strcmp(plain, wholes[i]) == 0)
            return true;
    }
    return false;
}

bool trawl__name_is_secret(const char *name)
{
    return name_is_secret(name, strlen(name));
}

bool trawl__header_is_harmless(const char *name)
{
    static const char *const harmless[] = {"accept",
                                           "accept-charset",
                                           "accept-encoding",
                                           "accept-language",
                                           "cache-control",
                                           "content-type",
                                           "dnt",
                                           "from",
                                           "host",
                                           "if-modified-since",
                                           "origin",
                                           "pragma",
                                           "referer",
                                           "user-agent",
                                           "x-requested-with"};

    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(harmless); i++) {
        if (strcasecmp(name, harmless[i]) == 0)
            return true;
    }
    return false;
}

/* --- text ------------------------------------------------------------------------------------------ */

static bool is_name_char(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* Somewhere in it "password=", "Authorization: " or "\"token\":". */
static bool assigns_secret(const char *text)
{
    for (const char *at = text; (at = strpbrk(at, "=:")); at++) {
        const char *end = at, *begin;

        while (end > text && strchr(" \t\"'", end[-1]))
            end--;
        for (begin = end; begin > text && is_name_char(begin[-1]);)
            begin--;
        if (name_is_secret(begin, (size_t)(end - begin)))
            return true;
    }
    return false;
}

/* The '@' behind user and password in what follows "://", or NULL. */
static const char *user_end(const char *authority)
{
    return memrchr(authority, '@', strcspn(authority, "/?#\\ \t\r\n\"'"));
}

/* From `query` on, with the values of secret parameters hidden. A lone "key" is one here, though it is none among options. */
static void append_query(struct trawl_buf *out, const char *query)
{
    while (*query) {
        size_t len = 1 + strcspn(query + 1, "&;?#");
        const char *equals = memchr(query, '=', len);
        size_t name_len = equals ? (size_t)(equals - query) - 1 : 0;

        if (equals && (name_is_secret(query + 1, name_len) ||
                       (name_len == 3 && strncasecmp(query + 1, "key", 3) == 0))) {
            trawl_buf_append(out, query, name_len + 2);
            trawl_buf_append_text(out, HIDDEN);
        } else {
            trawl_buf_append(out, query, len);
        }
        query += len;
    }
}

static json_t *show_url(const char *url, const char *authority)
{
    const char *user = user_end(authority);
    const char *rest = user ? user : authority;
    size_t len = strcspn(rest, ";?#");
    struct trawl_buf out;
    json_t *shown;

    trawl_buf_init(&out, TRAWL_CONFIG_MAX);
    trawl_buf_append(&out, url, (size_t)(authority - url));
    if (user)
        trawl_buf_append_text(&out, HIDDEN);
    trawl_buf_append(&out, rest, len);
    append_query(&out, rest + len);
    shown = json_string(trawl_buf_text(&out));
    trawl_buf_finish(&out);
    return shown;
}

static json_t *show_text(const char *text)
{
    const char *colon = strstr(text, "://");
    const char *at = text;

    while (is_name_char(*at) || *at == '+' || *at == '.')
        at++;
    if (colon && colon == at && !strpbrk(text, " \t\r\n"))
        return show_url(text, colon + 3);
    for (; colon; colon = strstr(colon + 3, "://")) {
        if (user_end(colon + 3))
            return json_string(HIDDEN);
    }
    return json_string(assigns_secret(text) ? HIDDEN : text);
}

/* --- values ---------------------------------------------------------------------------------------- */

static json_t *show(const struct trawl_config *config, const json_t *value);

static json_t *show_object(const struct trawl_config *config, const json_t *object, bool headers)
{
    json_t *shown = json_object();
    const char *name;
    json_t *value;

    json_object_foreach ((json_t *)object, name, value) {
        bool hide = headers ? !trawl__header_is_harmless(name) : trawl__name_is_secret(name);

        if (hide && !json_is_null(value) && !json_is_boolean(value))
            json_object_set_new(shown, name, json_string(HIDDEN));
        else if (json_is_object(value) && strcasecmp(name, "headers") == 0)
            json_object_set_new(shown, name, show_object(config, value, true));
        else
            json_object_set_new(shown, name, show(config, value));
    }
    return shown;
}

static json_t *show_array(const struct trawl_config *config, const json_t *array)
{
    json_t *shown = json_array();
    json_t *value;
    size_t i;

    json_array_foreach (array, i, value)
        json_array_append_new(shown, show(config, value));
    return shown;
}

/* Strings are compared with the secrets whole; where the option was a number, so is what became of it. */
static json_t *show_scalar(const struct trawl_config *config, const json_t *value)
{
    TRAWL_AUTO_FREE char *number =
        json_is_number(value) ? trawl_json_text(value, TRAWL_JSON_COMPACT) : NULL;
    const char *text = json_string_value(value);
    const char *secret = number ? number : text;

    if (secret && json_object_get(config->secrets, secret))
        return json_string(HIDDEN);
    return text ? show_text(text) : json_copy((json_t *)value);
}

static json_t *show(const struct trawl_config *config, const json_t *value)
{
    if (json_is_object(value))
        return show_object(config, value, false);
    return json_is_array(value) ? show_array(config, value) : show_scalar(config, value);
}

json_t *trawl_config_shown(const struct trawl_config *config, const json_t *value)
{
    return show(config, value);
}
