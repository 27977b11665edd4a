#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/client.h"
#include "cli/common.h"
#include "config/options.h"
#include "journal/phase.h"
#include "supervisor/policy.h"
#include "util/alloc.h"
#include "util/clock.h"
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
    "Exit codes: 0 started (with --wait: completed), 1 failed, 2 usage, 3 partial,\n"
    "130 cancelled or interrupted.\n";

/* How often --wait asks, and how long it asks a server that does not answer, as while it is restarted. */
#define START_POLL_MS     300
#define START_PATIENCE_NS 30000000000u

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

/* --- where the server is ------------------------------------------------------------------------- */

/* What a server that listens at `address` is asked at: one that listens everywhere is here too. */
static char *start_url_of(const char *address)
{
    const char *colon = strrchr(address, ':');

    if (!colon)
        return trawl_xasprintf("http://127.0.0.1:%s", address);
    if (colon == address || strncmp(address, "0.0.0.0:", 8) == 0)
        return trawl_xasprintf("http://127.0.0.1%s", colon);
    if (strncmp(address, "[::]:", 5) == 0)
        return trawl_xasprintf("http://[::1]%s", colon);
    return trawl_xasprintf("http://%s", address);
}

/* The caller frees *ret_server. */
static int start_find_server(const struct start_command *command, char **ret_server)
{
    TRAWL_AUTO_FREE char *path = NULL;
    struct trawl_config *config = NULL;
    const char *address;
    int code;

    if (command->server) {
        *ret_server = strstr(command->server, "://") ? trawl_xstrdup(command->server)
                                                     : start_url_of(command->server);
        return TRAWL_EXIT_COMPLETED;
    }
    if (!command->config && trawl_config_find(NULL, &path, NULL) < 0) {
        *ret_server = trawl_xstrdup("http://127.0.0.1:8080");
        return TRAWL_EXIT_COMPLETED;
    }
    code = trawl_cli_load_config(command->config ? command->config : path, &config);
    if (code != TRAWL_EXIT_COMPLETED)
        return code;
    address = json_string_value(
        json_array_get(json_object_get(json_object_get(config->root, "server"), "listen"), 0));
    *ret_server = start_url_of(address ? address : "127.0.0.1:8080");
    trawl_config_destroy(config);
    return TRAWL_EXIT_COMPLETED;
}

/* --- the run ------------------------------------------------------------------------------------- */

/* A problem of the server's (RFC 9457); 422 is what the command line said wrong. */
static int start_refused(long status, const json_t *problem)
{
    const char *detail = trawl_json_string(problem, "detail", NULL);

    fprintf(stderr, "trawl start: %s\n",
            detail ? detail : trawl_json_string(problem, "title", "the server refused"));
    return status == 422 ? TRAWL_EXIT_USAGE : TRAWL_EXIT_FAILED;
}

static int start_wait(struct trawl_client *client, json_int_t run_id)
{
    TRAWL_AUTO_FREE char *path = trawl_xasprintf("/api/scrape/runs/%lld", (long long)run_id);
    uint64_t answered_ns = trawl_mono_ns();
    enum trawl_phase phase = TRAWL_PHASE_QUEUED;
    struct trawl_err err = {0};

    while (trawl_mono_ns() - answered_ns < START_PATIENCE_NS) {
        json_auto_t *run = NULL;
        long status = 0;

        if (trawl_client_ask(client, path, NULL, &status, &run, &err) == 0 && status < 500) {
            if (status >= 400)
                return start_refused(status, run);
            answered_ns = trawl_mono_ns();
            (void)trawl_phase_parse(trawl_json_string(run, "status", ""), &phase);
            if (trawl_phase_is_end(phase) || phase == TRAWL_PHASE_INTERRUPTED) {
                fprintf(stderr, "run %lld: %s\n", (long long)run_id, trawl_phase_name(phase));
                return trawl_policy_exit_code(phase);
            }
        }
        usleep(START_POLL_MS * 1000);
    }
    trawl_cli_print_err(NULL, &err);
    return TRAWL_EXIT_FAILED;
}

static int start_run(const struct start_command *command, struct trawl_client *client)
{
    json_auto_t *answer = NULL;
    struct trawl_err err = {0};
    json_int_t run_id;
    long status = 0;

    if (trawl_client_ask(client, "/api/scrape/runs", command->body, &status, &answer, &err) < 0) {
        trawl_cli_print_err(NULL, &err);
        return TRAWL_EXIT_FAILED;
    }
    if (status >= 400)
        return start_refused(status, answer);
    run_id = trawl_json_int(answer, "run_id", trawl_json_int(answer, "id", 0));
    printf("%lld\n", (long long)run_id);
    fflush(stdout);
    return command->wait ? start_wait(client, run_id) : TRAWL_EXIT_COMPLETED;
}

int trawl_cmd_start(int argc, char **argv)
{
    struct start_command command = {.body = json_object()};
    TRAWL_AUTO_FREE char *server = NULL;
    struct trawl_client *client = NULL;
    int code;

    code = start_parse(&command, argc, argv);
    if (code < 0) {
        code = start_find_server(&command, &server);
        if (code == TRAWL_EXIT_COMPLETED) {
            client = trawl_client_create(server);
            code = start_run(&command, client);
            trawl_client_destroy(client);
        }
    }
    json_decref(command.body);
    return code;
}
