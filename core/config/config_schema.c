/* The JSON Schema of the whole file, with the options of the plugins that were found. */
#include <string.h>

#include "config/config.h"
#include "config/options.h"
#include "util/alloc.h"
#include "util/json.h"

static json_t *plugin_reference(const char *name)
{
    return json_pack("{s:o}", "$ref", json_sprintf("#/$defs/plugin-%s", name));
}

/* "If this entry has that condition, its options are those of that plugin." */
static json_t *rule(json_t *condition, const char *plugin)
{
    return json_pack("{s:o, s:{s:{s:o}}}", "if", condition, "then", "properties", "options",
                     plugin_reference(plugin));
}

static json_t *plugin_is(const char *name)
{
    return json_pack("{s:{s:{s:s}}, s:[s]}", "properties", "plugin", "const", name, "required",
                     "plugin");
}

static json_t *plugin_is_left_out(void)
{
    return json_pack("{s:{s:[s]}}", "not", "required", "plugin");
}

static json_t *section_of(json_t *schema, const char *name)
{
    return json_object_get(json_object_get(schema, "properties"), name);
}

static json_t *entry_rules(json_t *section)
{
    json_t *entry = json_object_get(section, "additionalProperties");
    json_t *rules = json_object_get(entry, "allOf");

    if (!rules) {
        rules = json_array();
        json_object_set_new(entry, "allOf", rules);
    }
    return rules;
}

/* A transport without "plugin" takes the one of its own name. */
static void add_named_transport(json_t *section, const char *name)
{
    json_t *named = json_object_get(section, "properties");
    json_t *entry =
        json_pack("{s:[{s:s}, o]}", "allOf", "$ref", "#/properties/transports/additionalProperties",
                  rule(plugin_is_left_out(), name));

    if (!named) {
        named = json_object();
        json_object_set_new(section, "properties", named);
    }
    json_object_set_new(named, name, entry);
}

static void add_plugin(json_t *schema, const json_t *plugin)
{
    const char *name = trawl_json_string(plugin, "name", "");
    bool transport = strcmp(trawl_json_string(plugin, "kind", ""), "transport") == 0;
    json_t *section = section_of(schema, transport ? "transports" : "platforms");
    struct trawl_option *table = trawl_options_from_json(json_object_get(plugin, "options"));
    TRAWL_AUTO_FREE char *key = NULL;
    json_t *definition;

    if (!table)
        return;
    definition = trawl_options_schema(table);
    trawl_options_free(table);
    key = trawl_xasprintf("plugin-%s", name);
    json_object_set_new(json_object_get(schema, "$defs"), key, definition);
    json_array_append_new(entry_rules(section), rule(plugin_is(name), name));
    if (transport)
        add_named_transport(section, name);
}

json_t *trawl_config_schema(const json_t *plugins)
{
    json_t *schema =
        json_pack("{s:s, s:s, s:{}}", "$schema", "https://json-schema.org/draft/2020-12/schema",
                  "title", "Configuration of Trawl", "$defs");
    json_t *table = trawl_options_schema(trawl_config_table);
    json_t *plugin;
    size_t i;

    json_object_update(schema, table);
    json_decref(table);
    json_array_foreach (plugins, i, plugin) {
        add_plugin(schema, plugin);
    }
    return schema;
}
