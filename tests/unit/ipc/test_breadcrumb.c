#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ipc/breadcrumb.h"

static const struct trawl_hash page = {3, 4};

struct scene {
    int fd;
    const struct trawl_breadcrumb *read;
    struct trawl_breadcrumb *written;
};

static int setup(void **state)
{
    static struct scene scene;

    assert_int_equal(trawl_breadcrumb_create(&scene.fd, &scene.read), 0);
    scene.written = trawl_breadcrumb_open(scene.fd);
    assert_non_null(scene.written);
    *state = &scene;
    return 0;
}

static int teardown(void **state)
{
    struct scene *scene = *state;

    munmap(scene->written, sizeof(*scene->written));
    trawl_breadcrumb_close(scene->read);
    close(scene->fd);
    return 0;
}

static struct trawl_trail trail_of(const struct scene *scene)
{
    struct trawl_trail trail;

    trawl_breadcrumb_read(scene->read, &trail);
    return trail;
}

static void crumb__tells_the_call_and_its_request(void **state)
{
    struct scene *scene = *state;
    struct trawl_trail trail;

    assert_int_equal(trail_of(scene).call, TRAWL_CALL_NONE);
    trawl_breadcrumb_enter(scene->written, TRAWL_CALL_ON_RESPONSE, &page, "http://a/x");
    assert_int_equal(trawl_breadcrumb_help(scene->written, TRAWL_HELP_PLAN_RUN), TRAWL_HELP_NONE);
    trail = trail_of(scene);
    assert_int_equal(trail.call, TRAWL_CALL_ON_RESPONSE);
    assert_int_equal(trail.help, TRAWL_HELP_PLAN_RUN);
    assert_true(trail.has_request);
    assert_true(trawl_hash_equal(trail.fingerprint, page));
    assert_string_equal(trail.url, "http://a/x");
    trawl_breadcrumb_leave(scene->written);
    assert_int_equal(trail_of(scene).call, TRAWL_CALL_NONE);
    assert_false(trail_of(scene).has_request);
    trawl_breadcrumb_enter(scene->written, TRAWL_CALL_FINISH, NULL, NULL);
    assert_false(trail_of(scene).has_request);
    assert_int_equal(trail_of(scene).help, TRAWL_HELP_NONE);
}

static void crumb__outlives_its_writer(void **state)
{
    struct scene *scene = *state;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        trawl_breadcrumb_enter(scene->written, TRAWL_CALL_ON_FAILURE, &page, "http://a/x");
        _exit(0);
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(trail_of(scene).call, TRAWL_CALL_ON_FAILURE);
}

static void crumb__is_believed_only_where_it_makes_sense(void **state)
{
    struct scene *scene = *state;
    struct trawl_trail trail;

    memset(scene->written, 0xff, sizeof(*scene->written));
    assert_int_equal(trail_of(scene).call, TRAWL_CALL_NONE);
    scene->written->call = TRAWL_CALL_ON_RESPONSE;
    scene->written->help = TRAWL_HELP_TEXT;
    assert_false(trail_of(scene).has_request);
    scene->written->has_request = 1;
    trail = trail_of(scene);
    assert_int_equal(strlen(trail.url), TRAWL_BREADCRUMB_URL - 1);
    for (const char *p = trail.url; *p; p++)
        assert_int_equal(*p, '?');
}

static void crumb__cannot_be_taken_away(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(ftruncate(scene->fd, 0), -1);
    assert_int_equal(errno, EPERM);
}

static void crumb__cuts_a_long_url(void **state)
{
    struct scene *scene = *state;
    char url[2 * TRAWL_BREADCRUMB_URL];

    memset(url, 'x', sizeof(url));
    url[sizeof(url) - 1] = '\0';
    trawl_breadcrumb_enter(scene->written, TRAWL_CALL_ON_RESPONSE, &page, url);
    assert_int_equal(strlen(trail_of(scene).url), TRAWL_BREADCRUMB_URL - 1);
}

static void crumb__is_not_needed(void **state)
{
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_null(trawl_breadcrumb_open(ends[0]));
    close(ends[0]);
    close(ends[1]);
    assert_null(trawl_breadcrumb_open(-1));
    trawl_breadcrumb_enter(NULL, TRAWL_CALL_START, NULL, NULL);
    assert_int_equal(trawl_breadcrumb_help(NULL, TRAWL_HELP_TEXT), TRAWL_HELP_NONE);
    trawl_breadcrumb_leave(NULL);
    trawl_breadcrumb_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(crumb__tells_the_call_and_its_request, setup, teardown),
        cmocka_unit_test_setup_teardown(crumb__outlives_its_writer, setup, teardown),
        cmocka_unit_test_setup_teardown(crumb__is_believed_only_where_it_makes_sense, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(crumb__cannot_be_taken_away, setup, teardown),
        cmocka_unit_test_setup_teardown(crumb__cuts_a_long_url, setup, teardown),
        cmocka_unit_test(crumb__is_not_needed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
