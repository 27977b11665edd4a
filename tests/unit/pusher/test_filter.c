#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/config.h"
#include "journal/phase.h"
#include "pusher/filter.h"
#include "util/alloc.h"
#include "util/log.h"

static struct trawl_event event_of(uint8_t type, const char *platform, const char *data)
{
    return (struct trawl_event){
        .seq = 1,
        .type = type,
        .run_id = 1,
        .platform = trawl_str_of(platform),
        .data = trawl_str_of(data),
    };
}

static bool takes(json_t *events, json_t *platforms, const struct trawl_event *event)
{
    const struct trawl_filter filter = {.events = events, .platforms = platforms};
    bool taken = trawl_filter_takes(&filter, event);

    json_decref(events);
    json_decref(platforms);
    return taken;
}

static void filter_takes__names(void **state)
{
    const struct trawl_event run =
        event_of(TRAWL_EVENT_PROGRESS, "", "{\"phase\":\"completed\",\"n\":1}");
    const struct trawl_event shop =
        event_of(TRAWL_EVENT_PROGRESS, "shop", "{\"phase\":\"failed\"}");
    const struct trawl_event item = event_of(TRAWL_EVENT_ITEM, "shop", "{\"change\":\"new\"}");
    const struct trawl_event log = event_of(TRAWL_EVENT_LOG, "shop", "{\"level\":\"error\"}");
    const struct {
        const char *pattern;
        bool taken[4]; /* run, shop, item, log */
    } cases[] = {
        {"*", {true, true, true, true}},
        {"", {false, false, false, false}},
        {"run.completed", {true, false, false, false}},
        {"run.complete", {false, false, false, false}},
        {"run.completed2", {false, false, false, false}},
        {"run.*", {true, false, false, false}},
        {"*.failed", {false, true, false, false}},
        {"platform.f*d", {false, true, false, false}},
        {"scrape_progress", {true, true, false, false}},
        {"item.*", {false, false, true, false}},
        {"item_changed", {false, false, true, false}},
        {"item*", {false, false, true, false}},
        {"log.error", {false, false, false, true}},
        {"log", {false, false, false, true}},
        {"*o*e*", {true, true, false, true}},
        {"**.*new**", {false, false, true, false}},
    };

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(cases); i++) {
        const struct trawl_event *events[] = {&run, &shop, &item, &log};

        for (size_t n = 0; n < TRAWL_ARRAY_SIZE(events); n++) {
            if (takes(json_pack("[s]", cases[i].pattern), json_array(), events[n]) !=
                cases[i].taken[n])
                fail_msg("'%s' and event %zu", cases[i].pattern, n);
        }
    }
}

static void filter_takes__any_of_several(void **state)
{
    const struct trawl_event item = event_of(TRAWL_EVENT_ITEM, "shop", "{\"change\":\"gone\"}");

    (void)state;
    assert_true(takes(json_pack("[s, s]", "log", "item.gone"), json_array(), &item));
    assert_false(takes(json_pack("[s, s]", "log", "item.new"), json_array(), &item));
    assert_true(takes(json_array(), json_array(), &item));
    assert_true(takes(NULL, NULL, &item));
}

static void filter_takes__platforms_and_whole_runs(void **state)
{
    const struct trawl_event shop = event_of(TRAWL_EVENT_ITEM, "shop", "{\"change\":\"new\"}");
    const struct trawl_event run = event_of(TRAWL_EVENT_PROGRESS, "", "{\"phase\":\"queued\"}");

    (void)state;
    assert_true(takes(json_array(), json_pack("[s, s]", "books", "shop"), &shop));
    assert_false(takes(json_array(), json_pack("[s, s]", "books", "sho"), &shop));
    assert_false(takes(json_array(), json_pack("[s]", "shops"), &shop));
    assert_true(takes(json_array(), json_pack("[s]", "books"), &run));
    assert_false(takes(json_pack("[s]", "item.*"), json_pack("[s]", "books"), &run));
}

static void filter_takes__nothing_by_name_of_what_it_cannot_read(void **state)
{
    const struct trawl_event broken = event_of(TRAWL_EVENT_ITEM, "shop", "{\"change\":");
    const struct trawl_event nameless = event_of(TRAWL_EVENT_ITEM, "shop", "{}");

    (void)state;
    assert_false(takes(json_pack("[s]", "item.*"), NULL, &broken));
    assert_true(takes(json_pack("[s]", "item_changed"), NULL, &broken));
    assert_false(takes(json_pack("[s]", "item.new"), NULL, &nameless));
}

/* A configuration may name every event that there is. */
static void expect_known(const char *kind, const char *name)
{
    json_auto_t *written =
        json_pack("{s:{s:{}}, s:{s:{s:[s], s:[o]}}}", "transports", "file", "chains", "c", "order",
                  "file", "events", json_sprintf("%s%s%s", kind, *kind ? "." : "", name));
    struct trawl_config *config = NULL;
    struct trawl_errlist errs = {0};

    if (trawl_config_from_json(written, ".", &config, &errs) < 0)
        fail_msg("%s", errs.errs[0].message);
    trawl_config_destroy(config);
}

static void filter__names_are_those_of_the_configuration(void **state)
{
    static const char *const changes[] = {"new", "changed", "gone"};

    (void)state;
    for (int phase = TRAWL_PHASE_QUEUED; phase <= TRAWL_PHASE_SUSPECT; phase++) {
        expect_known("run", trawl_phase_name((enum trawl_phase)phase));
        expect_known("platform", trawl_phase_name((enum trawl_phase)phase));
    }
    for (int level = TRAWL_LOG_DEBUG; level <= TRAWL_LOG_ERROR; level++)
        expect_known("log", trawl_log_level_name((enum trawl_log_level)level));
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(changes); i++)
        expect_known("item", changes[i]);
    for (int type = TRAWL_EVENT_PROGRESS; type <= TRAWL_EVENT_LOG; type++)
        expect_known("", trawl_event_type_name((uint8_t)type));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(filter_takes__names),
        cmocka_unit_test(filter_takes__any_of_several),
        cmocka_unit_test(filter_takes__platforms_and_whole_runs),
        cmocka_unit_test(filter__names_are_those_of_the_configuration),
        cmocka_unit_test(filter_takes__nothing_by_name_of_what_it_cannot_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
