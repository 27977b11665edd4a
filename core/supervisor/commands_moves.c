/* The commands `move` and `transports`: how often clients went from one transport to another, and why. Counted here, so that
 * it is the same whichever gateway is asked; since the server started. */
#include <string.h>

#include "supervisor/commands.h"
#include "supervisor/gateways.h"
#include "util/alloc.h"
#include "util/json.h"
#include "util/suggest.h"

/* Reasons are what clients say: beyond so many entries new ones are counted under "other", one for each pair of
 * transports. */
#define MOVES_MAX    256
#define OTHER_REASON "other"

static bool refuse_transport(struct trawl_supervisor *supervisor, const json_t *args,
                             const char *field, trawl_command_done *done, void *user)
{
    json_t *transports = json_object_get(supervisor->options->config->root, "transports");
    const char *name = trawl_json_string(args, field, "");
    size_t count = json_object_size(transports), i = 0;
    TRAWL_AUTO_FREE const char **names = trawl_xalloc((count + 1) * sizeof(*names));
    json_auto_t *problem = NULL;
    const char *known, *nearest;
    json_t *transport;
    char detail[256], room[128];

    if (json_object_get(transports, name))
        return false;
    json_object_foreach (transports, known, transport) {
        names[i++] = known;
    }
    nearest = trawl_suggest(name, names, count);
    snprintf(detail, sizeof(detail), "There is no transport '%s'%s%s%s",
             trawl_log_quote(room, sizeof(room), name), nearest ? "; did you mean '" : "",
             nearest ? nearest : "", nearest ? "'?" : "");
    problem = json_pack("{s:s, s:s, s:s}", "title", "Unknown transport", "detail", detail, "field",
                        field);
    done(user, 422, problem);
    return true;
}

static json_t *find_move(const json_t *moves, const char *from, const char *to, const char *reason)
{
    json_t *move;
    size_t i;

    json_array_foreach (moves, i, move) {
        if (strcmp(trawl_json_string(move, "from", ""), from) == 0 &&
            strcmp(trawl_json_string(move, "to", ""), to) == 0 &&
            strcmp(trawl_json_string(move, "reason", ""), reason) == 0)
            return move;
    }
    return NULL;
}

static void count_move(json_t *moves, const json_t *args)
{
    const char *from = trawl_json_string(args, "from", "");
    const char *to = trawl_json_string(args, "to", "");
    const char *reason = trawl_json_string(args, "reason", OTHER_REASON);
    json_int_t count = trawl_json_int(args, "count", 1);
    json_t *move = find_move(moves, from, to, reason);

    if (!move && json_array_size(moves) >= MOVES_MAX) {
        reason = OTHER_REASON;
        move = find_move(moves, from, to, reason);
    }
    if (move)
        json_object_set_new(move, "count", json_integer(trawl_json_int(move, "count", 0) + count));
    else
        json_array_append_new(moves, json_pack("{s:s, s:s, s:s, s:I}", "from", from, "to", to,
                                               "reason", reason, "count", count));
}

void trawl__command_move(struct trawl_supervisor *supervisor, const json_t *args,
                         trawl_command_done *done, void *user)
{
    if (refuse_transport(supervisor, args, "from", done, user) ||
        refuse_transport(supervisor, args, "to", done, user))
        return;
    count_move(supervisor->moves, args);
    if (trawl_json_string(args, "connection_id", NULL))
        trawl__gateways_moved(supervisor, args);
    done(user, 0, NULL);
}

void trawl__command_transports(struct trawl_supervisor *supervisor, trawl_command_done *done,
                               void *user)
{
    json_auto_t *result =
        json_pack("{s:o, s:O, s:o}", "transports", trawl__gateways_transports(supervisor), "moves",
                  supervisor->moves, "chains",
                  supervisor->chains ? json_incref(supervisor->chains) : json_array());

    done(user, 0, result);
}
