/* A struct that ends before the operations do. */
#include "good.h"

TRAWL_EXPORT const struct trawl_plugin trawl_plugin = {
    .abi_major = TRAWL_ABI_MAJOR,
    .abi_minor = TRAWL_ABI_MINOR,
    .size = offsetof(struct trawl_plugin, scraper),
    .option_size = sizeof(struct trawl_option),
    .name = "short-struct",
    .version = "1.0.0",
};
