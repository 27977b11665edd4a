#include <errno.h>
#include <string.h>

#include "config/options_priv.h"
#include "util/alloc.h"

static const char *const names[] = {
    [TRAWL_OPTION_END] = "end",       [TRAWL_OPTION_STRING] = "string",
    [TRAWL_OPTION_BOOL] = "bool",     [TRAWL_OPTION_INT] = "int",
    [TRAWL_OPTION_NUMBER] = "number", [TRAWL_OPTION_DURATION] = "duration",
    [TRAWL_OPTION_SIZE] = "size",     [TRAWL_OPTION_ENUM] = "enum",
    [TRAWL_OPTION_LIST] = "list",     [TRAWL_OPTION_OBJECT] = "object",
    [TRAWL_OPTION_MAP] = "map",       [TRAWL_OPTION_ANY] = "any",
};

const char *trawl__option_type_name(enum trawl_option_type type)
{
    return (size_t)type < TRAWL_ARRAY_SIZE(names) ? names[type] : "unknown";
}

int trawl__option_type_parse(const char *name, enum trawl_option_type *ret_type)
{
    for (size_t i = TRAWL_OPTION_STRING; i < TRAWL_ARRAY_SIZE(names); i++) {
        if (strcmp(name, names[i]) == 0) {
            *ret_type = (enum trawl_option_type)i;
            return 0;
        }
    }
    return -EINVAL;
}

size_t trawl__option_next_choice(const char **at, const char **ret_choice)
{
    size_t len = strcspn(*at, "|");

    *ret_choice = *at;
    *at += len;
    if (**at == '|')
        (*at)++;
    return len;
}
