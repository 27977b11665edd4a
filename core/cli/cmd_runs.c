#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/common.h"
#include "store/reader.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/json.h"

static const char runs_help[] = "Usage: trawl runs [OPTION…]\n\n"
                                "List the runs in a data folder, newest first.\n\n"
                                "  --data DIR       data folder (else the configuration's)\n"
                                "  --config FILE    configuration\n"
                                "  --status PHASE   only those: completed, failed, interrupted, …\n"
                                "  --platform NAME  only those of this platform\n"
                                "  --limit N        at most so many (20)\n"
                                "  --json           as JSON, with all that is known\n"
                                "  -h, --help       this text\n";

struct runs_command {
    const char *data;
    const char *config;
    struct trawl_run_filter filter;
    bool json;
};

/* -1: go on; else the exit code. */
static int runs_parse(struct runs_command *command, int argc, char **argv)
{
    static const struct option options[] = {
        {"data", required_argument, NULL, 'd'},   {"config", required_argument, NULL, 'c'},
        {"status", required_argument, NULL, 's'}, {"platform", required_argument, NULL, 'p'},
        {"limit", required_argument, NULL, 'n'},  {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},         {0},
    };
    long long number;
    int c;

    while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (c) {
        case 'd':
            command->data = optarg;
            break;
        case 'c':
            command->config = optarg;
            break;
        case 's':
            command->filter.status = optarg;
            break;
        case 'p':
            command->filter.platform = optarg;
            break;
        case 'n':
            if (trawl_cli_parse_number(optarg, 1, 1000, &number) < 0)
                return trawl_cli_usage("runs", "--limit is a number from 1 to 1000, not '%s'",
                                       optarg);
            command->filter.limit = (unsigned)number;
            break;
        case 'j':
            command->json = true;
            break;
        case 'h':
            fputs(runs_help, stdout);
            return TRAWL_EXIT_COMPLETED;
        default:
            return trawl_cli_usage("runs", "that is not how it is used");
        }
    }
    if (optind < argc)
        return trawl_cli_usage("runs", "'%s' is one argument too many", argv[optind]);
    return -1;
}

static void runs_print_names(const json_t *platforms)
{
    json_t *platform;
    size_t i;

    json_array_foreach (platforms, i, platform) {
        printf("%s%s", i > 0 ? "," : "", trawl_json_string(platform, "platform", ""));
    }
    putchar('\n');
}

/* A line below the run for each platform that is suspect. */
static void runs_print_suspects(const json_t *platforms)
{
    json_t *platform;
    size_t i;

    json_array_foreach (platforms, i, platform) {
        if (strcmp(trawl_json_string(platform, "phase", ""), "suspect") == 0)
            printf("%6s  %s: %s\n", "", trawl_json_string(platform, "platform", ""),
                   trawl_json_string(platform, "message", ""));
    }
}

static void runs_print(const json_t *runs)
{
    json_t *run;
    size_t i;

    printf("%6s  %-11s  %-8s  %-24s  %8s  %8s  %8s  %6s  %7s  %6s  %6s  %s\n", "run", "status",
           "trigger", "created", "pages", "same", "items", "new", "changed", "gone", "failed",
           "platforms");
    json_array_foreach (runs, i, run) {
        printf("%6lld  %-11s  %-8s  %-24s  %8lld  %8lld  %8lld  %6lld  %7lld  %6lld  %6lld  ",
               (long long)trawl_json_int(run, "id", 0), trawl_json_string(run, "status", ""),
               trawl_json_string(run, "trigger", ""), trawl_json_string(run, "created_at", ""),
               (long long)trawl_json_int(run, "pages", 0),
               (long long)trawl_json_int(run, "not_modified", 0),
               (long long)trawl_json_int(run, "items", 0), (long long)trawl_json_int(run, "new", 0),
               (long long)trawl_json_int(run, "changed", 0),
               (long long)trawl_json_int(run, "gone", 0),
               (long long)trawl_json_int(run, "failed", 0));
        runs_print_names(json_object_get(run, "platforms"));
        runs_print_suspects(json_object_get(run, "platforms"));
    }
}

static int runs_show(const struct runs_command *command, const char *folder)
{
    struct trawl_reader *reader = NULL;
    struct trawl_err err = {0};
    json_auto_t *runs = NULL;
    int r;

    r = trawl_reader_open(folder, &reader, &err);
    if (r == 0)
        r = trawl_reader_runs(reader, &command->filter, &runs, &err);
    trawl_reader_close(reader);
    if (r < 0) {
        trawl_cli_print_err(NULL, &err);
        return TRAWL_EXIT_FAILED;
    }
    if (command->json) {
        trawl_cli_print_json(runs);
    } else {
        runs_print(runs);
    }
    return TRAWL_EXIT_COMPLETED;
}

int trawl_cmd_runs(int argc, char **argv)
{
    struct runs_command command = {.filter.limit = 20};
    TRAWL_AUTO_FREE char *folder = NULL;
    int code;

    code = runs_parse(&command, argc, argv);
    if (code >= 0)
        return code;
    code = trawl_cli_data_folder(command.data, command.config, &folder);
    return code == TRAWL_EXIT_COMPLETED ? runs_show(&command, folder) : code;
}
