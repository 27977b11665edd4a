/* What gateways and the pusher say. */
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "ipc/messages.h"
#include "supervisor/commands.h"
#include "supervisor/gateways_priv.h"
#include "supervisor/pushing.h"
#include "supervisor/watchers.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/json.h"

/* --- commands ------------------------------------------------------------------------------------ */

struct gateway_command {
    struct trawl_supervisor *supervisor;
    uint64_t generation;
    json_int_t seq;
};

static void gateway_on_command_done(void *user, int status, const json_t *result)
{
    struct gateway_command *command = user;
    struct trawl_gateway *gateway;
    json_auto_t *reply = NULL;

    DL_SEARCH_SCALAR(command->supervisor->gateways, gateway, generation, command->generation);
    if (gateway && trawl__gateway_channel(gateway)) {
        reply = json_pack("{s:I, s:i, s:O*}", "seq", command->seq, "status", status, "result",
                          (json_t *)result);
        (void)trawl_channel_send_json(trawl__gateway_channel(gateway), TRAWL_MSG_REPLY, reply);
    }
    free(command);
}

static void gateway_on_command(struct trawl_gateway *gateway, const json_t *message)
{
    struct gateway_command *command = TRAWL_NEW(struct gateway_command);

    command->supervisor = gateway->supervisor;
    command->generation = gateway->generation;
    command->seq = trawl_json_int(message, "seq", 0);
    trawl__command(gateway->supervisor, trawl_json_string(message, "name", ""),
                   json_object_get(message, "args"), gateway_on_command_done, command);
}

/* Those who watch need not wait for a pusher that does not come up. */
static bool gateways_all_serve(const struct trawl_supervisor *supervisor)
{
    const struct trawl_gateway *gateway;

    DL_FOREACH (supervisor->gateways, gateway) {
        if (!gateway->serving && !gateway->pushes)
            return false;
    }
    return true;
}

static void set_json(json_t **field, json_t *value)
{
    json_decref(*field);
    *field = json_incref(value);
}

static void gateway_on_serving(struct trawl_gateway *gateway, const json_t *message)
{
    struct trawl_supervisor *supervisor = gateway->supervisor;
    json_t *transport;
    size_t i;

    json_array_foreach (json_object_get(message, "transports"), i, transport) {
        if (!trawl_json_bool(transport, "ok", false))
            trawl_warning(&gateway->log, "transport '%s' is not served: %s",
                          trawl_json_string(transport, "name", ""),
                          trawl_json_string(transport, "reason", "no reason given"));
    }
    trawl_debug(&gateway->log, "process %d serves", (int)trawl_process_pid(gateway->process));
    set_json(&gateway->transports, json_object_get(message, "transports"));
    gateway->serving = true;
    if (supervisor->ready || !gateways_all_serve(supervisor))
        return;
    supervisor->ready = true;
    if (supervisor->options->on_ready)
        supervisor->options->on_ready(supervisor->options->user, 0);
}

/* --- transports that serve ----------------------------------------------------------------------- */

void trawl__gateway_forget(struct trawl_gateway *gateway)
{
    set_json(&gateway->watchers, NULL);
    set_json(&gateway->transports, NULL);
}

static bool fares_worse(const json_t *transport, const json_t *than)
{
    bool ok = trawl_json_bool(transport, "ok", false);

    if (ok != trawl_json_bool(than, "ok", false))
        return !ok;
    return ok && strcmp(trawl_json_string(than, "state", ""), "closed") != 0;
}

json_t *trawl__gateways_transports(const struct trawl_supervisor *supervisor)
{
    json_t *worst = json_array();
    const struct trawl_gateway *gateway;
    json_t *transport;
    size_t i;

    DL_FOREACH (supervisor->gateways, gateway) {
        json_array_foreach (gateway->transports, i, transport) {
            const json_t *before = json_array_get(worst, i);

            if (!before)
                json_array_append(worst, transport);
            else if (fares_worse(transport, before))
                json_array_set(worst, i, transport);
        }
    }
    return worst;
}

/* --- watchers ------------------------------------------------------------------------------------ */

json_int_t trawl__gateway_watcher_count(const struct trawl_gateway *gateway)
{
    json_int_t sum = 0;
    const char *transport;
    json_t *count;

    json_object_foreach (gateway->watchers, transport, count) {
        sum += json_integer_value(count);
    }
    return sum;
}

json_t *trawl__gateways_watchers(const struct trawl_supervisor *supervisor)
{
    json_t *sum = json_object();
    const struct trawl_gateway *gateway;
    const char *transport;
    json_t *count;

    DL_FOREACH (supervisor->gateways, gateway) {
        json_object_foreach (gateway->watchers, transport, count) {
            json_int_t before = trawl_json_int(sum, transport, 0);

            json_object_set_new(sum, transport, json_integer(before + json_integer_value(count)));
        }
    }
    return sum;
}

unsigned trawl__gateways_list_watchers(struct trawl_supervisor *supervisor, json_int_t seq,
                                       size_t limit)
{
    json_auto_t *message = json_pack("{s:I, s:I}", "seq", seq, "limit", (json_int_t)limit);
    struct trawl_gateway *gateway;
    unsigned asked = 0;

    DL_FOREACH (supervisor->gateways, gateway) {
        if (gateway->pushes || !gateway->serving || !trawl__gateway_channel(gateway))
            continue;
        asked += trawl_channel_send_json(trawl__gateway_channel(gateway), TRAWL_MSG_LIST_WATCHERS,
                                         message) == 0;
    }
    return asked;
}

void trawl__gateways_moved(struct trawl_supervisor *supervisor, const json_t *move)
{
    json_auto_t *message = json_copy((json_t *)(uintptr_t)move);
    struct trawl_gateway *gateway;
    char stamp[TRAWL_TIMESTAMP_SIZE];

    trawl_timestamp(stamp, trawl_now_ms());
    json_object_set_new(message, "at", json_string(stamp));
    DL_FOREACH (supervisor->gateways, gateway) {
        if (!gateway->pushes && gateway->serving && trawl__gateway_channel(gateway))
            (void)trawl_channel_send_json(trawl__gateway_channel(gateway), TRAWL_MSG_MOVED,
                                          message);
    }
}

void trawl__gateway_on_frame(void *user, const struct trawl_frame *frame)
{
    struct trawl_gateway *gateway = user;
    json_auto_t *message = NULL;

    if (trawl_json_parse(frame->payload, frame->len, &message, NULL) == 0 &&
        frame->type == TRAWL_MSG_SERVING) {
        gateway_on_serving(gateway, message);
    } else if (message && frame->type == TRAWL_MSG_COMMAND) {
        gateway_on_command(gateway, message);
    } else if (message && frame->type == TRAWL_MSG_WATCHERS) {
        set_json(&gateway->watchers, message);
    } else if (message && frame->type == TRAWL_MSG_TRANSPORTS) {
        set_json(&gateway->transports, json_object_get(message, "transports"));
    } else if (message && frame->type == TRAWL_MSG_WATCHER_LIST) {
        trawl__watchers_on_list(gateway->supervisor, message);
    } else if (message && frame->type == TRAWL_MSG_CHAINS && gateway->pushes) {
        trawl__pushing_on_chains(gateway->supervisor, message);
    } else {
        trawl_error(&gateway->log, "ending process %d: it sent what makes no sense",
                    (int)trawl_process_pid(gateway->process));
        trawl_process_kill(gateway->process);
    }
}
