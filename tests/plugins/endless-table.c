/* A table of options that holds itself. */
#include "good.h"

static const struct trawl_option options[] = {
    {.name = "again", .type = TRAWL_OPTION_OBJECT, .fields = options},
    {.type = TRAWL_OPTION_END},
};

TRAWL_EXPORT const struct trawl_plugin trawl_plugin = {
    TRAWL_PLUGIN_HEADER, .name = "endless-table", .version = "1.0.0",
    .options = options,  .scraper = &good_ops,
};
