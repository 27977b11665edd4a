/* Neither a scraper nor a transport. */
#include "trawl/plugin.h"

TRAWL_EXPORT const struct trawl_plugin trawl_plugin = {
    TRAWL_PLUGIN_HEADER,
    .name = "no-ops",
    .version = "1.0.0",
};
