#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/common.h"
#include "cli/items.h"
#include "cli/output.h"
#include "store/reader.h"
#include "util/alloc.h"
#include "util/json.h"

static const char items_help[] =
    "Usage: trawl items [OPTION…]\n"
    "       trawl items --platform NAME --key KEY [--history] [OPTION…]\n\n"
    "Print the items in a data folder, or one item, or one item's history.\n\n"
    "  --data DIR         data folder (else the configuration's)\n"
    "  --config FILE      configuration\n"
    "  --platform NAME    only those of this platform\n"
    "  --run ID           as that run found them\n"
    "  --change CHANGE    gone: those that are no longer there; with --run also new, changed\n"
    "                     and unchanged\n"
    "  --search TEXT      only those whose key or fields contain the text\n"
    "  --key KEY          one item\n"
    "  --history          and all its versions, oldest first\n"
    "  --format FORMAT    jsonl (JSON lines, the default) or csv\n"
    "  -o, --output FILE  there, not to standard output\n"
    "  -h, --help         this text\n";

struct items_command {
    const char *data;
    const char *config;
    const char *key;
    const char *output_path;
    struct trawl_item_filter filter;
    bool history;
    bool csv;
};

/* --- arguments ----------------------------------------------------------------------------------- */

static int items_option(struct items_command *command, int c)
{
    long long number;

    switch (c) {
    case 'd':
        command->data = optarg;
        return -1;
    case 'c':
        command->config = optarg;
        return -1;
    case 'p':
        command->filter.platform = optarg;
        return -1;
    case 'r':
        if (trawl_cli_parse_number(optarg, 1, INT64_MAX, &number) < 0)
            return trawl_cli_usage("items", "--run is the number of a run, not '%s'", optarg);
        command->filter.run_id = number;
        return -1;
    case 'C':
        command->filter.change = optarg;
        return -1;
    case 's':
        command->filter.search = optarg;
        return -1;
    case 'k':
        command->key = optarg;
        return -1;
    case 'H':
        command->history = true;
        return -1;
    case 'f':
        command->csv = strcmp(optarg, "csv") == 0;
        if (!command->csv && strcmp(optarg, "jsonl") != 0)
            return trawl_cli_usage("items", "--format is jsonl or csv, not '%s'", optarg);
        return -1;
    case 'o':
        command->output_path = optarg;
        return -1;
    case 'h':
        fputs(items_help, stdout);
        return TRAWL_EXIT_COMPLETED;
    default:
        return trawl_cli_usage("items", "that is not how it is used");
    }
}

/* -1: go on; else the exit code. */
static int items_parse(struct items_command *command, int argc, char **argv)
{
    static const struct option options[] = {
        {"data", required_argument, NULL, 'd'},     {"config", required_argument, NULL, 'c'},
        {"platform", required_argument, NULL, 'p'}, {"run", required_argument, NULL, 'r'},
        {"change", required_argument, NULL, 'C'},   {"search", required_argument, NULL, 's'},
        {"key", required_argument, NULL, 'k'},      {"history", no_argument, NULL, 'H'},
        {"format", required_argument, NULL, 'f'},   {"output", required_argument, NULL, 'o'},
        {"help", no_argument, NULL, 'h'},           {0},
    };
    int code = -1;
    int c;

    while (code < 0 && (c = getopt_long(argc, argv, "o:h", options, NULL)) != -1)
        code = items_option(command, c);
    if (code >= 0)
        return code;
    if (optind < argc)
        return trawl_cli_usage("items", "'%s' is one argument too many", argv[optind]);
    if (command->key && !command->filter.platform)
        return trawl_cli_usage("items", "--key needs --platform: keys are a platform's own");
    if (command->history && !command->key)
        return trawl_cli_usage("items", "--history needs --key");
    if (command->filter.change && command->filter.run_id == 0 &&
        strcmp(command->filter.change, "gone") != 0)
        return trawl_cli_usage("items", "--change %s needs --run", command->filter.change);
    return -1;
}

/* --- output -------------------------------------------------------------------------------------- */

/* One item, or its versions, as JSON for people. */
static int items_write_one(const struct items_command *command, struct trawl_reader *reader,
                           FILE *to, struct trawl_err *err)
{
    json_auto_t *value = NULL;
    TRAWL_AUTO_FREE char *text = NULL;
    int r;

    if (command->history)
        r = trawl_reader_item_history(reader, command->filter.platform, command->key, &value, err);
    else
        r = trawl_reader_item(reader, command->filter.platform, command->key, &value, err);
    if (r == -ENOENT || (r == 0 && json_is_array(value) && json_array_size(value) == 0))
        return trawl_err_set(err, -ENOENT, "",
                             "platform '%.200s' has no item with the key '%.500s'",
                             command->filter.platform, command->key);
    if (r < 0)
        return r;
    text = trawl_json_text(value, TRAWL_JSON_INDENTED);
    return fprintf(to, "%s\n", text) < 0 ? -EIO : 0;
}

static int items_write(const struct items_command *command, struct trawl_reader *reader, FILE *to,
                       struct trawl_err *err)
{
    if (command->key)
        return items_write_one(command, reader, to, err);
    if (command->csv)
        return trawl_items_write_csv(reader, &command->filter, to, err);
    return trawl_items_write_jsonl(reader, &command->filter, to, err);
}

static int items_show(const struct items_command *command, const char *folder)
{
    struct trawl_reader *reader = NULL;
    struct trawl_output output = {0};
    struct trawl_err err = {0};
    int r;

    r = trawl_reader_open(folder, &reader, &err);
    if (r == 0)
        r = trawl_output_open(&output, command->output_path, &err);
    if (r == 0)
        r = items_write(command, reader, output.to, &err);
    if (r == 0)
        r = trawl_output_commit(&output, &err);
    trawl_output_close(&output);
    trawl_reader_close(reader);
    if (r == 0)
        return TRAWL_EXIT_COMPLETED;
    if (err.message[0] == '\0')
        (void)trawl_err_set(&err, r, "", "the items cannot be written: %s", strerror(-r));
    trawl_cli_print_err(NULL, &err);
    return TRAWL_EXIT_FAILED;
}

int trawl_cmd_items(int argc, char **argv)
{
    struct items_command command = {0};
    TRAWL_AUTO_FREE char *folder = NULL;
    int code;

    code = items_parse(&command, argc, argv);
    if (code >= 0)
        return code;
    code = trawl_cli_data_folder(command.data, command.config, &folder);
    return code == TRAWL_EXIT_COMPLETED ? items_show(&command, folder) : code;
}
