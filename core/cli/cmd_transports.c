/* trawl transports: what brings events to whom, how it does, and using again what was disabled or left out. */
#include <stdio.h>
#include <string.h>

#include "cli/arguments.h"
#include "cli/cli.h"
#include "cli/common.h"
#include "cli/remote.h"
#include "util/alloc.h"
#include "util/json.h"

static const char transports_about[] =
    "Usage: trawl transports [OPTION…]\n"
    "       trawl transports [OPTION…] enable TRANSPORT\n\n"
    "Ask a running server how its transports do: those that serve whoever watches, and those of\n"
    "each chain that pushes events. One that was disabled, as its receiver wanted no more, or\n"
    "left out, as it crashed or hung, is used again once it is enabled.\n";

struct transports_command {
    const char *server;
    const char *config;
    bool json;
    const char *transport; /* to be enabled; NULL: list them */
};

static int transports_parse_verb(struct transports_command *command, int count, char **words)
{
    if (count == 0)
        return -1;
    if (strcmp(words[0], "enable") != 0)
        return trawl_cli_usage("transports", "expected 'enable', not '%s'", words[0]);
    if (count != 2)
        return trawl_cli_usage("transports", "'enable' is for one transport, by its name");
    if (!trawl_cli_is_name(words[1]))
        return trawl_cli_usage("transports", "'%s' is no name of a transport", words[1]);
    command->transport = words[1];
    return -1;
}

/* -1: go on; else the exit code. */
static int transports_parse(struct transports_command *command, int argc, char **argv)
{
    const struct trawl_cli_option options[] = {
        {TRAWL_CLI_SERVER, .text = &command->server},
        {TRAWL_CLI_CONFIG, .text = &command->config},
        {TRAWL_CLI_JSON, .flag = &command->json},
        {0},
    };
    const struct trawl_cli_syntax syntax = {"transports", options, .about = transports_about,
                                            .max_words = 2};
    int code = trawl_cli_parse(&syntax, &argc, &argv);

    return code < 0 ? transports_parse_verb(command, argc, argv) : code;
}

/* --- the list ------------------------------------------------------------------------------------ */

#define ROW "%-12s  %-12s  %-9s"

static void transports_print_serving(const json_t *transport)
{
    const json_t *path = json_array_get(json_object_get(transport, "paths"), 0);

    printf(ROW "  %s\n", "live", trawl_json_string(transport, "name", ""),
           trawl_json_string(transport, "state", "left out"),
           trawl_json_string(transport, "reason", path ? json_string_value(path) : ""));
}

/* Its last error is of interest while it is not used. */
static void transports_print_pushing(const char *chain, const json_t *transport)
{
    const json_t *error = json_object_get(transport, "error");
    const char *state = trawl_json_string(transport, "state", "");
    const char *reason = trawl_json_string(transport, "reason", NULL);
    long long delivered = (long long)trawl_json_int(transport, "delivered", 0);

    printf(ROW "  %lld delivered", chain, trawl_json_string(transport, "name", ""),
           reason ? "left out" : state, delivered);
    if (reason || (error && strcmp(state, "closed") != 0))
        printf(": %s", reason ? reason : trawl_json_string(error, "message", ""));
    putchar('\n');
}

static void transports_print_chain(const json_t *chain)
{
    const char *name = trawl_json_string(chain, "name", "");
    json_t *transport;
    size_t i;

    json_array_foreach (json_object_get(chain, "transports"), i, transport)
        transports_print_pushing(name, transport);
    printf("%-12s  sent through %s, %lld behind, %lld lost\n", name,
           trawl_json_string(chain, "sent_id", ""), (long long)trawl_json_int(chain, "lag", 0),
           (long long)trawl_json_int(chain, "lost", 0));
}

static void transports_print(const json_t *answer)
{
    json_t *one;
    size_t i;

    printf(ROW "\n", "chain", "transport", "state");
    json_array_foreach (json_object_get(answer, "transports"), i, one)
        transports_print_serving(one);
    json_array_foreach (json_object_get(answer, "chains"), i, one)
        transports_print_chain(one);
}

static int transports_list(const struct transports_command *command, struct trawl_client *client)
{
    json_auto_t *answer = NULL;
    int code = trawl_remote_get(client, "transports", "/api/transports", &answer);

    if (code != TRAWL_EXIT_COMPLETED)
        return code;
    if (command->json)
        trawl_cli_print_json(answer);
    else
        transports_print(answer);
    return code;
}

/* --- one of them --------------------------------------------------------------------------------- */

static int transports_enable(const struct transports_command *command, struct trawl_client *client)
{
    TRAWL_AUTO_FREE char *path = trawl_xasprintf("/api/transports/%s/enable", command->transport);
    json_auto_t *body = json_object();
    json_auto_t *answer = NULL;
    int code = trawl_remote_post(client, "transports", path, body, &answer);

    if (code == TRAWL_EXIT_COMPLETED && command->json)
        trawl_cli_print_json(answer);
    return code;
}

int trawl_cmd_transports(int argc, char **argv)
{
    struct transports_command command = {0};
    struct trawl_client *client = NULL;
    int code = transports_parse(&command, argc, argv);

    if (code >= 0)
        return code;
    code = trawl_remote_connect(command.server, command.config, &client);
    if (code == TRAWL_EXIT_COMPLETED)
        code = command.transport ? transports_enable(&command, client)
                                 : transports_list(&command, client);
    trawl_client_destroy(client);
    return code;
}
