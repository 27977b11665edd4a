#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "util/alloc.h"
#include "util/fs.h"
#include "util/json.h"

struct scene {
    char *folder;
    char *file;
    char *before; /* the working folder */
};

static int set_up(void **state)
{
    struct scene *scene = TRAWL_NEW(struct scene);

    scene->before = getcwd(NULL, 0);
    if (!scene->before || trawl_fs_make_temporary(&scene->folder) < 0)
        return -1;
    scene->file = trawl_fs_join(scene->folder, "trawl.json");
    unsetenv("TRAWL_CONFIG");
    setenv("TRAWL_TEST_SET", "seven", 1);
    setenv("TRAWL_TEST_NUMBER", "7", 1);
    setenv("TRAWL_TEST_EMPTY", "", 1);
    unsetenv("TRAWL_TEST_UNSET");
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    if (chdir(scene->before) < 0)
        return -1;
    trawl_fs_remove_folder(scene->folder);
    free(scene->before);
    free(scene->file);
    free(scene->folder);
    free(scene);
    return 0;
}

static void write_file(const char *path, const char *bytes, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), len);
    close(fd);
}

static struct trawl_config *load(const struct scene *scene, const char *text)
{
    struct trawl_errlist errs = {0};
    struct trawl_config *config = NULL;

    write_file(scene->file, text, strlen(text));
    if (trawl_config_load(scene->file, &config, &errs) < 0)
        fail_msg("%s: %s", errs.errs[0].where, errs.errs[0].message);
    assert_int_equal(errs.count, 0);
    return config;
}

static struct trawl_errlist load_wrong(const struct scene *scene, const char *text)
{
    struct trawl_errlist errs = {0};
    struct trawl_config *config = NULL;

    write_file(scene->file, text, strlen(text));
    assert_int_equal(trawl_config_load(scene->file, &config, &errs), -EINVAL);
    assert_null(config);
    assert_true(errs.count > 0);
    return errs;
}

static void check_mistake(const struct scene *scene, const char *text, const char *where,
                          const char *message)
{
    struct trawl_errlist errs = load_wrong(scene, text);

    assert_string_equal(errs.errs[0].where, where);
    assert_string_equal(errs.errs[0].message, message);
    assert_int_equal(errs.count, 1);
    trawl_errlist_finish(&errs);
}

static json_t *option(struct trawl_config *config, const char *platform, const char *name)
{
    json_t *options = json_object_get(trawl_config_platform(config, platform), "options");

    return json_object_get(options, name);
}

static void config_load__an_empty_object_is_enough(void **state)
{
    struct scene *scene = *state;
    struct trawl_config *config = load(scene, "{}");
    TRAWL_AUTO_FREE char *data = trawl_config_data_folder(config);
    TRAWL_AUTO_FREE char *expected = trawl_fs_join(scene->folder, "data");
    json_t *fetch = json_object_get(config->root, "fetch");
    json_t *server = json_object_get(config->root, "server");
    json_t *chains = json_object_get(config->root, "chains");

    assert_string_equal(data, expected);
    assert_int_equal(trawl_json_int(fetch, "concurrency", 0), 8);
    assert_int_equal(trawl_json_int(fetch, "max_depth", 0), -1);
    assert_int_equal(trawl_json_int(server, "heartbeat", 0), 20000);
    assert_int_equal(trawl_json_int(json_object_get(chains, "live"), "retry_after", 0), 30000);
    assert_string_equal(
        trawl_json_string(json_object_get(json_object_get(config->root, "transports"), "sse"),
                          "plugin", ""),
        "sse");
    trawl_config_destroy(config);
}

static void config_load__a_platform_overrides_only_what_it_names(void **state)
{
    struct trawl_config *config = load(
        *state, "{\"fetch\": {\"concurrency\": 3, \"delay\": \"1s\", \"headers\": {\"A\": \"1\", "
                "\"B\": \"1\"}}, \"platforms\": {\"p\": {\"plugin\": \"html\", \"fetch\": "
                "{\"delay\": \"2s\", \"headers\": {\"B\": \"2\"}}}, \"q\": {\"plugin\": "
                "\"html\"}}}");
    json_t *p = json_object_get(trawl_config_platform(config, "p"), "fetch");
    json_t *q = json_object_get(trawl_config_platform(config, "q"), "fetch");

    assert_int_equal(trawl_json_int(p, "concurrency", 0), 3);
    assert_int_equal(trawl_json_int(p, "delay", 0), 2000);
    assert_int_equal(trawl_json_int(q, "delay", 0), 1000);
    assert_string_equal(trawl_json_string(json_object_get(p, "headers"), "A", ""), "1");
    assert_string_equal(trawl_json_string(json_object_get(p, "headers"), "B", ""), "2");
    assert_string_equal(trawl_json_string(json_object_get(q, "headers"), "B", ""), "1");
    assert_null(trawl_config_platform(config, "r"));
    trawl_config_destroy(config);
}

static void config_load__paths_start_from_the_files_folder(void **state)
{
    struct scene *scene = *state;
    struct trawl_config *config =
        load(scene, "{\"data\": \"d\", \"server\": {\"web\": \"w\"}, \"plugins\": {\"paths\": "
                    "[\"p\", \"/abs\"]}, \"platforms\": {\"x\": {\"plugin\": \"./mine.so\"}}}");
    TRAWL_AUTO_FREE char *web = trawl_fs_join(scene->folder, "w");
    TRAWL_AUTO_FREE char *plugin = trawl_fs_join(scene->folder, "./mine.so");
    json_t *paths = json_object_get(json_object_get(config->root, "plugins"), "paths");

    assert_string_equal(trawl_json_string(json_object_get(config->root, "server"), "web", ""), web);
    assert_string_equal(json_string_value(json_array_get(paths, 1)), "/abs");
    assert_memory_equal(json_string_value(json_array_get(paths, 0)), scene->folder,
                        strlen(scene->folder));
    assert_string_equal(trawl_json_string(trawl_config_platform(config, "x"), "plugin", ""),
                        plugin);
    trawl_config_destroy(config);
}

static void config_load__replaces_variables(void **state)
{
    static const struct {
        const char *written;
        const char *expected;
    } cases[] = {
        {"${TRAWL_TEST_SET}", "seven"},
        {"a ${TRAWL_TEST_SET} b ${TRAWL_TEST_SET}", "a seven b seven"},
        {"${TRAWL_TEST_UNSET:-eight}", "eight"},
        {"${TRAWL_TEST_UNSET:-}", ""},
        {"${TRAWL_TEST_EMPTY:-eight}", "eight"},
        {"${TRAWL_TEST_EMPTY}", ""},
        {"${TRAWL_TEST_SET:-eight}", "seven"},
        {"${TRAWL_TEST_UNSET:-http://a/?b=-:}", "http://a/?b=-:"},
        {"$${TRAWL_TEST_SET}", "${TRAWL_TEST_SET}"},
        {"a[href$='.pdf'] $x $$ $", "a[href$='.pdf'] $x $$ $"},
        {"$", "$"},
        {"$$", "$$"},
        {"$$$${A", "$$${A"},
    };

    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(cases); i++) {
        TRAWL_AUTO_FREE char *text = trawl_xasprintf(
            "{\"platforms\": {\"p\": {\"plugin\": \"x\", \"options\": {\"v\": [\"%s\"]}}}}",
            cases[i].written);
        struct trawl_config *config = load(*state, text);

        assert_string_equal(json_string_value(json_array_get(option(config, "p", "v"), 0)),
                            cases[i].expected);
        trawl_config_destroy(config);
    }
}

static void config_load__a_variable_may_be_a_number(void **state)
{
    struct trawl_config *config =
        load(*state, "{\"workers\": {\"max\": \"${TRAWL_TEST_NUMBER}\"}}");

    assert_int_equal(trawl_json_int(json_object_get(config->root, "workers"), "max", 0), 7);
    trawl_config_destroy(config);
}

static void config_load__says_which_variable_is_not_set(void **state)
{
    check_mistake(*state, "{\"server\": {\"listen\": [\"a\", \"${TRAWL_TEST_UNSET}\"]}}",
                  "server.listen[1]",
                  "the environment variable TRAWL_TEST_UNSET is not set, and has no default here");
    check_mistake(*state, "{\"workers\": {\"max\": \"${TRAWL_TEST_UNSET}\"}}", "workers.max",
                  "the environment variable TRAWL_TEST_UNSET is not set, and has no default here");
    check_mistake(*state, "{\"data\": \"${1}\"}", "data",
                  "expected ${NAME} or ${NAME:-default} at '${1}'; $${ is a literal ${");
    check_mistake(*state, "{\"data\": \"${TRAWL\"}", "data",
                  "expected ${NAME} or ${NAME:-default} at '${TRAWL'; $${ is a literal ${");
}

static void config_load__reads_secrets(void **state)
{
    struct scene *scene = *state;
    TRAWL_AUTO_FREE char *secret = trawl_fs_join(scene->folder, "secret");
    TRAWL_AUTO_FREE char *text = trawl_xasprintf(
        "{\"platforms\": {\"p\": {\"plugin\": \"x\", \"options\": {\"v\": \"file://%s\"}}}}",
        secret);
    struct trawl_config *config;

    write_file(secret, "hunter2 ${HOME}\n\n", 17);
    config = load(scene, text);
    assert_string_equal(json_string_value(option(config, "p", "v")), "hunter2 ${HOME}\n");
    trawl_config_destroy(config);
}

static void config_load__says_why_a_secret_cannot_be_read(void **state)
{
    struct scene *scene = *state;
    TRAWL_AUTO_FREE char *secret = trawl_fs_join(scene->folder, "binary");
    TRAWL_AUTO_FREE char *text = trawl_xasprintf("{\"data\": \"file://%s\"}", secret);
    TRAWL_AUTO_FREE char *message = trawl_xasprintf("the secret in '%s' is no UTF-8 text", secret);

    check_mistake(scene, "{\"data\": \"file:///nowhere/secret\"}", "data",
                  "cannot read the secret in '/nowhere/secret': No such file or directory");
    write_file(secret, "a\0b", 3);
    check_mistake(scene, text, "data", message);
    write_file(secret, "\xff", 1);
    check_mistake(scene, text, "data", message);
}

static void config_load__comments_are_nothing(void **state)
{
    struct trawl_config *config =
        load(*state,
             "{\"//\": \"${TRAWL_TEST_UNSET}\", \"platforms\": {\"// p\": 1, \"p\": {\"plugin\": "
             "\"x\", \"//\": {}, \"options\": {\"// deep\": [1], \"a\": [{\"//\": 1}]}}}}");

    assert_int_equal(json_object_size(json_object_get(config->root, "platforms")), 1);
    assert_null(option(config, "p", "// deep"));
    assert_int_equal(json_object_size(json_array_get(option(config, "p", "a"), 0)), 0);
    trawl_config_destroy(config);
}

static void config_load__syntax_errors_have_file_line_and_column(void **state)
{
    struct scene *scene = *state;
    TRAWL_AUTO_FREE char *where = trawl_xasprintf("%s:3:1", scene->file);
    struct trawl_errlist errs = load_wrong(scene, "{\n  \"data\": \"x\",\n}");

    assert_string_equal(errs.errs[0].where, where);
    trawl_errlist_finish(&errs);
}

static void config_load__says_why_the_file_cannot_be_read(void **state)
{
    struct trawl_errlist errs = {0};
    struct trawl_config *config = NULL;

    (void)state;
    assert_int_equal(trawl_config_load("/nowhere/trawl.json", &config, &errs), -EINVAL);
    assert_string_equal(errs.errs[0].where, "/nowhere/trawl.json");
    assert_string_equal(errs.errs[0].message, "cannot be read: No such file or directory");
    trawl_errlist_finish(&errs);
}

/* A chain that pushes, with more in it. */
#define SPOOL(more)                                                                                \
    "{\"platforms\": {\"books\": {\"plugin\": \"html\"}}, \"transports\": {\"file\": {}}, "        \
    "\"chains\": {\"spool\": {\"order\": [\"file\"], " more "}}}"

static void config_load__says_what_is_wrong(void **state)
{
    static const struct {
        const char *text;
        const char *where;
        const char *message;
    } cases[] = {
        {"[]", "", "expected an object, not a list"},
        {"{\"platfroms\": {}}", "platfroms", "unknown key; did you mean 'platforms'?"},
        {"{\"platforms\": {\"a/b\": {\"plugin\": \"html\"}}}", "platforms.a/b",
         "expected a name of 1 to 64 letters, digits, '.', '_' and '-' that begins with a letter "
         "or digit"},
        {"{\"platforms\": {\"a\": {\"options\": {}}}}", "platforms.a.plugin",
         "is missing: the scraper plugin: its name, or the path of its file"},
        {"{\"platforms\": {\"a\": {\"plugin\": \"html\", \"fetch\": {\"dealy\": \"1s\"}}}}",
         "platforms.a.fetch.dealy", "unknown key; did you mean 'delay'?"},
        {"{\"chains\": {\"live\": {\"order\": [\"websokcet\"]}}}", "chains.live.order[0]",
         "there is no transport 'websokcet'; did you mean 'websocket'?"},
        {"{\"chains\": {\"live\": {\"order\": [\"pigeon\"]}}}", "chains.live.order[0]",
         "there is no transport 'pigeon'; \"transports\" lists them"},
        {"{\"chains\": {\"live\": {\"order\": [\"sse\", \"sse\"]}}}", "chains.live.order[1]",
         "'sse' stands there twice"},
        {"{\"chains\": {\"live\": {\"order\": []}}}", "chains.live.order",
         "expected at least one transport"},
        {"{\"chains\": {\"lvie\": {\"order\": [\"sse\"]}}}", "chains.lvie.order[0]",
         "'sse' serves those who watch: only \"live\" can name it"},
        {"{\"chains\": {\"live\": {\"order\": [\"sse\"], \"events\": [\"log\"]}}}",
         "chains.live.events",
         "those who watch choose for themselves; only chains that push have it"},
        {"{\"chains\": {\"spool\": {\"order\": [\"file\"]}}}", "chains.spool.order[0]",
         "there is no transport 'file'; \"transports\" lists them"},
        {SPOOL("\"events\": [\"item.*\", \"run.complete\"]"), "chains.spool.events[1]",
         "no event is called 'run.complete'; did you mean 'run.completed'?"},
        {SPOOL("\"events\": \"*.done\""), "chains.spool.events[0]", "no event is called '*.done'"},
        {SPOOL("\"platforms\": [\"books\", \"boks\"]"), "chains.spool.platforms[1]",
         "there is no platform 'boks'; did you mean 'books'?"},
    };

    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(cases); i++)
        check_mistake(*state, cases[i].text, cases[i].where, cases[i].message);
}

static void config_load__takes_origins_as_browsers_send_them(void **state)
{
    static const char *const bad[] = {"*",
                                      "null",
                                      "example.org",
                                      "https://",
                                      "https://example.org/",
                                      "https://example.org/board",
                                      "https://*.example.org",
                                      "https://me@example.org",
                                      "https://a.org https://b.org"};
    char text[256];

    trawl_config_destroy(load(*state, "{\"server\": {\"origins\": [\"https://example.org\", "
                                      "\"http://[::1]:3000\", \"app://board\"]}}"));
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(bad); i++) {
        snprintf(text, sizeof(text), "{\"server\": {\"origins\": [\"http://a\", \"%s\"]}}", bad[i]);
        check_mistake(*state, text, "server.origins[1]",
                      "expected an origin as browsers send it, such as https://example.org or "
                      "http://127.0.0.1:3000, with nothing behind it");
    }
}

static void config_load__tells_all_mistakes_at_once(void **state)
{
    struct trawl_errlist errs =
        load_wrong(*state, "{\"data\": \"${TRAWL_TEST_UNSET}\", \"servr\": {}, \"workers\": "
                           "{\"max\": 0}, \"platforms\": {\"-\": {}}}");

    assert_int_equal(errs.count, 5);
    trawl_errlist_finish(&errs);
}

static void config_load_partly__keeps_what_is_right(void **state)
{
    static const char text[] = "{\"servr\": 1, \"data\": 7, \"fetch\": [], \"platforms\": "
                               "{\"good\": {\"plugin\": \"html\"}, \"bad\": {}}}";
    struct scene *scene = *state;
    struct trawl_errlist errs = {0};
    struct trawl_config *config = NULL;

    write_file(scene->file, text, strlen(text));
    assert_int_equal(trawl_config_load_partly(scene->file, &config, &errs), -EINVAL);
    assert_int_equal(errs.count, 4);
    assert_non_null(trawl_config_platform(config, "good"));
    assert_null(trawl_config_platform(config, "bad"));
    trawl_config_destroy(config);
    trawl_errlist_finish(&errs);
}

static void config_load__a_chain_brings_its_own_shipped_transports(void **state)
{
    struct trawl_config *config = load(
        *state, "{\"transports\": {\"mine\": {\"plugin\": \"./mine.so\"}}, \"chains\": {\"live\": "
                "{\"order\": [\"mine\", \"sse\"]}}}");
    json_t *transports = json_object_get(config->root, "transports");

    assert_string_equal(trawl_json_string(json_object_get(transports, "sse"), "plugin", ""), "sse");
    assert_null(json_object_get(transports, "websocket"));
    trawl_config_destroy(config);
}

static void config_find__takes_the_first_that_exists(void **state)
{
    struct scene *scene = *state;
    TRAWL_AUTO_FREE char *inner = trawl_fs_join(scene->folder, "config");
    TRAWL_AUTO_FREE char *local = trawl_fs_join(inner, "trawl.json");
    char *found = NULL;

    assert_int_equal(chdir(scene->folder), 0);
    setenv("XDG_CONFIG_HOME", "/nowhere", 1);
    assert_int_equal(trawl_fs_make_folder(inner), 0);
    write_file(local, "{}", 2);
    assert_int_equal(trawl_config_find(NULL, &found, NULL), 0);
    assert_string_equal(found, "config/trawl.json");
    free(found);

    write_file(scene->file, "{}", 2);
    setenv("TRAWL_CONFIG", scene->file, 1);
    assert_int_equal(trawl_config_find(NULL, &found, NULL), 0);
    assert_string_equal(found, scene->file);
    free(found);
    unsetenv("TRAWL_CONFIG");
    trawl_fs_remove_folder(inner);
}

static void config_find__says_where_it_looked(void **state)
{
    struct scene *scene = *state;
    struct trawl_err err = {0};
    char *found = NULL;

    assert_int_equal(trawl_config_find("/nowhere/a.json", &found, &err), -ENOENT);
    assert_string_equal(err.where, "/nowhere/a.json");
    if (access("/etc/trawl/trawl.json", F_OK) == 0)
        return;
    assert_int_equal(chdir(scene->folder), 0);
    setenv("XDG_CONFIG_HOME", "/nowhere", 1);
    assert_int_equal(trawl_config_find(NULL, &found, &err), -ENOENT);
    assert_non_null(strstr(err.message, "config/trawl.json, /nowhere/trawl/trawl.json, "
                                        "/etc/trawl/trawl.json"));
    assert_null(found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(config_load__an_empty_object_is_enough),
        cmocka_unit_test(config_load__a_platform_overrides_only_what_it_names),
        cmocka_unit_test(config_load__paths_start_from_the_files_folder),
        cmocka_unit_test(config_load__replaces_variables),
        cmocka_unit_test(config_load__a_variable_may_be_a_number),
        cmocka_unit_test(config_load__says_which_variable_is_not_set),
        cmocka_unit_test(config_load__reads_secrets),
        cmocka_unit_test(config_load__says_why_a_secret_cannot_be_read),
        cmocka_unit_test(config_load__comments_are_nothing),
        cmocka_unit_test(config_load__syntax_errors_have_file_line_and_column),
        cmocka_unit_test(config_load__says_why_the_file_cannot_be_read),
        cmocka_unit_test(config_load__says_what_is_wrong),
        cmocka_unit_test(config_load__takes_origins_as_browsers_send_them),
        cmocka_unit_test(config_load__tells_all_mistakes_at_once),
        cmocka_unit_test(config_load_partly__keeps_what_is_right),
        cmocka_unit_test(config_load__a_chain_brings_its_own_shipped_transports),
        cmocka_unit_test(config_find__takes_the_first_that_exists),
        cmocka_unit_test(config_find__says_where_it_looked),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
