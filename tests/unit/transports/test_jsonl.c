#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <sys/resource.h>

#include "util/fs.h"

/* The plugin itself: it is only known by the symbol that it exports. */
#include "../../../transports/jsonl/jsonl.c"
#include "fake_host.h"

struct scene {
    char *folder;
    char *path;
    void *transport;
    struct fake_messages messages;
    struct trawl_push_result result;
};

static int setup(void **state)
{
    struct scene *scene = TRAWL_NEW(struct scene);

    fake_reset();
    assert_int_equal(trawl_fs_make_temporary(&scene->folder), 0);
    scene->path = trawl_fs_join(scene->folder, "events.jsonl");
    *state = scene;
    return 0;
}

static int teardown(void **state)
{
    struct scene *scene = *state;

    if (scene->transport)
        trawl_plugin.transport->destroy(scene->transport);
    fake_messages_finish(&scene->messages);
    trawl_fs_remove_folder(scene->folder);
    free(scene->folder);
    free(scene->path);
    free(scene);
    return 0;
}

/* Options beside the path; all that have a default are there, as the host has them. */
static void open_with(struct scene *scene, const char *more)
{
    TRAWL_AUTO_FREE char *text = trawl_xasprintf(
        "{'path': '%s', 'rotate_size': 0, 'rotate_every': 'never', 'keep': 0, 'fsync': 'always'}",
        scene->path);
    json_auto_t *options = fake_options(text);
    json_auto_t *given = fake_options(more);
    struct trawl_err err = {0};

    json_object_update(options, given);
    assert_int_equal(
        trawl_plugin.transport->create(&fake_host, NULL, options, &scene->transport, &err), 0);
}

static void close_it(struct scene *scene)
{
    trawl_plugin.transport->destroy(scene->transport);
    scene->transport = NULL;
}

static void give(struct scene *scene, unsigned first, size_t count, size_t filling)
{
    fake_messages_finish(&scene->messages);
    fake_messages_init(&scene->messages, first, count, filling);
}

/* All of them, in as many calls as it takes; how many that were. */
static unsigned push_all(struct scene *scene)
{
    unsigned calls = 0;

    for (size_t from = 0; from < scene->messages.count; from += scene->result.delivered) {
        if (fake_push(scene->transport, &scene->messages, from, &scene->result) !=
            TRAWL_PUSH_DELIVERED)
            fail_msg("%s", scene->result.detail);
        calls++;
    }
    return calls;
}

static void push_fails(struct scene *scene, const char *why)
{
    assert_int_equal(fake_push(scene->transport, &scene->messages, 0, &scene->result),
                     TRAWL_PUSH_FAILED);
    assert_int_equal(scene->result.delivered, 0);
    if (!strstr(scene->result.detail, why))
        fail_msg("'%s' does not say '%s'", scene->result.detail, why);
}

static void write_file(const struct scene *scene, const char *text, size_t len)
{
    FILE *file = fopen(scene->path, "w");

    assert_int_equal(fwrite(text, 1, len, file), len);
    fclose(file);
}

static void expect_text(const char *path, const char *expected)
{
    TRAWL_AUTO_FREE char *text = NULL;
    size_t len;

    assert_int_equal(trawl_fs_read(path, 1 << 24, &text, &len), 0);
    assert_string_equal(text, expected);
    assert_int_equal(len, strlen(expected));
}

/* The numbers in a file's lines, "1 2 3 ", added to `numbers`; each line is whole JSON. */
static void add_numbers(const char *path, struct trawl_buf *numbers)
{
    TRAWL_AUTO_FREE char *text = NULL;
    char *line;
    size_t len;

    assert_int_equal(trawl_fs_read(path, 1 << 24, &text, &len), 0);
    assert_true(len == 0 || text[len - 1] == '\n');
    for (line = text; *line; line = strchr(line, '\0') + 1) {
        json_auto_t *json = NULL;

        *strchr(line, '\n') = '\0';
        json = json_loads(line, 0, NULL);
        assert_non_null(json);
        trawl_buf_printf(numbers, "%s ",
                         json_string_value(json_object_get(json, "id")) + strlen("5f3a9c01-"));
    }
}

/* The numbers in all files that were rotated, in the order of their names, and in the one that was not; their count. */
static size_t expect_numbers(const struct scene *scene, const char *expected)
{
    struct dirent **entries;
    struct trawl_buf numbers;
    int count = scandir(scene->folder, &entries, NULL, alphasort);
    size_t files = 0;

    trawl_buf_init(&numbers, 1 << 20);
    for (int i = 0; i < count; i++) {
        TRAWL_AUTO_FREE char *path = trawl_fs_join(scene->folder, entries[i]->d_name);

        if (strncmp(entries[i]->d_name, "events.jsonl.", strlen("events.jsonl.")) == 0) {
            add_numbers(path, &numbers);
            files++;
        }
        free(entries[i]);
    }
    free(entries);
    add_numbers(scene->path, &numbers);
    assert_string_equal(trawl_buf_text(&numbers), expected);
    trawl_buf_finish(&numbers);
    return files;
}

/* --- writing -------------------------------------------------------------------------------------- */

static void create__touches_nothing_and_refuses_folders(void **state)
{
    static const char *const bad[] = {"", ".", "..", "/", "a/", "a/.."};
    struct scene *scene = *state;

    open_with(scene, "{}");
    close_it(scene);
    assert_int_equal(access(scene->path, F_OK), -1);
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(bad); i++) {
        TRAWL_AUTO_FREE char *options = trawl_xasprintf(
            "{'path': '%s', 'rotate_size': 0, 'rotate_every': 'never', 'fsync': 'never'}", bad[i]);
        struct trawl_err err;
        char said[1400];

        assert_string_equal(fake_refusal(options, &err, said),
                            "path: expected the name of a file, not of a folder");
    }
}

static void push__appends_lines(void **state)
{
    struct scene *scene = *state;

    open_with(scene, "{}");
    give(scene, 1, 2, 1);
    assert_int_equal(push_all(scene), 1);
    expect_text(scene->path, "{\"id\":\"5f3a9c01-1\",\"type\":\"log\",\"text\":\"x\"}\n"
                             "{\"id\":\"5f3a9c01-2\",\"type\":\"log\",\"text\":\"x\"}\n");
    close_it(scene);
    open_with(scene, "{'fsync': 'never'}");
    give(scene, 3, 4, 100000);
    assert_int_equal(push_all(scene), 1);
    assert_int_equal(expect_numbers(scene, "1 2 3 4 5 6 "), 0);
}

static void push__waits_for_its_folder(void **state)
{
    struct scene *scene = *state;

    open_with(scene, "{}");
    give(scene, 1, 3, 0);
    trawl_fs_remove_folder(scene->folder);
    push_fails(scene, "No such file or directory");
    assert_int_equal(mkdir(scene->folder, 0700), 0);
    push_all(scene);
    assert_int_equal(expect_numbers(scene, "1 2 3 "), 0);
}

static void push__leaves_no_half_batch_when_a_write_fails(void **state)
{
    struct scene *scene = *state;
    struct rlimit limit;
    struct rlimit little;

    signal(SIGXFSZ, SIG_IGN);
    open_with(scene, "{}");
    give(scene, 1, 3, 100);
    push_all(scene);
    give(scene, 4, 20, 100);
    getrlimit(RLIMIT_FSIZE, &limit);
    /* As on a disk that is nearly full: some of it is written, then no more. */
    little = (struct rlimit){.rlim_cur = 1000, .rlim_max = limit.rlim_max};
    setrlimit(RLIMIT_FSIZE, &little);
    push_fails(scene, "cannot be written: File too large");
    assert_int_equal(expect_numbers(scene, "1 2 3 "), 0);
    push_fails(scene, "cannot be written");
    setrlimit(RLIMIT_FSIZE, &limit);
    push_all(scene);
    assert_int_equal(expect_numbers(scene, "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 "
                                           "22 23 "),
                     0);
}

/* --- opening -------------------------------------------------------------------------------------- */

#define WHOLE "{\"id\":\"5f3a9c01-1\"}\n"

static void open__cuts_what_is_not_whole(void **state)
{
    static const char nuls[] = WHOLE "\0\0\0\0\0";
    static const struct {
        const char *text;
        size_t len;
        const char *numbers;
    } cases[] = {
        {WHOLE, sizeof(WHOLE) - 1, "1 2 "},
        {"", 0, "2 "},
        {WHOLE "{\"id\":\"5f3", sizeof(WHOLE) + 9, "1 2 "},
        {"{\"id\":\"5f3a9c01-1\"}", sizeof(WHOLE) - 2, "2 "},
        {nuls, sizeof(nuls) - 1, "1 2 "},
    };
    struct scene *scene = *state;

    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(cases); i++) {
        write_file(scene, cases[i].text, cases[i].len);
        open_with(scene, "{}");
        give(scene, 2, 1, 0);
        push_all(scene);
        expect_numbers(scene, cases[i].numbers);
        close_it(scene);
    }
    assert_true(fake_has_logged("cut off 10 bytes of a line that was not whole"));
}

static void open__finds_a_long_torn_line(void **state)
{
    struct scene *scene = *state;
    size_t len = strlen(WHOLE) + 100000;
    TRAWL_AUTO_FREE char *text = trawl_xalloc(len + 1);

    memset(text, 'x', len);
    memcpy(text, WHOLE "{", strlen(WHOLE "{"));
    write_file(scene, text, len);
    open_with(scene, "{}");
    give(scene, 2, 1, 0);
    push_all(scene);
    expect_numbers(scene, "1 2 ");
}

static void open__leaves_anothers_file_alone(void **state)
{
    struct scene *scene = *state;

    write_file(scene, "#!/bin/sh\nexit 0", 16);
    open_with(scene, "{}");
    give(scene, 1, 1, 0);
    push_fails(scene, "is it another's file?");
    expect_text(scene->path, "#!/bin/sh\nexit 0");
    assert_int_equal(unlink(scene->path), 0);
    assert_int_equal(mkfifo(scene->path, 0600), 0);
    push_fails(scene, "is no file");
    assert_int_equal(unlink(scene->path), 0);
    assert_int_equal(symlink("/dev/null", scene->path), 0);
    push_fails(scene, "cannot be opened");
}

static void open__refuses_a_second_writer(void **state)
{
    struct scene *scene = *state;
    void *first;

    open_with(scene, "{}");
    give(scene, 1, 1, 0);
    push_all(scene);
    first = scene->transport;
    open_with(scene, "{}");
    push_fails(scene, "is being written by another");
    trawl_plugin.transport->destroy(first);
    push_all(scene);
    assert_int_equal(expect_numbers(scene, "1 1 "), 0);
}

static void push__goes_on_in_a_new_file_when_the_old_was_moved(void **state)
{
    struct scene *scene = *state;
    TRAWL_AUTO_FREE char *moved = trawl_fs_join(scene->folder, "moved");

    open_with(scene, "{}");
    give(scene, 1, 2, 0);
    push_all(scene);
    assert_int_equal(rename(scene->path, moved), 0);
    give(scene, 3, 2, 0);
    push_all(scene);
    expect_numbers(scene, "3 4 ");
    assert_int_equal(unlink(scene->path), 0);
    give(scene, 5, 1, 0);
    push_all(scene);
    expect_numbers(scene, "5 ");
}

/* --- rotating ------------------------------------------------------------------------------------- */

static void rotate__by_size(void **state)
{
    struct scene *scene = *state;
    struct stat status;

    open_with(scene, "{'rotate_size': 400}"); /* three lines of 100 and some bytes */
    give(scene, 1, 10, 70);
    assert_int_equal(push_all(scene), 4);
    assert_int_equal(expect_numbers(scene, "1 2 3 4 5 6 7 8 9 10 "), 3);
    assert_int_equal(stat(scene->path, &status), 0);
    assert_true(status.st_size > 0 && status.st_size <= 400);
    /* What fits nowhere has a file of its own. */
    give(scene, 11, 3, 1000);
    assert_int_equal(push_all(scene), 3);
    assert_int_equal(expect_numbers(scene, "1 2 3 4 5 6 7 8 9 10 11 12 13 "), 6);
}

static void rotate__keeps_the_newest(void **state)
{
    struct scene *scene = *state;
    TRAWL_AUTO_FREE char *other = trawl_fs_join(scene->folder, "events.jsonl.bak");

    open_with(scene, "{'rotate_size': 1, 'keep': 2}");
    give(scene, 1, 7, 0);
    push_all(scene);
    assert_int_equal(expect_numbers(scene, "5 6 7 "), 2);
    /* Of files that have such a name only. */
    close(open(other, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    give(scene, 8, 2, 0);
    push_all(scene);
    assert_int_equal(expect_numbers(scene, "7 8 9 "), 3);
}

static void age(const struct scene *scene, time_t seconds)
{
    const struct timespec times[] = {{.tv_sec = time(NULL) - seconds},
                                     {.tv_sec = time(NULL) - seconds}};

    assert_int_equal(utimensat(AT_FDCWD, scene->path, times, 0), 0);
}

static void rotate__by_time(void **state)
{
    struct scene *scene = *state;

    open_with(scene, "{'rotate_every': 'hour'}");
    give(scene, 1, 2, 0);
    push_all(scene);
    age(scene, 3600);
    give(scene, 3, 2, 0);
    push_all(scene);
    assert_int_equal(expect_numbers(scene, "1 2 3 4 "), 1);
    close_it(scene);
    open_with(scene, "{'rotate_every': 'day'}");
    age(scene, 86400);
    give(scene, 5, 1, 0);
    push_all(scene); /* also one that was written before the server began */
    assert_int_equal(expect_numbers(scene, "1 2 3 4 5 "), 2);
    give(scene, 6, 1, 0);
    push_all(scene);
    assert_int_equal(expect_numbers(scene, "1 2 3 4 5 6 "), 2);
    close_it(scene);
    open_with(scene, "{'rotate_every': 'never'}");
    age(scene, 86400 * 100);
    give(scene, 7, 1, 0);
    push_all(scene);
    assert_int_equal(expect_numbers(scene, "1 2 3 4 5 6 7 "), 2);
}

#define JSONL_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        JSONL_TEST(create__touches_nothing_and_refuses_folders),
        JSONL_TEST(push__appends_lines),
        JSONL_TEST(push__waits_for_its_folder),
        JSONL_TEST(push__leaves_no_half_batch_when_a_write_fails),
        JSONL_TEST(open__cuts_what_is_not_whole),
        JSONL_TEST(open__finds_a_long_torn_line),
        JSONL_TEST(open__leaves_anothers_file_alone),
        JSONL_TEST(open__refuses_a_second_writer),
        JSONL_TEST(push__goes_on_in_a_new_file_when_the_old_was_moved),
        JSONL_TEST(rotate__by_size),
        JSONL_TEST(rotate__keeps_the_newest),
        JSONL_TEST(rotate__by_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
