/* The writer's thread: many calls at once, those that read meanwhile, and its end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdatomic.h>

#include "scene.h"

#define PAGES 600

/* Push page number `at` of PAGES, which gives one item and asks for the next page. */
static void push_page(struct scene *scene, int64_t run_id, size_t at)
{
    TRAWL_AUTO_FREE char *url = trawl_xasprintf("http://a/%zu", at);
    TRAWL_AUTO_FREE char *next = trawl_xasprintf("http://a/%zu", at + 1);
    TRAWL_AUTO_FREE char *key = trawl_xasprintf("%zu", at);
    struct trawl_page_request request = scene_request(next, 0);
    struct trawl_page_item item = scene_item(key, "1");
    struct trawl_page page = scene_page(url, TRAWL_OUTCOME_OK);

    page.requests = &request;
    page.request_count = at + 1 < PAGES;
    page.items = &item;
    page.item_count = 1;
    scene_push_page(scene, run_id, "shop", &page);
}

static int64_t begin(struct scene *scene)
{
    static const char *const first = "http://a/0";
    int64_t run_id = scene_create_run(scene);

    scene_set_phase(scene, run_id, TRAWL_PHASE_SCRAPING);
    scene_begin(scene, run_id, &first, 1);
    return run_id;
}

/* --- reading meanwhile --------------------------------------------------------------------------- */

/* One thread with a reader of its own. An assertion cannot fail there, so it keeps what was wrong. */
struct watcher {
    uv_thread_t thread;
    const char *folder;
    const char *wrong;
    atomic_bool *over;
    uint64_t seen_through;
    json_int_t pages;
    json_int_t n; /* of the last progress that was read */
    unsigned rounds;
};

static int count_row(void *user, const struct trawl_item_row *item)
{
    (void)item;
    ++*(json_int_t *)user;
    return 0;
}

/* Events go on where the last look ended, without a hole. */
static const char *watch_events(struct watcher *watcher, struct trawl_reader *reader,
                                uint64_t until)
{
    const struct trawl_event_filter filter = {.topics = TRAWL_TOPIC_PROGRESS | TRAWL_TOPIC_ITEMS |
                                                        TRAWL_TOPIC_LOGS};
    struct trawl_event *events = NULL;
    const char *wrong = NULL;
    size_t count = 0;

    if (trawl_reader_events(reader, &filter, watcher->seen_through, until, 100000, &events, &count,
                            NULL) < 0)
        return "events cannot be read";
    for (size_t i = 0; i < count; i++) {
        json_auto_t *data = NULL;

        if (events[i].seq != ++watcher->seen_through)
            wrong = "an event is missing";
        if (events[i].type == TRAWL_EVENT_PROGRESS &&
            trawl_json_parse(events[i].data.ptr, events[i].data.len, &data, NULL) == 0)
            watcher->n = trawl_json_int(data, "n", -1);
    }
    if (watcher->seen_through != until)
        wrong = "events up to the head are missing";
    trawl_reader_events_free(events, count);
    return wrong;
}

/* All figures of one look are of one commit: each page brought one item, and one more request, but for the last. */
static const char *watch_run(struct watcher *watcher, const json_t *run)
{
    const json_t *platform = json_array_get(json_object_get(run, "platforms"), 0);
    json_int_t pages = trawl_json_int(platform, "pages", -1);
    json_int_t total = trawl_json_int(platform, "total", -1);

    if (trawl_json_int(platform, "items", -1) != pages ||
        trawl_json_int(platform, "new", -1) != pages)
        return "a page is there without its item, or the other way about";
    if (total != (pages < PAGES ? pages + 1 : PAGES) && !(pages == 0 && total == 0))
        return "a page is there without its request";
    if (pages < watcher->pages)
        return "a page has gone";
    if (trawl_json_int(run, "n", -1) != watcher->n)
        return "the snapshot is of another time than its n";
    watcher->pages = pages;
    return NULL;
}

static const char *watch_items(const struct watcher *watcher, struct trawl_reader *reader)
{
    const struct trawl_item_filter filter = {.run_id = 1, .limit = 100000};
    json_int_t items = 0;

    if (trawl_reader_items(reader, &filter, count_row, &items, NULL) < 0)
        return "items cannot be read";
    return items < watcher->pages ? "an item is missing" : NULL;
}

static const char *watch(struct watcher *watcher, struct trawl_reader *reader)
{
    json_auto_t *data = NULL;
    uint64_t through = 0;
    const char *wrong;

    if (trawl_reader_snapshot(reader, 0, 1, &data, &through, NULL) < 0)
        return "the snapshot cannot be read";
    wrong = watch_events(watcher, reader, through);
    if (!wrong)
        wrong = watch_run(watcher, json_array_get(json_object_get(data, "runs"), 0));
    return wrong ? wrong : watch_items(watcher, reader);
}

static void watcher_main(void *user)
{
    struct watcher *watcher = user;
    struct trawl_reader *reader = NULL;
    bool over = false;

    if (trawl_reader_open(watcher->folder, &reader, NULL) < 0) {
        watcher->wrong = "no reader can be opened";
        return;
    }
    while (!watcher->wrong && !over) {
        over = atomic_load(watcher->over); /* then this look is the last, at the whole */
        watcher->wrong = watch(watcher, reader);
        watcher->rounds++;
    }
    trawl_reader_close(reader);
}

static void readers__always_see_whole_commits(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = begin(scene);
    struct watcher watchers[2] = {0};
    atomic_bool over = false;

    for (size_t i = 0; i < 2; i++) {
        watchers[i].folder = scene->folder;
        watchers[i].over = &over;
        assert_int_equal(uv_thread_create(&watchers[i].thread, watcher_main, &watchers[i]), 0);
    }
    for (size_t i = 0; i < PAGES; i++) {
        push_page(scene, run_id, i);
        if (i % 25 == 24)
            scene_wait(scene);
    }
    scene_wait(scene);
    atomic_store(&over, true);
    for (size_t i = 0; i < 2; i++)
        uv_thread_join(&watchers[i].thread);
    for (size_t i = 0; i < 2; i++) {
        if (watchers[i].wrong)
            fail_msg("%s", watchers[i].wrong);
        assert_int_equal(watchers[i].pages, PAGES);
        assert_true(watchers[i].rounds > 0);
    }
}

/* --- many calls ---------------------------------------------------------------------------------- */

/* More than one transaction takes, none of them waited for. */
static void calls__may_be_thousands_at_once(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = begin(scene);
    json_auto_t *run = NULL;

    for (size_t i = 0; i < PAGES; i++) {
        push_page(scene, run_id, i);
        trawl_store_log(scene->store, run_id, "shop", TRAWL_LOG_DEBUG, "page");
        trawl_store_flush_progress(scene->store);
    }
    scene_wait(scene);
    assert_int_equal(scene->status, 0);
    assert_int_equal(scene->tally.ok, PAGES);
    run = scene_run(scene, run_id);
    assert_int_equal(trawl_json_int(run, "pages", -1), PAGES);
    assert_int_equal(trawl_json_int(run, "items", -1), PAGES);
}

/* --- its end ------------------------------------------------------------------------------------- */

struct closing {
    struct scene *scene;
    bool closed;
    unsigned done;
    unsigned done_before_closed;
};

static void on_closed(void *user)
{
    struct closing *closing = user;

    closing->closed = true;
    closing->done_before_closed = closing->done;
}

static void on_done(void *user, int status)
{
    struct closing *closing = user;

    closing->done += status == 0;
}

static void close__commits_what_waits_first(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = begin(scene);
    struct closing closing = {.scene = scene};
    json_auto_t *run = NULL;

    for (size_t i = 0; i < 100; i++)
        trawl_store_set_phase(scene->store, run_id, "shop", TRAWL_PHASE_STORING, NULL, on_done,
                              &closing);
    trawl_store_set_phase(scene->store, run_id, "shop", TRAWL_PHASE_COMPLETED, NULL, on_done,
                          &closing);
    trawl_store_close(scene->store, on_closed, &closing);
    assert_false(closing.closed);
    uv_run(&scene->loop, UV_RUN_DEFAULT);
    assert_true(closing.closed);
    assert_int_equal(closing.done_before_closed, 101);
    scene_open(scene);
    scene_start(scene);
    run = scene_run(scene, run_id);
    assert_string_equal(trawl_json_string(run, "status", ""), "completed");
}

static void close_from_within(void *user, int status)
{
    struct closing *closing = user;

    closing->done += status == 0;
    trawl_store_close(closing->scene->store, on_closed, closing);
    trawl_store_set_phase(closing->scene->store, 1, "shop", TRAWL_PHASE_COMPLETED, NULL, on_done,
                          closing);
}

/* Whoever is told that the last thing is done may close; what comes after that is refused at once. */
static void close__may_come_from_a_callback(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = begin(scene);
    struct closing closing = {.scene = scene};
    json_auto_t *run = NULL;

    trawl_store_set_phase(scene->store, run_id, "shop", TRAWL_PHASE_STORING, NULL,
                          close_from_within, &closing);
    uv_run(&scene->loop, UV_RUN_DEFAULT);
    assert_true(closing.closed);
    assert_int_equal(closing.done, 1);
    scene_open(scene);
    scene_start(scene);
    run = scene_run(scene, run_id);
    assert_string_equal(trawl_json_string(run, "status", ""), "interrupted");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(readers__always_see_whole_commits),
        SCENE_TEST(calls__may_be_thousands_at_once),
        SCENE_TEST(close__commits_what_waits_first),
        SCENE_TEST(close__may_come_from_a_callback),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
