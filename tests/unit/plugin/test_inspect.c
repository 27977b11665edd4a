/* Asks the built executable, as the supervisor does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "plugin/inspect.h"
#include "plugin/inspect_priv.h"
#include "util/alloc.h"
#include "util/json.h"

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("'%s' does not say '%s'", text, part);
}

/* Ask about one plugin of the tests with one subject of these options. */
static int ask(const char *name, json_t *options, json_t **ret_answer, struct trawl_err *err)
{
    json_auto_t *question =
        json_pack("{s:o, s:[{s:s, s:o}]}", "file", json_sprintf(TEST_PLUGINS "/%s.so", name),
                  "subjects", "path", "platforms.books.options", "options", options);

    return trawl_inspect(question, ret_answer, err);
}

static const json_t *subject_errors(const json_t *answer)
{
    return json_object_get(json_array_get(json_object_get(answer, "subjects"), 0), "errors");
}

static void inspect__tells_of_a_good_plugin(void **state)
{
    json_auto_t *answer = NULL;
    const json_t *plugin;
    const json_t *options;
    struct trawl_err err = {0};

    (void)state;
    assert_int_equal(ask("good", json_pack("{s:s}", "wait", "2m"), &answer, &err), 0);
    plugin = json_object_get(answer, "plugin");
    assert_string_equal(trawl_json_string(plugin, "name", ""), "good");
    assert_string_equal(trawl_json_string(plugin, "kind", ""), "scraper");
    assert_string_equal(trawl_json_string(plugin, "abi", ""), "1.3");
    assert_int_equal(json_array_size(json_object_get(plugin, "options")), 4);
    assert_int_equal(json_array_size(subject_errors(answer)), 0);
    options = json_object_get(json_array_get(json_object_get(answer, "subjects"), 0), "options");
    assert_int_equal(trawl_json_int(options, "wait", 0), 120000);
}

static void inspect__places_mistakes(void **state)
{
    json_auto_t *answer = NULL;
    struct trawl_err err = {0};

    (void)state;
    assert_int_equal(
        ask("good", json_pack("{s:s, s:i}", "wait", "soon", "strat", 1), &answer, &err), 0);
    assert_int_equal(json_array_size(subject_errors(answer)), 2);
}

static void inspect__places_what_create_refuses(void **state)
{
    json_auto_t *answer = NULL;
    const json_t *error;
    struct trawl_err err = {0};

    (void)state;
    assert_int_equal(ask("good", json_pack("{s:b}", "refuse", 1), &answer, &err), 0);
    error = json_array_get(subject_errors(answer), 0);
    assert_string_equal(trawl_json_string(error, "where", ""), "platforms.books.options.refuse");
    assert_string_equal(trawl_json_string(error, "message", ""), "says no");
}

static void inspect__says_why_a_file_cannot_be_loaded(void **state)
{
    json_auto_t *answer = NULL;
    struct trawl_err err = {0};

    (void)state;
    assert_int_equal(ask("wrong-major", json_object(), &answer, &err), 0);
    assert_has(trawl_json_string(json_object_get(answer, "error"), "message", ""), "major 2");
}

static void inspect__survives_whatever_a_plugin_does(void **state)
{
    static const struct {
        const char *name;
        const char *where;
        const char *says;
    } cases[] = {
        {"crash-create", "platforms.books.options", "crashed with SIGSEGV in create()"},
        {"crash-constructor", TEST_PLUGINS "/crash-constructor.so",
         "crashed with SIGSEGV while it was being loaded"},
        {"exit-create", "platforms.books.options",
         "ended the process with exit code 7 in create()"},
    };

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(cases); i++) {
        json_t *answer = NULL;
        struct trawl_err err = {0};

        assert_int_equal(ask(cases[i].name, json_object(), &answer, &err), -EPROTO);
        assert_null(answer);
        assert_string_equal(err.where, cases[i].where);
        assert_has(err.message, cases[i].says);
    }
}

static void inspect__ends_a_plugin_that_does_not_answer(void **state)
{
    json_t *answer = NULL;
    struct trawl_err err = {0};

    (void)state;
    setenv("TRAWL_INSPECT_TIMEOUT", "5s", 1);
    assert_int_equal(ask("hang-create", json_object(), &answer, &err), -EPROTO);
    unsetenv("TRAWL_INSPECT_TIMEOUT");
    assert_null(answer);
    assert_has(err.message, "did not answer within 5 s in create()");
}

static void inspect__does_not_mistake_prints_for_the_answer(void **state)
{
    json_auto_t *answer = NULL;
    struct trawl_err err = {0};

    (void)state;
    assert_int_equal(ask("prints", json_object(), &answer, &err), 0);
    assert_string_equal(trawl_json_string(json_object_get(answer, "plugin"), "name", ""), "prints");
}

static void inspect__says_that_the_process_cannot_be_started(void **state)
{
    const char *executable = trawl__inspect_executable;
    json_t *answer = NULL;
    struct trawl_err err = {0};

    (void)state;
    trawl__inspect_executable = "/does/not/exist";
    assert_int_equal(ask("good", json_object(), &answer, &err), -ENOENT);
    trawl__inspect_executable = executable;
    assert_has(err.message, "cannot be started");
}

/* --- a whole configuration ----------------------------------------------------------------------- */

struct inspected {
    struct trawl_config config;
    struct trawl_errlist errs;
    json_t *plugins;
    json_t *broken;
    int r;
};

static void inspect_text(struct inspected *inspected, const char *json)
{
    static char folder[] = TEST_PLUGINS;

    memset(inspected, 0, sizeof(*inspected));
    inspected->config.root = json_loads(json, 0, NULL);
    assert_non_null(inspected->config.root);
    inspected->config.folder = folder;
    inspected->broken = json_array();
    inspected->r = trawl_inspect_config(&inspected->config, &inspected->plugins, inspected->broken,
                                        &inspected->errs);
}

static void inspected_finish(struct inspected *inspected)
{
    json_decref(inspected->config.root);
    json_decref(inspected->plugins);
    json_decref(inspected->broken);
    trawl_errlist_finish(&inspected->errs);
}

static void config__gets_options_and_files(void **state)
{
    struct inspected inspected;
    json_t *a;
    json_t *b;

    (void)state;
    inspect_text(
        &inspected,
        "{\"plugins\":{\"paths\":[\".\"]},\"platforms\":{"
        "\"a\":{\"plugin\":\"good\",\"options\":{\"wait\":\"1s\"},\"overridable\":[\"wait\"]},"
        "\"b\":{\"plugin\":\"./good.so\",\"options\":{}}}}");
    assert_int_equal(inspected.r, 0);
    assert_int_equal(json_array_size(inspected.plugins), 1);
    a = json_object_get(json_object_get(inspected.config.root, "platforms"), "a");
    b = json_object_get(json_object_get(inspected.config.root, "platforms"), "b");
    assert_int_equal(trawl_json_int(json_object_get(a, "options"), "wait", 0), 1000);
    assert_int_equal(trawl_json_int(json_object_get(b, "options"), "wait", 0), 30000);
    assert_has(trawl_json_string(a, "plugin_file", ""), "/good.so");
    assert_string_equal(trawl_json_string(a, "plugin_file", ""),
                        trawl_json_string(b, "plugin_file", ""));
    inspected_finish(&inspected);
}

static void config__says_all_mistakes_at_once(void **state)
{
    static const struct {
        const char *where;
        const char *says;
    } expected[] = {
        {"platforms.gone.plugin", "did you mean 'good'?"},
        {"platforms.typo.options.wiat", "did you mean 'wait'?"},
        {"platforms.crash.plugin", "crashed with SIGSEGV in create()"},
        {"platforms.over", "did you mean 'wait'?"},
        {"transports.push.plugin", "plugin 'good' is a scraper; a transport is wanted here"},
    };
    struct inspected inspected;

    (void)state;
    inspect_text(
        &inspected,
        "{\"plugins\":{\"paths\":[\".\"]},\"platforms\":{"
        "\"gone\":{\"plugin\":\"goood\",\"options\":{}},"
        "\"typo\":{\"plugin\":\"good\",\"options\":{\"wiat\":1}},"
        "\"crash\":{\"plugin\":\"crash-create\",\"options\":{}},"
        "\"calm\":{\"plugin\":\"crash-create\",\"options\":{\"crash\":false}},"
        "\"over\":{\"plugin\":\"good\",\"options\":{},\"overridable\":[\"wait\",\"wiat\"]}},"
        "\"transports\":{\"push\":{\"plugin\":\"good\",\"options\":{},\"required\":true}}}");
    assert_int_equal(inspected.r, -EINVAL);
    assert_null(inspected.plugins);
    assert_int_equal(inspected.errs.count, TRAWL_ARRAY_SIZE(expected));
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(expected); i++) {
        const struct trawl_err *found = NULL;

        for (size_t n = 0; n < inspected.errs.count; n++) {
            if (strcmp(inspected.errs.errs[n].where, expected[i].where) == 0)
                found = &inspected.errs.errs[n];
        }
        if (!found)
            fail_msg("nothing is said of '%s'", expected[i].where);
        else
            assert_has(found->message, expected[i].says);
    }
    inspected_finish(&inspected);
}

static void config__leaves_out_a_transport_that_is_not_required(void **state)
{
    struct inspected inspected;

    (void)state;
    inspect_text(&inspected, "{\"plugins\":{\"paths\":[\".\"]},\"chains\":{\"live\":{\"order\":["
                             "\"carrier-pigeon\"]}}}");
    assert_int_equal(inspected.r, 0);
    assert_int_equal(json_array_size(inspected.broken), 1);
    assert_string_equal(trawl_json_string(json_array_get(inspected.broken, 0), "name", ""),
                        "carrier-pigeon");
    inspected_finish(&inspected);
}

static void config__refuses_a_transport_that_pushes_to_those_who_watch(void **state)
{
    struct inspected inspected;

    (void)state;
    inspect_text(&inspected, "{\"plugins\":{\"paths\":[\".\"]},\"chains\":{"
                             "\"live\":{\"order\":[\"pushes\"]},"
                             "\"good\":{\"order\":[\"pushes\"]}}}");
    assert_int_equal(inspected.r, -EINVAL);
    assert_int_equal(inspected.errs.count, 1);
    assert_string_equal(inspected.errs.errs[0].where, "chains.live.order[0]");
    assert_has(inspected.errs.errs[0].message, "'pushes' pushes events");
    inspected_finish(&inspected);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(inspect__tells_of_a_good_plugin),
        cmocka_unit_test(inspect__places_mistakes),
        cmocka_unit_test(inspect__places_what_create_refuses),
        cmocka_unit_test(inspect__says_why_a_file_cannot_be_loaded),
        cmocka_unit_test(inspect__survives_whatever_a_plugin_does),
        cmocka_unit_test(inspect__ends_a_plugin_that_does_not_answer),
        cmocka_unit_test(inspect__does_not_mistake_prints_for_the_answer),
        cmocka_unit_test(inspect__says_that_the_process_cannot_be_started),
        cmocka_unit_test(config__gets_options_and_files),
        cmocka_unit_test(config__says_all_mistakes_at_once),
        cmocka_unit_test(config__leaves_out_a_transport_that_is_not_required),
        cmocka_unit_test(config__refuses_a_transport_that_pushes_to_those_who_watch),
    };

    trawl__inspect_executable = TRAWL_EXECUTABLE;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
