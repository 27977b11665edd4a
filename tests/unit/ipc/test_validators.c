#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/validators.h"

static const struct trawl_validators sample[] = {
    {.fingerprint = {1, 2}, .scope = {3, 4}, .etag = {"\"a\"", 3}, .last_modified = {"today", 5}},
    {.fingerprint = {5, 6}, .scope = {7, 8}, .etag = {"", 0}, .last_modified = {"", 0}},
};

static void validators__what_is_encoded_comes_back(void **state)
{
    struct trawl_validators *out;
    struct trawl_buf buf;
    size_t count;

    (void)state;
    trawl_buf_init(&buf, 1000);
    assert_int_equal(trawl_validators_encode(sample, 2, &buf), 0);
    assert_int_equal(trawl_validators_decode(buf.data, buf.len, &out, &count), 0);
    assert_int_equal(count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_true(trawl_hash_equal(out[i].fingerprint, sample[i].fingerprint));
        assert_true(trawl_hash_equal(out[i].scope, sample[i].scope));
        assert_string_equal(out[i].etag.ptr, sample[i].etag.ptr);
        assert_string_equal(out[i].last_modified.ptr, sample[i].last_modified.ptr);
    }
    free(out);
    trawl_buf_finish(&buf);
}

static void validators__refuses_every_cut_and_any_count(void **state)
{
    struct trawl_validators *out;
    struct trawl_buf buf;
    size_t count;

    (void)state;
    trawl_buf_init(&buf, 1000);
    assert_int_equal(trawl_validators_encode(sample, 2, &buf), 0);
    for (size_t len = 0; len < buf.len; len++) {
        char *copy = malloc(len + 1); /* so that the address sanitizer sees a read beyond it */

        memcpy(copy, buf.data, len);
        assert_int_equal(trawl_validators_decode(copy, len, &out, &count), -EBADMSG);
        free(copy);
    }
    memset(buf.data, 0xff, 4);
    assert_int_equal(trawl_validators_decode(buf.data, buf.len, &out, &count), -EBADMSG);
    trawl_buf_finish(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(validators__what_is_encoded_comes_back),
        cmocka_unit_test(validators__refuses_every_cut_and_any_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
