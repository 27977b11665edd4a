#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "scene.h"

/* As when a server starts with these chains: "places disabled". The caller frees it. */
static char *adopt(struct scene *scene, const char *chains_text)
{
    TRAWL_AUTO_FREE char *places_text = NULL;
    TRAWL_AUTO_FREE char *disabled_text = NULL;
    json_auto_t *chains = json_loads(chains_text, 0, NULL);
    json_auto_t *places = NULL;
    json_auto_t *disabled = NULL;

    scene_close(scene);
    scene_open(scene);
    assert_int_equal(trawl_store_adopt_chains(scene->store, chains, &places, &disabled), 0);
    scene_start(scene);
    places_text = trawl_json_text(places, TRAWL_JSON_SORTED);
    disabled_text = trawl_json_text(disabled, TRAWL_JSON_SORTED);
    return trawl_xasprintf("%s %s", places_text, disabled_text);
}

static void expect(struct scene *scene, const char *chains, const char *expected)
{
    TRAWL_AUTO_FREE char *text = adopt(scene, chains);

    assert_string_equal(text, expected);
}

static void save(struct scene *scene, const char *chain, uint64_t seq, uint64_t lost)
{
    scene->waiting++;
    trawl_store_save_chain(scene->store, chain, seq, lost, scene_on_done, scene);
    scene_wait(scene);
    assert_int_equal(scene->status, 0);
}

static void disable(struct scene *scene, const char *transport, const char *reason)
{
    scene->waiting++;
    trawl_store_disable_transport(scene->store, transport, reason, 1000, scene_on_done, scene);
    scene_wait(scene);
    assert_int_equal(scene->status, 0);
}

/* A journal of `count` events, and two more once the store is opened again, which interrupts the run. */
static void fill(struct scene *scene, size_t count)
{
    int64_t run_id = scene_create_run(scene);

    for (size_t i = 2; i < count; i++)
        trawl_store_log(scene->store, run_id, "shop", TRAWL_LOG_INFO, "x");
}

static void adopt_chains__begins_with_what_comes(void **state)
{
    struct scene *scene = *state;

    expect(scene, "{\"a\": {}}", "{\"a\":{\"lost\":0,\"seq\":0}} {}");
    fill(scene, 10);
    expect(scene, "{\"a\": {}, \"b\": {\"since\": \"now\"}}",
           "{\"a\":{\"lost\":0,\"seq\":0},\"b\":{\"lost\":0,\"seq\":12}} {}");
}

static void adopt_chains__begins_with_all_that_is_there(void **state)
{
    struct scene *scene = *state;

    expect(scene, "{\"a\": {\"since\": \"begin\"}}", "{\"a\":{\"lost\":0,\"seq\":0}} {}");
    fill(scene, 10);
    expect(scene, "{\"b\": {\"since\": \"begin\"}}", "{\"b\":{\"lost\":0,\"seq\":0}} {}");
    scene_prune(scene, &(struct trawl_store_limits){.events = 4});
    /* What was dropped before there was a chain is not lost to it; to the others it is. */
    expect(scene, "{\"b\": {\"since\": \"begin\"}, \"c\": {\"since\": \"begin\"}}",
           "{\"b\":{\"lost\":0,\"seq\":0},\"c\":{\"lost\":0,\"seq\":8}} {}");
}

static void save_chain__is_remembered_and_never_goes_back(void **state)
{
    static const char both[] = "{\"a\": {}, \"b\": {}}";
    struct scene *scene = *state;

    expect(scene, both, "{\"a\":{\"lost\":0,\"seq\":0},\"b\":{\"lost\":0,\"seq\":0}} {}");
    fill(scene, 10);
    save(scene, "a", 7, 3);
    expect(scene, both, "{\"a\":{\"lost\":3,\"seq\":7},\"b\":{\"lost\":0,\"seq\":0}} {}");
    save(scene, "a", 5, 2);
    expect(scene, both, "{\"a\":{\"lost\":3,\"seq\":7},\"b\":{\"lost\":0,\"seq\":0}} {}");
    save(scene, "a", 9, 3);
    expect(scene, both, "{\"a\":{\"lost\":3,\"seq\":9},\"b\":{\"lost\":0,\"seq\":0}} {}");
}

static void save_chain__outlives_a_configuration_without_it(void **state)
{
    struct scene *scene = *state;

    expect(scene, "{\"a\": {}}", "{\"a\":{\"lost\":0,\"seq\":0}} {}");
    fill(scene, 10);
    save(scene, "a", 7, 0);
    expect(scene, "{}", "{} {}");
    expect(scene, "{\"a\": {\"since\": \"begin\"}}", "{\"a\":{\"lost\":0,\"seq\":7}} {}");
}

static void save_chain__of_an_unknown_one_changes_nothing(void **state)
{
    struct scene *scene = *state;

    save(scene, "nobody", 7, 0);
    expect(scene, "{\"nobody\": {}}", "{\"nobody\":{\"lost\":0,\"seq\":0}} {}");
}

static void disable_transport__lasts_until_it_is_enabled(void **state)
{
    struct scene *scene = *state;

    disable(scene, "hook", "it says 410");
    disable(scene, "other", "who knows");
    expect(scene, "{}", "{} {\"hook\":\"it says 410\",\"other\":\"who knows\"}");
    disable(scene, "hook", "and again");
    disable(scene, "other", NULL);
    disable(scene, "nobody", NULL);
    expect(scene, "{}", "{} {\"hook\":\"and again\"}");
}

static void save_chain__is_told_when_the_store_closes_before(void **state)
{
    struct scene *scene = *state;

    expect(scene, "{\"a\": {}}", "{\"a\":{\"lost\":0,\"seq\":0}} {}");
    trawl_store_close(scene->store, NULL, NULL);
    scene->waiting++;
    trawl_store_save_chain(scene->store, "a", 1, 0, scene_on_done, scene);
    scene->store = NULL;
    scene_wait(scene);
    assert_int_equal(scene->status, -ECANCELED);
    scene_close(scene);
    scene_open(scene);
    scene_start(scene);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        SCENE_TEST(adopt_chains__begins_with_what_comes),
        SCENE_TEST(adopt_chains__begins_with_all_that_is_there),
        SCENE_TEST(save_chain__is_remembered_and_never_goes_back),
        SCENE_TEST(save_chain__outlives_a_configuration_without_it),
        SCENE_TEST(save_chain__of_an_unknown_one_changes_nothing),
        SCENE_TEST(save_chain__is_told_when_the_store_closes_before),
        SCENE_TEST(disable_transport__lasts_until_it_is_enabled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
