#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "scene.h"

/* "http://a/" leads to /1, and /1 to "http://a/" and /2. */
#define INDEX "http://a/"
#define ONE   "http://a/1"
#define TWO   "http://a/2"

static const struct trawl_hash scope = {1, 2};

struct found {
    struct scene *scene;
    size_t count;
    bool any;
    char etag[32];
};

static int64_t begin(struct scene *scene)
{
    static const char *const start[] = {INDEX};
    struct trawl_page page = {.kind = TRAWL_PAGE_START, .remembers = true, .request_count = 1};
    struct trawl_page_request request = scene_request(start[0], 0);
    int64_t run_id = scene_create_run(scene);

    scene_set_phase(scene, run_id, TRAWL_PHASE_STARTING);
    page.requests = &request;
    scene_commit(scene, run_id, &page);
    return run_id;
}

/* A page of depth 0 with one item, named like it, and links to two pages, of which `fresh` is not known yet. */
static void fetch(struct scene *scene, int64_t run_id, const char *url, const char *json,
                  const char *etag, const char *fresh)
{
    struct trawl_page page = scene_page(url, TRAWL_OUTCOME_OK);
    struct trawl_page_item item = scene_item(url, json);
    struct trawl_page_request request = scene_request(fresh, 1);
    const struct trawl_hash links[] = {scene_fingerprint(INDEX), scene_fingerprint(fresh)};

    page.remembers = true;
    page.scope = scope;
    page.etag = trawl_str_of(etag);
    page.links = (struct trawl_str){.ptr = (const char *)links, .len = sizeof(links)};
    page.items = &item;
    page.item_count = 1;
    page.requests = &request;
    page.request_count = 1;
    scene_commit(scene, run_id, &page);
}

static int recall(struct scene *scene, int64_t run_id, const char *url, const char *etag)
{
    struct trawl_page page = scene_page(url, TRAWL_OUTCOME_NOT_MODIFIED);

    page.remembers = true;
    page.scope = scope;
    page.etag = trawl_str_of(etag);
    return scene_try_page(scene, run_id, "shop", &page);
}

static void on_found(void *user, int status, const struct trawl_validators *found, size_t count,
                     bool any)
{
    struct found *to = user;

    assert_int_equal(status, 0);
    to->count = count;
    to->any = any;
    snprintf(to->etag, sizeof(to->etag), "%s", count > 0 ? found[0].etag.ptr : "");
    scene_on_done(to->scene, status);
}

static struct found find(struct scene *scene, const char *url, struct trawl_hash with)
{
    struct trawl_validators asked = {.fingerprint = scene_fingerprint(url), .scope = with};
    struct found found = {.scene = scene};
    struct trawl_buf buf;

    trawl_buf_init(&buf, 1000);
    assert_int_equal(trawl_validators_encode(&asked, 1, &buf), 0);
    scene->waiting++;
    trawl_store_find_validators(scene->store, "shop", buf.data, buf.len, on_found, &found);
    trawl_buf_finish(&buf);
    scene_wait(scene);
    return found;
}

static void find_validators__gives_what_was_kept_for_that_scope(void **state)
{
    const struct trawl_hash other = {1, 3};
    struct scene *scene = *state;
    int64_t run_id = begin(scene);

    assert_false(find(scene, INDEX, scope).any);
    fetch(scene, run_id, INDEX, "{}", "e1", ONE);
    assert_string_equal(find(scene, INDEX, scope).etag, "e1");
    assert_int_equal(find(scene, INDEX, other).count, 0);
    assert_int_equal(find(scene, ONE, scope).count, 0);
    assert_true(find(scene, ONE, scope).any);
}

static void find_validators__goes_by_the_last_answer(void **state)
{
    struct scene *scene = *state;

    fetch(scene, begin(scene), INDEX, "{}", "e1", ONE);
    fetch(scene, begin(scene), INDEX, "{}", "e2", ONE);
    assert_string_equal(find(scene, INDEX, scope).etag, "e2");
    fetch(scene, begin(scene), INDEX, "{}", "", ONE);
    assert_int_equal(find(scene, INDEX, scope).count, 0);
}

static void find_validators__needs_the_items_as_they_were(void **state)
{
    struct scene *scene = *state;
    struct trawl_page lower = scene_page("http:", TRAWL_OUTCOME_OK);
    struct trawl_page_item other = scene_item(INDEX, "{\"other\":1}");
    int64_t run_id = begin(scene);

    fetch(scene, run_id, INDEX, "{}", "e1", ONE);
    lower.items = &other; /* wins, and its content takes the place of the page's */
    lower.item_count = 1;
    scene_commit(scene, run_id, &lower);
    assert_int_equal(find(scene, INDEX, scope).count, 0);
    assert_true(find(scene, INDEX, scope).any);
}

static void on_refused(void *user, int status, const struct trawl_validators *found, size_t count,
                       bool any)
{
    (void)found;
    (void)any;
    assert_int_equal(count, 0);
    *(int *)user = status;
}

static void find_validators__refuses_what_is_no_question(void **state)
{
    struct scene *scene = *state;
    int status = 0;

    trawl_store_find_validators(scene->store, "shop", "rubbish", 7, on_refused, &status);
    while (status == 0)
        uv_run(&scene->loop, UV_RUN_ONCE);
    assert_int_equal(status, -EBADMSG);
}

static void commit__a_page_that_was_not_modified_has_what_it_had(void **state)
{
    struct scene *scene = *state;
    json_auto_t *run = NULL;
    int64_t run_id;

    fetch(scene, begin(scene), INDEX, "{\"a\":1}", "e1", ONE);
    run_id = begin(scene);
    assert_int_equal(recall(scene, run_id, INDEX, "e1"), 0);
    assert_string_equal(scene->added, ONE "@1 ");
    assert_int_equal(scene->tally.ok, 1);
    run = scene_run(scene, run_id);
    assert_int_equal(trawl_json_int(run, "items", -1), 1);
    assert_int_equal(trawl_json_int(run, "unchanged", -1), 1);
    assert_int_equal(trawl_json_int(run, "pages", -1), 1);
    assert_int_equal(trawl_json_int(run, "not_modified", -1), 1);
    scene_expect_history(scene, INDEX, "1 " INDEX " {\"a\":1}\n");
}

static void commit__what_it_led_to_is_not_added_twice(void **state)
{
    struct scene *scene = *state;
    struct trawl_page start = {.kind = TRAWL_PAGE_FINISH, .request_count = 1};
    struct trawl_page_request request = scene_request(ONE, 1);
    int64_t run_id;

    fetch(scene, begin(scene), INDEX, "{}", "e1", ONE);
    run_id = begin(scene);
    start.requests = &request;
    scene_commit(scene, run_id, &start);
    assert_int_equal(recall(scene, run_id, INDEX, "e1"), 0);
    assert_string_equal(scene->added, "");
}

static void commit__a_page_that_is_not_kept_stays_pending(void **state)
{
    struct scene *scene = *state;
    json_auto_t *run = NULL;
    int64_t run_id;

    fetch(scene, begin(scene), INDEX, "{}", "e1", ONE);
    run_id = begin(scene);
    assert_int_equal(recall(scene, run_id, INDEX, "e0"), -ESTALE);
    assert_int_equal(recall(scene, run_id, TWO, "e1"), -ESTALE);
    run = scene_run(scene, run_id);
    assert_int_equal(trawl_json_int(run, "pages", -1), 0);
    assert_string_equal(find(scene, INDEX, scope).etag, "e1");
    fetch(scene, run_id, INDEX, "{}", "e2", ONE);
    assert_string_equal(find(scene, INDEX, scope).etag, "e2");
}

static void commit__a_link_whose_url_is_not_known_makes_it_stale(void **state)
{
    struct scene *scene = *state;
    struct trawl_page page = scene_page(INDEX, TRAWL_OUTCOME_OK);
    const struct trawl_hash link = scene_fingerprint(TWO);

    page.remembers = true;
    page.scope = scope;
    page.etag = trawl_str_of("e1");
    page.links = (struct trawl_str){.ptr = (const char *)&link, .len = sizeof(link)};
    scene_commit(scene, begin(scene), &page);
    assert_int_equal(find(scene, INDEX, scope).count, 1);
    assert_int_equal(recall(scene, begin(scene), INDEX, "e1"), -ESTALE);
    assert_int_equal(find(scene, INDEX, scope).count, 0); /* nobody is led there again */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(find_validators__gives_what_was_kept_for_that_scope),
        SCENE_TEST(find_validators__goes_by_the_last_answer),
        SCENE_TEST(find_validators__needs_the_items_as_they_were),
        SCENE_TEST(find_validators__refuses_what_is_no_question),
        SCENE_TEST(commit__a_page_that_was_not_modified_has_what_it_had),
        SCENE_TEST(commit__what_it_led_to_is_not_added_twice),
        SCENE_TEST(commit__a_page_that_is_not_kept_stays_pending),
        SCENE_TEST(commit__a_link_whose_url_is_not_known_makes_it_stale),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
