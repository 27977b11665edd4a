#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "ipc/channel.h"
#include "ipc/frame.h"

/* A length, a type and a flags of 0x0102, and five bytes. */
static const uint8_t bytes[] = {5, 0, 0, 0, 7, 0, 2, 1, 'h', 'e', 'l', 'l', 'o', 'x'};
#define WHOLE (sizeof(bytes) - 1)

static void frame_head__is_what_parse_reads(void **state)
{
    uint8_t head[TRAWL_FRAME_HEAD];

    (void)state;
    trawl__frame_head(head, 7, 0x0102, 5);
    assert_memory_equal(head, bytes, TRAWL_FRAME_HEAD);
}

/* It says how many bytes it needs: the head first, then the whole. */
static void frame_parse__waits_for_the_whole(void **state)
{
    struct trawl_frame frame = {.type = 99};

    (void)state;
    for (size_t len = 0; len < WHOLE; len++) {
        size_t used = 0;

        assert_int_equal(trawl_frame_parse(bytes, len, &frame, &used), 0);
        assert_int_equal(used, len < TRAWL_FRAME_HEAD ? TRAWL_FRAME_HEAD : WHOLE);
        assert_int_equal(frame.type, 99);
    }
}

static void frame_parse__leaves_what_follows(void **state)
{
    struct trawl_frame frame = {0};
    size_t used = 0;

    (void)state;
    assert_int_equal(trawl_frame_parse(bytes, sizeof(bytes), &frame, &used), 1);
    assert_int_equal(used, WHOLE);
    assert_int_equal(frame.type, 7);
    assert_int_equal(frame.flags, 0x0102);
    assert_int_equal(frame.len, 5);
    assert_memory_equal(frame.payload, "hello", 5);
}

static void frame_parse__takes_an_empty_payload(void **state)
{
    uint8_t head[TRAWL_FRAME_HEAD];
    struct trawl_frame frame = {.len = 99};
    size_t used = 0;

    (void)state;
    trawl__frame_head(head, UINT16_MAX, 0, 0);
    assert_int_equal(trawl_frame_parse(head, sizeof(head), &frame, &used), 1);
    assert_int_equal(used, sizeof(head));
    assert_int_equal(frame.len, 0);
    assert_int_equal(frame.type, UINT16_MAX);
}

/* Before a byte of the payload has come, so that no memory is taken for it. */
static void frame_parse__refuses_what_is_broken(void **state)
{
    uint8_t head[TRAWL_FRAME_HEAD];
    struct trawl_frame frame = {0};
    size_t used = 0;

    (void)state;
    trawl__frame_head(head, 1, 0, TRAWL_FRAME_MAX);
    assert_int_equal(trawl_frame_parse(head, sizeof(head), &frame, &used), 0);
    assert_int_equal(used, TRAWL_FRAME_HEAD + TRAWL_FRAME_MAX);
    trawl__frame_head(head, 1, 0, TRAWL_FRAME_MAX + 1);
    assert_int_equal(trawl_frame_parse(head, sizeof(head), &frame, &used), -EMSGSIZE);
    trawl__frame_head(head, 1, 0, UINT32_MAX);
    assert_int_equal(trawl_frame_parse(head, sizeof(head), &frame, &used), -EMSGSIZE);
    trawl__frame_head(head, 0, 0, 5);
    assert_int_equal(trawl_frame_parse(head, sizeof(head), &frame, &used), -EBADMSG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frame_head__is_what_parse_reads),
        cmocka_unit_test(frame_parse__waits_for_the_whole),
        cmocka_unit_test(frame_parse__leaves_what_follows),
        cmocka_unit_test(frame_parse__takes_an_empty_payload),
        cmocka_unit_test(frame_parse__refuses_what_is_broken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
