#include <stdio.h>

#include "cli/arguments.h"
#include "cli/cli.h"
#include "cli/common.h"
#include "store/reader.h"
#include "util/alloc.h"
#include "util/json.h"

static const char hosts_about[] =
    "Usage: trawl hosts [OPTION…] [TEXT]\n\n"
    "List the hosts that were asked for something, by name, or those whose name contains TEXT:\n"
    "their robots.txt, how they are asked, what they said, what was not asked and why.\n";

struct hosts_command {
    const char *data;
    const char *config;
    struct trawl_host_filter filter;
    bool json;
};

/* -1: go on; else the exit code. */
static int hosts_parse(struct hosts_command *command, int argc, char **argv)
{
    const struct trawl_cli_option options[] = {
        {TRAWL_CLI_DATA, .text = &command->data},
        {TRAWL_CLI_CONFIG, .text = &command->config},
        {"after", "NAME", "only those after this one", .text = &command->filter.after},
        {"limit", "N", "at most so many (20)", .number = &command->filter.limit, .min = 1,
         .max = 1000},
        {TRAWL_CLI_JSON, .flag = &command->json},
        {0},
    };
    const struct trawl_cli_syntax syntax = {"hosts", options, .about = hosts_about, .max_words = 1};
    int code = trawl_cli_parse(&syntax, &argc, &argv);

    if (code < 0 && argc > 0)
        command->filter.search = argv[0];
    return code;
}

static void hosts_print_robots(const json_t *robots)
{
    const char *fetched_at = trawl_json_string(robots, "fetched_at", NULL);
    const char *problem = trawl_json_string(robots, "problem", NULL);

    if (fetched_at)
        printf("  robots.txt  %s, %lld bytes, hash %s, of %s\n",
               trawl_json_string(robots, "state", ""),
               (long long)trawl_json_int(robots, "bytes", 0), trawl_json_string(robots, "hash", ""),
               fetched_at);
    if (trawl_json_int(robots, "crawl_delay_ms", 0) > 0)
        printf("              asks for %lld ms between requests\n",
               (long long)trawl_json_int(robots, "crawl_delay_ms", 0));
    if (problem)
        printf("              could not be read: %s\n", problem);
}

static void hosts_print_pace(const json_t *pace)
{
    const char *until = trawl_json_string(pace, "resting_until_at", NULL);

    printf("  pace        %lld at once (of %lld), %lld ms apart",
           (long long)trawl_json_int(pace, "now", 0),
           (long long)trawl_json_int(pace, "concurrency", 0),
           (long long)trawl_json_int(pace, "delay_ms", 0));
    if (json_number_value(json_object_get(pace, "rate")) > 0)
        printf(", %g in a second", json_number_value(json_object_get(pace, "rate")));
    if (until)
        printf("; left alone until %s", until);
    putchar('\n');
}

static void hosts_print_refusals(const json_t *excluded, const json_t *retry_after)
{
    if (trawl_json_int(excluded, "count", 0) > 0)
        printf("  not asked   %lld, last %s (%s)\n",
               (long long)trawl_json_int(excluded, "count", 0),
               trawl_json_string(excluded, "last_url", ""),
               trawl_json_string(excluded, "last_rule", ""));
    if (trawl_json_int(retry_after, "count", 0) > 0)
        printf("  Retry-After %lld times, last for %lld ms at %s\n",
               (long long)trawl_json_int(retry_after, "count", 0),
               (long long)trawl_json_int(retry_after, "last_ms", 0),
               trawl_json_string(retry_after, "last_at", ""));
}

static void hosts_print(const json_t *hosts)
{
    json_t *host;
    size_t i;

    json_array_foreach (hosts, i, host) {
        printf("%s\n  requests    %lld: %lld answered, %lld failed, %lld told to wait\n",
               trawl_json_string(host, "name", ""), (long long)trawl_json_int(host, "requests", 0),
               (long long)trawl_json_int(host, "answered", 0),
               (long long)trawl_json_int(host, "failed", 0),
               (long long)trawl_json_int(host, "busy", 0));
        hosts_print_pace(json_object_get(host, "pace"));
        hosts_print_robots(json_object_get(host, "robots"));
        hosts_print_refusals(json_object_get(host, "excluded"),
                             json_object_get(host, "retry_after"));
    }
}

static int hosts_show(const struct hosts_command *command, const char *folder)
{
    struct trawl_reader *reader = NULL;
    struct trawl_err err = {0};
    json_auto_t *hosts = NULL;
    int r = trawl_reader_open(folder, &reader, &err);

    if (r == 0)
        r = trawl_reader_hosts(reader, &command->filter, &hosts, &err);
    trawl_reader_close(reader);
    if (r < 0) {
        trawl_cli_print_err(NULL, &err);
        return TRAWL_EXIT_FAILED;
    }
    if (command->json)
        trawl_cli_print_json(hosts);
    else
        hosts_print(hosts);
    return TRAWL_EXIT_COMPLETED;
}

int trawl_cmd_hosts(int argc, char **argv)
{
    struct hosts_command command = {.filter.limit = 20};
    TRAWL_AUTO_FREE char *folder = NULL;
    int code = hosts_parse(&command, argc, argv);

    if (code >= 0)
        return code;
    code = trawl_cli_data_folder(command.data, command.config, &folder);
    return code == TRAWL_EXIT_COMPLETED ? hosts_show(&command, folder) : code;
}
