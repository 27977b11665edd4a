/* A transport that pushes: it takes what it gets. */
#include "trawl/plugin.h"
#include "trawl/transport.h"

static int pushes_create(const struct trawl_transport_host *host, struct trawl_hub *hub,
                         json_t *options, void **ret_transport, struct trawl_err *err)
{
    (void)host;
    (void)options;
    (void)err;
    *ret_transport = hub;
    return 0;
}

static void pushes_destroy(void *transport)
{
    (void)transport;
}

static enum trawl_push_outcome pushes_push(void *transport, const struct trawl_message *messages,
                                           size_t count, struct trawl_push_result *result)
{
    (void)transport;
    (void)messages;
    result->delivered = count;
    return TRAWL_PUSH_DELIVERED;
}
