#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "scene.h"
#include "store/beside.h"

/* What a read does on its thread. */
enum act {
    ACT_NOTHING,
    ACT_WAIT, /* until another one posts */
    ACT_POST,
    ACT_READ,
};

struct job {
    struct trawl_store_read read;
    struct trawl_err err;
    struct scene *scene;
    enum act act;
    char name;
};

static uv_sem_t sem;
static char order[8]; /* names, as they were done */

static int job_run(struct trawl_store_read *read, struct trawl_reader *reader)
{
    const struct job *job = TRAWL_CONTAINER_OF(read, struct job, read);
    json_t *run = NULL;

    if (job->act == ACT_WAIT)
        uv_sem_wait(&sem);
    if (job->act == ACT_POST)
        uv_sem_post(&sem);
    return job->act == ACT_READ ? trawl_reader_run(reader, 1000, &run, NULL) : 0;
}

static void job_done(struct trawl_store_read *read)
{
    struct job *job = TRAWL_CONTAINER_OF(read, struct job, read);

    order[strlen(order)] = job->name;
    scene_on_done(job->scene, read->status);
}

static void start(struct job *job, struct scene *scene, char name, enum trawl_lane lane,
                  enum act act)
{
    *job = (struct job){
        .read = {.lane = lane, .err = &job->err, .run = job_run, .done = job_done},
        .scene = scene,
        .act = act,
        .name = name,
    };
    scene->waiting++;
    trawl_store_read(scene->store, &job->read);
}

static int setup(void **state)
{
    memset(order, 0, sizeof(order));
    assert_int_equal(uv_sem_init(&sem, 0), 0);
    return scene_setup(state);
}

static int teardown(void **state)
{
    uv_sem_destroy(&sem);
    return scene_teardown(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static void read__gives_what_the_job_returned(void **state)
{
    struct scene *scene = *state;
    struct job job;

    start(&job, scene, 'a', TRAWL_LANE_FIGURES, ACT_READ);
    scene_wait(scene);
    assert_int_equal(scene->status, -ENOENT);
}

static void read__goes_by_turns_in_a_lane(void **state)
{
    struct scene *scene = *state;
    struct job jobs[5];

    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(jobs); i++)
        start(&jobs[i], scene, (char)('a' + i), TRAWL_LANE_FRONTIER,
              i == 0 ? ACT_WAIT : ACT_NOTHING);
    uv_sem_post(&sem);
    scene_wait(scene);
    assert_string_equal(order, "abcde");
}

static void read__is_not_held_up_by_another_lane(void **state)
{
    struct scene *scene = *state;
    struct job jobs[5];

    for (size_t i = 0; i < 4; i++)
        start(&jobs[i], scene, (char)('a' + i), TRAWL_LANE_FIGURES,
              i == 0 ? ACT_WAIT : ACT_NOTHING);
    start(&jobs[4], scene, 'x', TRAWL_LANE_SHORT, ACT_POST);
    scene_wait(scene);
    assert_int_equal(strlen(order), 5);
}

static void on_stat(uv_fs_t *stat)
{
    scene_on_done(stat->data, (int)stat->result);
    for (size_t i = 0; i < TRAWL_LANES; i++)
        uv_sem_post(&sem);
}

static void read__leaves_a_thread_to_others(void **state)
{
    struct scene *scene = *state;
    struct job jobs[2 * TRAWL_LANES];
    uv_fs_t stat = {.data = scene};

    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(jobs); i++)
        start(&jobs[i], scene, 'a', (enum trawl_lane)(i % TRAWL_LANES),
              i < TRAWL_LANES ? ACT_WAIT : ACT_NOTHING);
    scene->waiting++;
    assert_int_equal(uv_fs_stat(&scene->loop, &stat, "/", on_stat), 0);
    scene_wait(scene);
    uv_fs_req_cleanup(&stat);
}

static void on_closed(void *user)
{
    (void)user;
    order[strlen(order)] = '.';
}

static void close__waits_for_what_is_read(void **state)
{
    struct scene *scene = *state;
    struct job jobs[2];

    start(&jobs[0], scene, 'a', TRAWL_LANE_FIGURES, ACT_WAIT);
    start(&jobs[1], scene, 'b', TRAWL_LANE_FIGURES, ACT_READ);
    trawl_store_close(scene->store, on_closed, NULL);
    scene->store = NULL;
    uv_run(&scene->loop, UV_RUN_ONCE); /* the writer has ended */
    uv_sem_post(&sem);
    uv_run(&scene->loop, UV_RUN_DEFAULT);
    assert_string_equal(order, "ab.");
    assert_int_equal(scene->status, -ENOENT);
}

static void read__tells_when_there_is_no_reader_and_tries_again(void **state)
{
    struct scene *scene = *state;
    TRAWL_AUTO_FREE char *path = trawl_fs_join(scene->folder, "trawl.db");
    TRAWL_AUTO_FREE char *away = trawl_fs_join(scene->folder, "away");
    struct job job;

    assert_int_equal(rename(path, away), 0);
    start(&job, scene, 'a', TRAWL_LANE_FIGURES, ACT_NOTHING);
    scene_wait(scene);
    assert_int_equal(scene->status, -ENOENT);
    assert_string_equal(job.err.message, "there is no database here");
    assert_int_equal(rename(away, path), 0);
    start(&job, scene, 'a', TRAWL_LANE_FIGURES, ACT_NOTHING);
    scene_wait(scene);
    assert_int_equal(scene->status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(read__gives_what_the_job_returned),
        TEST(read__goes_by_turns_in_a_lane),
        TEST(read__is_not_held_up_by_another_lane),
        TEST(read__leaves_a_thread_to_others),
        TEST(read__tells_when_there_is_no_reader_and_tries_again),
        TEST(close__waits_for_what_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
