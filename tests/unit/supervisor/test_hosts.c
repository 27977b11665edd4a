/* How long hosts are remembered, and when their slots are dealt: with a store, on the test's own loop, for shards without a
 * process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "ipc/messages.h"
#include "supervisor/hosts_priv.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/fs.h"

#define HOST "https://a.example"

struct scene {
    struct trawl_supervisor supervisor;
    char *folder;
    struct trawl_task task;
    struct trawl_shard shards[2];
};

static void on_events(void *user, const struct trawl_event *events, size_t count)
{
    (void)user;
    (void)events;
    (void)count;
}

static void on_stalled(void *user, const char *reason)
{
    (void)user;
    fail_msg("the store stalled: %s", reason ? reason : "");
}

static int setup(void **state)
{
    struct scene *scene = TRAWL_NEW(struct scene);
    struct trawl_supervisor *supervisor = &scene->supervisor;
    struct trawl_store_options options = {0};

    assert_int_equal(uv_loop_init(&supervisor->loop), 0);
    assert_int_equal(trawl_fs_make_temporary(&scene->folder), 0);
    options.folder = scene->folder;
    assert_int_equal(trawl_store_open(&options, &supervisor->store, NULL), 0);
    assert_int_equal(
        trawl_store_start(supervisor->store, &supervisor->loop, on_events, on_stalled, NULL), 0);
    scene->task.job =
        json_pack("{s:{s:b, s:i, s:i}}", "fetch", "robots", 0, "concurrency", 1, "delay", 2);
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(scene->shards); i++) {
        scene->shards[i].supervisor = supervisor;
        scene->shards[i].task = &scene->task;
    }
    *state = scene;
    return 0;
}

static int teardown(void **state)
{
    struct scene *scene = *state;
    struct trawl_supervisor *supervisor = &scene->supervisor;

    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(scene->shards); i++)
        trawl__hosts_forget(&scene->shards[i]);
    trawl__hosts_finish(supervisor);
    trawl_store_close(supervisor->store, NULL, NULL);
    uv_run(&supervisor->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&supervisor->loop), 0);
    trawl_fs_remove_folder(scene->folder);
    free(scene->folder);
    json_decref(scene->task.job);
    free(scene);
    return 0;
}

static struct trawl_host *host_of(struct scene *scene)
{
    struct trawl_host *host;

    HASH_FIND_STR(scene->supervisor.hosts, HOST, host);
    return host;
}

static void want(struct scene *scene, unsigned shard, int slots)
{
    json_auto_t *words = json_pack("{s:s, s:i}", "host", HOST, "slots", slots);

    assert_true(trawl__hosts_on_words(&scene->shards[shard], TRAWL_MSG_HOST_WANT, words));
}

/* It has started its request and is done with it. */
static void report(struct scene *scene, unsigned shard)
{
    json_auto_t *words = json_pack("{s:s, s:I, s:i, s:i}", "host", HOST, "started_ns",
                                   (json_int_t)trawl_mono_ns(), "back", 1, "fine", 1);

    assert_true(trawl__hosts_on_words(&scene->shards[shard], TRAWL_MSG_HOST_REPORT, words));
}

static void load(struct scene *scene)
{
    while (host_of(scene)->robots == TRAWL_HOST_ROBOTS_LOADING)
        uv_run(&scene->supervisor.loop, UV_RUN_ONCE);
}

/* What it waits for comes at once. */
static void hurry(struct trawl_host *host)
{
    assert_true(uv_is_active((uv_handle_t *)&host->timer));
    uv_timer_set_repeat(&host->timer, 1);
    assert_int_equal(uv_timer_again(&host->timer), 0);
    uv_timer_set_repeat(&host->timer, 0);
}

static void hosts__are_forgotten_a_while_after_their_last_user(void **state)
{
    struct scene *scene = *state;

    want(scene, 0, 0);
    load(scene);
    want(scene, 0, 0);
    assert_int_equal(scene->supervisor.idle_host_count, 1);
    hurry(host_of(scene));
    while (host_of(scene))
        uv_run(&scene->supervisor.loop, UV_RUN_ONCE);
    assert_int_equal(scene->supervisor.idle_host_count, 0);
}

static void hosts__are_forgotten_when_their_record_comes_after_their_last_user(void **state)
{
    struct scene *scene = *state;

    want(scene, 0, 1);
    trawl__hosts_forget(&scene->shards[0]);
    assert_int_equal(host_of(scene)->robots, TRAWL_HOST_ROBOTS_LOADING);
    load(scene);
    assert_null(host_of(scene)->users);
    hurry(host_of(scene));
    while (host_of(scene))
        uv_run(&scene->supervisor.loop, UV_RUN_ONCE);
    assert_int_equal(scene->supervisor.idle_host_count, 0);
}

static void hosts__are_kept_when_they_are_used_again(void **state)
{
    struct scene *scene = *state;

    want(scene, 0, 1);
    trawl__hosts_forget(&scene->shards[0]);
    assert_true(host_of(scene)->idle);
    want(scene, 1, 1);
    assert_false(host_of(scene)->idle);
    assert_int_equal(scene->supervisor.idle_host_count, 0);
    load(scene);
    assert_int_equal(host_of(scene)->users->held, 1);
    assert_ptr_equal(host_of(scene)->users->shard, &scene->shards[1]);
}

/* They are kept apart by a delay, so the timer has to come. */
static void hosts__deal_the_next_slot_when_it_is_time(void **state)
{
    struct scene *scene = *state;
    struct trawl_host_user *user;

    want(scene, 0, 2);
    load(scene);
    user = host_of(scene)->users;
    for (int i = 0; i < 3; i++) {
        while (user->held == 0)
            uv_run(&scene->supervisor.loop, UV_RUN_ONCE);
        assert_int_equal(host_of(scene)->held, 1);
        report(scene, 0);
    }
    assert_int_equal(host_of(scene)->record.fine, 3);
}

#define HOSTS_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOSTS_TEST(hosts__are_forgotten_a_while_after_their_last_user),
        HOSTS_TEST(hosts__are_forgotten_when_their_record_comes_after_their_last_user),
        HOSTS_TEST(hosts__are_kept_when_they_are_used_again),
        HOSTS_TEST(hosts__deal_the_next_slot_when_it_is_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
