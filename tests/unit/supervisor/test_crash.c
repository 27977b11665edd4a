#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <string.h>

#include "supervisor/crash.h"

static const struct trawl_trail at_a_page = {
    .call = TRAWL_CALL_ON_RESPONSE,
    .has_request = true,
    .fingerprint = {1, 2},
    .url = "http://a/",
};

static struct trawl_crash judge(struct trawl_crash_facts facts, struct trawl_trail trail)
{
    struct trawl_crash crash;

    facts.plugin = "html";
    trawl_crash_judge(&facts, &trail, &crash);
    return crash;
}

static void crash__names_signal_call_and_plugin(void **state)
{
    struct trawl_trail trail = at_a_page;
    struct trawl_crash crash =
        judge((struct trawl_crash_facts){.how = "was ended by signal 11 (Segmentation fault)",
                                         .signal = 11},
              trail);

    (void)state;
    assert_string_equal(crash.what, "was ended by signal 11 (Segmentation fault) in on_response() "
                                    "of plugin 'html'");
    assert_true(crash.blames_page);
    assert_string_equal(crash.url, "http://a/");
    assert_int_equal(crash.page.lo, 2);
    trail.help = TRAWL_HELP_JQ_RUN;
    crash = judge((struct trawl_crash_facts){.how = "exited with status 1"}, trail);
    assert_string_equal(crash.what, "exited with status 1 in jq_run(), called by on_response() "
                                    "of plugin 'html'");
    assert_true(crash.blames_page);
}

static void crash__outside_of_a_page_blames_none(void **state)
{
    struct trawl_trail start = {.call = TRAWL_CALL_START};

    (void)state;
    assert_false(
        judge((struct trawl_crash_facts){.how = "x", .signal = SIGSEGV}, start).blames_page);
    assert_false(
        judge((struct trawl_crash_facts){.how = "x", .signal = SIGSEGV}, (struct trawl_trail){0})
            .blames_page);
}

static void crash__by_a_hand_from_outside_blames_no_page(void **state)
{
    struct trawl_crash_facts facts = {.how = "was ended by signal 9 (Killed)", .signal = SIGKILL};

    (void)state;
    assert_false(judge(facts, at_a_page).blames_page);
    facts.kernel_killed = true;
    assert_true(judge(facts, at_a_page).blames_page);
    assert_non_null(strstr(judge(facts, at_a_page).what, "the machine was out of memory"));
}

static void crash__by_our_own_hand_blames_only_the_silent(void **state)
{
    struct trawl_crash_facts facts = {
        .how = "was killed: it sent rubbish", .signal = SIGKILL, .killed = true};

    (void)state;
    assert_false(judge(facts, at_a_page).blames_page);
    facts.silent = true;
    assert_true(judge(facts, at_a_page).blames_page);
}

static void crash__names_the_limit_of_memory(void **state)
{
    struct trawl_trail trail = at_a_page;

    (void)state;
    trail.out_of_memory = true;
    assert_non_null(strstr(judge((struct trawl_crash_facts){.how = "x",
                                                            .signal = SIGSEGV,
                                                            .memory_bytes = UINT64_C(64) << 20},
                                 trail)
                               .what,
                           ", out of memory: workers.memory is 64 MiB"));
}

static void crash__is_told_in_ascii(void **state)
{
    struct trawl_crash crash;
    const struct trawl_crash_facts facts = {.how = "x", .plugin = "sch\xc3\xb6n"};

    (void)state;
    trawl_crash_judge(&facts, &at_a_page, &crash);
    assert_string_equal(crash.what, "x in on_response() of plugin 'sch??n'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crash__names_signal_call_and_plugin),
        cmocka_unit_test(crash__outside_of_a_page_blames_none),
        cmocka_unit_test(crash__by_a_hand_from_outside_blames_no_page),
        cmocka_unit_test(crash__by_our_own_hand_blames_only_the_silent),
        cmocka_unit_test(crash__names_the_limit_of_memory),
        cmocka_unit_test(crash__is_told_in_ascii),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
