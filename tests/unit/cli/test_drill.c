#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/drill/feed.h"
#include "cli/drill/settings.h"
#include "cli/drill/tally.h"
#include "util/alloc.h"
#include "util/json.h"

/* --- counting ------------------------------------------------------------------------------------ */

static void take_all(struct drill_tally *tally, const uint64_t *seqs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        drill_tally_take(tally, seqs[i], 0);
}

#define TAKE(tally, ...)                                                                           \
    take_all(tally, (const uint64_t[]){__VA_ARGS__},                                               \
             TRAWL_ARRAY_SIZE(((const uint64_t[]){__VA_ARGS__})))

#define CHECK(tally, through, ...)                                                                 \
    drill_tally_check(tally, (const uint64_t[]){__VA_ARGS__},                                      \
                      TRAWL_ARRAY_SIZE(((const uint64_t[]){__VA_ARGS__})), through)

static void assert_count(struct drill_count count, uint64_t lost, uint64_t repeated, uint64_t stray)
{
    assert_int_equal(count.lost, lost);
    assert_int_equal(count.repeated, repeated);
    assert_int_equal(count.stray, stray);
}

static void tally__has_what_the_journal_has(void **state)
{
    struct drill_tally tally = {0};

    (void)state;
    TAKE(&tally, 3, 4, 7, 8);
    assert_count(CHECK(&tally, 8, 3, 4, 7, 8), 0, 0, 0);
    assert_int_equal(drill_tally_last(&tally), 8);
    drill_tally_finish(&tally);
}

static void tally__counts_what_is_left_out(void **state)
{
    struct drill_tally tally = {0};

    (void)state;
    TAKE(&tally, 3, 7, 8);
    assert_count(CHECK(&tally, 8, 1, 2, 3, 4, 5, 6, 7, 8), 5, 0, 0);
    drill_tally_finish(&tally);
}

static void tally__lacks_an_end_that_was_due(void **state)
{
    struct drill_tally tally = {0};

    (void)state;
    TAKE(&tally, 1, 2);
    assert_count(CHECK(&tally, 2, 1, 2, 3, 4), 0, 0, 0); /* it has not come so far yet */
    assert_count(CHECK(&tally, 4, 1, 2, 3, 4), 2, 0, 0);
    drill_tally_finish(&tally);
}

static void tally__lacks_everything(void **state)
{
    struct drill_tally tally = {0};

    (void)state;
    assert_count(CHECK(&tally, 3, 1, 2, 3), 3, 0, 0);
    drill_tally_finish(&tally);
}

static void tally__drops_and_counts_repeats(void **state)
{
    struct drill_tally tally = {0};

    (void)state;
    assert_true(drill_tally_take(&tally, 1, 0));
    assert_true(drill_tally_take(&tally, 2, 0));
    assert_false(drill_tally_take(&tally, 1, 0));
    assert_false(drill_tally_take(&tally, 2, 0));
    assert_true(drill_tally_take(&tally, 3, 0));
    assert_count(CHECK(&tally, 3, 1, 2, 3), 0, 2, 0);
    assert_count(CHECK(&tally, 3, 1, 2, 3), 0, 0, 0);
    drill_tally_finish(&tally);
}

/* A listener that is told in order never gets it. */
static void tally__takes_what_comes_late_for_lost(void **state)
{
    struct drill_tally tally = {0};

    (void)state;
    TAKE(&tally, 1, 3);
    assert_false(drill_tally_take(&tally, 2, 0));
    assert_count(CHECK(&tally, 3, 1, 2, 3), 1, 0, 0);
    drill_tally_finish(&tally);
}

static void tally__counts_what_the_journal_does_not_have(void **state)
{
    struct drill_tally tally = {0};

    (void)state;
    TAKE(&tally, 1, 2, 5, 9);
    assert_count(CHECK(&tally, 9, 1, 5, 8), 1, 0, 2);
    drill_tally_finish(&tally);
}

static void tally__counts_each_loss_in_one_check(void **state)
{
    struct drill_tally tally = {0};

    (void)state;
    TAKE(&tally, 1, 3);
    assert_count(CHECK(&tally, 3, 1, 2, 3), 1, 0, 0);
    TAKE(&tally, 4, 6, 7);
    assert_count(CHECK(&tally, 7, 1, 2, 3, 4, 5, 6, 7), 1, 0, 0);
    assert_count(CHECK(&tally, 8, 4, 5, 6, 7, 8), 1, 0, 0);
    drill_tally_finish(&tally);
}

/* The journal itself may lack an event: then its places agree, and only n tells. */
static void tally__sees_a_step_of_n_that_is_left_out(void **state)
{
    struct drill_tally tally = {0};

    (void)state;
    drill_tally_take(&tally, 1, 1);
    drill_tally_take(&tally, 2, 0);
    drill_tally_take(&tally, 3, 2);
    drill_tally_take(&tally, 4, 5);
    assert_count(CHECK(&tally, 4, 1, 2, 3, 4), 2, 0, 0);
    drill_tally_take(&tally, 5, 6);
    assert_count(CHECK(&tally, 5, 5), 0, 0, 0);
    drill_tally_finish(&tally);
}

static void tally__counts_a_lost_step_of_n_once(void **state)
{
    struct drill_tally tally = {0};

    (void)state;
    drill_tally_take(&tally, 1, 1);
    drill_tally_take(&tally, 4, 3);
    assert_count(CHECK(&tally, 4, 1, 3, 4), 1, 0, 0);
    drill_tally_finish(&tally);
}

static void tally__keeps_thousands(void **state)
{
    struct drill_tally tally = {0};
    uint64_t journal[5000];
    struct drill_count count;

    (void)state;
    for (uint64_t i = 0; i < TRAWL_ARRAY_SIZE(journal); i++) {
        journal[i] = 2 * i + 2;
        if (i % 1000 != 500)
            drill_tally_take(&tally, journal[i], 0);
    }
    assert_false(drill_tally_take(&tally, 2, 0));
    count = drill_tally_check(&tally, journal, TRAWL_ARRAY_SIZE(journal), 10000);
    assert_count(count, 5, 1, 0);
    drill_tally_finish(&tally);
}

/* --- messages ------------------------------------------------------------------------------------ */

struct heard {
    struct trawl_buf types;
    unsigned pings;
    unsigned code;
    struct drill_feed *feed;
    bool stop;
};

static void on_message(void *user, const json_t *message)
{
    struct heard *heard = user;

    trawl_buf_append_text(&heard->types, trawl_json_string(message, "type", "?"));
    trawl_buf_append_char(&heard->types, ' ');
    heard->feed->stopped = heard->stop;
}

static void on_ping(void *user, const char *bytes, size_t len)
{
    struct heard *heard = user;

    assert_int_equal(len, 2);
    assert_memory_equal(bytes, "hi", 2);
    heard->pings++;
}

static void on_close(void *user, unsigned code, const char *reason, size_t len)
{
    struct heard *heard = user;

    assert_int_equal(len, 4);
    assert_memory_equal(reason, "soon", 4);
    heard->code = code;
}

static const struct drill_feed_ops ops = {
    .on_message = on_message,
    .on_ping = on_ping,
    .on_close = on_close,
};

static void open_feed(struct drill_feed *feed, enum drill_kind kind, struct heard *heard)
{
    *heard = (struct heard){.feed = feed};
    trawl_buf_init(&heard->types, 4096);
    drill_feed_init(feed, kind, &ops, heard);
}

static void close_feed(struct drill_feed *feed, struct heard *heard)
{
    drill_feed_finish(feed);
    trawl_buf_finish(&heard->types);
}

/* In pieces of every size, since a connection may cut anywhere. */
static void assert_hears(enum drill_kind kind, const char *bytes, size_t len, const char *types,
                         unsigned pings, unsigned code)
{
    for (size_t piece = 1; piece <= len; piece++) {
        struct drill_feed feed;
        struct heard heard;

        open_feed(&feed, kind, &heard);
        for (size_t at = 0; at < len; at += piece)
            assert_int_equal(
                drill_feed_take(&feed, bytes + at, piece < len - at ? piece : len - at), 0);
        assert_int_equal(drill_feed_end(&feed), 0);
        assert_string_equal(trawl_buf_text(&heard.types), types);
        assert_int_equal(heard.pings, pings);
        assert_int_equal(heard.code, code);
        close_feed(&feed, &heard);
    }
}

#define ASSERT_HEARS(kind, bytes, types, pings, code)                                              \
    assert_hears(kind, bytes, sizeof(bytes) - 1, types, pings, code)

static void feed__reads_frames(void **state)
{
    (void)state;
    ASSERT_HEARS(DRILL_WEBSOCKET,
                 "\x81\x0c{\"type\":\"a\"}"
                 "\x89\x02hi"
                 "\x81\x7e\x00\x0c{\"type\":\"b\"}"
                 "\x88\x06\x03\xf4soon",
                 "a b ", 1, 1012);
}

static void feed__reads_lines(void **state)
{
    (void)state;
    ASSERT_HEARS(DRILL_STREAM,
                 "retry: 2000\ndata: {\"type\":\"a\"}\n\nid: x-1\ndata: {\"type\":\"b\"}\n\n",
                 "a b ", 0, 0);
}

static void feed__reads_an_answer(void **state)
{
    (void)state;
    ASSERT_HEARS(DRILL_POLL, "[{\"type\":\"a\"},\n{\"type\":\"b\"}]", "a b ", 0, 0);
}

static void assert_refuses(enum drill_kind kind, const char *bytes, size_t len)
{
    struct drill_feed feed;
    struct heard heard;
    int r;

    open_feed(&feed, kind, &heard);
    r = drill_feed_take(&feed, bytes, len);
    if (r == 0)
        r = drill_feed_end(&feed);
    assert_int_equal(r, -EPROTO);
    close_feed(&feed, &heard);
}

#define ASSERT_REFUSES(kind, bytes) assert_refuses(kind, bytes, sizeof(bytes) - 1)

static void feed__refuses_what_makes_no_sense(void **state)
{
    (void)state;
    ASSERT_REFUSES(DRILL_WEBSOCKET, "\x81\x02{}\x81\x01{");
    ASSERT_REFUSES(DRILL_WEBSOCKET, "\x82\x02{}");
    ASSERT_REFUSES(DRILL_WEBSOCKET, "\x01\x02{}");
    ASSERT_REFUSES(DRILL_WEBSOCKET, "\x81\x82mask..");
    ASSERT_REFUSES(DRILL_WEBSOCKET, "\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff");
    ASSERT_REFUSES(DRILL_STREAM, "data: [1]\n");
    ASSERT_REFUSES(DRILL_POLL, "{}");
    ASSERT_REFUSES(DRILL_POLL, "[{\"type\":\"a\"}");
}

static void feed__stops_when_it_is_told(void **state)
{
    static const char frames[] = "\x81\x0c{\"type\":\"a\"}\x81\x0c{\"type\":\"b\"}";
    struct drill_feed feed;
    struct heard heard;

    (void)state;
    open_feed(&feed, DRILL_WEBSOCKET, &heard);
    heard.stop = true;
    assert_int_equal(drill_feed_take(&feed, frames, sizeof(frames) - 1), 0);
    assert_string_equal(trawl_buf_text(&heard.types), "a ");
    close_feed(&feed, &heard);
}

static void frame__is_masked(void **state)
{
    struct trawl_buf frame;

    (void)state;
    trawl_buf_init(&frame, 1024);
    drill_frame_write(&frame, DRILL_OPCODE_TEXT, "hello", 5);
    assert_int_equal(frame.len, 2 + 4 + 5);
    assert_int_equal((unsigned char)frame.data[0], 0x81);
    assert_int_equal((unsigned char)frame.data[1], 0x85);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(frame.data[6 + i] ^ frame.data[2 + i % 4], "hello"[i]);
    trawl_buf_finish(&frame);
}

/* --- the configuration --------------------------------------------------------------------------- */

static const char *text_at(const json_t *value, const char *a, const char *b, const char *c)
{
    value = json_object_get(json_object_get(value, a), b);
    return trawl_json_string(value, c, NULL);
}

/* What is made for the server, read as the server reads it. */
static void assert_is_valid(const json_t *settings)
{
    struct trawl_config *config = NULL;
    struct trawl_errlist errs = {0};

    assert_int_equal(trawl_config_from_json(settings, "/", &config, &errs), 0);
    trawl_config_destroy(config);
    trawl_errlist_finish(&errs);
}

static void settings__keeps_transports_and_order(void **state)
{
    json_auto_t *root = json_pack(
        "{s:s, s:{s:[s], s:s, s:i}, s:{s:{s:{s:s}}, s:{s:s}}, s:{s:{s:[ss], s:i}, s:{s:[s]}},"
        " s:{s:{s:s}}}",
        "data", "/precious", "server", "listen", "0.0.0.0:80", "heartbeat", "1h", "gateways", 3,
        "transports", "sse", "options", "retry", "${not} a variable", "push", "plugin", "jsonl",
        "chains", "live", "order", "sse", "websocket", "failures", 2, "push", "order", "push",
        "platforms", "shop", "plugin", "html");
    struct trawl_config config = {.root = root};
    json_auto_t *settings = drill_settings_make(&config, "/tmp/d", "http://127.0.0.1:9/page/1",
                                                "http://127.0.0.1:9/events");
    const json_t *chains = json_object_get(settings, "chains");
    const json_t *live = json_object_get(chains, "live");
    json_auto_t *order = json_pack("[ss]", "sse", "websocket");

    (void)state;
    assert_is_valid(settings);
    assert_string_equal(trawl_json_string(settings, "data", ""), "/tmp/d");
    assert_true(json_equal(json_object_get(live, "order"), order));
    assert_int_equal(trawl_json_int(live, "failures", 0), 2);
    assert_int_equal(trawl_json_int(json_object_get(settings, "server"), "gateways", 0), 3);
    assert_string_equal(json_string_value(json_array_get(
                            json_object_get(json_object_get(settings, "server"), "listen"), 0)),
                        "127.0.0.1:0");
    assert_string_equal(text_at(json_object_get(settings, "transports"), "sse", "options", "retry"),
                        "$${not} a variable");
    assert_null(json_object_get(chains, "push"));
    assert_null(json_object_get(json_object_get(settings, "transports"), "push"));
    assert_null(json_object_get(json_object_get(settings, "platforms"), "shop"));
    assert_string_equal(
        text_at(json_object_get(settings, "transports"), "drill-webhook", "options", "url"),
        "http://127.0.0.1:9/events");
}

static void settings__has_defaults(void **state)
{
    json_auto_t *settings = drill_settings_make(NULL, "/tmp/d", "http://127.0.0.1:9/page/1", NULL);

    (void)state;
    assert_is_valid(settings);
    assert_int_equal(json_array_size(json_object_get(
                         json_object_get(json_object_get(settings, "chains"), "live"), "order")),
                     3);
    assert_int_equal(json_object_size(json_object_get(settings, "chains")), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tally__has_what_the_journal_has),
        cmocka_unit_test(tally__counts_what_is_left_out),
        cmocka_unit_test(tally__lacks_an_end_that_was_due),
        cmocka_unit_test(tally__lacks_everything),
        cmocka_unit_test(tally__drops_and_counts_repeats),
        cmocka_unit_test(tally__takes_what_comes_late_for_lost),
        cmocka_unit_test(tally__counts_what_the_journal_does_not_have),
        cmocka_unit_test(tally__counts_each_loss_in_one_check),
        cmocka_unit_test(tally__sees_a_step_of_n_that_is_left_out),
        cmocka_unit_test(tally__counts_a_lost_step_of_n_once),
        cmocka_unit_test(tally__keeps_thousands),
        cmocka_unit_test(feed__reads_frames),
        cmocka_unit_test(feed__reads_lines),
        cmocka_unit_test(feed__reads_an_answer),
        cmocka_unit_test(feed__refuses_what_makes_no_sense),
        cmocka_unit_test(feed__stops_when_it_is_told),
        cmocka_unit_test(frame__is_masked),
        cmocka_unit_test(settings__keeps_transports_and_order),
        cmocka_unit_test(settings__has_defaults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
