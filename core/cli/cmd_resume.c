#include <stdint.h>
#include <stdio.h>

#include "cli/arguments.h"
#include "cli/cli.h"
#include "cli/common.h"
#include "cli/remote.h"
#include "util/alloc.h"
#include "util/json.h"

static const char resume_about[] =
    "Usage: trawl resume [OPTION…] RUN\n\n"
    "Ask a running server to go on with an interrupted run, where it had come to. (With\n"
    "\"workers\": {\"resume\": \"auto\"}, the default, a server does so by itself when it "
    "starts.)\n";

static const char resume_ending[] =
    "Exit codes: 0 it goes on (with --wait: completed), 1 failed, 2 usage, 3 partial or\n"
    "suspect, 130 cancelled or interrupted.\n";

struct resume_command {
    const char *server;
    const char *config;
    long long run_id;
    bool wait;
};

/* -1: go on; else the exit code. */
static int resume_parse(struct resume_command *command, int argc, char **argv)
{
    const struct trawl_cli_option options[] = {
        {TRAWL_CLI_SERVER, .text = &command->server},
        {TRAWL_CLI_CONFIG, .text = &command->config},
        {"wait", NULL, "until the run is over; the exit code is the run's", .flag = &command->wait},
        {0},
    };
    const struct trawl_cli_syntax syntax = {"resume", options, .about = resume_about,
                                            .ending = resume_ending, .max_words = 1};
    int code = trawl_cli_parse(&syntax, &argc, &argv);

    if (code >= 0)
        return code;
    if (argc == 0)
        return trawl_cli_usage("resume", "one run is named by its number");
    if (trawl_cli_parse_number(argv[0], 1, INT64_MAX, &command->run_id) < 0)
        return trawl_cli_usage("resume", "'%s' is no number of a run", argv[0]);
    return -1;
}

static int resume_run(const struct resume_command *command, struct trawl_client *client)
{
    TRAWL_AUTO_FREE char *path = trawl_xasprintf("/api/scrape/runs/%lld/resume", command->run_id);
    json_auto_t *body = json_object();
    json_auto_t *answer = NULL;
    int code = trawl_remote_post(client, "resume", path, body, &answer);

    if (code == TRAWL_EXIT_COMPLETED && command->wait)
        code = trawl_remote_wait(client, "resume", command->run_id);
    return code;
}

int trawl_cmd_resume(int argc, char **argv)
{
    struct resume_command command = {0};
    struct trawl_client *client = NULL;
    int code = resume_parse(&command, argc, argv);

    if (code >= 0)
        return code;
    code = trawl_remote_connect(command.server, command.config, &client);
    if (code == TRAWL_EXIT_COMPLETED)
        code = resume_run(&command, client);
    trawl_client_destroy(client);
    return code;
}
