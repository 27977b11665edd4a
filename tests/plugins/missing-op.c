/* A scraper that cannot take a response. */
#include "good.h"

static const struct trawl_scraper_ops ops = {
    .create = good_create,
    .start = good_start,
    .destroy = good_destroy,
};

TRAWL_EXPORT const struct trawl_plugin trawl_plugin = {
    TRAWL_PLUGIN_HEADER,
    .name = "missing-op",
    .version = "1.0.0",
    .scraper = &ops,
};
