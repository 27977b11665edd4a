/* Lists of runs, and what each had to say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "scene.h"

/* "5 3 1": the ids that a filter gives. */
static void expect_runs(struct scene *scene, struct trawl_run_filter filter, const char *ids)
{
    json_auto_t *runs = NULL;
    struct trawl_buf text;
    json_t *run;
    size_t i;

    if (filter.limit == 0)
        filter.limit = 100;
    assert_int_equal(trawl_reader_runs(scene_reader(scene), &filter, &runs, NULL), 0);
    trawl_buf_init(&text, LINES_MAX);
    json_array_foreach (runs, i, run)
        trawl_buf_printf(&text, "%s%lld", i ? " " : "", trawl_json_int(run, "id", -1));
    assert_string_equal(trawl_buf_text(&text), ids);
    trawl_buf_finish(&text);
}

/* Nine runs: odd ones of "shop" alone, even ones of "shop" and "books"; each third has failed, the last is queued. */
static void fill(struct scene *scene)
{
    for (int64_t i = 1; i <= 9; i++) {
        int64_t run_id = i % 2 ? scene_create_run(scene) : scene_create_pair(scene);
        enum trawl_phase phase = i % 3 ? TRAWL_PHASE_COMPLETED : TRAWL_PHASE_FAILED;

        assert_int_equal(run_id, i);
        if (i == 9)
            continue;
        scene_set_phase(scene, run_id, phase);
        if (i % 2 == 0)
            assert_int_equal(scene_try_phase(scene, run_id, "books", phase, NULL), 0);
    }
}

static void runs__are_newest_first_and_filtered(void **state)
{
    struct scene *scene = *state;

    expect_runs(scene, (struct trawl_run_filter){0}, "");
    fill(scene);
    expect_runs(scene, (struct trawl_run_filter){0}, "9 8 7 6 5 4 3 2 1");
    expect_runs(scene, (struct trawl_run_filter){.status = "failed"}, "6 3");
    expect_runs(scene, (struct trawl_run_filter){.status = "queued"}, "9");
    expect_runs(scene, (struct trawl_run_filter){.status = "partial"}, "");
    expect_runs(scene, (struct trawl_run_filter){.platform = "books"}, "8 6 4 2");
    expect_runs(scene, (struct trawl_run_filter){.platform = "books", .status = "failed"}, "6");
    expect_runs(scene, (struct trawl_run_filter){.platform = "none"}, "");
    expect_runs(scene, (struct trawl_run_filter){.platform = "%"}, "");
}

static void runs__come_in_pages(void **state)
{
    struct scene *scene = *state;

    fill(scene);
    expect_runs(scene, (struct trawl_run_filter){.limit = 4}, "9 8 7 6");
    expect_runs(scene, (struct trawl_run_filter){.limit = 4, .before = 6}, "5 4 3 2");
    expect_runs(scene, (struct trawl_run_filter){.limit = 4, .before = 2}, "1");
    expect_runs(scene, (struct trawl_run_filter){.limit = 4, .before = 1}, "");
    expect_runs(scene, (struct trawl_run_filter){.limit = 2, .before = 8, .platform = "books"},
                "6 4");
    expect_runs(scene, (struct trawl_run_filter){.before = INT64_MAX}, "9 8 7 6 5 4 3 2 1");
}

static void active_runs__have_neither_ended_nor_been_interrupted(void **state)
{
    struct scene *scene = *state;
    json_auto_t *before = NULL;
    json_auto_t *after = NULL;

    fill(scene);
    assert_int_equal(trawl_reader_active_runs(scene_reader(scene), &before, NULL), 0);
    assert_int_equal(json_array_size(before), 1);
    assert_int_equal(trawl_json_int(json_array_get(before, 0), "id", -1), 9);
    scene_set_phase(scene, 9, TRAWL_PHASE_INTERRUPTED);
    assert_int_equal(trawl_reader_active_runs(scene_reader(scene), &after, NULL), 0);
    assert_int_equal(json_array_size(after), 0);
}

static void run__has_the_id_of_its_last_event(void **state)
{
    struct scene *scene = *state;
    char id[TRAWL_EVENT_ID_SIZE];
    json_auto_t *run = NULL;

    scene_create_run(scene);
    scene_set_phase(scene, 1, TRAWL_PHASE_COMPLETED);
    trawl_event_id(id, trawl_store_epoch(scene->store), trawl_store_head(scene->store));
    scene_create_run(scene);
    run = scene_run(scene, 1);
    assert_string_equal(trawl_json_string(run, "last_id", ""), id);
}

static void run__that_is_not_there(void **state)
{
    static const int64_t ids[] = {0, 2, -1, INT64_MAX, INT64_MIN};
    struct scene *scene = *state;

    scene_create_run(scene);
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(ids); i++) {
        struct trawl_err err = {0};
        json_t *found = NULL;

        assert_int_equal(trawl_reader_run(scene_reader(scene), ids[i], &found, &err), -ENOENT);
        assert_null(found);
        assert_memory_equal(err.message, "there is no run", 15);
        assert_int_equal(trawl_reader_run_errors(scene_reader(scene), ids[i], 0, 9, &found, NULL),
                         -ENOENT);
        assert_int_equal(trawl_reader_run_logs(scene_reader(scene), ids[i], 0, 9, &found, NULL),
                         -ENOENT);
        assert_int_equal(
            trawl_reader_run_error_groups(scene_reader(scene), ids[i], 9, &found, NULL), -ENOENT);
        assert_null(found);
    }
}

/* --- rows of a run ------------------------------------------------------------------------------- */

#define ROWS 25

typedef int rows_reader(struct trawl_reader *reader, int64_t run_id, int64_t after, unsigned limit,
                        json_t **ret_rows, struct trawl_err *err);

/* Read all rows of run 1 in pages, and check that `member` is "0", "1", "2" …. */
static void expect_rows(struct scene *scene, rows_reader *read, const char *member)
{
    json_int_t after = 0;
    size_t count = 0;
    size_t got;

    do {
        json_auto_t *rows = NULL;
        json_t *row;
        size_t i;

        assert_int_equal(read(scene_reader(scene), 1, after, 10, &rows, NULL), 0);
        json_array_foreach (rows, i, row) {
            TRAWL_AUTO_FREE char *text = trawl_xasprintf("%zu", count++);

            assert_string_equal(trawl_json_string(row, member, ""), text);
            assert_true(trawl_json_int(row, "row", -1) > after);
            after = trawl_json_int(row, "row", -1);
        }
        got = json_array_size(rows);
    } while (got == 10);
    assert_int_equal(count, ROWS);
}

static void logs__of_a_run_come_in_pages(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = scene_create_pair(scene);
    json_auto_t *logs = NULL;

    scene_set_phase(scene, run_id, TRAWL_PHASE_COMPLETED);
    scene_create_run(scene);
    for (size_t i = 0; i < ROWS; i++) {
        TRAWL_AUTO_FREE char *text = trawl_xasprintf("%zu", i);

        trawl_store_log(scene->store, run_id, i ? "books" : NULL, TRAWL_LOG_WARNING, text);
        trawl_store_log(scene->store, run_id + 1, "shop", TRAWL_LOG_INFO, "of another run");
    }
    assert_int_equal(scene_try_phase(scene, run_id, "books", TRAWL_PHASE_STARTING, NULL), 0);
    expect_rows(scene, trawl_reader_run_logs, "message");
    assert_int_equal(trawl_reader_run_logs(scene_reader(scene), run_id, 0, 2, &logs, NULL), 0);
    assert_true(json_is_null(json_object_get(json_array_get(logs, 0), "platform")));
    assert_string_equal(trawl_json_string(json_array_get(logs, 1), "platform", ""), "books");
    assert_string_equal(trawl_json_string(json_array_get(logs, 1), "level", ""), "warning");
    assert_true(json_is_string(json_object_get(json_array_get(logs, 1), "at")));
}

static void errors__of_a_run_come_in_pages(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = scene_create_run(scene);
    char texts[ROWS][16];
    const char *urls[ROWS];

    for (size_t i = 0; i < ROWS; i++) {
        snprintf(texts[i], sizeof(texts[i]), "%zu", i);
        urls[i] = texts[i];
    }
    scene_begin(scene, run_id, urls, ROWS);
    for (size_t i = 0; i < ROWS; i++) {
        const struct trawl_page page = scene_page(urls[i], TRAWL_OUTCOME_FAILED);

        scene_commit(scene, run_id, &page);
    }
    expect_rows(scene, trawl_reader_run_errors, "url");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(runs__are_newest_first_and_filtered),
        SCENE_TEST(runs__come_in_pages),
        SCENE_TEST(active_runs__have_neither_ended_nor_been_interrupted),
        SCENE_TEST(run__has_the_id_of_its_last_event),
        SCENE_TEST(run__that_is_not_there),
        SCENE_TEST(logs__of_a_run_come_in_pages),
        SCENE_TEST(errors__of_a_run_come_in_pages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
