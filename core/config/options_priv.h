/* What the files that work on option tables share. */
#ifndef TRAWL_CONFIG_OPTIONS_PRIV_H
#define TRAWL_CONFIG_OPTIONS_PRIV_H

#include <stdbool.h>
#include <stddef.h>

#include "trawl/option.h"

/* Deepest nesting of tables and of `--set` paths. */
#define TRAWL_OPTION_DEPTH_MAX 32

/* "string", "int", …, and back: 0 or -EINVAL. */
const char *trawl__option_type_name(enum trawl_option_type type);
int trawl__option_type_parse(const char *name, enum trawl_option_type *ret_type);

/* `amount` as a user would write it for this option: "30s", "16M", "8". */
void trawl__option_amount(char *room, size_t size, const struct trawl_option *option,
                          double amount);

static inline bool trawl__option_has_range(const struct trawl_option *option)
{
    return option->min != 0 || option->max != 0;
}

/* The next choice of an enum's "text|html|attr": its length, 0 at the end; *at moves behind it. */
size_t trawl__option_next_choice(const char **at, const char **ret_choice);

static inline bool trawl__option_is_comment(const char *name)
{
    return name[0] == '/' && name[1] == '/';
}

#endif
