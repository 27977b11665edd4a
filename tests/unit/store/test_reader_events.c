/* Reading the journal, in pieces and by what is asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "scene.h"

#define ALL   (TRAWL_TOPIC_PROGRESS | TRAWL_TOPIC_ITEMS | TRAWL_TOPIC_LOGS)
#define NOISE 40

/* Two runs at the same time, with events of all types between one another. */
static void fill(struct scene *scene)
{
    int64_t runs[2] = {scene_create_run(scene), 0};
    const struct trawl_new_run_platform platform = {.name = "books", .plugin = "json"};
    const struct trawl_new_run run = {
        .trigger = "api", .platforms = &platform, .platform_count = 1};

    assert_int_equal(scene_try_run(scene, &run), 0);
    runs[1] = scene->run_id;
    for (size_t i = 0; i < NOISE; i++) {
        TRAWL_AUTO_FREE char *key = trawl_xasprintf("%zu", i / 3);
        TRAWL_AUTO_FREE char *json = trawl_xasprintf("%zu", i);
        struct trawl_page_item item = scene_item(key, json);
        const struct trawl_page page = {.kind = TRAWL_PAGE_FINISH, .items = &item, .item_count = 1};
        const char *name = i % 2 ? "books" : "shop";

        trawl_store_log(scene->store, runs[i % 2], i % 5 ? name : NULL, TRAWL_LOG_INFO, json);
        assert_int_equal(scene_try_page(scene, runs[i % 2], name, &page), 0);
    }
    scene_set_phase(scene, runs[0], TRAWL_PHASE_COMPLETED);
}

static bool wanted(const struct trawl_event *event, const struct trawl_event_filter *filter,
                   uint64_t since, uint64_t until)
{
    return event->seq > since && event->seq <= until &&
           (trawl_event_topic(event->type) & filter->topics) &&
           (filter->run_id == 0 || event->run_id == filter->run_id);
}

/* What a filter gives must be what was told, picked by hand. */
static void expect_events(struct scene *scene, struct trawl_event_filter filter, uint64_t since,
                          uint64_t until, size_t limit)
{
    struct trawl_event *events = NULL;
    size_t count = 0;
    size_t at = 0;

    assert_int_equal(trawl_reader_events(scene_reader(scene), &filter, since, until, limit, &events,
                                         &count, NULL),
                     0);
    for (size_t i = 0; i < scene->event_count && at < limit; i++) {
        const struct trawl_event *told = &scene->events[i];

        if (!wanted(told, &filter, since, until))
            continue;
        assert_true(at < count);
        assert_int_equal(events[at].seq, told->seq);
        assert_int_equal(events[at].run_id, told->run_id);
        assert_int_equal(events[at].type, told->type);
        assert_int_equal(events[at].flags, told->flags);
        at++;
    }
    assert_int_equal(count, at);
    trawl_reader_events_free(events, count);
}

static void events__are_those_that_are_asked_for(void **state)
{
    struct scene *scene = *state;
    uint64_t head;

    fill(scene);
    head = trawl_store_head(scene->store);
    assert_true(head > 2 * NOISE);
    for (uint32_t topics = 0; topics <= ALL; topics++) {
        for (int64_t run_id = 0; run_id <= 3; run_id++) {
            const struct trawl_event_filter filter = {.topics = topics, .run_id = run_id};

            expect_events(scene, filter, 0, head, 1000);
            expect_events(scene, filter, 0, UINT64_MAX, 1000);
            expect_events(scene, filter, 0, head, 3);
            expect_events(scene, filter, 10, 50, 1000);
            expect_events(scene, filter, 10, 50, 1);
            expect_events(scene, filter, 49, 50, 10);
            expect_events(scene, filter, 50, 50, 10);
            expect_events(scene, filter, 60, 50, 10);
        }
    }
}

static void events__of_no_seq_are_none(void **state)
{
    struct scene *scene = *state;
    const struct trawl_event_filter filter = {.topics = ALL};
    uint64_t head;

    fill(scene);
    head = trawl_store_head(scene->store);
    expect_events(scene, filter, head, UINT64_MAX, 10);
    expect_events(scene, filter, head + 1, UINT64_MAX, 10);
    expect_events(scene, filter, INT64_MAX, UINT64_MAX, 10);
    expect_events(scene, filter, (uint64_t)INT64_MAX + 1, UINT64_MAX, 10);
    expect_events(scene, filter, UINT64_MAX, UINT64_MAX, 10);
    expect_events(scene, filter, 0, 0, 10);
    expect_events(scene, filter, 0, head, 0);
}

/* Each piece begins where the one before ended; nothing is lost and nothing comes twice. */
static void events__come_in_pieces(void **state)
{
    struct scene *scene = *state;
    const struct trawl_event_filter filter = {.topics = TRAWL_TOPIC_LOGS, .run_id = 2};
    struct trawl_event *events = NULL;
    uint64_t since = 0;
    size_t total = 0;
    size_t count;

    fill(scene);
    do {
        assert_int_equal(trawl_reader_events(scene_reader(scene), &filter, since, UINT64_MAX, 3,
                                             &events, &count, NULL),
                         0);
        for (size_t i = 0; i < count; i++) {
            assert_true(events[i].seq > since);
            since = events[i].seq;
        }
        total += count;
        trawl_reader_events_free(events, count);
    } while (count == 3);
    assert_int_equal(total, NOISE / 2);
}

static void bounds__of_a_journal(void **state)
{
    struct scene *scene = *state;
    uint64_t tail = 99;
    uint64_t head = 99;

    assert_int_equal(trawl_reader_bounds(scene_reader(scene), &tail, &head, NULL), 0);
    assert_int_equal(tail, 1);
    assert_int_equal(head, 0);
    scene_create_run(scene);
    assert_int_equal(trawl_reader_bounds(scene_reader(scene), &tail, &head, NULL), 0);
    assert_int_equal(tail, 1);
    assert_int_equal(head, 2);
}

/* --- runs ---------------------------------------------------------------------------------------- */

static void run_span__goes_from_before_the_first_event_to_the_end(void **state)
{
    struct scene *scene = *state;
    struct trawl_err err = {0};
    uint64_t before_first = 99;
    uint64_t last = 99;

    fill(scene);
    assert_int_equal(trawl_reader_run_span(scene_reader(scene), 1, &before_first, &last, NULL), 0);
    assert_int_equal(before_first, 0);
    assert_int_equal(last, trawl_store_head(scene->store));
    assert_int_equal(trawl_reader_run_span(scene_reader(scene), 2, &before_first, &last, NULL), 0);
    assert_int_equal(before_first, 2);
    assert_int_equal(last, 0);
    assert_int_equal(trawl_reader_run_span(scene_reader(scene), 3, &before_first, &last, &err),
                     -ENOENT);
    assert_string_equal(err.message, "there is no run 3");
    assert_int_equal(before_first, 2); /* untouched */
}

/* "3 2 1": the ids of the snapshot's runs. */
static void expect_snapshot(struct scene *scene, uint64_t since, int64_t run_id, const char *ids)
{
    json_auto_t *data = NULL;
    uint64_t through = 0;
    struct trawl_buf text;
    json_t *run;
    size_t i;

    assert_int_equal(
        trawl_reader_snapshot(scene_reader(scene), since, run_id, &data, &through, NULL), 0);
    assert_int_equal(through, trawl_store_head(scene->store));
    assert_int_equal(json_object_size(data), 1);
    trawl_buf_init(&text, LINES_MAX);
    json_array_foreach (json_object_get(data, "runs"), i, run) {
        json_auto_t *alone = scene_run(scene, trawl_json_int(run, "id", 0));

        assert_true(json_equal(run, alone));
        trawl_buf_printf(&text, "%s%lld", i ? " " : "", trawl_json_int(run, "id", -1));
    }
    assert_string_equal(trawl_buf_text(&text), ids);
    trawl_buf_finish(&text);
}

static void snapshot__tells_what_one_has_missed(void **state)
{
    struct scene *scene = *state;
    uint64_t ended;

    expect_snapshot(scene, 0, 0, "");
    scene_create_run(scene);
    scene_set_phase(scene, 1, TRAWL_PHASE_COMPLETED);
    ended = trawl_store_head(scene->store);
    scene_create_run(scene);
    scene_set_phase(scene, 2, TRAWL_PHASE_FAILED);
    scene_create_run(scene);
    scene_set_phase(scene, 3, TRAWL_PHASE_SCRAPING);

    expect_snapshot(scene, 0, 0, "3");
    expect_snapshot(scene, 0, 1, "3 1");
    expect_snapshot(scene, 0, 3, "3");
    expect_snapshot(scene, 0, 99, "3");
    expect_snapshot(scene, ended - 1, 0, "3 2 1");
    expect_snapshot(scene, ended, 0, "3 2");
    expect_snapshot(scene, trawl_store_head(scene->store), 0, "3");
    expect_snapshot(scene, UINT64_MAX, 0, "3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(events__are_those_that_are_asked_for),
        SCENE_TEST(events__of_no_seq_are_none),
        SCENE_TEST(events__come_in_pieces),
        SCENE_TEST(bounds__of_a_journal),
        SCENE_TEST(run_span__goes_from_before_the_first_event_to_the_end),
        SCENE_TEST(snapshot__tells_what_one_has_missed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
