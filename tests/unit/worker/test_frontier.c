#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/url.h"
#include "worker/frontier.h"

/* The frontier of a test, and one more of another shard. */
static struct trawl_frontier *made[2];

/* All slots that are wanted are granted. */
static void on_want(void *user, const char *host, unsigned slots)
{
    struct trawl_frontier **frontier = user;

    trawl_hosts_grant(trawl_frontier_hosts(*frontier), host, slots > 0 ? 1 : 0, false, 0);
}

static void on_report(void *user, const char *host, const struct trawl_host_report *report)
{
    (void)user;
    (void)host;
    (void)report;
}

/* How many requests the store was asked for last. */
static size_t asked;

static void on_more(void *user, const char *host, size_t count)
{
    (void)user;
    assert_string_equal(host, "http://a");
    asked = count;
}

static const struct trawl_hosts_ops ops = {
    .want = on_want,
    .report = on_report,
    .more = on_more,
};

static struct trawl_task *next_task(struct trawl_frontier *frontier, uint64_t now_ns)
{
    struct trawl_refusal refusal;
    struct trawl_task *task = trawl_frontier_next(frontier, now_ns, &refusal);

    assert_null(refusal.kind);
    return task;
}

static void end(struct trawl_frontier *frontier, struct trawl_task *task)
{
    const struct trawl_host_result result = {.retry_after_ms = -1};

    trawl_frontier_end(frontier, task, &result, 0);
}

static struct trawl_frontier *make(uint64_t max_pages, uint64_t max_depth, unsigned concurrency)
{
    const struct trawl_frontier_limits limits = {
        .hosts = {.concurrency = concurrency, .total = 100, .queue = 1000},
        .shards = 1,
        .pages = max_pages,
        .max_depth = max_depth,
        .retries = 1,
        .retry_base_ms = 10,
        .retry_max_ms = 10,
    };

    made[0] = trawl_frontier_create(&limits, &ops, &made[0], 1);
    return made[0];
}

static struct trawl_frontier *make_unlimited(void)
{
    return make(TRAWL_FRONTIER_UNLIMITED, TRAWL_FRONTIER_UNLIMITED, 100);
}

static enum trawl_frontier_added add(struct trawl_frontier *frontier, const char *url,
                                     uint16_t depth, int32_t priority)
{
    const struct trawl_page_request request = {
        .fingerprint = trawl_url_fingerprint(NULL, url, NULL, 0),
        .depth = depth,
        .priority = priority,
        .url = trawl_str_of(url),
    };

    return trawl_frontier_add(frontier, &request, 0);
}

/* The next task, which must be that URL. */
static struct trawl_task *next(struct trawl_frontier *frontier, const char *url)
{
    struct trawl_task *task = next_task(frontier, 0);

    assert_non_null(task);
    assert_string_equal(task->url, url);
    return task;
}

static void fetch(struct trawl_frontier *frontier, const char *url)
{
    struct trawl_task *task = next(frontier, url);

    end(frontier, task);
    trawl_frontier_done(frontier, task, true);
}

static void frontier__goes_by_depth_priority_and_arrival(void **state)
{
    struct trawl_frontier *frontier = make_unlimited();

    (void)state;
    add(frontier, "http://a/deep", 2, 9);
    add(frontier, "http://a/1", 1, 0);
    add(frontier, "http://b/2", 1, 0);
    add(frontier, "http://a/urgent", 1, 5);
    add(frontier, "http://a/late", 1, -1);
    add(frontier, "http://a/top", 0, -9);
    fetch(frontier, "http://a/top");
    fetch(frontier, "http://a/urgent");
    fetch(frontier, "http://a/1");
    fetch(frontier, "http://b/2");
    fetch(frontier, "http://a/late");
    fetch(frontier, "http://a/deep");
    assert_null(next_task(frontier, 0));
    assert_true(trawl_frontier_is_over(frontier));
    trawl_frontier_destroy(frontier);
}

static void frontier_add__knows_what_it_met(void **state)
{
    struct trawl_frontier *frontier = make_unlimited();

    (void)state;
    assert_int_equal(add(frontier, "http://a/", 1, 0), TRAWL_ADDED_NEW);
    assert_int_equal(add(frontier, "http://a/", 1, 0), TRAWL_ADDED_KNOWN);
    assert_int_equal(add(frontier, "http://a/", 2, 0), TRAWL_ADDED_KNOWN);
    fetch(frontier, "http://a/");
    assert_int_equal(add(frontier, "http://a/", 1, 0), TRAWL_ADDED_KNOWN);
    assert_true(trawl_frontier_is_over(frontier));
    trawl_frontier_destroy(frontier);
}

static void frontier_add__a_queued_request_moves_up(void **state)
{
    struct trawl_frontier *frontier = make_unlimited();

    (void)state;
    add(frontier, "http://a/x", 5, 0);
    add(frontier, "http://a/y", 3, 0);
    assert_int_equal(add(frontier, "http://a/x", 1, 0), TRAWL_ADDED_CLOSER);
    assert_int_equal(trawl_frontier_queued(frontier), 2);
    fetch(frontier, "http://a/x");
    fetch(frontier, "http://a/y");
    assert_null(next_task(frontier, 0));
    assert_true(trawl_frontier_is_over(frontier));
    trawl_frontier_destroy(frontier);
}

static void frontier_add__a_fetched_request_is_fetched_again(void **state)
{
    struct trawl_frontier *frontier = make_unlimited();

    (void)state;
    add(frontier, "http://a/x", 5, 0);
    fetch(frontier, "http://a/x");
    assert_int_equal(add(frontier, "http://a/x", 1, 0), TRAWL_ADDED_CLOSER);
    fetch(frontier, "http://a/x");
    assert_int_equal(trawl_frontier_pages(frontier), 1);
    trawl_frontier_destroy(frontier);
}

static void frontier_add__a_request_under_way_learns_its_depth(void **state)
{
    struct trawl_frontier *frontier = make_unlimited();
    struct trawl_task *task;

    (void)state;
    add(frontier, "http://a/x", 5, 0);
    task = next(frontier, "http://a/x");
    assert_int_equal(add(frontier, "http://a/x", 2, 0), TRAWL_ADDED_CLOSER);
    assert_int_equal(task->depth, 2);
    assert_null(next_task(frontier, 0));
    end(frontier, task);
    trawl_frontier_done(frontier, task, true);
    assert_true(trawl_frontier_is_over(frontier));
    trawl_frontier_destroy(frontier);
}

static void frontier_add__drops_what_is_too_deep(void **state)
{
    struct trawl_frontier *frontier = make(TRAWL_FRONTIER_UNLIMITED, 1, 100);

    (void)state;
    assert_int_equal(add(frontier, "http://a/x", 2, 0), TRAWL_ADDED_TOO_DEEP);
    assert_int_equal(add(frontier, "http://a/x", 1, 0), TRAWL_ADDED_NEW);
    assert_false(
        trawl_frontier_wants(frontier, trawl_url_fingerprint(NULL, "http://a/y", NULL, 0), 2));
    trawl_frontier_destroy(frontier);
}

static void frontier__stops_at_max_pages_but_replaces_failures(void **state)
{
    struct trawl_frontier *frontier = make(2, TRAWL_FRONTIER_UNLIMITED, 100);
    struct trawl_task *first;
    struct trawl_task *second;

    (void)state;
    for (int i = 0; i < 5; i++) {
        char url[32];

        snprintf(url, sizeof(url), "http://a/%d", i);
        add(frontier, url, 0, 0);
    }
    first = next(frontier, "http://a/0");
    second = next(frontier, "http://a/1");
    assert_null(next_task(frontier, 0));
    end(frontier, first);
    trawl_frontier_done(frontier, first, false);
    fetch(frontier, "http://a/2");
    assert_false(trawl_frontier_is_over(frontier));
    end(frontier, second);
    trawl_frontier_done(frontier, second, true);
    assert_null(next_task(frontier, 0));
    assert_true(trawl_frontier_is_over(frontier));
    trawl_frontier_destroy(frontier);
}

static void frontier_retry__comes_back_even_when_no_new_page_may(void **state)
{
    struct trawl_frontier *frontier = make(1, TRAWL_FRONTIER_UNLIMITED, 1);
    struct trawl_task *task;

    (void)state;
    add(frontier, "http://a/x", 3, 0);
    task = next(frontier, "http://a/x");
    add(frontier, "http://a/first", 0, 0);
    end(frontier, task);
    assert_true(trawl_frontier_retry(frontier, task, 0, 0) >= 0);
    assert_false(trawl_frontier_is_over(frontier));
    assert_true(trawl_frontier_next_ns(frontier) <= 10000000);
    assert_ptr_equal(next_task(frontier, 10000000), task);
    assert_int_equal(task->attempts, 2);
    end(frontier, task);
    assert_true(trawl_frontier_retry(frontier, task, 0, 0) < 0);
    trawl_frontier_done(frontier, task, false);
    fetch(frontier, "http://a/first");
    trawl_frontier_destroy(frontier);
}

static void frontier_retry__a_waiting_request_learns_its_depth(void **state)
{
    struct trawl_frontier *frontier = make_unlimited();
    struct trawl_task *task;

    (void)state;
    add(frontier, "http://a/x", 3, 0);
    task = next(frontier, "http://a/x");
    end(frontier, task);
    trawl_frontier_retry(frontier, task, 0, 0);
    assert_int_equal(add(frontier, "http://a/x", 1, 0), TRAWL_ADDED_CLOSER);
    assert_int_equal(task->depth, 1);
    trawl_frontier_destroy(frontier); /* and nothing leaks while one waits */
}

#define SECOND_NS UINT64_C(1000000000)

/* At second 10 of one clock and millisecond 50000 of the other. */
static void restore(struct trawl_frontier *frontier, const char *url,
                    struct trawl_page_request request)
{
    request.fingerprint = trawl_url_fingerprint(NULL, url, NULL, 0);
    request.depth = 1;
    request.url = trawl_str_of(url);
    trawl_frontier_restore(frontier, &request, 10 * SECOND_NS, 50000);
}

static void frontier__continues_where_a_shard_was_left(void **state)
{
    struct trawl_frontier *frontier = make(1, TRAWL_FRONTIER_UNLIMITED, 100);

    (void)state;
    restore(frontier, "http://a/done",
            (struct trawl_page_request){.state = TRAWL_REQUEST_DONE, .counted = true});
    restore(frontier, "http://a/x", (struct trawl_page_request){0});
    restore(frontier, "http://a/y", (struct trawl_page_request){0});
    assert_int_equal(add(frontier, "http://a/done", 1, 0), TRAWL_ADDED_KNOWN);
    fetch(frontier, "http://a/x");
    assert_true(trawl_frontier_is_over(frontier));
    trawl_frontier_destroy(frontier);
}

static void frontier_restore__counts_a_page_once(void **state)
{
    struct trawl_frontier *frontier = make(1, TRAWL_FRONTIER_UNLIMITED, 100);

    (void)state;
    restore(frontier, "http://a/moved", (struct trawl_page_request){.state = TRAWL_REQUEST_DONE});
    restore(frontier, "http://a/again", (struct trawl_page_request){.counted = true});
    restore(frontier, "http://a/x", (struct trawl_page_request){0});
    fetch(frontier, "http://a/again");
    assert_int_equal(trawl_frontier_pages(frontier), 0);
    fetch(frontier, "http://a/x");
    assert_int_equal(trawl_frontier_pages(frontier), 1);
    trawl_frontier_destroy(frontier);
}

static void frontier_restore__keeps_a_place_that_moves_up(void **state)
{
    struct trawl_frontier *frontier = make_unlimited();
    struct trawl_task *task;

    (void)state;
    restore(frontier, "http://a/x",
            (struct trawl_page_request){.attempts = 1, .not_before_ms = 53000});
    assert_int_equal(add(frontier, "http://a/x", 0, 0), TRAWL_ADDED_CLOSER);
    assert_int_equal(trawl_frontier_queued(frontier), 1);
    assert_null(next_task(frontier, 10 * SECOND_NS));
    task = next_task(frontier, 13 * SECOND_NS);
    assert_non_null(task);
    assert_int_equal(task->depth, 0);
    assert_int_equal(task->attempts, 2);
    trawl_frontier_destroy(frontier);
}

/* Of the two shards, the one that `url` belongs to, and the other. */
static void make_shards(const char *url, struct trawl_frontier **ret_its,
                        struct trawl_frontier **ret_other)
{
    unsigned its = trawl_shard_of(trawl_url_fingerprint(NULL, url, NULL, 0), 2);
    struct trawl_frontier_limits limits = {
        .hosts = {.concurrency = 1, .total = 1, .queue = 1000},
        .shards = 2,
        .pages = TRAWL_FRONTIER_UNLIMITED,
        .max_depth = 9,
    };

    limits.shard = its;
    *ret_its = made[0] = trawl_frontier_create(&limits, &ops, &made[0], 1);
    limits.shard = 1 - its;
    *ret_other = made[1] = trawl_frontier_create(&limits, &ops, &made[1], 1);
}

/* The queue of each host holds four. */
static struct trawl_frontier *make_narrow(void)
{
    const struct trawl_frontier_limits limits = {
        .hosts = {.concurrency = 1, .total = 100, .queue = 4},
        .shards = 1,
        .pages = TRAWL_FRONTIER_UNLIMITED,
        .max_depth = TRAWL_FRONTIER_UNLIMITED,
    };

    asked = 0;
    made[0] = trawl_frontier_create(&limits, &ops, &made[0], 1);
    return made[0];
}

/* It comes from the store. */
static void take(struct trawl_frontier *frontier, const char *url, uint16_t depth)
{
    const struct trawl_page_request request = {
        .fingerprint = trawl_url_fingerprint(NULL, url, NULL, 0),
        .depth = depth,
        .url = trawl_str_of(url),
    };

    trawl_frontier_take_stored(frontier, &request, 0);
}

static void frontier__leaves_to_the_store_what_finds_the_queue_full(void **state)
{
    struct trawl_frontier *frontier = make_narrow();
    struct trawl_hosts *hosts = trawl_frontier_hosts(frontier);

    (void)state;
    add(frontier, "http://a/1", 1, 0);
    add(frontier, "http://a/2", 1, 0);
    add(frontier, "http://a/3", 1, 0);
    add(frontier, "http://a/4", 1, 0);
    assert_int_equal(add(frontier, "http://a/5", 1, 0), TRAWL_ADDED_NEW);
    assert_int_equal(add(frontier, "http://a/5", 1, 0), TRAWL_ADDED_KNOWN);
    add(frontier, "http://b/1", 2, 0); /* its own queue has room */
    assert_int_equal(trawl_frontier_queued(frontier), 6);
    fetch(frontier, "http://a/1");
    fetch(frontier, "http://a/2");
    fetch(frontier, "http://a/3");
    trawl_hosts_tick(hosts, 0);
    assert_int_equal(asked, 0);
    fetch(frontier, "http://a/4");
    trawl_hosts_tick(hosts, 0);
    assert_int_equal(asked, 4);
    fetch(frontier, "http://b/1");
    assert_false(trawl_frontier_is_over(frontier));
    take(frontier, "http://a/5", 1);
    trawl_hosts_more_came(hosts, "http://a", 0);
    fetch(frontier, "http://a/5");
    assert_true(trawl_frontier_is_over(frontier));
    trawl_frontier_destroy(frontier);
}

static void frontier__asks_again_for_what_the_store_does_not_have_yet(void **state)
{
    const uint64_t later_ns = 1000000000;
    struct trawl_frontier *frontier = make_narrow();
    struct trawl_hosts *hosts = trawl_frontier_hosts(frontier);
    char url[16];

    (void)state;
    for (int i = 0; i < 5; i++) {
        snprintf(url, sizeof(url), "http://a/%d", i);
        add(frontier, url, 1, 0);
    }
    for (int i = 0; i < 4; i++) {
        snprintf(url, sizeof(url), "http://a/%d", i);
        fetch(frontier, url);
    }
    trawl_hosts_tick(hosts, 0);
    take(frontier, "http://a/0", 1); /* is no matter */
    trawl_hosts_more_came(hosts, "http://a", 0);
    asked = 0;
    trawl_hosts_tick(hosts, 0);
    assert_int_equal(asked, 0);
    trawl_hosts_tick(hosts, later_ns);
    assert_int_equal(asked, 8);
    take(frontier, "http://a/4", 1);
    trawl_hosts_more_came(hosts, "http://a", later_ns);
    fetch(frontier, "http://a/4");
    assert_true(trawl_frontier_is_over(frontier));
    trawl_frontier_destroy(frontier);
}

static void frontier_add__takes_what_is_met_nearer_from_the_store(void **state)
{
    struct trawl_frontier *frontier = make_narrow();

    (void)state;
    add(frontier, "http://a/1", 3, 0);
    add(frontier, "http://a/2", 3, 0);
    add(frontier, "http://a/3", 3, 0);
    add(frontier, "http://a/4", 3, 0);
    add(frontier, "http://a/5", 3, 0);
    assert_int_equal(add(frontier, "http://a/5", 2, 0), TRAWL_ADDED_CLOSER);
    fetch(frontier, "http://a/5");
    take(frontier, "http://a/5", 3); /* it was on its way */
    fetch(frontier, "http://a/1");
    assert_int_equal(trawl_frontier_queued(frontier), 3);
    trawl_frontier_destroy(frontier);
}

static void frontier__fetches_a_page_again_whatever_is_allowed(void **state)
{
    struct trawl_frontier *frontier = make(1, TRAWL_FRONTIER_UNLIMITED, 100);

    (void)state;
    add(frontier, "http://a/x", 3, 0);
    fetch(frontier, "http://a/x");
    add(frontier, "http://a/y", 1, 0);
    assert_true(trawl_frontier_is_over(frontier));
    assert_true(trawl_frontier_is_starved(frontier));
    assert_int_equal(add(frontier, "http://a/x", 2, 0), TRAWL_ADDED_CLOSER);
    assert_false(trawl_frontier_is_over(frontier));
    fetch(frontier, "http://a/x");
    assert_true(trawl_frontier_is_over(frontier));
    assert_int_equal(trawl_frontier_pages(frontier), 1);
    trawl_frontier_destroy(frontier);
}

static void frontier_add__of_another_shard_is_told_once(void **state)
{
    struct trawl_frontier *its;
    struct trawl_frontier *other;

    (void)state;
    make_shards("http://a/x", &its, &other);
    assert_int_equal(add(other, "http://a/x", 5, 0), TRAWL_ADDED_NEW);
    assert_int_equal(add(other, "http://a/x", 5, 0), TRAWL_ADDED_KNOWN);
    assert_int_equal(add(other, "http://a/x", 3, 0), TRAWL_ADDED_CLOSER);
    assert_int_equal(add(other, "http://a/x", 10, 0), TRAWL_ADDED_TOO_DEEP);
    assert_true(trawl_frontier_is_over(other));
    assert_null(next_task(other, 0));
    assert_int_equal(add(its, "http://a/x", 3, 0), TRAWL_ADDED_NEW);
    fetch(its, "http://a/x");
    trawl_frontier_destroy(its);
    trawl_frontier_destroy(other);
}

static void frontier__fetches_what_it_is_allowed(void **state)
{
    struct trawl_frontier *frontier = make(0, TRAWL_FRONTIER_UNLIMITED, 100);
    struct trawl_task *task;

    (void)state;
    assert_false(trawl_frontier_is_starved(frontier));
    add(frontier, "http://a/x", 1, 0);
    add(frontier, "http://a/y", 1, 0);
    add(frontier, "http://a/z", 1, 0);
    assert_true(trawl_frontier_is_starved(frontier));
    assert_true(trawl_frontier_is_over(frontier));
    trawl_frontier_allow(frontier, 2, 0);
    assert_false(trawl_frontier_is_starved(frontier));
    fetch(frontier, "http://a/x");
    task = next(frontier,
                "http://a/y"); /* which is no page in the end, and leaves its part to another */
    assert_true(trawl_frontier_is_starved(frontier));
    end(frontier, task);
    trawl_frontier_done(frontier, task, false);
    assert_false(trawl_frontier_is_starved(frontier));
    assert_int_equal(trawl_frontier_disallow(frontier), 1);
    assert_true(trawl_frontier_is_starved(frontier));
    assert_int_equal(trawl_frontier_disallow(frontier), 0);
    trawl_frontier_allow(frontier, 1, 0);
    fetch(frontier, "http://a/z");
    trawl_frontier_destroy(frontier);
}

/* Of an idle shard, which has given back what was left of max_pages: it had a page of its own once. */
static void frontier_disallow__does_not_hold_back_what_is_fetched_again(void **state)
{
    struct trawl_frontier *frontier = make(2, TRAWL_FRONTIER_UNLIMITED, 1);

    (void)state;
    add(frontier, "http://a/x", 6, 0);
    fetch(frontier, "http://a/x");
    assert_int_equal(trawl_frontier_disallow(frontier), 1);
    assert_int_equal(add(frontier, "http://a/y", 6, 0), TRAWL_ADDED_NEW);
    assert_null(next_task(frontier, 0));
    assert_int_equal(add(frontier, "http://a/x", 5, 0), TRAWL_ADDED_CLOSER);
    assert_false(trawl_frontier_is_over(frontier));
    fetch(frontier, "http://a/x");
    assert_null(next_task(frontier, 0));
    trawl_frontier_destroy(frontier);
}

static void frontier_restore__waits_for_the_rest_of_the_time(void **state)
{
    struct trawl_frontier *frontier = make_unlimited();
    struct trawl_task *task;

    (void)state;
    restore(frontier, "http://a/x",
            (struct trawl_page_request){.attempts = 1, .not_before_ms = 53000});
    assert_null(next_task(frontier, 10 * SECOND_NS));
    assert_false(trawl_frontier_is_over(frontier));
    assert_int_equal(trawl_frontier_next_ns(frontier), 13 * SECOND_NS);
    task = next_task(frontier, 13 * SECOND_NS);
    assert_non_null(task);
    assert_int_equal(task->attempts, 2);
    end(frontier, task);
    assert_int_equal(trawl_frontier_retry(frontier, task, 0, 0), -ERANGE); /* of one retry */
    trawl_frontier_done(frontier, task, false);
    assert_true(trawl_frontier_is_over(frontier));
    trawl_frontier_destroy(frontier);
}

static void frontier_restore__distrusts_a_clock_that_was_put_back(void **state)
{
    struct trawl_frontier *frontier = make_unlimited();

    (void)state;
    restore(frontier, "http://a/x",
            (struct trawl_page_request){.attempts = 1, .not_before_ms = INT64_C(1) << 50});
    assert_int_equal(trawl_frontier_next_ns(frontier),
                     10 * SECOND_NS + (uint64_t)TRAWL_FRONTIER_WAIT_MAX_MS * 1000000);
    restore(frontier, "http://a/y", (struct trawl_page_request){.attempts = 1, .not_before_ms = 1});
    assert_int_equal(trawl_frontier_next_ns(frontier), 10 * SECOND_NS);
    trawl_frontier_destroy(frontier);
}

static void task_chain__remembers_where_it_came_from(void **state)
{
    struct trawl_frontier *frontier = make_unlimited();
    const char *url = "http://a/target";
    struct trawl_page_request request = {
        .fingerprint = trawl_url_fingerprint(NULL, url, NULL, 0),
        .url = trawl_str_of(url),
        .method = trawl_str_of("POST"),
        .body = {.ptr = "a\0b", .len = 3},
        .meta = trawl_str_of("{}"),
    };
    struct trawl_task *from;
    struct trawl_task *to;
    char *chain;

    (void)state;
    add(frontier, "http://a/from", 0, 0);
    from = next(frontier, "http://a/from");
    chain = trawl_task_next_chain(from, &request.chain.len);
    request.chain.ptr = chain;
    assert_int_equal(trawl_frontier_add(frontier, &request, 0), TRAWL_ADDED_NEW);
    free(chain);
    to = next(frontier, url);
    assert_true(trawl_task_in_chain(to, from->fingerprint));
    assert_true(trawl_task_in_chain(to, to->fingerprint));
    assert_false(trawl_task_in_chain(from, to->fingerprint));
    request = trawl_task_request(to);
    assert_int_equal(request.chain.len, sizeof(from->fingerprint));
    assert_memory_equal(request.chain.ptr, &from->fingerprint, sizeof(from->fingerprint));
    assert_string_equal(request.method.ptr, "POST");
    assert_int_equal(request.body.len, 3);
    assert_memory_equal(request.body.ptr, "a\0b", 3);
    assert_string_equal(request.meta.ptr, "{}");
    assert_string_equal(request.headers.ptr, "");
    trawl_frontier_destroy(frontier);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frontier__goes_by_depth_priority_and_arrival),
        cmocka_unit_test(frontier_add__knows_what_it_met),
        cmocka_unit_test(frontier_add__a_queued_request_moves_up),
        cmocka_unit_test(frontier_add__a_fetched_request_is_fetched_again),
        cmocka_unit_test(frontier_add__a_request_under_way_learns_its_depth),
        cmocka_unit_test(frontier_add__drops_what_is_too_deep),
        cmocka_unit_test(frontier__stops_at_max_pages_but_replaces_failures),
        cmocka_unit_test(frontier_retry__comes_back_even_when_no_new_page_may),
        cmocka_unit_test(frontier_retry__a_waiting_request_learns_its_depth),
        cmocka_unit_test(frontier__continues_where_a_shard_was_left),
        cmocka_unit_test(frontier_restore__counts_a_page_once),
        cmocka_unit_test(frontier_restore__keeps_a_place_that_moves_up),
        cmocka_unit_test(frontier__fetches_a_page_again_whatever_is_allowed),
        cmocka_unit_test(frontier__leaves_to_the_store_what_finds_the_queue_full),
        cmocka_unit_test(frontier__asks_again_for_what_the_store_does_not_have_yet),
        cmocka_unit_test(frontier_add__takes_what_is_met_nearer_from_the_store),
        cmocka_unit_test(frontier_add__of_another_shard_is_told_once),
        cmocka_unit_test(frontier__fetches_what_it_is_allowed),
        cmocka_unit_test(frontier_disallow__does_not_hold_back_what_is_fetched_again),
        cmocka_unit_test(frontier_restore__waits_for_the_rest_of_the_time),
        cmocka_unit_test(frontier_restore__distrusts_a_clock_that_was_put_back),
        cmocka_unit_test(task_chain__remembers_where_it_came_from),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
