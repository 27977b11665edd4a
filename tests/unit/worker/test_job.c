/* What a scraper may emit, through the host table that it is given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "util/alloc.h"
#include "worker/job.h"

#define MAX_ITEM 200

static int setup(void **state)
{
    struct trawl_job *job = TRAWL_NEW(struct trawl_job);

    trawl_job_init(job, NULL, NULL, MAX_ITEM);
    *state = job;
    return 0;
}

static int teardown(void **state)
{
    trawl_job_finish(*state);
    free(*state);
    return 0;
}

static int request(struct trawl_job *job, const char *url)
{
    const struct trawl_request wanted = {.size = sizeof(wanted), .url = url};

    return trawl_scraper_host.request(job, &wanted);
}

static void job_request__only_while_a_page_is_open(void **state)
{
    struct trawl_job *job = *state;
    json_auto_t *item = json_object();

    assert_int_equal(request(job, "http://a/"), -EPERM);
    assert_int_equal(trawl_scraper_host.item(job, "k", item), -EPERM);
}

static void job_request__is_relative_to_its_page_and_one_deeper(void **state)
{
    struct trawl_job *job = *state;
    struct trawl_request paging = {.size = sizeof(paging), .url = "?page=2", .same_depth = 1};

    trawl_job_open(job, "http://a/b/c", 3);
    assert_int_equal(request(job, "../x#y"), 0);
    assert_int_equal(trawl_scraper_host.request(job, &paging), 0);
    trawl_job_close(job);
    assert_int_equal(job->emission.request_count, 2);
    assert_string_equal(job->emission.requests[0].url.ptr, "http://a/x");
    assert_int_equal(job->emission.requests[0].depth, 4);
    assert_string_equal(job->emission.requests[1].url.ptr, "http://a/b/c?page=2");
    assert_int_equal(job->emission.requests[1].depth, 3);
}

static void job_request__of_start_is_absolute_with_depth_0(void **state)
{
    struct trawl_job *job = *state;

    trawl_job_open(job, NULL, 0);
    assert_int_equal(request(job, "/x"), -EINVAL);
    assert_int_equal(request(job, "mailto:a@b"), -EINVAL);
    assert_int_equal(request(job, "HTTP://A"), 0);
    trawl_job_close(job);
    assert_int_equal(job->emission.request_count, 1);
    assert_int_equal(job->emission.requests[0].depth, 0);
    assert_string_equal(job->emission.requests[0].url.ptr, "http://a/");
}

static void job_request__carries_method_headers_body_and_meta(void **state)
{
    struct trawl_job *job = *state;
    json_auto_t *headers = json_pack("{s:s}", "X-A", "b");
    json_auto_t *meta = json_pack("{s:i}", "page", 2);
    const struct trawl_request wanted = {
        .size = sizeof(wanted),
        .url = "http://a/",
        .method = "POST",
        .headers = headers,
        .body = "a\0b",
        .body_len = 3,
        .priority = -2,
        .meta = meta,
    };
    const struct trawl_page_request *got;

    trawl_job_open(job, NULL, 0);
    assert_int_equal(trawl_scraper_host.request(job, &wanted), 0);
    trawl_job_close(job);
    got = job->emission.requests;
    assert_string_equal(got->method.ptr, "POST");
    assert_string_equal(got->headers.ptr, "{\"X-A\":\"b\"}");
    assert_string_equal(got->meta.ptr, "{\"page\":2}");
    assert_int_equal(got->body.len, 3);
    assert_memory_equal(got->body.ptr, "a\0b", 3);
    assert_int_equal(got->priority, -2);
}

static void job_request__nothing_can_be_smuggled_into_the_head(void **state)
{
    struct trawl_job *job = *state;
    json_auto_t *line = json_pack("{s:s}", "X", "a\r\nY: b");
    json_auto_t *name = json_pack("{s:s}", "X: y\r\nZ", "a");
    json_auto_t *number = json_pack("{s:i}", "X", 1);
    const struct trawl_request bad[] = {
        {.size = sizeof(bad[0]), .url = "http://a/", .method = "GET / HTTP/1.1\r\nX:"},
        {.size = sizeof(bad[0]), .url = "http://a/", .method = ""},
        {.size = sizeof(bad[0]), .url = "http://a/", .headers = line},
        {.size = sizeof(bad[0]), .url = "http://a/", .headers = name},
        {.size = sizeof(bad[0]), .url = "http://a/", .headers = number},
        {.size = sizeof(bad[0]), .url = NULL},
        {.size = 0, .url = "http://a/"},
    };

    trawl_job_open(job, NULL, 0);
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(bad); i++)
        assert_int_equal(trawl_scraper_host.request(job, &bad[i]), -EINVAL);
    trawl_job_close(job);
    assert_int_equal(job->emission.request_count, 0);
}

static void job_item__is_written_in_canonical_form(void **state)
{
    struct trawl_job *job = *state;
    json_auto_t *item = json_pack("{s:f, s:i}", "price", 19.99, "a", 1);
    const char *text = "{\"a\":1,\"price\":19.99}";

    trawl_job_open(job, "http://a/", 0);
    assert_int_equal(trawl_scraper_host.item(job, "key", item), 0);
    trawl_job_close(job);
    assert_int_equal(job->emission.item_count, 1);
    assert_string_equal(job->emission.items[0].key.ptr, "key");
    assert_string_equal(job->emission.items[0].json.ptr, text);
    assert_true(
        trawl_hash_equal(job->emission.items[0].hash, trawl_hash_bytes(text, strlen(text))));
}

static void job_item__refuses_bad_keys_and_large_items(void **state)
{
    struct trawl_job *job = *state;
    json_auto_t *item = json_object();
    json_auto_t *array = json_array();
    json_auto_t *large = json_object();
    char key[TRAWL_KEY_MAX + 2];

    memset(key, 'k', sizeof(key) - 1);
    key[sizeof(key) - 1] = '\0';
    json_object_set_new(large, "x", json_stringn(key, MAX_ITEM));
    trawl_job_open(job, NULL, 0);
    assert_int_equal(trawl_scraper_host.item(job, "", item), -EINVAL);
    assert_int_equal(trawl_scraper_host.item(job, NULL, item), -EINVAL);
    assert_int_equal(trawl_scraper_host.item(job, key, item), -EINVAL);
    assert_int_equal(trawl_scraper_host.item(job, "\xff", item), -EINVAL);
    assert_int_equal(trawl_scraper_host.item(job, "k", array), -EINVAL);
    assert_int_equal(trawl_scraper_host.item(job, "k", NULL), -EINVAL);
    assert_int_equal(trawl_scraper_host.item(job, "k", large), -E2BIG);
    assert_int_equal(trawl_scraper_host.item(job, key + 1, item), 0);
    trawl_job_close(job);
    assert_int_equal(job->emission.item_count, 1);
}

static void job_request__refuses_more_than_a_page_may_ask_for(void **state)
{
    struct trawl_job *job = *state;

    trawl_job_open(job, NULL, 0);
    for (size_t i = 0; i < TRAWL_PAGE_REQUESTS_MAX; i++)
        assert_int_equal(request(job, "http://a/"), 0);
    assert_int_equal(request(job, "http://a/"), -E2BIG);
    trawl_job_close(job);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(job_request__only_while_a_page_is_open, setup, teardown),
        cmocka_unit_test_setup_teardown(job_request__is_relative_to_its_page_and_one_deeper, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(job_request__of_start_is_absolute_with_depth_0, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(job_request__carries_method_headers_body_and_meta, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(job_request__nothing_can_be_smuggled_into_the_head, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(job_item__is_written_in_canonical_form, setup, teardown),
        cmocka_unit_test_setup_teardown(job_item__refuses_bad_keys_and_large_items, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(job_request__refuses_more_than_a_page_may_ask_for, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
