#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/common.h"
#include "cli/prepare.h"
#include "plugin/inspect.h"
#include "supervisor/supervisor.h"
#include "util/alloc.h"

static const char serve_help[] =
    "Usage: trawl serve [OPTION…]\n\n"
    "Run the server: API, live transports, runs on demand.\n\n"
    "  --config FILE      configuration (else $TRAWL_CONFIG, ./config/trawl.json,\n"
    "                     $XDG_CONFIG_HOME/trawl/trawl.json, /etc/trawl/trawl.json)\n"
    "  --data DIR         data folder, in place of the configured one\n"
    "  --listen ADDRESS   \"host:port\", \"[::1]:8080\" or \"8080\", in place of the configured\n"
    "                     addresses; may be given several times\n"
    "  --log-level LEVEL  debug, info, warning or error\n"
    "  -h, --help         this text\n\n"
    "SIGTERM or Ctrl-C ends it in order, a second one at once.\n";

struct serve {
    const char *config;
    const char *data;
    const char *log_level;
    json_t *listen; /* NULL: as configured */
    char *address;  /* the first that was bound */
};

/* -1: go on; else the exit code. */
static int serve_parse(struct serve *serve, int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"data", required_argument, NULL, 'd'},
        {"listen", required_argument, NULL, 'l'}, {"log-level", required_argument, NULL, 'L'},
        {"help", no_argument, NULL, 'h'},         {0},
    };
    int c;

    while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (c) {
        case 'c':
            serve->config = optarg;
            break;
        case 'd':
            serve->data = optarg;
            break;
        case 'l':
            if (!serve->listen)
                serve->listen = json_array();
            json_array_append_new(serve->listen, json_string(optarg));
            break;
        case 'L':
            serve->log_level = optarg;
            break;
        case 'h':
            fputs(serve_help, stdout);
            return TRAWL_EXIT_COMPLETED;
        default:
            return trawl_cli_usage("serve", "that is not how it is used");
        }
    }
    if (optind < argc)
        return trawl_cli_usage("serve", "'%s' is one argument too many", argv[optind]);
    return -1;
}

static void serve_on_listening(void *user, const char *address)
{
    struct serve *serve = user;

    if (!serve->address)
        serve->address = trawl_xstrdup(address);
}

/* Whoever started the server waits for this line. */
static void serve_on_ready(void *user, int64_t run_id)
{
    struct serve *serve = user;

    (void)run_id;
    printf("trawl serves http://%s\n", serve->address ? serve->address : "nowhere");
    fflush(stdout);
}

static int serve_run(struct serve *serve, const struct trawl_cli_prepared *prepared)
{
    TRAWL_AUTO_FREE char *folder =
        serve->data ? trawl_xstrdup(serve->data) : trawl_config_data_folder(prepared->config);
    struct trawl_errlist errs = {0};
    int64_t run_id = 0;
    int code;
    const struct trawl_supervisor_options options = {
        .config = prepared->config,
        .plugins = prepared->plugins,
        .broken = prepared->broken,
        .data_folder = folder,
        .durable = true,
        .serve = true,
        .written = prepared->written,
        .inspect = trawl_inspect_async,
        .on_listening = serve_on_listening,
        .on_ready = serve_on_ready,
        .user = serve,
    };

    code = trawl_supervisor_run(&options, &run_id, &errs);
    trawl_cli_print_errors(prepared->config->path, &errs);
    trawl_errlist_finish(&errs);
    return code;
}

static int serve_adjust(void *user, struct trawl_config *config)
{
    const struct serve *serve = user;

    if (serve->listen)
        json_object_set(json_object_get(config->root, "server"), "listen", serve->listen);
    return TRAWL_EXIT_COMPLETED;
}

static int serve_begin(struct serve *serve)
{
    struct trawl_cli_prepared prepared;
    int code;

    code = trawl_cli_set_log_level("serve", serve->log_level, "info");
    if (code == TRAWL_EXIT_COMPLETED)
        code = trawl_cli_prepare_file(serve->config, serve_adjust, serve, &prepared);
    if (code != TRAWL_EXIT_COMPLETED)
        return code;
    code = serve_run(serve, &prepared);
    trawl_cli_prepared_finish(&prepared);
    return code;
}

int trawl_cmd_serve(int argc, char **argv)
{
    struct serve serve = {0};
    int code;

    code = serve_parse(&serve, argc, argv);
    if (code < 0)
        code = serve_begin(&serve);
    json_decref(serve.listen);
    free(serve.address);
    return code;
}
