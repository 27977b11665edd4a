#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/arguments.h"
#include "cli/cli.h"
#include "util/alloc.h"

#define WORDS_MAX 8

static struct {
    const char *output;
    unsigned limit;
    bool json;
    int taken;
} got;

static int take(void *to, const char *value)
{
    *(int *)to += 1;
    return strcmp(value, "bad") == 0 ? TRAWL_EXIT_FAILED : -1;
}

static const struct trawl_cli_option options[] = {
    {"output", "FILE", "there,\nnot here", .letter = 'o', .text = &got.output},
    {"limit", "N", "so many", .number = &got.limit, .min = 1, .max = 10},
    {"json", NULL, "as JSON", .letter = 'j', .flag = &got.json},
    {"set", "VALUE", "this, too", .take = take, .to = &got.taken},
    {0},
};

static const struct trawl_cli_syntax syntax = {"test", options, .about = "About.\n",
                                               .ending = "Ending.\n", .max_words = 2};

/* getopt_long() moves words about, so they are a copy; `words` ends with NULL. */
static int parse(const char *const *words, int *ret_argc, char ***ret_argv)
{
    static char *argv[WORDS_MAX + 1];
    int argc = 0;

    memset(&got, 0, sizeof(got));
    argv[argc++] = (char *)(uintptr_t) "test";
    for (; *words; words++)
        argv[argc++] = (char *)(uintptr_t)*words;
    argv[argc] = NULL;
    *ret_argc = argc;
    *ret_argv = argv;
    return trawl_cli_parse(&syntax, ret_argc, ret_argv);
}

/* What is printed to `stream` meanwhile. */
static int parse_and_read(const char *const *words, FILE *stream, char *text, size_t size)
{
    FILE *file = tmpfile();
    int fd = fileno(stream);
    char **argv;
    int saved;
    int code;
    int argc;

    fflush(stream);
    saved = dup(fd);
    dup2(fileno(file), fd);
    code = parse(words, &argc, &argv);
    fflush(stream);
    dup2(saved, fd);
    close(saved);
    rewind(file);
    text[fread(text, 1, size - 1, file)] = '\0';
    fclose(file);
    return code;
}

static void parse__puts_values_where_the_table_says(void **state)
{
    const char *const words[] = {"one", "--limit=7", "-jofile", "--set",
                                 "a",   "two",       "--set=b", NULL};
    char **argv;
    int argc;

    (void)state;
    assert_int_equal(parse(words, &argc, &argv), -1);
    assert_int_equal(got.limit, 7);
    assert_true(got.json);
    assert_string_equal(got.output, "file");
    assert_int_equal(got.taken, 2);
    assert_int_equal(argc, 2);
    assert_string_equal(argv[0], "one");
    assert_string_equal(argv[1], "two");
}

static void parse__takes_all_after_two_dashes_for_words(void **state)
{
    const char *const words[] = {"--", "--json", NULL};
    char **argv;
    int argc;

    (void)state;
    assert_int_equal(parse(words, &argc, &argv), -1);
    assert_false(got.json);
    assert_int_equal(argc, 1);
    assert_string_equal(argv[0], "--json");
}

static void parse__stops_at_what_is_refused(void **state)
{
    const char *const words[] = {"--set", "bad", "--set", "good", NULL};
    char **argv;
    int argc;

    (void)state;
    assert_int_equal(parse(words, &argc, &argv), TRAWL_EXIT_FAILED);
    assert_int_equal(got.taken, 1);
}

static void parse__says_what_is_wrong(void **state)
{
    static const struct {
        const char *words[WORDS_MAX];
        const char *said;
    } cases[] = {
        {{"--limt", "3"}, "there is no option '--limt'; did you mean '--limit'?"},
        {{"--hlep=x"}, "there is no option '--hlep'; did you mean '--help'?"},
        {{"--colour"}, "there is no option '--colour'"},
        {{"-jx"}, "there is no option '-x'"},
        {{"--limit"}, "option '--limit' needs a value"},
        {{"-o"}, "option '--output' needs a value"},
        {{"--json=1"}, "option '--json' takes no value"},
        {{"--help=1"}, "option '--help' takes no value"},
        {{"--limit", "11"}, "--limit is a number from 1 to 10, not '11'"},
        {{"--limit", "0x2"}, "--limit is a number from 1 to 10, not '0x2'"},
        {{"1", "2", "-j", "3"}, "'3' is one argument too many"},
    };

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(cases); i++) {
        TRAWL_AUTO_FREE char *expected =
            trawl_xasprintf("trawl test: %s\n`trawl test --help` says more.\n", cases[i].said);
        char said[256];

        assert_int_equal(parse_and_read(cases[i].words, stderr, said, sizeof(said)),
                         TRAWL_EXIT_USAGE);
        assert_string_equal(said, expected);
    }
}

static void help__is_made_of_the_table(void **state)
{
    const char *const words[] = {"--help", NULL};
    char text[512];

    (void)state;
    assert_int_equal(parse_and_read(words, stdout, text, sizeof(text)), TRAWL_EXIT_COMPLETED);
    assert_string_equal(text, "About.\n\n"
                              "  -o, --output FILE  there,\n"
                              "                     not here\n"
                              "  --limit N          so many\n"
                              "  -j, --json         as JSON\n"
                              "  --set VALUE        this, too\n"
                              "  -h, --help         this text\n"
                              "\nEnding.\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parse__puts_values_where_the_table_says),
        cmocka_unit_test(parse__takes_all_after_two_dashes_for_words),
        cmocka_unit_test(parse__stops_at_what_is_refused),
        cmocka_unit_test(parse__says_what_is_wrong),
        cmocka_unit_test(help__is_made_of_the_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
