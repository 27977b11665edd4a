#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "scene.h"

/* What a continued shard would be given, as lines "url state counted depth attempts". */
struct frontier {
    struct scene *scene;
    char lines[1024];
    char chain[64];
    int64_t not_before_ms;
};

static const char *const all_urls[] = {"http://a/1", "http://a/2", "http://a/3"};

static void on_frontier(void *user, int status, const struct trawl_page_request *requests,
                        size_t count)
{
    struct frontier *frontier = user;

    frontier->scene->waiting--;
    assert_int_equal(status, 0);
    for (size_t u = 0; u < TRAWL_ARRAY_SIZE(all_urls); u++) {
        for (size_t i = 0; i < count; i++) {
            const struct trawl_page_request *request = &requests[i];
            size_t len = strlen(frontier->lines);

            if (!trawl_hash_equal(request->fingerprint, scene_fingerprint(all_urls[u])))
                continue;
            snprintf(frontier->lines + len, sizeof(frontier->lines) - len, "%zu %s%s @%u %u\n",
                     u + 1, request->state == TRAWL_REQUEST_DONE ? "done" : "pending",
                     request->counted ? " counted" : "", request->depth, request->attempts);
            snprintf(frontier->chain, sizeof(frontier->chain), "%.*s", (int)request->chain.len,
                     request->chain.ptr ? request->chain.ptr : "");
            frontier->not_before_ms = request->not_before_ms;
        }
    }
}

static struct frontier load_part(struct scene *scene, int64_t run_id, unsigned shard,
                                 unsigned shards)
{
    struct frontier frontier = {.scene = scene};

    scene->waiting++;
    trawl_store_load_frontier(scene->store, run_id, "shop", shard, shards, on_frontier, &frontier);
    scene_wait(scene);
    return frontier;
}

static struct frontier load(struct scene *scene, int64_t run_id)
{
    return load_part(scene, run_id, 0, 1);
}

static int64_t begin(struct scene *scene, size_t urls)
{
    int64_t run_id = scene_create_run(scene);

    scene_set_phase(scene, run_id, TRAWL_PHASE_SCRAPING);
    scene_begin(scene, run_id, all_urls, urls);
    return run_id;
}

/* A page that asks for the second URL at that depth. */
static void commit_link(struct scene *scene, int64_t run_id, const char *from, uint16_t depth)
{
    struct trawl_page_request request = scene_request(all_urls[1], depth);
    struct trawl_page page = scene_page(from, TRAWL_OUTCOME_OK);

    page.requests = &request;
    page.request_count = 1;
    scene_commit(scene, run_id, &page);
}

static void retry__is_kept_with_its_time(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = begin(scene, 1);
    const struct trawl_page retry = {.kind = TRAWL_PAGE_RETRY,
                                     .fingerprint = scene_fingerprint(all_urls[0]),
                                     .attempts = 2,
                                     .not_before_ms = 12345};
    struct frontier frontier;

    scene_commit(scene, run_id, &retry);
    scene_reopen(scene);
    frontier = load(scene, run_id);
    assert_string_equal(frontier.lines, "1 pending @0 2\n");
    assert_int_equal(frontier.not_before_ms, 12345);
}

static void request__keeps_the_chain_of_its_redirects(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = begin(scene, 1);
    struct trawl_page_request target = scene_request(all_urls[1], 0);
    struct trawl_page page = scene_page(all_urls[0], TRAWL_OUTCOME_REDIRECTED);

    target.chain = trawl_str_of("0123456789abcdef");
    page.requests = &target;
    page.request_count = 1;
    scene_commit(scene, run_id, &page);
    assert_string_equal(load(scene, run_id).chain, "0123456789abcdef");
}

static void page__counts_for_max_pages_if_it_says_so(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = begin(scene, 2);
    struct trawl_page counts = scene_page(all_urls[0], TRAWL_OUTCOME_OK);
    struct trawl_page moved = scene_page(all_urls[1], TRAWL_OUTCOME_REDIRECTED);

    counts.counts = true;
    scene_commit(scene, run_id, &counts);
    scene_commit(scene, run_id, &moved);
    assert_string_equal(load(scene, run_id).lines, "1 done counted @0 0\n2 done @0 0\n");
}

/* 1 is known at depth 0; 2 is met at depth 5, ends, and is met again at depth 1. */
static void page__is_taken_back_when_it_is_met_nearer(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = begin(scene, 1);
    struct trawl_page failed = scene_page(all_urls[1], TRAWL_OUTCOME_FAILED);
    struct trawl_page ok = scene_page(all_urls[1], TRAWL_OUTCOME_OK);
    json_auto_t *run = NULL;

    commit_link(scene, run_id, all_urls[0], 5);
    failed.depth = 5;
    scene_commit(scene, run_id, &failed);
    assert_int_equal(scene->tally.ok, 1);
    assert_int_equal(scene->tally.failed, 1);
    assert_int_equal(scene_errors(scene, run_id), 1);

    commit_link(scene, run_id, "http://a/other", 1);
    assert_int_equal(scene->tally.failed, 0);
    assert_int_equal(scene_errors(scene, run_id), 0);
    assert_string_equal(load(scene, run_id).lines, "1 done @0 0\n2 pending @1 0\n");

    ok.depth = 1;
    scene_commit(scene, run_id, &ok);
    assert_int_equal(scene->tally.ok, 2);
    assert_int_equal(scene->tally.failed, 0);
    run = scene_run(scene, run_id);
    assert_int_equal(trawl_json_int(run, "pages", 0), 2);
    assert_int_equal(trawl_json_int(run, "failed", -1), 0);
}

/* Another shard may meet a request nearer to the start while its page is under way. */
static void page__from_too_deep_leaves_its_request_pending(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = begin(scene, 1);
    struct trawl_page deep = scene_page(all_urls[1], TRAWL_OUTCOME_OK);

    commit_link(scene, run_id, all_urls[0], 5);
    assert_string_equal(scene->added, "http://a/2@5 ");
    commit_link(scene, run_id, "http://a/other", 1);
    assert_string_equal(scene->added, "http://a/2@1 ");
    commit_link(scene, run_id, "http://a/other", 3);
    assert_string_equal(scene->added, "");
    deep.depth = 5;
    scene_commit(scene, run_id, &deep);
    assert_int_equal(scene->tally.ok, 1);
    assert_string_equal(load(scene, run_id).lines, "1 done @0 0\n2 pending @1 0\n");
    deep.depth = 1;
    scene_commit(scene, run_id, &deep);
    assert_int_equal(scene->tally.ok, 2);
    assert_string_equal(load(scene, run_id).lines, "1 done @0 0\n2 done @1 0\n");
}

static void frontier__is_read_by_shards(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = begin(scene, 3);
    unsigned parts = 0;

    for (unsigned shard = 0; shard < 7; shard++) {
        struct frontier frontier = load_part(scene, run_id, shard, 7);

        for (const char *line = frontier.lines; *line; line = strchr(line, '\n') + 1) {
            const char *url = all_urls[*line - '1'];

            assert_int_equal(trawl_shard_of(scene_fingerprint(url), 7), shard);
            parts++;
        }
    }
    assert_int_equal(parts, 3);
}

static void request__can_be_given_up_without_a_page(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = begin(scene, 2);
    struct trawl_hash first = scene_fingerprint(all_urls[0]);
    struct trawl_hash unknown = scene_fingerprint("http://a/unknown");

    scene_give_up(scene, run_id, &first);
    assert_int_equal(scene->status, 0);
    assert_int_equal(scene->tally.failed, 1);
    assert_int_equal(scene_errors(scene, run_id), 1);
    assert_string_equal(load(scene, run_id).lines, "1 done @0 0\n2 pending @0 0\n");
    scene_give_up(scene, run_id, &first);
    assert_int_equal(scene->status, -ENOENT);
    scene_give_up(scene, run_id, &unknown);
    assert_int_equal(scene->status, -ENOENT);
    assert_int_equal(scene->tally.failed, 1);
}

/* The journal goes out as UTF-8, and a browser closes a WebSocket over anything else. */
static void failure__is_not_cut_within_a_character(void **state)
{
    static const char prefix[] = "page failed: 'http://a/1': ";
    struct scene *scene = *state;
    int64_t run_id = begin(scene, 1);
    struct trawl_page page = scene_page(all_urls[0], TRAWL_OUTCOME_FAILED);
    struct trawl_reader *reader = NULL;
    json_auto_t *logs = NULL;
    json_auto_t *copy = NULL;
    char error[2000];
    const char *message;

    memset(error, 'x', sizeof(error));
    memcpy(error + 1023 - strlen(prefix) - 2, "\xe2\x82\xac",
           3); /* the last two bytes that fit, and one */
    page.error = (struct trawl_str){.ptr = error, .len = sizeof(error)};
    scene_commit(scene, run_id, &page);
    assert_int_equal(trawl_reader_open(scene->folder, &reader, NULL), 0);
    assert_int_equal(trawl_reader_run_logs(reader, run_id, 0, 10, &logs, NULL), 0);
    trawl_reader_close(reader);
    message = trawl_json_string(json_array_get(logs, 0), "message", "");
    assert_int_equal(strlen(message), 1023 - 2);
    copy = json_string(message); /* which checks it */
    assert_non_null(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(retry__is_kept_with_its_time),
        SCENE_TEST(request__keeps_the_chain_of_its_redirects),
        SCENE_TEST(page__counts_for_max_pages_if_it_says_so),
        SCENE_TEST(page__is_taken_back_when_it_is_met_nearer),
        SCENE_TEST(page__from_too_deep_leaves_its_request_pending),
        SCENE_TEST(frontier__is_read_by_shards),
        SCENE_TEST(request__can_be_given_up_without_a_page),
        SCENE_TEST(failure__is_not_cut_within_a_character),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
