/* trawl drill: break everything on the way from a page to a client, and see whether anything is lost. */
#include <stdio.h>

#include "cli/arguments.h"
#include "cli/cli.h"
#include "cli/common.h"
#include "cli/drill/drill.h"

static const char drill_about[] =
    "Usage: trawl drill [OPTION…]\n\n"
    "Start a server of its own on a loopback port, scrape a site of its own, attach a client\n"
    "by each transport of the live chain, and break one thing after the other: a WebSocket is\n"
    "cut, or mute, an event stream is buffered, gateway, worker and supervisor are killed, the\n"
    "receiver of a webhook is down. Say what the clients did, and whether an event was lost or\n"
    "came twice. It takes about half a minute. No other server, data folder or site is touched.\n";

static const char drill_ending[] =
    "Exit codes: 0 nothing was lost, 1 something was, or did not come right again, 2 usage.\n";

struct drill_command {
    const char *config;
    const char *log_level;
    bool json;
};

/* -1: go on; else the exit code. */
static int drill_parse(struct drill_command *command, int argc, char **argv)
{
    const struct trawl_cli_option options[] = {
        {"config", "FILE",
         "the configuration whose transports and live chain are tried (else the\ndefault ones)",
         .text = &command->config},
        {"json", NULL, "a JSON object for each fault", .flag = &command->json},
        {"log-level", "LEVEL", "show its server's log: debug, info, warning or error",
         .text = &command->log_level},
        {0},
    };
    const struct trawl_cli_syntax syntax = {"drill", options, .about = drill_about,
                                            .ending = drill_ending};

    return trawl_cli_parse(&syntax, &argc, &argv);
}

int trawl_cmd_drill(int argc, char **argv)
{
    struct drill_command command = {0};
    struct trawl_config *config = NULL;
    int code = drill_parse(&command, argc, argv);

    if (code >= 0)
        return code;
    code = trawl_cli_set_log_level("drill", command.log_level, "warning");
    if (code == TRAWL_EXIT_COMPLETED && command.config)
        code = trawl_cli_load_config(command.config, &config);
    if (code == TRAWL_EXIT_COMPLETED)
        code = drill_hold(&(struct drill_options){
            .config = config,
            .json = command.json,
            .show_log = command.log_level != NULL,
        });
    trawl_config_destroy(config);
    return code;
}
