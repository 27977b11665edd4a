/* Items and their history: over runs, and within one run whatever the order of its pages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "scene.h"

#define EVERY_ITEM ((struct trawl_item_filter){0})

/* A run of "shop", beside others, that has asked for these URLs, each at the depth of its place. */
static int64_t begin(struct scene *scene, const char *const *urls, size_t count)
{
    const struct trawl_new_run_platform platform = {.name = "shop", .plugin = "html"};
    const struct trawl_new_run run = {.trigger = "api",
                                      .platforms = &platform,
                                      .platform_count = 1,
                                      .overlap = TRAWL_OVERLAP_ALLOW};
    int64_t run_id = scene_try_run(scene, &run) == 0 ? scene->run_id : 0;
    struct trawl_page page = {.kind = TRAWL_PAGE_START, .request_count = count};

    page.requests = trawl_xalloc(count * sizeof(*page.requests));
    for (size_t i = 0; i < count; i++)
        page.requests[i] = scene_request(urls[i], (uint16_t)i);
    scene_commit(scene, run_id, &page);
    free(page.requests);
    scene_forget(scene);
    return run_id;
}

/* A whole run that finds one item on one page. */
static int64_t run_with(struct scene *scene, const char *key, const char *json)
{
    static const char *const url = "http://a/page";
    int64_t run_id = begin(scene, &url, 1);

    scene_commit_item(scene, run_id, url, key, json);
    scene_set_phase(scene, run_id, TRAWL_PHASE_COMPLETED);
    return run_id;
}

static void commit_item_at(struct scene *scene, int64_t run_id, const char *url, uint16_t depth,
                           const char *key, const char *json)
{
    struct trawl_page page = scene_page(url, TRAWL_OUTCOME_OK);
    struct trawl_page_item item = scene_item(key, json);

    page.depth = depth;
    page.items = &item;
    page.item_count = 1;
    scene_commit(scene, run_id, &page);
}

/* items, new, changed, unchanged of a run. */
static void expect_counts(struct scene *scene, int64_t run_id, const char *counts)
{
    json_auto_t *run = scene_run(scene, run_id);
    char text[64];

    snprintf(text, sizeof(text), "%lld %lld %lld %lld", trawl_json_int(run, "items", -1),
             trawl_json_int(run, "new", -1), trawl_json_int(run, "changed", -1),
             trawl_json_int(run, "unchanged", -1));
    assert_string_equal(text, counts);
}

/* --- over runs ----------------------------------------------------------------------------------- */

static void item__is_new_then_unchanged_then_changed(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(run_with(scene, "k", "{\"v\":1}"), 1);
    scene_expect(scene, TRAWL_TOPIC_ITEMS, "item shop k new\n");
    expect_counts(scene, 1, "1 1 0 0");
    assert_int_equal(run_with(scene, "k", "{\"v\":1}"), 2);
    scene_expect(scene, TRAWL_TOPIC_ITEMS, "");
    expect_counts(scene, 2, "1 0 0 1");
    assert_int_equal(run_with(scene, "k", "{\"v\":2}"), 3);
    scene_expect(scene, TRAWL_TOPIC_ITEMS, "item shop k changed\n");
    expect_counts(scene, 3, "1 0 1 0");
    assert_int_equal(run_with(scene, "k", "{\"v\":1}"), 4);
    scene_expect(scene, TRAWL_TOPIC_ITEMS, "item shop k changed\n");

    scene_expect_history(scene, "k",
                         "1 http://a/page {\"v\":1}\n"
                         "3 http://a/page {\"v\":2}\n"
                         "4 http://a/page {\"v\":1}\n");
    scene_expect_items(scene, EVERY_ITEM, "shop k http://a/page {\"v\":1}\n");
}

static void item__of_a_run_is_as_the_run_found_it(void **state)
{
    struct scene *scene = *state;

    run_with(scene, "k", "{\"v\":1}");
    run_with(scene, "k", "{\"v\":2}");
    run_with(scene, "k", "{\"v\":2}");
    run_with(scene, "k", "{\"v\":3}");
    scene_expect_items(scene, (struct trawl_item_filter){.run_id = 1},
                       "shop k http://a/page {\"v\":1} new\n");
    scene_expect_items(scene, (struct trawl_item_filter){.run_id = 2},
                       "shop k http://a/page {\"v\":2} changed\n");
    scene_expect_items(scene, (struct trawl_item_filter){.run_id = 3},
                       "shop k http://a/page {\"v\":2} unchanged\n");
    scene_expect_items(scene, (struct trawl_item_filter){.run_id = 4},
                       "shop k http://a/page {\"v\":3} changed\n");
}

struct seen {
    int64_t first;
    int64_t last;
    int64_t changed;
};

static int on_seen(void *user, const struct trawl_item_row *item)
{
    struct seen *seen = user;

    *seen = (struct seen){item->first_seen_ms, item->last_seen_ms, item->last_changed_ms};
    return 0;
}

/* When the one item was seen. The clock has moved on before and after. */
static struct seen seen_of(struct scene *scene)
{
    const struct trawl_item_filter filter = {.limit = 1};
    struct seen seen = {0};

    assert_int_equal(trawl_reader_items(scene_reader(scene), &filter, on_seen, &seen, NULL), 0);
    uv_sleep(3);
    return seen;
}

static void item__keeps_when_it_was_seen_and_changed(void **state)
{
    struct scene *scene = *state;
    struct seen made;
    struct seen again;
    struct seen changed;

    run_with(scene, "k", "1");
    made = seen_of(scene);
    assert_int_equal(made.first, made.last);
    assert_int_equal(made.first, made.changed);
    run_with(scene, "k", "1");
    again = seen_of(scene);
    assert_int_equal(again.first, made.first);
    assert_true(again.last > made.last);
    assert_int_equal(again.changed, made.changed);
    run_with(scene, "k", "2");
    changed = seen_of(scene);
    assert_int_equal(changed.first, made.first);
    assert_true(changed.last > again.last);
    assert_int_equal(changed.changed, changed.last);
}

static void item__has_a_key_of_its_platform(void **state)
{
    static const char *const urls[] = {"http://a/1"};
    struct scene *scene = *state;
    int64_t run_id = scene_create_pair(scene);
    struct trawl_page_item item = scene_item("k", "{\"v\":1}");
    const struct trawl_page page = {.kind = TRAWL_PAGE_FINISH, .items = &item, .item_count = 1};

    scene_begin(scene, run_id, urls, 1);
    scene_commit_item(scene, run_id, urls[0], "k", "{\"v\":2}");
    assert_int_equal(scene_try_page(scene, run_id, "books", &page), 0);
    scene_expect_items(scene, EVERY_ITEM,
                       "shop k http://a/1 {\"v\":2}\n"
                       "books k  {\"v\":1}\n");
    expect_counts(scene, run_id, "2 2 0 0");
}

static void item__may_come_from_start_and_finish(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = scene_create_run(scene);
    struct trawl_page_item items[] = {scene_item("a", "1"), scene_item("b", "2")};
    struct trawl_page page = {.kind = TRAWL_PAGE_START, .items = items, .item_count = 1};

    scene_commit(scene, run_id, &page);
    page = (struct trawl_page){.kind = TRAWL_PAGE_FINISH, .items = items, .item_count = 2};
    scene_commit(scene, run_id, &page);
    expect_counts(scene, run_id, "2 2 0 0");
}

/* The store keeps the bytes that it is given, and gives numbers back as they were. */
static void item__keeps_its_numbers_and_texts(void **state)
{
    static const char json[] =
        "{\"a\":19.99,\"b\":9007199254740993,\"c\":9223372036854775807,"
        "\"d\":-9223372036854775808,\"e\":1e-7,\"f\":\"\xe2\x98\x83\\u0000\"}";
    struct scene *scene = *state;
    TRAWL_AUTO_FREE char *row = trawl_xasprintf("shop k http://a/page %s\n", json);
    TRAWL_AUTO_FREE char *version = trawl_xasprintf("1 http://a/page %s\n", json);
    TRAWL_AUTO_FREE char *text = NULL;
    json_auto_t *item = NULL;

    run_with(scene, "k", json);
    scene_expect_items(scene, EVERY_ITEM, row);
    scene_expect_history(scene, "k", version);
    assert_int_equal(trawl_reader_item(scene_reader(scene), "shop", "k", &item, NULL), 0);
    text = trawl_json_text(json_object_get(item, "item"), TRAWL_JSON_COMPACT);
    assert_string_equal(text, json);
}

/* --- within one run ------------------------------------------------------------------------------ */

/* Pages that give one key. The last of a row of contents is that of the page that wins: depth, then URL. */
#define PAGES 4

static const struct {
    const char *url;
    uint16_t depth;
} pages[PAGES] = {{"http://a/c", 2}, {"http://a/b", 1}, {"http://a/a", 1}, {"http://a/z", 0}};

static const char *const contents[][PAGES] = {
    {"{\"v\":1}", "{\"v\":2}", "{\"v\":1}", "{\"v\":3}"},
    {"{\"v\":1}", "{\"v\":2}", "{\"v\":3}", "{\"v\":1}"},
    {"{\"v\":3}", "{\"v\":3}", "{\"v\":3}", "{\"v\":3}"},
};

/* What was there before the run. */
static const char *const bases[] = {NULL, "{\"v\":1}", "{\"v\":2}", "{\"v\":3}", "{\"v\":9}"};

/* The permutation number `at` of 0 … PAGES - 1. */
static void permute(size_t at, size_t order[PAGES])
{
    bool used[PAGES] = {false};
    size_t among = 24;

    for (size_t i = 0; i < PAGES; i++) {
        size_t skip;

        among /= PAGES - i;
        skip = at / among;
        at %= among;
        order[i] = 0;
        while (used[order[i]] || skip-- > 0)
            order[i]++;
        used[order[i]] = true;
    }
}

static void commit_in_order(struct scene *scene, int64_t run_id, const char *key,
                            const char *const *content, size_t at)
{
    struct trawl_page_request requests[PAGES];
    const struct trawl_page start = {
        .kind = TRAWL_PAGE_START, .requests = requests, .request_count = PAGES};
    size_t order[PAGES];

    for (size_t i = 0; i < PAGES; i++)
        requests[i] = scene_request(pages[i].url, pages[i].depth);
    scene_commit(scene, run_id, &start);
    permute(at, order);
    for (size_t i = 0; i < PAGES; i++)
        commit_item_at(scene, run_id, pages[order[i]].url, pages[order[i]].depth, key,
                       content[order[i]]);
}

static void expect_winner(struct scene *scene, int64_t base_id, int64_t run_id, const char *key,
                          const char *base, const char *winner)
{
    const char *change = !base ? "new" : strcmp(base, winner) == 0 ? "unchanged" : "changed";
    TRAWL_AUTO_FREE char *row = trawl_xasprintf("shop %s http://a/z %s %s\n", key, winner, change);
    TRAWL_AUTO_FREE char *before =
        base ? trawl_xasprintf("%lld http://a/page %s\n", (long long)base_id, base)
             : trawl_xstrdup("");
    TRAWL_AUTO_FREE char *history =
        trawl_xasprintf("%s%lld http://a/z %s\n", before, (long long)run_id, winner);

    scene_expect_items(scene, (struct trawl_item_filter){.run_id = run_id}, row);
    if (strcmp(change, "unchanged") == 0)
        scene_expect_history(scene, key, before);
    else
        scene_expect_history(scene, key, history);
    expect_counts(scene, run_id,
                  !base                       ? "1 1 0 0"
                  : strcmp(base, winner) == 0 ? "1 0 0 1"
                                              : "1 0 1 0");
}

static void lowest_page__wins_in_any_order(void **state)
{
    struct scene *scene = *state;

    for (size_t c = 0; c < TRAWL_ARRAY_SIZE(contents); c++) {
        for (size_t b = 0; b < TRAWL_ARRAY_SIZE(bases); b++) {
            for (size_t at = 0; at < 24; at++) {
                TRAWL_AUTO_FREE char *key = trawl_xasprintf("%zu-%zu-%zu", c, b, at);
                int64_t base_id = bases[b] ? run_with(scene, key, bases[b]) : 0;
                int64_t run_id = scene_create_run(scene);

                commit_in_order(scene, run_id, key, contents[c], at);
                expect_winner(scene, base_id, run_id, key, bases[b], contents[c][PAGES - 1]);
                scene_set_phase(scene, run_id, TRAWL_PHASE_COMPLETED);
            }
        }
    }
}

/* The same between the two halves of a run that was interrupted. */
static void lowest_page__wins_over_a_restart(void **state)
{
    static const char *const urls[] = {"http://a/near", "http://a/far"};
    struct scene *scene = *state;
    int64_t run_id = begin(scene, urls, 2);

    commit_item_at(scene, run_id, urls[0], 0, "k", "{\"v\":1}");
    scene_reopen(scene);
    commit_item_at(scene, run_id, urls[1], 1, "k", "{\"v\":2}");
    scene_expect_history(scene, "k", "1 http://a/near {\"v\":1}\n");
    expect_counts(scene, run_id, "1 1 0 0");
}

static void page__that_is_fetched_again_speaks_for_itself(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = scene_create_run(scene);
    struct trawl_page_request request = scene_request("http://a/1", 5);
    const struct trawl_page ask = {
        .kind = TRAWL_PAGE_START, .requests = &request, .request_count = 1};

    scene_commit(scene, run_id, &ask);
    commit_item_at(scene, run_id, "http://a/1", 5, "k", "{\"v\":1}");
    request.depth = 2;
    scene_commit(scene, run_id, &ask);
    commit_item_at(scene, run_id, "http://a/1", 2, "k", "{\"v\":2}");
    scene_expect_history(scene, "k", "1 http://a/1 {\"v\":2}\n");
    expect_counts(scene, run_id, "1 1 0 0");
}

static void key__that_a_page_gives_twice_is_its_last(void **state)
{
    static const char *const urls[] = {"http://a/1"};
    struct scene *scene = *state;
    int64_t run_id = begin(scene, urls, 1);
    struct trawl_page_item items[] = {scene_item("k", "1"), scene_item("k", "2")};
    struct trawl_page page = scene_page(urls[0], TRAWL_OUTCOME_OK);

    page.items = items;
    page.item_count = 2;
    scene_commit(scene, run_id, &page);
    scene_expect_history(scene, "k", "1 http://a/1 2\n");
    expect_counts(scene, run_id, "1 1 0 0");
}

/* A change that a nearer page takes back has never been, also not in the item's times. The item was corrected once in the run
 * that made it, so that its version is older than its last word. */
static void change__that_is_taken_back_leaves_the_times(void **state)
{
    static const char *const urls[] = {"http://a/near", "http://a/far"};
    struct scene *scene = *state;
    int64_t run_id = begin(scene, urls, 2);
    struct seen before;
    struct seen after;

    commit_item_at(scene, run_id, urls[1], 1, "k", "{\"v\":1}");
    seen_of(scene);
    commit_item_at(scene, run_id, urls[0], 0, "k", "{\"v\":2}");
    scene_set_phase(scene, run_id, TRAWL_PHASE_COMPLETED);
    before = seen_of(scene);

    run_id = begin(scene, urls, 2);
    commit_item_at(scene, run_id, urls[1], 1, "k", "{\"v\":3}");
    assert_true(seen_of(scene).changed > before.changed);
    commit_item_at(scene, run_id, urls[0], 0, "k", "{\"v\":2}");
    after = seen_of(scene);
    assert_int_equal(after.first, before.first);
    assert_int_equal(after.changed, before.changed);
    scene_expect_history(scene, "k", "1 http://a/near {\"v\":2}\n");
}

/* --- runs at the same time ----------------------------------------------------------------------- */

/* One run takes back a version that another has met. Whatever that one still says of the item then, it is of this item. */
static void runs_at_once__never_mix_items_up(void **state)
{
    static const char *const urls[] = {"http://a/0", "http://a/1", "http://a/2", "http://a/3"};
    struct scene *scene = *state;
    int64_t one;
    int64_t two;

    run_with(scene, "x", "{\"x\":0}");
    one = begin(scene, urls, 4);
    two = begin(scene, urls, 4);
    commit_item_at(scene, one, urls[3], 3, "x", "{\"x\":1}");
    commit_item_at(scene, two, urls[3], 3, "x", "{\"x\":1}"); /* to it, this is unchanged */
    commit_item_at(scene, one, urls[2], 2, "x", "{\"x\":0}"); /* taken back */
    commit_item_at(scene, one, urls[1], 1, "z", "{\"z\":9}"); /* may get the free place */
    scene_expect_items(scene, (struct trawl_item_filter){.run_id = two},
                       "shop x http://a/3 {\"x\":0} unchanged\n");

    commit_item_at(scene, two, urls[2], 2, "x", "{\"x\":5}");
    commit_item_at(scene, two, urls[1], 1, "x", "{\"z\":9}");
    scene_expect_history(scene, "x", "1 http://a/page {\"x\":0}\n3 http://a/1 {\"z\":9}\n");
    scene_expect_history(scene, "z", "2 http://a/1 {\"z\":9}\n");
    commit_item_at(scene, two, urls[0], 0, "x", "{\"x\":6}");
    scene_expect_history(scene, "x", "1 http://a/page {\"x\":0}\n3 http://a/0 {\"x\":6}\n");
    scene_expect_history(scene, "z", "2 http://a/1 {\"z\":9}\n");
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 16;
}

/* Three runs at once over three keys and few contents, in an order that is different for each seed. The store must neither
 * stall (which fails the test) nor lose an item, and each run's figures must be those of its rows. */
static void runs_at_once__leave_everything_readable(void **state)
{
    static const char *const urls[] = {"http://a/0", "http://a/1", "http://a/2",
                                       "http://a/3", "http://a/4", "http://a/5"};
    static const char *const keys[] = {"x", "y", "z"};
    static const char *const values[] = {"1", "2", "3"};
    struct scene *scene = *state;

    for (uint32_t seed = 1; seed <= 40; seed++) {
        uint32_t random = seed;
        int64_t runs[3];

        for (size_t i = 0; i < 3; i++)
            runs[i] = begin(scene, urls, 6);
        for (size_t step = 0; step < 18; step++)
            commit_item_at(scene, runs[next_random(&random) % 3], urls[5 - step / 3],
                           (uint16_t)(5 - step / 3), keys[next_random(&random) % 3],
                           values[next_random(&random) % 3]);
        for (size_t i = 0; i < 3; i++) {
            const struct trawl_item_filter filter = {.run_id = runs[i], .limit = 100};
            json_auto_t *run = scene_run(scene, runs[i]);
            struct trawl_buf rows;
            size_t count = 0;

            trawl_buf_init(&rows, LINES_MAX);
            assert_int_equal(
                trawl_reader_items(scene_reader(scene), &filter, lines_on_item, &rows, NULL), 0);
            for (size_t at = 0; at < rows.len; at++)
                count += rows.data[at] == '\n';
            assert_int_equal(count, trawl_json_int(run, "items", -1));
            trawl_buf_finish(&rows);
            scene_set_phase(scene, runs[i], TRAWL_PHASE_COMPLETED);
        }
    }
    scene_expect_items(scene, (struct trawl_item_filter){.search = "no such text"}, "");
    for (size_t i = 0; i < 3; i++) {
        json_auto_t *item = NULL;

        assert_int_equal(trawl_reader_item(scene_reader(scene), "shop", keys[i], &item, NULL), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(item__is_new_then_unchanged_then_changed),
        SCENE_TEST(item__of_a_run_is_as_the_run_found_it),
        SCENE_TEST(item__keeps_when_it_was_seen_and_changed),
        SCENE_TEST(item__has_a_key_of_its_platform),
        SCENE_TEST(item__may_come_from_start_and_finish),
        SCENE_TEST(item__keeps_its_numbers_and_texts),
        SCENE_TEST(lowest_page__wins_in_any_order),
        SCENE_TEST(lowest_page__wins_over_a_restart),
        SCENE_TEST(page__that_is_fetched_again_speaks_for_itself),
        SCENE_TEST(key__that_a_page_gives_twice_is_its_last),
        SCENE_TEST(change__that_is_taken_back_leaves_the_times),
        SCENE_TEST(runs_at_once__never_mix_items_up),
        SCENE_TEST(runs_at_once__leave_everything_readable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
