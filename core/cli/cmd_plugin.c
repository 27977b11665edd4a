/* trawl plugin: list, show or check plugins. Each is looked at in a process of its own. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli/arguments.h"
#include "cli/cli.h"
#include "cli/common.h"
#include "config/options.h"
#include "plugin/inspect.h"
#include "plugin/loader.h"
#include "util/alloc.h"
#include "util/json.h"

static const char plugin_about[] =
    "Usage: trawl plugin list [--json]\n"
    "       trawl plugin show NAME [--json]\n"
    "       trawl plugin check FILE [--json]\n\n"
    "List, show or check plugins.\n\n"
    "  list        every plugin that is found, or why it cannot be loaded\n"
    "  show NAME   version, file and options of a plugin\n"
    "  check FILE  what would be loaded of this file, or why not (then the exit code is 1)\n";

static const char plugin_ending[] =
    "Plugins are looked for in the configuration's folders (with --config), $TRAWL_PLUGIN_PATH,\n"
    "plugins/ beside the executable and the installed folder, in this order.\n\n"
    "Exit codes: 0 done, 1 there is no such plugin or it cannot be loaded, 2 usage.\n";

struct request {
    const char *config;
    bool json;
};

/* The folders of a configuration whose mistakes do not matter here. */
static char **search_paths(const char *config_path)
{
    struct trawl_config *config = NULL;
    struct trawl_errlist errs = {0};
    char **paths;

    if (config_path)
        (void)trawl_config_load_partly(config_path, &config, &errs);
    paths = trawl_inspect_paths(config);
    trawl_errlist_finish(&errs);
    trawl_config_destroy(config);
    return paths;
}

/* --- list ---------------------------------------------------------------------------------------- */

static void list_text(const char *file, const json_t *plugin, const struct trawl_err *err)
{
    if (!plugin) {
        printf("%s: %s\n", file, err->message);
        return;
    }
    printf("%-12s %-8s %-10s %s\n", trawl_json_string(plugin, "name", ""),
           trawl_json_string(plugin, "version", ""), trawl_json_string(plugin, "kind", ""),
           trawl_json_string(plugin, "summary", ""));
}

static int list(const struct request *request)
{
    char **paths = search_paths(request->config);
    char **files = trawl_plugin_list(paths);
    json_auto_t *all = json_array();

    for (size_t i = 0; files[i]; i++) {
        json_auto_t *plugin = NULL;
        struct trawl_err err = {0};

        trawl_inspect_file(files[i], &plugin, &err);
        if (!request->json)
            list_text(files[i], plugin, &err);
        else if (plugin)
            json_array_append(all, plugin);
        else
            json_array_append_new(all,
                                  json_pack("{s:s, s:s}", "file", files[i], "error", err.message));
    }
    if (request->json)
        trawl_cli_print_json(all);
    trawl_plugin_paths_free(files);
    trawl_plugin_paths_free(paths);
    return TRAWL_EXIT_COMPLETED;
}

/* --- show and check ------------------------------------------------------------------------------ */

static void print_options(const json_t *plugin)
{
    struct trawl_option *table = trawl_options_from_json(json_object_get(plugin, "options"));
    struct trawl_buf text;

    trawl_buf_init(&text, TRAWL_INSPECT_MAX);
    if (table && table[0].type != TRAWL_OPTION_END && trawl_options_describe(table, &text) == 0)
        printf("\nOptions:\n\n%s", trawl_buf_text(&text));
    else
        puts("\nIt takes no options.");
    trawl_buf_finish(&text);
    trawl_options_free(table);
}

static void print_head(const json_t *plugin)
{
    json_t *endpoint;
    size_t i;

    printf("%s %s, a %s\n%s\n\nABI:  %s\nFile: %s\n", trawl_json_string(plugin, "name", ""),
           trawl_json_string(plugin, "version", ""), trawl_json_string(plugin, "kind", ""),
           trawl_json_string(plugin, "summary", ""), trawl_json_string(plugin, "abi", ""),
           trawl_json_string(plugin, "file", ""));
    json_array_foreach (json_object_get(plugin, "endpoints"), i, endpoint)
        printf("Path: %s (%s)\n", trawl_json_string(endpoint, "path", ""),
               trawl_json_string(endpoint, "kind", ""));
}

static int show_file(const struct request *request, const char *file, bool with_options)
{
    json_auto_t *plugin = NULL;
    struct trawl_err err = {0};

    if (trawl_inspect_file(file, &plugin, &err) < 0) {
        trawl_cli_print_err(NULL, &err);
        return TRAWL_EXIT_FAILED;
    }
    if (request->json) {
        trawl_cli_print_json(plugin);
        return TRAWL_EXIT_COMPLETED;
    }
    print_head(plugin);
    if (with_options)
        print_options(plugin);
    return TRAWL_EXIT_COMPLETED;
}

static int show(const struct request *request, const char *name)
{
    char **paths = search_paths(request->config);
    TRAWL_AUTO_FREE char *file = NULL;
    struct trawl_err err = {0};
    int r;

    r = trawl_plugin_find(name, paths, &file, &err);
    trawl_plugin_paths_free(paths);
    if (r < 0) {
        trawl_cli_print_err(NULL, &err);
        return TRAWL_EXIT_FAILED;
    }
    return show_file(request, file, true);
}

/* --- the command --------------------------------------------------------------------------------- */

static int plugin_run(const struct request *request, int argc, char **argv)
{
    const char *verb = argc > 0 ? argv[0] : "";
    bool is_list = strcmp(verb, "list") == 0;

    if (!is_list && strcmp(verb, "show") != 0 && strcmp(verb, "check") != 0)
        return trawl_cli_usage("plugin", "say list, show NAME or check FILE");
    if (is_list && argc > 1)
        return trawl_cli_usage("plugin", "'%s' is one argument too many", argv[1]);
    if (is_list)
        return list(request);
    if (argc < 2)
        return trawl_cli_usage("plugin", "%s needs %s", verb,
                               strcmp(verb, "show") == 0 ? "a plugin's name" : "a file");
    return strcmp(verb, "show") == 0 ? show(request, argv[1]) : show_file(request, argv[1], false);
}

int trawl_cmd_plugin(int argc, char **argv)
{
    struct request request = {0};
    const struct trawl_cli_option options[] = {
        {"config", "FILE", "look where this configuration's \"plugins.paths\" says, too",
         .text = &request.config},
        {"json", NULL, "as JSON", .flag = &request.json},
        {0},
    };
    const struct trawl_cli_syntax syntax = {"plugin", options, .about = plugin_about,
                                            .ending = plugin_ending, .max_words = 2};
    int code = trawl_cli_parse(&syntax, &argc, &argv);

    return code < 0 ? plugin_run(&request, argc, argv) : code;
}
