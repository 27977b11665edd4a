#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "cli/arguments.h"
#include "cli/cli.h"
#include "cli/common.h"
#include "cli/items.h"
#include "cli/output.h"
#include "store/reader.h"
#include "util/alloc.h"
#include "util/json.h"

static const char items_about[] =
    "Usage: trawl items [OPTION…]\n"
    "       trawl items --platform NAME --key KEY [--history] [OPTION…]\n\n"
    "Print the items in a data folder, or one item, or one item's history.\n";

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

static int items_take_run(void *run_id, const char *id)
{
    long long number;

    if (trawl_cli_parse_number(id, 1, INT64_MAX, &number) < 0)
        return trawl_cli_usage("items", "--run is the number of a run, not '%s'", id);
    *(int64_t *)run_id = number;
    return -1;
}

static int items_take_format(void *to_csv, const char *format)
{
    bool *csv = to_csv;

    *csv = strcmp(format, "csv") == 0;
    if (!*csv && strcmp(format, "jsonl") != 0)
        return trawl_cli_usage("items", "--format is jsonl or csv, not '%s'", format);
    return -1;
}

static int items_parse_options(struct items_command *command, int argc, char **argv)
{
    const struct trawl_cli_option options[] = {
        {TRAWL_CLI_DATA, .text = &command->data},
        {TRAWL_CLI_CONFIG, .text = &command->config},
        {"platform", "NAME", "only those of this platform", .text = &command->filter.platform},
        {"run", "ID", "as that run found them", .take = items_take_run,
         .to = &command->filter.run_id},
        {"change", "CHANGE",
         "gone: those that are no longer there; with --run also new, changed\nand unchanged",
         .text = &command->filter.change},
        {"search", "TEXT", "only those whose key or fields contain the text",
         .text = &command->filter.search},
        {"key", "KEY", "one item", .text = &command->key},
        {"history", NULL, "and all its versions, oldest first", .flag = &command->history},
        {"format", "FORMAT", "jsonl (JSON lines, the default) or csv", .take = items_take_format,
         .to = &command->csv},
        {"output", "FILE", "there, not to standard output", .letter = 'o',
         .text = &command->output_path},
        {0},
    };
    const struct trawl_cli_syntax syntax = {"items", options, .about = items_about};

    return trawl_cli_parse(&syntax, &argc, &argv);
}

/* -1: go on; else the exit code. */
static int items_parse(struct items_command *command, int argc, char **argv)
{
    int code = items_parse_options(command, argc, argv);

    if (code >= 0)
        return code;
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
