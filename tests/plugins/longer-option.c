/* Its options are longer than the host knows: they are read with its own stride. */
#include "good.h"

struct longer_option {
    struct trawl_option option;
    const void *more[2];
};

static const struct longer_option members[] = {
    {.option = {.name = "a", .type = TRAWL_OPTION_INT, .default_json = "1"}},
    {.option = {.name = "b", .type = TRAWL_OPTION_INT, .default_json = "2"}},
    {.option = {.type = TRAWL_OPTION_END}},
};

static const struct longer_option options[] = {
    {.option = {.name = "first", .type = TRAWL_OPTION_STRING}},
    {.option = {.name = "second", .type = TRAWL_OPTION_OBJECT, .fields = &members[0].option}},
    {.option = {.type = TRAWL_OPTION_END}},
};

TRAWL_EXPORT const struct trawl_plugin trawl_plugin = {
    .abi_major = TRAWL_ABI_MAJOR,
    .abi_minor = TRAWL_ABI_MINOR,
    .size = sizeof(struct trawl_plugin),
    .option_size = sizeof(struct longer_option),
    .name = "longer-option",
    .version = "1.0.0",
    .options = &options[0].option,
    .scraper = &good_ops,
};
