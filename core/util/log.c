#include "util/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/alloc.h"
#include "util/clock.h"

/* One line, cut there: long enough for a URL and a reason, short enough to be written at once. */
#define TRAWL_LOG_LINE_MAX 2048

static enum trawl_log_level threshold = TRAWL_LOG_INFO;

static const char *const level_names[] = {
    [TRAWL_LOG_DEBUG] = "debug",
    [TRAWL_LOG_INFO] = "info",
    [TRAWL_LOG_WARNING] = "warning",
    [TRAWL_LOG_ERROR] = "error",
};

void trawl_log_set_level(enum trawl_log_level level)
{
    threshold = level;
}

enum trawl_log_level trawl_log_level(void)
{
    return threshold;
}

const char *trawl_log_level_name(enum trawl_log_level level)
{
    return (size_t)level < TRAWL_ARRAY_SIZE(level_names) ? level_names[level] : "unknown";
}

int trawl_log_level_parse(const char *name, enum trawl_log_level *ret_level)
{
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(level_names); i++) {
        if (strcmp(name, level_names[i]) == 0) {
            *ret_level = (enum trawl_log_level)i;
            return 0;
        }
    }
    return -EINVAL;
}

void trawl_log_init(struct trawl_log *log, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(log->origin, sizeof(log->origin), format, args);
    va_end(args);
}

void trawl_log_write(const struct trawl_log *log, enum trawl_log_level level, const char *format,
                     ...)
{
    char line[TRAWL_LOG_LINE_MAX];
    char stamp[TRAWL_TIMESTAMP_SIZE];
    va_list args;
    int head;
    int body;
    size_t len;

    if (level < threshold)
        return;
    trawl_timestamp(stamp, trawl_now_ms());
    head =
        snprintf(line, sizeof(line), "%s %s %s: ", stamp, trawl_log_level_name(level), log->origin);
    va_start(args, format);
    body = vsnprintf(line + head, sizeof(line) - (size_t)head - 1, format, args);
    va_end(args);
    len = (size_t)head + (body > 0 ? (size_t)body : 0);
    if (len > sizeof(line) - 2)
        len = sizeof(line) - 2;
    line[len] = '\n';
    /* One write() a line, so that lines of several processes do not mix. */
    if (write(STDERR_FILENO, line, len + 1) < 0)
        return;
}

/* The length of a text that was cut in the middle of a UTF-8 character, without the part that is left of it. */
static size_t drop_part(const char *text, size_t len)
{
    size_t lead = len;

    while (lead > 0 && len - lead < 3 && ((unsigned char)text[lead - 1] & 0xc0) == 0x80)
        lead--;
    return lead > 0 && (unsigned char)text[lead - 1] >= 0xc0 ? lead - 1 : len;
}

const char *trawl_log_quote(char *room, size_t size, const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t out = 0;

    for (; *p && out + 5 < size; p++) {
        if (*p < 0x20 || *p == 0x7f)
            out += (size_t)snprintf(room + out, size - out, "\\x%02x", *p);
        else
            room[out++] = (char)*p;
    }
    if ((*p & 0xc0) == 0x80)
        out = drop_part(room, out);
    room[out] = '\0';
    return room;
}
