#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "scene.h"

struct resumed {
    struct scene *scene;
    int status;
    size_t count;
    char options[64];
    struct trawl_resumed_platform platform; /* its strings are gone */
};

static void on_resumed(void *user, int status, const struct trawl_resumed_platform *platforms,
                       size_t count)
{
    struct resumed *resumed = user;

    resumed->scene->waiting--;
    resumed->status = status;
    resumed->count = count;
    if (count == 0)
        return;
    resumed->platform = platforms[0];
    snprintf(resumed->options, sizeof(resumed->options), "%s", platforms[0].options_json);
}

static struct resumed resume(struct scene *scene, int64_t run_id)
{
    struct resumed resumed = {.scene = scene};

    scene->waiting++;
    trawl_store_resume_run(scene->store, run_id, on_resumed, &resumed);
    scene_wait(scene);
    return resumed;
}

static void resume__tells_how_far_the_run_had_come(void **state)
{
    static const char *const urls[] = {"http://a/1", "http://a/2", "http://a/3"};
    struct trawl_page ok = scene_page(urls[0], TRAWL_OUTCOME_OK);
    struct trawl_page failed = scene_page(urls[1], TRAWL_OUTCOME_FAILED);
    struct scene *scene = *state;
    int64_t run_id = scene_create_run(scene);
    json_auto_t *run = NULL;
    struct resumed resumed;

    scene_set_phase(scene, run_id, TRAWL_PHASE_SCRAPING);
    scene_begin(scene, run_id, urls, 3);
    ok.counts = true;
    scene_commit(scene, run_id, &ok);
    scene_commit(scene, run_id, &failed);
    scene_reopen(scene);
    resumed = resume(scene, run_id);
    assert_int_equal(resumed.status, 0);
    assert_int_equal(resumed.count, 1);
    assert_int_equal(resumed.platform.phase, TRAWL_PHASE_QUEUED);
    assert_true(resumed.platform.begun);
    assert_int_equal(resumed.platform.counted, 1);
    assert_int_equal(resumed.platform.tally.ok, 1);
    assert_int_equal(resumed.platform.tally.failed, 1);
    assert_string_equal(resumed.options, "{\"start\":\"x\"}");
    run = scene_run(scene, run_id);
    assert_string_equal(trawl_json_string(run, "status", ""), "queued");
}

static void resume__knows_a_run_that_had_not_begun(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = scene_create_run(scene);
    struct resumed resumed;

    scene_reopen(scene);
    resumed = resume(scene, run_id);
    assert_int_equal(resumed.status, 0);
    assert_false(resumed.platform.begun);
}

static void resume__refuses_what_is_not_interrupted(void **state)
{
    struct scene *scene = *state;
    int64_t active = scene_create_run(scene);
    int64_t ended;

    assert_int_equal(resume(scene, active).status, -EALREADY);
    scene_set_phase(scene, active, TRAWL_PHASE_COMPLETED);
    ended = active;
    scene_reopen(scene);
    assert_int_equal(resume(scene, ended).status, -EALREADY);
    assert_int_equal(resume(scene, 99).status, -ENOENT);
}

static void resume__happens_once(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = scene_create_run(scene);

    scene_reopen(scene);
    assert_int_equal(resume(scene, run_id).status, 0);
    assert_int_equal(resume(scene, run_id).status, -EALREADY);
}

static void interrupted_runs__are_those_that_had_not_ended(void **state)
{
    struct scene *scene = *state;
    int64_t *ids = NULL;
    size_t count = 0;
    int64_t ended = scene_create_run(scene);
    int64_t first;
    int64_t second;

    scene_set_phase(scene, ended, TRAWL_PHASE_FAILED);
    first = scene_create_run(scene);
    scene_set_phase(scene, first, TRAWL_PHASE_INTERRUPTED); /* by an orderly end */
    second = scene_create_run(scene);
    scene_close(scene);
    scene_open(scene);
    assert_int_equal(trawl_store_interrupted_runs(scene->store, &ids, &count), 0);
    assert_int_equal(count, 2);
    assert_int_equal(ids[0], first);
    assert_int_equal(ids[1], second);
    free(ids);
    scene_start(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(resume__tells_how_far_the_run_had_come),
        SCENE_TEST(resume__knows_a_run_that_had_not_begun),
        SCENE_TEST(resume__refuses_what_is_not_interrupted),
        SCENE_TEST(resume__happens_once),
        SCENE_TEST(interrupted_runs__are_those_that_had_not_ended),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
