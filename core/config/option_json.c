/* A table as JSON and back: how a plugin's table leaves the inspector. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "config/options.h"
#include "config/options_priv.h"
#include "util/alloc.h"
#include "util/json.h"

/* More options than any plugin has. */
#define TABLE_MAX 1024

static json_t *table_to_json(const struct trawl_option *table, unsigned depth);

static void set_text(json_t *object, const char *name, const char *text)
{
    if (text)
        json_object_set_new(object, name, json_string(text));
}

static json_t *option_to_json(const struct trawl_option *option, unsigned depth)
{
    json_t *object = json_object();
    json_t *value = NULL;

    set_text(object, "name", option->name);
    set_text(object, "type", trawl__option_type_name(option->type));
    if (option->default_json &&
        trawl_json_parse(option->default_json, strlen(option->default_json), &value, NULL) == 0)
        json_object_set_new(object, "default", value);
    if (option->required)
        json_object_set_new(object, "required", json_true());
    if (trawl__option_has_range(option)) {
        json_object_set_new(object, "min", json_real(option->min));
        json_object_set_new(object, "max", json_real(option->max));
    }
    set_text(object, "choices", option->choices);
    if (option->fields && option->type == TRAWL_OPTION_OBJECT) {
        json_object_set_new(object, "fields", table_to_json(option->fields, depth + 1));
    } else if (option->fields && depth < TRAWL_OPTION_DEPTH_MAX) { /* the element's description */
        json_object_set_new(object, "fields", json_array());
        json_array_append_new(json_object_get(object, "fields"),
                              option_to_json(option->fields, depth + 1));
    }
    set_text(object, "shorthand", option->shorthand);
    set_text(object, "help", option->help);
    return object;
}

static json_t *table_to_json(const struct trawl_option *table, unsigned depth)
{
    json_t *array = json_array();

    if (depth > TRAWL_OPTION_DEPTH_MAX)
        return array;
    for (; table && table->type != TRAWL_OPTION_END; table++)
        json_array_append_new(array, option_to_json(table, depth));
    return array;
}

json_t *trawl_options_to_json(const struct trawl_option *table)
{
    return table_to_json(table, 0);
}

/* `elements`: what a list or map holds, which needs no name. */
static struct trawl_option *table_from_json(const json_t *json, bool elements, unsigned depth);

static int option_from_json(struct trawl_option *option, const json_t *json, unsigned depth)
{
    const json_t *fallback = json_object_get(json, "default");
    const json_t *fields = json_object_get(json, "fields");
    bool has_element;

    if (trawl__option_type_parse(trawl_json_string(json, "type", ""), &option->type) < 0)
        return -EINVAL;
    option->name = trawl_xstrdup(trawl_json_string(json, "name", NULL));
    if (fallback)
        option->default_json = trawl_json_text(fallback, TRAWL_JSON_COMPACT);
    option->required = trawl_json_bool(json, "required", false);
    option->min = json_number_value(json_object_get(json, "min"));
    option->max = json_number_value(json_object_get(json, "max"));
    option->choices = trawl_xstrdup(trawl_json_string(json, "choices", NULL));
    option->shorthand = trawl_xstrdup(trawl_json_string(json, "shorthand", NULL));
    option->help = trawl_xstrdup(trawl_json_string(json, "help", NULL));
    if (fields) {
        option->fields = table_from_json(fields, option->type != TRAWL_OPTION_OBJECT, depth + 1);
        if (!option->fields)
            return -EINVAL;
    }
    has_element = !fields || json_array_size(fields) == 1; /* without it: of anything */
    if (option->type == TRAWL_OPTION_LIST || option->type == TRAWL_OPTION_MAP)
        return has_element ? 0 : -EINVAL;
    if (option->type == TRAWL_OPTION_OBJECT)
        return fields ? 0 : -EINVAL;
    return option->type == TRAWL_OPTION_ENUM && !option->choices ? -EINVAL : 0;
}

static struct trawl_option *table_from_json(const json_t *json, bool elements, unsigned depth)
{
    size_t count = json_array_size(json);
    struct trawl_option *table;

    if (!json_is_array(json) || count > TABLE_MAX || depth > TRAWL_OPTION_DEPTH_MAX)
        return NULL;
    table = trawl_xalloc((count + 1) * sizeof(*table)); /* zeroed: the last one is an END */
    for (size_t i = 0; i < count; i++) {
        if (option_from_json(&table[i], json_array_get(json, i), depth) < 0 ||
            (!table[i].name && !elements)) {
            if (table[i].type == TRAWL_OPTION_END)
                table[i].type = TRAWL_OPTION_ANY; /* so that it is freed too */
            trawl_options_free(table);
            return NULL;
        }
    }
    return table;
}

struct trawl_option *trawl_options_from_json(const json_t *json)
{
    return table_from_json(json, false, 0);
}

void trawl_options_free(struct trawl_option *table)
{
    if (!table)
        return;
    for (struct trawl_option *option = table; option->type != TRAWL_OPTION_END; option++) {
        free((char *)option->name);
        free((char *)option->default_json);
        free((char *)option->choices);
        free((char *)option->shorthand);
        free((char *)option->help);
        trawl_options_free((struct trawl_option *)option->fields);
    }
    free(table);
}
