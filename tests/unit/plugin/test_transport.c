#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "ipc/culprit.h"
#include "plugin/transport.h"

static int state;
static const char *within; /* what the process was in during the call */

static void note(void *transport)
{
    assert_ptr_equal(transport, &state);
    within = trawl_culprit_enter(NULL);
    trawl_culprit_enter(within);
}

static int fake_create(const struct trawl_transport_host *host, struct trawl_hub *hub,
                       json_t *options, void **ret_transport, struct trawl_err *err)
{
    (void)host;
    (void)hub;
    assert_true(json_is_object(options));
    *ret_transport = &state;
    note(&state);
    if (json_object_get(options, "words"))
        return trawl_err_set(err, -EINVAL, "", "\xffwrong");
    return json_object_get(options, "wrong") ? trawl_err_set(err, -EINVAL, "", "wrong") : 0;
}

static int fake_encode(void *transport, const struct trawl_message *message, struct trawl_out *out)
{
    (void)message;
    (void)out;
    note(transport);
    return -EFBIG;
}

static int fake_opened(void *transport, struct trawl_conn *conn, struct trawl_err *err)
{
    (void)conn;
    (void)err;
    note(transport);
    return -ENODATA;
}

static void fake_received(void *transport, struct trawl_conn *conn, const char *text, size_t len)
{
    (void)conn;
    (void)text;
    (void)len;
    note(transport);
}

static void fake_closed(void *transport, struct trawl_conn *conn)
{
    (void)conn;
    note(transport);
}

static enum trawl_push_outcome fake_push(void *transport, const struct trawl_message *messages,
                                         size_t count, struct trawl_push_result *result)
{
    (void)messages;
    (void)count;
    (void)result;
    note(transport);
    return TRAWL_PUSH_LATER;
}

static const struct trawl_transport_ops all = {
    .create = fake_create,
    .encode = fake_encode,
    .opened = fake_opened,
    .received = fake_received,
    .closed = fake_closed,
    .destroy = note,
    .push = fake_push,
};

/* The call was within "pigeon", and the process is again in what it was before. */
static void assert_named(void)
{
    assert_string_equal(within, "pigeon");
    within = NULL;
    assert_string_equal(trawl_culprit_enter("outer"), "outer");
}

static void transport__is_named_during_each_call(void **unused)
{
    struct trawl_transport transport = {.name = "pigeon", .ops = &all};

    (void)unused;
    trawl_culprit_enter("outer");
    assert_int_equal(trawl_transport_create(&transport, NULL, NULL, NULL, NULL), 0);
    assert_named();
    assert_int_equal(trawl_transport_encode(&transport, NULL, NULL), -EFBIG);
    assert_named();
    assert_int_equal(trawl_transport_opened(&transport, NULL, NULL), -ENODATA);
    assert_named();
    trawl_transport_received(&transport, NULL, "", 0);
    assert_named();
    trawl_transport_closed(&transport, NULL);
    assert_named();
    assert_int_equal(trawl_transport_push(&transport, NULL, 0, NULL), TRAWL_PUSH_LATER);
    assert_named();
    trawl_transport_destroy(&transport);
    assert_named();
    trawl_culprit_enter(NULL);
}

static void transport__has_no_state_where_it_cannot_be_created(void **unused)
{
    struct trawl_transport transport = {.name = "pigeon", .ops = &all};
    json_auto_t *options = json_pack("{s:b}", "wrong", 1);
    struct trawl_err err = {0};

    (void)unused;
    assert_int_equal(trawl_transport_create(&transport, NULL, NULL, options, &err), -EINVAL);
    assert_string_equal(err.message, "wrong");
    assert_null(transport.state);
    assert_int_equal(trawl_transport_create(&transport, NULL, NULL, options, NULL), -EINVAL);
    json_object_set_new(options, "words", json_true());
    assert_int_equal(trawl_transport_create(&transport, NULL, NULL, options, &err), -EINVAL);
    assert_string_equal(err.message, "its own words are not UTF-8");
}

static void transport__need_not_hear_that_a_client_is_gone(void **unused)
{
    static const struct trawl_transport_ops none = {.create = fake_create};
    struct trawl_transport transport = {.name = "pigeon", .ops = &none};

    (void)unused;
    trawl_transport_closed(&transport, NULL);
}

static void transport__is_left_out_for_a_reason(void **unused)
{
    json_auto_t *message =
        json_pack("{s:{s:s, s:s}, s:{s:s}, s:[{s:s, s:s}]}", "plugins", "fine", "/fine.so",
                  "crashes", "/crashes.so", "left_out", "crashes", "it crashed", "broken", "name",
                  "lost", "reason", "no such plugin");
    json_auto_t *bare = json_object();

    (void)unused;
    assert_null(trawl_transport_left_out(message, "fine"));
    assert_string_equal(trawl_transport_left_out(message, "crashes"), "it crashed");
    assert_string_equal(trawl_transport_left_out(message, "lost"), "no such plugin");
    assert_string_equal(trawl_transport_left_out(bare, "fine"),
                        "it is not configured, or cannot be loaded");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transport__is_left_out_for_a_reason),
        cmocka_unit_test(transport__is_named_during_each_call),
        cmocka_unit_test(transport__has_no_state_where_it_cannot_be_created),
        cmocka_unit_test(transport__need_not_hear_that_a_client_is_gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
