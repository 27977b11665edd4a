/* Loading the frontier for the worker that goes on with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "scene.h"

/* What load_frontier() gave, with copies of the strings. */
struct frontier {
    struct scene *scene;
    int status;
    size_t count;
    struct trawl_page_request *requests;
};

static struct trawl_str copy(struct trawl_str text)
{
    char *bytes = trawl_xalloc(text.len + 1);

    memcpy(bytes, text.ptr, text.len);
    return (struct trawl_str){.ptr = bytes, .len = text.len};
}

static void on_frontier(void *user, int status, const struct trawl_page_request *requests,
                        size_t count)
{
    struct frontier *frontier = user;

    frontier->scene->waiting--;
    frontier->status = status;
    frontier->count = count;
    frontier->requests = trawl_xalloc((count + 1) * sizeof(*requests));
    for (size_t i = 0; i < count; i++) {
        struct trawl_page_request *to = &frontier->requests[i];

        *to = requests[i];
        if (to->state == TRAWL_REQUEST_DONE) /* of these the strings are nobody's business */
            continue;
        to->url = copy(to->url);
        to->method = copy(to->method);
        to->headers = copy(to->headers);
        to->body = copy(to->body);
        to->meta = copy(to->meta);
    }
}

static struct frontier load(struct scene *scene, int64_t run_id, const char *platform)
{
    struct frontier frontier = {.scene = scene};

    scene->waiting++;
    trawl_store_load_frontier(scene->store, run_id, platform, 0, 1, on_frontier, &frontier);
    scene_wait(scene);
    return frontier;
}

static struct frontier load_more(struct scene *scene, int64_t run_id, unsigned shard,
                                 unsigned shards, const char *host, size_t count)
{
    struct frontier frontier = {.scene = scene};

    scene->waiting++;
    trawl_store_load_more(scene->store, run_id, "shop", shard, shards, host, count, on_frontier,
                          &frontier);
    scene_wait(scene);
    assert_int_equal(frontier.status, 0);
    return frontier;
}

static void frontier_free(struct frontier *frontier)
{
    for (size_t i = 0; i < frontier->count; i++) {
        const struct trawl_page_request *request = &frontier->requests[i];

        if (request->state == TRAWL_REQUEST_DONE)
            continue;
        free((char *)(uintptr_t)request->url.ptr);
        free((char *)(uintptr_t)request->method.ptr);
        free((char *)(uintptr_t)request->headers.ptr);
        free((char *)(uintptr_t)request->body.ptr);
        free((char *)(uintptr_t)request->meta.ptr);
    }
    free(frontier->requests);
}

static const struct trawl_page_request *find(const struct frontier *frontier, const char *url)
{
    for (size_t i = 0; i < frontier->count; i++) {
        if (trawl_hash_equal(frontier->requests[i].fingerprint, scene_fingerprint(url)))
            return &frontier->requests[i];
    }
    fail_msg("%s is not in the frontier", url);
    return NULL;
}

static void assert_str_equal(struct trawl_str is, struct trawl_str expected)
{
    assert_int_equal(is.len, expected.len);
    assert_memory_equal(is.ptr, expected.ptr, expected.len);
}

static void load__gives_all_that_a_request_is(void **state)
{
    static const char bytes[] = "a\0b\xff\n";
    struct scene *scene = *state;
    int64_t run_id = scene_create_run(scene);
    struct trawl_page_request plain = scene_request("http://a/plain", 0);
    struct trawl_page_request rich = scene_request("http://a/rich", 65535);
    struct trawl_page_request requests[2];
    const struct trawl_page page = {
        .kind = TRAWL_PAGE_START, .requests = requests, .request_count = 2};
    const struct trawl_page_request *found;
    struct frontier frontier;

    rich.redirects = 7;
    rich.priority = -2147483647;
    rich.method = trawl_str_of("POST");
    rich.headers = trawl_str_of("{\"X-A\":\"\xc3\xa9\"}");
    rich.body = (struct trawl_str){.ptr = bytes, .len = sizeof(bytes) - 1};
    rich.meta = trawl_str_of("[1.50,null]");
    requests[0] = plain;
    requests[1] = rich;
    scene_commit(scene, run_id, &page);
    scene_reopen(scene);

    frontier = load(scene, run_id, "shop");
    assert_int_equal(frontier.status, 0);
    assert_int_equal(frontier.count, 2);
    found = find(&frontier, "http://a/plain");
    assert_int_equal(found->state, TRAWL_REQUEST_PENDING);
    assert_int_equal(found->depth, 0);
    assert_int_equal(found->redirects, 0);
    assert_int_equal(found->priority, 0);
    assert_str_equal(found->url, plain.url);
    assert_int_equal(found->method.len, 0);
    assert_int_equal(found->headers.len, 0);
    assert_int_equal(found->body.len, 0);
    assert_int_equal(found->meta.len, 0);
    found = find(&frontier, "http://a/rich");
    assert_int_equal(found->state, TRAWL_REQUEST_PENDING);
    assert_int_equal(found->depth, 65535);
    assert_int_equal(found->redirects, 7);
    assert_int_equal(found->priority, -2147483647);
    assert_str_equal(found->url, rich.url);
    assert_str_equal(found->method, rich.method);
    assert_str_equal(found->headers, rich.headers);
    assert_str_equal(found->body, rich.body);
    assert_str_equal(found->meta, rich.meta);
    frontier_free(&frontier);
}

static void load__tells_done_from_pending(void **state)
{
    static const char *const urls[] = {"http://a/1", "http://a/2", "http://a/3", "http://a/4"};
    static const enum trawl_outcome outcomes[] = {TRAWL_OUTCOME_OK, TRAWL_OUTCOME_REDIRECTED,
                                                  TRAWL_OUTCOME_FAILED};
    struct scene *scene = *state;
    int64_t run_id = scene_create_run(scene);
    struct frontier frontier;

    scene_begin(scene, run_id, urls, 4);
    for (size_t i = 0; i < 3; i++) {
        const struct trawl_page page = scene_page(urls[i], outcomes[i]);

        scene_commit(scene, run_id, &page);
    }
    frontier = load(scene, run_id, "shop");
    assert_int_equal(frontier.count, 4);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(find(&frontier, urls[i])->state, TRAWL_REQUEST_DONE);
    assert_int_equal(find(&frontier, urls[3])->state, TRAWL_REQUEST_PENDING);
    frontier_free(&frontier);
}

/* Pending or done: met nearer, it is pending at the smaller depth. */
static void load__gives_the_smallest_depth(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = scene_create_run(scene);
    struct trawl_page_request requests[] = {scene_request("http://a/pending", 5),
                                            scene_request("http://a/done", 5)};
    const struct trawl_page start = {
        .kind = TRAWL_PAGE_START, .requests = requests, .request_count = 2};
    const struct trawl_page again = {
        .kind = TRAWL_PAGE_FINISH, .requests = requests, .request_count = 2};
    struct trawl_page page = scene_page("http://a/done", TRAWL_OUTCOME_OK);
    struct frontier frontier;

    scene_commit(scene, run_id, &start);
    page.depth = 5;
    scene_commit(scene, run_id, &page);
    for (uint16_t depth = 9; depth >= 3; depth -= 3) { /* 9, 6, 3 */
        requests[0].depth = depth;
        requests[1].depth = depth;
        scene_commit(scene, run_id, &again);
    }
    frontier = load(scene, run_id, "shop");
    assert_int_equal(frontier.count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(frontier.requests[i].state, TRAWL_REQUEST_PENDING);
        assert_int_equal(frontier.requests[i].depth, 3);
    }
    assert_string_equal(find(&frontier, "http://a/done")->url.ptr, "http://a/done");
    frontier_free(&frontier);
}

static void load__comes_after_the_calls_before_it(void **state)
{
    static const char *const urls[] = {"http://a/1"};
    struct scene *scene = *state;
    int64_t run_id = scene_create_run(scene);
    const struct trawl_page page = scene_page(urls[0], TRAWL_OUTCOME_OK);
    struct frontier frontier;

    scene_begin(scene, run_id, urls, 1);
    scene_push_page(scene, run_id, "shop", &page);
    frontier = load(scene, run_id, "shop");
    assert_int_equal(frontier.count, 1);
    assert_int_equal(frontier.requests[0].state, TRAWL_REQUEST_DONE);
    frontier_free(&frontier);
}

static void load__is_of_one_platform_in_one_run(void **state)
{
    struct scene *scene = *state;
    int64_t pair = scene_create_pair(scene);
    struct trawl_page_request request = scene_request("http://a/1", 0);
    const struct trawl_page page = {
        .kind = TRAWL_PAGE_START, .requests = &request, .request_count = 1};
    struct frontier frontier;

    assert_int_equal(scene_try_page(scene, pair, "shop", &page), 0);
    frontier = load(scene, pair, "books");
    assert_int_equal(frontier.status, 0);
    assert_int_equal(frontier.count, 0);
    frontier_free(&frontier);
    frontier = load(scene, pair, "none");
    assert_int_equal(frontier.status, -ENOENT);
    assert_int_equal(frontier.count, 0);
    frontier_free(&frontier);
    frontier = load(scene, pair + 1, "shop");
    assert_int_equal(frontier.status, -ENOENT);
    frontier_free(&frontier);
}

static void load__gives_thousands(void **state)
{
    enum { REQUESTS = 20000 };
    struct scene *scene = *state;
    int64_t run_id = scene_create_run(scene);
    struct trawl_page page = {.kind = TRAWL_PAGE_START, .request_count = REQUESTS};
    char(*urls)[32] = trawl_xalloc(REQUESTS * sizeof(*urls));
    struct frontier frontier;
    size_t sum = 0;

    page.requests = trawl_xalloc(REQUESTS * sizeof(*page.requests));
    for (size_t i = 0; i < REQUESTS; i++) {
        snprintf(urls[i], sizeof(urls[i]), "http://a/%zu", i);
        page.requests[i] = scene_request(urls[i], 1);
        page.requests[i].priority = (int32_t)i;
    }
    scene_commit(scene, run_id, &page);
    frontier = load(scene, run_id, "shop");
    assert_int_equal(frontier.count, REQUESTS);
    for (size_t i = 0; i < REQUESTS; i++) {
        const struct trawl_page_request *request = &frontier.requests[i];

        assert_string_equal(request->url.ptr, urls[request->priority]);
        sum += (size_t)request->priority;
    }
    assert_int_equal(sum, (size_t)REQUESTS * (REQUESTS - 1) / 2);
    frontier_free(&frontier);
    free(page.requests);
    free(urls);
}

static void load_more__gives_the_first_of_a_host(void **state)
{
    static const char *const urls[] = {"http://a/late", "http://a/first", "http://a:81/x",
                                       "http://a.b/x",  "http://a/done",  "http://a/second"};
    static const uint16_t depths[] = {7, 1, 0, 0, 0, 1};
    struct scene *scene = *state;
    int64_t run_id = scene_create_run(scene);
    struct trawl_page page = {.kind = TRAWL_PAGE_START, .request_count = TRAWL_ARRAY_SIZE(urls)};
    struct trawl_page_request requests[TRAWL_ARRAY_SIZE(urls)];
    struct trawl_page done = scene_page("http://a/done", TRAWL_OUTCOME_OK);
    struct frontier frontier;

    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(urls); i++)
        requests[i] = scene_request(urls[i], depths[i]);
    requests[1].priority = 1;
    page.requests = requests;
    scene_commit(scene, run_id, &page);
    scene_commit(scene, run_id, &done);
    frontier = load_more(scene, run_id, 0, 1, "http://a", 2);
    assert_int_equal(frontier.count, 2);
    assert_string_equal(frontier.requests[0].url.ptr, "http://a/first");
    assert_string_equal(frontier.requests[1].url.ptr, "http://a/second");
    frontier_free(&frontier);
    frontier = load_more(scene, run_id, 0, 1, "http://a", 100);
    assert_int_equal(frontier.count, 3);
    frontier_free(&frontier);
}

static void load_more__is_of_one_shard(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = scene_create_run(scene);
    struct trawl_page page = {.kind = TRAWL_PAGE_START, .request_count = 100};
    struct trawl_page_request requests[100];
    char urls[100][16];
    size_t sum = 0;

    for (size_t i = 0; i < 100; i++) {
        snprintf(urls[i], sizeof(urls[i]), "http://a/%zu", i);
        requests[i] = scene_request(urls[i], 1);
    }
    page.requests = requests;
    scene_commit(scene, run_id, &page);
    for (unsigned shard = 0; shard < 3; shard++) {
        struct frontier frontier = load_more(scene, run_id, shard, 3, "http://a", 1000);

        for (size_t i = 0; i < frontier.count; i++)
            assert_int_equal(trawl_shard_of(frontier.requests[i].fingerprint, 3), shard);
        sum += frontier.count;
        frontier_free(&frontier);
    }
    assert_int_equal(sum, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(load__gives_all_that_a_request_is),
        SCENE_TEST(load__tells_done_from_pending),
        SCENE_TEST(load__gives_the_smallest_depth),
        SCENE_TEST(load__comes_after_the_calls_before_it),
        SCENE_TEST(load__is_of_one_platform_in_one_run),
        SCENE_TEST(load__gives_thousands),
        SCENE_TEST(load_more__gives_the_first_of_a_host),
        SCENE_TEST(load_more__is_of_one_shard),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
