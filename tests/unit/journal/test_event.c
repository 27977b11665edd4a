#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "journal/event.h"
#include "trawl/transport.h"

static const struct trawl_event sample_events[] = {
    {.seq = UINT64_MAX,
     .type = TRAWL_EVENT_PROGRESS,
     .flags = TRAWL_EVENT_RUN_END,
     .run_id = 12,
     .timestamp_ms = 1769860800123,
     .platform = {"books", 5},
     .data = {"{\"n\":1}", 7}},
    {.seq = 2, .type = TRAWL_EVENT_LOG, .run_id = -1, .platform = {"", 0}, .data = {"{}", 2}},
};

static void event_id__has_epoch_and_place(void **state)
{
    char id[TRAWL_EVENT_ID_SIZE];

    (void)state;
    trawl_event_id(id, 0x5f3a9c01, 1842);
    assert_string_equal(id, "5f3a9c01-1842");
    trawl_event_id(id, 0x1, UINT64_MAX);
    assert_string_equal(id, "00000001-18446744073709551615");
}

static void event_id_parse__takes_what_was_made(void **state)
{
    char id[TRAWL_EVENT_ID_SIZE];
    uint64_t seq;
    uint32_t epoch;

    (void)state;
    trawl_event_id(id, UINT32_MAX, UINT64_MAX);
    assert_int_equal(trawl_event_id_parse(id, &epoch, &seq), 0);
    assert_true(epoch == UINT32_MAX && seq == UINT64_MAX);
    assert_int_equal(trawl_event_id_parse("00000000-0", &epoch, &seq), 0);
    assert_true(epoch == 0 && seq == 0);
}

static void event_id_parse__refuses_all_else(void **state)
{
    static const char *const ids[] = {
        "",           "5f3a9c01",    "5f3a9c01-",   "5f3a9c0-1",   "5f3a9c012-1",
        "5F3A9C01-1", "5f3a9c01-01", "5f3a9c01--1", "5f3a9c01-1 ", "5f3a9c01-18446744073709551616",
        "5f3a9c01+1", "5f3a9c01-x",  " 5f3a9c01-1", "zzzzzzzz-1",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        uint32_t epoch = 1;
        uint64_t seq = 2;

        assert_int_equal(trawl_event_id_parse(ids[i], &epoch, &seq), -EINVAL);
        assert_true(epoch == 1 && seq == 2); /* results stay untouched on failure */
    }
}

static void event_write__gives_the_whole_message(void **state)
{
    struct trawl_buf buf;

    (void)state;
    trawl_buf_init(&buf, 1000);
    assert_int_equal(trawl_event_write(&sample_events[0], 0x5f3a9c01, &buf), 0);
    assert_string_equal(buf.data,
                        "{\"id\":\"5f3a9c01-18446744073709551615\",\"type\":\"scrape_progress\","
                        "\"timestamp\":\"2026-01-31T12:00:00.123Z\",\"data\":{\"n\":1}}");
    trawl_buf_finish(&buf);
    trawl_buf_init(&buf, 112);
    assert_int_equal(trawl_event_write(&sample_events[0], 0x5f3a9c01, &buf), -EFBIG);
    assert_int_equal(buf.len, 0);
    trawl_buf_finish(&buf);
}

static void event_type__has_name_and_topic(void **state)
{
    (void)state;
    assert_string_equal(trawl_event_type_name(TRAWL_EVENT_PROGRESS), "scrape_progress");
    assert_string_equal(trawl_event_type_name(TRAWL_EVENT_ITEM), "item_changed");
    assert_string_equal(trawl_event_type_name(TRAWL_EVENT_LOG), "log");
    assert_string_equal(trawl_event_type_name(0), "unknown");
    assert_int_equal(trawl_event_topic(TRAWL_EVENT_PROGRESS), TRAWL_TOPIC_PROGRESS);
    assert_int_equal(trawl_event_topic(TRAWL_EVENT_ITEM), TRAWL_TOPIC_ITEMS);
    assert_int_equal(trawl_event_topic(TRAWL_EVENT_LOG), TRAWL_TOPIC_LOGS);
    assert_int_equal(trawl_event_topic(200), 0);
}

static void events__what_is_encoded_comes_back(void **state)
{
    struct trawl_event *events;
    struct trawl_buf buf;
    size_t count;

    (void)state;
    trawl_buf_init(&buf, 1000);
    assert_int_equal(trawl_events_encode(sample_events, 2, &buf), 0);
    assert_int_equal(trawl_events_decode(buf.data, buf.len, &events, &count), 0);
    assert_int_equal(count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_true(events[i].seq == sample_events[i].seq);
        assert_int_equal(events[i].type, sample_events[i].type);
        assert_int_equal(events[i].flags, sample_events[i].flags);
        assert_int_equal(events[i].run_id, sample_events[i].run_id);
        assert_int_equal(events[i].timestamp_ms, sample_events[i].timestamp_ms);
        assert_string_equal(events[i].platform.ptr, sample_events[i].platform.ptr);
        assert_string_equal(events[i].data.ptr, sample_events[i].data.ptr);
    }
    free(events);
    trawl_buf_finish(&buf);
}

static void events__refuses_every_cut(void **state)
{
    struct trawl_event *events = NULL;
    struct trawl_buf buf;
    size_t count;

    (void)state;
    trawl_buf_init(&buf, 1000);
    assert_int_equal(trawl_events_encode(sample_events, 2, &buf), 0);
    for (size_t len = 0; len < buf.len; len++) {
        char *copy = malloc(len + 1);

        memcpy(copy, buf.data, len);
        assert_int_equal(trawl_events_decode(copy, len, &events, &count), -EBADMSG);
        free(copy);
    }
    assert_null(events);
    trawl_buf_finish(&buf);
}

static void events__refuses_an_unknown_type(void **state)
{
    struct trawl_event event = sample_events[1];
    struct trawl_event *events = NULL;
    struct trawl_buf buf;
    size_t count;

    (void)state;
    event.type = 99;
    trawl_buf_init(&buf, 1000);
    assert_int_equal(trawl_events_encode(&event, 1, &buf), 0);
    assert_int_equal(trawl_events_decode(buf.data, buf.len, &events, &count), -EBADMSG);
    trawl_buf_finish(&buf);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(event_id__has_epoch_and_place),
        cmocka_unit_test(event_id_parse__takes_what_was_made),
        cmocka_unit_test(event_id_parse__refuses_all_else),
        cmocka_unit_test(event_write__gives_the_whole_message),
        cmocka_unit_test(event_type__has_name_and_topic),
        cmocka_unit_test(events__what_is_encoded_comes_back),
        cmocka_unit_test(events__refuses_every_cut),
        cmocka_unit_test(events__refuses_an_unknown_type),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
