#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "ipc/queue.h"
#include "util/alloc.h"

/* All that waits, as one text. The caller frees it. */
static char *text_of(struct trawl__queue *queue)
{
    char *text = trawl_xalloc(queue->bytes + 1);
    size_t len = 0;

    for (struct trawl__piece *piece = queue->first; piece; piece = piece->next) {
        memcpy(text + len, piece->data, piece->len);
        len += piece->len;
    }
    assert_int_equal(len, queue->bytes);
    return text;
}

static void expect(struct trawl__queue *queue, const char *text)
{
    TRAWL_AUTO_FREE char *is = text_of(queue);

    assert_string_equal(is, text);
}

static void copy(struct trawl__queue *queue, const char *text)
{
    trawl__queue_copy(queue, text, strlen(text));
}

static void take(struct trawl__queue *queue, size_t len, char fill, size_t skip)
{
    char *data = trawl_xalloc(len + 1);

    memset(data, fill, len);
    trawl__queue_take(queue, data, len, skip);
}

static void queue__joins_what_is_small(void **state)
{
    struct trawl__queue queue = {0};
    uv_buf_t bufs[4];

    (void)state;
    copy(&queue, "one");
    copy(&queue, "");
    copy(&queue, "two");
    take(&queue, 3, 'x', 1);
    expect(&queue, "onetwoxx");
    assert_int_equal(trawl__queue_bufs(&queue, bufs, 4), 1);
    assert_int_equal(bufs[0].len, 8);
    assert_memory_equal(bufs[0].base, "onetwoxx", 8);
    trawl__queue_finish(&queue);
    assert_int_equal(queue.bytes, 0);
}

/* Bytes that come while a piece is being written must not go with it. */
static void queue__keeps_what_comes_during_a_write(void **state)
{
    struct trawl__queue queue = {0};
    uv_buf_t bufs[4];

    (void)state;
    copy(&queue, "written");
    assert_int_equal(trawl__queue_bufs(&queue, bufs, 4), 1);
    copy(&queue, "later");
    assert_int_equal(bufs[0].len, 7);
    trawl__queue_drop(&queue, 1);
    expect(&queue, "later");
    assert_int_equal(trawl__queue_bufs(&queue, bufs, 4), 1);
    trawl__queue_drop(&queue, 4); /* more than there are */
    assert_int_equal(queue.bytes, 0);
    assert_int_equal(trawl__queue_bufs(&queue, bufs, 4), 0);
    copy(&queue, "again");
    expect(&queue, "again");
    trawl__queue_finish(&queue);
}

/* Large pieces are not copied; of one that has left in part the rest stays. */
static void queue__takes_what_is_large(void **state)
{
    enum { LARGE = 1 << 20 };
    struct trawl__queue queue = {0};
    char *data = trawl_xalloc(LARGE);
    uv_buf_t bufs[4];

    (void)state;
    memset(data, 'd', LARGE);
    data[5] = 'D';
    copy(&queue, "head");
    trawl__queue_take(&queue, data, LARGE, 0);
    take(&queue, LARGE, 'e', LARGE - 3); /* hardly anything is left */
    take(&queue, LARGE, 'f', 0);
    assert_int_equal(queue.bytes, 4 + LARGE + 3 + LARGE);
    assert_int_equal(trawl__queue_bufs(&queue, bufs, 4), 4);
    assert_ptr_equal(bufs[1].base, data);
    assert_int_equal(bufs[2].len, 3);
    assert_int_equal(bufs[3].len, LARGE);
    trawl__queue_finish(&queue);

    data = trawl_xalloc(LARGE);
    memset(data, 'd', LARGE);
    data[5] = 'D';
    trawl__queue_take(&queue, data, LARGE, 5);
    assert_int_equal(queue.bytes, LARGE - 5);
    assert_int_equal(trawl__queue_bufs(&queue, bufs, 4), 1);
    assert_int_equal(bufs[0].len, LARGE - 5);
    assert_memory_equal(bufs[0].base, "Dddd", 4);
    trawl__queue_finish(&queue);
}

/* Whatever the sizes, the bytes stay in their order. */
static void queue__keeps_the_order(void **state)
{
    enum { ROUNDS = 400, MOST = 50000 };
    struct trawl__queue queue = {0};
    TRAWL_AUTO_FREE char *in = trawl_xalloc(MOST);
    unsigned char next_in = 0;
    unsigned char next_out = 0;
    uv_buf_t bufs[3];

    (void)state;
    for (size_t round = 0; round < ROUNDS; round++) {
        size_t len = (round * 7919) % MOST >> round % 11;

        for (size_t i = 0; i < len; i++)
            in[i] = (char)next_in++;
        trawl__queue_copy(&queue, in, len);
        if (round % 5 == 4) {
            unsigned count = trawl__queue_bufs(&queue, bufs, 3);

            for (unsigned b = 0; b < count; b++) {
                for (size_t i = 0; i < bufs[b].len; i++)
                    assert_int_equal((unsigned char)bufs[b].base[i], next_out++);
            }
            trawl__queue_drop(&queue, count);
        }
    }
    assert_int_equal((unsigned char)(next_out + queue.bytes), next_in);
    trawl__queue_finish(&queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queue__joins_what_is_small),
        cmocka_unit_test(queue__keeps_what_comes_during_a_write),
        cmocka_unit_test(queue__takes_what_is_large),
        cmocka_unit_test(queue__keeps_the_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
