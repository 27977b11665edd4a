/* Built for a newer minor version of the ABI. */
#include "good.h"

TRAWL_EXPORT const struct trawl_plugin trawl_plugin = {
    .abi_major = TRAWL_ABI_MAJOR,
    .abi_minor = TRAWL_ABI_MINOR + 3,
    .size = sizeof(struct trawl_plugin),
    .option_size = sizeof(struct trawl_option),
    .name = "newer-minor",
    .version = "1.0.0",
    .scraper = &good_ops,
};
