#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "util/fs.h"

/* The plugin itself: it is only known by the symbol that it exports. */
#include "../../../transports/command/command.c"
#include "../../../transports/command/output.c"
#include "../../../transports/command/process.c"
#include "fake_host.h"

/* Longer than anything takes here; nothing is measured by it. */
#define PATIENCE_MS 20000

struct scene {
    char *folder;
    char *file;
    void *transport;
    struct fake_messages messages;
    struct trawl_push_result result;
};

static int setup(void **state)
{
    struct scene *scene = TRAWL_NEW(struct scene);

    fake_reset();
    assert_int_equal(trawl_fs_make_temporary(&scene->folder), 0);
    scene->file = trawl_fs_join(scene->folder, "got");
    *state = scene;
    return 0;
}

static void close_it(struct scene *scene)
{
    if (scene->transport)
        trawl_plugin.transport->destroy(scene->transport);
    scene->transport = NULL;
}

static int teardown(void **state)
{
    struct scene *scene = *state;

    close_it(scene);
    fake_messages_finish(&scene->messages);
    trawl_fs_remove_folder(scene->folder);
    free(scene->folder);
    free(scene->file);
    free(scene);
    return 0;
}

/* A program, with arguments; further options may be written with ' for ". */
static void open_with(struct scene *scene, json_t *command, const char *more)
{
    json_auto_t *options = fake_options("{'env': {}, 'timeout': 10000, 'restart': 0, "
                                        "'acknowledge': false}");
    json_auto_t *given = fake_options(more);
    struct trawl_err err = {0};

    json_object_update(options, given);
    json_object_set_new(options, "command", command);
    if (trawl_plugin.transport->create(&fake_host, NULL, options, &scene->transport, &err) < 0)
        fail_msg("%s: %s", err.where, err.message);
}

static json_t *shell(const char *script)
{
    return json_pack("[s, s, s]", "sh", "-c", script);
}

static void give(struct scene *scene, unsigned first, size_t count, size_t filling)
{
    fake_messages_finish(&scene->messages);
    fake_messages_init(&scene->messages, first, count, filling);
}

static enum trawl_push_outcome push(struct scene *scene)
{
    return fake_push(scene->transport, &scene->messages, 0, &scene->result);
}

/* As many at a time as it likes. */
static void push_delivers(struct scene *scene)
{
    for (size_t at = 0; at < scene->messages.count; at += scene->result.delivered) {
        if (fake_push(scene->transport, &scene->messages, at, &scene->result) !=
            TRAWL_PUSH_DELIVERED)
            fail_msg("%s", scene->result.detail);
        assert_in_range(scene->result.delivered, 1, scene->messages.count - at);
    }
}

static void push_fails(struct scene *scene, size_t delivered, const char *why)
{
    assert_int_equal(push(scene), TRAWL_PUSH_FAILED);
    if (!strstr(scene->result.detail, why))
        fail_msg("'%s' does not say '%s'", scene->result.detail, why);
    assert_int_equal(scene->result.delivered, delivered);
}

static void wait_for_log(const char *part)
{
    for (int ms = 0; !fake_has_logged(part); ms += 10) {
        if (ms > PATIENCE_MS)
            fail_msg("'%s' was not logged, but:\n%s", part, trawl_buf_text(&fake.text));
        poll(NULL, 0, 10);
    }
}

static void wait_for_end(const struct scene *scene)
{
    const struct command *command = scene->transport;

    for (int ms = 0; !process_has_ended(&command->process); ms += 10) {
        if (ms > PATIENCE_MS)
            fail_msg("the program does not end");
        poll(NULL, 0, 10);
    }
}

/* It is not there, or waits to be reaped by who knows. */
static bool is_gone(pid_t pid)
{
    TRAWL_AUTO_FREE char *path = trawl_xasprintf("/proc/%d/stat", (int)pid);
    TRAWL_AUTO_FREE char *text = NULL;
    size_t len;

    return trawl_fs_read(path, 4096, &text, &len) < 0 || strstr(text, ") Z ");
}

static void wait_until_gone(pid_t pid)
{
    for (int ms = 0; !is_gone(pid); ms += 10) {
        if (ms > PATIENCE_MS)
            fail_msg("process %d is still there", (int)pid);
        poll(NULL, 0, 10);
    }
}

/* The number behind `word` in the log. */
static int logged_number(const char *word)
{
    const char *at;

    wait_for_log(word);
    at = strstr(trawl_buf_text(&fake.text), word);
    return (int)strtol(at + strlen(word), NULL, 10);
}

static size_t count_lines(const char *text)
{
    size_t count = 0;

    while ((text = strchr(text, '\n'))) {
        text++;
        count++;
    }
    return count;
}

static void wait_for_lines(const char *file, size_t wanted)
{
    for (int ms = 0; ms <= PATIENCE_MS; ms += 10) {
        TRAWL_AUTO_FREE char *text = NULL;
        size_t len;

        if (trawl_fs_read(file, 1 << 20, &text, &len) == 0 && count_lines(text) >= wanted)
            return;
        poll(NULL, 0, 10);
    }
    fail_msg("%s has not got %zu lines", file, wanted);
}

/* --- options -------------------------------------------------------------------------------------- */

static void create__says_what_is_wrong(void **state)
{
    static const struct {
        const char *options;
        const char *says;
    } cases[] = {
        {"{'command': []}", "command: expected a list of a program and its arguments"},
        {"{'command': ['', 'x']}", "command: expected a list of a program and its arguments"},
        {"{'command': ['x'], 'env': {'A=B': ''}}", "env: expected names without '=', found 'A=B'"},
        {"{'command': ['x'], 'env': {'': ''}}", "env: expected names without '=', found ''"},
        {"{'command': ['/does/not/exist']}", ""}, /* that is seen when it is started */
    };

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(cases); i++) {
        struct trawl_err err;
        char said[1400];

        assert_string_equal(fake_refusal(cases[i].options, &err, said), cases[i].says);
    }
}

static void create__starts_nothing(void **state)
{
    struct scene *scene = *state;
    TRAWL_AUTO_FREE char *script = trawl_xasprintf("touch %s", scene->file);

    open_with(scene, shell(script), "{}");
    close_it(scene);
    assert_int_equal(access(scene->file, F_OK), -1);
}

static void program__gets_its_environment_and_no_descriptors(void **state)
{
    struct scene *scene = *state;
    int stray = fcntl(STDERR_FILENO, F_DUPFD, 77);

    setenv("TRAWL_TEST_KEPT", "kept", 1);
    setenv("TRAWL_TEST_SET", "of the server", 1);
    open_with(scene,
              shell("echo $TRAWL_TEST_KEPT $TRAWL_TEST_SET $0; for fd in /proc/self/fd/*; do "
                    "echo $fd; done; cat"),
              "{'env': {'TRAWL_TEST_SET': 'by option', 'OTHER': ''}}");
    give(scene, 1, 1, 0);
    push_delivers(scene);
    wait_for_log("kept by option sh");
    wait_for_log("5f3a9c01-1");
    assert_false(fake_has_logged("/77"));
    assert_true(fake_has_logged("/proc/self/fd/2"));
    close(stray);
}

/* --- delivering ----------------------------------------------------------------------------------- */

static void push__writes_lines(void **state)
{
    struct scene *scene = *state;
    TRAWL_AUTO_FREE char *script = trawl_xasprintf("cat > %s", scene->file);
    TRAWL_AUTO_FREE char *text = NULL;
    size_t len;

    open_with(scene, shell(script), "{}");
    give(scene, 1, 2, 0);
    push_delivers(scene);
    give(scene, 3, 400, 1000); /* more than a pipe holds */
    push_delivers(scene);
    wait_for_lines(scene->file, 402);
    close_it(scene); /* closes its stdin, and waits for it */
    assert_int_equal(trawl_fs_read(scene->file, 1 << 20, &text, &len), 0);
    assert_int_equal(count_lines(text), 402);
    assert_memory_equal(text,
                        "{\"id\":\"5f3a9c01-1\",\"type\":\"log\",\"text\":\"\"}\n"
                        "{\"id\":\"5f3a9c01-2\",\"type\":\"log\",\"text\":\"\"}\n"
                        "{\"id\":\"5f3a9c01-3\",",
                        100);
}

static void push__says_why_it_cannot_be_started(void **state)
{
    struct scene *scene = *state;

    open_with(scene, json_pack("[s]", "/does/not/exist"), "{'restart': 3600000}");
    give(scene, 1, 1, 0);
    push_fails(scene, 0, "'/does/not/exist' cannot be started: No such file or directory");
    assert_true(scene->result.retry_after_ms > 3500000);
    close_it(scene);
    open_with(scene, json_pack("[s]", scene->folder), "{}");
    push_fails(scene, 0, "cannot be started: Permission denied");
}

#define ANSWER "s/^{\"id\":\"\\([^\"]*\\)\".*/\\1/"

static void push__waits_for_acknowledgements(void **state)
{
    struct scene *scene = *state;

    open_with(scene, json_pack("[s, s, s]", "sed", "-u", ANSWER), "{'acknowledge': true}");
    give(scene, 1, 3, 0);
    push_delivers(scene);
    give(scene, 4, 500, 500);
    push_delivers(scene);
    assert_false(fake_has_logged("5f3a9c01"));
}

/* However slow it is, a call comes back before anybody takes it for one that hangs. */
static void push__brings_as_many_at_once_as_fit_the_program(void **state)
{
    struct command quick = {.batch = BATCH_FIRST};
    struct scene *scene = *state;

    open_with(scene, json_pack("[s, s, s]", "sed", "-u", ANSWER), "{'acknowledge': true}");
    give(scene, 1, 500, 0);
    assert_int_equal(push(scene), TRAWL_PUSH_DELIVERED);
    assert_int_equal(scene->result.delivered, BATCH_FIRST);
    for (int i = 0; i < 20; i++)
        adapt_batch(&quick, FAST_MS - 1);
    assert_int_equal(quick.batch, BATCH_MAX);
    adapt_batch(&quick, SLOW_MS);
    assert_int_equal(quick.batch, BATCH_MAX);
    for (int i = 0; i < 20; i++)
        adapt_batch(&quick, SLOW_MS + 1);
    assert_int_equal(quick.batch, 1);
}

static void push__takes_an_answer_for_all_before_it(void **state)
{
    struct scene *scene = *state;

    /* Says much, also ids that nobody waits for, and answers only the third. */
    open_with(scene,
              shell("while read -r line; do case $line in *-3*) echo hello; echo 5f3a9c01-99; "
                    "echo 5f3a9c01-3;; esac; done"),
              "{'acknowledge': true}");
    give(scene, 1, 3, 0);
    push_delivers(scene);
    wait_for_log("hello");
    wait_for_log("5f3a9c01-99");
}

static void push__counts_what_was_acknowledged_before_the_end(void **state)
{
    struct scene *scene = *state;

    open_with(scene, shell("for i in 1 2 3; do read -r line; echo 5f3a9c01-$i; done; exit 3"),
              "{'acknowledge': true, 'restart': 3600000}");
    give(scene, 1, 10, 0);
    push_fails(scene, 3, "the program exited with status 3");
    assert_true(scene->result.retry_after_ms > 3500000);
    push_fails(scene, 0, "the program exited with status 3, and is not started again yet");
    assert_true(scene->result.retry_after_ms > 3500000);
}

static void push__counts_what_was_read_before_the_end(void **state)
{
    struct scene *scene = *state;

    /* More than a pipe holds, so that the end is met while it is written. */
    open_with(scene, shell("read -r line; read -r line; kill -9 $$"), "{}");
    give(scene, 1, 10, 50000);
    push_fails(scene, 2, "the program was ended by SIGKILL");
}

static void push__ends_a_program_that_does_not_go_on(void **state)
{
    struct scene *scene = *state;
    int first;

    open_with(scene, shell("echo first $$; sleep 1000"), "{'timeout': 1000}");
    give(scene, 1, 3, 100000);
    push_fails(scene, 0, "the program has read nothing for 1000 ms, and was ended");
    first = logged_number("first ");
    assert_true(is_gone(first));
    close_it(scene);
    /* It may also refuse to end. */
    open_with(scene, shell("trap '' TERM; echo second $$; while :; do read -r line; done"),
              "{'timeout': 1000, 'acknowledge': true}");
    push_fails(scene, 0, "the program has acknowledged nothing for 1000 ms, and was ended");
    assert_true(is_gone(logged_number("second ")));
}

static void push__comes_back_when_the_server_ends(void **state)
{
    struct scene *scene = *state;

    open_with(scene, json_pack("[s, s]", "sleep", "1000"),
              "{'timeout': 3600000, 'acknowledge': true}");
    give(scene, 1, 1, 0);
    fake.stopping = true;
    push_fails(scene, 0, "the server is ending");
}

static void push__starts_again_what_has_ended(void **state)
{
    struct scene *scene = *state;
    TRAWL_AUTO_FREE char *script = trawl_xasprintf("read -r line; echo $line >> %s", scene->file);
    TRAWL_AUTO_FREE char *text = NULL;
    size_t len;

    open_with(scene, shell(script), "{}");
    for (unsigned i = 1; i <= 3; i++) {
        give(scene, i, 1, 0);
        push_delivers(scene);
        wait_for_end(scene);
    }
    assert_int_equal(trawl_fs_read(scene->file, 1 << 20, &text, &len), 0);
    assert_int_equal(count_lines(text), 3);
    assert_true(fake_has_logged("2 the program exited with status 0"));
}

/* --- what it says, and how it ends ---------------------------------------------------------------- */

static void output__is_logged_within_limits(void **state)
{
    struct scene *scene = *state;
    char expected[1100];

    memset(expected, 'a', OUTPUT_LINE_MAX);
    snprintf(expected + OUTPUT_LINE_MAX, 2, "\n");
    open_with(scene,
              shell("head -c 5000 /dev/zero | tr '\\0' a; echo; printf 'with return\\r\\n\\n'; "
                    "echo to stderr >&2; cat > /dev/null; printf 'without end'"),
              "{}");
    give(scene, 1, 1, 0);
    push_delivers(scene);
    wait_for_log(expected);
    wait_for_log("1 with return\n");
    wait_for_log("2 to stderr\n");
    close_it(scene);
    assert_true(fake_has_logged("1 without end\n"));
    open_with(scene, shell("seq 100000; echo; sleep 3; echo later; cat"), "{}");
    push_delivers(scene);
    wait_for_log("lines of the program were left out");
    wait_for_log("later");
    assert_true(count_lines(trawl_buf_text(&fake.text)) < 200);
    close_it(scene);
    /* The end does not make them forgotten. */
    fake_reset();
    open_with(scene, shell("seq 50; cat > /dev/null; seq 50"), "{}");
    push_delivers(scene);
    close_it(scene);
    assert_true(fake_has_logged("lines of the program were left out"));
}

static void destroy__ends_the_whole_group(void **state)
{
    struct scene *scene = *state;
    int child;

    open_with(scene, shell("sleep 1000 & echo child $!; cat > /dev/null; exit 0"), "{}");
    give(scene, 1, 1, 0);
    push_delivers(scene);
    child = logged_number("child ");
    assert_false(is_gone(child));
    close_it(scene);
    wait_until_gone(child);
}

static void program__dies_with_who_has_started_it(void **state)
{
    struct scene *scene = *state;
    int status;
    pid_t starter;
    int ends[2];
    pid_t program = 0;

    open_with(scene, json_pack("[s, s]", "sleep", "1000"), "{}");
    give(scene, 1, 1, 0);
    assert_int_equal(pipe(ends), 0);
    starter = fork();
    if (starter == 0) {
        push(scene);
        program = ((struct command *)scene->transport)->process.pid;
        if (write(ends[1], &program, sizeof(program)) < 0)
            _exit(1);
        raise(SIGKILL);
    }
    assert_int_equal(waitpid(starter, &status, 0), starter);
    assert_int_equal(read(ends[0], &program, sizeof(program)), sizeof(program));
    assert_true(program > 0);
    wait_until_gone(program);
    close(ends[0]);
    close(ends[1]);
}

#define COMMAND_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        COMMAND_TEST(create__says_what_is_wrong),
        COMMAND_TEST(create__starts_nothing),
        COMMAND_TEST(program__gets_its_environment_and_no_descriptors),
        COMMAND_TEST(push__writes_lines),
        COMMAND_TEST(push__says_why_it_cannot_be_started),
        COMMAND_TEST(push__waits_for_acknowledgements),
        COMMAND_TEST(push__brings_as_many_at_once_as_fit_the_program),
        COMMAND_TEST(push__takes_an_answer_for_all_before_it),
        COMMAND_TEST(push__counts_what_was_acknowledged_before_the_end),
        COMMAND_TEST(push__counts_what_was_read_before_the_end),
        COMMAND_TEST(push__ends_a_program_that_does_not_go_on),
        COMMAND_TEST(push__comes_back_when_the_server_ends),
        COMMAND_TEST(push__starts_again_what_has_ended),
        COMMAND_TEST(output__is_logged_within_limits),
        COMMAND_TEST(destroy__ends_the_whole_group),
        COMMAND_TEST(program__dies_with_who_has_started_it),
    };

    signal(SIGPIPE, SIG_IGN); /* as the host has it */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
