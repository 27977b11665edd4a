#include <stdio.h>
#include <string.h>

#include "cli/arguments.h"
#include "cli/cli.h"
#include "cli/common.h"
#include "store/reader.h"
#include "util/alloc.h"
#include "util/json.h"

static const char runs_about[] = "Usage: trawl runs [OPTION…]\n\n"
                                 "List the runs in a data folder, newest first.\n";

struct runs_command {
    const char *data;
    const char *config;
    struct trawl_run_filter filter;
    bool json;
};

/* -1: go on; else the exit code. */
static int runs_parse(struct runs_command *command, int argc, char **argv)
{
    const struct trawl_cli_option options[] = {
        {TRAWL_CLI_DATA, .text = &command->data},
        {TRAWL_CLI_CONFIG, .text = &command->config},
        {"status", "PHASE", "only those: completed, failed, interrupted, …",
         .text = &command->filter.status},
        {"platform", "NAME", "only those of this platform", .text = &command->filter.platform},
        {"limit", "N", "at most so many (20)", .number = &command->filter.limit, .min = 1,
         .max = 1000},
        {TRAWL_CLI_JSON, .flag = &command->json},
        {0},
    };
    const struct trawl_cli_syntax syntax = {"runs", options, .about = runs_about};

    return trawl_cli_parse(&syntax, &argc, &argv);
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
