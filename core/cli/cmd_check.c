/* trawl check: all that is wrong with a configuration, at once. */
#include <stdio.h>

#include "cli/arguments.h"
#include "cli/cli.h"
#include "cli/common.h"
#include "config/config.h"
#include "plugin/inspect.h"
#include "util/alloc.h"
#include "util/json.h"

static const char check_about[] =
    "Usage: trawl check [OPTION…]\n\n"
    "Say all that is wrong with a configuration, down to every plugin's options, selectors and\n"
    "filters.\n";

static const char check_ending[] = "Exit codes: 0 nothing is wrong, 1 something is, 2 usage.\n";

static void warn_broken(const json_t *broken)
{
    json_t *transport;
    size_t i;

    json_array_foreach (broken, i, transport) {
        fprintf(stderr, "trawl: warning: transport '%s' cannot be used, and is not required: %s\n",
                trawl_json_string(transport, "name", ""),
                trawl_json_string(transport, "reason", ""));
    }
}

static void print_summary(const struct trawl_config *config, const json_t *broken)
{
    size_t platforms = json_object_size(json_object_get(config->root, "platforms"));
    size_t transports =
        json_object_size(json_object_get(config->root, "transports")) - json_array_size(broken);

    printf("%s: good, %zu platform%s, %zu transport%s\n", config->path, platforms,
           platforms == 1 ? "" : "s", transports, transports == 1 ? "" : "s");
}

/* Both, so that a mistyped key does not hide a bad selector. */
static int load_and_inspect(const char *path, struct trawl_config **ret_config, json_t *broken,
                            struct trawl_errlist *errs)
{
    json_t *plugins = NULL;

    (void)trawl_config_load_partly(path, ret_config, errs);
    if (*ret_config)
        (void)trawl_inspect_config(*ret_config, &plugins, broken, errs);
    json_decref(plugins);
    return errs->count > 0 ? TRAWL_EXIT_FAILED : TRAWL_EXIT_COMPLETED;
}

static int check(const char *given)
{
    TRAWL_AUTO_FREE char *path = NULL;
    struct trawl_config *config = NULL;
    struct trawl_errlist errs = {0};
    struct trawl_err err = {0};
    json_t *broken = json_array();
    int r;

    if (trawl_config_find(given, &path, &err) < 0) {
        trawl_cli_print_err(NULL, &err);
        r = TRAWL_EXIT_FAILED;
        goto out;
    }
    r = load_and_inspect(path, &config, broken, &errs);
    trawl_cli_print_errors(path, &errs);
    if (r == TRAWL_EXIT_COMPLETED) {
        warn_broken(broken);
        print_summary(config, broken);
    }
out:
    trawl_errlist_finish(&errs);
    json_decref(broken);
    trawl_config_destroy(config);
    return r;
}

int trawl_cmd_check(int argc, char **argv)
{
    const char *given = NULL;
    const struct trawl_cli_option options[] = {
        {"config", "FILE", "this configuration, not the first that is found", .text = &given},
        {0},
    };
    const struct trawl_cli_syntax syntax = {"check", options, .about = check_about,
                                            .ending = check_ending};
    int code = trawl_cli_parse(&syntax, &argc, &argv);

    return code < 0 ? check(given) : code;
}
