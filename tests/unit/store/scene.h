/* A store in a folder of its own on the test's loop: calls are made one after the other, each waited for. */
#ifndef TRAWL_TESTS_STORE_SCENE_H
#define TRAWL_TESTS_STORE_SCENE_H

#include <stdlib.h>
#include <string.h>

#include "ipc/channel.h"
#include "ipc/page.h"
#include "lines.h"
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
    bool existed;
    char conflict[64];
    struct trawl_tally tally;
    size_t pending;              /* requests of the last frontier that scene_on_pending() got */
    struct trawl_reader *reader; /* once it was asked for */
    struct trawl_event *events;  /* told and not yet looked at; copies */
    size_t event_count;
    uint64_t told_through;              /* the seq of the last that was told */
    trawl_store_on_stalled *on_stalled; /* NULL: a stall fails the test */
    char added[256];                    /* of the last page */
};

static inline void scene_wait(struct scene *scene)
{
    while (scene->waiting > 0)
        uv_run(&scene->loop, UV_RUN_ONCE);
}

/* Whatever a test is about, no event may be missing, out of order, or beyond the head. */
static inline void scene_on_events(void *user, const struct trawl_event *events, size_t count)
{
    struct scene *scene = user;

    scene->events =
        trawl_xrealloc(scene->events, (scene->event_count + count) * sizeof(*scene->events));
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(events[i].seq, ++scene->told_through);
        scene->events[scene->event_count++] = event_copy(&events[i]);
    }
    assert_int_equal(trawl_store_head(scene->store), scene->told_through);
}

static inline void scene_forget(struct scene *scene)
{
    for (size_t i = 0; i < scene->event_count; i++)
        event_copy_free(&scene->events[i]);
    scene->event_count = 0;
}

/* The events of these topics since the last look, as lines. */
static inline void scene_expect(struct scene *scene, uint32_t topics, const char *lines)
{
    struct trawl_buf text;

    trawl_buf_init(&text, LINES_MAX);
    lines_of_events(&text, topics, scene->events, scene->event_count);
    assert_string_equal(trawl_buf_text(&text), lines);
    trawl_buf_finish(&text);
    scene_forget(scene);
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
    scene->told_through = trawl_store_head(scene->store);
}

static inline void scene_start(struct scene *scene)
{
    assert_int_equal(trawl_store_start(scene->store, &scene->loop, scene_on_events,
                                       scene->on_stalled ? scene->on_stalled : scene_on_stalled,
                                       scene),
                     0);
}

static inline void scene_close(struct scene *scene)
{
    trawl_reader_close(scene->reader);
    scene->reader = NULL;
    if (scene->store) /* a test that failed may have left it closed */
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
    scene_forget(scene);
    free(scene->events);
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

static inline void scene_on_pending(void *user, int status,
                                    const struct trawl_page_request *requests, size_t count)
{
    struct scene *scene = user;

    scene->pending = 0;
    for (size_t i = 0; i < count; i++)
        scene->pending += requests[i].state == TRAWL_REQUEST_PENDING;
    scene_on_done(user, status);
}

static inline void scene_on_run(void *user, int status, const struct trawl_created_run *run)
{
    struct scene *scene = user;

    scene_on_done(user, status);
    scene->run_id = run->run_id;
    scene->existed = run->existed;
    snprintf(scene->conflict, sizeof(scene->conflict), "%s", run->conflict ? run->conflict : "");
}

/* Make a run; its status. */
static inline int scene_try_run(struct scene *scene, const struct trawl_new_run *run)
{
    scene->waiting++;
    trawl_store_create_run(scene->store, run, scene_on_run, scene);
    scene_wait(scene);
    return scene->status;
}

/* A run of the one platform "shop". */
static inline int64_t scene_create_run(struct scene *scene)
{
    const struct trawl_new_run_platform platform = {
        .name = "shop", .plugin = "html", .options_json = "{\"start\":\"x\"}"};
    const struct trawl_new_run run = {.trigger = "api",
                                      .platforms = &platform,
                                      .platform_count = 1,
                                      .overlap = TRAWL_OVERLAP_ALLOW};

    assert_int_equal(scene_try_run(scene, &run), 0);
    return scene->run_id;
}

/* A run of the platforms "shop" and "books". */
static inline int64_t scene_create_pair(struct scene *scene)
{
    const struct trawl_new_run_platform platforms[] = {{.name = "shop", .plugin = "html"},
                                                       {.name = "books", .plugin = "json"}};
    const struct trawl_new_run run = {
        .trigger = "manual", .platforms = platforms, .platform_count = 2};

    assert_int_equal(scene_try_run(scene, &run), 0);
    return scene->run_id;
}

static inline int scene_try_phase(struct scene *scene, int64_t run_id, const char *platform,
                                  enum trawl_phase phase, const char *message)
{
    scene->waiting++;
    trawl_store_set_phase(scene->store, run_id, platform, phase, message, scene_on_done, scene);
    scene_wait(scene);
    return scene->status;
}

static inline void scene_set_phase(struct scene *scene, int64_t run_id, enum trawl_phase phase)
{
    assert_int_equal(scene_try_phase(scene, run_id, "shop", phase, NULL), 0);
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

/* What was added is noted as "url@depth " for each. */
static inline void scene_on_page(void *user, int status, const struct trawl_committed *committed)
{
    struct scene *scene = user;
    size_t len = 0;

    scene_on_done(user, status);
    scene->tally = committed->tally;
    scene->added[0] = '\0';
    for (size_t i = 0; i < committed->added_count; i++, len = strlen(scene->added))
        snprintf(scene->added + len, sizeof(scene->added) - len, "%s@%u ",
                 committed->added[i].url.ptr, committed->added[i].depth);
}

/* Queue a page, without waiting for it. */
static inline void scene_push_page(struct scene *scene, int64_t run_id, const char *platform,
                                   const struct trawl_page *page)
{
    struct trawl_buf buf;

    trawl_buf_init(&buf, TRAWL_FRAME_MAX);
    assert_int_equal(trawl_page_encode(page, &buf), 0);
    scene->waiting++;
    trawl_store_commit_page(scene->store, run_id, platform, trawl_buf_text(&buf), buf.len,
                            scene_on_page, scene);
    trawl_buf_finish(&buf);
}

static inline int scene_try_page(struct scene *scene, int64_t run_id, const char *platform,
                                 const struct trawl_page *page)
{
    scene_push_page(scene, run_id, platform, page);
    scene_wait(scene);
    return scene->status;
}

static inline void scene_commit(struct scene *scene, int64_t run_id, const struct trawl_page *page)
{
    assert_int_equal(scene_try_page(scene, run_id, "shop", page), 0);
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

static inline struct trawl_page_item scene_item(const char *key, const char *json)
{
    return (struct trawl_page_item){
        .key = trawl_str_of(key), .hash = scene_fingerprint(json), .json = trawl_str_of(json)};
}

/* A page that gives one item. Its request must be known. */
static inline void scene_commit_item(struct scene *scene, int64_t run_id, const char *url,
                                     const char *key, const char *json)
{
    struct trawl_page page = scene_page(url, TRAWL_OUTCOME_OK);
    struct trawl_page_item item = scene_item(key, json);

    page.items = &item;
    page.item_count = 1;
    scene_commit(scene, run_id, &page);
}

/* Drop what is beyond the limits. */
static inline void scene_prune(struct scene *scene, const struct trawl_store_limits *limits)
{
    scene->waiting++;
    trawl_store_prune(scene->store, limits, scene_on_done, scene);
    scene_wait(scene);
    assert_int_equal(scene->status, 0);
}

/* --- reading ------------------------------------------------------------------------------------- */

/* A reader that is open until the store closes. */
static inline struct trawl_reader *scene_reader(struct scene *scene)
{
    if (!scene->reader)
        assert_int_equal(trawl_reader_open(scene->folder, &scene->reader, NULL), 0);
    return scene->reader;
}

/* The run as lines: its own, then one for each platform. */
static inline void scene_expect_run(struct scene *scene, int64_t run_id, const char *lines)
{
    json_auto_t *run = NULL;
    struct trawl_buf text;

    assert_int_equal(trawl_reader_run(scene_reader(scene), run_id, &run, NULL), 0);
    trawl_buf_init(&text, LINES_MAX);
    lines_of_run(&text, run);
    assert_string_equal(trawl_buf_text(&text), lines);
    trawl_buf_finish(&text);
}

/* The versions of one of shop's items, as lines "run url json". */
static inline void scene_expect_history(struct scene *scene, const char *key, const char *lines)
{
    json_auto_t *versions = NULL;
    struct trawl_buf text;

    assert_int_equal(trawl_reader_item_history(scene_reader(scene), "shop", key, &versions, NULL),
                     0);
    trawl_buf_init(&text, LINES_MAX);
    lines_of_history(&text, versions);
    assert_string_equal(trawl_buf_text(&text), lines);
    trawl_buf_finish(&text);
}

/* The items that a filter gives, as lines. */
static inline void scene_expect_items(struct scene *scene, struct trawl_item_filter filter,
                                      const char *lines)
{
    struct trawl_buf text;

    if (filter.limit == 0)
        filter.limit = 1000;
    trawl_buf_init(&text, LINES_MAX);
    assert_int_equal(trawl_reader_items(scene_reader(scene), &filter, lines_on_item, &text, NULL),
                     0);
    assert_string_equal(trawl_buf_text(&text), lines);
    trawl_buf_finish(&text);
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
