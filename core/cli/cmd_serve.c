#include <stdio.h>
#include <stdlib.h>

#include "cli/arguments.h"
#include "cli/cli.h"
#include "cli/common.h"
#include "cli/prepare.h"
#include "plugin/inspect.h"
#include "supervisor/supervisor.h"
#include "util/alloc.h"

static const char serve_about[] = "Usage: trawl serve [OPTION…]\n\n"
                                  "Run the server: API, live transports, runs on demand.\n";

static const char serve_ending[] = "SIGTERM or Ctrl-C ends it in order, a second one at once.\n";

struct serve {
    const char *config;
    const char *data;
    const char *log_level;
    json_t *listen; /* empty: as configured */
    char *address;  /* the first that was bound */
};

static int serve_take_listen(void *listen, const char *address)
{
    json_array_append_new(listen, json_string(address));
    return -1;
}

/* -1: go on; else the exit code. */
static int serve_parse(struct serve *serve, int argc, char **argv)
{
    const struct trawl_cli_option options[] = {
        {"config", "FILE",
         "configuration (else $TRAWL_CONFIG, ./config/trawl.json,\n"
         "$XDG_CONFIG_HOME/trawl/trawl.json, /etc/trawl/trawl.json)",
         .text = &serve->config},
        {"data", "DIR", "data folder, in place of the configured one", .text = &serve->data},
        {"listen", "ADDRESS",
         "\"host:port\", \"[::1]:8080\" or \"8080\", in place of the configured\n"
         "addresses; may be given several times",
         .take = serve_take_listen, .to = serve->listen},
        {"log-level", "LEVEL", "debug, info, warning or error", .text = &serve->log_level},
        {0},
    };
    const struct trawl_cli_syntax syntax = {"serve", options, .about = serve_about,
                                            .ending = serve_ending};

    return trawl_cli_parse(&syntax, &argc, &argv);
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

    if (json_array_size(serve->listen) > 0)
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
    struct serve serve = {.listen = json_array()};
    int code;

    code = serve_parse(&serve, argc, argv);
    if (code < 0)
        code = serve_begin(&serve);
    json_decref(serve.listen);
    free(serve.address);
    return code;
}
