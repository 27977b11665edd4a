#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/progress.h"

static void bar__fills_from_the_left(void **state)
{
    char bar[16];

    (void)state;
    trawl_progress_bar(bar, sizeof(bar), 10, 0, 4);
    assert_string_equal(bar, "[>         ]");
    trawl_progress_bar(bar, sizeof(bar), 10, 2, 4);
    assert_string_equal(bar, "[=====>    ]");
    trawl_progress_bar(bar, sizeof(bar), 10, 4, 4);
    assert_string_equal(bar, "[==========]");
}

static void bar__holds_more_than_the_total(void **state)
{
    char bar[16];

    (void)state;
    trawl_progress_bar(bar, sizeof(bar), 10, 9, 4);
    assert_string_equal(bar, "[==========]");
    trawl_progress_bar(bar, sizeof(bar), 10, UINT64_MAX, UINT64_MAX);
    assert_string_equal(bar, "[==========]");
}

static void bar__moves_without_a_total(void **state)
{
    char bar[16];

    (void)state;
    trawl_progress_bar(bar, sizeof(bar), 10, 0, 0);
    assert_string_equal(bar, "[<=>       ]");
    trawl_progress_bar(bar, sizeof(bar), 10, 7, 0);
    assert_string_equal(bar, "[       <=>]");
    trawl_progress_bar(bar, sizeof(bar), 10, 8, 0);
    assert_string_equal(bar, "[<=>       ]");
}

static void bar__refuses_too_little_room(void **state)
{
    char bar[8] = "x";

    (void)state;
    trawl_progress_bar(bar, sizeof(bar), 10, 1, 2);
    assert_string_equal(bar, "");
}

/* What two events say in a form; the caller frees it. */
static char *shown(enum trawl_progress_form form)
{
    static const char scraping[] =
        "{\"run_id\":1,\"n\":1,\"platform\":\"books\",\"phase\":\"scraping\","
        "\"current\":2,\"total\":4,\"items\":7,\"failed\":1,"
        "\"message\":\"a\\u001b[31mb\"}";
    static const char whole[] = "{\"run_id\":1,\"n\":2,\"platform\":null,\"phase\":\"scraping\"}";
    struct trawl_event event = {.seq = 5, .type = TRAWL_EVENT_PROGRESS, .run_id = 1};
    struct trawl_progress *progress;
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);

    assert_non_null(to);
    progress = trawl_progress_create(to, form, false);
    event.platform = trawl_str_of("books");
    event.data = trawl_str_of(scraping);
    trawl_progress_event(progress, 0xabcd, &event);
    trawl_progress_event(progress, 0xabcd, &event); /* the same again at once: no second line */
    event.seq = 6;
    event.platform = trawl_str_of("");
    event.data = trawl_str_of(whole);
    trawl_progress_event(progress, 0xabcd, &event);
    trawl_progress_destroy(progress);
    fclose(to);
    return text;
}

static void lines__say_each_phase_once(void **state)
{
    char *text = shown(TRAWL_PROGRESS_LINES);

    (void)state;
    assert_string_equal(text, "books: scraping, 2/4 pages, 7 items, 1 failed: a\\x1b[31mb\n");
    free(text);
}

static void json__gives_every_event(void **state)
{
    char *text = shown(TRAWL_PROGRESS_JSON);

    (void)state;
    assert_non_null(strstr(text, "\"id\":\"0000abcd-5\""));
    assert_non_null(strstr(text, "\"id\":\"0000abcd-6\""));
    assert_non_null(strstr(text, "\"type\":\"scrape_progress\""));
    free(text);
}

static void none__says_nothing(void **state)
{
    char *text = shown(TRAWL_PROGRESS_NONE);

    (void)state;
    assert_string_equal(text, "");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bar__fills_from_the_left),
        cmocka_unit_test(bar__holds_more_than_the_total),
        cmocka_unit_test(bar__moves_without_a_total),
        cmocka_unit_test(bar__refuses_too_little_room),
        cmocka_unit_test(lines__say_each_phase_once),
        cmocka_unit_test(json__gives_every_event),
        cmocka_unit_test(none__says_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
