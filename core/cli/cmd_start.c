#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "cli/arguments.h"
#include "cli/cli.h"
#include "cli/common.h"
#include "cli/remote.h"
#include "config/options.h"
#include "util/json.h"

static const char start_about[] =
    "Usage: trawl start [OPTION…] [PLATFORM…]\n\n"
    "Ask a running server to start a run of these platforms (all that are enabled when none is\n"
    "named), and print the run's number.\n";

static const char start_ending[] =
    "Exit codes: 0 started (with --wait: completed), 1 failed, 2 usage, 3 partial or\n"
    "suspect, 130 cancelled or interrupted.\n";

struct start_command {
    const char *server;
    const char *config;
    json_t *body;
    bool wait;
};

static int start_take_overlap(void *body, const char *how)
{
    if (strcmp(how, "reject") != 0 && strcmp(how, "queue") != 0 && strcmp(how, "replace") != 0 &&
        strcmp(how, "allow") != 0)
        return trawl_cli_usage("start", "--overlap is reject, queue, replace or allow, not '%s'",
                               how);
    json_object_set_new(body, "overlap", json_string(how));
    return -1;
}

static int start_take_option(void *body, const char *assignment)
{
    json_t *options = json_object_get(body, "options");
    struct trawl_err err = {0};

    if (!options) {
        options = json_object();
        json_object_set_new(body, "options", options);
    }
    if (trawl_options_set(options, assignment, &err) < 0)
        return trawl_cli_usage("start", "'%s': %s", assignment, err.message);
    return -1;
}

/* -1: go on; else the exit code. */
static int start_parse(struct start_command *command, int argc, char **argv)
{
    const struct trawl_cli_option options[] = {
        {TRAWL_CLI_SERVER, .text = &command->server},
        {TRAWL_CLI_CONFIG, .text = &command->config},
        {"overlap", "HOW",
         "when one of them runs already: reject (the default), queue,\nreplace or allow",
         .take = start_take_overlap, .to = command->body},
        {"option", "PLATFORM.PATH=VALUE",
         "an option for this run, where the platform lists it as\noverridable",
         .take = start_take_option, .to = command->body},
        {"wait", NULL, "until the run is over; the exit code is the run's", .flag = &command->wait},
        {0},
    };
    const struct trawl_cli_syntax syntax = {"start", options, .about = start_about,
                                            .ending = start_ending, .max_words = INT_MAX};
    int code = trawl_cli_parse(&syntax, &argc, &argv);

    if (code < 0 && argc > 0) {
        json_t *names = json_array();

        for (int i = 0; i < argc; i++)
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
