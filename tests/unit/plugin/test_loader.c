#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin/loader.h"
#include "util/alloc.h"

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("'%s' does not say '%s'", text, part);
}

static void load__gives_a_good_plugin(void **state)
{
    struct trawl_loaded *loaded = NULL;
    struct trawl_err err = {0};

    (void)state;
    assert_int_equal(trawl_plugin_load(TEST_PLUGINS "/good.so", &loaded, &err), 0);
    assert_string_equal(loaded->plugin.name, "good");
    assert_string_equal(loaded->plugin.version, "1.2.3");
    assert_non_null(loaded->plugin.scraper);
    assert_null(loaded->plugin.transport);
    assert_ptr_equal(loaded->plugin.options, loaded->options);
    assert_string_equal(loaded->options[0].name, "start");
    assert_int_equal(loaded->options[0].fields[0].type, TRAWL_OPTION_STRING);
    assert_string_equal(loaded->options[2].fields[0].name, "inner");
    assert_int_equal(loaded->options[2].fields[1].type, TRAWL_OPTION_END);
    assert_int_equal(loaded->options[4].type, TRAWL_OPTION_END);
}

static void load__gives_a_transport_that_only_pushes(void **state)
{
    struct trawl_loaded *loaded = NULL;
    struct trawl_err err = {0};

    (void)state;
    assert_int_equal(trawl_plugin_load(TEST_PLUGINS "/pushes.so", &loaded, &err), 0);
    assert_true(trawl_plugin_pushes(&loaded->plugin));
    assert_int_equal(trawl_plugin_load(TEST_PLUGINS "/good.so", &loaded, &err), 0);
    assert_false(trawl_plugin_pushes(&loaded->plugin));
}

static void load__reads_options_with_the_plugins_own_stride(void **state)
{
    struct trawl_loaded *loaded = NULL;
    struct trawl_err err = {0};

    (void)state;
    assert_int_equal(trawl_plugin_load(TEST_PLUGINS "/longer-option.so", &loaded, &err), 0);
    assert_string_equal(loaded->options[0].name, "first");
    assert_string_equal(loaded->options[1].name, "second");
    assert_string_equal(loaded->options[1].fields[0].name, "a");
    assert_string_equal(loaded->options[1].fields[1].name, "b");
    assert_int_equal(loaded->options[1].fields[2].type, TRAWL_OPTION_END);
    assert_int_equal(loaded->options[2].type, TRAWL_OPTION_END);
}

static void load__refuses_with_a_sentence(void **state)
{
    static const struct {
        const char *name;
        const char *says[2];
    } cases[] = {
        {"wrong-major", {"major 2 was found", "1 is wanted"}},
        {"newer-minor", {"minor 6 was found", "at most 3 is wanted"}},
        {"short-struct", {"48 bytes", "has 64"}},
        {"tiny-symbol", {"trawl_plugin", "no struct"}},
        {"function-symbol", {"trawl_plugin", "no struct"}},
        {"no-symbol", {"no symbol", "trawl_plugin"}},
        {"not-elf", {"invalid ELF header", "cannot be loaded: "}},
        {"empty", {"file too short", "cannot be loaded: "}},
        {"no-ops", {"neither a scraper nor a transport", ""}},
        {"bad-name", {"'Bad/Name'", "letter"}},
        {"missing-op", {"on_response() is missing", ""}},
        {"serves-and-pushes", {"both serves and pushes", ""}},
        {"bad-default", {"option 'wait'", "not JSON"}},
        {"endless-table", {"option 'again.again", "too deep"}},
        {"not-there", {"No such file", ""}},
    };

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(cases); i++) {
        TRAWL_AUTO_FREE char *file = trawl_xasprintf(TEST_PLUGINS "/%s.so", cases[i].name);
        struct trawl_loaded *loaded = NULL;
        struct trawl_err err = {0};

        assert_true(trawl_plugin_load(file, &loaded, &err) < 0);
        assert_null(loaded);
        assert_string_equal(err.where, file);
        assert_has(err.message, cases[i].says[0]);
        assert_has(err.message, cases[i].says[1]);
    }
}

static void load__does_not_wait_for_a_fifo(void **state)
{
    char path[] = "/tmp/trawl-fifo-XXXXXX";
    struct trawl_loaded *loaded = NULL;
    struct trawl_err err = {0};

    (void)state;
    close(mkstemp(path));
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(trawl_plugin_load(path, &loaded, &err), -EINVAL);
    unlink(path);
}

static void find__takes_a_name_or_a_path(void **state)
{
    static const char folder[] = TEST_PLUGINS;
    char *paths[] = {(char *)"/does/not/exist", (char *)(uintptr_t)folder, NULL};
    struct trawl_err err = {0};
    char *by_name = NULL;
    char *by_path = NULL;

    (void)state;
    assert_int_equal(trawl_plugin_find("good", paths, &by_name, &err), 0);
    assert_int_equal(
        trawl_plugin_find(TEST_PLUGINS "/../test-plugins/good.so", paths, &by_path, &err), 0);
    assert_string_equal(by_name, by_path);
    free(by_name);
    free(by_path);
}

static void find__names_the_nearest(void **state)
{
    static const char folder[] = TEST_PLUGINS;
    char *paths[] = {(char *)(uintptr_t)folder, NULL};
    struct trawl_err err = {0};
    char *file = NULL;

    (void)state;
    assert_int_equal(trawl_plugin_find("wrong-mayor", paths, &file, &err), -ENOENT);
    assert_has(err.message, "did you mean 'wrong-major'?");
    assert_int_equal(trawl_plugin_find("zzzzzzzzzzzz", paths, &file, &err), -ENOENT);
    assert_has(err.message, "trawl plugin list");
    assert_int_equal(trawl_plugin_find("./zzz.so", paths, &file, &err), -ENOENT);
    assert_null(file);
}

static void list__has_the_first_of_each_name(void **state)
{
    static const char folder[] = TEST_PLUGINS;
    char other[] = "/tmp/trawl-plugins-XXXXXX";
    char *paths[] = {other, (char *)(uintptr_t)folder, NULL};
    TRAWL_AUTO_FREE char *mine = NULL;
    char **files;
    unsigned seen = 0;

    (void)state;
    assert_non_null(mkdtemp(other));
    mine = trawl_xasprintf("%s/good.so", other);
    fclose(fopen(mine, "w"));
    files = trawl_plugin_list(paths);
    for (size_t i = 0; files[i]; i++) {
        if (strstr(files[i], "/good.so")) {
            assert_string_equal(files[i], mine);
            seen++;
        }
    }
    assert_int_equal(seen, 1);
    trawl_plugin_paths_free(files);
    unlink(mine);
    rmdir(other);
}

static void paths__are_extra_then_environment_then_own(void **state)
{
    char *extra[] = {(char *)"/extra", NULL};
    size_t count = 0;
    char **paths;

    (void)state;
    setenv("TRAWL_PLUGIN_PATH", "/one::/two", 1);
    paths = trawl_plugin_paths(extra);
    while (paths[count])
        count++;
    assert_int_equal(count, 5);
    assert_string_equal(paths[0], "/extra");
    assert_string_equal(paths[1], "/one");
    assert_string_equal(paths[2], "/two");
    assert_has(paths[3], "/plugins");
    assert_has(paths[4], "/trawl/plugins");
    trawl_plugin_paths_free(paths);
    unsetenv("TRAWL_PLUGIN_PATH");
    paths = trawl_plugin_paths(NULL);
    assert_non_null(paths[1]);
    assert_null(paths[2]);
    trawl_plugin_paths_free(paths);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(load__gives_a_good_plugin),
        cmocka_unit_test(load__gives_a_transport_that_only_pushes),
        cmocka_unit_test(load__reads_options_with_the_plugins_own_stride),
        cmocka_unit_test(load__refuses_with_a_sentence),
        cmocka_unit_test(load__does_not_wait_for_a_fifo),
        cmocka_unit_test(find__takes_a_name_or_a_path),
        cmocka_unit_test(find__names_the_nearest),
        cmocka_unit_test(list__has_the_first_of_each_name),
        cmocka_unit_test(paths__are_extra_then_environment_then_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
