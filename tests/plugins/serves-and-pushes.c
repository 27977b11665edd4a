/* A transport that would have to be in two processes. */
#include "pushes.h"

static const struct trawl_endpoint endpoints[] = {
    {.kind = TRAWL_ENDPOINT_STREAM, .path = "/both", .content_type = "text/plain"},
    {.kind = TRAWL_ENDPOINT_END},
};

static const struct trawl_transport_ops ops = {
    .endpoints = endpoints,
    .create = pushes_create,
    .destroy = pushes_destroy,
    .push = pushes_push,
};

TRAWL_EXPORT const struct trawl_plugin trawl_plugin = {
    TRAWL_PLUGIN_HEADER,
    .name = "serves-and-pushes",
    .version = "1.0.0",
    .transport = &ops,
};
