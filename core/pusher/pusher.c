/* The pusher process: what the supervisor says, and what it is told. */
#include "pusher/pusher.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipc/channel.h"
#include "ipc/child.h"
#include "ipc/commands.h"
#include "ipc/culprit.h"
#include "ipc/messages.h"
#include "plugin/transport.h"
#include "pusher/chain.h"
#include "util/alloc.h"
#include "util/json.h"
#include "util/log.h"

/* The state of the chains is told no more often than this. */
#define STATE_MS 200

/* A push() that is under way when the process is to end may take this long. */
#define DRAIN_MS 3000

struct pusher {
    uv_loop_t loop;
    uv_timer_t state_timer;
    uv_timer_t drain_timer;
    uv_signal_t terminate;
    struct trawl_channel *channel;
    struct trawl_log log;
    struct trawl_sender **senders;
    size_t sender_count;
    struct trawl_chain **chains;
    char **chain_names;
    size_t chain_count;
    json_int_t command_seq;
    json_t *saves; /* {seq of a command: chain whose place it saves} */
    bool configured;
    bool draining;
    bool closing;
};

static void advance_drain(struct pusher *pusher);

/* Nothing is put in order: a push() may be under way, and what it sends will be sent again. */
static void leave(struct pusher *pusher, const char *why)
{
    trawl_error(&pusher->log, "%s, leaving", why);
    _exit(EXIT_FAILURE);
}

/* --- what it tells -------------------------------------------------------------------------------- */

static void send_json(struct pusher *pusher, uint16_t type, json_t *message)
{
    if (trawl_channel_send_json(pusher->channel, type, message) < 0)
        leave(pusher, "the supervisor cannot be told");
    json_decref(message);
}

static json_int_t command(struct pusher *pusher, const char *name, json_t *args)
{
    send_json(
        pusher, TRAWL_MSG_COMMAND,
        json_pack("{s:I, s:s, s:o}", "seq", ++pusher->command_seq, "name", name, "args", args));
    return pusher->command_seq;
}

static void on_save(void *user, const char *chain, uint64_t seq, uint64_t lost)
{
    struct pusher *pusher = user;
    char key[32];
    json_int_t number = command(pusher, TRAWL_COMMAND_CHAIN_SENT,
                                json_pack("{s:s, s:I, s:I}", "chain", chain, "seq", (json_int_t)seq,
                                          "lost", (json_int_t)lost));

    snprintf(key, sizeof(key), "%lld", (long long)number);
    json_object_set_new(pusher->saves, key, json_string(chain));
}

static void on_disabled(void *user, const char *transport, const char *reason)
{
    struct pusher *pusher = user;

    for (size_t i = 0; i < pusher->chain_count; i++)
        trawl_chain_disable(pusher->chains[i], transport, reason);
    command(pusher, TRAWL_COMMAND_DISABLE_TRANSPORT,
            json_pack("{s:s, s:s}", "transport", transport, "reason", reason));
}

static void on_state_timer(uv_timer_t *timer)
{
    struct pusher *pusher = timer->data;
    json_t *chains = json_array();

    for (size_t i = 0; i < pusher->chain_count; i++)
        json_array_append_new(chains, trawl_chain_state(pusher->chains[i]));
    send_json(pusher, TRAWL_MSG_CHAINS, json_pack("{s:o}", "chains", chains));
    advance_drain(pusher);
}

static void on_changed(void *user)
{
    struct pusher *pusher = user;

    if (pusher->draining) {
        uv_timer_start(&pusher->state_timer, on_state_timer, 0, 0);
        return;
    }
    if (!uv_is_active((uv_handle_t *)&pusher->state_timer) && !pusher->closing)
        uv_timer_start(&pusher->state_timer, on_state_timer, STATE_MS, 0);
}

/* Its thread is lost, but not the others': the supervisor starts the process again, and learns whose doing it was. */
static void on_stalled(void *user, const char *chain, const char *transport, uint64_t ms)
{
    char why[256];

    trawl_culprit_hangs(transport);
    snprintf(why, sizeof(why),
             "transport '%s' of chain '%s' has not come back from push() for %llu ms", transport,
             chain, (unsigned long long)ms);
    leave(user, why);
}

static const struct trawl_chain_ops chain_ops = {
    .save = on_save,
    .disabled = on_disabled,
    .changed = on_changed,
    .stalled = on_stalled,
};

/* --- configuring ---------------------------------------------------------------------------------- */

static struct trawl_sender *find_sender(const struct pusher *pusher, const char *name)
{
    for (size_t i = 0; i < pusher->sender_count; i++) {
        if (strcmp(trawl_sender_name(pusher->senders[i]), name) == 0)
            return pusher->senders[i];
    }
    return NULL;
}

/* One for all chains that name it. */
static struct trawl_sender *get_sender(struct pusher *pusher, const json_t *message,
                                       const char *name, struct trawl_err *err)
{
    const json_t *transports = json_object_get(json_object_get(message, "config"), "transports");
    json_t *options = json_object_get(json_object_get(transports, name), "options");
    const char *file = trawl_json_string(json_object_get(message, "plugins"), name, NULL);
    const char *reason = trawl_transport_left_out(message, name);
    struct trawl_sender *sender = find_sender(pusher, name);

    if (sender)
        return sender;
    if (reason) {
        trawl_err_set(err, -ENOENT, "", "%s", reason);
        return NULL;
    }
    if (trawl_sender_create(&pusher->loop, name, file, options, &sender, err) < 0)
        return NULL;
    pusher->senders =
        trawl_xrealloc(pusher->senders, (pusher->sender_count + 1) * sizeof(*pusher->senders));
    pusher->senders[pusher->sender_count++] = sender;
    return sender;
}

static void add_transport(struct pusher *pusher, struct trawl_chain *chain, const json_t *message,
                          const char *name)
{
    const json_t *disabled = json_object_get(json_object_get(message, "disabled"), name);
    const json_t *transports = json_object_get(json_object_get(message, "config"), "transports");
    json_int_t stall_ms =
        trawl_json_int(json_object_get(transports, name), "stall_timeout", 300000);
    struct trawl_err err = {0};
    struct trawl_sender *sender = get_sender(pusher, message, name, &err);

    if (!sender)
        trawl_warning(&pusher->log, "transport '%s' is left out: %s", name, err.message);
    trawl_chain_add(chain, name, sender, (uint64_t)stall_ms, sender ? NULL : err.message,
                    json_string_value(disabled));
}

static void add_chain(struct pusher *pusher, const json_t *message, const char *name,
                      const json_t *config)
{
    const json_t *place = json_object_get(json_object_get(message, "places"), name);
    struct trawl_chain *chain = trawl_chain_create(
        &pusher->loop, name, config, trawl_json_string(message, "data", "data"),
        (uint32_t)trawl_json_int(message, "epoch", 0), place, &chain_ops, pusher);
    json_t *transport;
    size_t i;

    json_array_foreach (json_object_get(config, "order"), i, transport)
        add_transport(pusher, chain, message, json_string_value(transport));
    pusher->chains =
        trawl_xrealloc(pusher->chains, (pusher->chain_count + 1) * sizeof(*pusher->chains));
    pusher->chain_names = trawl_xrealloc(pusher->chain_names,
                                         (pusher->chain_count + 1) * sizeof(*pusher->chain_names));
    pusher->chain_names[pusher->chain_count] = trawl_xstrdup(name);
    pusher->chains[pusher->chain_count++] = chain;
}

static void set_head(struct pusher *pusher, const json_t *message)
{
    for (size_t i = 0; i < pusher->chain_count; i++)
        trawl_chain_head(pusher->chains[i], (uint64_t)trawl_json_int(message, "head", 0));
}

static void configure(struct pusher *pusher, const json_t *message)
{
    json_t *chains = json_object_get(json_object_get(message, "config"), "chains");
    const char *name;
    json_t *chain;

    trawl_culprit_open(TRAWL_LISTEN_FD);
    json_object_foreach (chains, name, chain) {
        if (strcmp(name, "live") != 0)
            add_chain(pusher, message, name, chain);
    }
    pusher->configured = true;
    send_json(pusher, TRAWL_MSG_SERVING, json_pack("{s:[]}", "transports"));
    on_changed(pusher);
    set_head(pusher, message);
}

/* --- the end -------------------------------------------------------------------------------------- */

/* Nothing is under way any more. */
static void close_all(struct pusher *pusher)
{
    pusher->closing = true;
    trawl_channel_close(pusher->channel);
    for (size_t i = 0; i < pusher->sender_count; i++)
        trawl_sender_close(pusher->senders[i]);
    for (size_t i = 0; i < pusher->chain_count; i++)
        trawl_chain_close(pusher->chains[i]);
    uv_close((uv_handle_t *)&pusher->state_timer, NULL);
    uv_close((uv_handle_t *)&pusher->terminate, NULL);
    /* Only the transports are waited for, but not for ever. */
    uv_unref((uv_handle_t *)&pusher->drain_timer);
}

static bool is_quiet(const struct pusher *pusher)
{
    for (size_t i = 0; i < pusher->chain_count; i++) {
        if (!trawl_chain_is_quiet(pusher->chains[i]))
            return false;
    }
    return true;
}

static void advance_drain(struct pusher *pusher)
{
    if (pusher->draining && !pusher->closing && is_quiet(pusher))
        close_all(pusher);
}

/* What has not come back is not known to have arrived, and will be sent again. */
static void on_drain_timer(uv_timer_t *timer)
{
    struct pusher *pusher = timer->data;

    trawl_warning(&pusher->log, "a transport or the store does not come back, ending without it");
    _exit(EXIT_SUCCESS);
}

static void drain(struct pusher *pusher)
{
    if (pusher->draining || pusher->closing)
        return;
    pusher->draining = true;
    for (size_t i = 0; i < pusher->chain_count; i++)
        trawl_chain_stop(pusher->chains[i]);
    for (size_t i = 0; i < pusher->sender_count; i++)
        trawl_sender_stop(pusher->senders[i]);
    uv_timer_start(&pusher->drain_timer, on_drain_timer, DRAIN_MS, 0);
    advance_drain(pusher);
}

static void on_terminate(uv_signal_t *signal, int number)
{
    (void)number;
    drain(signal->data);
}

/* --- the channel ---------------------------------------------------------------------------------- */

static void on_reply(struct pusher *pusher, const json_t *message)
{
    const char *chain;
    char key[32];

    snprintf(key, sizeof(key), "%lld", (long long)trawl_json_int(message, "seq", 0));
    chain = json_string_value(json_object_get(pusher->saves, key));
    for (size_t i = 0; chain && i < pusher->chain_count; i++) {
        if (strcmp(pusher->chain_names[i], chain) == 0)
            trawl_chain_saved(pusher->chains[i], trawl_json_int(message, "status", -1) == 0);
    }
    json_object_del(pusher->saves, key);
    advance_drain(pusher);
}

static void on_enable(struct pusher *pusher, const json_t *message)
{
    for (size_t i = 0; i < pusher->chain_count; i++)
        trawl_chain_enable(pusher->chains[i], trawl_json_string(message, "transport", ""));
}

static void on_frame(void *user, const struct trawl_frame *frame)
{
    struct pusher *pusher = user;
    json_auto_t *message = NULL;

    if (pusher->closing)
        return;
    if (trawl_json_parse(frame->payload, frame->len, &message, NULL) < 0)
        leave(pusher, "the supervisor sent what cannot be read");
    if (frame->type == TRAWL_MSG_CONFIGURE && !pusher->configured) {
        configure(pusher, message);
    } else if (frame->type == TRAWL_MSG_HEAD) {
        set_head(pusher, message);
    } else if (frame->type == TRAWL_MSG_REPLY) {
        on_reply(pusher, message);
    } else if (frame->type == TRAWL_MSG_ENABLE) {
        on_enable(pusher, message);
    } else if (frame->type == TRAWL_MSG_DRAIN) {
        drain(pusher);
    } else if (frame->type != TRAWL_MSG_STALLED) {
        leave(pusher, "the supervisor sent what does not fit");
    }
}

static void on_channel_closed(void *user, int reason)
{
    struct pusher *pusher = user;

    if (!pusher->closing)
        leave(pusher, reason < 0 ? strerror(-reason) : "the supervisor is gone");
}

static void init_handles(struct pusher *pusher)
{
    uv_loop_init(&pusher->loop);
    uv_timer_init(&pusher->loop, &pusher->state_timer);
    uv_timer_init(&pusher->loop, &pusher->drain_timer);
    uv_signal_init(&pusher->loop, &pusher->terminate);
    pusher->state_timer.data = pusher;
    pusher->drain_timer.data = pusher;
    pusher->terminate.data = pusher;
    uv_signal_start(&pusher->terminate, on_terminate, SIGTERM);
}

static void finish(struct pusher *pusher)
{
    for (size_t i = 0; i < pusher->chain_count; i++)
        free(pusher->chain_names[i]);
    free(pusher->chain_names);
    free(pusher->chains);
    free(pusher->senders);
    json_decref(pusher->saves);
    uv_close((uv_handle_t *)&pusher->drain_timer, NULL);
    uv_run(&pusher->loop, UV_RUN_DEFAULT);
    uv_loop_close(&pusher->loop);
    free(pusher);
}

int trawl_pusher_main(void)
{
    static const struct trawl_channel_ops ops = {.on_frame = on_frame,
                                                 .on_closed = on_channel_closed};
    struct pusher *pusher;

    if (trawl_child_begin("trawl-pusher") < 0)
        return EXIT_FAILURE;
    pusher = TRAWL_NEW(struct pusher);
    trawl_log_init(&pusher->log, "pusher %d", (int)getpid());
    pusher->saves = json_object();
    init_handles(pusher);
    if (trawl_channel_open(&pusher->loop, TRAWL_CHANNEL_FD, &ops, pusher, &pusher->channel) < 0)
        leave(pusher, "there is no supervisor");
    uv_run(&pusher->loop, UV_RUN_DEFAULT);
    finish(pusher);
    return EXIT_SUCCESS;
}
