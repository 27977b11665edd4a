#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/common.h"
#include "cli/remote.h"
#include "config/options.h"
#include "util/json.h"

static const char start_help[] =
    "Usage: trawl start [OPTION…] [PLATFORM…]\n\n"
    "Ask a running server to start a run of these platforms (all that are enabled when none is\n"
    "named), and print the run's number.\n\n"
    "  --server URL                  the server (else the configuration's first address, else\n"
    "                                http://127.0.0.1:8080)\n"
    "  --config FILE                 configuration\n"
    "  --overlap HOW                 when one of them runs already: reject (the default), queue,\n"
    "                                replace or allow\n"
    "  --option PLATFORM.PATH=VALUE  an option for this run, where the platform lists it as\n"
    "                                overridable\n"
    "  --wait                        until the run is over; the exit code is the run's\n"
    "  -h, --help                    this text\n\n"
    "Exit codes: 0 started (with --wait: completed), 1 failed, 2 usage, 3 partial or\n"
    "suspect, 130 cancelled or interrupted.\n";

struct start_command {
    const char *server;
    const char *config;
    json_t *body;
    bool wait;
};

static int start_add_option(struct start_command *command, const char *assignment)
{
    json_t *options = json_object_get(command->body, "options");
    struct trawl_err err = {0};

    if (!options) {
        options = json_object();
        json_object_set_new(command->body, "options", options);
    }
    if (trawl_options_set(options, assignment, &err) < 0)
        return trawl_cli_usage("start", "'%s': %s", assignment, err.message);
    return -1;
}

static int start_option(struct start_command *command, int c)
{
    switch (c) {
    case 's':
        command->server = optarg;
        return -1;
    case 'c':
        command->config = optarg;
        return -1;
    case 'O':
        if (strcmp(optarg, "reject") != 0 && strcmp(optarg, "queue") != 0 &&
            strcmp(optarg, "replace") != 0 && strcmp(optarg, "allow") != 0)
            return trawl_cli_usage(
                "start", "--overlap is reject, queue, replace or allow, not '%s'", optarg);
        json_object_set_new(command->body, "overlap", json_string(optarg));
        return -1;
    case 'o':
        return start_add_option(command, optarg);
    case 'w':
        command->wait = true;
        return -1;
    case 'h':
        fputs(start_help, stdout);
        return TRAWL_EXIT_COMPLETED;
    default:
        return trawl_cli_usage("start", "that is not how it is used");
    }
}

/* -1: go on; else the exit code. */
static int start_parse(struct start_command *command, int argc, char **argv)
{
    static const struct option options[] = {
        {"server", required_argument, NULL, 's'},
        {"config", required_argument, NULL, 'c'},
        {"overlap", required_argument, NULL, 'O'},
        {"option", required_argument, NULL, 'o'},
        {"wait", no_argument, NULL, 'w'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    int code = -1;
    int c;

    while (code < 0 && (c = getopt_long(argc, argv, "h", options, NULL)) != -1)
        code = start_option(command, c);
    if (code < 0 && optind < argc) {
        json_t *names = json_array();

        for (int i = optind; i < argc; i++)
            json_array_append_new(names, json_string(argv[i]));
        json_object_set_new(command->body, "platforms", names);
    }
    return code;
}

/* --- the run ------------------------------------------------------------------------------------- */

static int start_run(const struct start_command *command, struct trawl_client *client)
{
    json_auto_t *answer = NULL;
    json_int_t run_id;
    int code = trawl_remote_post(client, "start", "/api/scrape/runs", command->body, &answer);

    if (code != TRAWL_EXIT_COMPLETED)
        return code;
    run_id = trawl_json_int(answer, "run_id", 0);
    printf("%lld\n", (long long)run_id);
    fflush(stdout);
    return command->wait ? trawl_remote_wait(client, "start", run_id) : TRAWL_EXIT_COMPLETED;
}

int trawl_cmd_start(int argc, char **argv)
{
    struct start_command command = {.body = json_object()};
    struct trawl_client *client = NULL;
    int code;

    code = start_parse(&command, argc, argv);
    if (code < 0) {
        code = trawl_remote_connect(command.server, command.config, &client);
        if (code == TRAWL_EXIT_COMPLETED)
            code = start_run(&command, client);
        trawl_client_destroy(client);
    }
    json_decref(command.body);
    return code;
}
