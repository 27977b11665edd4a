#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ipc/culprit.h"

/* How a child ends. */
enum way { WAY_SEGV, WAY_ABORT, WAY_EXIT, WAY_FINE, WAY_KILL, WAY_HANG };

static void end(enum way way)
{
    const struct rlimit none = {0};

    (void)setrlimit(RLIMIT_CORE, &none);
    if (way == WAY_SEGV)
        raise(SIGSEGV);
    if (way == WAY_ABORT)
        abort();
    if (way == WAY_KILL)
        raise(SIGKILL);
    if (way == WAY_FINE)
        trawl_culprit_enter(NULL);
    if (way == WAY_HANG) {
        trawl_culprit_hangs("hawk");
        _exit(0);
    }
    exit(0);
}

/* What a child leaves that ends so within `name` (and only one that hangs says so). */
static int leave(enum way way, const char *name, char left[TRAWL_CULPRIT_MAX])
{
    const struct trawl_culprit *culprit = NULL;
    int status = 0;
    int fd = -1;
    pid_t pid;

    assert_int_equal(trawl_culprit_create(&fd, &culprit), 0);
    pid = fork();
    if (pid == 0) {
        trawl_culprit_open(fd);
        trawl_culprit_enter("before");
        trawl_culprit_enter(name);
        end(way);
    }
    close(fd);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(trawl_culprit_read(culprit, left), way == WAY_HANG);
    trawl_culprit_close(culprit);
    return status;
}

static void culprit__is_left_by_a_crash(void **state)
{
    char left[TRAWL_CULPRIT_MAX];
    int status = leave(WAY_SEGV, "pigeon", left);

    (void)state;
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    assert_string_equal(left, "pigeon");
    status = leave(WAY_ABORT, "pigeon", left);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_string_equal(left, "pigeon");
}

static void culprit__is_left_by_a_plugin_that_exits(void **state)
{
    char left[TRAWL_CULPRIT_MAX];

    (void)state;
    leave(WAY_EXIT, "pigeon", left);
    assert_string_equal(left, "pigeon");
}

static void culprit__is_not_left_by_anything_else(void **state)
{
    char left[TRAWL_CULPRIT_MAX];

    (void)state;
    leave(WAY_FINE, "pigeon", left);
    assert_string_equal(left, "");
    leave(WAY_KILL, "pigeon", left);
    assert_string_equal(left, "");
}

static void culprit__is_left_for_another_thread(void **state)
{
    char left[TRAWL_CULPRIT_MAX];

    (void)state;
    leave(WAY_HANG, NULL, left);
    assert_string_equal(left, "hawk");
    trawl_culprit_hangs("nobody"); /* without memory for it: nothing happens */
}

static void culprit__is_cut_and_made_printable(void **state)
{
    char name[TRAWL_CULPRIT_MAX + 10];
    char left[TRAWL_CULPRIT_MAX];

    (void)state;
    memset(name, 'x', sizeof(name));
    name[0] = '\n';
    name[sizeof(name) - 1] = '\0';
    leave(WAY_ABORT, name, left);
    assert_int_equal(strlen(left), TRAWL_CULPRIT_MAX - 1);
    assert_int_equal(left[0], '?');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(culprit__is_left_by_a_crash),
        cmocka_unit_test(culprit__is_left_by_a_plugin_that_exits),
        cmocka_unit_test(culprit__is_not_left_by_anything_else),
        cmocka_unit_test(culprit__is_left_for_another_thread),
        cmocka_unit_test(culprit__is_cut_and_made_printable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
