/* `--set path=value`. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "config/options.h"
#include "config/options_priv.h"
#include "util/alloc.h"
#include "util/json.h"

static json_t *value_of(const char *text)
{
    json_t *value = NULL;

    if (trawl_json_parse(text, strlen(text), &value, NULL) == 0)
        return value;
    return json_stringn(text, strlen(text));
}

/* Set `name` of `object`; what is there already becomes a list with the new value. `value` is stolen. */
static void add_value(json_t *object, const char *name, json_t *value)
{
    json_t *there = json_object_get(object, name);

    if (!there) {
        json_object_set_new(object, name, value);
    } else if (json_is_array(there)) {
        json_array_append_new(there, value);
    } else {
        json_object_set_new(object, name, json_pack("[Oo]", there, value));
    }
}

/* The object that `name` of `object` is, made if there is none; NULL if something else is there. */
static json_t *step_into(json_t *object, const char *name)
{
    json_t *there = json_object_get(object, name);

    if (!there) {
        there = json_object();
        json_object_set_new(object, name, there);
    }
    return json_is_object(there) ? there : NULL;
}

static int set_path(json_t *object, char *path, const char *text, struct trawl_err *err)
{
    const char *name = path;
    unsigned depth = 0;
    json_t *value;

    for (char *dot = strchr(path, '.'); dot; dot = strchr(name, '.')) {
        *dot = '\0';
        if (!*name)
            return trawl_err_set(err, -EINVAL, "", "a path with an empty name in it");
        if (++depth > TRAWL_OPTION_DEPTH_MAX)
            return trawl_err_set(err, -EINVAL, "", "a path more than %d deep",
                                 TRAWL_OPTION_DEPTH_MAX);
        object = step_into(object, name);
        if (!object)
            return trawl_err_set(err, -EINVAL, name, "is set both as a value and as a group");
        name = dot + 1;
    }
    if (!*name)
        return trawl_err_set(err, -EINVAL, "", "a path with an empty name in it");
    value = value_of(text);
    if (!value)
        return trawl_err_set(err, -EINVAL, name, "the value is no UTF-8 text");
    add_value(object, name, value);
    return 0;
}

int trawl_options_set(json_t *object, const char *assignment, struct trawl_err *err)
{
    const char *equals = strchr(assignment, '=');
    TRAWL_AUTO_FREE char *path = NULL;

    if (!equals)
        return trawl_err_set(err, -EINVAL, "",
                             "expected path=value such as fields.title=h1, not '%s'", assignment);
    path = trawl_xstrndup(assignment, (size_t)(equals - assignment));
    return set_path(object, path, equals + 1, err);
}
