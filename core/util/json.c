#include "util/json.h"

#include <string.h>

#include "util/alloc.h"

const char *trawl_json_string(const json_t *object, const char *name, const char *fallback)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text ? text : fallback;
}

json_int_t trawl_json_int(const json_t *object, const char *name, json_int_t fallback)
{
    const json_t *value = json_object_get(object, name);

    return json_is_integer(value) ? json_integer_value(value) : fallback;
}

bool trawl_json_bool(const json_t *object, const char *name, bool fallback)
{
    const json_t *value = json_object_get(object, name);

    return json_is_boolean(value) ? json_boolean_value(value) : fallback;
}
