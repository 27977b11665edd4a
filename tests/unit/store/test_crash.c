/* After the death of its process, whatever it was doing, a store has all that it said was committed, and is whole. The process
 * that dies is this program again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scene.h"

/* More than any run lives to commit. */
#define PAGES 20000

/* --- the process that dies ----------------------------------------------------------------------- */

struct victim {
    struct trawl_store *store;
    int64_t run_id;
    size_t pushed;
    size_t most; /* pages, then it exits without closing the store; 0: until it is killed */
    uint32_t acknowledged;
};

static void victim_on_page(void *user, int status, const struct trawl_committed *committed);

/* Page number n gives item n, which asks for page n + 1. */
static void victim_push(struct victim *victim)
{
    TRAWL_AUTO_FREE char *url = trawl_xasprintf("http://a/%zu", victim->pushed);
    TRAWL_AUTO_FREE char *next = trawl_xasprintf("http://a/%zu", victim->pushed + 1);
    TRAWL_AUTO_FREE char *key =
        trawl_xasprintf("%lld-%zu", (long long)victim->run_id, victim->pushed);
    struct trawl_page_request request = scene_request(next, 0);
    struct trawl_page_item item = scene_item(key, "{\"some\":\"text\"}");
    struct trawl_page page = scene_page(url, TRAWL_OUTCOME_OK);
    struct trawl_buf buf;

    if (victim->pushed++ == 0)
        page.kind = TRAWL_PAGE_START;
    page.requests = &request;
    page.request_count = 1;
    page.items = &item;
    page.item_count = 1;
    trawl_buf_init(&buf, TRAWL_FRAME_MAX);
    if (trawl_page_encode(&page, &buf) < 0)
        _exit(3);
    trawl_store_commit_page(victim->store, victim->run_id, "shop", buf.data, buf.len,
                            victim_on_page, victim);
    trawl_buf_finish(&buf);
}

static void victim_on_page(void *user, int status, const struct trawl_committed *committed)
{
    struct victim *victim = user;

    (void)committed;
    victim->acknowledged++;
    if (status < 0 || write(STDOUT_FILENO, &victim->acknowledged, sizeof(uint32_t)) < 0)
        _exit(4);
    if (victim->acknowledged == victim->most)
        _exit(0);
    if (victim->pushed < PAGES)
        victim_push(victim);
}

static void victim_on_run(void *user, int status, const struct trawl_created_run *run)
{
    struct victim *victim = user;

    if (status < 0)
        _exit(5);
    victim->run_id = run->run_id;
    trawl_store_set_phase(victim->store, run->run_id, "shop", TRAWL_PHASE_SCRAPING, NULL, NULL,
                          NULL);
    for (size_t i = 0; i < 20; i++) /* some in flight all the time */
        victim_push(victim);
}

static void victim_on_events(void *user, const struct trawl_event *events, size_t count)
{
    (void)user;
    (void)events;
    (void)count;
}

static void victim_on_stalled(void *user, const char *reason)
{
    (void)user;
    (void)reason;
    _exit(6);
}

static int victim_main(const char *folder, const char *most)
{
    const struct trawl_store_options options = {.folder = folder, .durable = true};
    const struct trawl_new_run_platform platform = {.name = "shop", .plugin = "html"};
    const struct trawl_new_run run = {
        .trigger = "cli", .platforms = &platform, .platform_count = 1};
    struct victim victim = {.most = strtoul(most, NULL, 10)};
    uv_loop_t loop;

    if (uv_loop_init(&loop) < 0 || trawl_store_open(&options, &victim.store, NULL) < 0 ||
        trawl_store_start(victim.store, &loop, victim_on_events, victim_on_stalled, NULL) < 0)
        return 2;
    trawl_store_create_run(victim.store, &run, victim_on_run, &victim);
    uv_run(&loop, UV_RUN_DEFAULT);
    return 7; /* it was to die before */
}

/* --- this process -------------------------------------------------------------------------------- */

static pid_t spawn(const char *folder, size_t most, int *ret_fd)
{
    char name[] = "victim";
    char count[32];
    char *const argv[] = {name, (char *)(uintptr_t)folder, count, NULL};
    posix_spawn_file_actions_t actions;
    extern char **environ;
    int ends[2];
    pid_t pid;

    snprintf(count, sizeof(count), "%zu", most);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    assert_int_equal(posix_spawn(&pid, "/proc/self/exe", &actions, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    *ret_fd = ends[0];
    return pid;
}

static void wait_for(pid_t pid, int *ret_how)
{
    while (waitpid(pid, ret_how, 0) < 0)
        assert_int_equal(errno, EINTR);
}

/* Run it until it has said `most` times that a page is committed, then kill it, or let it exit. How many it said in all. */
static uint32_t run_victim(const char *folder, uint32_t most, bool kills)
{
    uint32_t acknowledged = 0;
    int fd = -1;
    int how = 0;
    pid_t pid = spawn(folder, kills ? 0 : most, &fd);

    while (acknowledged < most &&
           read(fd, &acknowledged, sizeof(acknowledged)) == sizeof(acknowledged))
        ;
    if (kills)
        kill(pid, SIGKILL);
    while (read(fd, &acknowledged, sizeof(acknowledged)) == sizeof(acknowledged))
        ;
    close(fd);
    wait_for(pid, &how);
    if (kills)
        assert_true(WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL);
    else
        assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
    return acknowledged;
}

/* --- what is left -------------------------------------------------------------------------------- */

static void check_journal(struct scene *scene)
{
    const struct trawl_event_filter filter = {.topics = TRAWL_TOPIC_PROGRESS | TRAWL_TOPIC_ITEMS |
                                                        TRAWL_TOPIC_LOGS};
    uint64_t tail = 0;
    uint64_t head = 0;
    uint64_t since = 0;
    struct trawl_event *events = NULL;
    size_t count;

    assert_int_equal(trawl_reader_bounds(scene_reader(scene), &tail, &head, NULL), 0);
    assert_int_equal(tail, 1);
    assert_int_equal(head, trawl_store_head(scene->store));
    do {
        assert_int_equal(trawl_reader_events(scene_reader(scene), &filter, since, head, 1000,
                                             &events, &count, NULL),
                         0);
        for (size_t i = 0; i < count; i++)
            assert_int_equal(events[i].seq, ++since);
        trawl_reader_events_free(events, count);
    } while (count == 1000);
    assert_int_equal(since, head);
}

static int count_row(void *user, const struct trawl_item_row *item)
{
    assert_string_equal(item->change, "new");
    ++*(json_int_t *)user;
    return 0;
}

static void on_resumed(void *user, int status, const struct trawl_resumed_platform *platforms,
                       size_t count)
{
    struct scene *scene = user;

    assert_int_equal(count, 1);
    scene->tally = platforms[0].tally;
    scene_on_done(user, status);
}

/* Pages are there with all that they brought: each but the first was asked for by the one before, and each has an item. */
static void check_run(struct scene *scene, int64_t run_id, uint32_t acknowledged)
{
    const struct trawl_item_filter filter = {.run_id = run_id, .limit = PAGES};
    json_auto_t *run = scene_run(scene, run_id);
    const json_t *platform = json_array_get(json_object_get(run, "platforms"), 0);
    json_int_t pages = trawl_json_int(platform, "pages", -1);
    json_int_t items = 0;

    assert_string_equal(trawl_json_string(run, "status", ""), "interrupted");
    assert_true(pages + 1 >= acknowledged); /* the first is start() */
    assert_int_equal(trawl_json_int(platform, "total", -1), pages + 1);
    assert_int_equal(trawl_json_int(platform, "new", -1), pages + 1);
    assert_int_equal(trawl_reader_items(scene_reader(scene), &filter, count_row, &items, NULL), 0);
    assert_int_equal(items, pages + 1);
    scene->waiting = 2;
    trawl_store_load_frontier(scene->store, run_id, "shop", 0, 1, scene_on_pending, scene);
    trawl_store_resume_run(scene->store, run_id, on_resumed, scene);
    scene_wait(scene);
    assert_int_equal(scene->status, 0);
    assert_int_equal(scene->pending, 1);
    assert_int_equal(scene->tally.ok, pages);
    scene_set_phase(scene, run_id, TRAWL_PHASE_COMPLETED);
}

/* In one folder, so that each finds what the one before left. */
static void crash(struct scene *scene, const uint32_t *mosts, size_t count, bool kills)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t acknowledged;

        scene_close(scene);
        acknowledged = run_victim(scene->folder, mosts[i], kills);
        assert_true(acknowledged >= mosts[i]);
        scene_open(scene);
        scene_start(scene);
        check_run(scene, (int64_t)i + 1, acknowledged);
        check_journal(scene);
    }
}

static void killed__it_has_all_that_it_said(void **state)
{
    static const uint32_t mosts[] = {1, 2, 30, 250, 700, 40};

    crash(*state, mosts, TRAWL_ARRAY_SIZE(mosts), true);
}

static void gone_without_closing__it_has_all_that_it_said(void **state)
{
    static const uint32_t mosts[] = {1, 90};

    crash(*state, mosts, TRAWL_ARRAY_SIZE(mosts), false);
}

static void killed__a_reader_needs_no_store(void **state)
{
    struct scene *scene = *state;
    json_auto_t *run = NULL;

    scene_close(scene);
    run_victim(scene->folder, 50, true);
    run = scene_run(scene, 1);
    assert_string_equal(trawl_json_string(run, "status", ""), "scraping");
    assert_true(trawl_json_int(run, "items", -1) >= 50);
    scene_open(scene);
    scene_start(scene);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(killed__it_has_all_that_it_said),
        SCENE_TEST(gone_without_closing__it_has_all_that_it_said),
        SCENE_TEST(killed__a_reader_needs_no_store),
    };

    if (argc == 3)
        return victim_main(argv[1], argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
