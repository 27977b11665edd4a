/* The real gateway process, its supervisor played by the test, over loopback, with both transports. */
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_store.h"
#include "gateway/gateway.h"
#include "http/http.h"
#include "ipc/child.h"
#include "ipc/messages.h"
#include "util/buf.h"
#include "util/fs.h"
#include "util/json.h"

#define PATIENCE_MS 15000
#define CLIENT_MAX  (8u << 20)

struct gateway {
    pid_t pid;
    int channel;
    int port;
};

struct client {
    int fd;
    struct trawl_buf in;
    bool websocket;
    unsigned close_code;
};

/* --- the supervisor's side --------------------------------------------------------------------------- */

static void write_all(int fd, const void *bytes, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = send(fd, (const char *)bytes + done, len - done, MSG_NOSIGNAL);

        if (n < 0)
            return; /* the reader's end will show */
        done += (size_t)n;
    }
}

static void send_frame(struct gateway *gateway, uint16_t type, const void *payload, size_t len)
{
    uint8_t head[8] = {(uint8_t)len,
                       (uint8_t)(len >> 8),
                       (uint8_t)(len >> 16),
                       (uint8_t)(len >> 24),
                       (uint8_t)type,
                       0,
                       0,
                       0};

    write_all(gateway->channel, head, sizeof(head));
    write_all(gateway->channel, payload, len);
}

static void send_json(struct gateway *gateway, uint16_t type, json_t *value)
{
    char *text = trawl_json_text(value, TRAWL_JSON_COMPACT);

    send_frame(gateway, type, text, strlen(text));
    free(text);
    json_decref(value);
}

static void read_all(int fd, void *bytes, size_t len)
{
    for (size_t done = 0; done < len;) {
        struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
        ssize_t n;

        assert_int_equal(poll(&poll_fd, 1, PATIENCE_MS), 1);
        n = read(fd, (char *)bytes + done, len - done);
        assert_true(n > 0);
        done += (size_t)n;
    }
}

static json_t *expect_frame(struct gateway *gateway, uint16_t type)
{
    uint8_t head[8];
    json_t *value = NULL;
    uint32_t len;
    char *payload;

    read_all(gateway->channel, head, sizeof(head));
    len = head[0] | (uint32_t)head[1] << 8 | (uint32_t)head[2] << 16;
    assert_int_equal(head[4], type);
    payload = trawl_xalloc(len + 1);
    read_all(gateway->channel, payload, len);
    assert_int_equal(trawl_json_parse(payload, len, &value, NULL), 0);
    free(payload);
    return value;
}

/* Commit up to `head` and tell the gateway. */
static void commit(struct gateway *gateway, uint64_t head)
{
    struct trawl_event events[64];
    char data[64][128];
    struct trawl_buf buf;

    while (fake->head < head) {
        size_t count = 0;

        for (uint64_t seq = fake->head + 1; seq <= head && count < 64; seq++, count++)
            fake_event(seq, &events[count], data[count]);
        fake->head += count;
        trawl_buf_init(&buf, 1 << 20);
        assert_int_equal(trawl_events_encode(events, count, &buf), 0);
        send_frame(gateway, TRAWL_MSG_EVENTS, buf.data, buf.len);
        trawl_buf_finish(&buf);
    }
}

static void become_gateway(int channel, int listener)
{
    char parent[32];

    snprintf(parent, sizeof(parent), "%d", (int)getppid());
    setenv(TRAWL_PARENT_PID_VARIABLE, parent, 1);
    /* Out of the way first: either may lie where the other belongs. */
    channel = fcntl(channel, F_DUPFD, 20);
    listener = fcntl(listener, F_DUPFD, 20);
    dup2(channel, TRAWL_CHANNEL_FD);
    dup2(listener, TRAWL_LISTEN_FD);
    close(channel);
    close(listener);
    exit(trawl_gateway_main());
}

static json_t *configuration(int port, json_t *server)
{
    char address[32], *folder = NULL, *websocket, *sse;
    json_t *message;

    assert_int_equal(trawl_fs_self_folder(&folder), 0);
    websocket = trawl_xasprintf("%s/../plugins/websocket.so", folder);
    sse = trawl_xasprintf("%s/../plugins/sse.so", folder);
    snprintf(address, sizeof(address), "127.0.0.1:%d", port);
    message = json_pack(
        "{s:{s:o, s:{s:{}, s:{s:{s:i}}, s:{}}, s:{s:{s:[s,s], s:i, s:i}}}, s:[s], s:s, s:I, s:I,"
        " s:{s:s, s:s}, s:[{s:s}], s:[], s:[{s:s, s:s}]}",
        "config", "server", server, "transports", "websocket", "sse", "options", "retry", 2000,
        "pigeon", "chains", "live", "order", "websocket", "sse", "failures", 3, "retry_after",
        30000, "listen", address, "data", "/nowhere", "epoch", (json_int_t)FAKE_EPOCH, "head",
        (json_int_t)fake->head, "plugins", "websocket", websocket, "sse", sse, "platforms", "name",
        "books", "plugin_list", "broken", "name", "pigeon", "reason", "no such plugin");
    assert_non_null(message);
    free(folder);
    free(websocket);
    free(sse);
    return message;
}

static struct gateway *start_with(uint64_t head, uint64_t tail, json_t *server)
{
    struct gateway *gateway = TRAWL_NEW(struct gateway);
    struct sockaddr_in address;
    socklen_t len = sizeof(address);
    int pair[2], listener;

    fake->head = head;
    fake->tail = tail;
    fake->broken = false;
    assert_int_equal(trawl_http_bind("127.0.0.1:0", &listener, NULL), 0);
    getsockname(listener, (struct sockaddr *)&address, &len);
    gateway->port = ntohs(address.sin_port);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    gateway->pid = fork();
    if (gateway->pid == 0) {
        close(pair[0]);
        become_gateway(pair[1], listener);
    }
    close(pair[1]);
    close(listener);
    gateway->channel = pair[0];
    send_json(gateway, TRAWL_MSG_CONFIGURE, configuration(gateway->port, server));
    json_decref(expect_frame(gateway, TRAWL_MSG_SERVING));
    return gateway;
}

static struct gateway *start(uint64_t head, uint64_t tail)
{
    return start_with(head, tail, json_pack("{s:i, s:s}", "heartbeat", 3600000, "web", "/nowhere"));
}

/* A gateway leaves with success, also under a sanitizer: nothing is left over. */
static void stop(struct gateway *gateway)
{
    int status;

    close(gateway->channel);
    waitpid(gateway->pid, &status, 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    free(gateway);
}

/* --- the client's side ------------------------------------------------------------------------------- */

static struct client *connect_to(struct gateway *gateway)
{
    struct client *client = TRAWL_NEW(struct client);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)gateway->port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(client->fd, (struct sockaddr *)&address, sizeof(address)), 0);
    trawl_buf_init(&client->in, CLIENT_MAX);
    return client;
}

static void leave(struct client *client)
{
    close(client->fd);
    trawl_buf_finish(&client->in);
    free(client);
}

/* False at the end of the stream. */
static bool receive(struct client *client)
{
    struct pollfd poll_fd = {.fd = client->fd, .events = POLLIN};
    char bytes[65536];
    ssize_t n;

    assert_int_equal(poll(&poll_fd, 1, PATIENCE_MS), 1);
    n = read(client->fd, bytes, sizeof(bytes));
    if (n <= 0)
        return false;
    assert_int_equal(trawl_buf_append(&client->in, bytes, (size_t)n), 0);
    return true;
}

static void request(struct gateway *gateway, struct client *client, const char *line,
                    const char *headers)
{
    char text[2048];
    int n = snprintf(text, sizeof(text), "%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n%s\r\n", line,
                     gateway->port, headers);

    write_all(client->fd, text, (size_t)n);
}

/* The status; what follows the head stays in client->in. */
static int head_of(struct client *client)
{
    const char *end;
    int status;

    while (!(end = strstr(trawl_buf_text(&client->in), "\r\n\r\n"))) {
        if (!receive(client))
            return 0;
    }
    status = (int)strtol(client->in.data + 9, NULL, 10);
    trawl_buf_consume(&client->in, (size_t)(end + 4 - client->in.data));
    return status;
}

/* A whole answer on a connection of its own. */
static int ask(struct gateway *gateway, const char *line, const char *headers, char **ret_body)
{
    struct client *client = connect_to(gateway);
    char all[1024];
    int status;

    snprintf(all, sizeof(all), "%sConnection: close\r\n", headers);
    request(gateway, client, line, all);
    status = head_of(client);
    while (receive(client))
        ;
    if (ret_body)
        *ret_body = trawl_xstrdup(trawl_buf_text(&client->in));
    leave(client);
    return status;
}

static struct client *open_websocket(struct gateway *gateway)
{
    struct client *client = connect_to(gateway);

    request(gateway, client, "GET /api/ws",
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
    client->websocket = true;
    assert_int_equal(head_of(client), 101);
    return client;
}

static void say(struct client *client, const char *text)
{
    size_t len = strlen(text), head_len = 6;
    uint8_t frame[1024] = {0x81, (uint8_t)(0x80 | len)};

    if (len > 125) {
        frame[1] = 0x80 | 126;
        frame[2] = (uint8_t)(len >> 8);
        frame[3] = (uint8_t)len;
        head_len = 8;
    }
    memcpy(frame + head_len, text, len); /* masked with zeroes */
    write_all(client->fd, frame, head_len + len);
}

/* Take one WebSocket frame's payload from the buffer. */
static json_t *take_frame(struct client *client)
{
    json_t *message = NULL;

    while (client->in.len >= 2 && !message && !client->close_code) {
        const uint8_t *in = (const uint8_t *)trawl_buf_text(&client->in);
        size_t len = in[1], head_len = 2;

        if (len == 126) {
            head_len = 4;
            len = client->in.len >= 4 ? (size_t)in[2] << 8 | in[3] : CLIENT_MAX;
        }
        if (client->in.len < head_len + len)
            return NULL;
        if (in[0] == 0x81)
            assert_int_equal(trawl_json_parse((const char *)in + head_len, len, &message, NULL), 0);
        else if (in[0] == 0x88)
            client->close_code = (unsigned)in[2] << 8 | in[3];
        trawl_buf_consume(&client->in, head_len + len); /* a ping is passed over */
    }
    return message;
}

/* Take one event of a stream from the buffer; its id: line must be the message's id. */
static json_t *take_event(struct client *client)
{
    const char *text = trawl_buf_text(&client->in);
    const char *end = strstr(text, "\n\n");
    const char *data = end ? strstr(text, "data: ") : NULL;
    const char *id = end ? strstr(text, "id: ") : NULL;
    json_t *message = NULL;

    if (!end)
        return NULL;
    assert_non_null(data);
    assert_int_equal(trawl_json_parse(data + 6, (size_t)(end - data - 6), &message, NULL), 0);
    if (id && id < data) {
        const char *wanted = trawl_json_string(message, "id", "");

        assert_memory_equal(id + 4, wanted, strlen(wanted));
    } else {
        assert_null(json_object_get(message, "id"));
    }
    trawl_buf_consume(&client->in, (size_t)(end + 2 - text));
    return message;
}

/* The next message, NULL at the end. */
static json_t *next(struct client *client)
{
    for (;;) {
        json_t *message = client->websocket ? take_frame(client) : take_event(client);

        if (message || client->close_code)
            return message;
        if (!receive(client))
            return NULL;
    }
}

static void expect_type(struct client *client, const char *type, json_t **ret_data)
{
    json_t *message = next(client);

    assert_non_null(message);
    assert_string_equal(trawl_json_string(message, "type", ""), type);
    if (ret_data)
        *ret_data = json_incref(json_object_get(message, "data"));
    json_decref(message);
}

/* "You have all up to *ret_seq." */
static bool is_caught_up(const json_t *message, uint64_t *ret_seq)
{
    uint32_t epoch;

    return strcmp(trawl_json_string(message, "type", ""), "heartbeat") == 0 &&
           trawl_event_id_parse(trawl_json_string(message, "id", ""), &epoch, ret_seq) == 0;
}

/* The next message must say that the client has all up to `seq`. */
static void expect_caught_up(struct client *client, uint64_t seq)
{
    json_t *message = next(client);
    uint64_t told = 0;

    assert_non_null(message);
    assert_true(is_caught_up(message, &told));
    assert_int_equal(told, seq);
    json_decref(message);
}

/* The next message must be the event `seq`. That the client has caught up may be told before, but not with an id that
 * would make it miss the event. */
static void expect_event(struct client *client, uint64_t seq)
{
    json_t *message = next(client);
    char id[TRAWL_EVENT_ID_SIZE];
    uint64_t told = 0;

    if (is_caught_up(message, &told)) {
        assert_true(told < seq);
        json_decref(message);
        message = next(client);
    }
    assert_non_null(message);
    trawl_event_id(id, FAKE_EPOCH, seq);
    assert_string_equal(trawl_json_string(message, "id", "none"), id);
    assert_int_equal(trawl_json_int(json_object_get(message, "data"), "seq", 0), (json_int_t)seq);
    json_decref(message);
}

static void expect_progress(struct client *client, uint64_t since, uint64_t until)
{
    for (uint64_t seq = since + 1; seq <= until; seq++) {
        if (seq % 4 != 1)
            expect_event(client, seq);
    }
}

static void expect_subscribed(struct client *client, bool resumed)
{
    json_t *data;

    expect_type(client, "subscribed", &data);
    assert_int_equal(json_is_true(json_object_get(data, "resumed")), resumed);
    json_decref(data);
}

static struct client *subscribe(struct gateway *gateway, const char *fields)
{
    struct client *client = open_websocket(gateway);
    char text[512];

    expect_type(client, "connection_ack", NULL);
    snprintf(text, sizeof(text), "{\"type\":\"subscribe\"%s}", fields);
    say(client, text);
    return client;
}

static struct client *open_stream(struct gateway *gateway, const char *line, const char *headers,
                                  int status)
{
    struct client *client = connect_to(gateway);

    request(gateway, client, line, headers);
    assert_int_equal(head_of(client), status);
    return client;
}

/* --- following --------------------------------------------------------------------------------------- */

static void gateway__acknowledges_with_the_chain(void **state)
{
    struct gateway *gateway = start(0, 1);
    struct client *client = open_websocket(gateway);
    json_t *data, *transports;

    (void)state;
    expect_type(client, "connection_ack", &data);
    transports = json_object_get(data, "transports");
    assert_int_equal(json_array_size(transports), 3);
    assert_string_equal(trawl_json_string(json_array_get(transports, 1), "name", ""), "sse");
    assert_true(trawl_json_bool(json_array_get(transports, 0), "ok", false));
    assert_string_equal(trawl_json_string(json_array_get(transports, 2), "reason", ""),
                        "no such plugin");
    assert_string_equal(trawl_json_string(data, "last_id", ""), "5f3a9c01-0");
    json_decref(data);
    leave(client);
    stop(gateway);
}

static void gateway__brings_live_events_over_both(void **state)
{
    struct gateway *gateway = start(10, 1);
    struct client *socket = subscribe(gateway, "");
    struct client *stream = open_stream(gateway, "GET /api/scrape/stream", "", 200);
    struct client *clients[] = {socket, stream};

    (void)state;
    expect_type(stream, "connection_ack", NULL);
    for (size_t i = 0; i < 2; i++) {
        expect_subscribed(clients[i], false);
        expect_type(clients[i], "snapshot", NULL);
        expect_caught_up(clients[i], 10);
    }
    for (uint64_t head = 20; head <= 2000; head += 180)
        commit(gateway, head);
    for (size_t i = 0; i < 2; i++) {
        expect_progress(clients[i], 10, 2000);
        leave(clients[i]);
    }
    stop(gateway);
}

static void gateway__resumes_from_the_journal(void **state)
{
    struct gateway *gateway = start(3000, 1);
    struct client *socket = subscribe(gateway, ",\"since\":\"5f3a9c01-50\"");
    struct client *stream = open_stream(gateway, "GET /api/scrape/stream?since=5f3a9c01-3",
                                        "Last-Event-ID: 5f3a9c01-50\r\n", 200);

    (void)state;
    expect_subscribed(socket, true);
    expect_type(stream, "connection_ack", NULL);
    expect_subscribed(stream, true);
    commit(gateway, 3500); /* while they catch up */
    expect_progress(socket, 50, 3500);
    expect_progress(stream, 50, 3500);
    leave(socket);
    leave(stream);
    stop(gateway);
}

static void gateway__resumes_from_the_ring(void **state)
{
    struct gateway *gateway = start(10, 1);
    struct client *first = subscribe(gateway, ",\"since\":\"5f3a9c01-10\"");
    struct client *second;

    (void)state;
    expect_subscribed(first, true);
    commit(gateway, 200);
    expect_progress(first, 10, 200);
    fake->broken = true; /* it need not read */
    second = subscribe(gateway, ",\"since\":\"5f3a9c01-100\"");
    expect_subscribed(second, true);
    expect_progress(second, 100, 200);
    leave(first);
    leave(second);
    stop(gateway);
}

static void gateway__replays_one_run_and_ends_with_it(void **state)
{
    struct gateway *gateway = start(150, 1);
    struct client *stream = open_stream(gateway, "GET /api/scrape/runs/2/progress", "", 200);
    struct client *socket = subscribe(gateway, ",\"run_id\":2,\"topics\":[\"logs\"]");

    (void)state;
    expect_type(stream, "connection_ack", NULL);
    expect_subscribed(stream, false);
    expect_progress(stream, 100, 150);
    commit(gateway, 250);
    expect_progress(stream, 150, 200);
    assert_null(next(stream)); /* ended by the server */
    expect_subscribed(socket, false);
    for (uint64_t seq = 101; seq <= 200; seq += 4)
        expect_event(socket, seq);
    leave(stream);
    leave(socket);
    stop(gateway);
}

static void gateway__stops_a_stream_that_has_seen_all(void **state)
{
    struct gateway *gateway = start(250, 1);

    (void)state;
    assert_int_equal(
        ask(gateway, "GET /api/scrape/runs/2/progress", "Last-Event-ID: 5f3a9c01-200\r\n", NULL),
        204);
    assert_int_equal(ask(gateway, "GET /api/scrape/runs/2/progress?since=5f3a9c01-220", "", NULL),
                     204);
    stop(gateway);
}

static void gateway__says_a_gap_openly(void **state)
{
    static const char *const since[] = {"5f3a9c01-10", "00000001-150", "5f3a9c01-999"};
    struct gateway *gateway = start(200, 100);

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char fields[64];
        struct client *client;
        json_t *message;

        snprintf(fields, sizeof(fields), ",\"since\":\"%s\"", since[i]);
        client = subscribe(gateway, fields);
        expect_subscribed(client, false);
        message = next(client);
        assert_string_equal(trawl_json_string(message, "type", ""), "snapshot");
        assert_string_equal(trawl_json_string(message, "id", ""), "5f3a9c01-200");
        json_decref(message);
        leave(client);
    }
    stop(gateway);
}

static void gateway__waits_for_what_a_snapshot_was_through(void **state)
{
    struct gateway *gateway = start(10, 1);
    struct client *client;

    (void)state;
    fake->head = 20; /* committed, and read by the snapshot, before the gateway is told */
    client = subscribe(gateway, "");
    expect_subscribed(client, false);
    expect_type(client, "snapshot", NULL);
    fake->head = 10;
    commit(gateway, 40);
    expect_progress(client, 20, 40);
    leave(client);
    stop(gateway);
}

static void gateway__feeds_those_who_fall_out_of_the_ring(void **state)
{
    struct gateway *gateway = start_with(
        0, 1,
        json_pack("{s:i, s:i, s:i}", "heartbeat", 3600000, "ring", 4096, "pong_timeout", 600000));
    struct client *client = subscribe(gateway, ",\"since\":\"5f3a9c01-0\"");

    (void)state;
    expect_subscribed(client, true);
    for (uint64_t head = 5000; head <= 60000; head += 5000)
        commit(gateway, head); /* some 10 MB, while nothing is read */
    expect_progress(client, 0, 60000);
    leave(client);
    stop(gateway);
}

static void gateway__changes_a_filter_without_loss(void **state)
{
    struct gateway *gateway = start(100, 1);
    struct client *client = subscribe(gateway, ",\"since\":\"5f3a9c01-100\"");

    (void)state;
    expect_subscribed(client, true);
    expect_caught_up(client, 100);
    commit(gateway, 120);
    expect_progress(client, 100, 120);
    say(client, "{\"type\":\"subscribe\",\"topics\":[\"scrape_progress\",\"logs\"],"
                "\"since\":\"5f3a9c01-120\"}");
    expect_subscribed(client, true);
    expect_caught_up(client, 120);
    commit(gateway, 140);
    for (uint64_t seq = 121; seq <= 140; seq++)
        expect_event(client, seq);
    leave(client);
    stop(gateway);
}

static void gateway__answers_bad_messages_with_error(void **state)
{
    static const char *const bad[] = {"{",
                                      "[1]",
                                      "{\"type\":\"dance\"}",
                                      "{\"type\":\"subscribe\",\"topics\":[\"gossip\"]}",
                                      "{\"type\":\"subscribe\",\"topics\":\"logs\"}",
                                      "{\"type\":\"subscribe\",\"run_id\":99}",
                                      "{\"type\":\"subscribe\",\"run_id\":-1}",
                                      "{\"type\":\"subscribe\",\"since\":\"yesterday\"}"};
    struct gateway *gateway = start(10, 1);
    struct client *client = open_websocket(gateway);

    (void)state;
    expect_type(client, "connection_ack", NULL);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        say(client, bad[i]);
        expect_type(client, "error", NULL);
    }
    say(client, "{\"type\":\"ping\"}");
    expect_type(client, "pong", NULL);
    leave(client);
    stop(gateway);
}

static void gateway__closes_at_a_message_over_the_limit(void **state)
{
    struct gateway *gateway =
        start_with(10, 1, json_pack("{s:i, s:i}", "heartbeat", 3600000, "max_message", 200));
    struct client *client = open_websocket(gateway);
    char text[512];

    (void)state;
    expect_type(client, "connection_ack", NULL);
    memset(text, 'x', 500);
    text[500] = '\0';
    say(client, text);
    assert_null(next(client));
    assert_int_equal(client->close_code, 1009);
    leave(client);
    stop(gateway);
}

/* Also where nothing has ever happened. */
static void gateway__says_it_of_an_empty_journal(void **state)
{
    struct gateway *gateway = start(0, 1);
    struct client *client = subscribe(gateway, "");
    json_t *snapshot;

    (void)state;
    expect_subscribed(client, false);
    snapshot = next(client);
    assert_string_equal(trawl_json_string(snapshot, "type", ""), "snapshot");
    assert_string_equal(trawl_json_string(snapshot, "id", ""), "5f3a9c01-0");
    expect_caught_up(client, 0);
    json_decref(snapshot);
    leave(client);
    stop(gateway);
}

/* With an interval of an hour: what comes here does not wait for it. */
static void gateway__says_once_that_a_subscriber_has_everything(void **state)
{
    struct gateway *gateway = start_with(
        1000, 1,
        json_pack("{s:i, s:i, s:i}", "heartbeat", 3600000, "ring", 4096, "pong_timeout", 600000));
    struct client *socket = subscribe(gateway, ",\"since\":\"5f3a9c01-300\"");
    struct client *stream =
        open_stream(gateway, "GET /api/scrape/stream", "Last-Event-ID: 5f3a9c01-300\r\n", 200);
    struct client *one = subscribe(gateway, ",\"run_id\":2");
    struct client *clients[] = {socket, stream};

    (void)state;
    expect_type(stream, "connection_ack", NULL);
    expect_subscribed(one, false);
    expect_progress(one, 100, 200);
    expect_caught_up(one, 1000); /* its run is over, its connection is not */
    for (size_t i = 0; i < 2; i++) {
        expect_subscribed(clients[i], true);
        expect_progress(clients[i], 300, 1000);
        expect_caught_up(clients[i], 1000);
    }
    commit(gateway, 60000); /* they fall out of the ring, and come back into it */
    for (size_t i = 0; i < 2; i++) {
        for (uint64_t seq = 1001; seq <= 60000; seq++) {
            json_t *message = seq % 4 != 1 ? next(clients[i]) : NULL;

            if (message)
                assert_string_equal(trawl_json_string(message, "type", ""), "scrape_progress");
            json_decref(message);
        }
        leave(clients[i]);
    }
    leave(one);
    stop(gateway);
}

static void gateway__sends_heartbeats_as_messages(void **state)
{
    struct gateway *gateway = start_with(10, 1, json_pack("{s:i}", "heartbeat", 320));
    struct client *socket = subscribe(gateway, ",\"since\":\"5f3a9c01-10\"");
    struct client *stream = open_stream(gateway, "GET /api/scrape/stream", "", 200);
    struct client *clients[] = {socket, stream};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        for (unsigned told = 0; told < 3;) {
            json_t *message = next(clients[i]);
            uint64_t seq = 0;

            assert_non_null(message);
            told += is_caught_up(message, &seq) && seq == 10;
            json_decref(message);
        }
        leave(clients[i]);
    }
    stop(gateway);
}

static void gateway__drains(void **state)
{
    struct gateway *gateway = start(10, 1);
    struct client *socket = subscribe(gateway, ",\"since\":\"5f3a9c01-10\"");
    struct client *stream =
        open_stream(gateway, "GET /api/scrape/stream?since=5f3a9c01-10", "", 200);
    int status;

    (void)state;
    expect_subscribed(socket, true);
    expect_type(stream, "connection_ack", NULL);
    expect_subscribed(stream, true);
    expect_caught_up(socket, 10);
    expect_caught_up(stream, 10);
    send_json(gateway, TRAWL_MSG_DRAIN, json_pack("{s:i}", "retry_ms", 500));
    assert_null(next(socket));
    assert_int_equal(socket->close_code, 1012);
    assert_null(next(stream));
    leave(socket);
    leave(stream);
    waitpid(gateway->pid, &status, 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    close(gateway->channel);
    free(gateway);
}

/* --- clients that vanish ----------------------------------------------------------------------------- */

static unsigned descriptors(pid_t pid)
{
    char path[64];
    unsigned count = 0;
    DIR *folder;

    snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
    folder = opendir(path);
    assert_non_null(folder);
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

/* Descriptors are back, and so is the processor's time: a stream of HTTP/1 whose client went away unseen would spin. */
static void gateway__forgets_a_thousand_streams(void **state)
{
    static struct client *clients[1000];
    struct gateway *gateway = start(10, 1);
    unsigned before, patience = 3000;

    (void)state;
    assert_int_equal(ask(gateway, "GET /ready", "", NULL), 200);
    before = descriptors(gateway->pid);
    for (size_t i = 0; i < 1000; i++) {
        clients[i] = connect_to(gateway);
        if (i % 2) { /* a stream may come after another request */
            request(gateway, clients[i], "GET /live", "");
            assert_int_equal(head_of(clients[i]), 200);
            trawl_buf_clear(&clients[i]->in);
        }
        request(gateway, clients[i], "GET /api/scrape/stream", "");
        assert_int_equal(head_of(clients[i]), 200);
    }
    for (size_t i = 0; i < 1000; i++) {
        if (i % 3 == 1)
            shutdown(clients[i]->fd, SHUT_WR);
        else if (i % 3 == 2)
            write_all(clients[i]->fd, "rubbish", 7);
    }
    for (size_t i = 0; i < 1000; i += 3)
        leave(clients[i]);
    while (descriptors(gateway->pid) > before + 2 && patience-- > 0)
        usleep(20000);
    assert_true(descriptors(gateway->pid) <= before + 2);
    for (size_t i = 0; i < 1000; i++) {
        if (i % 3)
            leave(clients[i]);
    }
    stop(gateway);
}

/* --- the API ----------------------------------------------------------------------------------------- */

static void gateway__routes(void **state)
{
    static const struct {
        const char *line;
        const char *headers;
        int status;
        const char *body;
    } cases[] = {
        {"GET /live", "", 200, "live"},
        {"GET /ready", "", 200, "ready"},
        {"HEAD /ready", "", 200, ""},
        {"GET /api/scrape/runs", "", 200, "\"runs\":[{\"id\":3"},
        {"GET /api/scrape/runs?limit=2", "", 200, "\"next\":\"2\""},
        {"GET /api/scrape/runs?limit=0", "", 422, "limit"},
        {"GET /api/scrape/runs?status=sleepy", "", 422, "status"},
        {"GET /api/scrape/runs/active", "", 200, "[]"},
        {"GET /api/scrape/runs/2", "", 200, "\"id\":2"},
        {"GET /api/scrape/runs/9", "", 404, "no run 9"},
        {"GET /api/scrape/runs/abc", "", 404, "no such run"},
        {"GET /api/scrape/runs/9/items", "", 404, "no run 9"},
        {"GET /api/scrape/runs/1/items?format=xml", "", 422, "jsonl"},
        {"GET /api/scrape/runs/1/errors", "", 200, "{\"errors\":[{\"row\":1}],\"next\":null}"},
        {"GET /api/scrape/runs/1/errors?group=kind&limit=7", "", 200,
         "{\"groups\":[{\"run\":1,\"limit\":7}]}"},
        {"GET /api/scrape/runs/1/errors?group=url", "", 422, "\"field\":\"group\""},
        {"GET /api/scrape/runs/9/progress", "", 404, "no such run"},
        {"GET /api/scrape/runs/x/progress", "", 404, "no such run"},
        {"GET /api/scrape/stream?topics=gossip", "", 400, "gossip"},
        {"GET /api/scrape/stream?since=1", "", 400, "not an id"},
        {"GET /api/schedules", "", 200,
         "{\"schedules\":[{\"platform\":\"late\",\"cron\":\"@daily\",\"timezone\":\"UTC\",\"next\":"
         "[]},"
         "{\"platform\":\"leap\",\"cron\":\"0 0 29 2 *\",\"timezone\":\"UTC\",\"next\":["
         "\"2104-02-29T00:00:00.000Z\",\"2108-02-29T00:00:00.000Z\",\"2112-02-29T00:00:00.000Z\","
         "\"2116-02-29T00:00:00.000Z\",\"2120-02-29T00:00:00.000Z\"]}]}"},
        {"GET /api/stats/days", "", 200, "{\"days\":[{\"asked\":14}]}"},
        {"GET /api/stats/days?days=366", "", 200, "366"},
        {"GET /api/stats/days?days=0", "", 422, "days"},
        {"GET /api/stats/days?days=367", "", 422, "days"},
        {"GET /api/stats/days?days=x", "", 422, "days"},
        {"GET /api/items?limit=2", "", 200, "9007199254740993"},
        {"GET /api/items/one?platform=books&key=https%3A%2F%2Fx.org%2Fa%2F..%2Fb%26c", "", 200,
         "https://x.org/a/../b&c"},
        {"GET /api/items/one?platform=books&key=x", "", 404, "no such item"},
        {"GET /api/items/one?key=x", "", 422, "platform"},
        {"GET /api/platforms", "", 200, "books"},
        {"GET /api/plugins", "", 200, "plugins"},
        {"GET /api/openapi.json", "", 200, "\"3.1.0\""},
        {"GET /api/nothing", "", 404, "no"},
        {"GET /nothing.js", "", 404, "no"},
        {"GET /", "", 200, "openapi.json"},
        {"DELETE /api/scrape/runs", "", 405, "method"},
        {"OPTIONS /api/scrape/runs", "", 204, ""},
        {"POST /api/scrape/stream", "", 405, "GET"},
        {"POST /api/scrape/runs", "Origin: http://evil.example\r\n", 403, "Origin"},
        {"POST /api/scrape/runs", "Origin: null\r\n", 403, "Origin"},
        {"POST /api/scrape/runs", "Transfer-Encoding: chunked\r\n", 411, "Length"},
        {"POST /api/scrape/runs", "Content-Length: 99999999\r\n", 413, "Large"},
    };
    struct gateway *gateway = start(200, 1);

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char *body;
        int status = ask(gateway, cases[i].line, cases[i].headers, &body);

        if (status != cases[i].status || !strstr(body, cases[i].body))
            fail_msg("%s: %d %s", cases[i].line, status, body);
        free(body);
    }
    stop(gateway);
}

static void gateway__refuses_other_hosts(void **state)
{
    struct gateway *gateway = start(10, 1);
    struct client *client = connect_to(gateway);
    const char *text = "GET /live HTTP/1.1\r\nHost: evil.example\r\n\r\n";

    (void)state;
    write_all(client->fd, text, strlen(text));
    assert_int_equal(head_of(client), 421);
    leave(client);
    client = connect_to(gateway);
    request(gateway, client, "GET /api/ws",
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: http://evil.example\r\n");
    assert_int_equal(head_of(client), 403);
    leave(client);
    stop(gateway);
}

static void post(struct gateway *gateway, struct client *client, const char *line,
                 const char *headers, const char *body)
{
    char all[1024];

    snprintf(all, sizeof(all), "%sContent-Length: %zu\r\n", headers, strlen(body));
    request(gateway, client, line, all);
    write_all(client->fd, body, strlen(body));
}

static void gateway__starts_a_run(void **state)
{
    struct gateway *gateway = start(10, 1);
    struct client *client = connect_to(gateway);
    json_t *command, *args;

    (void)state;
    post(gateway, client, "POST /api/scrape/runs",
         "Content-Type: application/json\r\nIdempotency-Key: morning\r\n",
         "{\"platforms\":[\"books\"],\"overlap\":\"queue\"}");
    command = expect_frame(gateway, TRAWL_MSG_COMMAND);
    args = json_object_get(command, "args");
    assert_string_equal(trawl_json_string(command, "name", ""), "start");
    assert_string_equal(trawl_json_string(args, "idempotency_key", ""), "morning");
    assert_int_equal(strlen(trawl_json_string(args, "idempotency_body", "")), 32);
    assert_string_equal(trawl_json_string(args, "trigger", ""), "api");
    send_json(gateway, TRAWL_MSG_REPLY,
              json_pack("{s:O, s:i, s:{s:i, s:b}}", "seq", json_object_get(command, "seq"),
                        "status", 0, "result", "run_id", 7, "existed", 0));
    json_decref(command);
    while (!strstr(trawl_buf_text(&client->in), "\"run_id\":7"))
        assert_true(receive(client));
    assert_non_null(strstr(client->in.data, "HTTP/1.1 202"));
    assert_non_null(strstr(client->in.data, "Location: /api/scrape/runs/7\r\n"));
    leave(client);
    stop(gateway);
}

static void gateway__passes_on_refusals(void **state)
{
    struct gateway *gateway = start(10, 1);
    struct client *client = connect_to(gateway);
    json_t *command;

    (void)state;
    request(gateway, client, "POST /api/scrape/runs/3/cancel", "");
    command = expect_frame(gateway, TRAWL_MSG_COMMAND);
    assert_int_equal(trawl_json_int(json_object_get(command, "args"), "run_id", 0), 3);
    send_json(gateway, TRAWL_MSG_REPLY,
              json_pack("{s:O, s:i, s:{s:s, s:s}}", "seq", json_object_get(command, "seq"),
                        "status", 409, "result", "title", "Ended", "detail", "run 3 has ended"));
    json_decref(command);
    assert_int_equal(head_of(client), 409);
    while (!strstr(trawl_buf_text(&client->in), "run 3 has ended"))
        assert_true(receive(client));
    leave(client);
    stop(gateway);
}

/* The supervisor's answer to the next command; the command itself is returned. */
static json_t *answer_command(struct gateway *gateway, int status, json_t *result)
{
    json_t *command = expect_frame(gateway, TRAWL_MSG_COMMAND);

    send_json(gateway, TRAWL_MSG_REPLY,
              json_pack("{s:O, s:i, s:o*}", "seq", json_object_get(command, "seq"), "status",
                        status, "result", result));
    return command;
}

static void gateway__lists_transports_moves_and_chains(void **state)
{
    struct gateway *gateway = start(10, 1);
    struct client *client = connect_to(gateway);
    json_t *command;

    (void)state;
    request(gateway, client, "GET /api/transports", "");
    command =
        answer_command(gateway, 0,
                       json_pack("{s:[{s:s}], s:[{s:s, s:s, s:s, s:i}], s:[{s:s}]}", "transports",
                                 "name", "pigeon", "moves", "from", "websocket", "to", "sse",
                                 "reason", "refused", "count", 3, "chains", "name", "archive"));
    assert_string_equal(trawl_json_string(command, "name", ""), "transports");
    json_decref(command);
    assert_int_equal(head_of(client), 200);
    while (!strstr(trawl_buf_text(&client->in), "\"chains\":[{\"name\":\"archive\"}]"))
        assert_true(receive(client));
    assert_non_null(strstr(client->in.data, "\"count\":3"));
    assert_non_null(strstr(client->in.data, "pigeon"));
    assert_non_null(strstr(client->in.data, "\"failures\":3"));
    leave(client);
    stop(gateway);
}

static void gateway__enables_a_transport(void **state)
{
    struct gateway *gateway = start(10, 1);
    struct client *client = connect_to(gateway);
    json_t *command;

    (void)state;
    post(gateway, client, "POST /api/transports/hook/enable", "Content-Type: application/json\r\n",
         "{}");
    command = answer_command(gateway, 0, json_pack("{s:s}", "transport", "hook"));
    assert_string_equal(trawl_json_string(command, "name", ""), "enable_transport");
    assert_string_equal(trawl_json_string(json_object_get(command, "args"), "transport", ""),
                        "hook");
    json_decref(command);
    assert_int_equal(head_of(client), 200);
    while (!strstr(trawl_buf_text(&client->in), "{\"transport\":\"hook\"}"))
        assert_true(receive(client));
    leave(client);
    stop(gateway);
}

static void gateway__passes_on_moves(void **state)
{
    struct gateway *gateway = start(10, 1);
    struct client *client = connect_to(gateway);
    json_t *command, *args;

    (void)state;
    post(gateway, client, "POST /api/transports/moves", "Content-Type: application/json\r\n",
         "{\"from\":\"websocket\",\"to\":\"sse\",\"reason\":\"naïve proxy\",\"count\":1000}");
    command = answer_command(gateway, 0, NULL);
    args = json_object_get(command, "args");
    assert_string_equal(trawl_json_string(command, "name", ""), "move");
    assert_string_equal(trawl_json_string(args, "reason", ""), "naïve proxy");
    assert_int_equal(trawl_json_int(args, "count", 0), 1000);
    json_decref(command);
    assert_int_equal(head_of(client), 204);
    leave(client);
    stop(gateway);
}

static void gateway__refuses_bad_moves(void **state)
{
#define MOVE(from, to, reason, count)                                                              \
    "{\"from\":" from ",\"to\":" to ",\"reason\":" reason ",\"count\":" count "}"
#define LONG "0123456789012345678901234567890123456789012345678ö"
    static const struct {
        const char *body;
        const char *field;
    } cases[] = {
        {"{}", "from"},
        {"{\"form\":\"a\"}", "form"},
        {MOVE("1", "\"sse\"", "\"x\"", "1"), "from"},
        {MOVE("\"sse\"", "null", "\"x\"", "1"), "to"},
        {MOVE("\"sse\"", "\"sse\"", "\"x\"", "1"), "to"},
        {MOVE("\"a\"", "\"b\"", "\"\"", "1"), "reason"},
        {MOVE("\"a\"", "\"b\"", "\"x\\n\"", "1"), "reason"},
        {MOVE("\"a\"", "\"b\"", "\"x\\u0000\"", "1"), "reason"},
        {MOVE("\"a\"", "\"b\"", "\"x\\u0085\"", "1"), "reason"},
        {MOVE("\"a\"", "\"b\"", "\"" LONG LONG LONG LONG "!\"", "1"), "reason"},
        {MOVE("\"a\"", "\"b\"", "\"" LONG LONG LONG LONG "\"", "0"), "count"},
        {MOVE("\"a\"", "\"b\"", "\"x\"", "1001"), "count"},
        {MOVE("\"a\"", "\"b\"", "\"x\"", "1.5"), "count"},
    };
    struct gateway *gateway = start(10, 1);

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct client *client = connect_to(gateway);
        char wanted[64];

        snprintf(wanted, sizeof(wanted), "\"field\":\"%s\"", cases[i].field);
        post(gateway, client, "POST /api/transports/moves",
             "Content-Type: application/json\r\nConnection: close\r\n", cases[i].body);
        if (head_of(client) != 422)
            fail_msg("%s", cases[i].body);
        while (receive(client))
            ;
        if (!strstr(trawl_buf_text(&client->in), wanted))
            fail_msg("%s: %s", cases[i].body, trawl_buf_text(&client->in));
        leave(client);
    }
    stop(gateway);
}

static void gateway__refuses_bad_bodies(void **state)
{
    static const struct {
        const char *type;
        const char *body;
        int status;
    } cases[] = {
        {"application/json", "{\"platforms\": ", 400},
        {"application/json", "[1]", 422},
        {"application/json", "{\"platform\":[\"books\"]}", 422},
        {"application/json", "{\"platforms\":\"books\"}", 422},
        {"application/json", "{\"platforms\":[]}", 422},
        {"application/json", "{\"overlap\":\"maybe\"}", 422},
        {"application/json", "{\"options\":{\"books\":1}}", 422},
        {"text/plain", "{}", 415},
        {"application/jsonx", "{}", 415},
    };
    struct gateway *gateway = start(10, 1);

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct client *client = connect_to(gateway);
        char type[64];

        snprintf(type, sizeof(type), "Content-Type: %s\r\n", cases[i].type);
        post(gateway, client, "POST /api/scrape/runs", type, cases[i].body);
        if (head_of(client) != cases[i].status)
            fail_msg("%s", cases[i].body);
        leave(client);
    }
    stop(gateway);
}

static unsigned count(const char *text, const char *part)
{
    unsigned n = 0;

    while ((text = strstr(text, part))) {
        n++;
        text += strlen(part);
    }
    return n;
}

static void gateway__streams_items(void **state)
{
    struct gateway *gateway = start(200, 1);
    char *body;

    (void)state;
    assert_int_equal(ask(gateway, "GET /api/scrape/runs/1/items?format=jsonl", "", &body), 200);
    assert_int_equal(count(body, "\"price\":19.99"), FAKE_ITEMS);
    free(body);
    assert_int_equal(ask(gateway, "GET /api/scrape/runs/1/items", "", &body), 200);
    assert_int_equal(count(body, "\"big\":9007199254740993"), FAKE_ITEMS);
    free(body);
    assert_int_equal(ask(gateway, "GET /api/scrape/runs/1/items?format=csv", "", &body), 200);
    assert_int_equal(count(body, ",9007199254740993,19.99,"), FAKE_ITEMS);
    assert_non_null(strstr(body, "_gone_at,n,big,price,late\r\n"));
    free(body);
    stop(gateway);
}

static void gateway__closes_who_answers_no_pings(void **state)
{
    struct gateway *gateway =
        start_with(10, 1, json_pack("{s:i, s:i}", "heartbeat", 3600000, "pong_timeout", 2000));
    struct client *client = open_websocket(gateway);

    (void)state;
    expect_type(client, "connection_ack", NULL);
    while (receive(client)) /* pings, never answered */
        ;
    leave(client);
    stop(gateway);
}

static void write_file(const char *folder, const char *name, const char *text)
{
    char *path = trawl_fs_join(folder, name);
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    free(path);
}

static void gateway__serves_the_dashboard(void **state)
{
    static const struct {
        const char *line;
        const char *headers;
        int status;
        const char *body;
    } cases[] = {
        {"GET /", "", 200, "<p>index"},
        {"GET /runs/12", "", 200, "<p>index"},
        {"GET /app.js", "", 200, "plain"},
        {"GET /app.js", "Accept-Encoding: gzip, br\r\n", 200, "squeezed"},
        {"GET /none.js", "", 404, "no such page"},
        {"GET /../secret", "", 0, NULL},
        {"GET /%2e%2e/secret", "", 0, NULL},
        {"GET /..%2fsecret", "", 0, NULL},
        {"GET /link", "", 200, "<p>index"},
        {"GET /.hidden", "", 404, "no such page"},
        {"POST /app.js", "", 405, "only read"},
    };
    struct gateway *gateway;
    char *folder, *web, *body;

    (void)state;
    assert_int_equal(trawl_fs_make_temporary(&folder), 0);
    web = trawl_fs_join(folder, "web");
    assert_int_equal(trawl_fs_make_folder(web), 0);
    write_file(folder, "secret", "secret");
    write_file(web, "index.html", "<p>index");
    write_file(web, ".hidden", "secret");
    write_file(web, "app.js", "plain");
    write_file(web, "app.js.br", "squeezed");
    body = trawl_fs_join(web, "link");
    assert_int_equal(symlink("../secret", body), 0);
    free(body);
    gateway = start_with(10, 1, json_pack("{s:i, s:s}", "heartbeat", 3600000, "web", web));
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        int status = ask(gateway, cases[i].line, cases[i].headers, &body);

        if ((cases[i].status && status != cases[i].status) || strstr(body, "secret") ||
            (cases[i].body && !strstr(body, cases[i].body)))
            fail_msg("%s: %d %s", cases[i].line, status, body);
        free(body);
    }
    stop(gateway);
    trawl_fs_remove_folder(web);
    trawl_fs_remove_folder(folder);
    free(web);
    free(folder);
}

/* The whole head of an answer. */
static char *head_for(struct gateway *gateway, const char *line, const char *headers)
{
    struct client *client = connect_to(gateway);
    char *head, *end;

    request(gateway, client, line, headers);
    while (!(end = strstr(trawl_buf_text(&client->in), "\r\n\r\n")))
        assert_true(receive(client));
    head = trawl_xstrndup(client->in.data, (size_t)(end + 2 - client->in.data));
    leave(client);
    return head;
}

static void gateway__guards_its_pages(void **state)
{
    static const char *const lines[] = {"GET /", "GET /api/scrape/runs", "GET /none.js",
                                        "GET /api/scrape/stream"};
    struct gateway *gateway = start(10, 1);
    char *head;

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
        head = head_for(gateway, lines[i], "");
        if (!strstr(head, "\r\nX-Content-Type-Options: nosniff\r\n"))
            fail_msg("%s: %s", lines[i], head);
        free(head);
    }
    head = head_for(gateway, "GET /", "");
    assert_non_null(strstr(head, "\r\nContent-Security-Policy: default-src 'self'; "));
    assert_non_null(strstr(head, "frame-ancestors 'none'"));
    assert_non_null(strstr(head, "\r\nReferrer-Policy: same-origin\r\n"));
    free(head);
    stop(gateway);
}

static void gateway__shares_with_listed_origins_alone(void **state)
{
    static const char *const lines[] = {"GET /",
                                        "GET /none.js",
                                        "GET /live",
                                        "GET /api/scrape/runs",
                                        "GET /api/scrape/runs/1/items",
                                        "GET /api/scrape/stream",
                                        "GET /api/nothing",
                                        "OPTIONS /api/transports/moves",
                                        "OPTIONS /api/scrape/stream"};
    static const char *const others[] = {"", "Origin: null\r\n", "Origin: *\r\n",
                                         "Origin: http://board.example\r\n",
                                         "Origin: https://board.example.evil.example\r\n"};
    struct gateway *gateway = start_with(10, 1,
                                         json_pack("{s:i, s:s, s:[s]}", "heartbeat", 3600000, "web",
                                                   "/nowhere", "origins", "https://board.example"));
    char *head;

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
        head = head_for(gateway, lines[i], "Origin: https://board.example\r\n");
        if (!strstr(head, "\r\nAccess-Control-Allow-Origin: https://board.example\r\n") ||
            !strstr(head, "\r\nVary: Origin\r\n"))
            fail_msg("%s: %s", lines[i], head);
        free(head);
        for (size_t k = 0; k < sizeof(others) / sizeof(*others); k++) {
            head = head_for(gateway, lines[i], others[k]);
            if (strstr(head, "Access-Control") || !strstr(head, "\r\nVary: Origin\r\n"))
                fail_msg("%s, %s: %s", lines[i], others[k], head);
            free(head);
        }
    }
    stop(gateway);
}

static void gateway__answers_preflights(void **state)
{
    static const char asked[] = "Access-Control-Request-Method: POST\r\n"
                                "Access-Control-Request-Headers: content-type\r\n";
    struct gateway *gateway = start_with(
        10, 1, json_pack("{s:i, s:[s]}", "heartbeat", 3600000, "origins", "https://board.example"));
    char headers[256], *head;

    (void)state;
    snprintf(headers, sizeof(headers), "Origin: https://board.example\r\n%s", asked);
    head = head_for(gateway, "OPTIONS /api/scrape/runs", headers);
    assert_non_null(strstr(head, "HTTP/1.1 204"));
    assert_non_null(strstr(head, "\r\nAccess-Control-Allow-Methods: GET, HEAD, POST\r\n"));
    assert_non_null(strstr(head, "\r\nAccess-Control-Allow-Headers: Content-Type, "
                                 "Idempotency-Key, Last-Event-ID\r\n"));
    free(head);
    stop(gateway);

    gateway = start(10, 1); /* nobody is listed */
    head = head_for(gateway, "OPTIONS /api/scrape/runs", headers);
    assert_null(strstr(head, "Access-Control"));
    assert_null(strstr(head, "Vary"));
    free(head);
    stop(gateway);
}

/* Also where the server refuses before anybody here is asked. */
static void gateway__shares_refusals_of_the_server(void **state)
{
    struct gateway *gateway = start_with(
        10, 1, json_pack("{s:i, s:[s]}", "heartbeat", 3600000, "origins", "https://board.example"));
    char *head = head_for(gateway, "POST /api/scrape/runs",
                          "Origin: https://board.example\r\nContent-Length: 99999999\r\n");

    (void)state;
    assert_non_null(strstr(head, "HTTP/1.1 413"));
    assert_non_null(strstr(head, "\r\nAccess-Control-Allow-Origin: https://board.example\r\n"));
    free(head);
    stop(gateway);
}

static int share_store(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    fake = mmap(NULL, sizeof(*fake), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return fake == MAP_FAILED ? -1 : 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gateway__acknowledges_with_the_chain),
        cmocka_unit_test(gateway__brings_live_events_over_both),
        cmocka_unit_test(gateway__resumes_from_the_journal),
        cmocka_unit_test(gateway__resumes_from_the_ring),
        cmocka_unit_test(gateway__replays_one_run_and_ends_with_it),
        cmocka_unit_test(gateway__stops_a_stream_that_has_seen_all),
        cmocka_unit_test(gateway__says_a_gap_openly),
        cmocka_unit_test(gateway__waits_for_what_a_snapshot_was_through),
        cmocka_unit_test(gateway__feeds_those_who_fall_out_of_the_ring),
        cmocka_unit_test(gateway__changes_a_filter_without_loss),
        cmocka_unit_test(gateway__answers_bad_messages_with_error),
        cmocka_unit_test(gateway__closes_at_a_message_over_the_limit),
        cmocka_unit_test(gateway__says_once_that_a_subscriber_has_everything),
        cmocka_unit_test(gateway__says_it_of_an_empty_journal),
        cmocka_unit_test(gateway__sends_heartbeats_as_messages),
        cmocka_unit_test(gateway__drains),
        cmocka_unit_test(gateway__forgets_a_thousand_streams),
        cmocka_unit_test(gateway__routes),
        cmocka_unit_test(gateway__refuses_other_hosts),
        cmocka_unit_test(gateway__starts_a_run),
        cmocka_unit_test(gateway__passes_on_refusals),
        cmocka_unit_test(gateway__lists_transports_moves_and_chains),
        cmocka_unit_test(gateway__enables_a_transport),
        cmocka_unit_test(gateway__passes_on_moves),
        cmocka_unit_test(gateway__refuses_bad_moves),
        cmocka_unit_test(gateway__refuses_bad_bodies),
        cmocka_unit_test(gateway__streams_items),
        cmocka_unit_test(gateway__serves_the_dashboard),
        cmocka_unit_test(gateway__guards_its_pages),
        cmocka_unit_test(gateway__shares_with_listed_origins_alone),
        cmocka_unit_test(gateway__answers_preflights),
        cmocka_unit_test(gateway__shares_refusals_of_the_server),
        cmocka_unit_test(gateway__closes_who_answers_no_pings),
    };

    return cmocka_run_group_tests(tests, share_store, NULL);
}
