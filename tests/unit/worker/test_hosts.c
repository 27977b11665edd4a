#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "util/alloc.h"
#include "worker/hosts.h"

#define SECOND UINT64_C(1000000000)

/* What the supervisor was told, as lines of text. */
struct scene {
    struct trawl_hosts *hosts;
    uint64_t now_ns;
    uint64_t arrival;
    char said[1024];
};

static void say(struct scene *scene, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct scene *scene, const char *format, ...)
{
    size_t len = strlen(scene->said);
    va_list args;

    va_start(args, format);
    vsnprintf(scene->said + len, sizeof(scene->said) - len, format, args);
    va_end(args);
}

static void on_want(void *user, const char *host, unsigned slots)
{
    say(user, "%s wants %u\n", host, slots);
}

static void say_count(struct scene *scene, const char *name, uint64_t count)
{
    if (count > 0)
        say(scene, " %s %llu", name, (unsigned long long)count);
}

static void on_report(void *user, const char *host, const struct trawl_host_report *report)
{
    say(user, "%s", host);
    say_count(user, "back", report->back);
    say_count(user, "started", report->started_ns);
    say_count(user, "fine", report->fine);
    say_count(user, "ms", report->fine_ms);
    say_count(user, "failed", report->failed);
    say_count(user, "busy", report->busy);
    say_count(user, "excluded", report->excluded);
    if (report->retry_after_ms >= 0)
        say(user, " retry after %lld", (long long)report->retry_after_ms);
    if (report->excluded_url)
        say(user, " %s by %s", report->excluded_url, report->excluded_rule);
    say(user, "\n");
}

static int setup_with(void **state, unsigned concurrency, unsigned total)
{
    static const struct trawl_hosts_ops ops = {.want = on_want, .report = on_report};
    const struct trawl_hosts_limits limits = {
        .concurrency = concurrency, .total = total, .queue = 1000};
    struct scene *scene = TRAWL_NEW(struct scene);

    scene->hosts = trawl_hosts_create(&limits, &ops, scene);
    *state = scene;
    return 0;
}

static int setup(void **state)
{
    return setup_with(state, 8, 32);
}

static int setup_narrow(void **state)
{
    return setup_with(state, 2, 2);
}

static int teardown(void **state)
{
    struct scene *scene = *state;

    trawl_hosts_destroy(scene->hosts);
    free(scene);
    return 0;
}

/* What was said since the last time. */
static void assert_said(struct scene *scene, const char *expected)
{
    assert_string_equal(scene->said, expected);
    scene->said[0] = '\0';
}

static struct trawl_task *push(struct scene *scene, const char *url, uint16_t depth)
{
    const struct trawl_page_request request = {.depth = depth, .url = trawl_str_of(url)};
    struct trawl_task *task = trawl_task_create(&request);

    task->order = ++scene->arrival;
    trawl_hosts_push(scene->hosts, task, scene->now_ns);
    return task;
}

static struct trawl_task *begin(struct scene *scene)
{
    struct trawl_task *task = trawl_hosts_peek(scene->hosts);

    if (task)
        trawl_hosts_begin(scene->hosts, task, scene->now_ns);
    return task;
}

static void end_as(struct scene *scene, struct trawl_task *task, enum trawl_host_news news,
                   int64_t retry_after_ms)
{
    const struct trawl_host_result result = {
        .news = news, .elapsed_ms = 5, .retry_after_ms = retry_after_ms};

    trawl_hosts_end(scene->hosts, task, &result, scene->now_ns);
    trawl_task_destroy(task);
}

static void end(struct scene *scene, struct trawl_task *task)
{
    end_as(scene, task, TRAWL_HOST_FINE, -1);
}

static void grant(struct scene *scene, const char *host, unsigned slots)
{
    trawl_hosts_grant(scene->hosts, host, slots, false, scene->now_ns);
}

static void wait_for(struct scene *scene, uint64_t ns)
{
    scene->now_ns += ns;
    trawl_hosts_tick(scene->hosts, scene->now_ns);
}

/* --- slots --------------------------------------------------------------------------------------- */

static void hosts__start_nothing_without_a_slot(void **state)
{
    struct scene *scene = *state;
    struct trawl_task *a1 = push(scene, "http://a/1", 0);
    struct trawl_task *a2 = push(scene, "http://a/2", 0);

    assert_said(scene, "http://a wants 1\nhttp://a wants 2\n");
    assert_null(begin(scene));
    grant(scene, "http://a", 1);
    assert_ptr_equal(begin(scene), a1);
    assert_null(begin(scene));
    end(scene, a1);
    assert_ptr_equal(begin(scene), a2); /* the slot stays */
    end(scene, a2);
    assert_said(scene, "");
}

static void hosts__want_no_more_than_the_limit(void **state)
{
    struct scene *scene = *state;

    for (int i = 0; i < 5; i++)
        push(scene, "http://a/", 0);
    assert_said(scene, "http://a wants 1\nhttp://a wants 2\n");
}

static void hosts__keep_the_total(void **state)
{
    struct scene *scene = *state;
    struct trawl_task *a = push(scene, "http://a/", 0);
    struct trawl_task *b = push(scene, "http://b/", 0);
    struct trawl_task *c = push(scene, "http://c/", 0);

    grant(scene, "http://a", 1);
    grant(scene, "http://b", 1);
    grant(scene, "http://c", 1);
    assert_ptr_equal(begin(scene), a);
    assert_ptr_equal(begin(scene), b);
    assert_null(begin(scene));
    end(scene, a);
    assert_ptr_equal(begin(scene), c);
    end(scene, b);
    end(scene, c);
}

static void hosts__a_slot_for_one_request_goes_back(void **state)
{
    struct scene *scene = *state;
    struct trawl_task *a1 = push(scene, "http://a/1", 0);

    push(scene, "http://a/2", 0);
    assert_said(scene, "http://a wants 1\nhttp://a wants 2\n");
    scene->now_ns = 7;
    trawl_hosts_grant(scene->hosts, "http://a", 1, true, scene->now_ns);
    assert_ptr_equal(begin(scene), a1);
    assert_said(scene, "http://a started 7\n");
    end(scene, a1);
    assert_said(scene, "http://a back 1 fine 1 ms 5\n");
    assert_null(begin(scene));
}

static void hosts_started__tells_of_one_that_waits_after_it_began(void **state)
{
    struct scene *scene = *state;
    struct trawl_task *a1 = push(scene, "http://a/1", 0);

    assert_said(scene, "http://a wants 1\n");
    scene->now_ns = 7;
    trawl_hosts_start_late(scene->hosts, true);
    trawl_hosts_grant(scene->hosts, "http://a", 1, true, scene->now_ns);
    assert_ptr_equal(begin(scene), a1);
    assert_said(scene, "");
    trawl_hosts_started(scene->hosts, a1, 9);
    assert_said(scene, "http://a started 9\n");
    trawl_hosts_started(scene->hosts, a1, 11);
    assert_said(scene, "");
    end(scene, a1);
    assert_said(scene, "http://a back 1 fine 1 ms 5\n");
}

static void hosts__a_slot_that_comes_too_late_goes_back(void **state)
{
    struct scene *scene = *state;
    struct trawl_task *a = push(scene, "http://a/", 0);

    trawl_hosts_drop(scene->hosts, a, 0);
    trawl_task_destroy(a);
    assert_said(scene, "http://a wants 1\n");
    trawl_hosts_grant(scene->hosts, "http://a", 1, true, 0);
    assert_said(scene, "http://a back 1\n");
    trawl_hosts_grant(scene->hosts, "http://never", 2, false, 0);
    assert_said(scene, "http://never back 2\n");
}

static void hosts_recall__takes_the_unused_at_once_and_the_others_later(void **state)
{
    struct scene *scene = *state;
    struct trawl_task *a1 = push(scene, "http://a/1", 0);
    struct trawl_task *last;

    push(scene, "http://a/2", 9);
    push(scene, "http://a/3", 9);
    scene->said[0] = '\0';
    grant(scene, "http://a", 1);
    assert_ptr_equal(begin(scene), a1);
    trawl_hosts_recall(scene->hosts, "http://a", 1, 0);
    assert_said(scene, "");
    grant(scene, "http://a", 2);
    trawl_hosts_recall(scene->hosts, "http://a", 1, 0);
    assert_said(scene, "http://a back 1\n");
    end(scene, a1);
    assert_said(scene, "http://a back 1 fine 1 ms 5\n");
    last = begin(scene); /* by the one that is left */
    assert_non_null(last);
    assert_null(begin(scene));
    end(scene, last);
}

static void hosts__a_busy_host_gets_all_back(void **state)
{
    struct scene *scene = *state;
    struct trawl_task *a1 = push(scene, "http://a/1", 0);
    struct trawl_task *a2 = push(scene, "http://a/2", 0);

    push(scene, "http://a/3", 0);
    push(scene, "http://a/4", 0);
    scene->said[0] = '\0';
    grant(scene, "http://a", 3);
    assert_ptr_equal(begin(scene), a1);
    assert_ptr_equal(begin(scene), a2);
    end_as(scene, a1, TRAWL_HOST_BUSY, 3000);
    assert_said(scene, "http://a back 2 busy 1 retry after 3000\n");
    assert_null(begin(scene));
    end(scene, a2);
    assert_said(scene, "http://a back 1 fine 1 ms 5\n");
}

/* --- time ---------------------------------------------------------------------------------------- */

static void hosts__good_news_are_told_together(void **state)
{
    struct scene *scene = *state;

    for (int i = 0; i < 3; i++)
        push(scene, "http://a/", 0);
    grant(scene, "http://a", 1);
    scene->said[0] = '\0';
    for (int i = 0; i < 2; i++)
        end(scene, begin(scene));
    assert_said(scene, "");
    assert_true(trawl_hosts_next_ns(scene->hosts) == TRAWL_HOSTS_REPORT_NS);
    wait_for(scene, TRAWL_HOSTS_REPORT_NS);
    assert_said(scene, "http://a fine 2 ms 10\n");
    assert_true(trawl_hosts_next_ns(scene->hosts) == TRAWL_HOSTS_NEVER);
    end_as(scene, begin(scene), TRAWL_HOST_FAILED, -1);
    assert_said(scene, "http://a back 1 failed 1\n");
}

static void hosts__an_idle_host_gives_back_and_is_forgotten(void **state)
{
    struct scene *scene = *state;

    push(scene, "http://a/", 0);
    grant(scene, "http://a", 1);
    end(scene, begin(scene));
    scene->said[0] = '\0';
    wait_for(scene, TRAWL_HOSTS_IDLE_NS);
    assert_said(scene, "http://a fine 1 ms 5\nhttp://a back 1\nhttp://a wants 0\n");
    wait_for(scene, TRAWL_HOSTS_LINGER_NS);
    assert_int_equal(trawl_hosts_count(scene->hosts), 0);
    assert_said(scene, "");
}

static void hosts__a_host_that_is_idle_for_a_moment_keeps_its_slot(void **state)
{
    struct scene *scene = *state;
    struct trawl_task *next;

    push(scene, "http://a/1", 0);
    grant(scene, "http://a", 1);
    end(scene, begin(scene));
    wait_for(scene, TRAWL_HOSTS_IDLE_NS - 1);
    next = push(scene, "http://a/2", 0);
    wait_for(scene, SECOND);
    assert_ptr_equal(begin(scene), next);
    end(scene, next);
}

static void hosts_pause__gives_back_what_is_queued_for(void **state)
{
    struct scene *scene = *state;

    push(scene, "http://a/", 0);
    grant(scene, "http://a", 1);
    scene->said[0] = '\0';
    trawl_hosts_pause(scene->hosts);
    assert_said(scene, "http://a back 1\nhttp://a wants 0\n");
    push(scene, "http://a/2", 0);
    grant(scene, "http://a", 1); /* it was on its way */
    assert_said(scene, "http://a back 1\n");
    trawl_hosts_resume(scene->hosts, 0);
    assert_said(scene, "http://a wants 2\n");
}

/* --- what must not be fetched -------------------------------------------------------------------- */

static void hosts_refuse__asks_robots_txt(void **state)
{
    static const char text[] = "User-agent: *\nDisallow: /no\n";
    struct scene *scene = *state;
    struct trawl_refusal refusal;
    struct trawl_robots *robots;
    struct trawl_task *no = push(scene, "http://a/no?x", 0);
    struct trawl_task *yes = push(scene, "http://a/yes", 1);

    assert_int_equal(trawl_robots_parse(text, strlen(text), "Trawl", &robots), 0);
    trawl_hosts_set_robots(scene->hosts, "http://a", robots);
    grant(scene, "http://a", 1);
    scene->said[0] = '\0';
    assert_ptr_equal(trawl_hosts_peek(scene->hosts), no);
    assert_true(trawl_hosts_refuse(scene->hosts, no, &refusal, 0));
    assert_true(refusal.excluded);
    assert_string_equal(refusal.reason, "robots.txt, line 2: Disallow: /no");
    trawl_hosts_drop(scene->hosts, no, 0);
    trawl_task_destroy(no);
    assert_ptr_equal(trawl_hosts_peek(scene->hosts), yes);
    assert_false(trawl_hosts_refuse(scene->hosts, yes, &refusal, 0));
    wait_for(scene, SECOND);
    assert_said(scene, "http://a excluded 1 http://a/no?x by robots.txt, line 2: Disallow: /no\n");
}

static void hosts_shut__refuses_until_the_next_grant(void **state)
{
    struct scene *scene = *state;
    struct trawl_refusal refusal;
    struct trawl_task *a = push(scene, "http://a/", 0);

    trawl_hosts_shut(scene->hosts, "http://a", "connect", "nobody answers", 0);
    assert_ptr_equal(trawl_hosts_peek(scene->hosts), a);
    assert_true(trawl_hosts_refuse(scene->hosts, a, &refusal, 0));
    assert_false(refusal.excluded);
    assert_string_equal(refusal.kind, "connect");
    assert_string_equal(refusal.reason, "nobody answers");
    grant(scene, "http://a", 1);
    assert_false(trawl_hosts_refuse(scene->hosts, a, &refusal, 0));
}

static void hosts__a_name_that_cannot_be_told_is_shut(void **state)
{
    struct scene *scene = *state;
    struct trawl_refusal refusal;
    char url[1024] = "http://";
    struct trawl_task *task;

    memset(url + strlen(url), 'a', 600);
    url[strlen(url)] = '/';
    task = push(scene, url, 0);
    assert_said(scene, "");
    assert_ptr_equal(trawl_hosts_peek(scene->hosts), task);
    assert_true(trawl_hosts_refuse(scene->hosts, task, &refusal, 0));
    assert_string_equal(refusal.kind, "url");
}

/* --- order --------------------------------------------------------------------------------------- */

static void hosts__scheme_and_port_make_another_host(void **state)
{
    struct scene *scene = *state;

    push(scene, "http://a/", 0);
    push(scene, "https://a/", 0);
    push(scene, "http://a:81/", 0);
    push(scene, "http://user@a/", 0);
    assert_int_equal(trawl_hosts_count(scene->hosts), 3);
    assert_said(scene,
                "http://a wants 1\nhttps://a wants 1\nhttp://a:81 wants 1\nhttp://a wants 2\n");
}

static void hosts_update__a_host_follows_its_first_task(void **state)
{
    struct scene *scene = *state;
    struct trawl_task *a = push(scene, "http://a/", 5);
    struct trawl_task *b = push(scene, "http://b/", 3);

    grant(scene, "http://a", 1);
    grant(scene, "http://b", 1);
    assert_ptr_equal(trawl_hosts_peek(scene->hosts), b);
    a->depth = 1;
    trawl_hosts_update(scene->hosts, a);
    assert_ptr_equal(trawl_hosts_peek(scene->hosts), a);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(hosts__start_nothing_without_a_slot),
        cmocka_unit_test_setup_teardown(hosts__want_no_more_than_the_limit, setup_narrow, teardown),
        cmocka_unit_test_setup_teardown(hosts__keep_the_total, setup_narrow, teardown),
        TEST(hosts__a_slot_for_one_request_goes_back),
        TEST(hosts_started__tells_of_one_that_waits_after_it_began),
        TEST(hosts__a_slot_that_comes_too_late_goes_back),
        TEST(hosts_recall__takes_the_unused_at_once_and_the_others_later),
        TEST(hosts__a_busy_host_gets_all_back),
        TEST(hosts__good_news_are_told_together),
        TEST(hosts__an_idle_host_gives_back_and_is_forgotten),
        TEST(hosts__a_host_that_is_idle_for_a_moment_keeps_its_slot),
        TEST(hosts_pause__gives_back_what_is_queued_for),
        TEST(hosts_refuse__asks_robots_txt),
        TEST(hosts_shut__refuses_until_the_next_grant),
        TEST(hosts__a_name_that_cannot_be_told_is_shut),
        TEST(hosts__scheme_and_port_make_another_host),
        TEST(hosts_update__a_host_follows_its_first_task),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
