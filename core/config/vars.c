/* Variables, secrets and comments of the configuration file. */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/config_priv.h"
#include "config/options_priv.h"
#include "util/alloc.h"
#include "util/buf.h"
#include "util/fs.h"

#define SECRET_PREFIX "file:///"

struct expansion {
    struct trawl_errlist *errs;
    json_t *secrets;
    struct trawl_buf path; /* of the value at hand */
    bool is_secret;        /* the text at hand */
};

__attribute__((format(printf, 2, 3))) static void complain(struct expansion *expansion,
                                                           const char *format, ...)
{
    struct trawl_err err;
    va_list args;

    va_start(args, format);
    vsnprintf(err.message, sizeof(err.message), format, args);
    va_end(args);
    trawl_errlist_add(expansion->errs, trawl_buf_text(&expansion->path), "%s", err.message);
}

/* The length of the variable's name at `p`, 0 if none is there. */
static size_t name_len(const char *p)
{
    size_t len = strspn(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789");

    return *p >= '0' && *p <= '9' ? 0 : len;
}

/* `*at` stands on a "${": append what it means and move behind its "}". */
static int expand_one(struct expansion *expansion, const char **at, struct trawl_buf *out)
{
    const char *start = *at + 2;
    const char *end = strchr(start, '}');
    size_t len = name_len(start);
    TRAWL_AUTO_FREE char *name = trawl_xstrndup(start, len);
    bool has_default = strncmp(start + len, ":-", 2) == 0;
    const char *value;

    if (!end || len == 0 || (!has_default && start + len != end)) {
        complain(expansion, "expected ${NAME} or ${NAME:-default} at '%.40s'; $${ is a literal ${",
                 *at);
        *at += 2;
        return 0;
    }
    *at = end + 1;
    value = getenv(name);
    if (has_default && (!value || !*value))
        return trawl_buf_append(out, start + len + 2, (size_t)(end - start) - len - 2);
    if (value) {
        expansion->is_secret |= trawl__name_is_secret(name);
        return trawl_buf_append_text(out, value);
    }
    complain(expansion, "the environment variable %s is not set, and has no default here", name);
    return 0;
}

static int expand_text(struct expansion *expansion, const char *text, struct trawl_buf *out)
{
    int r = 0;

    while (*text && r == 0) {
        const char *dollar = strchr(text, '$');
        size_t len = dollar ? (size_t)(dollar - text) : strlen(text);

        r = trawl_buf_append(out, text, len);
        text += len;
        if (r < 0 || !*text)
            break;
        if (strncmp(text, "$${", 3) == 0) {
            r = trawl_buf_append_text(out, "${");
            text += 3;
        } else if (text[1] == '{') {
            r = expand_one(expansion, &text, out);
        } else {
            r = trawl_buf_append_char(out, *text++);
        }
    }
    return r;
}

static json_t *read_secret(struct expansion *expansion, const char *url)
{
    const char *path = url + strlen(SECRET_PREFIX) - 1;
    TRAWL_AUTO_FREE char *text = NULL;
    size_t len = 0;
    json_t *value;
    int r;

    r = trawl_fs_read(path, TRAWL_SECRET_MAX, &text, &len);
    if (r < 0) {
        complain(expansion, "cannot read the secret in '%s': %s", path, strerror(-r));
        return NULL;
    }
    if (len > 0 && text[len - 1] == '\n')
        len -= len > 1 && text[len - 2] == '\r' ? 2 : 1;
    value = memchr(text, '\0', len) ? NULL : json_stringn(text, len);
    expansion->is_secret = true;
    if (!value)
        complain(expansion, "the secret in '%s' is no UTF-8 text", path);
    return value;
}

static json_t *expand_string(struct expansion *expansion, const json_t *string)
{
    const char *text = json_string_value(string);
    struct trawl_buf out;
    json_t *value = NULL;

    if (strlen(text) != json_string_length(string)) {
        complain(expansion, "holds a NUL character");
        return NULL;
    }
    trawl_buf_init(&out, TRAWL_CONFIG_MAX);
    expansion->is_secret = false;
    if (expand_text(expansion, text, &out) < 0) {
        complain(expansion, "is too long once its variables are replaced");
    } else if (strncmp(trawl_buf_text(&out), SECRET_PREFIX, strlen(SECRET_PREFIX)) == 0) {
        value = read_secret(expansion, trawl_buf_text(&out));
    } else {
        value = json_stringn(trawl_buf_text(&out), out.len);
        if (!value)
            complain(expansion, "is no UTF-8 text once its variables are replaced");
    }
    trawl_buf_finish(&out);
    if (expansion->is_secret && value && json_string_length(value) > 0)
        json_object_set_new(expansion->secrets, json_string_value(value), json_true());
    return value;
}

static json_t *expand_value(struct expansion *expansion, const json_t *value);

/* Go one level down in the path, expand, and come back up. */
__attribute__((format(printf, 3, 4))) static json_t *
expand_below(struct expansion *expansion, const json_t *value, const char *format, ...)
{
    size_t len = expansion->path.len;
    json_t *result;
    va_list args;

    va_start(args, format);
    (void)trawl_buf_vprintf(&expansion->path, format, args);
    va_end(args);
    result = expand_value(expansion, value);
    if (expansion->path.len > len) {
        expansion->path.len = len;
        expansion->path.data[len] = '\0';
    }
    return result ? result
                  : json_copy((json_t *)value); /* its mistake is told; the place stays filled */
}

static json_t *expand_object(struct expansion *expansion, const json_t *object)
{
    json_t *result = json_object();
    const char *name;
    json_t *value;

    json_object_foreach ((json_t *)object, name, value) {
        if (!trawl__option_is_comment(name))
            json_object_set_new(
                result, name,
                expand_below(expansion, value, "%s%s", expansion->path.len > 0 ? "." : "", name));
    }
    return result;
}

static json_t *expand_array(struct expansion *expansion, const json_t *array)
{
    json_t *result = json_array();
    json_t *value;
    size_t i;

    json_array_foreach (array, i, value) {
        json_array_append_new(result, expand_below(expansion, value, "[%zu]", i));
    }
    return result;
}

static json_t *expand_value(struct expansion *expansion, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return expand_object(expansion, value);
    case JSON_ARRAY:
        return expand_array(expansion, value);
    case JSON_STRING:
        return expand_string(expansion, value);
    default:
        return json_copy((json_t *)value);
    }
}

json_t *trawl__config_expand(const json_t *value, json_t *secrets, struct trawl_errlist *errs)
{
    struct expansion expansion = {.errs = errs, .secrets = secrets};
    json_t *result;

    trawl_buf_init(&expansion.path, TRAWL_CONFIG_MAX);
    result = expand_value(&expansion, value);
    trawl_buf_finish(&expansion.path);
    return result ? result : json_null();
}
