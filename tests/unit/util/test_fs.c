#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/alloc.h"
#include "util/fs.h"

static int make_temporary(void **state)
{
    char *folder = NULL;

    if (trawl_fs_make_temporary(&folder) < 0)
        return -1;
    *state = folder;
    return 0;
}

static int remove_temporary(void **state)
{
    trawl_fs_remove_folder(*state);
    free(*state);
    return 0;
}

static void write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void fs_read__gives_the_whole_file(void **state)
{
    TRAWL_AUTO_FREE char *path = trawl_fs_join(*state, "file");
    TRAWL_AUTO_FREE char *text = NULL;
    size_t len = 0;

    write_file(path, "hello");
    assert_int_equal(trawl_fs_read(path, 5, &text, &len), 0);
    assert_int_equal(len, 5);
    assert_string_equal(text, "hello");
}

static void fs_read__refuses_more_than_allowed(void **state)
{
    TRAWL_AUTO_FREE char *path = trawl_fs_join(*state, "file");
    char *text = NULL;
    size_t len = 0;

    write_file(path, "hello");
    assert_int_equal(trawl_fs_read(path, 4, &text, &len), -EFBIG);
    assert_null(text);
}

static void fs_read__says_why_not(void **state)
{
    TRAWL_AUTO_FREE char *path = trawl_fs_join(*state, "none");
    char *text = NULL;
    size_t len = 0;

    assert_int_equal(trawl_fs_read(path, 4, &text, &len), -ENOENT);
    assert_int_equal(trawl_fs_read(*state, 4, &text, &len), -EISDIR);
}

static void fs_read__takes_an_empty_file(void **state)
{
    TRAWL_AUTO_FREE char *path = trawl_fs_join(*state, "empty");
    TRAWL_AUTO_FREE char *text = NULL;
    size_t len = 1;

    write_file(path, "");
    assert_int_equal(trawl_fs_read(path, 4, &text, &len), 0);
    assert_int_equal(len, 0);
    assert_string_equal(text, "");
}

static void fs_make_folder__makes_those_above_too(void **state)
{
    TRAWL_AUTO_FREE char *path = trawl_fs_join(*state, "a/b/c");
    TRAWL_AUTO_FREE char *b = trawl_fs_join(*state, "a/b");
    TRAWL_AUTO_FREE char *a = trawl_fs_join(*state, "a");
    struct stat status;

    assert_int_equal(trawl_fs_make_folder(path), 0);
    assert_int_equal(trawl_fs_make_folder(path), 0);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
    rmdir(path);
    rmdir(b);
    rmdir(a);
}

static void fs_make_folder__refuses_a_file_in_the_way(void **state)
{
    TRAWL_AUTO_FREE char *file = trawl_fs_join(*state, "file");
    TRAWL_AUTO_FREE char *below = trawl_fs_join(file, "b");

    write_file(file, "x");
    assert_int_equal(trawl_fs_make_folder(file), -ENOTDIR);
    assert_int_equal(trawl_fs_make_folder(below), -ENOTDIR);
    assert_true(trawl_fs_make_folder("") < 0);
}

static void fs_remove_folder__takes_its_files_along(void **state)
{
    char *folder = NULL;

    (void)state;
    assert_int_equal(trawl_fs_make_temporary(&folder), 0);
    {
        TRAWL_AUTO_FREE char *file = trawl_fs_join(folder, "file");

        write_file(file, "x");
    }
    trawl_fs_remove_folder(folder);
    assert_int_equal(access(folder, F_OK), -1);
    free(folder);
}

static void fs_self__is_this_test(void **state)
{
    TRAWL_AUTO_FREE char *path = NULL;
    TRAWL_AUTO_FREE char *folder = NULL;

    (void)state;
    assert_int_equal(trawl_fs_self(&path), 0);
    assert_int_equal(trawl_fs_self_folder(&folder), 0);
    assert_non_null(strstr(path, "unit_util_fs"));
    assert_memory_equal(path, folder, strlen(folder));
    assert_int_equal(path[strlen(folder)], '/');
}

static void fs_join__puts_one_slash_between(void **state)
{
    static const struct {
        const char *folder;
        const char *name;
        const char *expected;
    } cases[] = {
        {"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"/", "b", "/b"},
        {"a", "/b", "/b"}, {"", "b", "b"},     {".", "../b", "./../b"},
    };

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(cases); i++) {
        TRAWL_AUTO_FREE char *joined = trawl_fs_join(cases[i].folder, cases[i].name);

        assert_string_equal(joined, cases[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fs_read__gives_the_whole_file),
        cmocka_unit_test(fs_read__refuses_more_than_allowed),
        cmocka_unit_test(fs_read__says_why_not),
        cmocka_unit_test(fs_read__takes_an_empty_file),
        cmocka_unit_test(fs_make_folder__makes_those_above_too),
        cmocka_unit_test(fs_make_folder__refuses_a_file_in_the_way),
        cmocka_unit_test(fs_remove_folder__takes_its_files_along),
        cmocka_unit_test(fs_self__is_this_test),
        cmocka_unit_test(fs_join__puts_one_slash_between),
    };

    return cmocka_run_group_tests(tests, make_temporary, remove_temporary);
}
