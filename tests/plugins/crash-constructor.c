/* Crashes as soon as it is loaded. */
#include <signal.h>

#include "good.h"

__attribute__((constructor)) static void crash(void)
{
    signal(SIGSEGV, SIG_DFL);
    raise(SIGSEGV);
}

TRAWL_EXPORT const struct trawl_plugin trawl_plugin = {
    TRAWL_PLUGIN_HEADER,
    .name = "crash-constructor",
    .version = "1.0.0",
    .scraper = &good_ops,
};
