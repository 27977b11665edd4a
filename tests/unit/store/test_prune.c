/* Keeping the journal within its limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "scene.h"

#define HOUR_MS ((int64_t)3600 * 1000)

/* A journal of `count` events: two of a run, then log lines. */
static void fill(struct scene *scene, size_t count)
{
    int64_t run_id = scene_create_run(scene);
    char text[32];

    for (size_t i = 3; i <= count; i++) {
        snprintf(text, sizeof(text), "%zu", i);
        trawl_store_log(scene->store, run_id, "shop", TRAWL_LOG_INFO, text);
    }
}

static void prune(struct scene *scene, uint64_t keep_events, int64_t keep_ms)
{
    scene_prune(scene, &(struct trawl_store_limits){.events = keep_events, .events_ms = keep_ms});
}

static void expect_bounds(struct scene *scene, uint64_t tail, uint64_t head)
{
    uint64_t is_tail = 0;
    uint64_t is_head = 0;

    assert_int_equal(trawl_reader_bounds(scene_reader(scene), &is_tail, &is_head, NULL), 0);
    assert_int_equal(is_tail, tail);
    assert_int_equal(is_head, head);
    assert_int_equal(trawl_store_head(scene->store), head);
}

static void prune__keeps_the_newest(void **state)
{
    const struct trawl_event_filter filter = {.topics = TRAWL_TOPIC_LOGS};
    struct scene *scene = *state;
    struct trawl_event *events = NULL;
    size_t count = 0;

    fill(scene, 100);
    prune(scene, 10, 0);
    expect_bounds(scene, 91, 100);
    assert_int_equal(
        trawl_reader_events(scene_reader(scene), &filter, 0, 1000, 1000, &events, &count, NULL), 0);
    assert_int_equal(count, 10);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(events[i].seq, 91 + i);
    trawl_reader_events_free(events, count);
    prune(scene, 10, 0);
    expect_bounds(scene, 91, 100);
    prune(scene, 11, 0);
    expect_bounds(scene, 91, 100);
    prune(scene, 1, 0);
    expect_bounds(scene, 100, 100);
}

static void prune__with_no_limit_or_a_wide_one_drops_nothing(void **state)
{
    struct scene *scene = *state;

    prune(scene, 10, HOUR_MS); /* of an empty journal */
    expect_bounds(scene, 1, 0);
    fill(scene, 20);
    prune(scene, 0, 0);
    expect_bounds(scene, 1, 20);
    prune(scene, 20, HOUR_MS);
    expect_bounds(scene, 1, 20);
    prune(scene, UINT64_MAX, INT64_MAX);
    expect_bounds(scene, 1, 20);
}

/* In pieces of some thousand; the last may be full, and then the next is empty. */
static void prune__goes_on_until_it_is_done(void **state)
{
    struct scene *scene = *state;

    fill(scene, 12345);
    prune(scene, 7, 0);
    expect_bounds(scene, 12339, 12345);
}

static void prune__drops_what_is_older(void **state)
{
    struct scene *scene = *state;

    fill(scene, 10000);
    scene_set_phase(scene, 1, TRAWL_PHASE_STARTING);
    uv_sleep(5);
    prune(scene, 0, 2);
    expect_bounds(scene, 10003, 10002);
}

/* Neither seq nor n begins again, and what is known of runs does not go with their events. */
static void prune__takes_nothing_but_events(void **state)
{
    struct scene *scene = *state;
    uint64_t before_first = 99;
    uint64_t last = 99;

    fill(scene, 50);
    scene_set_phase(scene, 1, TRAWL_PHASE_COMPLETED);
    uv_sleep(5);
    prune(scene, 0, 2);
    expect_bounds(scene, 53, 52);
    assert_int_equal(trawl_reader_run_span(scene_reader(scene), 1, &before_first, &last, NULL), 0);
    assert_int_equal(before_first, 0);
    assert_int_equal(last, 52);
    scene_reopen(scene);
    expect_bounds(scene, 53, 52);
    scene_forget(scene);
    scene_create_run(scene);
    expect_bounds(scene, 53, 54);
    assert_int_equal(scene->events[0].seq, 53);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(prune__keeps_the_newest),
        SCENE_TEST(prune__with_no_limit_or_a_wide_one_drops_nothing),
        SCENE_TEST(prune__goes_on_until_it_is_done),
        SCENE_TEST(prune__drops_what_is_older),
        SCENE_TEST(prune__takes_nothing_but_events),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
