#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipc/channel.h"

/* One end and what came to it. Frames of type 7 carry a number that counts up from 0. */
struct end {
    struct trawl_channel *channel;
    unsigned frames;
    size_t bytes;
    uint16_t flags;
    unsigned closed;
    int reason;
    unsigned close_after; /* close in the callback of this frame */
    bool echo;
};

static void end_on_frame(void *user, const struct trawl_frame *frame)
{
    struct end *end = user;
    uint32_t number;

    if (frame->type == 7) {
        assert_true(frame->len >= sizeof(number));
        memcpy(&number, frame->payload, sizeof(number));
        assert_int_equal(number, end->frames);
    }
    end->frames++;
    end->bytes += frame->len;
    end->flags = frame->flags;
    if (end->echo)
        assert_int_equal(trawl_channel_send(end->channel, frame->type, frame->payload, frame->len),
                         0);
    if (end->close_after == end->frames) {
        trawl_channel_close(end->channel);
        end->channel = NULL;
    }
}

static void end_on_closed(void *user, int reason)
{
    struct end *end = user;

    end->closed++;
    end->reason = reason;
    trawl_channel_close(end->channel);
    end->channel = NULL;
}

static const struct trawl_channel_ops end_ops = {
    .on_frame = end_on_frame,
    .on_closed = end_on_closed,
};

struct pair {
    uv_loop_t loop;
    struct end a;
    struct end b;
};

static void pair_open(struct pair *pair)
{
    int fds[2];

    memset(pair, 0, sizeof(*pair));
    assert_int_equal(uv_loop_init(&pair->loop), 0);
    assert_int_equal(trawl_channel_pair(fds), 0);
    assert_int_equal(trawl_channel_open(&pair->loop, fds[0], &end_ops, &pair->a, &pair->a.channel),
                     0);
    assert_int_equal(trawl_channel_open(&pair->loop, fds[1], &end_ops, &pair->b, &pair->b.channel),
                     0);
}

/* Close what is open; a handle that stays behind fails the test. */
static void pair_finish(struct pair *pair)
{
    trawl_channel_close(pair->a.channel);
    trawl_channel_close(pair->b.channel);
    uv_run(&pair->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&pair->loop), 0);
}

static void channel__brings_frames_in_order(void **state)
{
    enum { COUNT = 50000 };
    char payload[200] = {0};
    struct pair pair;

    (void)state;
    pair_open(&pair);
    for (uint32_t i = 0; i < COUNT; i++) {
        memcpy(payload, &i, sizeof(i));
        assert_int_equal(trawl_channel_send(pair.a.channel, 7, payload, 4 + i % 196), 0);
    }
    assert_true(trawl_channel_queued(pair.a.channel) > 0);
    while (pair.b.frames < COUNT)
        uv_run(&pair.loop, UV_RUN_ONCE);
    assert_int_equal(trawl_channel_queued(pair.a.channel), 0);
    pair_finish(&pair);
    assert_int_equal(pair.b.frames, COUNT);
}

static void channel__brings_a_frame_of_the_largest_size(void **state)
{
    struct trawl_buf buf;
    struct pair pair;
    char *room;

    (void)state;
    pair_open(&pair);
    trawl_buf_init(&buf, TRAWL_FRAME_MAX);
    assert_int_equal(trawl_buf_reserve(&buf, TRAWL_FRAME_MAX, &room), 0);
    memset(room, 'x', TRAWL_FRAME_MAX);
    trawl_buf_grew(&buf, TRAWL_FRAME_MAX);
    assert_int_equal(trawl_channel_send_buf(pair.a.channel, 8, &buf), 0);
    assert_int_equal(buf.len, 0);
    assert_int_equal(trawl_channel_send(pair.a.channel, 9, "", 0), 0);
    while (pair.b.frames < 2)
        uv_run(&pair.loop, UV_RUN_ONCE);
    assert_int_equal(pair.b.bytes, TRAWL_FRAME_MAX);
    pair_finish(&pair);
}

static void channel__large_and_small_keep_their_order(void **state)
{
    enum { COUNT = 200 };
    struct pair pair;

    (void)state;
    pair_open(&pair);
    for (uint32_t i = 0; i < COUNT; i++) {
        struct trawl_buf buf;
        char *room;
        size_t len = i % 3 == 0 ? 300000 : 40;

        trawl_buf_init(&buf, len);
        assert_int_equal(trawl_buf_reserve(&buf, len, &room), 0);
        memset(room, 0, len);
        memcpy(room, &i, sizeof(i));
        trawl_buf_grew(&buf, len);
        assert_int_equal(trawl_channel_send_buf(pair.a.channel, 7, &buf), 0);
    }
    while (pair.b.frames < COUNT)
        uv_run(&pair.loop, UV_RUN_ONCE);
    pair_finish(&pair);
}

static void channel__sends_while_receiving(void **state)
{
    enum { COUNT = 2000 };
    struct pair pair;

    (void)state;
    pair_open(&pair);
    pair.b.echo = true;
    for (uint32_t i = 0; i < COUNT; i++)
        assert_int_equal(trawl_channel_send(pair.a.channel, 7, &i, sizeof(i)), 0);
    while (pair.a.frames < COUNT)
        uv_run(&pair.loop, UV_RUN_ONCE);
    pair_finish(&pair);
}

static void channel__carries_flags(void **state)
{
    struct pair pair;

    (void)state;
    pair_open(&pair);
    assert_int_equal(trawl_channel_send_flags(pair.a.channel, 2, 5, NULL, 0), 0);
    while (pair.b.frames < 1)
        uv_run(&pair.loop, UV_RUN_ONCE);
    assert_int_equal(pair.b.flags, 5);
    pair_finish(&pair);
}

static void channel__may_be_closed_in_on_frame(void **state)
{
    struct pair pair;

    (void)state;
    pair_open(&pair);
    pair.b.close_after = 2;
    for (int i = 0; i < 10; i++)
        assert_int_equal(trawl_channel_send(pair.a.channel, 1, "x", 1), 0);
    uv_run(&pair.loop, UV_RUN_DEFAULT);
    assert_int_equal(pair.b.frames, 2);
    assert_int_equal(pair.b.closed, 0); /* not called after trawl_channel_close() */
    assert_int_equal(pair.a.closed, 1);
    assert_int_equal(pair.a.reason, 0);
    pair_finish(&pair);
}

static void channel__what_was_sent_before_close_arrives(void **state)
{
    enum { COUNT = 20000 };
    struct pair pair;

    (void)state;
    pair_open(&pair);
    for (uint32_t i = 0; i < COUNT; i++)
        assert_int_equal(trawl_channel_send(pair.a.channel, 7, (uint32_t[100]){i}, 400), 0);
    assert_true(trawl_channel_queued(pair.a.channel) > 0);
    trawl_channel_close(pair.a.channel);
    pair.a.channel = NULL;
    uv_run(&pair.loop, UV_RUN_DEFAULT);
    assert_int_equal(pair.b.frames, COUNT);
    assert_int_equal(pair.b.closed, 1);
    assert_int_equal(pair.b.reason, 0);
    pair_finish(&pair);
}

static void channel__frames_of_a_dead_peer_are_still_read(void **state)
{
    struct end end = {0};
    uv_loop_t loop;
    int fds[2];

    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(trawl_channel_pair(fds), 0);
    assert_int_equal(trawl_channel_open(&loop, fds[0], &end_ops, &end, &end.channel), 0);
    assert_int_equal(write(fds[1], "\x01\0\0\0\x05\0\0\0x", 9), 9);
    close(fds[1]);
    assert_int_equal(trawl_channel_send(end.channel, 1, "x", 1), -EPIPE);
    assert_int_equal(end.closed, 0); /* never from inside a send */
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(end.frames, 1);
    assert_int_equal(end.closed, 1);
    assert_int_equal(end.reason, 0);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void channel__ends_at_the_queue_limit(void **state)
{
    struct pair pair;
    char *payload = calloc(1, TRAWL_FRAME_MAX);
    int r = 0;

    (void)state;
    pair_open(&pair);
    for (int i = 0; i < 10 && r == 0; i++)
        r = trawl_channel_send(pair.a.channel, 1, payload, TRAWL_FRAME_MAX);
    assert_int_equal(r, -EPIPE);
    assert_int_equal(pair.a.closed, 0);
    assert_int_equal(trawl_channel_send(pair.a.channel, 1, "x", 1), -EPIPE);
    uv_run(&pair.loop, UV_RUN_DEFAULT);
    assert_int_equal(pair.a.closed, 1);
    assert_int_equal(pair.a.reason, -ENOBUFS);
    assert_int_equal(pair.b.closed, 1);
    free(payload);
    pair_finish(&pair);
}

static void channel__refuses_to_send_what_no_frame_holds(void **state)
{
    struct pair pair;
    char *payload = calloc(1, TRAWL_FRAME_MAX + 1);

    (void)state;
    pair_open(&pair);
    assert_int_equal(trawl_channel_send(pair.a.channel, 1, payload, TRAWL_FRAME_MAX + 1),
                     -EMSGSIZE);
    assert_int_equal(trawl_channel_send(pair.a.channel, 1, "x", 1), 0);
    free(payload);
    pair_finish(&pair);
}

/* Raw bytes to a channel: how it ends. */
static void broken_frame(const void *bytes, size_t len, int expected_reason, unsigned frames)
{
    struct end end = {0};
    uv_loop_t loop;
    int fds[2];

    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(trawl_channel_pair(fds), 0);
    assert_int_equal(trawl_channel_open(&loop, fds[0], &end_ops, &end, &end.channel), 0);
    assert_int_equal(write(fds[1], bytes, len), (ssize_t)len);
    close(fds[1]);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(end.closed, 1);
    assert_int_equal(end.reason, expected_reason);
    assert_int_equal(end.frames, frames);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void channel__a_frame_longer_than_the_limit_ends_it(void **state)
{
    (void)state;
    broken_frame("\x01\x00\x00\x04\x01\x00\x00\x00", 8, -EMSGSIZE, 0);
}

static void channel__a_frame_of_no_type_ends_it(void **state)
{
    (void)state;
    broken_frame("\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 16, -EBADMSG,
                 1);
}

static void channel__half_a_frame_is_just_the_end(void **state)
{
    (void)state;
    broken_frame("\x05\x00\x00\x00\x01\x00\x00\x00half", 12, 0, 0);
}

static void channel__fail_tells_the_reason(void **state)
{
    struct pair pair;

    (void)state;
    pair_open(&pair);
    trawl_channel_fail(pair.a.channel, -EBADMSG);
    assert_int_equal(pair.a.closed, 0);
    uv_run(&pair.loop, UV_RUN_DEFAULT);
    assert_int_equal(pair.a.closed, 1);
    assert_int_equal(pair.a.reason, -EBADMSG);
    assert_int_equal(pair.b.closed, 1);
    pair_finish(&pair);
}

static void channel__sends_json(void **state)
{
    struct pair pair;
    json_t *value = json_pack("{s:i}", "serial", 5);

    (void)state;
    pair_open(&pair);
    assert_int_equal(trawl_channel_send_json(pair.a.channel, 3, value), 0);
    json_decref(value);
    while (pair.b.frames < 1)
        uv_run(&pair.loop, UV_RUN_ONCE);
    assert_int_equal(pair.b.bytes, strlen("{\"serial\":5}"));
    pair_finish(&pair);
}

static void channel__open_takes_a_bad_descriptor_over(void **state)
{
    struct trawl_channel *channel = NULL;
    uv_loop_t loop;

    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_true(trawl_channel_open(&loop, -1, &end_ops, NULL, &channel) < 0);
    assert_null(channel);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(channel__brings_frames_in_order),
        cmocka_unit_test(channel__brings_a_frame_of_the_largest_size),
        cmocka_unit_test(channel__large_and_small_keep_their_order),
        cmocka_unit_test(channel__sends_while_receiving),
        cmocka_unit_test(channel__carries_flags),
        cmocka_unit_test(channel__may_be_closed_in_on_frame),
        cmocka_unit_test(channel__what_was_sent_before_close_arrives),
        cmocka_unit_test(channel__frames_of_a_dead_peer_are_still_read),
        cmocka_unit_test(channel__ends_at_the_queue_limit),
        cmocka_unit_test(channel__refuses_to_send_what_no_frame_holds),
        cmocka_unit_test(channel__a_frame_longer_than_the_limit_ends_it),
        cmocka_unit_test(channel__a_frame_of_no_type_ends_it),
        cmocka_unit_test(channel__half_a_frame_is_just_the_end),
        cmocka_unit_test(channel__fail_tells_the_reason),
        cmocka_unit_test(channel__sends_json),
        cmocka_unit_test(channel__open_takes_a_bad_descriptor_over),
    };

    signal(SIGPIPE, SIG_IGN); /* as all mains do */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
