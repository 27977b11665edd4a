/* Making runs: overlap and idempotency are decided in the transaction. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "scene.h"

static const struct trawl_new_run_platform shop = {.name = "shop", .plugin = "html"};
static const struct trawl_new_run_platform both[] = {{.name = "books", .plugin = "json"},
                                                     {.name = "shop", .plugin = "html"}};

static struct trawl_new_run run_of(const struct trawl_new_run_platform *platforms, size_t count,
                                   enum trawl_overlap overlap)
{
    return (struct trawl_new_run){
        .trigger = "api", .platforms = platforms, .platform_count = count, .overlap = overlap};
}

static struct trawl_new_run keyed(const char *key, const char *body)
{
    struct trawl_new_run run = run_of(&shop, 1, TRAWL_OVERLAP_ALLOW);

    run.idempotency_key = key;
    run.idempotency_body = scene_fingerprint(body);
    return run;
}

static void create_run__queues_all_its_platforms(void **state)
{
    struct scene *scene = *state;
    json_auto_t *run = NULL;

    assert_int_equal(scene_create_pair(scene), 1);
    assert_false(scene->existed);
    scene_expect(scene, TRAWL_TOPIC_PROGRESS | TRAWL_TOPIC_ITEMS | TRAWL_TOPIC_LOGS,
                 "progress 1 shop queued 0/0 items 0 new 0 changed 0 failed 0\n"
                 "progress 2 books queued 0/0 items 0 new 0 changed 0 failed 0\n"
                 "progress 3 * queued 0/0 items 0 new 0 changed 0 failed 0\n");
    scene_expect_run(scene, 1,
                     "run 1 manual queued n 3, 0 pages, 0 unchanged\n"
                     "shop html queued 0/0 items 0 new 0 changed 0 failed 0, 0 pages, 0 bytes\n"
                     "books json queued 0/0 items 0 new 0 changed 0 failed 0, 0 pages, 0 bytes\n");
    run = scene_run(scene, 1);
    assert_true(json_is_string(json_object_get(run, "created_at")));
    assert_true(json_is_null(json_object_get(run, "started_at")));
    assert_true(json_is_null(json_object_get(run, "ended_at")));
}

static void create_run__gives_ids_that_grow(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(scene_create_run(scene), 1);
    scene_set_phase(scene, 1, TRAWL_PHASE_COMPLETED);
    assert_int_equal(scene_create_run(scene), 2);
    scene_reopen(scene);
    assert_int_equal(scene_create_run(scene), 3);
}

/* --- overlap ------------------------------------------------------------------------------------- */

static void reject__names_what_runs_and_makes_nothing(void **state)
{
    struct scene *scene = *state;
    const struct trawl_new_run run = run_of(both, 2, TRAWL_OVERLAP_REJECT);
    json_t *found = NULL;

    scene_create_run(scene);
    scene_forget(scene);
    assert_int_equal(scene_try_run(scene, &run), -EBUSY);
    assert_string_equal(scene->conflict, "shop");
    assert_int_equal(scene->run_id, 0);
    scene_expect(scene, TRAWL_TOPIC_PROGRESS, "");
    assert_int_equal(trawl_reader_run(scene_reader(scene), 2, &found, NULL), -ENOENT);
    scene_set_phase(scene, 1, TRAWL_PHASE_COMPLETED);
    assert_int_equal(scene_try_run(scene, &run), 0);
    assert_int_equal(scene->run_id, 2);
}

static void reject__holds_in_each_phase_before_the_end(void **state)
{
    static const enum trawl_phase phases[] = {TRAWL_PHASE_QUEUED, TRAWL_PHASE_STARTING,
                                              TRAWL_PHASE_SCRAPING, TRAWL_PHASE_STORING};
    struct scene *scene = *state;
    const struct trawl_new_run run = run_of(&shop, 1, TRAWL_OVERLAP_REJECT);
    int64_t run_id = scene_create_run(scene);

    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(phases); i++) {
        scene_set_phase(scene, run_id, phases[i]);
        assert_int_equal(scene_try_run(scene, &run), -EBUSY);
    }
}

/* An interrupted run may stand there for ever, when nobody resumes it. */
static void reject__does_not_wait_for_what_was_interrupted(void **state)
{
    struct scene *scene = *state;
    const struct trawl_new_run run = run_of(&shop, 1, TRAWL_OVERLAP_REJECT);
    int64_t run_id = scene_create_run(scene);

    scene_set_phase(scene, run_id, TRAWL_PHASE_INTERRUPTED);
    assert_int_equal(scene_try_run(scene, &run), 0);
}

static void reject__looks_at_the_platform_not_at_its_run(void **state)
{
    struct scene *scene = *state;
    const struct trawl_new_run run = run_of(&shop, 1, TRAWL_OVERLAP_REJECT);
    int64_t pair = scene_create_pair(scene);

    assert_int_equal(scene_try_phase(scene, pair, "shop", TRAWL_PHASE_COMPLETED, NULL), 0);
    assert_int_equal(scene_try_run(scene, &run), 0);
}

/* Two at once, which the writer is likely to see in one transaction. */
static void reject__lets_one_of_two_at_once_win(void **state)
{
    struct scene *scene = *state;
    const struct trawl_new_run run = run_of(&shop, 1, TRAWL_OVERLAP_REJECT);

    scene->waiting = 2;
    trawl_store_create_run(scene->store, &run, scene_on_run, scene);
    trawl_store_create_run(scene->store, &run, scene_on_run, scene);
    scene_wait(scene);
    assert_int_equal(scene->status, -EBUSY); /* of the second */
    scene_expect(scene, TRAWL_TOPIC_PROGRESS,
                 "progress 1 shop queued 0/0 items 0 new 0 changed 0 failed 0\n"
                 "progress 2 * queued 0/0 items 0 new 0 changed 0 failed 0\n");
}

/* The same for an end and what waits for it. */
static void reject__counts_an_end_just_before(void **state)
{
    struct scene *scene = *state;
    const struct trawl_new_run run = run_of(&shop, 1, TRAWL_OVERLAP_REJECT);
    int64_t run_id = scene_create_run(scene);

    scene->waiting = 2;
    trawl_store_set_phase(scene->store, run_id, "shop", TRAWL_PHASE_FAILED, NULL, scene_on_done,
                          scene);
    trawl_store_create_run(scene->store, &run, scene_on_run, scene);
    scene_wait(scene);
    assert_int_equal(scene->status, 0);
    assert_int_equal(scene->run_id, run_id + 1);
}

static void queue_replace_and_allow__make_a_run_at_any_time(void **state)
{
    static const enum trawl_overlap overlaps[] = {TRAWL_OVERLAP_QUEUE, TRAWL_OVERLAP_REPLACE,
                                                  TRAWL_OVERLAP_ALLOW};
    struct scene *scene = *state;
    int64_t run_id = scene_create_run(scene);

    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(overlaps); i++) {
        const struct trawl_new_run run = run_of(&shop, 1, overlaps[i]);

        assert_int_equal(scene_try_run(scene, &run), 0);
        assert_int_equal(scene->run_id, ++run_id);
    }
}

/* --- idempotency --------------------------------------------------------------------------------- */

static void idempotency_key__gives_the_run_that_it_made(void **state)
{
    struct scene *scene = *state;
    const struct trawl_new_run run = keyed("k", "body");

    assert_int_equal(scene_try_run(scene, &run), 0);
    assert_false(scene->existed);
    assert_int_equal(scene->run_id, 1);
    scene_forget(scene);
    scene_reopen(scene);
    assert_int_equal(scene_try_run(scene, &run), 0);
    assert_true(scene->existed);
    assert_int_equal(scene->run_id, 1);
    scene_expect(scene, TRAWL_TOPIC_PROGRESS, "");
}

static void idempotency_key__is_refused_with_another_body(void **state)
{
    struct scene *scene = *state;
    const struct trawl_new_run first = keyed("k", "body");
    const struct trawl_new_run other_body = keyed("k", "other");
    const struct trawl_new_run other_key = keyed("l", "body");

    assert_int_equal(scene_try_run(scene, &first), 0);
    scene_forget(scene);
    assert_int_equal(scene_try_run(scene, &other_body), -EEXIST);
    assert_int_equal(scene->run_id, 0);
    scene_expect(scene, TRAWL_TOPIC_PROGRESS, "");
    assert_int_equal(scene_try_run(scene, &other_key), 0);
    assert_int_equal(scene->run_id, 2);
}

/* Whoever repeats a request wants to know of the run that it made, not that it is in its own way. */
static void idempotency_key__comes_before_overlap(void **state)
{
    struct scene *scene = *state;
    struct trawl_new_run run = keyed("k", "body");

    run.overlap = TRAWL_OVERLAP_REJECT;
    assert_int_equal(scene_try_run(scene, &run), 0);
    assert_int_equal(scene_try_run(scene, &run), 0);
    assert_true(scene->existed);
}

static void idempotency_key__of_a_refused_run_is_free(void **state)
{
    struct scene *scene = *state;
    struct trawl_new_run run = keyed("k", "body");
    int64_t first = scene_create_run(scene);

    run.overlap = TRAWL_OVERLAP_REJECT;
    assert_int_equal(scene_try_run(scene, &run), -EBUSY);
    scene_set_phase(scene, first, TRAWL_PHASE_COMPLETED);
    assert_int_equal(scene_try_run(scene, &run), 0);
    assert_false(scene->existed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(create_run__queues_all_its_platforms),
        SCENE_TEST(create_run__gives_ids_that_grow),
        SCENE_TEST(reject__names_what_runs_and_makes_nothing),
        SCENE_TEST(reject__holds_in_each_phase_before_the_end),
        SCENE_TEST(reject__does_not_wait_for_what_was_interrupted),
        SCENE_TEST(reject__looks_at_the_platform_not_at_its_run),
        SCENE_TEST(reject__lets_one_of_two_at_once_win),
        SCENE_TEST(reject__counts_an_end_just_before),
        SCENE_TEST(queue_replace_and_allow__make_a_run_at_any_time),
        SCENE_TEST(idempotency_key__gives_the_run_that_it_made),
        SCENE_TEST(idempotency_key__is_refused_with_another_body),
        SCENE_TEST(idempotency_key__comes_before_overlap),
        SCENE_TEST(idempotency_key__of_a_refused_run_is_free),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
