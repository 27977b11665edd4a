/* A transport that is made of a plugin: each of its functions is called here only, so that a process which crashes in one, or is
 * ended by it, leaves the transport's name (ipc/culprit.h).
 *
 * It is embedded in what uses it, a hub of the gateway or a sender of the pusher, which sets `name` and `ops` and then creates it.
 */
#ifndef TRAWL_PLUGIN_TRANSPORT_H
#define TRAWL_PLUGIN_TRANSPORT_H

#include <jansson.h>

#include "trawl/transport.h"

struct trawl_transport {
    const char *name; /* what the configuration calls it; outlives it */
    const struct trawl_transport_ops *ops;
    void *state; /* the plugin's own */
};

/* Why the message CONFIGURE (ipc/messages.h) leaves a transport out, borrowed from it. NULL: it does not, and names its file. */
const char *trawl_transport_left_out(const json_t *message, const char *name);

/* What a plugin says becomes part of JSON: its own text, borrowed, or one in place of what is not UTF-8. */
const char *trawl_transport_words(const char *text);

/* `options` are resolved; NULL: none. Negative with `err`, in UTF-8: there is nothing to destroy, and `state` is NULL. */
int trawl_transport_create(struct trawl_transport *transport,
                           const struct trawl_transport_host *host, struct trawl_hub *hub,
                           json_t *options, struct trawl_err *err);
void trawl_transport_destroy(const struct trawl_transport *transport);

/* One that serves; trawl/transport.h says what they do. */
int trawl_transport_encode(const struct trawl_transport *transport,
                           const struct trawl_message *message, struct trawl_out *out);
int trawl_transport_opened(const struct trawl_transport *transport, struct trawl_conn *conn,
                           struct trawl_err *err);
void trawl_transport_received(const struct trawl_transport *transport, struct trawl_conn *conn,
                              const char *text, size_t len);
void trawl_transport_closed(const struct trawl_transport *transport, struct trawl_conn *conn);

/* One that pushes. */
enum trawl_push_outcome trawl_transport_push(const struct trawl_transport *transport,
                                             const struct trawl_message *messages, size_t count,
                                             struct trawl_push_result *result);

#endif
