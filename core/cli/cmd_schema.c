/* trawl schema: the JSON Schema of the configuration, with the options of the plugins that are found. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/arguments.h"
#include "cli/cli.h"
#include "cli/common.h"
#include "config/config.h"
#include "plugin/inspect.h"
#include "plugin/loader.h"
#include "util/alloc.h"
#include "util/json.h"

static const char schema_about[] =
    "Usage: trawl schema [OPTION…]\n\n"
    "Print the JSON Schema of the configuration, with the options of the plugins that are found.\n";

static const char schema_ending[] =
    "A configuration names the file for editors: \"$schema\": \"./trawl.schema.json\".\n";

/* Broken plugins are passed over, so that the schema of the others can still be had; -1 if there were any. */
static int inspect_all(char *const *extra, json_t *plugins)
{
    char **paths = trawl_plugin_paths(extra);
    char **files = trawl_plugin_list(paths);
    int r = 0;

    for (char **file = files; *file; file++) {
        struct trawl_err err = {0};
        json_t *plugin = NULL;

        if (trawl_inspect_file(*file, &plugin, &err) < 0) {
            trawl_cli_print_err(NULL, &err);
            r = -1;
        } else {
            json_array_append_new(plugins, plugin);
        }
    }
    trawl_plugin_paths_free(files);
    trawl_plugin_paths_free(paths);
    return r;
}

static int print_schema(char *const *extra)
{
    json_t *plugins = json_array();
    int broken = inspect_all(extra, plugins);
    json_t *schema = trawl_config_schema(plugins);
    TRAWL_AUTO_FREE char *text = trawl_json_text(schema, TRAWL_JSON_INDENTED);
    bool written = puts(text) >= 0 && fflush(stdout) == 0;

    json_decref(schema);
    json_decref(plugins);
    if (!written)
        perror("trawl: standard output");
    return written && broken == 0 ? TRAWL_EXIT_COMPLETED : TRAWL_EXIT_FAILED;
}

/* `to`: where the next one goes. */
static int schema_take_folder(void *to, const char *folder)
{
    char ***next = to;

    *(*next)++ = (char *)(uintptr_t)folder; /* it is argv's */
    return -1;
}

int trawl_cmd_schema(int argc, char **argv)
{
    TRAWL_AUTO_FREE char **extra = trawl_xalloc(((size_t)argc + 1) * sizeof(*extra));
    char **next = extra;
    const struct trawl_cli_option options[] = {
        {"plugin-path", "FOLDER", "look for plugins here first; may be given several times",
         .take = schema_take_folder, .to = &next},
        {0},
    };
    const struct trawl_cli_syntax syntax = {"schema", options, .about = schema_about,
                                            .ending = schema_ending};
    int code = trawl_cli_parse(&syntax, &argc, &argv);

    return code < 0 ? print_schema(extra) : code;
}
