#include "plugin/transport.h"

#include <string.h>

#include "ipc/culprit.h"
#include "util/json.h"

const char *trawl_transport_left_out(const json_t *message, const char *name)
{
    const char *crashes = trawl_json_string(json_object_get(message, "left_out"), name, NULL);
    json_t *broken;
    size_t i;

    if (crashes)
        return crashes;
    if (json_object_get(json_object_get(message, "plugins"), name))
        return NULL;
    json_array_foreach (json_object_get(message, "broken"), i, broken) {
        if (strcmp(trawl_json_string(broken, "name", ""), name) == 0)
            return trawl_json_string(broken, "reason", "");
    }
    return "it is not configured, or cannot be loaded";
}

const char *trawl_transport_words(const char *text)
{
    json_auto_t *probe = json_string(text);

    return probe ? text : "its own words are not UTF-8";
}

static void check_words(struct trawl_err *err)
{
    const char *words = err ? trawl_transport_words(err->message) : NULL;

    if (err && words != err->message)
        snprintf(err->message, sizeof(err->message), "%s", words);
}

int trawl_transport_create(struct trawl_transport *transport,
                           const struct trawl_transport_host *host, struct trawl_hub *hub,
                           json_t *options, struct trawl_err *err)
{
    json_auto_t *none = json_object();
    const char *before = trawl_culprit_enter(transport->name);
    int r = transport->ops->create(host, hub, options ? options : none, &transport->state, err);

    trawl_culprit_enter(before);
    if (r < 0) {
        transport->state = NULL;
        check_words(err);
    }
    return r;
}

void trawl_transport_destroy(const struct trawl_transport *transport)
{
    const char *before = trawl_culprit_enter(transport->name);

    transport->ops->destroy(transport->state);
    trawl_culprit_enter(before);
}

int trawl_transport_encode(const struct trawl_transport *transport,
                           const struct trawl_message *message, struct trawl_out *out)
{
    const char *before = trawl_culprit_enter(transport->name);
    int r = transport->ops->encode(transport->state, message, out);

    trawl_culprit_enter(before);
    return r;
}

int trawl_transport_opened(const struct trawl_transport *transport, struct trawl_conn *conn,
                           struct trawl_err *err)
{
    const char *before = trawl_culprit_enter(transport->name);
    int r = transport->ops->opened(transport->state, conn, err);

    trawl_culprit_enter(before);
    return r;
}

void trawl_transport_received(const struct trawl_transport *transport, struct trawl_conn *conn,
                              const char *text, size_t len)
{
    const char *before = trawl_culprit_enter(transport->name);

    transport->ops->received(transport->state, conn, text, len);
    trawl_culprit_enter(before);
}

void trawl_transport_closed(const struct trawl_transport *transport, struct trawl_conn *conn)
{
    const char *before = trawl_culprit_enter(transport->name);

    if (transport->ops->closed)
        transport->ops->closed(transport->state, conn);
    trawl_culprit_enter(before);
}

enum trawl_push_outcome trawl_transport_push(const struct trawl_transport *transport,
                                             const struct trawl_message *messages, size_t count,
                                             struct trawl_push_result *result)
{
    const char *before = trawl_culprit_enter(transport->name);
    enum trawl_push_outcome outcome =
        transport->ops->push(transport->state, messages, count, result);

    trawl_culprit_enter(before);
    return outcome;
}
