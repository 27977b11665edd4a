/* Durations and sizes as people write them. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "config/options.h"
#include "config/options_priv.h"
#include "util/alloc.h"

/* Where a double may no longer fit an int64_t. A table may say anything. */
#define AMOUNT_MAX 9e18

struct unit {
    const char *name;
    int64_t factor;
};

static const struct unit durations[] = {
    {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000},
};

static const struct unit sizes[] = {
    {"", 1},
    {"K", 1 << 10},
    {"M", 1 << 20},
    {"G", 1 << 30},
};

static int parse_number(const char **text, int64_t *ret_number)
{
    const char *p = *text;
    int64_t number = 0;

    if (*p < '0' || *p > '9')
        return -EINVAL;
    for (; *p >= '0' && *p <= '9'; p++) {
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, *p - '0', &number))
            return -EINVAL;
    }
    *text = p;
    *ret_number = number;
    return 0;
}

/* A number and its unit, moving *text behind them. */
static int parse_amount(const char **text, const struct unit *units, size_t count,
                        int64_t *ret_amount)
{
    int64_t number = 0;
    size_t len;

    if (parse_number(text, &number) < 0)
        return -EINVAL;
    len = strspn(*text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    for (size_t i = 0; i < count; i++) {
        if (strlen(units[i].name) != len || strncmp(*text, units[i].name, len) != 0)
            continue;
        *text += len;
        return __builtin_mul_overflow(number, units[i].factor, ret_amount) ? -EINVAL : 0;
    }
    return -EINVAL;
}

int trawl_duration_parse(const char *text, int64_t *ret_ms)
{
    int64_t total = 0;

    if (strcmp(text, "0") == 0) {
        *ret_ms = 0;
        return 0;
    }
    do {
        int64_t amount = 0;

        if (parse_amount(&text, durations, TRAWL_ARRAY_SIZE(durations), &amount) < 0 ||
            __builtin_add_overflow(total, amount, &total))
            return -EINVAL;
    } while (*text);
    *ret_ms = total;
    return 0;
}

int trawl_size_parse(const char *text, int64_t *ret_bytes)
{
    int64_t bytes = 0;

    if (parse_amount(&text, sizes, TRAWL_ARRAY_SIZE(sizes), &bytes) < 0 || *text)
        return -EINVAL;
    *ret_bytes = bytes;
    return 0;
}

static void format_amount(char *room, size_t size, int64_t amount, const struct unit *units,
                          size_t count)
{
    size_t best = 0;

    for (size_t i = 0; i < count && amount != 0; i++) {
        if (amount % units[i].factor == 0)
            best = i;
    }
    snprintf(room, size, "%" PRId64 "%s", amount / units[best].factor, units[best].name);
}

void trawl__option_amount(char *room, size_t size, const struct trawl_option *option, double amount)
{
    if (fabs(amount) >= AMOUNT_MAX)
        snprintf(room, size, "%.15g", amount);
    else if (option->type == TRAWL_OPTION_DURATION)
        format_amount(room, size, (int64_t)amount, durations, TRAWL_ARRAY_SIZE(durations));
    else if (option->type == TRAWL_OPTION_SIZE)
        format_amount(room, size, (int64_t)amount, sizes, TRAWL_ARRAY_SIZE(sizes));
    else
        snprintf(room, size, "%.15g", amount);
}
