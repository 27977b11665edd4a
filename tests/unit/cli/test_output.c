#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/common.h"
#include "cli/output.h"
#include "util/alloc.h"
#include "util/fs.h"

static int make_folder(void **state)
{
    return trawl_fs_make_temporary((char **)state);
}

static int remove_folder(void **state)
{
    trawl_fs_remove_folder(*state);
    free(*state);
    return 0;
}

static void assert_holds(const char *path, const char *expected)
{
    char *text = NULL;
    size_t len = 0;

    assert_int_equal(trawl_fs_read(path, 1000, &text, &len), 0);
    assert_string_equal(text, expected);
    free(text);
}

static void commit__replaces_the_file_whole(void **state)
{
    TRAWL_AUTO_FREE char *path = trawl_fs_join(*state, "items");
    struct trawl_output output;
    struct trawl_err err = {0};

    for (int i = 0; i < 2; i++) {
        assert_int_equal(trawl_output_open(&output, path, &err), 0);
        fputs(i == 0 ? "old and long\n" : "new\n", output.to);
        assert_int_equal(trawl_output_commit(&output, &err), 0);
        trawl_output_close(&output);
    }
    assert_holds(path, "new\n");
}

static void close__without_commit_leaves_what_was(void **state)
{
    TRAWL_AUTO_FREE char *path = trawl_fs_join(*state, "kept");
    TRAWL_AUTO_FREE char *temporary = NULL;
    struct trawl_output output;
    struct trawl_err err = {0};

    assert_int_equal(trawl_output_open(&output, path, &err), 0);
    fputs("good\n", output.to);
    assert_int_equal(trawl_output_commit(&output, &err), 0);
    trawl_output_close(&output);
    assert_int_equal(trawl_output_open(&output, path, &err), 0);
    temporary = trawl_xstrdup(output.temporary);
    fputs("half\n", output.to);
    trawl_output_close(&output);
    assert_holds(path, "good\n");
    assert_int_equal(access(temporary, F_OK), -1);
}

static void open__names_what_cannot_be_written(void **state)
{
    TRAWL_AUTO_FREE char *path = trawl_fs_join(*state, "no/such/folder");
    struct trawl_output output;
    struct trawl_err err = {0};

    assert_true(trawl_output_open(&output, path, &err) < 0);
    assert_non_null(strstr(err.where, "no/such/folder"));
}

static void open__writes_devices_as_they_are(void **state)
{
    struct trawl_output output;
    struct trawl_err err = {0};

    (void)state;
    assert_int_equal(trawl_output_open(&output, "/dev/null", &err), 0);
    assert_null(output.temporary);
    assert_int_equal(trawl_output_commit(&output, &err), 0);
    trawl_output_close(&output);
    assert_int_equal(access("/dev/null", F_OK), 0);
}

static void parse_number__takes_whole_numbers_in_range(void **state)
{
    static const char *const wrong[] = {"", "x", "1x", "0", "11", "1.5", "99999999999999999999"};
    long long number = 0;

    (void)state;
    assert_int_equal(trawl_cli_parse_number("10", 1, 10, &number), 0);
    assert_int_equal(number, 10);
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(wrong); i++)
        assert_true(trawl_cli_parse_number(wrong[i], 1, 10, &number) < 0);
    assert_int_equal(number, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(commit__replaces_the_file_whole, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(close__without_commit_leaves_what_was, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(open__names_what_cannot_be_written, make_folder,
                                        remove_folder),
        cmocka_unit_test(open__writes_devices_as_they_are),
        cmocka_unit_test(parse_number__takes_whole_numbers_in_range),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
