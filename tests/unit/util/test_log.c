#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/alloc.h"
#include "util/log.h"

/* What a function that logs writes to stderr, without the time that each line begins with. Borrowed until the next call. */
static const char *written_by(void (*logs)(void))
{
    static char text[8192];
    int ends[2];
    int stderr_copy = dup(STDERR_FILENO);
    ssize_t len;

    assert_int_equal(pipe(ends), 0);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    logs();
    assert_true(dup2(stderr_copy, STDERR_FILENO) >= 0);
    close(stderr_copy);
    close(ends[1]);
    len = read(ends[0], text, sizeof(text) - 1);
    close(ends[0]);
    assert_true(len >= 0);
    text[len] = '\0';
    if (len == 0)
        return text;
    assert_true(len > 25); /* 2026-01-31T12:00:00.123Z and a space */
    assert_int_equal(text[10], 'T');
    assert_int_equal(text[23], 'Z');
    return text + 25;
}

static struct trawl_log origin;

static void log_hello(void)
{
    trawl_warning(&origin, "hello %d", 7);
}

static void log_debug(void)
{
    trawl_debug(&origin, "not now");
}

static void log_long(void)
{
    TRAWL_AUTO_FREE char *text = trawl_xalloc(5001);

    memset(text, 'x', 5000);
    trawl_info(&origin, "%s", text);
}

static void log__is_a_line_with_level_and_origin(void **state)
{
    (void)state;
    trawl_log_init(&origin, "worker %d/%s", 12, "books");
    assert_string_equal(written_by(log_hello), "warning worker 12/books: hello 7\n");
}

static void log__drops_what_is_below_the_level(void **state)
{
    (void)state;
    trawl_log_init(&origin, "test");
    assert_int_equal(trawl_log_level(), TRAWL_LOG_INFO);
    assert_string_equal(written_by(log_debug), "");
    trawl_log_set_level(TRAWL_LOG_DEBUG);
    assert_string_equal(written_by(log_debug), "debug test: not now\n");
    trawl_log_set_level(TRAWL_LOG_ERROR);
    assert_string_equal(written_by(log_hello), "");
    trawl_log_set_level(TRAWL_LOG_INFO);
}

/* It stays one line, which one write() takes. */
static void log__cuts_a_long_line(void **state)
{
    const char *line;
    size_t len;

    (void)state;
    trawl_log_init(&origin, "test");
    line = written_by(log_long);
    len = strlen(line);
    assert_in_range(len, 1000, 2048);
    assert_ptr_equal(strchr(line, '\n'), line + len - 1);
    assert_memory_equal(line, "info test: xxx", 14);
    assert_int_equal(line[len - 2], 'x');
}

static void log_init__cuts_a_long_origin(void **state)
{
    (void)state;
    trawl_log_init(&origin, "%0200d", 7);
    assert_int_equal(strlen(origin.origin), sizeof(origin.origin) - 1);
}

static void log_level__has_a_name(void **state)
{
    static const char *const names[] = {"debug", "info", "warning", "error"};
    enum trawl_log_level level = TRAWL_LOG_INFO;

    (void)state;
    for (int i = TRAWL_LOG_DEBUG; i <= TRAWL_LOG_ERROR; i++) {
        assert_string_equal(trawl_log_level_name((enum trawl_log_level)i), names[i]);
        assert_int_equal(trawl_log_level_parse(names[i], &level), 0);
        assert_int_equal(level, i);
    }
    assert_string_equal(trawl_log_level_name((enum trawl_log_level)77), "unknown");
    assert_int_equal(trawl_log_level_parse("Error", &level), -EINVAL);
    assert_int_equal(trawl_log_level_parse("", &level), -EINVAL);
    assert_int_equal(level, TRAWL_LOG_ERROR);
}

/* --- quoting ------------------------------------------------------------------------------------- */

static void log_quote__spells_control_bytes(void **state)
{
    static const struct {
        const char *text;
        const char *quoted;
    } table[] = {
        {"", ""},
        {"plain 'text' \\ %s", "plain 'text' \\ %s"},
        {"a\nb\r\n", "a\\x0ab\\x0d\\x0a"},
        {"\x1b[31mred\x7f", "\\x1b[31mred\\x7f"},
        {"\t\x01", "\\x09\\x01"},
        {"Gr\xc3\xbc\xc3\x9f", "Gr\xc3\xbc\xc3\x9f"},
    };
    char room[64];

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(table); i++) {
        assert_ptr_equal(trawl_log_quote(room, sizeof(room), table[i].text), room);
        assert_string_equal(room, table[i].quoted);
    }
}

/* Whatever the room, it is not left: neither by plain text nor by what becomes longer. */
static void log_quote__stays_in_its_room(void **state)
{
    (void)state;
    for (size_t size = 1; size <= 40; size++) {
        static const char *const texts[] = {"abcdefghijklmnopqrstuvwxyz0123456789abcdefgh",
                                            "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n",
                                            "a\nbc\ndef\nghij\nklmno\n"};

        for (size_t i = 0; i < TRAWL_ARRAY_SIZE(texts); i++) {
            char *room = trawl_xalloc(size + 1);

            room[size] = 'K';
            trawl_log_quote(room, size, texts[i]);
            assert_in_range(strlen(room), 0, size - 1);
            assert_int_equal(room[size], 'K');
            free(room);
        }
    }
}

/* A text that is cut is cut between its characters, or the line is no text any more. */
static void log_quote__cuts_between_characters(void **state)
{
    static const char *const cuts[] = {"", "\xc3\xbc", "\xc3\xbc\xe2\x98\x83",
                                       "\xc3\xbc\xe2\x98\x83\xf0\x9f\x98\x80", NULL};
    char room[32];

    (void)state;
    for (size_t size = 1; size < sizeof(room); size++) {
        bool whole = false;

        trawl_log_quote(room, size, "\xc3\xbc\xe2\x98\x83\xf0\x9f\x98\x80");
        for (size_t i = 0; cuts[i]; i++)
            whole = whole || strcmp(room, cuts[i]) == 0;
        assert_true(whole);
    }
    assert_string_equal(room, cuts[3]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log__is_a_line_with_level_and_origin),
        cmocka_unit_test(log__drops_what_is_below_the_level),
        cmocka_unit_test(log__cuts_a_long_line),
        cmocka_unit_test(log_init__cuts_a_long_origin),
        cmocka_unit_test(log_level__has_a_name),
        cmocka_unit_test(log_quote__spells_control_bytes),
        cmocka_unit_test(log_quote__stays_in_its_room),
        cmocka_unit_test(log_quote__cuts_between_characters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
