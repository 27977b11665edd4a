#include <getopt.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/cli.h"
#include "cli/common.h"
#include "cli/remote.h"
#include "util/alloc.h"
#include "util/json.h"

static const char resume_help[] =
    "Usage: trawl resume [OPTION…] RUN\n\n"
    "Ask a running server to go on with an interrupted run, where it had come to. (With\n"
    "\"workers\": {\"resume\": \"auto\"}, the default, a server does so by itself when it "
    "starts.)\n\n"
    "  --server URL   the server (else the configuration's first address, else\n"
    "                 http://127.0.0.1:8080)\n"
    "  --config FILE  configuration\n"
    "  --wait         until the run is over; the exit code is the run's\n"
    "  -h, --help     this text\n\n"
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
    static const struct option options[] = {
        {"server", required_argument, NULL, 's'},
        {"config", required_argument, NULL, 'c'},
        {"wait", no_argument, NULL, 'w'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    int c;

    while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (c) {
        case 's':
            command->server = optarg;
            break;
        case 'c':
            command->config = optarg;
            break;
        case 'w':
            command->wait = true;
            break;
        case 'h':
            fputs(resume_help, stdout);
            return TRAWL_EXIT_COMPLETED;
        default:
            return trawl_cli_usage("resume", "that is not how it is used");
        }
    }
    if (optind + 1 != argc)
        return trawl_cli_usage("resume", "one run is named by its number");
    if (trawl_cli_parse_number(argv[optind], 1, INT64_MAX, &command->run_id) < 0)
        return trawl_cli_usage("resume", "'%s' is no number of a run", argv[optind]);
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
