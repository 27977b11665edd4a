/* What needs a look into the database: its file, its versions, and times that a test cannot wait for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <glob.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scene.h"

#define ALL (TRAWL_TOPIC_PROGRESS | TRAWL_TOPIC_ITEMS | TRAWL_TOPIC_LOGS)

static char *path_of(const struct scene *scene, const char *name)
{
    return trawl_fs_join(scene->folder, name);
}

static bool exists(const struct scene *scene, const char *name)
{
    TRAWL_AUTO_FREE char *path = path_of(scene, name);

    return access(path, F_OK) == 0;
}

static void exec_at(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    char *message = NULL;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 5000);
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s", message);
    sqlite3_close(db);
}

/* Do something to the database behind the store's back. */
static void exec(const struct scene *scene, const char *sql)
{
    TRAWL_AUTO_FREE char *path = path_of(scene, "trawl.db");

    exec_at(path, sql);
}

static void expect_no_store(const struct scene *scene, int error, const char *message)
{
    const struct trawl_store_options options = {.folder = scene->folder};
    struct trawl_store *store = NULL;
    struct trawl_err err = {0};

    assert_int_equal(trawl_store_open(&options, &store, &err), error);
    assert_null(store);
    assert_non_null(strstr(err.message, message));
}

static void expect_no_reader(const struct scene *scene, int error, const char *message)
{
    struct trawl_reader *reader = NULL;
    struct trawl_err err = {0};

    assert_int_equal(trawl_reader_open(scene->folder, &reader, &err), error);
    assert_null(reader);
    assert_non_null(strstr(err.message, message));
}

/* --- opening and closing ------------------------------------------------------------------------- */

static void open__makes_the_folders_that_are_missing(void **state)
{
    struct scene *scene = *state;
    TRAWL_AUTO_FREE char *inner = path_of(scene, "a");
    TRAWL_AUTO_FREE char *folder = trawl_fs_join(inner, "b");
    const struct trawl_store_options options = {.folder = folder, .durable = true};
    struct trawl_store *store = NULL;

    assert_int_equal(trawl_store_open(&options, &store, NULL), 0);
    assert_int_equal(trawl_store_head(store), 0);
    trawl_store_close(store, NULL, NULL);
    trawl_fs_remove_folder(folder);
    trawl_fs_remove_folder(inner);
}

static void open__of_a_store_in_use_names_its_owner(void **state)
{
    struct scene *scene = *state;
    TRAWL_AUTO_FREE char *owner =
        trawl_xasprintf("another Trawl (process %ld) uses", (long)getpid());

    scene_create_run(scene);
    expect_no_store(scene, -EBUSY, owner);
    scene_set_phase(scene, 1, TRAWL_PHASE_COMPLETED); /* the store has not noticed */
    scene_reopen(scene);
}

static void on_closed(void *user)
{
    *(bool *)user = true;
}

/* Started or not, with calls that wait or without: the callback comes once the file is closed. */
static void close__leaves_one_whole_file(void **state)
{
    struct scene *scene = *state;
    bool closed = false;

    scene_create_run(scene);
    assert_true(exists(scene, "trawl.db-wal"));
    trawl_store_set_phase(scene->store, 1, "shop", TRAWL_PHASE_COMPLETED, NULL, NULL, NULL);
    trawl_store_close(scene->store, on_closed, &closed);
    uv_run(&scene->loop, UV_RUN_DEFAULT);
    assert_true(closed);
    assert_false(exists(scene, "trawl.db-wal"));
    assert_false(exists(scene, "trawl.db-shm"));
    closed = false;
    scene_open(scene);
    trawl_store_close(scene->store, on_closed, &closed);
    assert_true(closed);
    assert_false(exists(scene, "trawl.db-wal"));
    scene_open(scene);
    scene_start(scene);
    scene_expect_run(
        scene, 1,
        "run 1 api completed n 4, 0 pages, 0 unchanged\n"
        "shop html completed 0/0 items 0 new 0 changed 0 failed 0, 0 pages, 0 bytes\n");
}

static void reader__needs_no_store_that_is_open(void **state)
{
    struct scene *scene = *state;

    scene_create_run(scene);
    scene_close(scene);
    scene_expect_run(scene, 1,
                     "run 1 api queued n 2, 0 pages, 0 unchanged\n"
                     "shop html queued 0/0 items 0 new 0 changed 0 failed 0, 0 pages, 0 bytes\n");
    trawl_reader_close(scene->reader);
    scene->reader = NULL;
    scene_open(scene);
    scene_start(scene);
}

/* A reader may outlive the store and see the next one's commits. */
static void reader__goes_on_over_a_restart(void **state)
{
    struct scene *scene = *state;
    struct trawl_reader *reader = NULL;
    json_auto_t *run = NULL;

    scene_create_run(scene);
    assert_int_equal(trawl_reader_open(scene->folder, &reader, NULL), 0);
    scene_reopen(scene);
    scene_set_phase(scene, 1, TRAWL_PHASE_COMPLETED);
    assert_int_equal(trawl_reader_run(reader, 1, &run, NULL), 0);
    assert_string_equal(trawl_json_string(run, "status", ""), "completed");
    trawl_reader_close(reader);
}

static void reader__of_an_empty_folder_says_so(void **state)
{
    struct scene *scene = *state;
    TRAWL_AUTO_FREE char *path = path_of(scene, "trawl.db");

    scene_close(scene);
    unlink(path);
    expect_no_reader(scene, -ENOENT, "there is no database here");
    assert_false(exists(scene, "trawl.db"));
    scene_open(scene);
    scene_start(scene);
}

/* --- files that are not ours --------------------------------------------------------------------- */

static char *bytes_of(const struct scene *scene, size_t *ret_len)
{
    TRAWL_AUTO_FREE char *path = path_of(scene, "trawl.db");
    char *bytes = NULL;

    assert_int_equal(trawl_fs_read(path, (size_t)64 << 20, &bytes, ret_len), 0);
    return bytes;
}

static void open__leaves_a_newer_database_alone(void **state)
{
    struct scene *scene = *state;
    TRAWL_AUTO_FREE char *before = NULL;
    TRAWL_AUTO_FREE char *after = NULL;
    size_t before_len;
    size_t after_len;

    scene_create_run(scene);
    scene_close(scene);
    exec(scene, "PRAGMA user_version = 1000");
    before = bytes_of(scene, &before_len);
    expect_no_store(scene, -ENOTSUP, "newer version (1000;");
    assert_false(exists(scene, "trawl.db-wal"));
    expect_no_reader(scene, -ENOTSUP, "newer version (1000;");
    after = bytes_of(scene, &after_len);
    assert_int_equal(after_len, before_len);
    assert_memory_equal(after, before, before_len);
    trawl_fs_remove_folder(scene->folder);
    scene_open(scene);
    scene_start(scene);
}

static void open__refuses_what_is_no_database(void **state)
{
    static const char text[] =
        "Dear diary, today I was mistaken for a database. It was a long day.";
    struct scene *scene = *state;
    TRAWL_AUTO_FREE char *path = path_of(scene, "trawl.db");
    TRAWL_AUTO_FREE char *after = NULL;
    FILE *file;
    size_t len;

    scene_close(scene);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, sizeof(text), file), sizeof(text));
    fclose(file);
    expect_no_store(scene, -EBADMSG, "not a database");
    expect_no_reader(scene, -EBADMSG, "not a database");
    after = bytes_of(scene, &len);
    assert_int_equal(len, sizeof(text));
    assert_memory_equal(after, text, len);
    unlink(path);
    scene_open(scene);
    scene_start(scene);
}

/* --- older versions ------------------------------------------------------------------------------ */

/* The files of core/store/sql, in order. */
static void find_migrations(glob_t *found)
{
    TRAWL_AUTO_FREE char *pattern = trawl_xasprintf(
        "%.*s/../../../core/store/sql/*.sql", (int)(strrchr(__FILE__, '/') - __FILE__), __FILE__);

    assert_int_equal(glob(pattern, 0, NULL, found), 0);
    assert_true(found->gl_pathc >= 3);
}

static char *schema_of(const struct scene *scene)
{
    TRAWL_AUTO_FREE char *path = path_of(scene, "trawl.db");
    sqlite3 *db = NULL;
    sqlite3_stmt *rows = NULL;
    struct trawl_buf text;

    trawl_buf_init(&text, LINES_MAX);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(db, "SELECT sql FROM sqlite_schema ORDER BY name", -1, &rows, NULL),
        SQLITE_OK);
    while (sqlite3_step(rows) == SQLITE_ROW)
        trawl_buf_printf(&text, "%s\n", (const char *)sqlite3_column_text(rows, 0));
    sqlite3_finalize(rows);
    sqlite3_close(db);
    return trawl_buf_steal(&text, NULL);
}

/* What any version could hold: a run at work with a request done and one pending, an item, a failure, two events. */
static const char old_content[] =
    "INSERT INTO meta VALUES ('epoch', 77), ('head', 9);"
    "INSERT INTO runs (id,trigger,phase,n,first_seq,last_seq,created_ms,started_ms) "
    "VALUES (5,'cli','scraping',4,8,9,1000,2000);"
    "INSERT INTO run_platforms (id,run_id,platform,plugin,options,phase,pages,known,items,new,"
    "failed,bytes,started_ms) VALUES (3,5,'shop','html','{\"a\":1}','scraping',1,2,1,1,1,10,2000);"
    "INSERT INTO frontier (run_platform,fingerprint,state,depth,redirects,priority,url,method,"
    "headers,body,meta) VALUES (3,x'00',1,0,0,0,'http://a/1','','',x'','');"
    "INSERT INTO frontier (run_platform,fingerprint,state,depth,redirects,priority,url,method,"
    "headers,body,meta) VALUES (3,x'01',0,2,0,0,'http://a/2','','',x'','');"
    "INSERT INTO pages (run_platform,url,outcome,status,depth,attempts,bytes,elapsed_ms,at_ms) "
    "VALUES (3,'http://a/1',0,200,0,1,10,1,3000);"
    "INSERT INTO errors (run_id,platform,url,kind,detail,status,at_ms) "
    "VALUES (5,'shop','http://a/0','http','gone',410,3000);"
    "INSERT INTO items (id,platform,key,version,first_seen_ms,last_seen_ms,last_changed_ms) "
    "VALUES (1,'shop','k',1,3000,3000,3000);"
    "INSERT INTO item_versions (id,item,run_id,hash,url,json,seen_ms) "
    "VALUES (1,1,5,x'00','http://a/1','{\"v\":1}',3000);"
    "INSERT INTO run_items (run_platform,item,change,version,depth,url) "
    "VALUES (3,1,'new',1,0,'http://a/1');"
    "INSERT INTO events (seq,type,flags,run_id,platform,at_ms,data) VALUES (8,1,0,5,'shop',2000,"
    "'{\"run_id\":5,\"n\":3,\"platform\":\"shop\",\"phase\":\"scraping\"}');"
    "INSERT INTO events (seq,type,flags,run_id,platform,at_ms,data) VALUES (9,1,0,5,'',2000,"
    "'{\"run_id\":5,\"n\":4,\"platform\":null,\"phase\":\"scraping\"}');";

/* A database as version `version` left it when it was killed. */
static void make_old(const struct scene *scene, const glob_t *migrations, size_t version)
{
    TRAWL_AUTO_FREE char *path = path_of(scene, "trawl.db");
    char pragma[64];

    trawl_fs_remove_folder(scene->folder);
    assert_int_equal(trawl_fs_make_folder(scene->folder), 0);
    for (size_t i = 0; i < version; i++) {
        TRAWL_AUTO_FREE char *sql = NULL;
        size_t len;

        assert_int_equal(trawl_fs_read(migrations->gl_pathv[i], 1 << 20, &sql, &len), 0);
        exec_at(path, sql);
    }
    exec_at(path, old_content);
    snprintf(pragma, sizeof(pragma), "PRAGMA user_version = %zu", version);
    exec_at(path, pragma);
}

static void on_resumed(void *user, int status, const struct trawl_resumed_platform *platforms,
                       size_t count)
{
    assert_int_equal(count, 1);
    assert_true(status == 0 && platforms[0].phase == TRAWL_PHASE_QUEUED);
    assert_string_equal(platforms[0].options_json, "{\"a\":1}");
    scene_on_done(user, status);
}

static void expect_old_content(struct scene *scene)
{
    uint64_t tail = 0;
    uint64_t head = 0;

    assert_int_equal(trawl_store_epoch(scene->store), 77);
    assert_int_equal(trawl_reader_bounds(scene_reader(scene), &tail, &head, NULL), 0);
    assert_int_equal(tail, 8);
    assert_int_equal(head, 11); /* interrupted */
    scene_expect_run(scene, 5,
                     "run 5 cli interrupted n 6, 1 pages, 0 unchanged\n"
                     "shop html interrupted 1/2 items 1 new 1 changed 0 failed 1 "
                     "'the server stopped before the end', 1 pages, 10 bytes\n");
    scene_expect_items(scene, (struct trawl_item_filter){.run_id = 5},
                       "shop k http://a/1 {\"v\":1} new\n");
    assert_int_equal(scene_errors(scene, 5), 1);
    scene->waiting = 2;
    trawl_store_resume_run(scene->store, 5, on_resumed, scene);
    trawl_store_load_frontier(scene->store, 5, "shop", 0, 1, scene_on_pending, scene);
    scene_wait(scene);
    assert_int_equal(scene->pending, 1);
    scene_set_phase(scene, 5, TRAWL_PHASE_COMPLETED);
    assert_int_equal(scene_create_pair(scene), 6);
}

static void open__brings_each_older_version_to_this_one(void **state)
{
    struct scene *scene = *state;
    TRAWL_AUTO_FREE char *schema = NULL;
    glob_t migrations;

    scene_close(scene);
    schema = schema_of(scene);
    find_migrations(&migrations);
    for (size_t version = 1; version <= migrations.gl_pathc; version++) {
        TRAWL_AUTO_FREE char *migrated = NULL;

        make_old(scene, &migrations, version);
        scene_open(scene);
        scene_start(scene);
        expect_old_content(scene);
        scene_close(scene);
        migrated = schema_of(scene);
        assert_string_equal(migrated, schema);
    }
    globfree(&migrations);
    scene_open(scene);
    scene_start(scene);
}

/* --- time ---------------------------------------------------------------------------------------- */

static void idempotency_key__is_forgotten_after_a_day(void **state)
{
    const struct trawl_new_run_platform platform = {.name = "shop", .plugin = "html"};
    struct scene *scene = *state;
    struct trawl_new_run run = {.trigger = "api",
                                .platforms = &platform,
                                .platform_count = 1,
                                .overlap = TRAWL_OVERLAP_ALLOW,
                                .idempotency_key = "k"};

    assert_int_equal(scene_try_run(scene, &run), 0);
    exec(scene, "UPDATE idempotency SET at_ms = at_ms - 86000000"); /* nearly a day */
    assert_int_equal(scene_try_run(scene, &run), 0);
    assert_true(scene->existed);
    exec(scene, "UPDATE idempotency SET at_ms = at_ms - 401000");
    run.idempotency_body = scene_fingerprint("another body");
    assert_int_equal(scene_try_run(scene, &run), 0);
    assert_false(scene->existed);
    assert_int_equal(scene->run_id, 2);
    assert_int_equal(scene_try_run(scene, &run), 0);
    assert_true(scene->existed);
    assert_int_equal(scene->run_id, 2);
}

/* Nor does a table grow for ever because nobody asks for its old keys again. */
static void idempotency_keys__that_are_forgotten_take_no_room(void **state)
{
    const struct trawl_new_run_platform platform = {.name = "shop", .plugin = "html"};
    struct scene *scene = *state;
    struct trawl_new_run run = {.trigger = "api",
                                .platforms = &platform,
                                .platform_count = 1,
                                .overlap = TRAWL_OVERLAP_ALLOW,
                                .idempotency_key = "old"};
    TRAWL_AUTO_FREE char *path = path_of(scene, "trawl.db");
    sqlite3 *db = NULL;
    sqlite3_stmt *keys = NULL;

    assert_int_equal(scene_try_run(scene, &run), 0);
    exec(scene, "UPDATE idempotency SET at_ms = at_ms - 86400001");
    run.idempotency_key = "new";
    assert_int_equal(scene_try_run(scene, &run), 0);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT key FROM idempotency", -1, &keys, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(keys), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(keys, 0), "new");
    assert_int_equal(sqlite3_step(keys), SQLITE_DONE);
    sqlite3_finalize(keys);
    sqlite3_close(db);
}

static void expect_tail(struct scene *scene, uint64_t keep_events, int64_t keep_ms, uint64_t tail)
{
    uint64_t is_tail = 0;
    uint64_t head = 0;

    scene_prune(scene, &(struct trawl_store_limits){.events = keep_events, .events_ms = keep_ms});
    assert_int_equal(trawl_reader_bounds(scene_reader(scene), &is_tail, &head, NULL), 0);
    assert_int_equal(is_tail, tail);
}

/* Event number i is 100 - i minutes old. */
static void prune__drops_what_is_too_old_or_too_much(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = scene_create_run(scene);

    for (size_t i = 3; i <= 100; i++)
        trawl_store_log(scene->store, run_id, "shop", TRAWL_LOG_INFO, "tick");
    expect_tail(scene, 0, 0, 1);
    exec(scene, "UPDATE events SET at_ms = at_ms - (100 - seq) * 60000");
    expect_tail(scene, 0, (int64_t)99 * 60000 + 30000, 1);
    expect_tail(scene, 0, (int64_t)89 * 60000 + 30000, 11);
    expect_tail(scene, 85, (int64_t)89 * 60000 + 30000, 16); /* by count */
    expect_tail(scene, 85, (int64_t)79 * 60000 + 30000, 21); /* by age */
    expect_tail(scene, 10, 0, 91);
    exec(scene, "UPDATE events SET at_ms = 0 WHERE seq = 95"); /* the clock was set */
    expect_tail(scene, 0, (int64_t)60 * 60000, 91);
    expect_tail(scene, 0, (int64_t)8 * 60000 + 30000, 92);
}

/* --- errors of the database ---------------------------------------------------------------------- */

static unsigned stalls;

static void on_stalled(void *user, const char *reason)
{
    (void)user;
    stalls += reason != NULL;
}

/* When the database can be neither written nor read, the journal still knows how far it had come: an id is given once. All
 * events are gone, so that nothing in the database would object to an id that was there before. */
static void seq__goes_on_after_an_error(void **state)
{
    struct scene *scene = *state;

    scene_create_run(scene);
    scene_close(scene);
    scene->on_stalled = on_stalled;
    stalls = 0;
    scene_open(scene);
    scene_start(scene);
    uv_sleep(5);
    expect_tail(scene, 0, 2, trawl_store_head(scene->store) + 1);
    exec(scene, "ALTER TABLE meta RENAME TO hidden");
    scene->waiting++;
    trawl_store_set_phase(scene->store, 1, "shop", TRAWL_PHASE_QUEUED, NULL, scene_on_done, scene);
    while (stalls == 0)
        uv_run(&scene->loop, UV_RUN_ONCE);
    exec(scene, "ALTER TABLE hidden RENAME TO meta");
    scene_wait(scene); /* scene_on_events() looks at the ids */
    assert_int_equal(scene->status, 0);
    scene_expect(scene, ALL,
                 "progress 1 shop queued 0/0 items 0 new 0 changed 0 failed 0\n"
                 "progress 2 * queued 0/0 items 0 new 0 changed 0 failed 0\n"
                 "progress 5 shop queued 0/0 items 0 new 0 changed 0 failed 0\n"
                 "progress 6 * queued 0/0 items 0 new 0 changed 0 failed 0\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(open__makes_the_folders_that_are_missing),
        SCENE_TEST(open__of_a_store_in_use_names_its_owner),
        SCENE_TEST(close__leaves_one_whole_file),
        SCENE_TEST(reader__needs_no_store_that_is_open),
        SCENE_TEST(reader__goes_on_over_a_restart),
        SCENE_TEST(reader__of_an_empty_folder_says_so),
        SCENE_TEST(open__leaves_a_newer_database_alone),
        SCENE_TEST(open__refuses_what_is_no_database),
        SCENE_TEST(open__brings_each_older_version_to_this_one),
        SCENE_TEST(idempotency_key__is_forgotten_after_a_day),
        SCENE_TEST(idempotency_keys__that_are_forgotten_take_no_room),
        SCENE_TEST(prune__drops_what_is_too_old_or_too_much),
        SCENE_TEST(seq__goes_on_after_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
