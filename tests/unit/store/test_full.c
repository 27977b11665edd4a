/* What happens when the disk is full. The limit of the size of files stands for it: what would make one larger fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "scene.h"

#define ALL (TRAWL_TOPIC_PROGRESS | TRAWL_TOPIC_ITEMS | TRAWL_TOPIC_LOGS)

static const char *const urls[] = {"http://a/1", "http://a/2", "http://a/3"};

static char stalls[4096]; /* what on_stalled was told, a line each */
static size_t stall_count;

static void on_stalled(void *user, const char *reason)
{
    size_t len = strlen(stalls);

    (void)user;
    stall_count++;
    snprintf(stalls + len, sizeof(stalls) - len, "%s\n", reason ? reason : "-");
}

static void set_limit(rlim_t bytes)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* From here on the log of the database, to which each commit is appended, cannot grow. */
static void fill_disk(const struct scene *scene)
{
    TRAWL_AUTO_FREE char *path = trawl_fs_join(scene->folder, "trawl.db-wal");
    struct stat info;

    assert_int_equal(stat(path, &info), 0);
    assert_int_not_equal(info.st_size, 0);
    set_limit((rlim_t)info.st_size);
}

static void free_disk(void)
{
    set_limit(RLIM_INFINITY);
}

static int setup(void **state)
{
    struct scene *scene;
    int r;

    signal(SIGXFSZ, SIG_IGN);
    r = scene_setup(state);
    scene = *state;
    scene_close(scene);
    scene->on_stalled = on_stalled;
    scene_open(scene);
    scene_start(scene);
    stalls[0] = '\0';
    stall_count = 0;
    return r;
}

static int teardown(void **state)
{
    free_disk();
    return scene_teardown(state);
}

/* Let the loop turn until the store says that it is stalled. */
static void wait_for_stall(struct scene *scene)
{
    size_t before = stall_count;

    while (stall_count == before)
        uv_run(&scene->loop, UV_RUN_ONCE);
}

/* A run that is scraping and has asked for the URLs. */
static int64_t begin(struct scene *scene)
{
    int64_t run_id = scene_create_run(scene);

    scene_set_phase(scene, run_id, TRAWL_PHASE_SCRAPING);
    scene_begin(scene, run_id, urls, 3);
    return run_id;
}

static void push_item(struct scene *scene, int64_t run_id, size_t at, const char *key)
{
    struct trawl_page page = scene_page(urls[at], TRAWL_OUTCOME_OK);
    struct trawl_page_item item = scene_item(key, "{\"v\":1}");

    page.items = &item;
    page.item_count = 1;
    scene_push_page(scene, run_id, "shop", &page);
}

static void assert_reason(const char *line)
{
    static const char start[] = "the database cannot be written: ";

    assert_memory_equal(line, start, sizeof(start) - 1);
}

static void calls__wait_and_nothing_is_lost(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = begin(scene);
    json_auto_t *before = scene_run(scene, run_id);
    json_auto_t *during = NULL;

    scene_forget(scene);
    fill_disk(scene);
    push_item(scene, run_id, 0, "a");
    wait_for_stall(scene);
    push_item(scene, run_id, 1, "b");
    trawl_store_log(scene->store, run_id, "shop", TRAWL_LOG_INFO, "patience");
    scene->waiting++;
    trawl_store_set_phase(scene->store, run_id, "shop", TRAWL_PHASE_STORING, NULL, scene_on_done,
                          scene);
    uv_run(&scene->loop, UV_RUN_NOWAIT);
    assert_int_equal(scene->waiting, 3);
    assert_int_equal(scene->event_count, 0);
    during = scene_run(scene, run_id); /* which can be read all the time */
    assert_true(json_equal(during, before));

    free_disk();
    scene_wait(scene);
    assert_int_equal(scene->status, 0);
    assert_int_equal(scene->tally.ok, 2);
    assert_int_equal(stall_count, 2);
    assert_reason(stalls);
    assert_string_equal(strchr(stalls, '\n'), "\n-\n");
    scene_expect(scene, TRAWL_TOPIC_ITEMS | TRAWL_TOPIC_LOGS,
                 "item shop a new\n"
                 "item shop b new\n"
                 "log shop info 'patience'\n");
    scene_expect_items(scene, (struct trawl_item_filter){.run_id = run_id},
                       "shop a http://a/1 {\"v\":1} new\nshop b http://a/2 {\"v\":1} new\n");
}

/* The journal has no hole where the transaction was that did not come to be. */
static void journal__goes_on_as_if_nothing_had_been(void **state)
{
    const struct trawl_event_filter filter = {.topics = ALL};
    struct scene *scene = *state;
    int64_t run_id = begin(scene);
    struct trawl_event *events = NULL;
    size_t count = 0;
    json_int_t n = 0;

    fill_disk(scene);
    scene->waiting++;
    trawl_store_set_phase(scene->store, run_id, "shop", TRAWL_PHASE_STORING, NULL, scene_on_done,
                          scene);
    wait_for_stall(scene);
    free_disk();
    scene_wait(scene);
    scene_set_phase(scene, run_id, TRAWL_PHASE_COMPLETED);
    assert_int_equal(
        trawl_reader_events(scene_reader(scene), &filter, 0, 1000, 1000, &events, &count, NULL), 0);
    assert_int_equal(count, trawl_store_head(scene->store));
    for (size_t i = 0; i < count; i++) {
        json_auto_t *data = NULL;

        assert_int_equal(events[i].seq, i + 1);
        assert_int_equal(trawl_json_parse(events[i].data.ptr, events[i].data.len, &data, NULL), 0);
        assert_int_equal(trawl_json_int(data, "n", -1), ++n);
    }
    trawl_reader_events_free(events, count);
}

/* Also what was held back before: figures that nobody was told of yet. */
static void progress__that_was_held_back_is_told_afterwards(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = begin(scene);
    json_auto_t *data = NULL;
    size_t last;

    push_item(scene, run_id, 0, "a");
    push_item(scene, run_id, 1, "b");
    scene_wait(scene);
    fill_disk(scene);
    trawl_store_log(scene->store, run_id, "shop", TRAWL_LOG_INFO, "patience");
    wait_for_stall(scene);
    free_disk();
    trawl_store_flush_progress(scene->store);
    scene_prune(scene, &(struct trawl_store_limits){0}); /* to wait for the flush */
    for (last = scene->event_count - 1; scene->events[last].type != TRAWL_EVENT_PROGRESS; last--)
        ;
    assert_int_equal(
        trawl_json_parse(scene->events[last].data.ptr, scene->events[last].data.len, &data, NULL),
        0);
    assert_int_equal(trawl_json_int(data, "current", -1), 2);
    assert_int_equal(trawl_json_int(data, "items", -1), 2);
}

/* Nobody waits for log lines, and so they are what is left out when too much waits; that is told. */
static void logs__are_dropped_when_too_much_waits(void **state)
{
    enum { BYTES = 65 << 20 };
    struct scene *scene = *state;
    int64_t run_id = begin(scene);
    TRAWL_AUTO_FREE char *rubbish = trawl_xalloc(BYTES);

    scene_forget(scene);
    fill_disk(scene);
    trawl_store_log(scene->store, run_id, "shop", TRAWL_LOG_INFO, "the first");
    wait_for_stall(scene);
    scene->waiting++;
    trawl_store_commit_page(scene->store, run_id, "shop", rubbish, BYTES, scene_on_page, scene);
    for (size_t i = 0; i < 9; i++)
        trawl_store_log(scene->store, run_id, "shop", TRAWL_LOG_INFO, "one of too many");
    free_disk();
    scene_wait(scene);
    assert_int_equal(scene->status, -EBADMSG);
    trawl_store_log(scene->store, run_id, "shop", TRAWL_LOG_INFO, "the last");
    scene_set_phase(scene, run_id, TRAWL_PHASE_STORING);
    scene_expect(scene, TRAWL_TOPIC_LOGS,
                 "log shop info 'the first'\n"
                 "log shop warning '9 log lines were dropped, since the database did not keep up'\n"
                 "log shop info 'the last'\n");
}

static void on_closed(void *user)
{
    *(bool *)user = true;
}

static unsigned refused;

static void on_refused(void *user, int status)
{
    refused += status < 0;
    scene_on_done(user, status);
}

static void close__tells_each_call_that_it_was_not_done(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = begin(scene);
    json_auto_t *after = NULL;
    uint64_t head = trawl_store_head(scene->store);
    bool closed = false;

    scene_forget(scene);
    refused = 0;
    fill_disk(scene);
    scene->waiting = 3;
    trawl_store_set_phase(scene->store, run_id, "shop", TRAWL_PHASE_STORING, NULL, on_refused,
                          scene);
    wait_for_stall(scene);
    trawl_store_set_phase(scene->store, run_id, "shop", TRAWL_PHASE_COMPLETED, NULL, on_refused,
                          scene);
    trawl_store_close(scene->store, on_closed, &closed);
    trawl_store_set_phase(scene->store, run_id, "shop", TRAWL_PHASE_FAILED, NULL, on_refused,
                          scene);
    assert_int_equal(scene->status, -ECANCELED);
    uv_run(&scene->loop, UV_RUN_DEFAULT);
    assert_true(closed);
    assert_int_equal(scene->waiting, 0);
    assert_int_equal(refused, 3);
    scene_expect(scene, ALL, "");

    free_disk();
    scene_open(scene);
    assert_int_equal(trawl_store_head(scene->store), head + 2); /* interrupted */
    scene_start(scene);
    after = scene_run(scene, run_id);
    assert_string_equal(trawl_json_string(after, "status", ""), "interrupted");
    scene_set_phase(scene, run_id, TRAWL_PHASE_COMPLETED);
}

/* The run that was going on has to be marked as interrupted. */
static void open__says_that_it_cannot_write(void **state)
{
    struct scene *scene = *state;
    const struct trawl_store_options options = {.folder = scene->folder};
    struct trawl_store *store = NULL;
    struct trawl_err err = {0};

    begin(scene);
    scene_close(scene);
    set_limit(16); /* enough for the number of the process in the lock */
    assert_true(trawl_store_open(&options, &store, &err) < 0);
    assert_null(store);
    assert_string_not_equal(err.message, "");
    free_disk();
    scene_open(scene);
    scene_start(scene);
}

#define FULL_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FULL_TEST(calls__wait_and_nothing_is_lost),
        FULL_TEST(journal__goes_on_as_if_nothing_had_been),
        FULL_TEST(progress__that_was_held_back_is_told_afterwards),
        FULL_TEST(logs__are_dropped_when_too_much_waits),
        FULL_TEST(close__tells_each_call_that_it_was_not_done),
        FULL_TEST(open__says_that_it_cannot_write),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
