/* An option whose default is no JSON. */
#include "good.h"

static const struct trawl_option options[] = {
    {.name = "wait", .type = TRAWL_OPTION_DURATION, .default_json = "30s"},
    {.type = TRAWL_OPTION_END},
};

TRAWL_EXPORT const struct trawl_plugin trawl_plugin = {
    TRAWL_PLUGIN_HEADER, .name = "bad-default", .version = "1.0.0",
    .options = options,  .scraper = &good_ops,
};
