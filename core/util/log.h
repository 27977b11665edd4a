/* Logging: one line on stderr, `2026-01-31T12:00:00.123Z level origin: message`.
 *
 * Objects hold a struct trawl_log whose name says where a line comes from (`worker 12/books/0`).
 * Remote text is an argument, never a format, and is passed through trawl_log_quote() when it may
 * hold anything at all.
 */
#ifndef TRAWL_UTIL_LOG_H
#define TRAWL_UTIL_LOG_H

#include <stddef.h>

#include "trawl/log_level.h"

struct trawl_log {
    char origin[96];
};

/* Lines below this level are dropped; TRAWL_LOG_INFO until set. One level for the process. */
void trawl_log_set_level(enum trawl_log_level level);
enum trawl_log_level trawl_log_level(void);

/* "debug", "info", "warning", "error". Parsing returns 0 or -EINVAL. */
const char *trawl_log_level_name(enum trawl_log_level level);
int trawl_log_level_parse(const char *name, enum trawl_log_level *ret_level);

void trawl_log_init(struct trawl_log *log, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void trawl_log_write(const struct trawl_log *log, enum trawl_log_level level, const char *format,
                     ...) __attribute__((format(printf, 3, 4)));

#define trawl_debug(log, ...)   trawl_log_write(log, TRAWL_LOG_DEBUG, __VA_ARGS__)
#define trawl_info(log, ...)    trawl_log_write(log, TRAWL_LOG_INFO, __VA_ARGS__)
#define trawl_warning(log, ...) trawl_log_write(log, TRAWL_LOG_WARNING, __VA_ARGS__)
#define trawl_error(log, ...)   trawl_log_write(log, TRAWL_LOG_ERROR, __VA_ARGS__)

/* `text` made safe for one log line: cut to fit `room`, between characters, control bytes as \xNN. Returns `room`. */
const char *trawl_log_quote(char *room, size_t size, const char *text);

#endif
