#include <jansson.h>

#include "pusher/chain_priv.h"
#include "util/clock.h"

#define NS_PER_MS UINT64_C(1000000)

static json_t *stamp_json(int64_t ms)
{
    char stamp[TRAWL_TIMESTAMP_SIZE];

    if (ms == 0)
        return json_null();
    trawl_timestamp(stamp, ms);
    return json_string(stamp);
}

static json_t *member_state(const struct trawl_chain_member *member)
{
    uint64_t now_ns = trawl_mono_ns();
    int64_t retry_ms = 0;
    json_t *error = json_null();

    if (member->breaker.until_ns > now_ns)
        retry_ms = trawl_now_ms() + (int64_t)((member->breaker.until_ns - now_ns) / NS_PER_MS);
    if (*member->error)
        error =
            json_pack("{s:o, s:s}", "at", stamp_json(member->error_ms), "message", member->error);
    return json_pack("{s:s, s:b, s:s?, s:s, s:i, s:I, s:o, s:o}", "name", member->name, "ok",
                     member->sender != NULL, "reason", member->reason, "state",
                     trawl_breaker_state_name(member->breaker.state), "failures",
                     (int)member->breaker.failures, "delivered", (json_int_t)member->delivered,
                     "retry_at", stamp_json(retry_ms), "error", error);
}

json_t *trawl_chain_state(const struct trawl_chain *chain)
{
    json_t *transports = json_array();
    char id[TRAWL_EVENT_ID_SIZE];

    for (size_t i = 0; i < chain->member_count; i++)
        json_array_append_new(transports, member_state(&chain->members[i]));
    trawl_event_id(id, chain->journal.epoch, chain->seq);
    return json_pack(
        "{s:s, s:O?, s:O?, s:i, s:I, s:s, s:I, s:I, s:I, s:s?, s:o}", "name", chain->name, "events",
        chain->journal.filter.events, "platforms", chain->journal.filter.platforms, "failures",
        (int)chain->limits.failures, "retry_after_ms", (json_int_t)chain->limits.retry_after_ms,
        "sent_id", id, "lag", (json_int_t)(chain->head > chain->seq ? chain->head - chain->seq : 0),
        "lost", (json_int_t)chain->lost, "delivered", (json_int_t)chain->delivered,
        "last_transport", chain->last ? chain->last->name : NULL, "transports", transports);
}
