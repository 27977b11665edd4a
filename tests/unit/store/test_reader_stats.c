/* Over a real database, filled by hand. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/db.h"
#include "store/reader.h"
#include "util/alloc.h"
#include "util/fs.h"
#include "util/json.h"

/* 2026-03-01T10:00:00Z */
#define NOW 1772359200000

struct scene {
    char *folder;
    sqlite3 *db;
    struct trawl_reader *reader;
};

static int open_store(void **state)
{
    struct scene *scene = TRAWL_NEW(struct scene);

    assert_int_equal(trawl_fs_make_temporary(&scene->folder), 0);
    assert_int_equal(trawl__db_open(scene->folder, false, &scene->db, NULL), 0);
    assert_int_equal(trawl_reader_open(scene->folder, &scene->reader, NULL), 0);
    *state = scene;
    return 0;
}

static int close_store(void **state)
{
    struct scene *scene = *state;

    trawl_reader_close(scene->reader);
    sqlite3_close(scene->db);
    trawl_fs_remove_folder(scene->folder);
    free(scene->folder);
    free(scene);
    return 0;
}

static void fill(struct scene *scene, const char *sql)
{
    if (trawl__db_exec(scene->db, sql) < 0)
        fail_msg("%s", sqlite3_errmsg(scene->db));
}

/* `expected`: a line "date runs items new changed failed" for each day. */
static void expect_days(struct scene *scene, unsigned count, const char *expected)
{
    struct trawl_buf text;
    json_t *days = NULL, *day;
    size_t i;

    trawl_buf_init(&text, 4096);
    assert_int_equal(trawl_reader_days(scene->reader, NOW, count, &days, NULL), 0);
    json_array_foreach (days, i, day)
        trawl_buf_printf(&text, "%s %d %d %d %d %d\n", trawl_json_string(day, "date", ""),
                         (int)trawl_json_int(day, "runs", -1),
                         (int)trawl_json_int(day, "items", -1), (int)trawl_json_int(day, "new", -1),
                         (int)trawl_json_int(day, "changed", -1),
                         (int)trawl_json_int(day, "failed", -1));
    assert_string_equal(trawl_buf_text(&text), expected);
    trawl_buf_finish(&text);
    json_decref(days);
}

static void days__are_all_there_without_runs(void **state)
{
    expect_days(*state, 1, "2026-03-01 0 0 0 0 0\n");
    expect_days(*state, 3,
                "2026-02-27 0 0 0 0 0\n"
                "2026-02-28 0 0 0 0 0\n"
                "2026-03-01 0 0 0 0 0\n");
}

static void days__sum_the_runs_created_on_them(void **state)
{
    struct scene *scene = *state;

    /* The last and the first millisecond of a day, one too old, one still queued; run 2 has two platforms. */
    fill(scene, "INSERT INTO runs (id,trigger,phase,created_ms) VALUES "
                "(1,'api','completed',1772236799999), (2,'api','partial',1772236800000),"
                "(3,'api','completed',1772323199999), (4,'api','queued',1772323200000);"
                "INSERT INTO run_platforms "
                "(run_id,platform,plugin,options,phase,items,new,changed,failed) VALUES "
                "(1,'a','html','{}','completed',1000,1000,1000,1000),"
                "(2,'a','html','{}','completed',10,1,2,0), (2,'b','html','{}','partial',5,0,0,3),"
                "(3,'a','html','{}','completed',100,20,30,4)");
    expect_days(scene, 2,
                "2026-02-28 2 115 21 32 7\n"
                "2026-03-01 1 0 0 0 0\n");
}

/* The schema of the first version, from where this file is. */
static char *first_schema(void)
{
    TRAWL_AUTO_FREE char *path =
        trawl_xasprintf("%.*s/../../../core/store/sql/001_first.sql",
                        (int)(strrchr(__FILE__, '/') - __FILE__), __FILE__);
    char *schema = NULL;
    size_t len = 0;

    assert_int_equal(trawl_fs_read(path, 100000, &schema, &len), 0);
    return schema;
}

/* A database of the first version is brought to this one, and keeps what it holds. */
static void days__of_an_older_database(void **state)
{
    struct scene *scene = *state;
    TRAWL_AUTO_FREE char *folder = NULL;
    TRAWL_AUTO_FREE char *path = NULL;
    TRAWL_AUTO_FREE char *schema = first_schema();
    struct trawl_reader *reader = scene->reader;
    sqlite3 *db = NULL;

    assert_int_equal(trawl_fs_make_temporary(&folder), 0);
    path = trawl_fs_join(folder, "trawl.db");
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(trawl__db_exec(db, schema), 0);
    assert_int_equal(trawl__db_exec(db, "PRAGMA user_version = 1;"
                                        "INSERT INTO runs (id,trigger,phase,created_ms) "
                                        "VALUES (1,'api','queued',1772359200000)"),
                     0);
    sqlite3_close(db);

    assert_int_equal(trawl__db_open(folder, false, &db, NULL), 0);
    assert_int_equal(
        trawl__db_int(db, "SELECT 1 FROM sqlite_schema WHERE name = 'runs_by_created'", 0), 1);
    assert_int_equal(trawl_reader_open(folder, &scene->reader, NULL), 0);
    expect_days(scene, 1, "2026-03-01 1 0 0 0 0\n");
    trawl_reader_close(scene->reader);
    scene->reader = reader;
    sqlite3_close(db);
    trawl_fs_remove_folder(folder);
}

/* --- errors ---------------------------------------------------------------------------------------- */

/* A line "platform kind count example_url example_detail" for each group. */
static void expect_groups(struct scene *scene, unsigned limit, const char *expected)
{
    struct trawl_buf text;
    json_t *groups = NULL, *group;
    size_t i;

    trawl_buf_init(&text, 4096);
    assert_int_equal(trawl_reader_run_error_groups(scene->reader, 1, limit, &groups, NULL), 0);
    json_array_foreach (groups, i, group)
        trawl_buf_printf(&text, "%s %s %d %s %s\n", trawl_json_string(group, "platform", ""),
                         trawl_json_string(group, "kind", ""),
                         (int)trawl_json_int(group, "count", -1),
                         trawl_json_string(group, "example_url", ""),
                         trawl_json_string(group, "example_detail", ""));
    assert_string_equal(trawl_buf_text(&text), expected);
    trawl_buf_finish(&text);
    json_decref(groups);
}

static void errors__are_grouped_by_platform_and_kind(void **state)
{
    struct scene *scene = *state;

    fill(scene, "INSERT INTO runs (id,trigger,phase,created_ms) VALUES (1,'api','partial',0),"
                "(2,'api','partial',0)");
    expect_groups(scene, 10, "");
    fill(scene, "INSERT INTO errors (run_id,platform,url,kind,detail,status,at_ms) VALUES "
                "(1,'b','b1','http','first',500,3), (1,'a','a1','timeout','slow',0,2),"
                "(1,'b','b2','http','second',404,1), (1,'b','b3','timeout','slow',0,0),"
                "(2,'b','b1','http','of another run',500,0), (1,'b','b4','http','third',500,0)");
    expect_groups(scene, 10,
                  "b http 3 b1 first\n"
                  "a timeout 1 a1 slow\n"
                  "b timeout 1 b3 slow\n");
    expect_groups(scene, 1, "b http 3 b1 first\n");
}

static void errors__of_an_unknown_run(void **state)
{
    struct scene *scene = *state;
    json_t *groups = NULL;

    assert_int_equal(trawl_reader_run_error_groups(scene->reader, 1, 10, &groups, NULL), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(days__are_all_there_without_runs, open_store, close_store),
        cmocka_unit_test_setup_teardown(days__sum_the_runs_created_on_them, open_store,
                                        close_store),
        cmocka_unit_test_setup_teardown(days__of_an_older_database, open_store, close_store),
        cmocka_unit_test_setup_teardown(errors__are_grouped_by_platform_and_kind, open_store,
                                        close_store),
        cmocka_unit_test_setup_teardown(errors__of_an_unknown_run, open_store, close_store),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
