#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <unistd.h>

#include "scene.h"

#define ALL (TRAWL_TOPIC_PROGRESS | TRAWL_TOPIC_ITEMS | TRAWL_TOPIC_LOGS)

static const struct trawl_hash scope = {.hi = 1, .lo = 2};
static const struct trawl_hash other_scope = {.hi = 1, .lo = 3};

/* --- figures ------------------------------------------------------------------------------------- */

static void expect_figures(const struct trawl_figures *figures, uint64_t items, const char *fields)
{
    TRAWL_AUTO_FREE char *text = trawl_figures_text(figures);

    assert_int_equal(figures->items, items);
    assert_string_equal(text, fields);
}

static void count__keeps_the_fields_in_order(void **state)
{
    static const char *const names[] = {"m", "b", "z", "m", "a", "b", "m"};
    struct trawl_figures figures = {0};

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(names); i++)
        trawl_figures_count(&figures, names[i]);
    expect_figures(&figures, 0, "{\"a\":1,\"b\":2,\"m\":3,\"z\":1}");
    assert_int_equal(trawl_figures_filled(&figures, "m"), 3);
    assert_int_equal(trawl_figures_filled(&figures, "n"), 0);
    assert_false(figures.more);
    trawl_figures_finish(&figures);
}

static void count__has_limits_and_says_so(void **state)
{
    struct trawl_figures figures = {0};
    char name[TRAWL_FIGURES_NAME_MAX + 2];

    (void)state;
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    trawl_figures_count(&figures, name);
    assert_true(figures.more);
    assert_int_equal(figures.field_count, 0);
    figures.more = false;
    name[TRAWL_FIGURES_NAME_MAX] = '\0';
    trawl_figures_count(&figures, name);
    for (int i = 1; i < TRAWL_FIGURES_FIELDS_MAX; i++) {
        snprintf(name, sizeof(name), "field %d", i);
        trawl_figures_count(&figures, name);
    }
    assert_false(figures.more);
    trawl_figures_count(&figures, "one more");
    assert_true(figures.more);
    trawl_figures_count(&figures, "field 7"); /* it is still counted */
    assert_int_equal(figures.field_count, TRAWL_FIGURES_FIELDS_MAX);
    assert_int_equal(trawl_figures_filled(&figures, "field 7"), 2);
    assert_int_equal(trawl_figures_filled(&figures, "one more"), 0);
    trawl_figures_finish(&figures);
}

static void read__takes_back_what_text_gave(void **state)
{
    static const char text[] = "{\"\":1,\"a\\n\\\"\":2,\"\u00fc\":3}";
    static const char *const wrong[] = {"", "[]", "{\"a\":1"};
    struct trawl_figures figures = {0};

    (void)state;
    assert_int_equal(trawl_figures_read(&figures, text, strlen(text)), 0);
    assert_int_equal(trawl_figures_filled(&figures, "a\n\""), 2);
    expect_figures(&figures, 0, text);
    trawl_figures_finish(&figures);
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(wrong); i++)
        assert_int_equal(trawl_figures_read(&figures, wrong[i], strlen(wrong[i])), -EINVAL);
    assert_int_equal(figures.field_count, 0);
}

/* --- what a run has met -------------------------------------------------------------------------- */

static const char *const urls[] = {"http://a/1", "http://a/2"};

static int64_t begin(struct scene *scene)
{
    int64_t run_id;

    usleep(2000); /* what is gone is told by the time */
    run_id = scene_create_run(scene);
    scene_set_phase(scene, run_id, TRAWL_PHASE_STARTING);
    scene_begin(scene, run_id, urls, 2);
    return run_id;
}

static void read_record(struct scene *scene, int64_t run_id, const struct trawl_hash *of,
                        struct trawl_record *record)
{
    *record = (struct trawl_record){0};
    assert_int_equal(trawl_reader_record(scene_reader(scene), run_id, "shop", of, record, NULL), 0);
}

static void expect_now(struct scene *scene, int64_t run_id, uint64_t items, const char *fields)
{
    struct trawl_record record;

    read_record(scene, run_id, &scope, &record);
    expect_figures(&record.now, items, fields);
    trawl_record_finish(&record);
}

static void record__counts_what_is_filled(void **state)
{
    static const char json[] =
        "{\"a\":null,\"b\":\"\",\"c\":[],\"d\":{},\"e\":0,\"f\":false,\"g\":\"[]\",\"h\":[null],"
        "\"i\":{\"a\":1},\"j\":\"null\",\"k.l\":0.5,\"\\\"\\u0001\":1,\"\":2}";
    struct scene *scene = *state;
    int64_t run_id = begin(scene);

    scene_commit_item(scene, run_id, urls[0], "1", json);
    expect_now(
        scene, run_id, 1,
        "{\"\":1,\"\\\"\\u0001\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1,\"j\":1,\"k.l\":1}");
    scene_commit_item(scene, run_id, urls[1], "2", "{\"a\":1,\"e\":\"\"}");
    scene_commit_item(scene, run_id, urls[1], "3", "{}");
    expect_now(scene, run_id, 3,
               "{\"\":1,\"\\\"\\u0001\":1,\"a\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1,\"j\":1,"
               "\"k.l\":1}");
}

static void record__counts_an_item_once_and_as_it_was_met_last(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = begin(scene);

    scene_commit_item(scene, run_id, urls[1], "1", "{\"a\":1}");
    scene_commit_item(scene, run_id, urls[0], "1", "{\"b\":1}"); /* the lower page wins */
    expect_now(scene, run_id, 1, "{\"b\":1}");
}

/* A later run that changes it does not change what this one met. */
static void record__is_of_the_run(void **state)
{
    struct scene *scene = *state;
    int64_t first = begin(scene);
    int64_t second;

    scene_commit_item(scene, first, urls[0], "1", "{\"a\":1}");
    scene_commit_item(scene, first, urls[1], "2", "{\"a\":1}");
    scene_set_phase(scene, first, TRAWL_PHASE_COMPLETED);
    second = begin(scene);
    scene_commit_item(scene, second, urls[0], "1", "{\"b\":1}");
    expect_now(scene, first, 2, "{\"a\":2}");
    expect_now(scene, second, 1, "{\"b\":1}");
}

static void record__leaves_out_what_is_gone(void **state)
{
    struct scene *scene = *state;
    int64_t run_id = begin(scene);

    scene_commit_item(scene, run_id, urls[0], "1", "{\"a\":1}");
    scene_set_phase(scene, run_id, TRAWL_PHASE_COMPLETED);
    run_id = begin(scene);
    scene->waiting++;
    trawl_store_mark_gone(scene->store, run_id, "shop", scene_on_done, scene);
    scene_wait(scene);
    expect_now(scene, run_id, 0, "{}");
}

/* More than is read at a time. */
static void record__may_be_of_many(void **state)
{
    enum { MANY = 3000 };
    static char keys[MANY][8];
    static struct trawl_page_item items[MANY];
    struct scene *scene = *state;
    struct trawl_page page = scene_page(urls[0], TRAWL_OUTCOME_OK);
    int64_t run_id = begin(scene);

    for (int i = 0; i < MANY; i++) {
        snprintf(keys[i], sizeof(keys[i]), "%d", i);
        items[i] = scene_item(keys[i], i % 3 ? "{\"a\":1}" : "{\"b\":1}");
    }
    page.items = items;
    page.item_count = MANY;
    scene_commit(scene, run_id, &page);
    expect_now(scene, run_id, MANY, "{\"a\":2000,\"b\":1000}");
}

static void record__of_nothing_says_so(void **state)
{
    struct scene *scene = *state;
    struct trawl_record record = {0};
    struct trawl_err err = {0};
    int64_t run_id = begin(scene);

    assert_int_equal(
        trawl_reader_record(scene_reader(scene), run_id, "books", &scope, &record, &err), -ENOENT);
    assert_string_equal(err.message, "run 1 has no platform 'books'");
    assert_int_equal(trawl_reader_record(scene_reader(scene), 9, "shop", &scope, &record, &err),
                     -ENOENT);
}

/* --- the end ------------------------------------------------------------------------------------- */

static int try_conclude(struct scene *scene, int64_t run_id,
                        const struct trawl_conclusion *conclusion)
{
    scene->waiting++;
    trawl_store_conclude(scene->store, run_id, "shop", conclusion, scene_on_done, scene);
    scene_wait(scene);
    return scene->status;
}

/* A run with so many items and no pages. */
static int64_t conclude(struct scene *scene, uint64_t items, bool suspect)
{
    const struct trawl_figures figures = {.items = items};
    int64_t run_id = begin(scene);

    assert_int_equal(try_conclude(scene, run_id,
                                  &(struct trawl_conclusion){.figures = &figures,
                                                             .scope = scope,
                                                             .suspect = suspect,
                                                             .message = "why"}),
                     0);
    return run_id;
}

static void conclude__ends_it_with_the_reason(void **state)
{
    static const struct trawl_figures figures = {.items = 12};
    const struct trawl_conclusion completed = {.figures = &figures, .scope = scope};
    const struct trawl_conclusion suspect = {
        .figures = &figures, .scope = scope, .suspect = true, .message = "12 items"};
    struct scene *scene = *state;
    int64_t run_id = scene_create_run(scene);

    scene_forget(scene);
    assert_int_equal(try_conclude(scene, run_id, &completed), 0);
    scene_expect(scene, ALL,
                 "progress 3 shop completed 0/0 items 0 new 0 changed 0 failed 0\n"
                 "progress 4 * completed 0/0 items 0 new 0 changed 0 failed 0 END\n");
    run_id = scene_create_run(scene);
    scene_forget(scene);
    assert_int_equal(try_conclude(scene, run_id, &suspect), 0);
    scene_expect(scene, ALL,
                 "log shop warning '12 items'\n"
                 "progress 3 shop suspect 0/0 items 0 new 0 changed 0 failed 0 '12 items'\n"
                 "progress 4 * suspect 0/0 items 0 new 0 changed 0 failed 0 END\n");
}

static void conclude__happens_once(void **state)
{
    static const struct trawl_figures figures = {.items = 12};
    const struct trawl_conclusion conclusion = {.figures = &figures, .scope = scope};
    struct scene *scene = *state;
    struct trawl_record record;
    int64_t run_id = conclude(scene, 12, true);

    scene_forget(scene);
    assert_int_equal(try_conclude(scene, run_id, &conclusion), -EALREADY);
    assert_int_equal(try_conclude(scene, 9, &conclusion), -ENOENT);
    scene_expect(scene, ALL, "");
    read_record(scene, run_id, &scope, &record);
    assert_int_equal(record.normal_count, 0);
    assert_int_equal(record.suspect_count, 1);
    trawl_record_finish(&record);
}

/* "normal 90 91 suspect 12", the newest first. */
static void expect_past(struct scene *scene, const struct trawl_hash *of, const char *expected)
{
    struct trawl_record record;
    struct trawl_buf text;

    trawl_buf_init(&text, 1024);
    read_record(scene, begin(scene), of, &record);
    trawl_buf_append_text(&text, "normal");
    for (size_t i = 0; i < record.normal_count; i++)
        trawl_buf_printf(&text, " %llu", (unsigned long long)record.normal[i].items);
    trawl_buf_append_text(&text, " suspect");
    for (size_t i = 0; i < record.suspect_count; i++)
        trawl_buf_printf(&text, " %llu", (unsigned long long)record.suspect[i].items);
    assert_string_equal(trawl_buf_text(&text), expected);
    trawl_buf_finish(&text);
    trawl_record_finish(&record);
}

static void record__has_the_last_runs(void **state)
{
    struct scene *scene = *state;

    expect_past(scene, &scope, "normal suspect");
    for (uint64_t i = 1; i <= 12; i++)
        conclude(scene, i, false);
    expect_past(scene, &scope, "normal 12 11 10 9 8 7 6 5 4 3 suspect");
    conclude(scene, 99, true);
    expect_past(scene, &scope, "normal 12 11 10 9 8 7 6 5 4 3 suspect 99");
    conclude(scene, 98, true);
    conclude(scene, 97, true);
    expect_past(scene, &scope, "normal 12 11 10 9 8 7 6 5 4 3 suspect 97 98");
    conclude(scene, 13, false);
    expect_past(scene, &scope, "normal 13 12 11 10 9 8 7 6 5 4 suspect");
    expect_past(scene, &other_scope, "normal suspect");
}

static void record__keeps_fields(void **state)
{
    struct scene *scene = *state;
    struct trawl_record record;
    struct trawl_conclusion conclusion = {.scope = scope};
    int64_t run_id = begin(scene);

    scene_commit_item(scene, run_id, urls[0], "1", "{\"a\":1,\"b\":1}");
    scene_commit_item(scene, run_id, urls[1], "2", "{\"a\":1}");
    read_record(scene, run_id, &scope, &record);
    conclusion.figures = &record.now;
    assert_int_equal(try_conclude(scene, run_id, &conclusion), 0);
    trawl_record_finish(&record);
    read_record(scene, begin(scene), &scope, &record);
    assert_int_equal(record.normal_count, 1);
    expect_figures(&record.normal[0], 2, "{\"a\":2,\"b\":1}");
    trawl_record_finish(&record);
}

/* --- the schedule -------------------------------------------------------------------------------- */

/* Stop, make "shop" a scheduled platform, start. Whether it is paused. */
static bool adopt(struct scene *scene)
{
    static const struct trawl_schedule_config shop = {"shop", "{\"cron\":\"@daily\"}",
                                                      "@daily UTC"};
    struct trawl_schedule_state state;

    scene_close(scene);
    scene_open(scene);
    assert_int_equal(trawl_store_adopt_schedules(scene->store, &shop, 1, 1000, &state), 0);
    scene_start(scene);
    return state.paused;
}

static void expect_reason(struct scene *scene, const char *expected)
{
    json_auto_t *schedules = NULL;
    const json_t *shop;

    assert_int_equal(trawl_reader_schedules(scene_reader(scene), &schedules, NULL), 0);
    shop = json_array_get(schedules, 0);
    assert_int_equal(trawl_json_bool(shop, "paused", !expected), expected != NULL);
    assert_string_equal(trawl_json_string(shop, "reason", ""), expected ? expected : "");
}

/* A run that is suspect, for which the schedule is paused. */
static void pause_by(struct scene *scene, uint64_t items)
{
    const struct trawl_figures figures = {.items = items};

    assert_int_equal(
        try_conclude(scene, begin(scene),
                     &(struct trawl_conclusion){
                         .figures = &figures, .scope = scope, .suspect = true, .pause = "why"}),
        0);
}

static void resume_it(struct scene *scene)
{
    scene->waiting++;
    trawl_store_resume_schedule(scene->store, "shop", 3000, scene_on_done, scene);
    scene_wait(scene);
    expect_reason(scene, NULL);
}

static void conclude__pauses_the_schedule(void **state)
{
    struct scene *scene = *state;

    pause_by(scene, 12); /* there is none */
    assert_false(adopt(scene));
    pause_by(scene, 12);
    expect_reason(scene, "why");
    assert_true(adopt(scene));
    resume_it(scene);
    /* A person's pause stays a person's. */
    scene->waiting++;
    trawl_store_pause_schedule(scene->store, "shop", 2000, NULL, scene_on_done, scene);
    scene_wait(scene);
    pause_by(scene, 12);
    expect_reason(scene, "");
}

static void resume__takes_what_was_suspect_for_normal(void **state)
{
    struct scene *scene = *state;

    assert_false(adopt(scene));
    conclude(scene, 70, true);
    conclude(scene, 90, false);
    conclude(scene, 20, true);
    pause_by(scene, 12);
    expect_past(scene, &scope, "normal 90 suspect 12 20");
    resume_it(scene);
    expect_past(scene, &scope, "normal 12 20 90 suspect");
}

static void resume__after_a_person_has_paused_it_takes_nothing_for_normal(void **state)
{
    struct scene *scene = *state;

    assert_false(adopt(scene));
    conclude(scene, 90, false);
    conclude(scene, 12, true);
    resume_it(scene); /* it was not paused */
    scene->waiting++;
    trawl_store_pause_schedule(scene->store, "shop", 2000, NULL, scene_on_done, scene);
    scene_wait(scene);
    resume_it(scene);
    expect_past(scene, &scope, "normal 90 suspect 12");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(count__keeps_the_fields_in_order),
        cmocka_unit_test(count__has_limits_and_says_so),
        cmocka_unit_test(read__takes_back_what_text_gave),
        SCENE_TEST(record__counts_what_is_filled),
        SCENE_TEST(record__counts_an_item_once_and_as_it_was_met_last),
        SCENE_TEST(record__is_of_the_run),
        SCENE_TEST(record__leaves_out_what_is_gone),
        SCENE_TEST(record__may_be_of_many),
        SCENE_TEST(record__of_nothing_says_so),
        SCENE_TEST(conclude__ends_it_with_the_reason),
        SCENE_TEST(conclude__happens_once),
        SCENE_TEST(record__has_the_last_runs),
        SCENE_TEST(record__keeps_fields),
        SCENE_TEST(conclude__pauses_the_schedule),
        SCENE_TEST(resume__takes_what_was_suspect_for_normal),
        SCENE_TEST(resume__after_a_person_has_paused_it_takes_nothing_for_normal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
