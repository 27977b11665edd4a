/* Reading schedules; cron_next.c follows them. */
#include "config/cron.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "config/options.h"
#include "util/alloc.h"
#include "util/suggest.h"

#define BLANKS " \t"

/* What ends a value. */
#define VALUE_ENDS ",-/" BLANKS

struct field {
    const char *name;
    const char *expected;
    int min;
    int max;
    int count; /* of different values, which Sunday's second one is not */
    const char *const *names;
    int first_name; /* the value of names[0] */
    int name_count;
};

static const char *const month_names[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                          "jul", "aug", "sep", "oct", "nov", "dec"};
static const char *const weekday_names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

enum {
    MINUTE,
    HOUR,
    DAY,
    MONTH,
    WEEKDAY,
    FIELD_COUNT,
};

static const struct field fields[FIELD_COUNT] = {
    [MINUTE] = {"minute", "0 to 59", 0, 59, 60, NULL, 0, 0},
    [HOUR] = {"hour", "0 to 23", 0, 23, 24, NULL, 0, 0},
    [DAY] = {"day of month", "1 to 31", 1, 31, 31, NULL, 0, 0},
    [MONTH] = {"month", "1 to 12 or jan to dec", 1, 12, 12, month_names, 1, 12},
    [WEEKDAY] = {"day of week", "0 to 7 or sun to sat", 0, 7, 7, weekday_names, 0, 7},
};

struct parser {
    const char *text;
    const char *at;
    const struct field *field;
    struct trawl_err *err;
};

/* All before `at` was understood, so it is ASCII, and bytes are characters. */
__attribute__((format(printf, 3, 4))) static int wrong(const struct parser *parser, const char *at,
                                                       const char *format, ...)
{
    char what[256];
    va_list args;

    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    return trawl_err_set(parser->err, -EINVAL, "",
                         "character %zu of the schedule '%.200s%s', in the %s: %s",
                         (size_t)(at - parser->text) + 1, parser->text,
                         strlen(parser->text) > 200 ? "…" : "", parser->field->name, what);
}

/* As much of a word as a message shows. */
static int shown(size_t len)
{
    return len < 40 ? (int)len : 40;
}

/* --- a field ----------------------------------------------------------------------------------------- */

/* The digits of all `len` bytes, up to `max`; -1 if they are none or more. */
static int number_of(const char *text, size_t len, int max)
{
    int number = 0;

    if (len == 0)
        return -1;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        number = number * 10 + (text[i] - '0');
        if (number > max)
            return -1;
    }
    return number;
}

static int named(const struct field *field, const char *text, size_t len)
{
    for (int i = 0; i < field->name_count; i++) {
        if (strlen(field->names[i]) == len && strncasecmp(field->names[i], text, len) == 0)
            return field->first_name + i;
    }
    return -1;
}

static int parse_value(struct parser *parser, int *ret_value)
{
    const struct field *field = parser->field;
    const char *text = parser->at;
    size_t len = strcspn(text, VALUE_ENDS);
    int value = number_of(text, len, field->max);

    if (len == 0)
        return wrong(parser, text, "a value is missing; expected %s", field->expected);
    if (value < 0)
        value = named(field, text, len);
    if (value < field->min)
        return wrong(parser, text, "expected %s, not '%.*s'", field->expected, shown(len), text);
    parser->at += len;
    *ret_value = value;
    return 0;
}

static int parse_step(struct parser *parser, int *ret_step)
{
    const char *text = parser->at;
    size_t len = strcspn(text, VALUE_ENDS);
    int step = number_of(text, len, parser->field->count);

    if (step < 1)
        return wrong(parser, text, "expected a step of 1 to %d, not '%.*s'", parser->field->count,
                     shown(len), text);
    parser->at += len;
    *ret_step = step;
    return 0;
}

/* "*" or "8-11"; a value alone is a range of one. */
static int parse_range(struct parser *parser, int *ret_first, int *ret_last)
{
    const struct field *field = parser->field;
    const char *begin = parser->at;
    int r;

    if (*begin == '*') {
        parser->at++;
        *ret_first = field->min;
        *ret_last = field->max;
        return 0;
    }
    r = parse_value(parser, ret_first);
    if (r < 0)
        return r;
    *ret_last = *ret_first;
    if (*parser->at == '-') {
        parser->at++;
        r = parse_value(parser, ret_last);
        if (r < 0)
            return r;
        if (field == &fields[WEEKDAY] && *ret_last == 0 && *ret_first > 0)
            *ret_last = 7; /* fri-sun */
    } else if (*parser->at == '/') {
        return wrong(parser, parser->at, "a step needs '*' or a range before it, such as %d-%d",
                     *ret_first, field->max);
    }
    if (*ret_last < *ret_first)
        return wrong(parser, begin, "the range '%.*s' runs backwards",
                     shown((size_t)(parser->at - begin)), begin);
    return 0;
}

static int parse_field(struct parser *parser, uint64_t *ret_values)
{
    uint64_t values = 0;

    for (;;) {
        int first = 0;
        int last = 0;
        int step = 1;
        int r;

        r = parse_range(parser, &first, &last);
        if (r < 0)
            return r;
        if (*parser->at == '/') {
            parser->at++;
            r = parse_step(parser, &step);
            if (r < 0)
                return r;
        }
        for (int value = first; value <= last; value += step)
            values |= UINT64_C(1) << value;
        if (*parser->at != ',')
            break;
        parser->at++;
    }
    if (*parser->at && !strchr(BLANKS, *parser->at))
        return wrong(parser, parser->at, "expected ',' or the end of the field, not '%.*s'",
                     shown(strcspn(parser->at, BLANKS)), parser->at);
    *ret_values = values;
    return 0;
}

/* --- a schedule -------------------------------------------------------------------------------------- */

static int count_words(const char *text)
{
    int count = 0;

    for (text += strspn(text, BLANKS); *text; text += strspn(text, BLANKS)) {
        text += strcspn(text, BLANKS);
        count++;
    }
    return count;
}

static int parse_fields(const char *text, struct trawl_cron *ret_cron, struct trawl_err *err)
{
    struct parser parser = {.text = text, .at = text, .err = err};
    uint64_t values[FIELD_COUNT] = {0};
    bool starred[FIELD_COUNT] = {false};
    int count = count_words(text);

    if (count != FIELD_COUNT)
        return trawl_err_set(
            err, -EINVAL, "",
            "the schedule '%.200s' has %d field%s; expected 5 (minute, hour, day of "
            "month, month, day of week), or a name such as '@daily'",
            text, count, count == 1 ? "" : "s");
    for (int i = 0; i < FIELD_COUNT; i++) {
        int r;

        parser.at += strspn(parser.at, BLANKS);
        parser.field = &fields[i];
        starred[i] = *parser.at == '*';
        r = parse_field(&parser, &values[i]);
        if (r < 0)
            return r;
    }
    if (values[WEEKDAY] & 1 << 7)
        values[WEEKDAY] = (values[WEEKDAY] | 1) & ~(UINT64_C(1) << 7);
    *ret_cron = (struct trawl_cron){
        .minutes = values[MINUTE],
        .hours = values[HOUR],
        .days = values[DAY],
        .months = values[MONTH],
        .weekdays = values[WEEKDAY],
        .either_day = !starred[DAY] && !starred[WEEKDAY],
    };
    return 0;
}

static int parse_every(const char *duration, struct trawl_cron *ret_cron, struct trawl_err *err)
{
    int64_t every_ms = 0;

    if (trawl_duration_parse(duration, &every_ms) < 0)
        return trawl_err_set(err, -EINVAL, "",
                             "'@every' expects a duration such as 15m or 1h30m, not '%.40s'",
                             duration);
    if (every_ms < TRAWL_CRON_EVERY_MIN_MS || every_ms > TRAWL_CRON_EVERY_MAX_MS)
        return trawl_err_set(err, -EINVAL, "", "'@every' expects 1s to 366d, not '%.40s'",
                             duration);
    *ret_cron = (struct trawl_cron){.every_ms = every_ms};
    return 0;
}

/* `name` ends where it ends in the text, blanks left out. */
static int parse_name(const char *name, struct trawl_cron *ret_cron, struct trawl_err *err)
{
    static const char *const names[] = {"@hourly",  "@daily",  "@midnight", "@weekly",
                                        "@monthly", "@yearly", "@annually", "@every"};
    static const char *const meanings[] = {"0 * * * *", "0 0 * * *", "0 0 * * *", "0 0 * * 0",
                                           "0 0 1 * *", "0 0 1 1 *", "0 0 1 1 *"};
    size_t len = strcspn(name, BLANKS);
    TRAWL_AUTO_FREE char *word = NULL;
    const char *nearest;

    if (len == strlen("@every") && strncmp(name, "@every", len) == 0)
        return parse_every(name + len + strspn(name + len, BLANKS), ret_cron, err);
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(meanings); i++) {
        if (strcmp(name, names[i]) == 0)
            return parse_fields(meanings[i], ret_cron, err);
    }
    word = trawl_xstrndup(name, len);
    nearest = trawl_suggest(word, names, TRAWL_ARRAY_SIZE(names));
    if (nearest)
        return trawl_err_set(err, -EINVAL, "", "there is no schedule '%.40s'; did you mean '%s'?",
                             name, nearest);
    return trawl_err_set(err, -EINVAL, "",
                         "there is no schedule '%.40s'; expected @hourly, @daily, @midnight, "
                         "@weekly, @monthly, @yearly, @annually, or @every with a duration",
                         name);
}

int trawl_cron_parse(const char *text, struct trawl_cron *ret_cron, struct trawl_err *err)
{
    const char *begin = text + strspn(text, BLANKS);
    size_t len = strlen(begin);
    TRAWL_AUTO_FREE char *name = NULL;

    if (*begin != '@')
        return parse_fields(text, ret_cron, err);
    while (strchr(BLANKS, begin[len - 1]))
        len--;
    name = trawl_xstrndup(begin, len);
    return parse_name(name, ret_cron, err);
}
