/* From what listeners were told to the rows of the table. */
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/common.h"
#include "cli/drill/drill_priv.h"
#include "cli/drill/journal.h"
#include "cli/drill/report.h"
#include "util/alloc.h"
#include "util/json.h"

void drill_rows_begin(struct drill *drill, uint64_t behind)
{
    for (size_t i = 0; i < drill->client_count; i++)
        drill_client_begin(&drill->clients[i], behind);
    if (drill->receiver)
        drill_receiver_begin(drill->receiver, behind);
}

void drill_rows_wait(struct drill *drill, uint64_t behind)
{
    for (size_t i = 0; i < drill->client_count; i++) {
        drill->clients[i].story.behind = behind;
        drill->clients[i].story.next_ns = 0;
    }
    if (drill->receiver)
        drill_receiver_begin(drill->receiver, behind);
}

/* --- counting ------------------------------------------------------------------------------------ */

/* From `begin_ns` to `end_ns`; null if that did not come. */
static json_t *ms_between(uint64_t begin_ns, uint64_t end_ns)
{
    if (end_ns == 0)
        return json_null();
    return json_integer(end_ns < begin_ns ? 0 : (json_int_t)((end_ns - begin_ns) / 1000000));
}

static void add_to(json_t *row, const char *name, uint64_t count)
{
    json_int_t sum = trawl_json_int(row, name, 0) + (json_int_t)count;

    json_object_set_new(row, name, json_integer(sum));
}

static void add_count(json_t *row, const struct drill_count *count)
{
    add_to(row, "lost", count->lost);
    add_to(row, "repeated", count->repeated);
    add_to(row, "stray", count->stray);
}

/* Hold a listener against the journal, through `through`, or as far as it got if that is 0. */
static void add_listener(struct drill *drill, json_t *row, struct drill_tally *tally,
                         json_t *client, uint64_t through)
{
    TRAWL_AUTO_FREE uint64_t *journal = NULL;
    struct drill_count counted;
    size_t count = 0;

    if (through == 0)
        through = drill_tally_last(tally);
    if (drill_journal_read(drill->data, drill->target.run_id, tally->through, &journal, &count,
                           &drill->err) < 0) {
        trawl_cli_print_err(NULL, &drill->err);
        drill->code = TRAWL_EXIT_FAILED;
        json_decref(client);
        return;
    }
    counted = drill_tally_check(tally, journal, count, through);
    add_count(row, &counted);
    add_count(client, &counted);
    json_array_append_new(json_object_get(row, "clients"), client);
}

/* --- rows ---------------------------------------------------------------------------------------- */

static json_t *path_of(const struct drill_story *story)
{
    json_t *path = json_array();

    for (size_t i = 0; i < story->moves && i < DRILL_MOVES_MAX; i++)
        json_array_append_new(path, json_string(story->path[i]));
    return path;
}

static void add_client(struct drill *drill, json_t *row, struct drill_client *client,
                       uint64_t through)
{
    const struct drill_story *story = &client->story;
    json_t *told = json_pack("{s:s, s:o, s:i, s:o, s:o}", "client", drill_client_name(client),
                             "path", path_of(story), "reconnects", (int)story->reconnects,
                             "back_ms", ms_between(drill->healed_ns, story->home_ns),
                             "next_event_ms", ms_between(drill->began_ns, story->next_ns));

    add_listener(drill, row, &client->tally, told, through);
}

static void add_receiver(struct drill *drill, json_t *row, bool is_about_it, uint64_t through)
{
    uint64_t next_ns = drill_receiver_next_ns(drill->receiver);
    json_t *told =
        json_pack("{s:s, s:[], s:i, s:o, s:o}", "client", "webhook", "path", "reconnects", 0,
                  "back_ms", is_about_it ? ms_between(drill->healed_ns, next_ns) : json_null(),
                  "next_event_ms", ms_between(drill->began_ns, next_ns));

    add_listener(drill, row, drill_receiver_tally(drill->receiver), told, through);
}

/* Of those whom the fault is about, the one that waited longest; null if one still waits. */
static json_t *longest_wait(const struct drill *drill, const struct drill_fault *fault)
{
    uint64_t longest = 0;
    bool all = true;

    for (size_t i = 0; fault->about_clients && i < drill->client_count; i++) {
        uint64_t next_ns = drill->clients[i].story.next_ns;

        all = all && next_ns > 0;
        longest = next_ns > longest ? next_ns : longest;
    }
    if (fault->about_receiver && drill->receiver) {
        uint64_t next_ns = drill_receiver_next_ns(drill->receiver);

        all = all && next_ns > 0;
        longest = next_ns > longest ? next_ns : longest;
    }
    return ms_between(drill->began_ns, all ? longest : 0);
}

static json_t *make_row(const char *name, const char *title, bool ended, json_t *next_event_ms)
{
    return json_pack("{s:s, s:s, s:n, s:b, s:o, s:i, s:i, s:i, s:[]}", "fault", name, "title",
                     title, "skipped", "ended", (int)ended, "next_event_ms", next_event_ms, "lost",
                     0, "repeated", 0, "stray", 0, "clients");
}

static void print_row(struct drill *drill, const json_t *row)
{
    if (trawl_json_int(row, "lost", 0) > 0 || trawl_json_int(row, "stray", 0) > 0 ||
        !trawl_json_bool(row, "ended", false))
        drill->code = TRAWL_EXIT_FAILED;
    drill_report_row(row, drill->options->json);
}

static void add_all(struct drill *drill, json_t *row, bool is_about_receiver, uint64_t through)
{
    for (size_t i = 0; i < drill->client_count; i++)
        add_client(drill, row, &drill->clients[i], through);
    if (drill->receiver)
        add_receiver(drill, row, is_about_receiver, through);
}

void drill_rows_end(struct drill *drill, const struct drill_fault *fault, bool ended)
{
    json_auto_t *row = make_row(fault->name, fault->title, ended, longest_wait(drill, fault));

    add_all(drill, row, fault->about_receiver, 0);
    print_row(drill, row);
}

void drill_rows_skip(const struct drill *drill, const struct drill_fault *fault, const char *why)
{
    json_auto_t *row = make_row(fault->name, fault->title, true, json_null());

    json_object_set_new(row, "skipped", json_string(why));
    drill_report_row(row, drill->options->json);
}

void drill_rows_finish(struct drill *drill, uint64_t last, bool ended)
{
    json_auto_t *row = make_row("end", "the run's end", ended, json_null());
    json_t *replay = json_pack("{s:s, s:[], s:i, s:n, s:n}", "client", "replay", "path",
                               "reconnects", 0, "back_ms", "next_event_ms");

    drill_rows_begin(drill, last); /* what clients do once the run is over is no part of a fault */
    add_all(drill, row, false, last);
    add_listener(drill, row, &drill->replay.tally, replay, last);
    json_object_set_new(row, "events", json_integer((json_int_t)drill->replay.tally.count));
    print_row(drill, row);
}
