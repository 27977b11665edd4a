/* Committing pages: what becomes of requests, of failures and of the figures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "scene.h"

static const char *const urls[] = {"http://a/1", "http://a/2", "http://a/3"};

/* A run of "shop" whose start asked for the URLs. */
static int64_t begin(struct scene *scene)
{
    int64_t run_id = scene_create_run(scene);

    scene_set_phase(scene, run_id, TRAWL_PHASE_SCRAPING);
    scene_begin(scene, run_id, urls, 3);
    scene_forget(scene);
    return run_id;
}

/* The figures of the run's platform number `at`, as in lines.h. */
static void expect_figures_of(struct scene *scene, int64_t run_id, size_t at, const char *figures)
{
    json_auto_t *run = scene_run(scene, run_id);
    const json_t *platform = json_array_get(json_object_get(run, "platforms"), at);
    struct trawl_buf text;

    trawl_buf_init(&text, LINES_MAX);
    line_figures(&text, platform);
    trawl_buf_printf(&text, ", %lld pages, %lld bytes", trawl_json_int(platform, "pages", -1),
                     trawl_json_int(platform, "bytes", -1));
    assert_string_equal(trawl_buf_text(&text), figures);
    trawl_buf_finish(&text);
}

static void expect_figures(struct scene *scene, int64_t run_id, const char *figures)
{
    expect_figures_of(scene, run_id, 0, figures);
}

static void expect_tally(const struct scene *scene, uint64_t ok, uint64_t failed)
{
    assert_int_equal(scene->tally.ok, ok);
    assert_int_equal(scene->tally.failed, failed);
}

/* --- requests ------------------------------------------------------------------------------------ */

static void page__counts_what_is_known_and_done(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = begin(scene);
    struct trawl_page page = scene_page(urls[0], TRAWL_OUTCOME_OK);

    expect_figures(scene, run_id, "0/3 items 0 new 0 changed 0 failed 0, 0 pages, 0 bytes");
    page.bytes = 1000;
    scene_commit(scene, run_id, &page);
    expect_tally(scene, 1, 0);
    page = scene_page(urls[1], TRAWL_OUTCOME_OK);
    page.bytes = 5000000000;
    scene_commit(scene, run_id, &page);
    expect_tally(scene, 2, 0);
    expect_figures(scene, run_id,
                   "2/3 items 0 new 0 changed 0 failed 0, 2 pages, 5000001000 bytes");
}

static void page__asks_for_each_request_once(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = begin(scene);
    struct trawl_page_request requests[] = {
        scene_request(urls[1], 1),                                      /* known */
        scene_request("http://a/4", 1), scene_request("http://a/4", 1), /* twice on the page */
    };
    struct trawl_page page = scene_page(urls[0], TRAWL_OUTCOME_OK);

    page.requests = requests;
    page.request_count = 3;
    scene_commit(scene, run_id, &page);
    expect_figures(scene, run_id, "1/4 items 0 new 0 changed 0 failed 0, 1 pages, 0 bytes");
}

static void page__of_one_platform_knows_nothing_of_another(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = scene_create_pair(scene);
    struct trawl_page_request request = scene_request(urls[0], 0);
    const struct trawl_page start = {
        .kind = TRAWL_PAGE_START, .requests = &request, .request_count = 1};
    const struct trawl_page page = scene_page(urls[0], TRAWL_OUTCOME_OK);

    assert_int_equal(scene_try_page(scene, run_id, "shop", &start), 0);
    assert_int_equal(scene_try_page(scene, run_id, "books", &start), 0);
    assert_int_equal(scene_try_page(scene, run_id, "books", &page), 0);
    expect_figures_of(scene, run_id, 0, "0/1 items 0 new 0 changed 0 failed 0, 0 pages, 0 bytes");
    expect_figures_of(scene, run_id, 1, "1/1 items 0 new 0 changed 0 failed 0, 1 pages, 0 bytes");
}

/* 2 is fetched at depth 5, and then a page at depth 0 turns out to ask for it. */
static void request__is_followed_again_when_it_is_met_nearer(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = scene_create_run(scene);
    struct trawl_page_request request = scene_request(urls[1], 5);
    struct trawl_page page = scene_page(urls[0], TRAWL_OUTCOME_OK);

    scene_begin(scene, run_id, urls, 1);
    page.requests = &request;
    page.request_count = 1;
    scene_commit(scene, run_id, &page);
    page = scene_page(urls[1], TRAWL_OUTCOME_OK);
    page.depth = 5;
    scene_commit(scene, run_id, &page);
    expect_figures(scene, run_id, "2/2 items 0 new 0 changed 0 failed 0, 2 pages, 0 bytes");

    request.depth = 6;
    page = (struct trawl_page){.kind = TRAWL_PAGE_FINISH, .requests = &request, .request_count = 1};
    scene_commit(scene, run_id, &page);
    expect_figures(scene, run_id, "2/2 items 0 new 0 changed 0 failed 0, 2 pages, 0 bytes");
    request.depth = 1;
    scene_commit(scene, run_id, &page);
    expect_figures(scene, run_id, "1/2 items 0 new 0 changed 0 failed 0, 1 pages, 0 bytes");
    page = scene_page(urls[1], TRAWL_OUTCOME_OK);
    page.depth = 1;
    scene_commit(scene, run_id, &page);
    expect_figures(scene, run_id, "2/2 items 0 new 0 changed 0 failed 0, 2 pages, 0 bytes");
}

static void page__that_was_redirected_is_done_but_no_result(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = begin(scene);
    struct trawl_page_request target = scene_request("http://a/moved", 0);
    struct trawl_page page = scene_page(urls[0], TRAWL_OUTCOME_REDIRECTED);

    target.redirects = 1;
    page.status = 301;
    page.requests = &target;
    page.request_count = 1;
    scene_commit(scene, run_id, &page);
    expect_tally(scene, 0, 0);
    expect_figures(scene, run_id, "1/4 items 0 new 0 changed 0 failed 0, 1 pages, 0 bytes");
    page = scene_page("http://a/moved", TRAWL_OUTCOME_OK);
    scene_commit(scene, run_id, &page);
    expect_tally(scene, 1, 0);
}

/* --- failures ------------------------------------------------------------------------------------ */

static struct trawl_page failure(const char *url, uint16_t status, const char *kind,
                                 const char *why)
{
    struct trawl_page page = scene_page(url, TRAWL_OUTCOME_FAILED);

    page.status = status;
    page.error_kind = trawl_str_of(kind);
    page.error = trawl_str_of(why);
    return page;
}

static void failure__is_kept_told_and_counted(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = begin(scene);
    const struct trawl_page gone = failure(urls[0], 404, "http", "404 \"Not Found\"");
    const struct trawl_page slow = failure(urls[2], 0, "timeout", "no answer\nin 30 s");
    json_auto_t *errors = NULL;
    json_auto_t *text = NULL;

    scene_commit(scene, run_id, &gone);
    expect_tally(scene, 0, 1);
    scene_commit(scene, run_id, &slow);
    expect_tally(scene, 0, 2);
    scene_expect(scene, TRAWL_TOPIC_LOGS,
                 "log shop warning 'page failed: 'http://a/1': 404 \"Not Found\"'\n"
                 "log shop warning 'page failed: 'http://a/3': no answer\nin 30 s'\n");
    expect_figures(scene, run_id, "2/3 items 0 new 0 changed 0 failed 2, 2 pages, 0 bytes");
    assert_int_equal(trawl_reader_run_errors(scene_reader(scene), run_id, 0, 10, &errors, NULL), 0);
    assert_int_equal(json_array_size(errors), 2);
    for (size_t i = 0; i < 2; i++) {
        assert_true(json_is_string(json_object_get(json_array_get(errors, i), "at")));
        json_object_del(json_array_get(errors, i), "at");
        json_object_del(json_array_get(errors, i), "row");
    }
    text = json_pack("[{s:s,s:s,s:s,s:s,s:i},{s:s,s:s,s:s,s:s,s:i}]", "platform", "shop", "url",
                     urls[0], "kind", "http", "detail", "404 \"Not Found\"", "status", 404,
                     "platform", "shop", "url", urls[2], "kind", "timeout", "detail",
                     "no answer\nin 30 s", "status", 0);
    assert_true(json_equal(errors, text));
}

/* All failures are kept; the journal is spared those of a site that is down. */
static void failure__is_told_a_hundred_times_at_most(void **state)
{
    enum { FAILURES = 130 };
    struct scene *scene = *state;
    int64_t run_id = scene_create_run(scene);
    char url[FAILURES][32];
    const char *all[FAILURES];
    size_t told = 0;

    for (size_t i = 0; i < FAILURES; i++) {
        snprintf(url[i], sizeof(url[i]), "http://a/%zu", i);
        all[i] = url[i];
    }
    scene_begin(scene, run_id, all, FAILURES);
    scene_forget(scene);
    for (size_t i = 0; i < FAILURES; i++) {
        const struct trawl_page page = failure(url[i], 500, "http", "no");

        scene_push_page(scene, run_id, "shop", &page);
    }
    scene_wait(scene);
    expect_tally(scene, 0, FAILURES);
    assert_int_equal(scene_errors(scene, run_id), FAILURES);
    for (size_t i = 0; i < scene->event_count; i++)
        told += scene->events[i].type == TRAWL_EVENT_LOG;
    assert_int_equal(told, 100);
}

/* --- one page, one step -------------------------------------------------------------------------- */

static void page__that_cannot_be_read_leaves_no_trace(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = begin(scene);

    scene->waiting++;
    trawl_store_commit_page(scene->store, run_id, "shop", "rubbish", 7, scene_on_page, scene);
    scene_wait(scene);
    assert_int_equal(scene->status, -EBADMSG);
    expect_tally(scene, 0, 0);
    scene_expect(scene, TRAWL_TOPIC_PROGRESS | TRAWL_TOPIC_LOGS, "");
    expect_figures(scene, run_id, "0/3 items 0 new 0 changed 0 failed 0, 0 pages, 0 bytes");
}

static void page__of_an_unknown_platform_leaves_no_trace(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = begin(scene);
    struct trawl_page_item item = scene_item("k", "{}");
    const struct trawl_page page = {.kind = TRAWL_PAGE_START, .items = &item, .item_count = 1};

    assert_int_equal(scene_try_page(scene, run_id, "books", &page), -ENOENT);
    assert_int_equal(scene_try_page(scene, run_id + 1, "shop", &page), -ENOENT);
    scene_expect(scene, TRAWL_TOPIC_PROGRESS | TRAWL_TOPIC_ITEMS, "");
    scene_expect_items(scene, (struct trawl_item_filter){0}, "");
}

struct order {
    struct scene *scene;
    char text[256];
};

static void note(struct order *order, const char *what, int status, uint64_t ok)
{
    size_t len = strlen(order->text);

    order->scene->waiting--;
    snprintf(order->text + len, sizeof(order->text) - len, "%s %d %llu\n", what, status,
             (unsigned long long)ok);
}

static void note_page(void *user, int status, const struct trawl_committed *committed)
{
    note(user, "page", status, committed->tally.ok);
}

static void note_phase(void *user, int status)
{
    note(user, "phase", status, 0);
}

static void push(struct order *order, int64_t run_id, const char *url)
{
    const struct trawl_page page = scene_page(url, TRAWL_OUTCOME_OK);
    struct trawl_buf buf;

    trawl_buf_init(&buf, TRAWL_FRAME_MAX);
    assert_int_equal(trawl_page_encode(&page, &buf), 0);
    trawl_store_commit_page(order->scene->store, run_id, "shop", buf.data, buf.len, note_page,
                            order);
    trawl_buf_finish(&buf);
}

/* What one caller did wrong must not touch the calls that share its transaction. */
static void calls__come_back_in_their_order(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = begin(scene);
    struct order order = {.scene = scene};

    scene->waiting = 6;
    push(&order, run_id, urls[0]);
    push(&order, run_id + 1, urls[1]);
    trawl_store_commit_page(scene->store, run_id, "shop", "", 0, note_page, &order);
    push(&order, run_id, urls[1]);
    trawl_store_set_phase(scene->store, run_id, "books", TRAWL_PHASE_STORING, NULL, note_phase,
                          &order);
    trawl_store_set_phase(scene->store, run_id, "shop", TRAWL_PHASE_STORING, NULL, note_phase,
                          &order);
    scene_wait(scene);
    assert_string_equal(order.text, "page 0 1\npage -2 0\npage -74 0\npage 0 2\n"
                                    "phase -2 0\nphase 0 0\n");
    expect_figures(scene, run_id, "2/3 items 0 new 0 changed 0 failed 0, 2 pages, 0 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(page__counts_what_is_known_and_done),
        SCENE_TEST(page__asks_for_each_request_once),
        SCENE_TEST(page__of_one_platform_knows_nothing_of_another),
        SCENE_TEST(request__is_followed_again_when_it_is_met_nearer),
        SCENE_TEST(page__that_was_redirected_is_done_but_no_result),
        SCENE_TEST(failure__is_kept_told_and_counted),
        SCENE_TEST(failure__is_told_a_hundred_times_at_most),
        SCENE_TEST(page__that_cannot_be_read_leaves_no_trace),
        SCENE_TEST(page__of_an_unknown_platform_leaves_no_trace),
        SCENE_TEST(calls__come_back_in_their_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
