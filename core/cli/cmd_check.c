/* trawl check: all that is wrong with a configuration, at once. */
#include <getopt.h>
#include <stdio.h>

#include "cli/cli.h"
#include "cli/common.h"
#include "config/config.h"
#include "plugin/inspect.h"
#include "util/alloc.h"
#include "util/json.h"

static const char help[] = "Say all that is wrong with a configuration, down to every plugin's "
                           "options, selectors and filters.\n"
                           "\n"
                           "Usage: trawl check [OPTION…]\n"
                           "\n"
                           "  --config FILE  this configuration, not the first that is found\n"
                           "  --help         this text\n"
                           "\n"
                           "Exit codes: 0 nothing is wrong, 1 something is, 2 usage.\n";

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
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    const char *given = NULL;
    int option;

    opterr = 0;
    while ((option = getopt_long(argc, argv, ":c:h", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            given = optarg;
            break;
        case 'h':
            fputs(help, stdout);
            return TRAWL_EXIT_COMPLETED;
        case ':':
            return trawl_cli_usage("check", "option '%s' needs a value", argv[optind - 1]);
        default:
            return trawl_cli_usage("check", "there is no option '%s'", argv[optind - 1]);
        }
    }
    if (optind < argc)
        return trawl_cli_usage("check", "unexpected argument '%s'", argv[optind]);
    return check(given);
}
