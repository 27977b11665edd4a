#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <unistd.h>

#include "../store/scene.h"
#include "pusher/chain.h"
#include "pusher/chain_priv.h"
#include "util/buf.h"

#define SENDERS_MAX 2
#define STALL_MS    1000

/* A chain over a store's journal, with transports that do as they are told and keep what they get. */
struct fixture {
    struct scene *scene;
    struct trawl_chain *chain;
    struct trawl_sender *senders[SENDERS_MAX];
    char *paths[SENDERS_MAX];
    char *away; /* where the store's folder is when it cannot be read */
    size_t sender_count;
    uint64_t saved;
    uint64_t lost;
    unsigned saves;
    unsigned failing_saves; /* so many of the next saves fail */
    bool saving;
    unsigned changes;
    char disabled[64];
    char stalled[64];
};

/* --- what a chain asks for ------------------------------------------------------------------------ */

static void on_stored(void *user, int status)
{
    struct fixture *fixture = user;
    bool good = status == 0 && fixture->failing_saves == 0;

    if (fixture->failing_saves > 0)
        fixture->failing_saves--;
    fixture->saving = false;
    trawl_chain_saved(fixture->chain, good);
}

static void on_save(void *user, const char *chain, uint64_t seq, uint64_t lost)
{
    struct fixture *fixture = user;

    assert_false(fixture->saving);
    assert_true(seq > fixture->saved || fixture->saves == 0); /* a place never goes back */
    fixture->saving = true;
    fixture->saves++;
    fixture->saved = seq;
    fixture->lost = lost;
    trawl_store_save_chain(fixture->scene->store, chain, seq, lost, on_stored, fixture);
}

static void on_disabled(void *user, const char *transport, const char *reason)
{
    struct fixture *fixture = user;

    snprintf(fixture->disabled, sizeof(fixture->disabled), "%.20s: %.40s", transport, reason);
}

static void on_changed(void *user)
{
    ((struct fixture *)user)->changes++;
}

static void on_stalled(void *user, const char *chain, const char *transport, uint64_t ms)
{
    struct fixture *fixture = user;

    assert_true(ms >= STALL_MS);
    snprintf(fixture->stalled, sizeof(fixture->stalled), "%.20s: %.20s", chain, transport);
}

static const struct trawl_chain_ops ops = {
    .save = on_save,
    .disabled = on_disabled,
    .changed = on_changed,
    .stalled = on_stalled,
};

/* --- the scene ------------------------------------------------------------------------------------ */

static int setup(void **state)
{
    struct fixture *fixture = TRAWL_NEW(struct fixture);
    void *scene = NULL;

    scene_setup(&scene);
    fixture->scene = scene;
    *state = fixture;
    return 0;
}

static void run_until(struct fixture *fixture, bool (*done)(const struct fixture *fixture))
{
    uint64_t end_ms = uv_hrtime() / 1000000 + 20000;

    while (!done(fixture)) {
        assert_true(uv_hrtime() / 1000000 < end_ms);
        uv_run(&fixture->scene->loop, UV_RUN_NOWAIT);
        usleep(1000);
    }
}

static bool is_quiet(const struct fixture *fixture)
{
    return trawl_chain_is_quiet(fixture->chain);
}

static void close_chain(struct fixture *fixture)
{
    if (!fixture->chain)
        return;
    trawl_chain_stop(fixture->chain);
    run_until(fixture, is_quiet);
    for (size_t i = 0; i < fixture->sender_count; i++) {
        trawl_sender_close(fixture->senders[i]);
        unlink(fixture->paths[i]);
        free(fixture->paths[i]);
    }
    fixture->sender_count = 0;
    trawl_chain_close(fixture->chain);
    fixture->chain = NULL;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    void *scene = fixture->scene;

    close_chain(fixture);
    scene_teardown(&scene);
    free(fixture->away);
    free(fixture);
    return 0;
}

/* `config` is written with ' for "; the place is what the store would have. */
static void open_chain(struct fixture *fixture, const char *config_text, uint64_t seq)
{
    TRAWL_AUTO_FREE char *text = trawl_xstrdup(config_text);
    json_auto_t *place = json_pack("{s:I, s:i}", "seq", (json_int_t)seq, "lost", 0);
    json_auto_t *chains = json_pack("{s:{}}", "c");
    json_auto_t *places = NULL;
    json_auto_t *disabled = NULL;
    json_auto_t *config = NULL;

    for (char *at = text; *at; at++) {
        if (*at == '\'')
            *at = '"';
    }
    config = json_loads(text, 0, NULL);
    assert_non_null(config);
    trawl_store_adopt_chains(fixture->scene->store, chains, &places, &disabled);
    fixture->chain =
        trawl_chain_create(&fixture->scene->loop, "c", config, fixture->scene->folder,
                           trawl_store_epoch(fixture->scene->store), place, &ops, fixture);
    fixture->saves = 0;
    fixture->saved = seq;
}

/* A transport at the end of the order; `script` is its words, separated by spaces. */
static void add(struct fixture *fixture, const char *script)
{
    size_t n = fixture->sender_count++;
    json_auto_t *options = json_object();
    json_t *words = json_array();
    struct trawl_err err = {0};
    char name[8];

    for (size_t len; *script; script += len + (script[len] == ' ')) {
        len = strcspn(script, " ");
        json_array_append_new(words, json_stringn(script, len));
    }
    snprintf(name, sizeof(name), "t%zu", n + 1);
    fixture->paths[n] = trawl_xasprintf("%s-%s", fixture->scene->folder, name);
    json_object_set_new(options, "path", json_string(fixture->paths[n]));
    json_object_set_new(options, "script", words);
    if (trawl_sender_create(&fixture->scene->loop, name, TEST_PLUGINS "/scripted.so", options,
                            &fixture->senders[n], &err) < 0)
        fail_msg("%s", err.message);
    trawl_chain_add(fixture->chain, name, fixture->senders[n], STALL_MS, NULL, NULL);
}

/* Two events of a run, and lines of a log, so that the journal has `count`. */
static void fill(struct fixture *fixture, size_t count)
{
    struct scene *scene = fixture->scene;

    if (scene->run_id == 0)
        scene_create_run(scene);
    for (size_t i = trawl_store_head(scene->store); i < count; i++)
        trawl_store_log(scene->store, scene->run_id, "shop", TRAWL_LOG_INFO, "x");
    while (trawl_store_head(scene->store) < count)
        uv_run(&scene->loop, UV_RUN_ONCE);
}

static bool is_caught_up(const struct fixture *fixture)
{
    json_auto_t *state = trawl_chain_state(fixture->chain);

    return trawl_json_int(state, "lag", -1) == 0 && trawl_chain_is_quiet(fixture->chain);
}

static void catch_up(struct fixture *fixture)
{
    trawl_chain_head(fixture->chain, trawl_store_head(fixture->scene->store));
    run_until(fixture, is_caught_up);
}

/* What transport `n` got, as ranges: "1-5 7(gap) 8-9 ". */
static void expect_got(const struct fixture *fixture, size_t n, const char *expected)
{
    TRAWL_AUTO_FREE char *text = NULL;
    struct trawl_buf ranges;
    char *end = NULL;
    long first = 0;
    long last = 0;
    size_t len;

    trawl_buf_init(&ranges, 1 << 20);
    if (trawl_fs_read(fixture->paths[n - 1], 1 << 24, &text, &len) == 0) {
        for (char *at = text; (at = strchr(at, '-')); at = end) {
            long number = strtol(at + 1, &end, 10);
            bool is_gap = *end == '(';

            if (first > 0 && (is_gap || number != last + 1)) {
                trawl_buf_printf(&ranges, "%ld-%ld ", first, last);
                first = 0;
            }
            if (is_gap)
                trawl_buf_printf(&ranges, "%ld(gap) ", number);
            else
                first = first > 0 ? first : number;
            last = number;
        }
    }
    if (first > 0)
        trawl_buf_printf(&ranges, "%ld-%ld ", first, last);
    assert_string_equal(trawl_buf_text(&ranges), expected);
    trawl_buf_finish(&ranges);
}

static const char *member_text(const struct fixture *fixture, size_t n, const char *name,
                               char room[64])
{
    json_auto_t *state = trawl_chain_state(fixture->chain);
    const json_t *member = json_array_get(json_object_get(state, "transports"), n - 1);

    snprintf(room, 64, "%s", trawl_json_string(member, name, "(null)"));
    return room;
}

#define PLAIN "{'failures': 2, 'retry_after': 100, 'rate': 0}"

/* --- tests ---------------------------------------------------------------------------------------- */

static void chain__brings_all_in_order(void **state)
{
    struct fixture *fixture = *state;

    fill(fixture, 1234);
    open_chain(fixture, PLAIN, 0);
    add(fixture, "ok:1 ok ok:7");
    catch_up(fixture);
    expect_got(fixture, 1, "1-1234 ");
    assert_int_equal(fixture->saved, 1234);
    fill(fixture, 1240);
    catch_up(fixture);
    expect_got(fixture, 1, "1-1240 ");
    assert_int_equal(fixture->saved, 1240);
}

static void chain__begins_at_its_place(void **state)
{
    struct fixture *fixture = *state;

    fill(fixture, 20);
    open_chain(fixture, PLAIN, 15);
    add(fixture, "");
    catch_up(fixture);
    expect_got(fixture, 1, "16-20 ");
}

static void chain__goes_to_the_next_and_comes_back(void **state)
{
    struct fixture *fixture = *state;
    char room[64];

    fill(fixture, 600);
    open_chain(fixture, "{'failures': 2, 'retry_after': 1000, 'rate': 0}", 0);
    /* Some work, two failures; the probe fails too, and then all is well. */
    add(fixture, "ok:10 fail fail fail");
    add(fixture, "ok:5");
    catch_up(fixture);
    expect_got(fixture, 2, "11-600 ");
    assert_string_equal(member_text(fixture, 1, "state", room), "open");
    for (uint64_t head = 601; strcmp(member_text(fixture, 1, "state", room), "closed") != 0;
         head++) {
        usleep(20000);
        fill(fixture, head);
        catch_up(fixture);
    }
    fill(fixture, 1000);
    catch_up(fixture);
    assert_int_equal(fixture->saved, 1000);
    assert_string_equal(member_text(fixture, 2, "state", room), "closed");
}

static void chain__counts_failures_in_a_row_only(void **state)
{
    struct fixture *fixture = *state;
    char room[64];

    fill(fixture, 20);
    open_chain(fixture, PLAIN, 0);
    add(fixture, "fail part:3 part:3 ok:1 fail ok");
    add(fixture, "");
    catch_up(fixture);
    expect_got(fixture, 1, "1-20 ");
    expect_got(fixture, 2, "");
    assert_string_equal(member_text(fixture, 1, "state", room), "closed");
}

static void chain__sends_nothing_to_who_wants_no_more(void **state)
{
    struct fixture *fixture = *state;
    char room[64];

    fill(fixture, 10);
    open_chain(fixture, PLAIN, 0);
    add(fixture, "ok:4 gone");
    trawl_chain_head(fixture->chain, 10);
    while (!*fixture->disabled)
        uv_run(&fixture->scene->loop, UV_RUN_ONCE);
    assert_string_equal(fixture->disabled, "t1: the script says gone");
    assert_string_equal(member_text(fixture, 1, "state", room), "disabled");
    fill(fixture, 20);
    trawl_chain_head(fixture->chain, 20);
    run_until(fixture, is_quiet);
    expect_got(fixture, 1, "1-4 ");
    trawl_chain_enable(fixture->chain, "nobody");
    trawl_chain_enable(fixture->chain, "t1");
    catch_up(fixture);
    expect_got(fixture, 1, "1-20 ");
}

static void chain__takes_what_its_filter_takes(void **state)
{
    struct fixture *fixture = *state;

    fill(fixture, 1500);
    open_chain(fixture, "{'failures': 1, 'retry_after': 100, 'events': ['run.*']}", 0);
    add(fixture, "");
    catch_up(fixture);
    expect_got(fixture, 1, "2-2 "); /* of the platform, then of the run */
    assert_int_equal(fixture->saved, 1500);
}

static void prune(struct fixture *fixture, uint64_t keep)
{
    scene_prune(fixture->scene, &(struct trawl_store_limits){.events = keep});
}

static void chain__tells_of_a_gap(void **state)
{
    struct fixture *fixture = *state;
    json_auto_t *told = NULL;

    fill(fixture, 100);
    prune(fixture, 10);
    open_chain(fixture, "{'failures': 1, 'retry_after': 100, 'events': ['item.*', 'log']}", 40);
    add(fixture, "fail ok:1");
    catch_up(fixture);
    expect_got(fixture, 1, "90(gap) 91-100 ");
    assert_int_equal(fixture->lost, 50);
    /* Also when nothing is left. */
    fill(fixture, 120);
    prune(fixture, 1);
    catch_up(fixture);
    expect_got(fixture, 1, "90(gap) 91-100 119(gap) 120-120 ");
    assert_int_equal(fixture->lost, 69);
    told = trawl_chain_state(fixture->chain);
    assert_int_equal(trawl_json_int(told, "lost", 0), 69);
}

static void chain__does_not_go_back_when_the_journal_cannot_be_read(void **state)
{
    struct fixture *fixture = *state;
    struct scene *scene = fixture->scene;

    fill(fixture, 20);
    open_chain(fixture, PLAIN, 5);
    add(fixture, "");
    fixture->away = trawl_xasprintf("%s-away", scene->folder);
    assert_int_equal(rename(scene->folder, fixture->away), 0);
    trawl_chain_head(fixture->chain, 20);
    run_until(fixture, is_quiet);
    assert_int_equal(rename(fixture->away, scene->folder), 0);
    catch_up(fixture);
    expect_got(fixture, 1, "6-20 ");
    assert_int_equal(fixture->saved, 20);
}

static void chain__saves_again_what_was_not_saved(void **state)
{
    struct fixture *fixture = *state;
    json_auto_t *chains = json_pack("{s:{}}", "c");
    json_auto_t *places = NULL;
    json_auto_t *disabled = NULL;

    fill(fixture, 20);
    open_chain(fixture, PLAIN, 0);
    add(fixture, "");
    fixture->failing_saves = 1;
    catch_up(fixture);
    assert_int_equal(fixture->saves, 1);
    fill(fixture, 21);
    catch_up(fixture);
    assert_int_equal(fixture->saves, 2);
    close_chain(fixture);
    scene_close(fixture->scene);
    scene_open(fixture->scene);
    trawl_store_adopt_chains(fixture->scene->store, chains, &places, &disabled);
    scene_start(fixture->scene);
    assert_int_equal(trawl_json_int(json_object_get(places, "c"), "seq", 0), 21);
}

static void chain__says_when_it_is_quiet(void **state)
{
    struct fixture *fixture = *state;
    unsigned changes;

    fill(fixture, 20);
    open_chain(fixture, PLAIN, 0);
    add(fixture, "");
    trawl_chain_head(fixture->chain, 20);
    assert_false(trawl_chain_is_quiet(fixture->chain)); /* it reads */
    trawl_chain_stop(fixture->chain);
    changes = fixture->changes;
    run_until(fixture, is_quiet);
    assert_true(fixture->changes > changes);
    expect_got(fixture, 1, "");
}

static void chain__waits_without_any_transport(void **state)
{
    struct fixture *fixture = *state;
    json_auto_t *told = NULL;
    const json_t *members;

    fill(fixture, 20);
    open_chain(fixture, PLAIN, 0);
    trawl_chain_add(fixture->chain, "broken", NULL, STALL_MS, "it says so", NULL);
    trawl_chain_head(fixture->chain, 20);
    run_until(fixture, is_quiet);
    trawl_chain_enable(fixture->chain, "broken");
    told = trawl_chain_state(fixture->chain);
    members = json_object_get(told, "transports");
    assert_int_equal(trawl_json_int(told, "lag", 0), 20);
    assert_string_equal(trawl_json_string(json_array_get(members, 0), "state", ""), "disabled");
    assert_string_equal(trawl_json_string(json_array_get(members, 0), "reason", ""), "it says so");
}

#define CHAIN_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static void chain__tells_of_a_push_that_does_not_come_back(void **state)
{
    struct fixture *fixture = *state;

    fill(fixture, 20);
    open_chain(fixture, PLAIN, 0);
    add(fixture, "slow:4000");
    catch_up(fixture);
    assert_string_equal(fixture->stalled, "c: t1");
}

static bool is_sending(const struct fixture *fixture)
{
    return fixture->chain->sending != NULL;
}

static void chain__watches_no_push_once_it_is_to_stop(void **state)
{
    struct fixture *fixture = *state;

    fill(fixture, 20);
    open_chain(fixture, PLAIN, 0);
    add(fixture, "slow:1300");
    trawl_chain_head(fixture->chain, 20);
    run_until(fixture, is_sending);
    trawl_chain_stop(fixture->chain);
    run_until(fixture, is_quiet);
    assert_string_equal(fixture->stalled, "");
    assert_int_equal(fixture->saved, 20);
}

static void on_before_done(struct trawl_sender_job *job)
{
    assert_int_equal(job->outcome, TRAWL_PUSH_DELIVERED);
}

/* It waits behind another chain's call for longer than its own may take. */
static void chain__watches_a_push_from_its_begin(void **state)
{
    struct fixture *fixture = *state;
    struct trawl_message message = {.size = sizeof(message), .id = "x-1", .type = "log"};
    struct trawl_sender_job before = {.messages = &message, .count = 1, .done = on_before_done};

    fill(fixture, 20);
    open_chain(fixture, PLAIN, 0);
    add(fixture, "slow:1300 ok");
    trawl_sender_push(fixture->senders[0], &before);
    catch_up(fixture);
    expect_got(fixture, 1, "1-1 1-20 ");
    assert_string_equal(fixture->stalled, "");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CHAIN_TEST(chain__brings_all_in_order),
        CHAIN_TEST(chain__begins_at_its_place),
        CHAIN_TEST(chain__goes_to_the_next_and_comes_back),
        CHAIN_TEST(chain__counts_failures_in_a_row_only),
        CHAIN_TEST(chain__sends_nothing_to_who_wants_no_more),
        CHAIN_TEST(chain__takes_what_its_filter_takes),
        CHAIN_TEST(chain__tells_of_a_gap),
        CHAIN_TEST(chain__does_not_go_back_when_the_journal_cannot_be_read),
        CHAIN_TEST(chain__saves_again_what_was_not_saved),
        CHAIN_TEST(chain__says_when_it_is_quiet),
        CHAIN_TEST(chain__waits_without_any_transport),
        CHAIN_TEST(chain__tells_of_a_push_that_does_not_come_back),
        CHAIN_TEST(chain__watches_no_push_once_it_is_to_stop),
        CHAIN_TEST(chain__watches_a_push_from_its_begin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
