#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/page.h"

static struct trawl_page_item sample_items[] = {
    {.key = {"a", 1}, .hash = {1, 2}, .json = {"{\"price\":19.99}", 15}},
    {.key = {"b/c", 3}, .hash = {3, 4}, .json = {"{}", 2}},
};

static struct trawl_page_request sample_requests[] = {
    {.fingerprint = {5, 6},
     .state = TRAWL_REQUEST_DONE,
     .counted = true,
     .depth = 3,
     .redirects = 2,
     .attempts = 4,
     .not_before_ms = INT64_C(1) << 41,
     .priority = -7,
     .url = {"http://a/", 9},
     .method = {"POST", 4},
     .headers = {"{\"x\":\"y\"}", 9},
     .body = {"a\0b", 3},
     .meta = {"[1]", 3},
     .chain = {"0123456789abcdef", 16}},
    {.url = {"http://b/", 9},
     .method = {"", 0},
     .headers = {"", 0},
     .body = {"", 0},
     .meta = {"", 0},
     .chain = {"", 0}},
};

static struct trawl_page sample_page(void)
{
    return (struct trawl_page){
        .serial = UINT64_C(1) << 40,
        .lease = 12,
        .kind = TRAWL_PAGE_RESPONSE,
        .outcome = TRAWL_OUTCOME_FAILED,
        .status = 503,
        .depth = 4,
        .attempts = 3,
        .not_before_ms = INT64_C(1) << 42,
        .counts = true,
        .fingerprint = {7, 8},
        .url = trawl_str_of("http://a/x"),
        .error_kind = trawl_str_of("http"),
        .error = trawl_str_of("status 503"),
        .bytes = 1234567,
        .elapsed_ms = 89,
        .remembers = true,
        .scope = {9, 10},
        .etag = trawl_str_of("\"e\""),
        .last_modified = trawl_str_of("today"),
        .links = {"0123456789abcdef", 16},
        .items = sample_items,
        .item_count = 2,
        .requests = sample_requests,
        .request_count = 2,
    };
}

static void assert_str(struct trawl_str a, struct trawl_str b)
{
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.ptr, b.ptr, a.len);
    assert_int_equal(a.ptr[a.len], '\0');
}

static void assert_request(const struct trawl_page_request *a, const struct trawl_page_request *b)
{
    assert_true(trawl_hash_equal(a->fingerprint, b->fingerprint));
    assert_int_equal(a->state, b->state);
    assert_int_equal(a->depth, b->depth);
    assert_int_equal(a->redirects, b->redirects);
    assert_int_equal(a->priority, b->priority);
    assert_str(a->url, b->url);
    assert_str(a->method, b->method);
    assert_str(a->headers, b->headers);
    assert_str(a->body, b->body);
    assert_str(a->meta, b->meta);
    assert_str(a->chain, b->chain);
    assert_int_equal(a->counted, b->counted);
    assert_int_equal(a->attempts, b->attempts);
    assert_int_equal(a->not_before_ms, b->not_before_ms);
}

static void page__what_is_encoded_comes_back(void **state)
{
    struct trawl_page in = sample_page();
    struct trawl_page out;
    struct trawl_buf buf;

    (void)state;
    trawl_buf_init(&buf, 10000);
    assert_int_equal(trawl_page_encode(&in, &buf), 0);
    assert_int_equal(trawl_page_decode(buf.data, buf.len, &out), 0);
    assert_true(out.serial == in.serial);
    assert_int_equal(out.lease, in.lease);
    assert_int_equal(out.kind, in.kind);
    assert_int_equal(out.outcome, in.outcome);
    assert_int_equal(out.status, in.status);
    assert_int_equal(out.depth, in.depth);
    assert_int_equal(out.attempts, in.attempts);
    assert_int_equal(out.not_before_ms, in.not_before_ms);
    assert_int_equal(out.counts, in.counts);
    assert_true(trawl_hash_equal(out.fingerprint, in.fingerprint));
    assert_int_equal(out.bytes, in.bytes);
    assert_int_equal(out.elapsed_ms, in.elapsed_ms);
    assert_int_equal(out.remembers, in.remembers);
    assert_true(trawl_hash_equal(out.scope, in.scope));
    assert_str(out.etag, in.etag);
    assert_str(out.last_modified, in.last_modified);
    assert_str(out.links, in.links);
    assert_str(out.url, in.url);
    assert_str(out.error_kind, in.error_kind);
    assert_str(out.error, in.error);
    assert_int_equal(out.item_count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_str(out.items[i].key, in.items[i].key);
        assert_true(trawl_hash_equal(out.items[i].hash, in.items[i].hash));
        assert_str(out.items[i].json, in.items[i].json);
    }
    assert_int_equal(out.request_count, 2);
    for (size_t i = 0; i < 2; i++)
        assert_request(&out.requests[i], &in.requests[i]);
    trawl_page_finish(&out);
    trawl_buf_finish(&buf);
}

static void page__refuses_every_cut(void **state)
{
    struct trawl_page in = sample_page();
    struct trawl_page out = {.serial = 99};
    struct trawl_buf buf;

    (void)state;
    trawl_buf_init(&buf, 10000);
    assert_int_equal(trawl_page_encode(&in, &buf), 0);
    for (size_t len = 0; len < buf.len; len++) {
        /* A copy of its own, so that the address sanitizer sees a read beyond it. */
        char *copy = malloc(len + 1);

        memcpy(copy, buf.data, len);
        assert_int_equal(trawl_page_decode(copy, len, &out), -EBADMSG);
        free(copy);
    }
    assert_int_equal(out.serial, 99);
    trawl_buf_finish(&buf);
}

static void page__refuses_unknown_numbers(void **state)
{
    struct trawl_page pages[] = {sample_page(), sample_page(), sample_page(), sample_page(),
                                 sample_page()};
    struct trawl_page_request request = sample_requests[0];
    struct trawl_page_request half_a_hash = sample_requests[0];
    struct trawl_page out;

    (void)state;
    pages[0].kind = TRAWL_PAGE_RETRY + 1;
    pages[1].outcome = TRAWL_OUTCOME_NOT_MODIFIED + 1;
    request.state = TRAWL_REQUEST_DONE + 1;
    pages[2].requests = &request;
    pages[2].request_count = 1;
    half_a_hash.chain.len = 8;
    pages[3].requests = &half_a_hash;
    pages[3].request_count = 1;
    pages[4].links.len = 8;
    for (size_t i = 0; i < 5; i++) {
        struct trawl_buf buf;

        trawl_buf_init(&buf, 10000);
        assert_int_equal(trawl_page_encode(&pages[i], &buf), 0);
        assert_int_equal(trawl_page_decode(buf.data, buf.len, &out), -EBADMSG);
        trawl_buf_finish(&buf);
    }
}

static void page__refuses_a_count_beyond_the_payload(void **state)
{
    struct trawl_page in = sample_page();
    struct trawl_page out;
    struct trawl_buf buf;

    (void)state;
    in.item_count = 0;
    in.request_count = 0;
    trawl_buf_init(&buf, 10000);
    assert_int_equal(trawl_page_encode(&in, &buf), 0);
    memset(buf.data + buf.len - 4, 0xff, 4);
    assert_int_equal(trawl_page_decode(buf.data, buf.len, &out), -EBADMSG);
    trawl_buf_finish(&buf);
}

static void page__beyond_the_limit_leaves_nothing(void **state)
{
    struct trawl_page in = sample_page();
    struct trawl_buf buf;

    (void)state;
    trawl_buf_init(&buf, 100);
    assert_int_equal(trawl_page_encode(&in, &buf), -EFBIG);
    assert_int_equal(buf.len, 0);
    trawl_buf_finish(&buf);
}

static void requests__what_is_encoded_comes_back(void **state)
{
    struct trawl_page_request *out;
    struct trawl_buf buf;
    size_t count;

    (void)state;
    trawl_buf_init(&buf, 10000);
    assert_int_equal(trawl_page_requests_encode(sample_requests, 2, &buf), 0);
    assert_int_equal(trawl_page_requests_decode(buf.data, buf.len, &out, &count), 0);
    assert_int_equal(count, 2);
    for (size_t i = 0; i < 2; i++)
        assert_request(&out[i], &sample_requests[i]);
    free(out);
    trawl_buf_finish(&buf);
}

static void requests__may_be_none(void **state)
{
    struct trawl_page_request *out;
    struct trawl_buf buf;
    size_t count = 99;

    (void)state;
    trawl_buf_init(&buf, 10000);
    assert_int_equal(trawl_page_requests_encode(NULL, 0, &buf), 0);
    assert_int_equal(trawl_page_requests_decode(buf.data, buf.len, &out, &count), 0);
    assert_int_equal(count, 0);
    free(out);
    trawl_buf_finish(&buf);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(page__what_is_encoded_comes_back),
        cmocka_unit_test(page__refuses_every_cut),
        cmocka_unit_test(page__refuses_unknown_numbers),
        cmocka_unit_test(page__refuses_a_count_beyond_the_payload),
        cmocka_unit_test(page__beyond_the_limit_leaves_nothing),
        cmocka_unit_test(requests__what_is_encoded_comes_back),
        cmocka_unit_test(requests__may_be_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
