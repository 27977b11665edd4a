#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/ring.h"

/* Event `seq` is "seq;" padded to 10 bytes. */
static void append(struct ring *ring, uint64_t seq)
{
    char text[16];

    snprintf(text, sizeof(text), "%09llu;", (unsigned long long)seq);
    ring_append(ring, seq, text, 10);
}

static void ring_read__gives_what_was_appended(void **state)
{
    struct ring ring;
    const char *bytes;
    uint64_t position, seq;
    size_t len;

    (void)state;
    ring_init(&ring, 1000, 7);
    append(&ring, 8);
    append(&ring, 11);
    assert_int_equal(ring_find(&ring, 7, &position), 0);
    assert_int_equal(ring_read(&ring, position, 4096, &bytes, &len, &seq), 0);
    assert_int_equal(len, 20);
    assert_memory_equal(bytes, "000000008;000000011;", 20);
    assert_int_equal(seq, 11);
    ring_finish(&ring);
}

static void ring_read__cuts_between_events(void **state)
{
    struct ring ring;
    const char *bytes;
    uint64_t seq;
    size_t len;

    (void)state;
    ring_init(&ring, 1000, 0);
    for (uint64_t i = 1; i <= 5; i++)
        append(&ring, i);
    assert_int_equal(ring_read(&ring, 0, 25, &bytes, &len, &seq), 0);
    assert_int_equal(len, 20);
    assert_int_equal(seq, 2);
    assert_int_equal(ring_read(&ring, 20, 3, &bytes, &len, &seq), 0); /* at least one */
    assert_int_equal(len, 10);
    assert_int_equal(seq, 3);
    assert_int_equal(ring_read(&ring, 50, 25, &bytes, &len, &seq), 0);
    assert_int_equal(len, 0);
    ring_finish(&ring);
}

static void ring_find__knows_what_it_does_not_cover(void **state)
{
    struct ring ring;
    uint64_t position;

    (void)state;
    ring_init(&ring, 1000, 7);
    assert_int_equal(ring_find(&ring, 6, &position), -ERANGE);
    assert_int_equal(ring_find(&ring, 7, &position), 0);
    append(&ring, 20);
    append(&ring, 30);
    assert_int_equal(ring_find(&ring, 25, &position), 0); /* an event of another filter */
    assert_int_equal(position, 10);
    assert_int_equal(ring_find(&ring, 30, &position), 0);
    assert_int_equal(position, 20);
    ring_finish(&ring);
}

static void ring__drops_the_oldest_and_says_so(void **state)
{
    struct ring ring;
    const char *bytes;
    uint64_t position, seq = 0;
    size_t len;

    (void)state;
    ring_init(&ring, 100, 0);
    for (uint64_t i = 1; i <= 10000; i++) {
        append(&ring, i);
        assert_true(ring.end - ring.base <= 200);
        assert_true(i < 10 || ring.end - ring.base >= 100);
    }
    assert_int_equal(ring_read(&ring, 0, 4096, &bytes, &len, &seq), -ERANGE);
    assert_int_equal(ring_find(&ring, 1, &position), -ERANGE);
    assert_int_equal(ring_find(&ring, ring.floor, &position), 0);
    assert_int_equal(position, ring.base);
    for (uint64_t next = ring.floor + 1; next <= 10000; next = seq + 1) {
        char text[16];

        assert_int_equal(ring_read(&ring, position, 30, &bytes, &len, &seq), 0);
        snprintf(text, sizeof(text), "%09llu;", (unsigned long long)next);
        assert_memory_equal(bytes, text, 10);
        position += len;
    }
    ring_finish(&ring);
}

static void ring__skips_an_event_larger_than_itself(void **state)
{
    static char large[500];
    struct ring ring;
    uint64_t position;

    (void)state;
    ring_init(&ring, 100, 0);
    append(&ring, 1);
    ring_append(&ring, 2, large, sizeof(large));
    assert_int_equal(ring_find(&ring, 1, &position), -ERANGE);
    append(&ring, 3);
    assert_int_equal(ring_find(&ring, 2, &position), 0);
    assert_int_equal(ring.end - position, 10);
    ring_finish(&ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ring_read__gives_what_was_appended),
        cmocka_unit_test(ring_read__cuts_between_events),
        cmocka_unit_test(ring_find__knows_what_it_does_not_cover),
        cmocka_unit_test(ring__drops_the_oldest_and_says_so),
        cmocka_unit_test(ring__skips_an_event_larger_than_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
