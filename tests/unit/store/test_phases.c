/* Phases: of a platform, of its run, and their ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "scene.h"

#define ALL (TRAWL_TOPIC_PROGRESS | TRAWL_TOPIC_ITEMS | TRAWL_TOPIC_LOGS)

static void expect_status(struct scene *scene, int64_t run_id, const char *status)
{
    json_auto_t *run = scene_run(scene, run_id);

    assert_string_equal(trawl_json_string(run, "status", ""), status);
}

static size_t frontier_size;

static void on_frontier(void *user, int status, const struct trawl_page_request *requests,
                        size_t count)
{
    (void)requests;
    frontier_size = count;
    scene_on_done(user, status);
}

static size_t load(struct scene *scene, int64_t run_id, const char *platform)
{
    scene->waiting++;
    trawl_store_load_frontier(scene->store, run_id, platform, 0, 1, on_frontier, scene);
    scene_wait(scene);
    assert_int_equal(scene->status, 0);
    return frontier_size;
}

/* --- the run follows its platforms --------------------------------------------------------------- */

static void set_phase__tells_the_platform_and_then_its_run(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = scene_create_pair(scene);

    scene_forget(scene);
    assert_int_equal(scene_try_phase(scene, run_id, "shop", TRAWL_PHASE_STARTING, "wait"), 0);
    assert_int_equal(scene_try_phase(scene, run_id, "books", TRAWL_PHASE_STARTING, NULL), 0);
    assert_int_equal(scene_try_phase(scene, run_id, "books", TRAWL_PHASE_SCRAPING, NULL), 0);
    scene_expect(scene, ALL,
                 "progress 4 shop starting 0/0 items 0 new 0 changed 0 failed 0 'wait'\n"
                 "progress 5 * starting 0/0 items 0 new 0 changed 0 failed 0\n"
                 "progress 6 books starting 0/0 items 0 new 0 changed 0 failed 0\n"
                 "progress 7 books scraping 0/0 items 0 new 0 changed 0 failed 0\n"
                 "progress 8 * scraping 0/0 items 0 new 0 changed 0 failed 0\n");
    scene_expect_run(
        scene, run_id,
        "run 1 manual scraping n 8, 0 pages, 0 unchanged\n"
        "shop html starting 0/0 items 0 new 0 changed 0 failed 0 'wait', 0 pages, 0 bytes\n"
        "books json scraping 0/0 items 0 new 0 changed 0 failed 0, 0 pages, 0 bytes\n");
}

static void set_phase__leads_the_run_from_queue_to_end(void **state)
{
    static const struct {
        const char *platform;
        enum trawl_phase phase;
        const char *run;
    } steps[] = {
        {"shop", TRAWL_PHASE_STARTING, "starting"},
        {"books", TRAWL_PHASE_SCRAPING, "scraping"},
        {"shop", TRAWL_PHASE_SCRAPING, "scraping"},
        {"books", TRAWL_PHASE_STORING, "storing"},
        {"books", TRAWL_PHASE_COMPLETED, "scraping"},
        {"shop", TRAWL_PHASE_INTERRUPTED, "interrupted"},
        {"shop", TRAWL_PHASE_QUEUED, "scraping"},
        {"shop", TRAWL_PHASE_FAILED, "partial"},
    };
    struct scene *scene = *state;
    int64_t run_id = scene_create_pair(scene);

    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(steps); i++) {
        assert_int_equal(scene_try_phase(scene, run_id, steps[i].platform, steps[i].phase, NULL),
                         0);
        expect_status(scene, run_id, steps[i].run);
    }
}

static void set_phase__gives_the_run_its_end(void **state)
{
    static const struct {
        enum trawl_phase shop;
        enum trawl_phase books;
        const char *run;
    } ends[] = {
        {TRAWL_PHASE_COMPLETED, TRAWL_PHASE_COMPLETED, "completed"},
        {TRAWL_PHASE_FAILED, TRAWL_PHASE_FAILED, "failed"},
        {TRAWL_PHASE_COMPLETED, TRAWL_PHASE_FAILED, "partial"},
        {TRAWL_PHASE_PARTIAL, TRAWL_PHASE_COMPLETED, "partial"},
        {TRAWL_PHASE_SUSPECT, TRAWL_PHASE_SUSPECT, "suspect"},
        {TRAWL_PHASE_COMPLETED, TRAWL_PHASE_SUSPECT, "suspect"},
        {TRAWL_PHASE_FAILED, TRAWL_PHASE_SUSPECT, "partial"},
        {TRAWL_PHASE_CANCELLED, TRAWL_PHASE_COMPLETED, "cancelled"},
    };
    struct scene *scene = *state;

    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(ends); i++) {
        int64_t run_id = scene_create_pair(scene);

        assert_int_equal(scene_try_phase(scene, run_id, "shop", ends[i].shop, NULL), 0);
        assert_int_equal(scene_try_phase(scene, run_id, "books", ends[i].books, NULL), 0);
        expect_status(scene, run_id, ends[i].run);
    }
}

static void set_phase__of_nothing_says_so(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = scene_create_run(scene);

    scene_forget(scene);
    assert_int_equal(scene_try_phase(scene, run_id, "books", TRAWL_PHASE_FAILED, NULL), -ENOENT);
    assert_int_equal(scene_try_phase(scene, 99, "shop", TRAWL_PHASE_FAILED, NULL), -ENOENT);
    scene_expect(scene, ALL, "");
}

static void set_phase__needs_no_callback(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = scene_create_run(scene);

    trawl_store_set_phase(scene->store, run_id, "shop", TRAWL_PHASE_STARTING, NULL, NULL, NULL);
    scene_set_phase(scene, run_id, TRAWL_PHASE_SCRAPING);
    expect_status(scene, run_id, "scraping");
}

static void set_phase__replaces_the_message(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = scene_create_run(scene);

    scene_try_phase(scene, run_id, "shop", TRAWL_PHASE_STARTING, "login");
    scene_expect_run(
        scene, run_id,
        "run 1 api starting n 4, 0 pages, 0 unchanged\n"
        "shop html starting 0/0 items 0 new 0 changed 0 failed 0 'login', 0 pages, 0 bytes\n");
    scene_try_phase(scene, run_id, "shop", TRAWL_PHASE_SCRAPING, NULL);
    scene_expect_run(scene, run_id,
                     "run 1 api scraping n 6, 0 pages, 0 unchanged\n"
                     "shop html scraping 0/0 items 0 new 0 changed 0 failed 0, 0 pages, 0 bytes\n");
}

/* --- times --------------------------------------------------------------------------------------- */

static bool has_time(const json_t *of, const char *name)
{
    return json_is_string(json_object_get(of, name));
}

static void phases__keep_when_a_platform_started_and_ended(void **state)
{
    static const struct {
        enum trawl_phase phase;
        bool started;
        bool ended;
    } steps[] = {
        {TRAWL_PHASE_QUEUED, false, false},
        {TRAWL_PHASE_STARTING, true, false},
        {TRAWL_PHASE_SCRAPING, true, false},
        {TRAWL_PHASE_COMPLETED, true, true},
    };
    struct scene *scene = *state;
    int64_t run_id = scene_create_run(scene);

    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(steps); i++) {
        json_auto_t *run = NULL;
        const json_t *platform;

        scene_set_phase(scene, run_id, steps[i].phase);
        run = scene_run(scene, run_id);
        platform = json_array_get(json_object_get(run, "platforms"), 0);
        assert_int_equal(has_time(run, "started_at"), steps[i].started);
        assert_int_equal(has_time(run, "ended_at"), steps[i].ended);
        assert_int_equal(has_time(platform, "started_at"), steps[i].started);
        assert_int_equal(has_time(platform, "ended_at"), steps[i].ended);
    }
}

/* --- ends ---------------------------------------------------------------------------------------- */

static void end__is_the_last_event_of_its_run(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = scene_create_pair(scene);
    uint64_t before_first = 99;
    uint64_t last = 99;

    assert_int_equal(scene_try_phase(scene, run_id, "shop", TRAWL_PHASE_COMPLETED, NULL), 0);
    assert_int_equal(trawl_reader_run_span(scene_reader(scene), run_id, &before_first, &last, NULL),
                     0);
    assert_int_equal(before_first, 0);
    assert_int_equal(last, 0);
    scene_forget(scene);
    assert_int_equal(scene_try_phase(scene, run_id, "books", TRAWL_PHASE_FAILED, "no"), 0);
    scene_expect(scene, ALL,
                 "progress 6 books failed 0/0 items 0 new 0 changed 0 failed 0 'no'\n"
                 "progress 7 * partial 0/0 items 0 new 0 changed 0 failed 0 END\n");
    assert_int_equal(trawl_reader_run_span(scene_reader(scene), run_id, &before_first, &last, NULL),
                     0);
    assert_int_equal(before_first, 0);
    assert_int_equal(last, trawl_store_head(scene->store));
}

static void end__drops_the_frontier_of_its_platform(void **state)
{
    static const char *const urls[] = {"http://a/1", "http://a/2"};
    struct scene *scene = *state;
    int64_t run_id = scene_create_pair(scene);
    struct trawl_page_request request = scene_request("http://b/1", 0);
    const struct trawl_page page = {
        .kind = TRAWL_PAGE_START, .requests = &request, .request_count = 1};

    scene_begin(scene, run_id, urls, 2);
    assert_int_equal(scene_try_page(scene, run_id, "books", &page), 0);
    assert_int_equal(load(scene, run_id, "shop"), 2);
    scene_set_phase(scene, run_id, TRAWL_PHASE_COMPLETED);
    assert_int_equal(load(scene, run_id, "shop"), 0);
    assert_int_equal(load(scene, run_id, "books"), 1);
}

static void interruption__keeps_the_frontier(void **state)
{
    static const char *const urls[] = {"http://a/1", "http://a/2"};
    struct scene *scene = *state;
    int64_t run_id = scene_create_run(scene);

    scene_begin(scene, run_id, urls, 2);
    scene_set_phase(scene, run_id, TRAWL_PHASE_INTERRUPTED);
    assert_int_equal(load(scene, run_id, "shop"), 2);
}

/* A cancellation may cross with the end that it came too late for. */
static void end__is_for_ever(void **state)
{
    static const char lines[] =
        "run 1 api completed n 4, 0 pages, 0 unchanged\n"
        "shop html completed 0/0 items 0 new 0 changed 0 failed 0, 0 pages, 0 bytes\n";
    static const enum trawl_phase later[] = {TRAWL_PHASE_COMPLETED, TRAWL_PHASE_CANCELLED,
                                             TRAWL_PHASE_INTERRUPTED, TRAWL_PHASE_SCRAPING};
    struct scene *scene = *state;
    int64_t run_id = scene_create_run(scene);

    scene_set_phase(scene, run_id, TRAWL_PHASE_COMPLETED);
    scene_forget(scene);
    scene_expect_run(scene, run_id, lines);
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(later); i++)
        assert_int_equal(scene_try_phase(scene, run_id, "shop", later[i], "late"), -EALREADY);
    scene_expect(scene, ALL, "");
    scene_expect_run(scene, run_id, lines);
}

static void end__lets_no_page_in(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = scene_create_pair(scene);
    struct trawl_page_request request = scene_request("http://a/1", 0);
    struct trawl_page_item item = scene_item("k", "{}");
    const struct trawl_page page = {.kind = TRAWL_PAGE_START,
                                    .requests = &request,
                                    .request_count = 1,
                                    .items = &item,
                                    .item_count = 1};

    scene_set_phase(scene, run_id, TRAWL_PHASE_CANCELLED);
    scene_forget(scene);
    assert_int_equal(scene_try_page(scene, run_id, "shop", &page), -EALREADY);
    scene_expect(scene, ALL, "");
    assert_int_equal(load(scene, run_id, "shop"), 0);
    scene_expect_items(scene, (struct trawl_item_filter){0}, "");
}

static void end__lets_no_word_follow(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = scene_create_pair(scene);

    scene_set_phase(scene, run_id, TRAWL_PHASE_COMPLETED);
    scene_forget(scene);
    trawl_store_set_progress(scene->store, run_id, "shop", 5, 9, "late");
    trawl_store_log(scene->store, run_id, "shop", TRAWL_LOG_INFO, "its run goes on");
    assert_int_equal(scene_try_phase(scene, run_id, "books", TRAWL_PHASE_COMPLETED, NULL), 0);
    trawl_store_log(scene->store, run_id, "shop", TRAWL_LOG_INFO, "its run is over");
    trawl_store_log(scene->store, run_id, NULL, TRAWL_LOG_INFO, "and so is this");
    trawl_store_flush_progress(scene->store);
    scene_create_run(scene);
    scene_expect(scene, ALL,
                 "log shop info 'its run goes on'\n"
                 "progress 6 books completed 0/0 items 0 new 0 changed 0 failed 0\n"
                 "progress 7 * completed 0/0 items 0 new 0 changed 0 failed 0 END\n"
                 "progress 1 shop queued 0/0 items 0 new 0 changed 0 failed 0\n"
                 "progress 2 * queued 0/0 items 0 new 0 changed 0 failed 0\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(set_phase__tells_the_platform_and_then_its_run),
        SCENE_TEST(set_phase__leads_the_run_from_queue_to_end),
        SCENE_TEST(set_phase__gives_the_run_its_end),
        SCENE_TEST(set_phase__of_nothing_says_so),
        SCENE_TEST(set_phase__needs_no_callback),
        SCENE_TEST(set_phase__replaces_the_message),
        SCENE_TEST(phases__keep_when_a_platform_started_and_ended),
        SCENE_TEST(end__is_the_last_event_of_its_run),
        SCENE_TEST(end__drops_the_frontier_of_its_platform),
        SCENE_TEST(interruption__keeps_the_frontier),
        SCENE_TEST(end__is_for_ever),
        SCENE_TEST(end__lets_no_page_in),
        SCENE_TEST(end__lets_no_word_follow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
