/* The journal as it is written: ids, order, progress and its thinning, log lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "scene.h"
#include "util/clock.h"

#define ALL (TRAWL_TOPIC_PROGRESS | TRAWL_TOPIC_ITEMS | TRAWL_TOPIC_LOGS)

/* A run that is scraping and has asked for `count` URLs, http://a/0 and so on. */
static int64_t begin(struct scene *scene, size_t count)
{
    int64_t run_id = scene_create_run(scene);
    struct trawl_page page = {.kind = TRAWL_PAGE_START, .request_count = count};
    char(*urls)[32] = trawl_xalloc((count + 1) * sizeof(*urls));

    page.requests = trawl_xalloc((count + 1) * sizeof(*page.requests));
    for (size_t i = 0; i < count; i++) {
        snprintf(urls[i], sizeof(urls[i]), "http://a/%zu", i);
        page.requests[i] = scene_request(urls[i], 0);
    }
    scene_set_phase(scene, run_id, TRAWL_PHASE_SCRAPING);
    scene_commit(scene, run_id, &page);
    free(page.requests);
    free(urls);
    return run_id;
}

static void push_page(struct scene *scene, int64_t run_id, size_t at)
{
    TRAWL_AUTO_FREE char *url = trawl_xasprintf("http://a/%zu", at);
    const struct trawl_page page = scene_page(url, TRAWL_OUTCOME_OK);

    scene_push_page(scene, run_id, "shop", &page);
}

static json_t *data_of(const struct trawl_event *event)
{
    json_t *data = NULL;

    assert_int_equal(trawl_json_parse(event->data.ptr, event->data.len, &data, NULL), 0);
    return data;
}

/* The data of the last progress that was told. */
static json_t *last_progress(const struct scene *scene)
{
    for (size_t i = scene->event_count; i > 0; i--) {
        if (scene->events[i - 1].type == TRAWL_EVENT_PROGRESS)
            return data_of(&scene->events[i - 1]);
    }
    fail_msg("no progress was told");
    return NULL;
}

/* --- what an event is ---------------------------------------------------------------------------- */

static void event__says_what_docs_say(void **state)
{
    static const struct {
        uint8_t type;
        const char *platform;
        const char *data;
    } expected[] = {
        {TRAWL_EVENT_PROGRESS, "shop",
         "{\"run_id\":1,\"n\":1,\"platform\":\"shop\",\"phase\":\"queued\",\"current\":0,\"total\":"
         "0,"
         "\"items\":0,\"new\":0,\"changed\":0,\"gone\":0,\"failed\":0,\"message\":\"\"}"},
        {TRAWL_EVENT_PROGRESS, "",
         "{\"run_id\":1,\"n\":2,\"platform\":null,\"phase\":\"queued\",\"current\":0,\"total\":0,"
         "\"items\":0,\"new\":0,\"changed\":0,\"gone\":0,\"failed\":0,\"message\":\"\"}"},
        {TRAWL_EVENT_ITEM, "shop",
         "{\"run_id\":1,\"platform\":\"shop\",\"key\":\"a \\\"b\\\"\",\"change\":\"new\"}"},
        {TRAWL_EVENT_LOG, "",
         "{\"run_id\":1,\"platform\":null,\"level\":\"error\",\"message\":\"tab\\t\"}"},
    };
    struct scene *scene = *state;
    struct trawl_page_item item = scene_item("a \"b\"", "1");
    const struct trawl_page page = {.kind = TRAWL_PAGE_START, .items = &item, .item_count = 1};
    int64_t before = trawl_now_ms();
    size_t at = 0;
    int64_t run_id = scene_create_run(scene);

    scene_commit(scene, run_id, &page);
    trawl_store_log(scene->store, run_id, NULL, TRAWL_LOG_ERROR, "tab\t");
    scene_set_phase(scene, run_id, TRAWL_PHASE_STARTING);
    for (size_t i = 0; i < scene->event_count && at < TRAWL_ARRAY_SIZE(expected); i++) {
        const struct trawl_event *event = &scene->events[i];

        if (event->type != expected[at].type) /* progress of the page, if it was not thinned */
            continue;
        assert_int_equal(event->flags, 0);
        assert_int_equal(event->run_id, 1);
        assert_string_equal(event->platform.ptr, expected[at].platform);
        assert_string_equal(event->data.ptr, expected[at++].data);
        assert_in_range(event->timestamp_ms, before, trawl_now_ms());
    }
    assert_int_equal(at, TRAWL_ARRAY_SIZE(expected));
}

static void log__takes_any_bytes(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = scene_create_run(scene);

    scene_forget(scene);
    trawl_store_log(scene->store, run_id, "shop", TRAWL_LOG_DEBUG, "\x01 \xff '\"\\ \xc3\xa9");
    trawl_store_log(scene->store, run_id + 1, "shop", TRAWL_LOG_INFO, "of no run");
    scene_set_phase(scene, run_id, TRAWL_PHASE_STARTING);
    scene_expect(scene, TRAWL_TOPIC_LOGS, "log shop debug '\x01 \xef\xbf\xbd '\"\\ \xc3\xa9'\n");
}

/* --- ids and order ------------------------------------------------------------------------------- */

static void epoch__is_born_with_the_store(void **state)
{
    struct scene *scene = *state;
    uint32_t epoch = trawl_store_epoch(scene->store);
    void *other_state = NULL;
    struct scene *other;

    assert_int_not_equal(epoch, 0);
    scene_reopen(scene);
    assert_int_equal(trawl_store_epoch(scene->store), epoch);
    scene_setup(&other_state);
    other = other_state;
    assert_int_not_equal(trawl_store_epoch(other->store), epoch);
    scene_teardown(&other_state);
}

/* What was told is what is read, also after the end of the server, whose own events go on with the same count. */
static void journal__is_what_was_told(void **state)
{
    const struct trawl_event_filter filter = {.topics = ALL};
    struct scene *scene = *state;
    struct trawl_event *events = NULL;
    size_t count = 0;
    int64_t run_id;

    assert_int_equal(trawl_store_head(scene->store), 0);
    run_id = begin(scene, 2);
    scene_commit_item(scene, run_id, "http://a/0", "k", "1");
    trawl_store_log(scene->store, run_id, "shop", TRAWL_LOG_INFO, "hello");
    push_page(scene, run_id, 1);
    scene_wait(scene);
    scene_reopen(scene);
    assert_int_equal(trawl_store_head(scene->store), scene->event_count + 2); /* interrupted */
    assert_int_equal(
        trawl_reader_events(scene_reader(scene), &filter, 0, 1000, 1000, &events, &count, NULL), 0);
    assert_int_equal(count, scene->event_count + 2);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(events[i].seq, i + 1);
    for (size_t i = 0; i < scene->event_count; i++) {
        const struct trawl_event *told = &scene->events[i];

        assert_int_equal(events[i].type, told->type);
        assert_int_equal(events[i].flags, told->flags);
        assert_int_equal(events[i].run_id, told->run_id);
        assert_int_equal(events[i].timestamp_ms, told->timestamp_ms);
        assert_int_equal(events[i].platform.len, told->platform.len);
        assert_memory_equal(events[i].platform.ptr, told->platform.ptr, told->platform.len);
        assert_int_equal(events[i].data.len, told->data.len);
        assert_memory_equal(events[i].data.ptr, told->data.ptr, told->data.len);
    }
    trawl_reader_events_free(events, count);
    scene_forget(scene);
    scene_create_run(scene); /* its first event must be the next: scene_on_events() looks */
}

/* Told of in time: when a call comes back, its events have been told, and can be read. */
static void events__come_before_the_callback(void **state)
{
    struct scene *scene = *state;
    uint64_t tail = 0;
    uint64_t head = 0;

    scene_create_run(scene);
    assert_int_equal(scene->event_count, 2);
    assert_int_equal(trawl_reader_bounds(scene_reader(scene), &tail, &head, NULL), 0);
    assert_int_equal(tail, 1);
    assert_int_equal(head, 2);
    scene_set_phase(scene, scene->run_id, TRAWL_PHASE_STARTING);
    assert_int_equal(scene->event_count, 4);
    assert_int_equal(trawl_reader_bounds(scene_reader(scene), &tail, &head, NULL), 0);
    assert_int_equal(head, 4);
}

/* Each run counts its own progress: 1, 2, 3 …, also over the end of the server. */
static void n__has_no_holes(void **state)
{
    struct scene *scene = *state;
    int64_t runs[2];
    json_int_t last[2] = {0, 0};
    struct trawl_event *events = NULL;
    const struct trawl_event_filter filter = {.topics = TRAWL_TOPIC_PROGRESS};
    size_t count = 0;

    runs[0] = begin(scene, 50);
    scene_set_phase(scene, runs[0], TRAWL_PHASE_INTERRUPTED);
    runs[1] = begin(scene, 50);
    for (size_t i = 0; i < 50; i++) {
        push_page(scene, runs[i % 2], i);
        if (i % 10 == 9)
            trawl_store_flush_progress(scene->store);
    }
    scene_wait(scene);
    scene_reopen(scene);
    scene_set_phase(scene, runs[0], TRAWL_PHASE_COMPLETED);
    scene_set_phase(scene, runs[1], TRAWL_PHASE_COMPLETED);
    assert_int_equal(
        trawl_reader_events(scene_reader(scene), &filter, 0, 1000, 1000, &events, &count, NULL), 0);
    for (size_t i = 0; i < count; i++) {
        json_auto_t *data = data_of(&events[i]);
        size_t of = events[i].run_id == runs[1];

        assert_int_equal(trawl_json_int(data, "n", -1), ++last[of]);
    }
    trawl_reader_events_free(events, count);
    for (size_t i = 0; i < 2; i++) {
        json_auto_t *run = scene_run(scene, runs[i]);

        assert_true(last[i] > 4);
        assert_int_equal(trawl_json_int(run, "n", -1), last[i]);
    }
}

/* --- thinning ------------------------------------------------------------------------------------ */

static void progress__is_thinned_and_the_last_is_kept(void **state)
{
    enum { PAGES = 500 };
    struct scene *scene = *state;
    int64_t run_id = begin(scene, PAGES);
    uint64_t began;
    uint64_t most;
    json_auto_t *data = NULL;

    trawl_store_flush_progress(scene->store);
    scene_set_phase(scene, run_id, TRAWL_PHASE_SCRAPING);
    scene_forget(scene);
    began = trawl_mono_ns();
    for (size_t i = 0; i < PAGES; i++)
        push_page(scene, run_id, i);
    scene_wait(scene);
    /* As many as there were intervals, however long it took. */
    most = (trawl_mono_ns() - began) / (TRAWL_PROGRESS_INTERVAL_MS * (uint64_t)1000000) + 1;
    assert_in_range(scene->event_count, 0, most);

    trawl_store_flush_progress(scene->store);
    scene_set_phase(scene, run_id, TRAWL_PHASE_STORING);
    scene_set_phase(scene, run_id, TRAWL_PHASE_COMPLETED);
    data = last_progress(scene);
    assert_int_equal(trawl_json_int(data, "current", -1), PAGES);
    assert_int_equal(trawl_json_int(data, "total", -1), PAGES);
}

static void flush_progress__tells_what_was_held_back_once(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = begin(scene, 3);
    json_auto_t *data = NULL;
    size_t told;

    for (size_t i = 0; i < 3; i++)
        push_page(scene, run_id, i);
    trawl_store_flush_progress(scene->store);
    scene_prune(scene, &(struct trawl_store_limits){0}); /* to wait for the flush */
    data = last_progress(scene);
    assert_int_equal(trawl_json_int(data, "current", -1), 3);
    told = scene->event_count;
    trawl_store_flush_progress(scene->store);
    scene_prune(scene, &(struct trawl_store_limits){0});
    assert_int_equal(scene->event_count, told);
}

/* --- the scraper's own progress ------------------------------------------------------------------ */

static void own_progress__stands_in_place_of_the_pages(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = begin(scene, 3);
    json_auto_t *run = NULL;
    json_auto_t *data = NULL;

    push_page(scene, run_id, 0);
    trawl_store_set_progress(scene->store, run_id, "shop", 40, 100, "chapter 4");
    trawl_store_set_progress(scene->store, run_id, "shop", 50, 100, NULL);
    trawl_store_flush_progress(scene->store);
    scene_commit_item(scene, run_id, "http://a/1", "k", "1");
    run = scene_run(scene, run_id);
    data = json_incref(json_array_get(json_object_get(run, "platforms"), 0));
    assert_int_equal(trawl_json_int(data, "current", -1), 50);
    assert_int_equal(trawl_json_int(data, "total", -1), 100);
    assert_int_equal(trawl_json_int(data, "pages", -1), 2);
    assert_string_equal(trawl_json_string(data, "message", ""), "chapter 4");

    scene_reopen(scene);
    scene_forget(scene);
    scene_set_phase(scene, run_id, TRAWL_PHASE_STORING);
    json_decref(data);
    data = last_progress(scene); /* of the whole run */
    assert_int_equal(trawl_json_int(data, "current", -1), 50);
    assert_int_equal(trawl_json_int(data, "total", -1), 100);
}

static void own_progress__may_be_nothing_of_nothing(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = begin(scene, 3);
    json_auto_t *data = NULL;

    trawl_store_set_progress(scene->store, run_id, "shop", 0, 0, "thinking");
    scene_reopen(scene);
    scene_set_phase(scene, run_id, TRAWL_PHASE_STORING);
    data = last_progress(scene);
    assert_int_equal(trawl_json_int(data, "current", -1), 0);
    assert_int_equal(trawl_json_int(data, "total", -1), 0);
}

static void progress__of_the_run_sums_its_platforms(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = scene_create_pair(scene);
    struct trawl_page_request request = scene_request("http://b/1", 0);
    struct trawl_page_item item = scene_item("k", "1");
    const struct trawl_page page = {.kind = TRAWL_PAGE_START,
                                    .requests = &request,
                                    .request_count = 1,
                                    .items = &item,
                                    .item_count = 1};
    json_auto_t *data = NULL;

    assert_int_equal(scene_try_page(scene, run_id, "books", &page), 0);
    trawl_store_set_progress(scene->store, run_id, "shop", 7, 9, NULL);
    scene_set_phase(scene, run_id, TRAWL_PHASE_SCRAPING);
    data = last_progress(scene);
    assert_true(json_is_null(json_object_get(data, "platform")));
    assert_int_equal(trawl_json_int(data, "current", -1), 7);
    assert_int_equal(trawl_json_int(data, "total", -1), 10);
    assert_int_equal(trawl_json_int(data, "items", -1), 1);
    assert_int_equal(trawl_json_int(data, "new", -1), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(event__says_what_docs_say),
        SCENE_TEST(log__takes_any_bytes),
        SCENE_TEST(epoch__is_born_with_the_store),
        SCENE_TEST(journal__is_what_was_told),
        SCENE_TEST(events__come_before_the_callback),
        SCENE_TEST(n__has_no_holes),
        SCENE_TEST(progress__is_thinned_and_the_last_is_kept),
        SCENE_TEST(flush_progress__tells_what_was_held_back_once),
        SCENE_TEST(own_progress__stands_in_place_of_the_pages),
        SCENE_TEST(own_progress__may_be_nothing_of_nothing),
        SCENE_TEST(progress__of_the_run_sums_its_platforms),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
