/* A transport that pushes, and has nothing of what one that serves must have. */
#include "pushes.h"

static const struct trawl_transport_ops ops = {
    .create = pushes_create,
    .destroy = pushes_destroy,
    .push = pushes_push,
};

TRAWL_EXPORT const struct trawl_plugin trawl_plugin = {
    TRAWL_PLUGIN_HEADER,
    .name = "pushes",
    .version = "1.0.0",
    .transport = &ops,
};
