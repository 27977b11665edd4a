#include "cli/drill/client.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "journal/event.h"
#include "journal/phase.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/json.h"

/* Bounds of the pauses between attempts, as the browser's client has them. */
#define PAUSE_MAX_MS 30000u
#define PROBE_MAX_MS 600000u
/* Messages that a probe keeps; one that is so far behind is tried again later. */
#define HELD_MAX 10000u

static const struct drill_connection_ops connection_ops;
static const struct drill_connection_ops probe_ops;

static void connect_on(struct drill_client *client);
static void probe_from(struct drill_client *client, size_t start);

/* --- events -------------------------------------------------------------------------------------- */

static void keep_id(struct drill_client *client, const char *id)
{
    free(client->last_id);
    client->last_id = trawl_xstrdup(id);
}

static bool is_run_end(const json_t *message)
{
    const json_t *data = json_object_get(message, "data");
    enum trawl_phase phase;

    return strcmp(trawl_json_string(message, "type", ""), "scrape_progress") == 0 &&
           json_is_null(json_object_get(data, "platform")) &&
           trawl_phase_parse(trawl_json_string(data, "phase", ""), &phase) == 0 &&
           trawl_phase_is_end(phase);
}

/* 0 where the message has no id. */
static uint64_t seq_of(const json_t *message)
{
    uint32_t epoch;
    uint64_t seq;
    const char *id = trawl_json_string(message, "id", NULL);

    return id && trawl_event_id_parse(id, &epoch, &seq) == 0 ? seq : 0;
}

static void take_event(struct drill_client *client, const json_t *message, uint64_t seq)
{
    bool is_progress = strcmp(trawl_json_string(message, "type", ""), "scrape_progress") == 0;
    json_int_t n = trawl_json_int(json_object_get(message, "data"), "n", 0);

    if (!drill_tally_take(&client->tally, seq, is_progress ? n : 0))
        return;
    keep_id(client, trawl_json_string(message, "id", ""));
    if (client->story.next_ns == 0 && seq > client->story.behind)
        client->story.next_ns = trawl_mono_ns();
    if (is_run_end(message))
        drill_client_close(client);
}

/* A snapshot and a heartbeat have an id as well: the place that they are through. */
static void take_message(struct drill_client *client, const json_t *message)
{
    const char *type = trawl_json_string(message, "type", "");
    uint64_t seq = seq_of(message);

    if (seq == 0)
        return;
    if (strcmp(type, "heartbeat") == 0 || strcmp(type, "snapshot") == 0)
        keep_id(client, trawl_json_string(message, "id", ""));
    else
        take_event(client, message, seq);
}

/* --- connecting ---------------------------------------------------------------------------------- */

static struct drill_connection *open_way(struct drill_client *client, size_t index,
                                         const struct drill_connection_ops *ops)
{
    return drill_connection_open(client->loop, client->target, &client->chain.ways[index],
                                 client->last_id, ops, client);
}

static void connect_on(struct drill_client *client)
{
    client->connection = open_way(client, client->index, &connection_ops);
}

static void on_retry(uv_timer_t *timer)
{
    connect_on(timer->data);
}

static unsigned random_below(unsigned bound)
{
    unsigned number = 0;

    if (getentropy(&number, sizeof(number)) < 0)
        return bound;
    return bound > 0 ? number % bound : 0;
}

/* With full jitter: within 100, 300, 500 ms, then 2, 4, 8 … 30 s. */
static unsigned next_pause(const struct drill_client *client)
{
    static const unsigned first[] = {100, 300, 500};
    unsigned beyond = client->tries - (unsigned)TRAWL_ARRAY_SIZE(first);
    unsigned bound = PAUSE_MAX_MS;

    if (client->tries < TRAWL_ARRAY_SIZE(first))
        bound = first[client->tries];
    else if (beyond < 4)
        bound = 2000u << beyond;
    return random_below(bound);
}

static void retry_after(struct drill_client *client, unsigned ms)
{
    client->tries++;
    uv_timer_start(&client->retry_timer, on_retry, ms, 0);
}

static void came_home(struct drill_client *client)
{
    client->story.home_ns = trawl_mono_ns();
}

/* --- failures ------------------------------------------------------------------------------------ */

static void moved(struct drill_client *client)
{
    if (client->story.moves < DRILL_MOVES_MAX)
        client->story.path[client->story.moves] = client->chain.ways[client->index].name;
    client->story.moves++;
}

static void move_on(struct drill_client *client)
{
    client->failures = 0;
    if (client->index + 1 < client->chain.count) {
        client->index++;
        moved(client);
        client->tries++;
        connect_on(client);
        return;
    }
    if (client->index > 0) {
        client->index = 0;
        moved(client);
    }
    retry_after(client, next_pause(client));
}

static void stop_probing(struct drill_client *client)
{
    uv_timer_stop(&client->probe_timer);
    drill_connection_close(client->probe);
    client->probe = NULL;
    json_decref(client->held);
    client->held = NULL;
}

static void on_end(void *user, const struct drill_end *end)
{
    struct drill_client *client = user;

    client->connection = NULL;
    client->story.reconnects++;
    stop_probing(client);
    if (end->kind == DRILL_END_OVER) {
        drill_client_close(client);
        return;
    }
    if (end->lived)
        client->failures = client->tries = 0;
    if (end->kind == DRILL_END_RESTART) {
        retry_after(client, random_below(end->retry_ms));
        return;
    }
    if (end->kind == DRILL_END_SILENT)
        client->failures = client->chain.failures;
    else if (!end->lived)
        client->failures++;
    if (client->failures >= client->chain.failures)
        move_on(client);
    else
        retry_after(client, next_pause(client));
}

/* --- the way back -------------------------------------------------------------------------------- */

static void on_probe(uv_timer_t *timer)
{
    probe_from(timer->data, 0);
}

static void schedule_probe(struct drill_client *client, uint64_t ms)
{
    stop_probing(client);
    if (client->index == 0)
        return;
    client->probe_ms = ms < PROBE_MAX_MS ? ms : PROBE_MAX_MS;
    uv_timer_start(&client->probe_timer, on_probe, client->probe_ms, 0);
}

static void probe_from(struct drill_client *client, size_t start)
{
    if (start >= client->index) {
        schedule_probe(client, 2 * client->probe_ms);
        return;
    }
    client->probed = start;
    client->held = json_array();
    client->probe = open_way(client, start, &probe_ops);
}

static void probe_on_end(void *user, const struct drill_end *end)
{
    struct drill_client *client = user;

    (void)end;
    client->probe = NULL;
    stop_probing(client);
    probe_from(client, client->probed + 1);
}

static void probe_on_message(void *user, const json_t *message)
{
    struct drill_client *client = user;

    json_array_append(client->held, (json_t *)(uintptr_t)message);
    if (json_array_size(client->held) <= HELD_MAX)
        return;
    stop_probing(client);
    probe_from(client, client->probed + 1);
}

/* What the probe has heard and the old connection has brought as well is no repeat of the server's. */
static void take_held(struct drill_client *client, const json_t *held)
{
    json_t *message;
    size_t i;

    json_array_foreach ((json_t *)(uintptr_t)held, i, message) {
        if (!client->closed && seq_of(message) > drill_tally_last(&client->tally))
            take_message(client, message);
    }
}

/* The probe has caught up: it takes the connection's place. */
static void probe_on_caught_up(void *user)
{
    struct drill_client *client = user;
    json_t *held = client->held;

    drill_connection_close(client->connection);
    client->connection = client->probe;
    client->probe = NULL;
    client->held = NULL;
    client->index = client->probed;
    client->failures = 0;
    moved(client);
    if (client->index == 0)
        came_home(client);
    drill_connection_redirect(client->connection, &connection_ops, client);
    take_held(client, held);
    json_decref(held);
    if (!client->closed)
        schedule_probe(client, client->chain.retry_after_ms);
}

static void probe_on_acknowledged(void *user)
{
    (void)user; /* it has to catch up as well */
}

static const struct drill_connection_ops probe_ops = {
    .on_acknowledged = probe_on_acknowledged,
    .on_message = probe_on_message,
    .on_caught_up = probe_on_caught_up,
    .on_end = probe_on_end,
};

/* --- the connection ------------------------------------------------------------------------------ */

static void on_acknowledged(void *user)
{
    struct drill_client *client = user;

    if (client->index == 0)
        came_home(client);
    schedule_probe(client, client->chain.retry_after_ms);
}

static void on_message(void *user, const json_t *message)
{
    take_message(user, message);
}

static void on_caught_up(void *user)
{
    (void)user;
}

static const struct drill_connection_ops connection_ops = {
    .on_acknowledged = on_acknowledged,
    .on_message = on_message,
    .on_caught_up = on_caught_up,
    .on_end = on_end,
};

/* --- for the drill ------------------------------------------------------------------------------- */

void drill_client_start(struct drill_client *client, uv_loop_t *loop,
                        const struct drill_target *target, const struct drill_chain *chain)
{
    *client = (struct drill_client){.loop = loop, .target = target, .chain = *chain};
    uv_timer_init(loop, &client->retry_timer);
    uv_timer_init(loop, &client->probe_timer);
    client->retry_timer.data = client;
    client->probe_timer.data = client;
    connect_on(client);
}

const char *drill_client_name(const struct drill_client *client)
{
    return client->chain.ways[0].name;
}

void drill_client_begin(struct drill_client *client, uint64_t behind)
{
    client->story = (struct drill_story){.behind = behind};
}

bool drill_client_is_home(const struct drill_client *client)
{
    return client->ended ||
           (client->index == 0 && drill_connection_is_acknowledged(client->connection));
}

void drill_client_close(struct drill_client *client)
{
    if (client->closed)
        return;
    client->closed = true;
    client->ended = true;
    stop_probing(client);
    drill_connection_close(client->connection);
    client->connection = NULL;
    uv_close((uv_handle_t *)&client->retry_timer, NULL);
    uv_close((uv_handle_t *)&client->probe_timer, NULL);
}

void drill_client_finish(struct drill_client *client)
{
    drill_tally_finish(&client->tally);
    free(client->last_id);
}
