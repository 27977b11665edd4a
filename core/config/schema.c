/* The JSON Schema (2020-12) of an option table: what editors complete from and complain about. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "config/options.h"
#include "config/options_priv.h"
#include "util/json.h"

/* A string that holds a variable may become anything. */
#define VARIABLE_PATTERN "\\$\\{"

static json_t *value_schema(const struct trawl_option *option, unsigned depth);

/* Keys that begin with "//" are comments, in every object. */
static void allow_comments(json_t *schema)
{
    json_object_set_new(schema, "patternProperties", json_pack("{s:b}", "^//", 1));
}

static json_t *bound(const struct trawl_option *option, double amount)
{
    if (option->type == TRAWL_OPTION_INT && fabs(amount) < 9e18)
        return json_integer((json_int_t)amount);
    return json_real(amount);
}

static void add_range(json_t *schema, const struct trawl_option *option)
{
    if (!trawl__option_has_range(option))
        return;
    json_object_set_new(schema, "minimum", bound(option, option->min));
    json_object_set_new(schema, "maximum", bound(option, option->max));
}

/* A type that a variable's text may stand for. */
static json_t *typed(const char *type, const char *text_pattern)
{
    return json_pack("{s:[ss], s:s}", "type", type, "string", "pattern", text_pattern);
}

/* Beside numbers, the words that may stand for one. */
static json_t *int_schema(const struct trawl_option *option)
{
    char pattern[256] = "^-?[0-9]+$|" VARIABLE_PATTERN;
    json_t *schema;

    if (option->choices)
        snprintf(pattern, sizeof(pattern), "^(-?[0-9]+|%s)$|" VARIABLE_PATTERN, option->choices);
    schema = typed("integer", pattern);
    add_range(schema, option);
    return schema;
}

static json_t *enum_schema(const struct trawl_option *option)
{
    const char *at = option->choices ? option->choices : "";
    json_t *choices = json_array();
    const char *choice;
    size_t len;

    while ((len = trawl__option_next_choice(&at, &choice)) > 0)
        json_array_append_new(choices, json_stringn(choice, len));
    return json_pack("{s:[{s:o}, {s:s, s:s}]}", "anyOf", "enum", choices, "type", "string",
                     "pattern", VARIABLE_PATTERN);
}

static json_t *list_schema(const struct trawl_option *option, unsigned depth)
{
    json_t *element = value_schema(option->fields, depth + 1);
    json_t *array = json_pack("{s:s, s:O}", "type", "array", "items", element);

    return json_pack("{s:[oo]}", "anyOf", array, element); /* a lone element is a list of one */
}

static json_t *map_schema(const struct trawl_option *option, unsigned depth)
{
    json_t *schema = json_pack("{s:s}", "type", "object");

    allow_comments(schema);
    json_object_set_new(schema, "additionalProperties", value_schema(option->fields, depth + 1));
    return schema;
}

static void describe_value(json_t *schema, const struct trawl_option *option)
{
    json_t *value = NULL;

    if (option->help)
        json_object_set_new(schema, "description", json_string(option->help));
    if (option->default_json &&
        trawl_json_parse(option->default_json, strlen(option->default_json), &value, NULL) == 0)
        json_object_set_new(schema, "default", value);
}

static json_t *table_schema(const struct trawl_option *table, unsigned depth)
{
    json_t *schema = json_pack("{s:s}", "type", "object");
    json_t *properties = json_object();
    json_t *required = json_array();

    for (; table && table->type != TRAWL_OPTION_END; table++) {
        json_t *value = value_schema(table, depth + 1);

        describe_value(value, table);
        json_object_set_new(properties, table->name, value);
        if (table->required && !table->default_json)
            json_array_append_new(required, json_string(table->name));
    }
    json_object_set_new(schema, "properties", properties);
    if (json_array_size(required) > 0)
        json_object_set(schema, "required", required);
    json_decref(required);
    allow_comments(schema);
    json_object_set_new(schema, "additionalProperties", json_false());
    return schema;
}

static json_t *object_schema(const struct trawl_option *option, unsigned depth)
{
    json_t *schema = table_schema(option->fields, depth);

    if (!option->shorthand)
        return schema;
    return json_pack("{s:[{s:s}, o]}", "anyOf", "type", "string", schema);
}

static json_t *value_schema(const struct trawl_option *option, unsigned depth)
{
    json_t *schema = NULL;

    if (!option || depth > TRAWL_OPTION_DEPTH_MAX)
        return json_object();
    switch (option->type) {
    case TRAWL_OPTION_STRING:
        return json_pack("{s:s}", "type", "string");
    case TRAWL_OPTION_BOOL:
        return typed("boolean", "^(true|false)$|" VARIABLE_PATTERN);
    case TRAWL_OPTION_INT:
        return int_schema(option);
    case TRAWL_OPTION_NUMBER:
        schema = typed("number", "^-?[0-9.eE+-]+$|" VARIABLE_PATTERN);
        add_range(schema, option);
        return schema;
    case TRAWL_OPTION_DURATION:
        schema = typed("integer", "^(0|([0-9]+(ms|s|m|h|d))+)$|" VARIABLE_PATTERN);
        json_object_set_new(schema, "minimum",
                            json_integer(0)); /* a number has no unit: only 0 is one */
        json_object_set_new(schema, "maximum", json_integer(0));
        return schema;
    case TRAWL_OPTION_SIZE:
        schema = typed("integer", "^[0-9]+[KMG]?$|" VARIABLE_PATTERN);
        json_object_set_new(schema, "minimum", json_integer(0));
        return schema;
    case TRAWL_OPTION_ENUM:
        return enum_schema(option);
    case TRAWL_OPTION_LIST:
        return list_schema(option, depth);
    case TRAWL_OPTION_OBJECT:
        return object_schema(option, depth);
    case TRAWL_OPTION_MAP:
        return map_schema(option, depth);
    case TRAWL_OPTION_ANY:
    case TRAWL_OPTION_END:
        break;
    }
    return json_object();
}

json_t *trawl_options_schema(const struct trawl_option *table)
{
    return table_schema(table, 0);
}
