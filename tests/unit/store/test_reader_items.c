/* Lists of items: filters, search, and paging to the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "scene.h"

#define ITEMS 30

/* Commit items `from` to `to` - 1 of the pair run; their keys are their numbers. */
static void commit_items(struct scene *scene, int64_t run_id, const char *platform, size_t from,
                         size_t to, const char *json)
{
    for (size_t i = from; i < to; i++) {
        TRAWL_AUTO_FREE char *key = trawl_xasprintf("%03zu", i);
        struct trawl_page_item item = scene_item(key, json);
        const struct trawl_page page = {.kind = TRAWL_PAGE_FINISH, .items = &item, .item_count = 1};

        assert_int_equal(scene_try_page(scene, run_id, platform, &page), 0);
    }
}

struct paging {
    int64_t last;
    size_t count;
    size_t total;
    char keys[2 * ITEMS][16];
};

static int on_row(void *user, const struct trawl_item_row *item)
{
    struct paging *paging = user;

    assert_true(item->row > paging->last);
    paging->last = item->row;
    paging->count++;
    assert_true(paging->total < 2 * ITEMS);
    snprintf(paging->keys[paging->total++], sizeof(paging->keys[0]), "%s %s", item->platform,
             item->key);
    return 0;
}

/* All that a filter gives, `limit` at a time. */
static struct paging read_all(struct scene *scene, struct trawl_item_filter filter, unsigned limit)
{
    struct paging paging = {0};

    do {
        paging.count = 0;
        filter.after = paging.last;
        filter.limit = limit;
        assert_int_equal(trawl_reader_items(scene_reader(scene), &filter, on_row, &paging, NULL),
                         0);
        assert_in_range(paging.count, 0, limit);
    } while (paging.count == limit);
    return paging;
}

static void items__come_in_pages_to_the_end(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = scene_create_pair(scene);

    commit_items(scene, run_id, "shop", 0, ITEMS, "1");
    commit_items(scene, run_id, "books", 0, ITEMS, "1");
    for (unsigned limit = 1; limit <= 2 * ITEMS; limit += 7) {
        for (int64_t of = 0; of <= run_id; of++) {
            struct paging paging = read_all(scene, (struct trawl_item_filter){.run_id = of}, limit);

            assert_int_equal(paging.total, 2 * ITEMS);
            assert_string_equal(paging.keys[0], "shop 000");
            assert_string_equal(paging.keys[2 * ITEMS - 1], "books 029");
        }
    }
}

/* Rows of runs at the same time lie between one another. */
static void items__of_runs_at_once_stay_apart(void **state)
{
    struct scene *scene = *state;
    const struct trawl_new_run_platform platform = {.name = "books", .plugin = "json"};
    const struct trawl_new_run second = {
        .trigger = "api", .platforms = &platform, .platform_count = 1};
    struct paging paging;

    assert_int_equal(scene_create_run(scene), 1);
    assert_int_equal(scene_try_run(scene, &second), 0);
    for (size_t i = 0; i < ITEMS; i++) {
        commit_items(scene, 1, "shop", i, i + 1, "1");
        if (i % 3 == 0)
            commit_items(scene, 2, "books", i, i + 1, "2");
    }
    paging = read_all(scene, (struct trawl_item_filter){.run_id = 1}, 4);
    assert_int_equal(paging.total, ITEMS);
    for (size_t i = 0; i < ITEMS; i++)
        assert_memory_equal(paging.keys[i], "shop", 4);
    paging = read_all(scene, (struct trawl_item_filter){.run_id = 2}, 4);
    assert_int_equal(paging.total, ITEMS / 3);
    for (size_t i = 0; i < ITEMS / 3; i++)
        assert_memory_equal(paging.keys[i], "books", 5);
}

static void items__are_filtered(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = scene_create_pair(scene);

    commit_items(scene, run_id, "shop", 0, 2, "1");
    commit_items(scene, run_id, "books", 0, 1, "1");
    scene_set_phase(scene, run_id, TRAWL_PHASE_COMPLETED);
    assert_int_equal(scene_try_phase(scene, run_id, "books", TRAWL_PHASE_COMPLETED, NULL), 0);
    run_id = scene_create_run(scene);
    commit_items(scene, run_id, "shop", 0, 1, "1");
    commit_items(scene, run_id, "shop", 1, 2, "2");
    commit_items(scene, run_id, "shop", 2, 3, "3");

    scene_expect_items(scene, (struct trawl_item_filter){.platform = "books"}, "books 000  1\n");
    scene_expect_items(scene, (struct trawl_item_filter){.platform = "shop"},
                       "shop 000  1\nshop 001  2\nshop 002  3\n");
    scene_expect_items(scene, (struct trawl_item_filter){.platform = "none"}, "");
    scene_expect_items(scene, (struct trawl_item_filter){.run_id = 1, .platform = "shop"},
                       "shop 000  1 new\nshop 001  1 new\n");
    scene_expect_items(scene, (struct trawl_item_filter){.run_id = 1, .platform = "books"},
                       "books 000  1 new\n");
    scene_expect_items(scene, (struct trawl_item_filter){.run_id = 2, .change = "new"},
                       "shop 002  3 new\n");
    scene_expect_items(scene, (struct trawl_item_filter){.run_id = 2, .change = "changed"},
                       "shop 001  2 changed\n");
    scene_expect_items(scene, (struct trawl_item_filter){.run_id = 2, .change = "unchanged"},
                       "shop 000  1 unchanged\n");
    scene_expect_items(scene, (struct trawl_item_filter){.run_id = 2, .change = "none"}, "");
    scene_expect_items(scene, (struct trawl_item_filter){.run_id = 99}, "");
}

/* Search is for text, not for a pattern. */
static void items__are_searched_in_key_and_json(void **state)
{
    static const char lamp[] = "shop lamp  {\"name\":\"Red lamp\",\"price\":19.99}\n";
    static const char rug[] = "shop 50%_off  {\"name\":\"Gr\xc3\xbcner Teppich\"}\n";
    struct scene *scene = *state;
    int64_t run_id = scene_create_run(scene);
    struct trawl_page_item items[] = {
        scene_item("lamp", "{\"name\":\"Red lamp\",\"price\":19.99}"),
        scene_item("50%_off", "{\"name\":\"Gr\xc3\xbcner Teppich\"}"),
    };
    const struct trawl_page page = {.kind = TRAWL_PAGE_FINISH, .items = items, .item_count = 2};

    scene_commit(scene, run_id, &page);
    scene_expect_items(scene, (struct trawl_item_filter){.search = "lamp"}, lamp);
    scene_expect_items(scene, (struct trawl_item_filter){.search = "19.99"}, lamp);
    scene_expect_items(scene, (struct trawl_item_filter){.search = "%_"}, rug);
    scene_expect_items(scene, (struct trawl_item_filter){.search = "\xc3\xbcner T"}, rug);
    scene_expect_items(scene, (struct trawl_item_filter){.search = "_amp"}, "");
    scene_expect_items(scene, (struct trawl_item_filter){.search = "l%p"}, "");
    scene_expect_items(scene, (struct trawl_item_filter){.search = "' OR 1 --"}, "");
    scene_expect_items(scene, (struct trawl_item_filter){.search = "Teppich", .platform = "books"},
                       "");
}

static int refuse(void *user, const struct trawl_item_row *item)
{
    (void)item;
    return ++*(int *)user == 3 ? -E2BIG : 0;
}

static void items__stop_where_the_caller_says(void **state)
{
    struct scene *scene = *state;
    const struct trawl_item_filter filter = {.limit = 100};
    int64_t run_id = scene_create_run(scene);
    int count = 0;

    commit_items(scene, run_id, "shop", 0, 9, "1");
    assert_int_equal(trawl_reader_items(scene_reader(scene), &filter, refuse, &count, NULL),
                     -E2BIG);
    assert_int_equal(count, 3);
}

static void item__is_told_whole(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = scene_create_run(scene);
    json_auto_t *item = NULL;
    const char *name;
    json_t *value;
    size_t times = 0;

    commit_items(scene, run_id, "shop", 0, 1, "{\"a\":[1,null]}");
    assert_int_equal(trawl_reader_item(scene_reader(scene), "shop", "000", &item, NULL), 0);
    assert_int_equal(json_object_size(item), 8);
    assert_true(json_is_null(json_object_get(item, "gone_at")));
    assert_string_equal(trawl_json_string(item, "platform", ""), "shop");
    assert_string_equal(trawl_json_string(item, "key", ""), "000");
    assert_string_equal(trawl_json_string(item, "url", "-"), "");
    assert_int_equal(json_array_size(json_object_get(json_object_get(item, "item"), "a")), 2);
    json_object_foreach (item, name, value) {
        if (strstr(name, "_seen") || strstr(name, "_changed"))
            times += json_is_string(value);
    }
    assert_int_equal(times, 3);
}

static void item__that_is_not_there(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = scene_create_run(scene);
    struct trawl_err err = {0};
    json_t *found = NULL;

    commit_items(scene, run_id, "shop", 0, 1, "1");
    assert_int_equal(trawl_reader_item(scene_reader(scene), "shop", "001", &found, &err), -ENOENT);
    assert_string_equal(err.message, "platform 'shop' has no item with the key '001'");
    assert_int_equal(trawl_reader_item(scene_reader(scene), "books", "000", &found, NULL), -ENOENT);
    assert_int_equal(trawl_reader_item_history(scene_reader(scene), "shop", "001", &found, &err),
                     -ENOENT);
    assert_null(found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(items__come_in_pages_to_the_end),
        SCENE_TEST(items__of_runs_at_once_stay_apart),
        SCENE_TEST(items__are_filtered),
        SCENE_TEST(items__are_searched_in_key_and_json),
        SCENE_TEST(items__stop_where_the_caller_says),
        SCENE_TEST(item__is_told_whole),
        SCENE_TEST(item__that_is_not_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
