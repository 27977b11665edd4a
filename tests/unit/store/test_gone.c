#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <unistd.h>

#include "scene.h"

static const char *const urls[] = {"http://a/1", "http://a/2"};

/* A run that has begun, a little later than anything before it. */
static int64_t begin(struct scene *scene)
{
    int64_t run_id;

    usleep(2000);
    run_id = scene_create_run(scene);
    scene_set_phase(scene, run_id, TRAWL_PHASE_STARTING);
    scene_begin(scene, run_id, urls, 2);
    return run_id;
}

/* A page with one item. */
static void meet(struct scene *scene, int64_t run_id, const char *url, const char *key,
                 const char *json)
{
    struct trawl_page_item item = {.key = trawl_str_of(key),
                                   .hash = trawl_hash_bytes(json, strlen(json)),
                                   .json = trawl_str_of(json)};
    struct trawl_page page = scene_page(url, TRAWL_OUTCOME_OK);

    page.items = &item;
    page.item_count = 1;
    scene_commit(scene, run_id, &page);
}

static void mark_gone(struct scene *scene, int64_t run_id)
{
    scene->waiting++;
    trawl_store_mark_gone(scene->store, run_id, "shop", scene_on_done, scene);
    scene_wait(scene);
    assert_int_equal(scene->status, 0);
}

static void complete(struct scene *scene, int64_t run_id)
{
    mark_gone(scene, run_id);
    scene_set_phase(scene, run_id, TRAWL_PHASE_COMPLETED);
}

static void assert_figures(struct scene *scene, int64_t run_id, const char *expected)
{
    json_auto_t *run = scene_run(scene, run_id);
    char text[128];

    snprintf(text, sizeof(text), "%d items, %d new, %d changed, %d gone",
             (int)trawl_json_int(run, "items", -1), (int)trawl_json_int(run, "new", -1),
             (int)trawl_json_int(run, "changed", -1), (int)trawl_json_int(run, "gone", -1));
    assert_string_equal(text, expected);
}

static int on_row(void *user, const struct trawl_item_row *row)
{
    char *text = user;
    size_t len = strlen(text);

    snprintf(text + len, 512 - len, "%s %s%s%s\n", row->key, row->json, row->change ? " " : "",
             row->change ? row->change : "");
    return 0;
}

/* A line "key json change" for each item. */
static void assert_items(struct scene *scene, int64_t run_id, const char *change,
                         const char *expected)
{
    const struct trawl_item_filter filter = {.run_id = run_id, .change = change, .limit = 100};
    struct trawl_reader *reader = NULL;
    char text[512] = "";

    assert_int_equal(trawl_reader_open(scene->folder, &reader, NULL), 0);
    assert_int_equal(trawl_reader_items(reader, &filter, on_row, text, NULL), 0);
    trawl_reader_close(reader);
    assert_string_equal(text, expected);
}

static size_t versions(struct scene *scene, const char *key)
{
    struct trawl_reader *reader = NULL;
    json_auto_t *history = NULL;

    assert_int_equal(trawl_reader_open(scene->folder, &reader, NULL), 0);
    assert_int_equal(trawl_reader_item_history(reader, "shop", key, &history, NULL), 0);
    trawl_reader_close(reader);
    return json_array_size(history);
}

/* Two items, of which a second run meets only the first: the second run. */
static int64_t lose_one(struct scene *scene)
{
    int64_t run_id = begin(scene);

    meet(scene, run_id, urls[0], "a", "{\"n\":1}");
    meet(scene, run_id, urls[1], "b", "{\"n\":2}");
    complete(scene, run_id);
    assert_figures(scene, run_id, "2 items, 2 new, 0 changed, 0 gone");
    run_id = begin(scene);
    meet(scene, run_id, urls[0], "a", "{\"n\":1}");
    complete(scene, run_id);
    return run_id;
}

static void gone__is_what_a_complete_run_did_not_meet(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = lose_one(scene);

    assert_figures(scene, run_id, "1 items, 0 new, 0 changed, 1 gone");
    assert_items(scene, run_id, NULL, "a {\"n\":1} unchanged\n");
    assert_items(scene, run_id, "gone", "b {\"n\":2} gone\n");
    assert_items(scene, 0, NULL, "a {\"n\":1}\n");
    assert_items(scene, 0, "gone", "b {\"n\":2}\n");
}

static void gone__is_told_once(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = lose_one(scene);

    mark_gone(scene, run_id);
    assert_figures(scene, run_id, "1 items, 0 new, 0 changed, 1 gone");
    run_id = begin(scene);
    meet(scene, run_id, urls[0], "a", "{\"n\":1}");
    complete(scene, run_id);
    assert_figures(scene, run_id, "1 items, 0 new, 0 changed, 0 gone");
}

static void gone__is_new_when_it_returns(void **state)
{
    struct scene *scene = *state;
    int64_t run_id;

    lose_one(scene);
    run_id = begin(scene);
    meet(scene, run_id, urls[0], "a", "{\"n\":1}");
    meet(scene, run_id, urls[1], "b", "{\"n\":2}");
    complete(scene, run_id);
    assert_figures(scene, run_id, "2 items, 1 new, 0 changed, 0 gone");
    assert_items(scene, run_id, "new", "b {\"n\":2} new\n");
    assert_items(scene, 0, NULL, "a {\"n\":1}\nb {\"n\":2}\n");
    assert_int_equal(versions(scene, "b"), 1);
}

static void gone__may_return_as_another(void **state)
{
    struct scene *scene = *state;
    int64_t run_id;

    lose_one(scene);
    run_id = begin(scene);
    meet(scene, run_id, urls[1], "b", "{\"n\":3}");
    assert_items(scene, run_id, NULL, "b {\"n\":3} new\n");
    assert_int_equal(versions(scene, "b"), 2);
    /* A lower page of the same run gives what it was before it was gone: no version is left of the other. */
    meet(scene, run_id, urls[0], "b", "{\"n\":2}");
    assert_items(scene, run_id, NULL, "b {\"n\":2} new\n");
    assert_int_equal(versions(scene, "b"), 1);
    assert_figures(scene, run_id, "1 items, 1 new, 0 changed, 0 gone");
}

static void gone__returns_and_is_corrected(void **state)
{
    struct scene *scene = *state;
    int64_t run_id;

    lose_one(scene);
    run_id = begin(scene);
    meet(scene, run_id, urls[1], "b", "{\"n\":2}");
    /* The version from before is not this run's to replace. */
    meet(scene, run_id, urls[0], "b", "{\"n\":4}");
    assert_items(scene, run_id, NULL, "b {\"n\":4} new\n");
    assert_int_equal(versions(scene, "b"), 2);
}

/* A run that is interrupted while it marks, and whose scraper then gives more than it did before. */
static void gone__by_a_run_that_then_meets_it_is_not(void **state)
{
    struct scene *scene = *state;
    int64_t run_id;

    run_id = begin(scene);
    meet(scene, run_id, urls[0], "a", "{\"n\":1}");
    complete(scene, run_id);
    run_id = begin(scene);
    mark_gone(scene, run_id);
    assert_figures(scene, run_id, "0 items, 0 new, 0 changed, 1 gone");
    meet(scene, run_id, urls[0], "a", "{\"n\":1}");
    assert_figures(scene, run_id, "1 items, 1 new, 0 changed, 0 gone");
}

static void gone__leaves_what_another_run_has_seen_meanwhile(void **state)
{
    struct scene *scene = *state;
    int64_t slow = begin(scene);
    int64_t quick = begin(scene);

    meet(scene, quick, urls[0], "a", "{\"n\":1}");
    complete(scene, quick);
    complete(scene, slow);
    assert_figures(scene, slow, "0 items, 0 new, 0 changed, 0 gone");
    assert_items(scene, 0, NULL, "a {\"n\":1}\n");
}

/* More than one transaction marks. */
static void gone__may_be_many(void **state)
{
    enum { MANY = 2500 };
    struct scene *scene = *state;
    int64_t run_id = begin(scene);
    char key[16];

    for (int i = 0; i < MANY; i++) {
        snprintf(key, sizeof(key), "%d", i);
        meet(scene, run_id, urls[0], key, "{}");
    }
    complete(scene, run_id);
    run_id = begin(scene);
    complete(scene, run_id);
    assert_figures(scene, run_id, "0 items, 0 new, 0 changed, 2500 gone");
    assert_items(scene, 0, NULL, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(gone__is_what_a_complete_run_did_not_meet),
        SCENE_TEST(gone__is_told_once),
        SCENE_TEST(gone__is_new_when_it_returns),
        SCENE_TEST(gone__may_return_as_another),
        SCENE_TEST(gone__returns_and_is_corrected),
        SCENE_TEST(gone__by_a_run_that_then_meets_it_is_not),
        SCENE_TEST(gone__leaves_what_another_run_has_seen_meanwhile),
        SCENE_TEST(gone__may_be_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
