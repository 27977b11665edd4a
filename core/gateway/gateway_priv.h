/* What the files of the gateway share. */
#ifndef TRAWL_GATEWAY_GATEWAY_PRIV_H
#define TRAWL_GATEWAY_GATEWAY_PRIV_H

#include <jansson.h>
#include <uv.h>

#include "gateway/hub.h"
#include "gateway/origin.h"
#include "gateway/readers.h"
#include "http/http.h"
#include "ipc/channel.h"
#include "util/log.h"

#define GATEWAY_HUBS_MAX 16
/* Commands that may wait for the supervisor's answer. */
#define GATEWAY_COMMANDS_MAX 1024

struct gateway_command {
    struct gateway_command *next;
    json_int_t seq;
    /* On the answer, or with status 503 when the supervisor is gone. `result` is borrowed, may be NULL. */
    void (*done)(void *user, int status, const json_t *result);
    void *user;
};

struct trawl_gateway {
    uv_loop_t loop;
    struct trawl_channel *channel;
    struct trawl_http_server *http;
    struct readers *readers;
    struct resolve_job *resolves; /* uthash; of subscriber.c */
    struct origins *origins;
    json_t *config;
    json_t *platforms;
    json_t *plugin_list;
    json_t *transports; /* [{name, kind, paths, ok, state, reason}] in the order of the chain */
    json_t *chain;      /* {failures, retry_after_ms} */
    struct trawl_breaker_limits limits;
    char *data;
    char *web;
    uint32_t epoch;
    uint64_t head;
    size_t ring_bytes;
    unsigned heartbeat_ms;
    unsigned stall_ms;
    unsigned max_messages; /* of a client, in a second */
    unsigned heartbeat_slot;
    unsigned conn_serial;
    unsigned waiting;   /* subscribers in CONN_WAITING */
    uint64_t snapshots; /* that were sent to subscribers that had fallen too far behind */
    struct trawl_hub *hubs[GATEWAY_HUBS_MAX];
    size_t hub_count;
    struct gateway_command *commands;
    unsigned command_count;
    json_int_t command_seq;
    uv_prepare_t flush_soon;
    uv_timer_t flush_later;
    uv_idle_t flush_pass; /* active while a pass is under way */
    uv_timer_t heartbeat;
    uv_timer_t drain;
    uv_signal_t terminate;
    uint64_t pass_began_ns;
    uint64_t pass_next_ns; /* the next one may begin */
    bool configured;
    bool draining;
    char stalled[128]; /* why the store cannot write, or "" */
    uint64_t drain_until;
    bool closing;
    struct trawl_log log;
};

/* gateway.c */
int gateway_command(struct trawl_gateway *gateway, const char *name, json_t *args,
                    void (*done)(void *user, int status, const json_t *result), void *user);

/* flush.c */
void gateway_flush_init(struct trawl_gateway *gateway);
void gateway_flush_close(struct trawl_gateway *gateway);
/* There are new events in rings. */
void gateway_flush_soon(struct trawl_gateway *gateway);
/* Write all that is there now. */
void gateway_flush(struct trawl_gateway *gateway);

/* configure.c: make what CONFIGURE says. 0 or negative, logged. */
int gateway_configure(struct trawl_gateway *gateway, const json_t *message);

/* watchers.c: answer LIST_WATCHERS, and hear MOVED. */
void gateway_list_watchers(struct trawl_gateway *gateway, const json_t *message);
void gateway_note_move(struct trawl_gateway *gateway, const json_t *message);

/* requests.c: the server's callbacks. */
extern const struct trawl_http_handler gateway_http_handler;

#endif
