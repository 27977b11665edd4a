#include <stdio.h>
#include <string.h>

#include "cli/arguments.h"
#include "cli/cli.h"
#include "cli/common.h"
#include "cli/remote.h"
#include "util/alloc.h"
#include "util/json.h"

static const char schedules_about[] =
    "Usage: trawl schedules [OPTION…]\n"
    "       trawl schedules [OPTION…] pause|resume PLATFORM\n\n"
    "Ask a running server when its platforms are due, or to pause the schedule of one, over\n"
    "restarts too, and to go on with it. What was due meanwhile is left out. Where the server has\n"
    "paused it, as a run was suspect, to go on takes what that run found for normal.\n";

struct schedules_command {
    const char *server;
    const char *config;
    bool json;
    const char *verb; /* NULL: list them */
    const char *platform;
};

static int schedules_parse_verb(struct schedules_command *command, int count, char **words)
{
    if (count == 0)
        return -1;
    command->verb = words[0];
    command->platform = words[1];
    if (strcmp(command->verb, "pause") != 0 && strcmp(command->verb, "resume") != 0)
        return trawl_cli_usage("schedules", "expected 'pause' or 'resume', not '%s'", words[0]);
    if (count != 2)
        return trawl_cli_usage("schedules", "'%s' is for one platform, by its name", words[0]);
    if (!trawl_cli_is_name(command->platform))
        return trawl_cli_usage("schedules", "'%s' is no name of a platform", command->platform);
    return -1;
}

/* -1: go on; else the exit code. */
static int schedules_parse(struct schedules_command *command, int argc, char **argv)
{
    const struct trawl_cli_option options[] = {
        {TRAWL_CLI_SERVER, .text = &command->server},
        {TRAWL_CLI_CONFIG, .text = &command->config},
        {TRAWL_CLI_JSON, .flag = &command->json},
        {0},
    };
    const struct trawl_cli_syntax syntax = {"schedules", options, .about = schedules_about,
                                            .max_words = 2};
    int code = trawl_cli_parse(&syntax, &argc, &argv);

    return code < 0 ? schedules_parse_verb(command, argc, argv) : code;
}

/* --- the list ------------------------------------------------------------------------------------ */

/* Of a column that is as wide as its longest entry, its name included. */
static int schedules_width(const json_t *schedules, const char *name)
{
    size_t width = strlen(name);
    json_t *schedule;
    size_t i;

    json_array_foreach (schedules, i, schedule) {
        size_t len = strlen(trawl_json_string(schedule, name, ""));

        width = len > width ? len : width;
    }
    return (int)width;
}

static void schedules_print_last(const json_t *last)
{
    if (!json_is_object(last))
        return;
    printf("%lld %s", (long long)trawl_json_int(last, "run_id", 0),
           trawl_json_string(last, "status", ""));
}

static void schedules_print(const json_t *schedules)
{
    int platform = schedules_width(schedules, "platform");
    int cron = schedules_width(schedules, "cron");
    int timezone = schedules_width(schedules, "timezone");
    json_t *schedule;
    size_t i;

    printf("%-*s  %-*s  %-*s  %-24s  %s\n", platform, "platform", cron, "cron", timezone,
           "timezone", "next", "last run");
    json_array_foreach (schedules, i, schedule) {
        const char *next = json_string_value(json_array_get(json_object_get(schedule, "next"), 0));
        const char *reason = trawl_json_string(schedule, "reason", NULL);
        bool paused = trawl_json_bool(schedule, "paused", false);

        printf("%-*s  %-*s  %-*s  %-24s  ", platform, trawl_json_string(schedule, "platform", ""),
               cron, trawl_json_string(schedule, "cron", ""), timezone,
               trawl_json_string(schedule, "timezone", ""),
               paused ? "paused"
               : next ? next
                      : "never");
        schedules_print_last(json_object_get(schedule, "last"));
        putchar('\n');
        if (reason)
            printf("%-*s  %s\n", platform, "", reason);
    }
}

static int schedules_list(const struct schedules_command *command, struct trawl_client *client)
{
    json_auto_t *answer = NULL;
    const json_t *schedules;
    int code;

    code = trawl_remote_get(client, "schedules", "/api/schedules", &answer);
    if (code != TRAWL_EXIT_COMPLETED)
        return code;
    schedules = json_object_get(answer, "schedules");
    if (command->json)
        trawl_cli_print_json(schedules);
    else
        schedules_print(schedules);
    return code;
}

/* --- one of them --------------------------------------------------------------------------------- */

static int schedules_change(const struct schedules_command *command, struct trawl_client *client)
{
    TRAWL_AUTO_FREE char *path =
        trawl_xasprintf("/api/schedules/%s/%s", command->platform, command->verb);
    json_auto_t *body = json_object();
    json_auto_t *answer = NULL;
    int code;

    code = trawl_remote_post(client, "schedules", path, body, &answer);
    if (code == TRAWL_EXIT_COMPLETED && command->json)
        trawl_cli_print_json(answer);
    return code;
}

int trawl_cmd_schedules(int argc, char **argv)
{
    struct schedules_command command = {0};
    struct trawl_client *client = NULL;
    int code;

    code = schedules_parse(&command, argc, argv);
    if (code >= 0)
        return code;
    code = trawl_remote_connect(command.server, command.config, &client);
    if (code == TRAWL_EXIT_COMPLETED)
        code = command.verb ? schedules_change(&command, client) : schedules_list(&command, client);
    trawl_client_destroy(client);
    return code;
}
