/* Pushing chains, and the commands `chain_sent`, `disable_transport` and `enable_transport`. */
#include "supervisor/pushing.h"

#include <stdlib.h>
#include <string.h>

#include "ipc/commands.h"
#include "supervisor/commands.h"
#include "supervisor/gateways.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/json.h"

/* --- places --------------------------------------------------------------------------------------- */

/* All chains but the one that clients walk. New reference. */
static json_t *pushing_chains(const struct trawl_supervisor *supervisor)
{
    json_t *chains = json_copy(json_object_get(supervisor->options->config->root, "chains"));

    if (!chains)
        return json_object();
    json_object_del(chains, "live");
    return chains;
}

int trawl__pushing_open(struct trawl_supervisor *supervisor, struct trawl_errlist *errs)
{
    json_auto_t *chains = pushing_chains(supervisor);
    int r = trawl_store_adopt_chains(supervisor->store, chains, &supervisor->places,
                                     &supervisor->disabled);

    if (r < 0)
        trawl_errlist_add(errs, "", "the places of chains cannot be read: %s", strerror(-r));
    return r;
}

void trawl__pushing_free(struct trawl_supervisor *supervisor)
{
    json_decref(supervisor->places);
    json_decref(supervisor->disabled);
    json_decref(supervisor->chains);
}

bool trawl__pushing_is_configured(const struct trawl_supervisor *supervisor)
{
    return json_object_size(supervisor->places) > 0;
}

void trawl__pushing_configure(const struct trawl_supervisor *supervisor, json_t *configuration)
{
    json_object_set(configuration, "places", supervisor->places);
    json_object_set(configuration, "disabled", supervisor->disabled);
}

void trawl__pushing_on_chains(struct trawl_supervisor *supervisor, const json_t *message)
{
    json_decref(supervisor->chains);
    supervisor->chains = json_incref(json_object_get(message, "chains"));
}

/* --- commands ------------------------------------------------------------------------------------- */

struct push_command {
    struct trawl_supervisor *supervisor;
    trawl_command_done *done;
    void *user;
    json_t *args;
};

static struct push_command *push_command(struct trawl_supervisor *supervisor, const json_t *args,
                                         trawl_command_done *done, void *user)
{
    struct push_command *command = TRAWL_NEW(struct push_command);

    *command = (struct push_command){
        .supervisor = supervisor,
        .done = done,
        .user = user,
        .args = json_incref((json_t *)(uintptr_t)args),
    };
    return command;
}

static const char *arg(const struct push_command *command, const char *name)
{
    return trawl_json_string(command->args, name, "");
}

/* False, and the refusal is on its way, if it was not stored. */
static bool push_command_is_stored(struct push_command *command, int status)
{
    if (status < 0)
        trawl__command_refuse(command->done, command->user, 503, "Not stored",
                              "That could not be stored: %s", strerror(-status));
    return status >= 0;
}

static void push_command_free(struct push_command *command)
{
    json_decref(command->args);
    free(command);
}

static void chain_on_saved(void *user, int status)
{
    struct push_command *command = user;
    json_t *place = json_object_get(command->supervisor->places, arg(command, "chain"));

    if (push_command_is_stored(command, status)) {
        json_object_set(place, "seq", json_object_get(command->args, "seq"));
        json_object_set(place, "lost", json_object_get(command->args, "lost"));
        command->done(command->user, 0, NULL);
    }
    push_command_free(command);
}

void trawl__command_chain_sent(struct trawl_supervisor *supervisor, const json_t *args,
                               trawl_command_done *done, void *user)
{
    const char *chain = trawl_json_string(args, "chain", "");
    json_int_t seq = trawl_json_int(args, "seq", -1);
    json_int_t lost = trawl_json_int(args, "lost", -1);

    if (!json_object_get(supervisor->places, chain) || seq < 0 || lost < 0) {
        trawl__command_refuse(done, user, 400, "No such place", "There is no such chain or place");
        return;
    }
    trawl_store_save_chain(supervisor->store, chain, (uint64_t)seq, (uint64_t)lost, chain_on_saved,
                           push_command(supervisor, args, done, user));
}

static void transport_on_disabled(void *user, int status)
{
    struct push_command *command = user;

    if (push_command_is_stored(command, status)) {
        json_object_set(command->supervisor->disabled, arg(command, "transport"),
                        json_object_get(command->args, "reason"));
        command->done(command->user, 0, NULL);
    }
    push_command_free(command);
}

void trawl__command_disable_transport(struct trawl_supervisor *supervisor, const json_t *args,
                                      trawl_command_done *done, void *user)
{
    trawl_store_disable_transport(supervisor->store, trawl_json_string(args, "transport", ""),
                                  trawl_json_string(args, "reason", ""), trawl_now_ms(),
                                  transport_on_disabled,
                                  push_command(supervisor, args, done, user));
}

static void transport_on_enabled(void *user, int status)
{
    struct push_command *command = user;
    json_auto_t *result = NULL;

    if (push_command_is_stored(command, status)) {
        json_object_del(command->supervisor->disabled, arg(command, "transport"));
        trawl__gateways_enable(command->supervisor, arg(command, "transport"));
        result = json_pack("{s:s}", "transport", arg(command, "transport"));
        command->done(command->user, 0, result);
    }
    push_command_free(command);
}

void trawl__command_enable_transport(struct trawl_supervisor *supervisor, const json_t *args,
                                     trawl_command_done *done, void *user)
{
    const char *transport = trawl_json_string(args, "transport", "");
    char room[128];

    if (trawl_culprits_forgive(&supervisor->culprits, transport)) {
        trawl__gateways_reload(supervisor);
        done(user, 0, args);
        return;
    }
    if (!json_object_get(supervisor->disabled, transport)) {
        trawl_log_quote(room, sizeof(room), transport);
        trawl__command_refuse(done, user, 404, "Not disabled",
                              "There is no transport '%s' that is disabled or left out", room);
        return;
    }
    trawl_store_disable_transport(supervisor->store, transport, NULL, trawl_now_ms(),
                                  transport_on_enabled, push_command(supervisor, args, done, user));
}
