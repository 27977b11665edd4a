#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

/* The plugin itself: it is only known by the symbol that it exports. */
#include "../../../transports/webhook/sign.c"
#include "../../../transports/webhook/webhook.c"
#include "fake_host.h"

/* --- signing -------------------------------------------------------------------------------------- */

static char *sign(const char *secrets_text, const char *text)
{
    json_auto_t *secrets = fake_options(secrets_text);
    struct webhook_keys *keys = NULL;
    struct trawl_err err = {0};
    char *signatures;

    if (webhook_keys_create(secrets, &keys, &err) < 0)
        fail_msg("%s: %s", err.where, err.message);
    signatures = webhook_sign(keys, text, strlen(text));
    webhook_keys_destroy(keys);
    return signatures;
}

/* The example that the specification's implementations are tested with. */
#define EXAMPLE "msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{\"test\": 2432232314}"

static void sign__as_the_specification_has_it(void **state)
{
    TRAWL_AUTO_FREE char *one = sign("['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw']", EXAMPLE);

    (void)state;
    assert_string_equal(one, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

static void sign__with_each_key(void **state)
{
    /* The same key as base64 and as text. */
    TRAWL_AUTO_FREE char *two = sign("['whsec_a2V5', 'key', 'other']", "x");
    TRAWL_AUTO_FREE char *none = sign("[]", "x");
    char *second = strchr(two, ' ') + 1;

    (void)state;
    assert_string_equal(none, "");
    assert_int_equal(strlen(two), 3 * 47 + 2);
    assert_memory_equal(two, second, 47);
    assert_memory_not_equal(two, strchr(second, ' ') + 1, 47);
}

/* --- options -------------------------------------------------------------------------------------- */

static void create__says_what_is_wrong(void **state)
{
    static const struct {
        const char *options;
        const char *says;
    } cases[] = {
        {"{'url': 'https://a.example/x?y=1'}", ""},
        {"{'url': 'http://[::1]:80'}", ""},
        {"{'url': 'ftp://a.example/'}", "url: expected the URL of an http or https server"},
        {"{'url': 'a.example'}", "url: expected the URL of an http or https server"},
        {"{'url': ''}", "url: expected the URL of an http or https server"},
        {"{'url': 'http://a b/'}", "url: expected the URL of an http or https server"},
        {"{'url': 'http://a/', 'secret': ['']}", "secret[0]: expected a key, it is empty"},
        {"{'url': 'http://a/', 'secret': ['a', 'whsec_']}",
         "secret[1]: expected base64 behind 'whsec_'"},
        {"{'url': 'http://a/', 'secret': ['whsec_abc']}",
         "secret[0]: expected base64 behind 'whsec_'"},
        {"{'url': 'http://a/', 'secret': ['whsec_a===']}",
         "secret[0]: expected base64 behind 'whsec_'"},
        {"{'url': 'http://a/', 'secret': ['whsec_ab-_']}",
         "secret[0]: expected base64 behind 'whsec_'"},
        {"{'url': 'http://a/', 'secret': ['whsec_ab==abcd']}",
         "secret[0]: expected base64 behind 'whsec_'"},
        {"{'url': 'http://a/', 'secret': ['1','2','3','4','5','6','7','8','9']}",
         "secret: expected no more than 8"},
        {"{'url': 'http://a/', 'headers': {'X-A': 'b', 'Authorization': 'Bearer c'}}", ""},
        {"{'url': 'http://a/', 'headers': {'content-TYPE': 'text/plain'}}",
         "headers.content-TYPE: cannot be chosen"},
        {"{'url': 'http://a/', 'headers': {'Webhook-Id': '1'}}",
         "headers.Webhook-Id: cannot be chosen: it is part of the signature"},
        {"{'url': 'http://a/', 'headers': {'X Y': '1'}}",
         "headers.X Y: expected the name of a header"},
        {"{'url': 'http://a/', 'headers': {'': '1'}}", "headers.: expected the name of a header"},
        {"{'url': 'http://a/', 'headers': {'X': 'a\\r\\nY: b'}}",
         "headers.X: expected text without line breaks, and some of it"},
        {"{'url': 'http://a/', 'headers': {'X': ''}}",
         "headers.X: expected text without line breaks, and some of it"},
    };

    (void)state;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(cases); i++) {
        struct trawl_err err;
        char said[1400];

        assert_string_equal(fake_refusal(cases[i].options, &err, said), cases[i].says);
    }
}

/* --- a server that gives one answer to each connection ------------------------------------------- */

struct server {
    pthread_t thread;
    int fd;
    char url[64];
    const char *answer; /* NULL: it accepts, and says nothing */
    size_t more;        /* bytes that follow it */
    struct trawl_buf request;
};

/* Whether the request is whole: its Content-Length is what follows its head. */
static bool is_whole(const struct trawl_buf *request)
{
    const char *text = trawl_buf_text(request);
    const char *end = strstr(text, "\r\n\r\n");
    const char *length = strcasestr(text, "content-length: ");

    return end && length &&
           strlen(end + 4) >= (size_t)strtol(length + strlen("content-length: "), NULL, 10);
}

static void *serve(void *user)
{
    struct server *server = user;
    int fd = accept(server->fd, NULL, NULL);
    char bytes[65536] = {0};
    ssize_t got;

    while (!is_whole(&server->request) && (got = recv(fd, bytes, sizeof(bytes), 0)) > 0)
        trawl_buf_append(&server->request, bytes, (size_t)got);
    memset(bytes, 'x', sizeof(bytes));
    if (server->answer) {
        send(fd, server->answer, strlen(server->answer), MSG_NOSIGNAL);
        while (server->more > 0 && (got = send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL)) > 0)
            server->more -= (size_t)got < server->more ? (size_t)got : server->more;
    } else {
        recv(fd, bytes, sizeof(bytes), 0); /* until the other side has had enough */
    }
    close(fd);
    return NULL;
}

static void server_start(struct server *server, const char *answer, size_t more)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);

    *server = (struct server){
        .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
        .answer = answer,
        .more = more,
    };
    trawl_buf_init(&server->request, 1 << 20);
    assert_int_equal(bind(server->fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(server->fd, 1), 0);
    assert_int_equal(getsockname(server->fd, (struct sockaddr *)&address, &len), 0);
    snprintf(server->url, sizeof(server->url), "http://127.0.0.1:%u/hook", ntohs(address.sin_port));
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void server_stop(struct server *server)
{
    pthread_join(server->thread, NULL);
    close(server->fd);
    trawl_buf_finish(&server->request);
}

/* Push `count` messages to a server of this answer. */
static enum trawl_push_outcome push_to(struct server *server, size_t count, const char *more,
                                       struct trawl_push_result *result)
{
    TRAWL_AUTO_FREE char *options = trawl_xasprintf(
        "{'url': '%s', 'batch': 100, 'timeout': 10000, 'headers': {'X-Extra': 'yes'}, "
        "'secret': ['key']%s}",
        server->url, more);
    struct fake_messages messages;
    enum trawl_push_outcome outcome;
    void *transport = fake_create(options);

    fake_messages_init(&messages, 7, count, 0);
    outcome = fake_push(transport, &messages, 0, result);
    trawl_plugin.transport->destroy(transport);
    fake_messages_finish(&messages);
    return outcome;
}

static void push__sends_one_signed_request(void **state)
{
    struct trawl_push_result result;
    struct server server;
    const char *text;

    (void)state;
    fake_reset();
    server_start(&server, "HTTP/1.1 204 No Content\r\n\r\n", 0);
    assert_int_equal(push_to(&server, 120, "", &result), TRAWL_PUSH_DELIVERED);
    assert_int_equal(result.delivered, 100);
    text = trawl_buf_text(&server.request);
    assert_memory_equal(text, "POST /hook HTTP/1.1\r\n", 21);
    assert_non_null(strstr(text, "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(text, "\r\nX-Extra: yes\r\n"));
    assert_non_null(strstr(text, "\r\nwebhook-id: msg_5f3a9c01-7_5f3a9c01-106_100\r\n"));
    assert_non_null(strstr(text, "\r\nwebhook-signature: v1,"));
    assert_null(strcasestr(text, "expect:"));
    assert_non_null(strstr(text, "\r\n\r\n{\"events\":[{\"id\":\"5f3a9c01-7\","));
    server_stop(&server);
}

static void push__goes_by_the_answer(void **state)
{
    static const struct {
        const char *answer;
        size_t more;
        enum trawl_push_outcome outcome;
        int64_t retry_after_ms;
        const char *says;
    } cases[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 0, TRAWL_PUSH_DELIVERED, -1, ""},
        {"HTTP/1.1 200 OK\r\n\r\n", 1 << 24, TRAWL_PUSH_DELIVERED, -1,
         ""}, /* not read to its end */
        {"HTTP/1.1 500 No\r\n\r\n", 0, TRAWL_PUSH_FAILED, -1, "it answers with status 500"},
        {"HTTP/1.1 500 No\r\nRetry-After: 9\r\n\r\n", 0, TRAWL_PUSH_FAILED, -1, "status 500"},
        {"HTTP/1.1 404 No\r\n\r\n", 1 << 24, TRAWL_PUSH_FAILED, -1, "status 404"},
        {"HTTP/1.1 302 Go\r\nLocation: /other\r\n\r\n", 0, TRAWL_PUSH_FAILED, -1,
         "it answers with status 302, and redirects are not followed"},
        {"HTTP/1.1 410 Gone\r\n\r\n", 0, TRAWL_PUSH_GONE, -1, "it answers with status 410"},
        {"HTTP/1.1 429 Slow\r\n\r\n", 0, TRAWL_PUSH_LATER, -1, "status 429"},
        {"HTTP/1.1 429 Slow\r\nretry-after: 17\r\n\r\n", 0, TRAWL_PUSH_LATER, 17000, "status 429"},
        {"HTTP/1.1 429 Slow\r\nRetry-After: soon\r\n\r\n", 0, TRAWL_PUSH_LATER, -1, "status 429"},
        {"HTTP/1.1 429 Slow\r\nRetry-After: 99999999999999999999\r\n\r\n", 0, TRAWL_PUSH_LATER,
         INT64_MAX, "status 429"},
        {"HTTP/1.1 429 Slow\r\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n\r\n", 0,
         TRAWL_PUSH_LATER, 0, "status 429"},
        {"HTTP/1.1 503 Down\r\nRetry-After: 0\r\n\r\n", 0, TRAWL_PUSH_LATER, 0, "status 503"},
        {"HTTP/1.1 503 Down\r\n\r\n", 0, TRAWL_PUSH_FAILED, -1, "status 503"},
        {"", 0, TRAWL_PUSH_FAILED, -1, "Empty reply"},
        {"hello\r\n\r\n", 0, TRAWL_PUSH_FAILED, -1, "HTTP/0.9"},
    };

    (void)state;
    fake_reset();
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(cases); i++) {
        struct trawl_push_result result;
        struct server server;
        enum trawl_push_outcome outcome;

        server_start(&server, cases[i].answer, cases[i].more);
        outcome = push_to(&server, 1, "", &result);
        server_stop(&server);
        if (outcome != cases[i].outcome || result.retry_after_ms != cases[i].retry_after_ms ||
            !strstr(result.detail, cases[i].says))
            fail_msg("case %zu: %d, %lld ms, %s", i, (int)outcome, (long long)result.retry_after_ms,
                     result.detail);
        assert_int_equal(result.delivered, outcome == TRAWL_PUSH_DELIVERED);
    }
}

static void push__understands_a_date(void **state)
{
    struct trawl_push_result result;
    struct server server;
    char answer[128];
    time_t then = time(NULL) + 3600;
    struct tm utc;

    (void)state;
    fake_reset();
    gmtime_r(&then, &utc);
    strftime(answer, sizeof(answer),
             "HTTP/1.1 429 Slow\r\nRetry-After: %a, %d %b %Y %H:%M:%S GMT\r\n\r\n", &utc);
    server_start(&server, answer, 0);
    assert_int_equal(push_to(&server, 1, "", &result), TRAWL_PUSH_LATER);
    server_stop(&server);
    assert_in_range(result.retry_after_ms, 3000000, 3600000);
}

static void push__does_not_wait_for_ever(void **state)
{
    struct trawl_push_result result;
    struct server server;

    (void)state;
    fake_reset();
    server_start(&server, NULL, 0);
    assert_int_equal(push_to(&server, 1, ", 'timeout': 200", &result), TRAWL_PUSH_FAILED);
    shutdown(server.fd, SHUT_RDWR); /* it may not even have connected */
    server_stop(&server);
    assert_non_null(strstr(result.detail, "timed out"));
    server_start(&server, NULL, 0);
    fake.stopping = true;
    assert_int_equal(push_to(&server, 1, ", 'timeout': 600000", &result), TRAWL_PUSH_FAILED);
    assert_string_equal(result.detail, "the server is ending");
    shutdown(server.fd, SHUT_RDWR);
    server_stop(&server);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(sign__as_the_specification_has_it),
        cmocka_unit_test(sign__with_each_key),
        cmocka_unit_test(create__says_what_is_wrong),
        cmocka_unit_test(push__sends_one_signed_request),
        cmocka_unit_test(push__goes_by_the_answer),
        cmocka_unit_test(push__understands_a_date),
        cmocka_unit_test(push__does_not_wait_for_ever),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
