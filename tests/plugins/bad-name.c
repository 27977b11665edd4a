/* A name that no configuration could hold. */
#include "good.h"

TRAWL_EXPORT const struct trawl_plugin trawl_plugin = {
    TRAWL_PLUGIN_HEADER,
    .name = "Bad/Name",
    .version = "1.0.0",
    .scraper = &good_ops,
};
