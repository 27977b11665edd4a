/* Whether a transport still does its part: a breaker, as chains that push have it for each of theirs. What it cannot encode is a
 * failure; while it is open its clients are sent away, who go on by the next transport from where they are. */
#include "gateway/gateway_priv.h"
#include "ipc/messages.h"
#include "util/clock.h"

/* What /api/transports and the acknowledgement of each client say. */
static void tell(struct trawl_hub *hub)
{
    bool is_open = hub->breaker.state == TRAWL_BREAKER_OPEN;
    json_auto_t *message = json_pack("{s:O}", "transports", hub->gateway->transports);

    json_object_set_new(hub->told, "ok", json_boolean(!is_open));
    json_object_set_new(hub->told, "state",
                        json_string(trawl_breaker_state_name(hub->breaker.state)));
    json_object_set_new(hub->told, "reason", is_open ? json_string(hub->error) : json_null());
    (void)trawl_channel_send_json(hub->gateway->channel, TRAWL_MSG_TRANSPORTS, message);
}

static void log_change(const struct trawl_hub *hub)
{
    if (hub->breaker.state == TRAWL_BREAKER_OPEN)
        trawl_warning(&hub->log, "it is left alone for now: %s", hub->error);
    else if (hub->breaker.state == TRAWL_BREAKER_CLOSED)
        trawl_info(&hub->log, "it works again");
}

static void hear(struct trawl_hub *hub, enum trawl_push_outcome outcome)
{
    enum trawl_breaker_state before = hub->breaker.state;

    trawl_breaker_hear(&hub->breaker, &hub->gateway->limits, outcome, -1, trawl_mono_ns());
    if (hub->breaker.state == before)
        return;
    tell(hub);
    log_change(hub);
}

void hub_worked(struct trawl_hub *hub)
{
    if (hub->breaker.failures > 0 || hub->breaker.state != TRAWL_BREAKER_CLOSED)
        hear(hub, TRAWL_PUSH_DELIVERED);
}

void hub_failed(struct trawl_hub *hub, uint64_t seq)
{
    char id[TRAWL_EVENT_ID_SIZE];

    trawl_event_id(id, hub->gateway->epoch, seq);
    snprintf(hub->error, sizeof(hub->error), "event %s could not be encoded", id);
    trawl_error(&hub->log, "%s", hub->error);
    hear(hub, TRAWL_PUSH_FAILED);
}

bool hub_may_serve(struct trawl_hub *hub)
{
    enum trawl_breaker_state before = hub->breaker.state;

    if (before != TRAWL_BREAKER_OPEN)
        return true;
    if (!trawl_breaker_try(&hub->breaker, trawl_mono_ns()))
        return false;
    tell(hub);
    return true;
}
