#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "worker/hosts.h"

#define SECOND UINT64_C(1000000000)

static uint64_t arrival;

static struct trawl_task *push(struct trawl_hosts *hosts, const char *url, uint16_t depth)
{
    const struct trawl_page_request request = {.depth = depth, .url = trawl_str_of(url)};
    struct trawl_task *task = trawl_task_create(&request);

    task->order = ++arrival;
    trawl_hosts_push(hosts, task);
    return task;
}

static struct trawl_task *begin(struct trawl_hosts *hosts, uint64_t now_ns)
{
    struct trawl_task *task = trawl_hosts_peek(hosts, now_ns);

    if (task)
        trawl_hosts_begin(hosts, task, now_ns);
    return task;
}

static void end(struct trawl_hosts *hosts, struct trawl_task *task)
{
    trawl_hosts_end(hosts, task);
    trawl_task_destroy(task);
}

static struct trawl_hosts *make(unsigned concurrency, unsigned total, uint64_t delay_ns)
{
    const struct trawl_hosts_limits limits = {concurrency, total, delay_ns};

    return trawl_hosts_create(&limits);
}

static void hosts__keep_each_hosts_concurrency(void **state)
{
    struct trawl_hosts *hosts = make(2, 10, 0);
    struct trawl_task *a1 = push(hosts, "http://a/1", 0);
    struct trawl_task *a2 = push(hosts, "http://a/2", 0);
    struct trawl_task *a3 = push(hosts, "http://a/3", 0);
    struct trawl_task *b1 = push(hosts, "http://b/1", 9);

    (void)state;
    assert_ptr_equal(begin(hosts, 0), a1);
    assert_ptr_equal(begin(hosts, 0), a2);
    assert_ptr_equal(begin(hosts, 0), b1); /* a is busy, so b's deeper one goes first */
    assert_null(begin(hosts, 0));
    end(hosts, a2);
    assert_ptr_equal(begin(hosts, 0), a3);
    end(hosts, a1);
    end(hosts, a3);
    end(hosts, b1);
    assert_int_equal(trawl_hosts_active(hosts), 0);
    assert_int_equal(trawl_hosts_count(hosts), 0); /* idle hosts are forgotten */
    trawl_hosts_destroy(hosts);
}

static void hosts__keep_the_total(void **state)
{
    struct trawl_hosts *hosts = make(8, 2, 0);
    struct trawl_task *a = push(hosts, "http://a/", 0);
    struct trawl_task *b = push(hosts, "http://b/", 0);
    struct trawl_task *c = push(hosts, "http://c/", 0);

    (void)state;
    assert_ptr_equal(begin(hosts, 0), a);
    assert_ptr_equal(begin(hosts, 0), b);
    assert_null(begin(hosts, 0));
    end(hosts, a);
    assert_ptr_equal(begin(hosts, 0), c);
    end(hosts, b);
    end(hosts, c);
    trawl_hosts_destroy(hosts);
}

static void hosts__keep_the_delay_between_starts(void **state)
{
    struct trawl_hosts *hosts = make(8, 8, SECOND);
    struct trawl_task *a1 = push(hosts, "http://a/1", 0);
    struct trawl_task *a2 = push(hosts, "http://a/2", 0);
    struct trawl_task *b1 = push(hosts, "http://b/1", 0);

    (void)state;
    assert_ptr_equal(begin(hosts, 5), a1);
    assert_ptr_equal(begin(hosts, 7), b1);
    assert_null(begin(hosts, 7));
    assert_true(trawl_hosts_next_ns(hosts) == 5 + SECOND);
    assert_null(begin(hosts, 4 + SECOND));
    assert_ptr_equal(begin(hosts, 5 + SECOND), a2);
    assert_true(trawl_hosts_next_ns(hosts) == 7 + SECOND);
    end(hosts, a1);
    end(hosts, a2);
    end(hosts, b1);
    trawl_hosts_destroy(hosts);
}

static void hosts__keep_the_delay_of_a_host_that_was_idle(void **state)
{
    struct trawl_hosts *hosts = make(8, 8, SECOND);
    struct trawl_task *first = push(hosts, "http://a/1", 0);
    struct trawl_task *second;

    (void)state;
    assert_ptr_equal(begin(hosts, 0), first);
    end(hosts, first);
    second = push(hosts, "http://a/2", 0);
    assert_null(begin(hosts, SECOND - 1));
    assert_ptr_equal(begin(hosts, SECOND), second);
    end(hosts, second);
    assert_null(begin(hosts, 3 * SECOND));
    assert_int_equal(trawl_hosts_count(hosts), 0);
    assert_true(trawl_hosts_next_ns(hosts) == TRAWL_HOSTS_NEVER);
    trawl_hosts_destroy(hosts);
}

static void hosts__scheme_and_port_make_another_host(void **state)
{
    struct trawl_hosts *hosts = make(1, 8, 0);
    struct trawl_task *tasks[4];

    (void)state;
    push(hosts, "http://a/", 0);
    push(hosts, "https://a/", 0);
    push(hosts, "http://a:81/", 0);
    push(hosts, "http://user@a/", 0);
    for (size_t i = 0; i < 3; i++)
        assert_non_null(tasks[i] = begin(hosts, 0));
    assert_null(begin(hosts, 0));
    for (size_t i = 0; i < 3; i++)
        end(hosts, tasks[i]);
    trawl_hosts_destroy(hosts);
}

static void hosts__a_dropped_task_makes_way(void **state)
{
    struct trawl_hosts *hosts = make(1, 1, SECOND);
    struct trawl_task *a1 = push(hosts, "http://a/1", 0);
    struct trawl_task *a2 = push(hosts, "http://a/2", 1);

    (void)state;
    assert_ptr_equal(trawl_hosts_peek(hosts, 0), a1);
    trawl_hosts_drop(hosts, a1);
    trawl_task_destroy(a1);
    assert_ptr_equal(begin(hosts, 0), a2);
    end(hosts, a2);
    trawl_hosts_destroy(hosts);
}

static void hosts_update__a_host_follows_its_first_task(void **state)
{
    struct trawl_hosts *hosts = make(1, 8, 0);
    struct trawl_task *a = push(hosts, "http://a/", 5);
    struct trawl_task *b = push(hosts, "http://b/", 3);

    (void)state;
    assert_ptr_equal(trawl_hosts_peek(hosts, 0), b);
    a->depth = 1;
    trawl_hosts_update(hosts, a);
    assert_ptr_equal(trawl_hosts_peek(hosts, 0), a);
    trawl_hosts_destroy(hosts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts__keep_each_hosts_concurrency),
        cmocka_unit_test(hosts__keep_the_total),
        cmocka_unit_test(hosts__keep_the_delay_between_starts),
        cmocka_unit_test(hosts__keep_the_delay_of_a_host_that_was_idle),
        cmocka_unit_test(hosts__scheme_and_port_make_another_host),
        cmocka_unit_test(hosts__a_dropped_task_makes_way),
        cmocka_unit_test(hosts_update__a_host_follows_its_first_task),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
