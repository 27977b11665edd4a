/* trawl: one executable, each role of which is a command. */
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "gateway/gateway.h"
#include "pusher/pusher.h"
#include "util/alloc.h"
#include "worker/worker.h"

#ifndef TRAWL_VERSION
#define TRAWL_VERSION "unknown"
#endif

static const struct trawl_command commands[] = {
    {"serve", "run the server: schedule, API, dashboard", trawl_cmd_serve},
    {"run", "run platforms once from the terminal and print their items", trawl_cmd_run},
    {"start", "ask a running server to start a run", trawl_cmd_start},
    {"resume", "ask a running server to go on with an interrupted run", trawl_cmd_resume},
    {"schedules", "ask a running server what is due when; pause and resume schedules",
     trawl_cmd_schedules},
    {"transports", "ask a running server how its transports do; enable them again",
     trawl_cmd_transports},
    {"check", "say all that is wrong with a configuration", trawl_cmd_check},
    {"runs", "list the runs in a data folder", trawl_cmd_runs},
    {"hosts", "list the hosts that were asked, and how", trawl_cmd_hosts},
    {"items", "print items, or the history of one", trawl_cmd_items},
    {"plugin", "list, show or check plugins", trawl_cmd_plugin},
    {"schema", "print the JSON Schema of the configuration", trawl_cmd_schema},
    {"demo", "serve the demonstration sites on loopback", trawl_cmd_demo},
    {"drill", "break everything once, and see whether an event is lost", trawl_cmd_drill},
};

/* What the supervisor starts; not for people. */
static const struct {
    const char *name;
    int (*main)(void);
} roles[] = {
    {"--role=worker", trawl_worker_main},
    {"--role=gateway", trawl_gateway_main},
    {"--role=pusher", trawl_pusher_main},
    {"--role=inspector", trawl_inspector_main},
};

static void print_help(FILE *to)
{
    fputs("Trawl runs scrapers, keeps what they find, and lets you watch.\n\n"
          "Usage: trawl COMMAND [OPTION…]\n\nCommands:\n",
          to);
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(commands); i++)
        fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].summary);
    fputs("\n`trawl COMMAND --help` says more about each. `trawl --version` prints the version.\n"
          "\nExit codes: 0 completed, 1 failed, 2 usage, 3 partial, 130 interrupted.\n",
          to);
}

/* Pages and batches of them live briefly. The C library would stop giving such blocks back once it has seen a large one, and
 * a process would keep the memory of its largest moment. */
#define LARGE_BLOCK_BYTES (128 * 1024)

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "--help";

    mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK_BYTES);
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(roles); i++) {
        if (strcmp(name, roles[i].name) == 0)
            return roles[i].main();
    }
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(commands); i++) {
        if (strcmp(name, commands[i].name) == 0)
            return commands[i].main(argc - 1, argv + 1);
    }
    if (strcmp(name, "--version") == 0) {
        puts("trawl " TRAWL_VERSION);
        return TRAWL_EXIT_COMPLETED;
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        print_help(stdout);
        return argc > 1 ? TRAWL_EXIT_COMPLETED : TRAWL_EXIT_USAGE;
    }
    fprintf(stderr, "trawl: there is no command '%s'; `trawl --help` lists them\n", name);
    return TRAWL_EXIT_USAGE;
}
