#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "worker/retry.h"

static void retry_delay__grows_to_its_limit_with_full_jitter(void **state)
{
    static const struct {
        unsigned attempt;
        uint32_t most;
    } table[] = {{1, 100}, {2, 200}, {3, 400}, {4, 800}, {5, 1000}, {200, 1000}};
    struct trawl_retry retry;

    (void)state;
    trawl_retry_init(&retry, 3, 100, 1000, 42);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        uint32_t low = UINT32_MAX;
        uint32_t high = 0;

        for (int n = 0; n < 2000; n++) {
            uint32_t delay_ms = trawl_retry_delay_ms(&retry, table[i].attempt);

            low = delay_ms < low ? delay_ms : low;
            high = delay_ms > high ? delay_ms : high;
        }
        assert_true(high <= table[i].most);
        assert_true(high > table[i].most * 9 / 10);
        assert_true(low < table[i].most / 10);
    }
    trawl_retry_finish(&retry);
}

static void retry_delay__base_above_the_limit_is_the_limit(void **state)
{
    struct trawl_retry retry;

    (void)state;
    trawl_retry_init(&retry, 3, 5000, 10, 1);
    for (int n = 0; n < 100; n++)
        assert_true(trawl_retry_delay_ms(&retry, 1) <= 10);
}

static void retry_wait__ends_after_the_last_try(void **state)
{
    struct trawl_retry retry;
    struct trawl_task task = {0};

    (void)state;
    trawl_retry_init(&retry, 2, 10, 10, 1);
    for (unsigned attempt = 1; attempt <= 2; attempt++) {
        task.attempts = (uint8_t)attempt;
        assert_true(trawl_retry_wait(&retry, &task, 0, 0) >= 0);
        assert_ptr_equal(trawl_retry_due(&retry, 10000000), &task);
    }
    task.attempts = 3;
    assert_int_equal(trawl_retry_wait(&retry, &task, 0, 0), -ERANGE);
    assert_null(trawl_retry_due(&retry, UINT64_MAX));
    trawl_retry_finish(&retry);
}

static void retry_due__comes_in_order_of_time(void **state)
{
    struct trawl_retry retry;
    struct trawl_task tasks[50] = {{.attempts = 1}};
    struct trawl_task *task;
    uint64_t last_ns = 0;
    size_t count = 0;

    (void)state;
    trawl_retry_init(&retry, 1, 1000, 1000, 7);
    for (size_t i = 0; i < 50; i++) {
        tasks[i].attempts = 1;
        trawl_retry_wait(&retry, &tasks[i], 0, 5);
    }
    assert_null(trawl_retry_due(&retry, 4));
    while ((task = trawl_retry_due(&retry, trawl_retry_next_ns(&retry)))) {
        assert_true(task->due_ns >= last_ns);
        last_ns = task->due_ns;
        count++;
    }
    assert_int_equal(count, 50);
    assert_true(trawl_retry_next_ns(&retry) == UINT64_MAX);
    trawl_retry_finish(&retry);
}

static void retry_status__only_what_may_pass(void **state)
{
    static const unsigned again[] = {408, 425, 429, 500, 502, 503, 504, 599};
    static const unsigned final[] = {200, 301, 304, 400, 401, 403, 404, 410, 451, 600};

    (void)state;
    for (size_t i = 0; i < sizeof(again) / sizeof(again[0]); i++)
        assert_true(trawl_retry_status(again[i]));
    for (size_t i = 0; i < sizeof(final) / sizeof(final[0]); i++)
        assert_false(trawl_retry_status(final[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(retry_delay__grows_to_its_limit_with_full_jitter),
        cmocka_unit_test(retry_delay__base_above_the_limit_is_the_limit),
        cmocka_unit_test(retry_wait__ends_after_the_last_try),
        cmocka_unit_test(retry_due__comes_in_order_of_time),
        cmocka_unit_test(retry_status__only_what_may_pass),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
