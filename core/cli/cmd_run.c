#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/arguments.h"
#include "cli/cli.h"
#include "cli/common.h"
#include "cli/items.h"
#include "cli/output.h"
#include "cli/prepare.h"
#include "cli/progress.h"
#include "config/options.h"
#include "plugin/inspect.h"
#include "supervisor/supervisor.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/fs.h"
#include "util/json.h"
#include "util/suggest.h"

static const char run_about[] =
    "Usage: trawl run [OPTION…] [PLATFORM…]\n"
    "       trawl run --plugin NAME [--start URL] [--set PATH=VALUE]… [OPTION…]\n\n"
    "Run platforms of the configuration (all that are enabled when none is named), or a plugin\n"
    "without any configuration, and print the items as JSON lines: their own fields, _key and "
    "_url.\n";

static const char run_ending[] =
    "Exit codes: 0 completed, 1 failed, 2 usage, 3 partial or suspect, 130 interrupted.\n";

struct run_command {
    const char *config;
    const char *data;
    const char *output_path;
    const char *plugin;
    const char *name;
    const char *log_level;
    json_t *options; /* of --plugin */
    json_t *fetch;
    bool quiet;
    bool json;
    const char **platforms; /* borrowed from argv, or from the configuration */
    size_t platform_count;

    struct trawl_progress *progress;
    const char *temporary; /* the folder that is removed at the end */
    struct trawl_output output;
};

/* --- arguments ----------------------------------------------------------------------------------- */

static int run_take_assignment(void *object, const char *assignment)
{
    struct trawl_err err = {0};

    if (trawl_options_set(object, assignment, &err) < 0)
        return trawl_cli_usage("run", "'%s': %s", assignment, err.message);
    return -1;
}

/* A URL is text whatever it looks like, so it does not go through PATH=VALUE. */
static int run_take_start(void *options, const char *url)
{
    json_t *starts = json_object_get(options, "start");

    if (!json_is_array(starts)) {
        json_t *list = json_array();

        if (starts)
            json_array_append(list, starts);
        json_object_set_new(options, "start", list);
        starts = list;
    }
    json_array_append_new(starts, json_string(url));
    return -1;
}

static int run_parse_options(struct run_command *run, int *argc, char ***argv)
{
    const struct trawl_cli_option options[] = {
        {"plugin", "NAME", "this scraper plugin, by name or file", .text = &run->plugin},
        {"name", "NAME", "what its platform is called (else as the plugin)", .text = &run->name},
        {"start", "URL", "where it starts, short for --set start=URL; may be repeated",
         .take = run_take_start, .to = run->options},
        {"set", "PATH=VALUE", "any option of the plugin: --set follow=a --set fields.title=title",
         .take = run_take_assignment, .to = run->options},
        {"fetch", "KEY=VALUE", "any fetch option: --fetch concurrency=2 --fetch max_pages=100",
         .take = run_take_assignment, .to = run->fetch},
        {TRAWL_CLI_CONFIG, .text = &run->config},
        {"output", "FILE", "items go there (else to standard output)", .letter = 'o',
         .text = &run->output_path},
        {"data", "DIR", "keep runs and items there (else nothing is kept)", .text = &run->data},
        {"quiet", NULL, "no progress", .letter = 'q', .flag = &run->quiet},
        {"json", NULL, "progress as JSON lines, on standard error", .flag = &run->json},
        {"log-level", "LEVEL", "debug, info, warning or error", .text = &run->log_level},
        {0},
    };
    const struct trawl_cli_syntax syntax = {"run", options, .about = run_about,
                                            .ending = run_ending, .max_words = INT_MAX};

    return trawl_cli_parse(&syntax, argc, argv);
}

static bool run_has_direct(const struct run_command *run)
{
    return run->name || json_object_size(run->options) > 0 || json_object_size(run->fetch) > 0;
}

/* -1: go on; else the exit code. */
static int run_parse(struct run_command *run, int argc, char **argv)
{
    int code = run_parse_options(run, &argc, &argv);

    if (code >= 0)
        return code;
    if (run->plugin && argc > 0)
        return trawl_cli_usage("run", "with --plugin no platform is named, but '%s' is", argv[0]);
    if (run->plugin && run->config)
        return trawl_cli_usage("run", "--plugin and --config exclude each other");
    if (!run->plugin && run_has_direct(run))
        return trawl_cli_usage("run", "--name, --start, --set and --fetch need --plugin");
    run->platforms = trawl_xalloc(((size_t)argc + 1) * sizeof(*run->platforms));
    for (int i = 0; i < argc; i++)
        run->platforms[run->platform_count++] = argv[i];
    return -1;
}

/* --- configuration ------------------------------------------------------------------------------- */

static int run_unknown_platform(const char *name, const json_t *platforms)
{
    size_t count = json_object_size(platforms);
    TRAWL_AUTO_FREE const char **names = trawl_xalloc((count + 1) * sizeof(*names));
    const char *nearest;
    const char *known;
    json_t *platform;
    size_t i = 0;

    json_object_foreach ((json_t *)platforms, known, platform) {
        names[i++] = known;
    }
    nearest = trawl_suggest(name, names, count);
    if (nearest)
        return trawl_cli_usage("run", "there is no platform '%s'; did you mean '%s'?", name,
                               nearest);
    return trawl_cli_usage("run", "there is no platform '%s'", name);
}

static bool run_is_named(const struct run_command *run, const char *name)
{
    for (size_t i = 0; i < run->platform_count; i++) {
        if (strcmp(run->platforms[i], name) == 0)
            return true;
    }
    return false;
}

/* Only what this run needs: other platforms, and transports, are not inspected for it. */
static int run_adjust(void *user, struct trawl_config *config)
{
    struct run_command *run = user;
    json_t *platforms = json_object_get(config->root, "platforms");
    json_t *platform;
    const char *name;
    void *next;

    for (size_t i = 0; i < run->platform_count; i++) {
        if (!json_object_get(platforms, run->platforms[i]))
            return run_unknown_platform(run->platforms[i], platforms);
    }
    json_object_foreach_safe (platforms, next, name, platform) {
        if (run->platform_count > 0 ? !run_is_named(run, name)
                                    : !trawl_json_bool(platform, "enabled", true))
            json_object_del(platforms, name);
    }
    json_object_clear(json_object_get(config->root, "transports"));
    json_object_clear(json_object_get(config->root, "chains"));
    if (json_object_size(platforms) > 0)
        return TRAWL_EXIT_COMPLETED;
    return trawl_cli_usage("run", "the configuration has no platform that is enabled");
}

/* "html" from "html" or "./build/plugins/html.so". */
static char *run_platform_name(const struct run_command *run)
{
    const char *base;
    size_t len;

    if (run->name)
        return trawl_xstrdup(run->name);
    base = strrchr(run->plugin, '/');
    base = base ? base + 1 : run->plugin;
    len = strlen(base);
    if (len > 3 && strcmp(base + len - 3, ".so") == 0)
        len -= 3;
    return trawl_xstrndup(base, len);
}

static int run_prepare_direct(struct run_command *run, struct trawl_cli_prepared *ret_prepared)
{
    TRAWL_AUTO_FREE char *folder = getcwd(NULL, 0);
    TRAWL_AUTO_FREE char *name = run_platform_name(run);
    struct trawl_config *config = NULL;
    struct trawl_errlist errs = {0};
    json_auto_t *root = json_pack("{s:{s:{s:s, s:O, s:O}}}", "platforms", name, "plugin",
                                  run->plugin, "options", run->options, "fetch", run->fetch);
    int r = root ? trawl_config_from_json(root, folder, &config, &errs) : -EINVAL;

    trawl_cli_print_errors(NULL, &errs);
    trawl_errlist_finish(&errs);
    if (r < 0)
        return TRAWL_EXIT_FAILED;
    json_object_clear(json_object_get(config->root, "transports"));
    json_object_clear(json_object_get(config->root, "chains"));
    return trawl_cli_prepare(config, ret_prepared);
}

/* --- the run ------------------------------------------------------------------------------------- */

static void run_on_event(void *user, uint32_t epoch, const struct trawl_event *event)
{
    struct run_command *run = user;

    trawl_progress_event(run->progress, epoch, event);
}

static void run_on_abort(void *user)
{
    struct run_command *run = user;

    if (run->temporary)
        trawl_fs_remove_folder(run->temporary);
    trawl_output_close(&run->output);
}

static int run_write_items(struct run_command *run, struct trawl_reader *reader, int64_t run_id)
{
    const struct trawl_item_filter filter = {.run_id = run_id};
    struct trawl_err err = {0};
    int r;

    r = trawl_items_write_jsonl(reader, &filter, run->output.to, &err);
    if (r == 0)
        r = trawl_output_commit(&run->output, &err);
    if (r == 0)
        return TRAWL_EXIT_COMPLETED;
    if (err.message[0] == '\0')
        (void)trawl_err_set(&err, r, "", "the items cannot be written: %s", strerror(-r));
    trawl_cli_print_err(NULL, &err);
    return TRAWL_EXIT_FAILED;
}

/* Why platforms are suspect: the line of their progress is cut where the terminal ends. */
static void run_print_suspects(const json_t *platforms)
{
    json_t *platform;
    size_t i;

    json_array_foreach (platforms, i, platform) {
        if (strcmp(trawl_json_string(platform, "phase", ""), "suspect") == 0)
            fprintf(stderr, "%s is suspect: %s\n", trawl_json_string(platform, "platform", ""),
                    trawl_json_string(platform, "message", ""));
    }
}

static void run_print_summary(struct trawl_reader *reader, int64_t run_id, uint64_t took_ns)
{
    json_auto_t *run = NULL;

    if (trawl_reader_run(reader, run_id, &run, NULL) < 0)
        return;
    fprintf(stderr,
            "%s: %lld pages (%lld not modified), %lld items (%lld new, %lld changed, %lld "
            "unchanged), %lld gone, "
            "%lld failed, "
            "%.1f s\n",
            trawl_json_string(run, "status", ""), (long long)trawl_json_int(run, "pages", 0),
            (long long)trawl_json_int(run, "not_modified", 0),
            (long long)trawl_json_int(run, "items", 0), (long long)trawl_json_int(run, "new", 0),
            (long long)trawl_json_int(run, "changed", 0),
            (long long)trawl_json_int(run, "unchanged", 0),
            (long long)trawl_json_int(run, "gone", 0), (long long)trawl_json_int(run, "failed", 0),
            (double)took_ns / 1e9);
    run_print_suspects(json_object_get(run, "platforms"));
}

/* What is left to do when the supervisor has ended: items from the store, the summary. */
static int run_conclude(struct run_command *run, const char *folder, int64_t run_id,
                        uint64_t took_ns)
{
    struct trawl_reader *reader = NULL;
    struct trawl_err err = {0};
    int code;

    if (trawl_reader_open(folder, &reader, &err) < 0) {
        trawl_cli_print_err(NULL, &err);
        return TRAWL_EXIT_FAILED;
    }
    code = run_write_items(run, reader, run_id);
    if (!run->quiet && !run->json)
        run_print_summary(reader, run_id, took_ns);
    trawl_reader_close(reader);
    return code;
}

static enum trawl_progress_form run_form(const struct run_command *run)
{
    if (run->quiet)
        return TRAWL_PROGRESS_NONE;
    if (run->json)
        return TRAWL_PROGRESS_JSON;
    return isatty(STDERR_FILENO) ? TRAWL_PROGRESS_BARS : TRAWL_PROGRESS_LINES;
}

static int run_supervise(struct run_command *run, const struct trawl_cli_prepared *prepared,
                         const char *folder)
{
    const char *no_color = getenv("NO_COLOR");
    struct trawl_errlist errs = {0};
    uint64_t began_ns = trawl_mono_ns();
    int64_t run_id = 0;
    int code;
    int written;
    const struct trawl_supervisor_options options = {
        .config = prepared->config,
        .plugins = prepared->plugins,
        .broken = prepared->broken,
        .data_folder = folder,
        .durable = run->data != NULL,
        .written = prepared->written,
        .inspect = trawl_inspect_async,
        .run_platforms = run->platforms,
        .run_platform_count = run->platform_count,
        .on_event = run_on_event,
        .on_abort = run_on_abort,
        .user = run,
    };

    run->progress = trawl_progress_create(stderr, run_form(run),
                                          isatty(STDERR_FILENO) && (!no_color || !no_color[0]));
    code = trawl_supervisor_run(&options, &run_id, &errs);
    trawl_progress_destroy(run->progress);
    trawl_cli_print_errors(prepared->config->path, &errs);
    trawl_errlist_finish(&errs);
    if (run_id == 0)
        return code;
    written = run_conclude(run, folder, run_id, trawl_mono_ns() - began_ns);
    return code != TRAWL_EXIT_COMPLETED ? code : written;
}

/* The names of what is left of the configuration's platforms. */
static void run_take_names(struct run_command *run, const struct trawl_config *config)
{
    json_t *platforms = json_object_get(config->root, "platforms");
    const char *name;
    json_t *platform;

    run->platform_count = 0;
    run->platforms =
        trawl_xrealloc(run->platforms, (json_object_size(platforms) + 1) * sizeof(*run->platforms));
    json_object_foreach (platforms, name, platform) {
        run->platforms[run->platform_count++] = name;
    }
}

static int run_in_folder(struct run_command *run, const struct trawl_cli_prepared *prepared)
{
    TRAWL_AUTO_FREE char *temporary = NULL;
    struct trawl_err err = {0};
    int code;
    int r;

    if (trawl_output_open(&run->output, run->output_path, &err) < 0) {
        trawl_cli_print_err(NULL, &err);
        return TRAWL_EXIT_FAILED;
    }
    if (!run->data) {
        r = trawl_fs_make_temporary(&temporary);
        if (r < 0) {
            fprintf(stderr, "trawl: cannot make a temporary folder: %s\n", strerror(-r));
            trawl_output_close(&run->output);
            return TRAWL_EXIT_FAILED;
        }
        run->temporary = temporary;
    }
    code = run_supervise(run, prepared, run->data ? run->data : temporary);
    trawl_output_close(&run->output);
    if (temporary)
        trawl_fs_remove_folder(temporary);
    return code;
}

static int run_begin(struct run_command *run)
{
    struct trawl_cli_prepared prepared;
    int code;

    code = trawl_cli_set_log_level("run", run->log_level, run->quiet ? "error" : "warning");
    if (code != TRAWL_EXIT_COMPLETED)
        return code;
    if (run->plugin)
        code = run_prepare_direct(run, &prepared);
    else
        code = trawl_cli_prepare_file(run->config, run_adjust, run, &prepared);
    if (code != TRAWL_EXIT_COMPLETED)
        return code;
    run_take_names(run, prepared.config);
    code = run_in_folder(run, &prepared);
    trawl_cli_prepared_finish(&prepared);
    return code;
}

int trawl_cmd_run(int argc, char **argv)
{
    struct run_command run = {.options = json_object(), .fetch = json_object()};
    int code;

    code = run_parse(&run, argc, argv);
    if (code < 0)
        code = run_begin(&run);
    json_decref(run.options);
    json_decref(run.fetch);
    free(run.platforms);
    return code;
}
