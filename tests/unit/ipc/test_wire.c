#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "ipc/wire.h"

static void wire__numbers_are_little_endian(void **state)
{
    static const uint8_t expected[] = {0x01, 0x03, 0x02, 0x07, 0x06, 0x05, 0x04, 0x0f,
                                       0x0e, 0x0d, 0x0c, 0x0b, 0x0a, 0x09, 0x08};
    struct trawl_buf buf;

    (void)state;
    trawl_buf_init(&buf, 100);
    assert_int_equal(trawl_wire_put_u8(&buf, 0x01), 0);
    assert_int_equal(trawl_wire_put_u16(&buf, 0x0203), 0);
    assert_int_equal(trawl_wire_put_u32(&buf, 0x04050607), 0);
    assert_int_equal(trawl_wire_put_u64(&buf, 0x08090a0b0c0d0e0f), 0);
    assert_int_equal(buf.len, sizeof(expected));
    assert_memory_equal(buf.data, expected, sizeof(expected));
    trawl_buf_finish(&buf);
}

static void wire__what_is_put_comes_back(void **state)
{
    struct trawl_hash hash = {.hi = UINT64_MAX - 1, .lo = 7};
    struct trawl_str str;
    struct trawl_wire wire;
    struct trawl_buf buf;

    (void)state;
    trawl_buf_init(&buf, 100);
    trawl_wire_put_u16(&buf, 65535);
    trawl_wire_put_hash(&buf, hash);
    trawl_wire_put_str(&buf, trawl_str_of("grüße"));
    trawl_wire_put_str(&buf, trawl_str_of(""));
    trawl_wire_put_u64(&buf, UINT64_MAX);
    trawl_wire_init(&wire, buf.data, buf.len);
    assert_int_equal(trawl_wire_get_u16(&wire), 65535);
    assert_true(trawl_hash_equal(trawl_wire_get_hash(&wire), hash));
    str = trawl_wire_get_str(&wire);
    assert_string_equal(str.ptr, "grüße");
    assert_int_equal(str.len, strlen("grüße"));
    assert_int_equal(trawl_wire_get_str(&wire).len, 0);
    assert_true(trawl_wire_get_u64(&wire) == UINT64_MAX);
    assert_int_equal(trawl_wire_end(&wire), 0);
    trawl_buf_finish(&buf);
}

static void wire__a_short_read_fails_all_later_ones(void **state)
{
    static const uint8_t bytes[] = {1, 2, 3};
    struct trawl_wire wire;

    (void)state;
    trawl_wire_init(&wire, bytes, sizeof(bytes));
    assert_int_equal(trawl_wire_get_u32(&wire), 0);
    assert_int_equal(trawl_wire_get_u8(&wire), 0);
    assert_int_equal(trawl_wire_end(&wire), -EBADMSG);
}

static void wire__refuses_what_is_left_over(void **state)
{
    static const uint8_t bytes[] = {1, 2};
    struct trawl_wire wire;

    (void)state;
    trawl_wire_init(&wire, bytes, sizeof(bytes));
    assert_int_equal(trawl_wire_get_u8(&wire), 1);
    assert_int_equal(trawl_wire_end(&wire), -EBADMSG);
}

static void wire__refuses_a_string_beyond_the_end(void **state)
{
    static const struct {
        uint8_t bytes[8];
        size_t len;
    } cases[] = {
        {{0xff, 0xff, 0xff, 0xff, 'a'}, 5}, /* longer than all memory */
        {{1, 0, 0, 0, 'a'}, 5},             /* no room for its NUL */
        {{1, 0, 0, 0, 'a', 'b'}, 6},        /* no NUL */
        {{0, 0, 0, 0}, 4},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct trawl_wire wire;
        struct trawl_str str;

        trawl_wire_init(&wire, cases[i].bytes, cases[i].len);
        str = trawl_wire_get_str(&wire);
        assert_int_equal(str.len, 0);
        assert_string_equal(str.ptr, "");
        assert_true(wire.failed);
    }
}

static void wire__an_empty_payload_may_be_null(void **state)
{
    struct trawl_wire wire;

    (void)state;
    trawl_wire_init(&wire, NULL, 0);
    assert_int_equal(trawl_wire_end(&wire), 0);
    assert_int_equal(trawl_wire_get_u8(&wire), 0);
    assert_int_equal(trawl_wire_end(&wire), -EBADMSG);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(wire__numbers_are_little_endian),
        cmocka_unit_test(wire__what_is_put_comes_back),
        cmocka_unit_test(wire__a_short_read_fails_all_later_ones),
        cmocka_unit_test(wire__refuses_what_is_left_over),
        cmocka_unit_test(wire__refuses_a_string_beyond_the_end),
        cmocka_unit_test(wire__an_empty_payload_may_be_null),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
