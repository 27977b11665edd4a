#include "cli/common.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "util/alloc.h"
#include "util/json.h"
#include "util/log.h"

void trawl_cli_print_err(const char *file, const struct trawl_err *err)
{
    /* Where an error names a file and line itself, or a folder, the configuration's name would mislead. */
    if (strchr(err->where, '/') || strchr(err->where, ':'))
        file = NULL;
    fprintf(stderr, "trawl: %s%s%s%s%s\n", file ? file : "", file ? ": " : "", err->where,
            err->where[0] ? ": " : "", err->message);
}

void trawl_cli_print_errors(const char *file, const struct trawl_errlist *errs)
{
    for (size_t i = 0; i < errs->count; i++)
        trawl_cli_print_err(file, &errs->errs[i]);
    if (errs->dropped > 0)
        fprintf(stderr, "trawl: and %zu more\n", errs->dropped);
}

int trawl_cli_load_config(const char *given, struct trawl_config **ret_config)
{
    TRAWL_AUTO_FREE char *path = NULL;
    struct trawl_errlist errs = {0};
    struct trawl_err err = {0};
    int r;

    r = trawl_config_find(given, &path, &err);
    if (r < 0) {
        trawl_cli_print_err(NULL, &err);
        return TRAWL_EXIT_FAILED;
    }
    r = trawl_config_load(path, ret_config, &errs);
    if (r < 0)
        trawl_cli_print_errors(path, &errs);
    trawl_errlist_finish(&errs);
    return r < 0 ? TRAWL_EXIT_FAILED : TRAWL_EXIT_COMPLETED;
}

int trawl_cli_data_folder(const char *data, const char *config_path, char **ret_folder)
{
    struct trawl_config *config = NULL;
    int r;

    if (data) {
        *ret_folder = trawl_xstrdup(data);
        return TRAWL_EXIT_COMPLETED;
    }
    r = trawl_cli_load_config(config_path, &config);
    if (r != TRAWL_EXIT_COMPLETED)
        return r;
    *ret_folder = trawl_config_data_folder(config);
    trawl_config_destroy(config);
    return TRAWL_EXIT_COMPLETED;
}

int trawl_cli_usage(const char *command, const char *format, ...)
{
    va_list args;

    fprintf(stderr, "trawl %s: ", command);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\n`trawl %s --help` says more.\n", command);
    return TRAWL_EXIT_USAGE;
}

int trawl_cli_parse_number(const char *text, long long min, long long max, long long *ret_number)
{
    char *end = NULL;
    long long number;

    errno = 0;
    number = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || number < min || number > max)
        return -EINVAL;
    *ret_number = number;
    return 0;
}

int trawl_cli_set_log_level(const char *command, const char *given, const char *fallback)
{
    const char *name = given ? given : getenv("TRAWL_LOG_LEVEL");
    enum trawl_log_level level;

    if (!name || name[0] == '\0')
        name = fallback;
    if (trawl_log_level_parse(name, &level) < 0)
        return trawl_cli_usage(command, "'%s' is no log level: debug, info, warning or error",
                               name);
    trawl_log_set_level(level);
    setenv("TRAWL_LOG_LEVEL", name, 1);
    return 0;
}

bool trawl_cli_is_name(const char *text)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

    return *text && strspn(text, letters) == strlen(text);
}

void trawl_cli_print_json(const json_t *value)
{
    TRAWL_AUTO_FREE char *text = trawl_json_text(value, TRAWL_JSON_INDENTED);

    puts(text);
}
