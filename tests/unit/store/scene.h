/* A store in a folder of its own on the test's loop: calls are made one after the other, each waited for. */
#ifndef TRAWL_TESTS_STORE_SCENE_H
#define TRAWL_TESTS_STORE_SCENE_H

#include <stdlib.h>
#include <string.h>

#include "ipc/channel.h"
#include "ipc/page.h"
#include "store/reader.h"
#include "store/store.h"
#include "util/alloc.h"
#include "util/fs.h"
#include "util/hash.h"
#include "util/json.h"

struct scene {
    uv_loop_t loop;
    char *folder;
    struct trawl_store *store;
    unsigned waiting; /* calls that have not come back */
    int status;       /* of the last */
    int64_t run_id;
    struct trawl_tally tally;
};

static inline void scene_wait(struct scene *scene)
{
    while (scene->waiting > 0)
        uv_run(&scene->loop, UV_RUN_ONCE);
}

static inline void scene_on_events(void *user, const struct trawl_event *events, size_t count)
{
    (void)user;
    (void)events;
    (void)count;
}

static inline void scene_on_stalled(void *user, const char *reason)
{
    (void)user;
    fail_msg("the store stalled: %s", reason ? reason : "");
}

static inline void scene_open(struct scene *scene)
{
    const struct trawl_store_options options = {.folder = scene->folder};

    assert_int_equal(trawl_store_open(&options, &scene->store, NULL), 0);
}

static inline void scene_start(struct scene *scene)
{
    assert_int_equal(
        trawl_store_start(scene->store, &scene->loop, scene_on_events, scene_on_stalled, scene), 0);
}

static inline void scene_close(struct scene *scene)
{
    trawl_store_close(scene->store, NULL, NULL);
    uv_run(&scene->loop, UV_RUN_DEFAULT);
    scene->store = NULL;
}

/* As after the end of the server: what was active is interrupted. */
static inline void scene_reopen(struct scene *scene)
{
    scene_close(scene);
    scene_open(scene);
    scene_start(scene);
}

static inline int scene_setup(void **state)
{
    struct scene *scene = TRAWL_NEW(struct scene);

    assert_int_equal(uv_loop_init(&scene->loop), 0);
    assert_int_equal(trawl_fs_make_temporary(&scene->folder), 0);
    scene_open(scene);
    scene_start(scene);
    *state = scene;
    return 0;
}

static inline int scene_teardown(void **state)
{
    struct scene *scene = *state;

    scene_close(scene);
    assert_int_equal(uv_loop_close(&scene->loop), 0);
    trawl_fs_remove_folder(scene->folder);
    free(scene->folder);
    free(scene);
    return 0;
}

/* --- calls --------------------------------------------------------------------------------------- */

static inline void scene_on_done(void *user, int status)
{
    struct scene *scene = user;

    scene->waiting--;
    scene->status = status;
}

static inline void scene_on_run(void *user, int status, const struct trawl_created_run *run)
{
    struct scene *scene = user;

    scene_on_done(user, status);
    scene->run_id = run->run_id;
}

/* A run of the one platform "shop". */
static inline int64_t scene_create_run(struct scene *scene)
{
    const struct trawl_new_run_platform platform = {
        .name = "shop", .plugin = "html", .options_json = "{\"start\":\"x\"}"};
    const struct trawl_new_run run = {
        .trigger = "api", .platforms = &platform, .platform_count = 1};

    scene->waiting++;
    trawl_store_create_run(scene->store, &run, scene_on_run, scene);
    scene_wait(scene);
    assert_int_equal(scene->status, 0);
    return scene->run_id;
}

static inline void scene_set_phase(struct scene *scene, int64_t run_id, enum trawl_phase phase)
{
    scene->waiting++;
    trawl_store_set_phase(scene->store, run_id, "shop", phase, NULL, scene_on_done, scene);
    scene_wait(scene);
    assert_int_equal(scene->status, 0);
}

static inline struct trawl_hash scene_fingerprint(const char *url)
{
    return trawl_hash_bytes(url, strlen(url));
}

static inline struct trawl_page_request scene_request(const char *url, uint16_t depth)
{
    return (struct trawl_page_request){
        .fingerprint = scene_fingerprint(url), .depth = depth, .url = trawl_str_of(url)};
}

static inline void scene_on_page(void *user, int status, const struct trawl_tally *tally)
{
    struct scene *scene = user;

    scene_on_done(user, status);
    scene->tally = *tally;
}

static inline void scene_commit(struct scene *scene, int64_t run_id, const struct trawl_page *page)
{
    struct trawl_buf buf;

    trawl_buf_init(&buf, TRAWL_FRAME_MAX);
    assert_int_equal(trawl_page_encode(page, &buf), 0);
    scene->waiting++;
    trawl_store_commit_page(scene->store, run_id, "shop", trawl_buf_text(&buf), buf.len,
                            scene_on_page, scene);
    trawl_buf_finish(&buf);
    scene_wait(scene);
    assert_int_equal(scene->status, 0);
}

static inline void scene_give_up(struct scene *scene, int64_t run_id,
                                 const struct trawl_hash *fingerprint)
{
    scene->waiting++;
    trawl_store_give_up_request(scene->store, run_id, "shop", fingerprint, "poison", "why",
                                scene_on_page, scene);
    scene_wait(scene);
}

/* The page of start(), which asks for these URLs. */
static inline void scene_begin(struct scene *scene, int64_t run_id, const char *const *urls,
                               size_t count)
{
    struct trawl_page page = {.kind = TRAWL_PAGE_START, .request_count = count};

    page.requests = trawl_xalloc((count + 1) * sizeof(*page.requests));
    for (size_t i = 0; i < count; i++)
        page.requests[i] = scene_request(urls[i], 0);
    scene_commit(scene, run_id, &page);
    free(page.requests);
}

static inline struct trawl_page scene_page(const char *url, enum trawl_outcome outcome)
{
    return (struct trawl_page){
        .kind = TRAWL_PAGE_RESPONSE,
        .outcome = (uint8_t)outcome,
        .fingerprint = scene_fingerprint(url),
        .url = trawl_str_of(url),
        .error_kind = trawl_str_of(outcome == TRAWL_OUTCOME_FAILED ? "http" : ""),
    };
}

/* The run as readers see it. The caller decrefs. */
static inline json_t *scene_run(struct scene *scene, int64_t run_id)
{
    struct trawl_reader *reader = NULL;
    json_t *run = NULL;

    assert_int_equal(trawl_reader_open(scene->folder, &reader, NULL), 0);
    assert_int_equal(trawl_reader_run(reader, run_id, &run, NULL), 0);
    trawl_reader_close(reader);
    return run;
}

/* How many errors the run has. */
static inline size_t scene_errors(struct scene *scene, int64_t run_id)
{
    struct trawl_reader *reader = NULL;
    json_auto_t *errors = NULL;

    assert_int_equal(trawl_reader_open(scene->folder, &reader, NULL), 0);
    assert_int_equal(trawl_reader_run_errors(reader, run_id, 0, 1000, &errors, NULL), 0);
    trawl_reader_close(reader);
    return json_array_size(errors);
}

#define SCENE_TEST(name) cmocka_unit_test_setup_teardown(name, scene_setup, scene_teardown)

#endif
