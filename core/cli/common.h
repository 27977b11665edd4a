/* What the commands share: printing mistakes, loading a configuration. */
#ifndef TRAWL_CLI_COMMON_H
#define TRAWL_CLI_COMMON_H

#include <stdio.h>

#include "config/config.h"
#include "trawl/err.h"
#include "util/errlist.h"

/* One line each on stderr, "trawl: where: message". `file` (may be NULL) stands before a `where` that is the path of a key. */
void trawl_cli_print_err(const char *file, const struct trawl_err *err);
void trawl_cli_print_errors(const char *file, const struct trawl_errlist *errs);

/* Find the configuration (`given`: --config or NULL), read and resolve it; says what is wrong on stderr. Returns
 * TRAWL_EXIT_COMPLETED, or TRAWL_EXIT_FAILED with *ret_config untouched. */
int trawl_cli_load_config(const char *given, struct trawl_config **ret_config);

/* The folder to read runs and items from: `data` (--data) if it is not NULL, else the configuration's. The caller frees
 * *ret_folder. */
int trawl_cli_data_folder(const char *data, const char *config_path, char **ret_folder);

/* `trawl COMMAND: message`, and where help is to be had; returns TRAWL_EXIT_USAGE. */
int trawl_cli_usage(const char *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A whole number within a range. 0 or -EINVAL. */
int trawl_cli_parse_number(const char *text, long long min, long long max, long long *ret_number);

/* Of the characters that names of platforms and transports have, and so fit to be a part of a path. */
bool trawl_cli_is_name(const char *text);

/* On stdout, indented. */
void trawl_cli_print_json(const json_t *value);

/* Apply --log-level or $TRAWL_LOG_LEVEL (`given` wins; NULL: neither was said, then `fallback`), and pass it on to the
 * processes that are started. 0 or TRAWL_EXIT_USAGE after saying why. */
int trawl_cli_set_log_level(const char *command, const char *given, const char *fallback);

#endif
