/* The gateway process: its life, and what the supervisor says. */
#include "gateway/gateway.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/gateway_priv.h"
#include "ipc/child.h"
#include "ipc/messages.h"
#include "util/alloc.h"
#include "util/json.h"

/* Clients have this long to take what was queued for them and to answer the close frame, and the more there are the longer. */
#define GATEWAY_DRAIN_MS           2000
#define GATEWAY_DRAIN_CONNS_PER_MS 4

static void close_all(struct trawl_gateway *gateway);

/* --- commands -------------------------------------------------------------------------------------- */

int gateway_command(struct trawl_gateway *gateway, const char *name, json_t *args,
                    void (*done)(void *user, int status, const json_t *result), void *user)
{
    struct gateway_command *command;
    json_auto_t *message = NULL;

    message =
        json_pack("{s:I, s:s, s:o}", "seq", ++gateway->command_seq, "name", name, "args", args);
    if (!gateway->channel || gateway->draining || gateway->command_count >= GATEWAY_COMMANDS_MAX ||
        trawl_channel_send_json(gateway->channel, TRAWL_MSG_COMMAND, message) < 0)
        return -EBUSY;
    command = TRAWL_NEW(struct gateway_command);
    command->seq = gateway->command_seq;
    command->done = done;
    command->user = user;
    command->next = gateway->commands;
    gateway->commands = command;
    gateway->command_count++;
    return 0;
}

static void on_reply(struct trawl_gateway *gateway, const json_t *message)
{
    json_int_t seq = trawl_json_int(message, "seq", 0);

    for (struct gateway_command **at = &gateway->commands; *at; at = &(*at)->next) {
        struct gateway_command *command = *at;

        if (command->seq != seq)
            continue;
        *at = command->next;
        gateway->command_count--;
        command->done(command->user, (int)trawl_json_int(message, "status", 0),
                      json_object_get(message, "result"));
        free(command);
        return;
    }
}

static void fail_commands(struct trawl_gateway *gateway)
{
    while (gateway->commands) {
        struct gateway_command *command = gateway->commands;

        gateway->commands = command->next;
        command->done(command->user, 503, NULL);
        free(command);
    }
    gateway->command_count = 0;
}

/* --- events ---------------------------------------------------------------------------------------- */

static void on_events(struct trawl_gateway *gateway, const struct trawl_frame *frame)
{
    struct trawl_event *events;
    size_t count;

    if (trawl_events_decode(frame->payload, frame->len, &events, &count) < 0) {
        trawl_error(&gateway->log, "the supervisor sent events that cannot be read, ending");
        close_all(gateway);
        return;
    }
    if (count > 0) {
        gateway->head = events[count - 1].seq;
        for (size_t i = 0; i < gateway->hub_count; i++)
            hub_events(gateway->hubs[i], events, count);
        gateway_flush_soon(gateway);
    }
    free(events);
}

/* How many follow over each transport, if that has changed. */
static void tell_watchers(struct trawl_gateway *gateway)
{
    json_auto_t *watchers = json_object();
    bool changed = false;

    for (size_t i = 0; i < gateway->hub_count; i++) {
        struct trawl_hub *hub = gateway->hubs[i];

        changed |= hub->told_count != hub->conn_count;
        hub->told_count = hub->conn_count;
        json_object_set_new(watchers, hub->name, json_integer(hub->conn_count));
    }
    if (changed)
        (void)trawl_channel_send_json(gateway->channel, TRAWL_MSG_WATCHERS, watchers);
}

static void on_heartbeat(uv_timer_t *timer)
{
    struct trawl_gateway *gateway = timer->data;

    gateway->heartbeat_slot = (gateway->heartbeat_slot + 1) % HUB_HEARTBEAT_SLOTS;
    for (size_t i = 0; i < gateway->hub_count; i++)
        hub_heartbeat(gateway->hubs[i], gateway->heartbeat_slot);
    tell_watchers(gateway);
}

/* --- life ---------------------------------------------------------------------------------------- */

static void close_handles(struct trawl_gateway *gateway)
{
    gateway_flush_close(gateway);
    uv_close((uv_handle_t *)&gateway->heartbeat, NULL);
    uv_close((uv_handle_t *)&gateway->drain, NULL);
    uv_close((uv_handle_t *)&gateway->terminate, NULL);
}

static void on_server_closed(void *user)
{
    struct trawl_gateway *gateway = user;

    gateway->http = NULL;
}

static void close_all(struct trawl_gateway *gateway)
{
    if (gateway->closing)
        return;
    gateway->closing = true;
    fail_commands(gateway);
    trawl_channel_close(gateway->channel);
    gateway->channel = NULL;
    if (gateway->http)
        trawl_http_server_close(gateway->http, on_server_closed, gateway);
    close_handles(gateway);
}

/* Everybody has gone, or the time is over. */
static void on_drain(uv_timer_t *timer)
{
    struct trawl_gateway *gateway = timer->data;
    bool late = uv_now(&gateway->loop) >= gateway->drain_until;

    for (size_t i = 0; i < gateway->hub_count && !late; i++) {
        if (gateway->hubs[i]->conn_count > 0)
            return;
    }
    if (late || gateway->command_count == 0)
        close_all(gateway);
}

static void drain(struct trawl_gateway *gateway, json_int_t retry_ms)
{
    if (gateway->draining || gateway->closing)
        return;
    gateway->draining = true;
    gateway->drain_until = uv_now(&gateway->loop) + GATEWAY_DRAIN_MS;
    if (gateway->http)
        trawl_http_server_stop_listening(gateway->http);
    gateway_flush(gateway);
    for (size_t i = 0; i < gateway->hub_count; i++) {
        gateway->drain_until += gateway->hubs[i]->conn_count / GATEWAY_DRAIN_CONNS_PER_MS;
        hub_drain(gateway->hubs[i], retry_ms);
    }
    uv_timer_start(&gateway->drain, on_drain, 20, 20);
}

static void on_terminate(uv_signal_t *signal, int number)
{
    (void)number;
    drain(signal->data, 1000);
}

static void begin(struct trawl_gateway *gateway, const json_t *message)
{
    json_auto_t *serving = NULL;
    uint64_t tick;

    if (gateway_configure(gateway, message) < 0) {
        close_all(gateway);
        return;
    }
    gateway->configured = true;
    tick = gateway->heartbeat_ms / HUB_HEARTBEAT_SLOTS;
    uv_timer_start(&gateway->heartbeat, on_heartbeat, tick, tick ? tick : 1);
    serving = json_pack("{s:O}", "transports", gateway->transports);
    if (trawl_channel_send_json(gateway->channel, TRAWL_MSG_SERVING, serving) < 0)
        close_all(gateway);
}

static void on_frame(void *user, const struct trawl_frame *frame)
{
    struct trawl_gateway *gateway = user;
    json_auto_t *message = NULL;

    if (gateway->closing)
        return;
    if (frame->type == TRAWL_MSG_EVENTS) {
        on_events(gateway, frame);
        return;
    }
    if (trawl_json_parse(frame->payload, frame->len, &message, NULL) < 0) {
        trawl_error(&gateway->log, "the supervisor sent what cannot be read, ending");
        close_all(gateway);
        return;
    }
    if (frame->type == TRAWL_MSG_CONFIGURE && !gateway->configured)
        begin(gateway, message);
    else if (frame->type == TRAWL_MSG_REPLY)
        on_reply(gateway, message);
    else if (frame->type == TRAWL_MSG_STALLED)
        snprintf(gateway->stalled, sizeof(gateway->stalled), "%s",
                 trawl_json_string(message, "reason", ""));
    else if (frame->type == TRAWL_MSG_LIST_WATCHERS)
        gateway_list_watchers(gateway, message);
    else if (frame->type == TRAWL_MSG_MOVED)
        gateway_note_move(gateway, message);
    else if (frame->type == TRAWL_MSG_DRAIN)
        drain(gateway, trawl_json_int(message, "retry_ms", 1000));
    else
        close_all(gateway);
}

static void on_channel_closed(void *user, int reason)
{
    struct trawl_gateway *gateway = user;

    if (reason < 0)
        trawl_error(&gateway->log, "the supervisor's channel broke: %s", strerror(-reason));
    close_all(gateway);
}

static void init_handles(struct trawl_gateway *gateway)
{
    uv_loop_init(&gateway->loop);
    gateway_flush_init(gateway);
    uv_timer_init(&gateway->loop, &gateway->heartbeat);
    uv_timer_init(&gateway->loop, &gateway->drain);
    uv_signal_init(&gateway->loop, &gateway->terminate);
    gateway->heartbeat.data = gateway;
    gateway->drain.data = gateway;
    gateway->terminate.data = gateway;
    uv_signal_start(&gateway->terminate, on_terminate, SIGTERM);
}

static void finish(struct trawl_gateway *gateway)
{
    for (size_t i = 0; i < gateway->hub_count; i++)
        hub_destroy(gateway->hubs[i]);
    readers_destroy(gateway->readers);
    origins_destroy(gateway->origins);
    json_decref(gateway->config);
    json_decref(gateway->platforms);
    json_decref(gateway->plugin_list);
    json_decref(gateway->transports);
    json_decref(gateway->chain);
    free(gateway->data);
    free(gateway->web);
    uv_loop_close(&gateway->loop);
    free(gateway);
}

int trawl_gateway_main(void)
{
    static const struct trawl_channel_ops ops = {.on_frame = on_frame,
                                                 .on_closed = on_channel_closed};
    struct trawl_gateway *gateway;
    bool served;

    if (trawl_child_begin("trawl-gateway") < 0)
        return EXIT_FAILURE;
    gateway = TRAWL_NEW(struct trawl_gateway);
    trawl_log_init(&gateway->log, "gateway %d", (int)getpid());
    init_handles(gateway);
    if (trawl_channel_open(&gateway->loop, TRAWL_CHANNEL_FD, &ops, gateway, &gateway->channel) < 0)
        close_all(gateway);
    uv_run(&gateway->loop, UV_RUN_DEFAULT);
    served = gateway->configured;
    finish(gateway);
    return served ? EXIT_SUCCESS : EXIT_FAILURE;
}
