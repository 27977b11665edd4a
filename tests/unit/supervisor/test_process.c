/* The test is its own child: spawned with --role=NAME it does what NAME says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipc/messages.h"
#include "supervisor/process.h"
#include "util/alloc.h"

/* --- the child ----------------------------------------------------------------------------------- */

static uv_loop_t child_loop;
static struct trawl_channel *child_channel;

static void child_on_frame(void *user, const struct trawl_frame *frame)
{
    (void)user;
    (void)trawl_channel_send(child_channel, frame->type, frame->payload, frame->len);
}

static void child_on_closed(void *user, int reason)
{
    (void)user;
    exit(reason == 0 ? 0 : 9);
}

/* Send every frame back until the channel closes. */
static int child_echo(void)
{
    static const struct trawl_channel_ops ops = {
        .on_frame = child_on_frame,
        .on_closed = child_on_closed,
    };

    uv_loop_init(&child_loop);
    if (trawl_channel_open(&child_loop, TRAWL_CHANNEL_FD, &ops, NULL, &child_channel) < 0)
        return 8;
    return uv_run(&child_loop, UV_RUN_DEFAULT);
}

/* What a descriptor after the channel says, as the exit status. */
static int child_read_fd(void)
{
    unsigned char byte = 0;

    return read(TRAWL_LISTEN_FD, &byte, 1) == 1 ? byte : 255;
}

static _Noreturn void child_spin(void)
{
    for (;;)
        pause();
}

static int child_main(const char *role)
{
    if (strcmp(role, "--role=echo") == 0)
        return child_echo();
    if (strcmp(role, "--role=fd") == 0)
        return child_read_fd();
    if (strcmp(role, "--role=spin") == 0)
        child_spin();
    if (strcmp(role, "--role=parent") == 0)
        return strtoll(getenv("TRAWL_PARENT_PID"), NULL, 10) == (long long)getppid() ? 3 : 4;
    return 7;
}

/* --- the parent ---------------------------------------------------------------------------------- */

struct seen {
    struct trawl_process *process;
    unsigned frames;
    unsigned gone;
    char text[64];
    char how[64];
};

static void seen_on_frame(void *user, const struct trawl_frame *frame)
{
    struct seen *seen = user;

    seen->frames++;
    snprintf(seen->text, sizeof(seen->text), "%.*s", (int)frame->len, frame->payload);
    trawl_process_kill(seen->process);
}

static void seen_on_gone(void *user, const char *how)
{
    struct seen *seen = user;

    seen->gone++;
    snprintf(seen->how, sizeof(seen->how), "%s", how);
}

static const struct trawl_process_ops seen_ops = {
    .on_frame = seen_on_frame,
    .on_gone = seen_on_gone,
};

static void spawn(uv_loop_t *loop, const char *role, const int *fds, size_t count,
                  struct seen *seen)
{
    memset(seen, 0, sizeof(*seen));
    assert_int_equal(uv_loop_init(loop), 0);
    assert_int_equal(trawl_process_spawn(loop, role, fds, count, &seen_ops, seen, &seen->process),
                     0);
}

/* Until nothing is left on the loop: a handle that nobody closed would hang here, or fail to close. */
static void finish(uv_loop_t *loop)
{
    assert_int_equal(uv_run(loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(loop), 0);
}

static void spawn__tells_exit_status(void **state)
{
    struct seen seen;
    uv_loop_t loop;

    (void)state;
    spawn(&loop, "unknown", NULL, 0, &seen);
    finish(&loop);
    assert_int_equal(seen.gone, 1);
    assert_string_equal(seen.how, "exited with status 7");
}

static void spawn__says_who_the_parent_is(void **state)
{
    struct seen seen;
    uv_loop_t loop;

    (void)state;
    spawn(&loop, "parent", NULL, 0, &seen);
    finish(&loop);
    assert_string_equal(seen.how, "exited with status 3");
}

static void spawn__hands_descriptors_over(void **state)
{
    struct seen seen;
    uv_loop_t loop;
    int ends[2];

    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(write(ends[1], "*", 1), 1);
    spawn(&loop, "fd", ends, 1, &seen);
    finish(&loop);
    assert_string_equal(seen.how, "exited with status 42");
    close(ends[0]);
    close(ends[1]);
}

static void channel__carries_frames_both_ways(void **state)
{
    struct seen seen;
    uv_loop_t loop;

    (void)state;
    spawn(&loop, "echo", NULL, 0, &seen);
    assert_int_equal(
        trawl_channel_send(trawl_process_channel(seen.process), TRAWL_MSG_JOB, "{\"a\":1}", 7), 0);
    finish(&loop);
    assert_int_equal(seen.frames, 1);
    assert_string_equal(seen.text, "{\"a\":1}");
    assert_int_equal(seen.gone, 1);
    assert_non_null(strstr(seen.how, "signal 9"));
}

static void kill__is_told_once(void **state)
{
    struct seen seen;
    uv_loop_t loop;

    (void)state;
    spawn(&loop, "spin", NULL, 0, &seen);
    trawl_process_kill(seen.process);
    trawl_process_kill(seen.process);
    finish(&loop);
    assert_int_equal(seen.gone, 1);
    assert_non_null(strstr(seen.how, "signal 9"));
}

static void release__ends_a_child_that_listens(void **state)
{
    struct seen seen;
    uv_loop_t loop;

    (void)state;
    spawn(&loop, "echo", NULL, 0, &seen);
    trawl_process_release(seen.process);
    finish(&loop);
    assert_int_equal(seen.gone, 0); /* nobody is told any more */
}

static void release__kills_a_child_that_does_not(void **state)
{
    struct seen seen;
    uv_loop_t loop;

    (void)state;
    spawn(&loop, "spin", NULL, 0, &seen);
    trawl_process_release(seen.process);
    finish(&loop);
    assert_int_equal(seen.gone, 0);
}

static void kill_all__leaves_nobody(void **state)
{
    struct seen one;
    struct seen two;
    uv_loop_t loop;

    (void)state;
    spawn(&loop, "spin", NULL, 0, &one);
    memset(&two, 0, sizeof(two));
    assert_int_equal(trawl_process_spawn(&loop, "spin", NULL, 0, &seen_ops, &two, &two.process), 0);
    trawl_process_kill_all();
    finish(&loop);
    assert_int_equal(one.gone, 1);
    assert_int_equal(two.gone, 1);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spawn__tells_exit_status),
        cmocka_unit_test(spawn__says_who_the_parent_is),
        cmocka_unit_test(spawn__hands_descriptors_over),
        cmocka_unit_test(channel__carries_frames_both_ways),
        cmocka_unit_test(kill__is_told_once),
        cmocka_unit_test(release__ends_a_child_that_listens),
        cmocka_unit_test(release__kills_a_child_that_does_not),
        cmocka_unit_test(kill_all__leaves_nobody),
    };

    if (argc > 1)
        return child_main(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
