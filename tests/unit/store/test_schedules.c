#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "scene.h"

static const struct trawl_schedule_config shop = {
    .platform = "shop", .spec_json = "{\"cron\":\"@daily\"}", .timing = "@daily UTC"};
static const struct trawl_schedule_config books = {
    .platform = "books", .spec_json = "{\"cron\":\"@hourly\"}", .timing = "@hourly UTC"};

/* As when a server starts. Its first schedule's state. */
static struct trawl_schedule_state adopt(struct scene *scene,
                                         const struct trawl_schedule_config *schedules,
                                         size_t count, int64_t now_ms)
{
    struct trawl_schedule_state states[4] = {0};

    scene_close(scene);
    scene_open(scene);
    assert_int_equal(trawl_store_adopt_schedules(scene->store, schedules, count, now_ms, states),
                     0);
    scene_start(scene);
    return states[0];
}

/* For a due time of the shop's schedule; its status. */
static int fire(struct scene *scene, int64_t due_ms, enum trawl_overlap overlap)
{
    const struct trawl_new_run_platform platform = {.name = "shop", .plugin = "html"};
    const struct trawl_new_run run = {.trigger = "schedule",
                                      .platforms = &platform,
                                      .platform_count = 1,
                                      .overlap = overlap,
                                      .due_ms = due_ms};

    return scene_try_run(scene, &run);
}

static void pause_shop(struct scene *scene, int64_t now_ms, const char *reason)
{
    scene->waiting++;
    trawl_store_pause_schedule(scene->store, "shop", now_ms, reason, scene_on_done, scene);
    scene_wait(scene);
    assert_int_equal(scene->status, 0);
}

static void resume_shop(struct scene *scene, int64_t now_ms)
{
    scene->waiting++;
    trawl_store_resume_schedule(scene->store, "shop", now_ms, scene_on_done, scene);
    scene_wait(scene);
    assert_int_equal(scene->status, 0);
}

static void expect(struct scene *scene, const char *expected)
{
    TRAWL_AUTO_FREE char *text = NULL;
    json_auto_t *schedules = NULL;

    assert_int_equal(trawl_reader_schedules(scene_reader(scene), &schedules, NULL), 0);
    for (size_t i = 0; i < json_array_size(schedules); i++) /* a time of the real clock */
        json_object_del(json_object_get(json_array_get(schedules, i), "last"), "ended_at");
    text = trawl_json_text(schedules, TRAWL_JSON_SORTED);
    assert_string_equal(text, expected);
}

static void adopt_schedules__begins_now(void **state)
{
    struct scene *scene = *state;
    const struct trawl_schedule_config both[] = {shop, books};
    struct trawl_schedule_state found = adopt(scene, both, 2, 1000);

    assert_int_equal(found.due_ms, 1000);
    assert_false(found.paused);
    expect(scene, "[{\"cron\":\"@hourly\",\"due_ms\":1000,\"last\":null,\"last_skipped\":null,"
                  "\"paused\":false,\"paused_at\":null,\"platform\":\"books\",\"reason\":null},"
                  "{\"cron\":\"@daily\",\"due_ms\":1000,\"last\":null,\"last_skipped\":null,"
                  "\"paused\":false,\"paused_at\":null,\"platform\":\"shop\",\"reason\":null}]");
}

static void adopt_schedules__goes_on_where_it_was(void **state)
{
    struct scene *scene = *state;

    adopt(scene, &shop, 1, 1000);
    assert_int_equal(fire(scene, 2000, TRAWL_OVERLAP_REJECT), 0);
    assert_int_equal(adopt(scene, &shop, 1, 9000).due_ms, 2000);
}

static void adopt_schedules__a_changed_one_has_no_past(void **state)
{
    struct scene *scene = *state;
    struct trawl_schedule_config changed = shop;

    changed.timing = "@daily Europe/Berlin";
    adopt(scene, &shop, 1, 1000);
    assert_int_equal(adopt(scene, &changed, 1, 9000).due_ms, 9000);
    changed.spec_json = "{\"cron\":\"@daily\",\"overlap\":\"queue\"}";
    assert_int_equal(adopt(scene, &changed, 1, 10000).due_ms, 9000);
}

static void adopt_schedules__one_that_was_away_has_no_past_but_stays_paused(void **state)
{
    struct scene *scene = *state;
    struct trawl_schedule_state back;

    adopt(scene, &shop, 1, 1000);
    pause_shop(scene, 1500, "it rains");
    adopt(scene, &books, 1, 2000);
    expect(scene, "[{\"cron\":\"@hourly\",\"due_ms\":2000,\"last\":null,\"last_skipped\":null,"
                  "\"paused\":false,\"paused_at\":null,\"platform\":\"books\",\"reason\":null}]");
    back = adopt(scene, &shop, 1, 3000);
    assert_int_equal(back.due_ms, 3000);
    assert_true(back.paused);
}

static void create_run__deals_with_its_due_time(void **state)
{
    struct scene *scene = *state;

    adopt(scene, &shop, 1, 1000);
    assert_int_equal(fire(scene, 2000, TRAWL_OVERLAP_REJECT), 0);
    expect(scene, "[{\"cron\":\"@daily\",\"due_ms\":2000,"
                  "\"last\":{\"due_at\":\"1970-01-01T00:00:02.000Z\",\"run_id\":1,"
                  "\"status\":\"queued\"},\"last_skipped\":null,"
                  "\"paused\":false,\"paused_at\":null,\"platform\":\"shop\",\"reason\":null}]");
}

static void create_run__deals_with_its_due_time_where_the_platform_runs(void **state)
{
    struct scene *scene = *state;

    adopt(scene, &shop, 1, 1000);
    assert_int_equal(scene_create_run(scene), 1);
    assert_int_equal(fire(scene, 2000, TRAWL_OVERLAP_REJECT), -EBUSY);
    expect(scene, "[{\"cron\":\"@daily\",\"due_ms\":2000,\"last\":null,"
                  "\"last_skipped\":{\"due_at\":\"1970-01-01T00:00:02.000Z\","
                  "\"reason\":\"the platform was running\"},"
                  "\"paused\":false,\"paused_at\":null,\"platform\":\"shop\",\"reason\":null}]");
    assert_int_equal(fire(scene, 3000, TRAWL_OVERLAP_QUEUE), 0);
    assert_int_equal(scene->run_id, 2);
}

static void skip_due__is_told_and_deals_with_it(void **state)
{
    struct scene *scene = *state;

    adopt(scene, &shop, 1, 1000);
    scene->waiting++;
    trawl_store_skip_due(scene->store, "shop", 4000, "missed", scene_on_done, scene);
    scene_wait(scene);
    expect(scene, "[{\"cron\":\"@daily\",\"due_ms\":4000,\"last\":null,"
                  "\"last_skipped\":{\"due_at\":\"1970-01-01T00:00:04.000Z\","
                  "\"reason\":\"missed\"},"
                  "\"paused\":false,\"paused_at\":null,\"platform\":\"shop\",\"reason\":null}]");
}

static void pause_schedule__outlives_the_server(void **state)
{
    struct scene *scene = *state;

    adopt(scene, &shop, 1, 1000);
    pause_shop(scene, 2000, "suspect");
    pause_shop(scene, 3000, "again"); /* the first stands */
    assert_true(adopt(scene, &shop, 1, 5000).paused);
    expect(scene, "[{\"cron\":\"@daily\",\"due_ms\":1000,\"last\":null,\"last_skipped\":null,"
                  "\"paused\":true,\"paused_at\":\"1970-01-01T00:00:02.000Z\","
                  "\"platform\":\"shop\",\"reason\":\"suspect\"}]");
}

static void resume_schedule__passes_over_what_was_due(void **state)
{
    struct scene *scene = *state;

    adopt(scene, &shop, 1, 1000);
    resume_shop(scene, 1500); /* it is not paused */
    assert_int_equal(adopt(scene, &shop, 1, 1600).due_ms, 1000);
    pause_shop(scene, 2000, NULL);
    resume_shop(scene, 7000);
    expect(scene, "[{\"cron\":\"@daily\",\"due_ms\":7000,\"last\":null,\"last_skipped\":null,"
                  "\"paused\":false,\"paused_at\":null,\"platform\":\"shop\",\"reason\":null}]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(adopt_schedules__begins_now),
        SCENE_TEST(adopt_schedules__goes_on_where_it_was),
        SCENE_TEST(adopt_schedules__a_changed_one_has_no_past),
        SCENE_TEST(adopt_schedules__one_that_was_away_has_no_past_but_stays_paused),
        SCENE_TEST(create_run__deals_with_its_due_time),
        SCENE_TEST(create_run__deals_with_its_due_time_where_the_platform_runs),
        SCENE_TEST(skip_due__is_told_and_deals_with_it),
        SCENE_TEST(pause_schedule__outlives_the_server),
        SCENE_TEST(resume_schedule__passes_over_what_was_due),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
