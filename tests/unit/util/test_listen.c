#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/alloc.h"
#include "util/listen.h"

static void listen__takes_any_port(void **state)
{
    static const char *const addresses[] = {"127.0.0.1:0", ":0", "0", "localhost:0"};
    struct trawl_err err = {0};

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(addresses); i++) {
        char *bound = NULL;
        int fd = -1;

        assert_int_equal(trawl_listen(addresses[i], "", &fd, &bound, &err), 0);
        assert_true(fd >= 0);
        assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        assert_non_null(strchr(bound, ':'));
        assert_null(strstr(bound, ":0"));
        close(fd);
        free(bound);
    }
}

static void listen__refuses_what_is_no_address(void **state)
{
    static const char *const addresses[] = {"",     "host",       "::1:80",          "[::1:80",
                                            "[]:1", "1.2.3.4:",   "127.0.0.1:8a",    "127.0.0.1:-1",
                                            ":",    "[::1]80:80", "127.0.0.1:123456"};

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(addresses); i++) {
        struct trawl_err err = {0};
        char *bound = NULL;
        int fd = -1;

        assert_int_equal(trawl_listen(addresses[i], "server.listen[0]", &fd, &bound, &err),
                         -EINVAL);
        assert_string_equal(err.where, "server.listen[0]");
        assert_int_equal(fd, -1);
        assert_null(bound);
    }
}

static void listen__names_a_port_in_use(void **state)
{
    struct trawl_err err = {0};
    char *bound = NULL;
    char *again = NULL;
    int fd = -1;
    int other = -1;

    (void)state;
    assert_int_equal(trawl_listen("127.0.0.1:0", "", &fd, &bound, &err), 0);
    assert_int_equal(trawl_listen(bound, "server.listen[1]", &other, &again, &err), -EADDRINUSE);
    assert_string_equal(err.where, "server.listen[1]");
    assert_non_null(strstr(err.message, bound));
    assert_non_null(strstr(err.message, "in use"));
    close(fd);
    free(bound);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(listen__takes_any_port),
        cmocka_unit_test(listen__refuses_what_is_no_address),
        cmocka_unit_test(listen__names_a_port_in_use),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
