/* Dropping runs that ended long ago. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <sqlite3.h>

#include "scene.h"

static const char *const urls[] = {"http://a/1", "http://a/2"};

/* With an item that is always the same, one of its own, and a page that failed. */
static int64_t add_run(struct scene *scene, const char *json)
{
    int64_t run_id = scene_create_run(scene);
    struct trawl_page failed = scene_page(urls[1], TRAWL_OUTCOME_FAILED);
    struct trawl_page_item items[] = {scene_item("same", "{}"), scene_item("own", json)};
    struct trawl_page page = scene_page(urls[0], TRAWL_OUTCOME_OK);

    page.items = items;
    page.item_count = 2;
    scene_set_phase(scene, run_id, TRAWL_PHASE_STARTING);
    scene_begin(scene, run_id, urls, 2);
    scene_commit(scene, run_id, &page);
    scene_commit(scene, run_id, &failed);
    return run_id;
}

/* Runs 1 to `count`, all of which have ended. */
static void add_runs(struct scene *scene, int count)
{
    char json[32];

    for (int i = 1; i <= count; i++) {
        snprintf(json, sizeof(json), "{\"i\":%d}", i);
        assert_int_equal(add_run(scene, json), i);
        scene_set_phase(scene, i, TRAWL_PHASE_COMPLETED);
    }
    uv_sleep(5);
}

static void prune(struct scene *scene)
{
    scene_prune(scene, &(struct trawl_store_limits){.runs_ms = 2});
}

/* The number that a statement gives; run straight on the file. */
static int number(struct scene *scene, const char *sql)
{
    TRAWL_AUTO_FREE char *path = trawl_fs_join(scene->folder, "trawl.db");
    sqlite3_stmt *statement = NULL;
    sqlite3 *db = NULL;
    int value = 0;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    if (sqlite3_step(statement) == SQLITE_ROW)
        value = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return value;
}

static bool has_run(struct scene *scene, int64_t run_id)
{
    json_auto_t *run = NULL;
    int r = trawl_reader_run(scene_reader(scene), run_id, &run, NULL);

    if (r < 0)
        assert_int_equal(r, -ENOENT);
    return r == 0;
}

/* Of everything that is kept for each run there is as much as for `count` of them. */
static void expect_runs(struct scene *scene, int count)
{
    assert_int_equal(number(scene, "SELECT count(*) FROM runs"), count);
    assert_int_equal(number(scene, "SELECT count(*) FROM run_platforms"), count);
    assert_int_equal(number(scene, "SELECT count(*) FROM run_items"), 2 * count);
    assert_int_equal(number(scene, "SELECT count(*) FROM pages"), 2 * count);
    assert_int_equal(number(scene, "SELECT count(*) FROM errors"), count);
    assert_int_equal(number(scene, "SELECT count(*) FROM dropped_run_platforms"), 0);
}

static void prune_runs__keeps_the_newest_of_a_platform(void **state)
{
    struct scene *scene = *state;

    add_runs(scene, TRAWL_STORE_KEEP_RUNS + 3);
    prune(scene);
    expect_runs(scene, TRAWL_STORE_KEEP_RUNS);
    assert_false(has_run(scene, 3));
    assert_true(has_run(scene, 4));
    prune(scene);
    expect_runs(scene, TRAWL_STORE_KEEP_RUNS);
    assert_int_equal(scene_create_run(scene), TRAWL_STORE_KEEP_RUNS + 4);
}

static void prune_runs__leaves_items_and_their_history(void **state)
{
    struct scene *scene = *state;
    json_auto_t *history = NULL;

    add_runs(scene, TRAWL_STORE_KEEP_RUNS + 3);
    prune(scene);
    assert_int_equal(number(scene, "SELECT count(*) FROM items"), 2);
    assert_int_equal(trawl_reader_item_history(scene_reader(scene), "shop", "own", &history, NULL),
                     0);
    assert_int_equal(json_array_size(history), TRAWL_STORE_KEEP_RUNS + 3);
}

static void prune_runs__takes_only_what_ended_long_ago(void **state)
{
    struct scene *scene = *state;
    int64_t going_on = add_run(scene, "{}");

    for (int i = 2; i <= TRAWL_STORE_KEEP_RUNS + 3; i++) {
        assert_int_equal(add_run(scene, "{}"), i);
        scene_set_phase(scene, i, TRAWL_PHASE_COMPLETED);
    }
    uv_sleep(5);
    scene_prune(scene, &(struct trawl_store_limits){.runs_ms = 3600000});
    expect_runs(scene, TRAWL_STORE_KEEP_RUNS + 3);
    scene_prune(scene, &(struct trawl_store_limits){0});
    expect_runs(scene, TRAWL_STORE_KEEP_RUNS + 3);
    prune(scene);
    expect_runs(scene, TRAWL_STORE_KEEP_RUNS + 1);
    assert_true(has_run(scene, going_on));
    assert_false(has_run(scene, 2));
}

/* One of two platforms may be run far more often. */
static void prune_runs__keeps_a_run_for_each_of_its_platforms(void **state)
{
    struct scene *scene = *state;
    int64_t pair = scene_create_pair(scene);

    assert_int_equal(scene_try_phase(scene, pair, "shop", TRAWL_PHASE_CANCELLED, NULL), 0);
    assert_int_equal(scene_try_phase(scene, pair, "books", TRAWL_PHASE_CANCELLED, NULL), 0);
    for (int i = 0; i < TRAWL_STORE_KEEP_RUNS + 2; i++)
        scene_set_phase(scene, scene_create_run(scene), TRAWL_PHASE_CANCELLED);
    uv_sleep(5);
    prune(scene);
    assert_true(has_run(scene, pair));
    assert_int_equal(number(scene, "SELECT count(*) FROM runs"), TRAWL_STORE_KEEP_RUNS + 1);
}

/* Whatever ends the process between two pieces, what was begun is done later, though nothing else has to go. */
static void prune_runs__goes_on_after_an_end(void **state)
{
    struct scene *scene = *state;

    add_runs(scene, 2);
    assert_int_equal(number(scene, "INSERT INTO dropped_run_platforms SELECT id, run_id FROM "
                                   "run_platforms WHERE run_id = 1"),
                     0);
    number(scene, "DELETE FROM run_platforms WHERE run_id = 1");
    number(scene, "DELETE FROM runs WHERE id = 1");
    scene_reopen(scene);
    scene_prune(scene, &(struct trawl_store_limits){0});
    expect_runs(scene, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(prune_runs__keeps_the_newest_of_a_platform),
        SCENE_TEST(prune_runs__leaves_items_and_their_history),
        SCENE_TEST(prune_runs__takes_only_what_ended_long_ago),
        SCENE_TEST(prune_runs__keeps_a_run_for_each_of_its_platforms),
        SCENE_TEST(prune_runs__goes_on_after_an_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
