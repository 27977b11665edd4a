#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ipc/child.h"

static int child_status(const char *expected_parent)
{
    pid_t pid = fork();
    int status = 0;

    if (pid == 0) {
        struct sigaction action;
        int death = 0;

        if (expected_parent)
            setenv(TRAWL_PARENT_PID_VARIABLE, expected_parent, 1);
        else
            unsetenv(TRAWL_PARENT_PID_VARIABLE);
        if (trawl_child_begin("trawl-test") < 0)
            _exit(1);
        prctl(PR_GET_PDEATHSIG, &death);
        sigaction(SIGINT, NULL, &action);
        if (death != SIGKILL || action.sa_handler != SIG_IGN || getenv(TRAWL_PARENT_PID_VARIABLE))
            _exit(2);
        _exit(0);
    }
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void child_begin__binds_to_its_parent(void **state)
{
    char parent[32];

    (void)state;
    snprintf(parent, sizeof(parent), "%ld", (long)getpid());
    assert_int_equal(child_status(parent), 0);
}

static void child_begin__leaves_when_the_parent_is_another(void **state)
{
    (void)state;
    assert_int_equal(child_status("1"), 1);
}

static void child_begin__without_an_expected_parent_goes_on(void **state)
{
    (void)state;
    assert_int_equal(child_status(NULL), 0);
}

static void child_environment__names_the_parent_once(void **state)
{
    char *entry = trawl_child_parent_entry();
    char **environment;
    unsigned seen = 0;

    (void)state;
    setenv(TRAWL_PARENT_PID_VARIABLE, "5", 1);
    environment = trawl_child_environment();
    for (size_t i = 0; environment[i]; i++) {
        if (strncmp(environment[i], TRAWL_PARENT_PID_VARIABLE "=",
                    sizeof(TRAWL_PARENT_PID_VARIABLE)) == 0) {
            assert_string_equal(environment[i], entry);
            seen++;
        }
    }
    assert_int_equal(seen, 1);
    trawl_child_environment_free(environment);
    free(entry);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(child_begin__binds_to_its_parent),
        cmocka_unit_test(child_begin__leaves_when_the_parent_is_another),
        cmocka_unit_test(child_begin__without_an_expected_parent_goes_on),
        cmocka_unit_test(child_environment__names_the_parent_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
