/* What brings events to a server that `make bench` measures alone.
 *
 * feed [--rate N] [--window N] --shared FILE gateway BUILD FOLDER
 * feed [--rate N] [--window N] --shared FILE nchan PORT
 *
 * `gateway` plays the supervisor: it starts the gateway process of BUILD with a store in FOLDER, says "serves PORT PID", and
 * hands it events over its channel. `nchan` publishes the same messages by HTTP. Both begin when the load client says in
 * FILE that its subscribers are there, and go on until killed: `rate` events a second, or as fast as all subscribers
 * take them, at most `window` events ahead of the slowest.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "ipc/channel.h"
#include "ipc/child.h"
#include "ipc/messages.h"
#include "journal/event.h"
#include "shared.h"
#include "store/store.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/json.h"
#include "util/listen.h"

/* A key so long makes messages of 200 bytes. */
#define KEY_BYTES  56
#define DATA_BYTES 160
/* Events that are handed over at once. */
#define BATCH    64
#define PAUSE_NS 200000

struct sink {
    int fd;
    void (*send)(const struct sink *sink, const struct trawl_event *events, size_t count);
    uint32_t epoch;
};

static struct {
    uint64_t rate; /* 0: as fast as they take them */
    uint64_t window;
    struct shared *shared;
} feed = {.window = 1000};

static _Noreturn void fail(const char *what, const char *why)
{
    fprintf(stderr, "feed: %s: %s\n", what, why);
    exit(EXIT_FAILURE);
}

static void write_all(int fd, const void *bytes, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = send(fd, (const char *)bytes + done, len - done, MSG_NOSIGNAL);

        if (n < 0)
            fail("the server does not take more", strerror(errno));
        done += (size_t)n;
    }
}

/* --- a gateway --------------------------------------------------------------------------------------- */

static void send_frame(int fd, uint16_t type, const struct trawl_buf *payload)
{
    uint8_t head[8] = {(uint8_t)payload->len,
                       (uint8_t)(payload->len >> 8),
                       (uint8_t)(payload->len >> 16),
                       (uint8_t)(payload->len >> 24),
                       (uint8_t)type,
                       (uint8_t)(type >> 8)};

    write_all(fd, head, sizeof(head));
    write_all(fd, payload->data, payload->len);
}

static void send_to_gateway(const struct sink *sink, const struct trawl_event *events, size_t count)
{
    struct trawl_buf payload;

    trawl_buf_init(&payload, TRAWL_FRAME_MAX);
    if (trawl_events_encode(events, count, &payload) < 0)
        fail("events", "cannot be encoded");
    send_frame(sink->fd, TRAWL_MSG_EVENTS, &payload);
    trawl_buf_finish(&payload);
}

static pid_t start_gateway(const char *build, int channel, int listener)
{
    char *program = trawl_xasprintf("%s/trawl", build);
    pid_t pid = fork();

    if (pid == 0) {
        putenv(trawl_xasprintf("%s=%d", TRAWL_PARENT_PID_VARIABLE, (int)getppid()));
        /* Out of the way first: either may lie where the other belongs. */
        channel = fcntl(channel, F_DUPFD_CLOEXEC, 20);
        listener = fcntl(listener, F_DUPFD_CLOEXEC, 20);
        dup2(channel, TRAWL_CHANNEL_FD);
        dup2(listener, TRAWL_LISTEN_FD);
        execl(program, "trawl", "--role=gateway", (char *)NULL);
        _exit(127);
    }
    free(program);
    return pid;
}

static void configure(const struct sink *sink, const char *build, const char *folder,
                      const char *address)
{
    char *websocket = trawl_xasprintf("%s/plugins/websocket.so", build);
    char *sse = trawl_xasprintf("%s/plugins/sse.so", build);
    json_auto_t *message = json_pack(
        "{s:{s:{}, s:{s:{}, s:{s:{s:i}}}, s:{s:{s:[s,s]}}}, s:[s], s:s, s:I, s:i, s:{s:s, s:s}}",
        "config", "server", "transports", "websocket", "sse", "options", "retry", 2000, "chains",
        "live", "order", "websocket", "sse", "listen", address, "data", folder, "epoch",
        (json_int_t)sink->epoch, "head", 0, "plugins", "websocket", websocket, "sse", sse);
    struct trawl_buf payload;

    trawl_buf_init(&payload, TRAWL_FRAME_MAX);
    if (trawl_json_write(&payload, message, TRAWL_JSON_COMPACT) < 0)
        fail("the configuration", "cannot be written");
    send_frame(sink->fd, TRAWL_MSG_CONFIGURE, &payload);
    trawl_buf_finish(&payload);
    free(websocket);
    free(sse);
}

/* The store stays open: a gateway can only read one that has a supervisor. */
static struct sink open_gateway(const char *build, const char *folder)
{
    struct trawl_store_options options = {.folder = folder};
    struct sink sink = {.send = send_to_gateway};
    struct trawl_store *store;
    struct trawl_err err = {0};
    char *address, serving[8];
    int channel[2], listener;
    pid_t pid;

    if (trawl_store_open(&options, &store, &err) < 0 ||
        trawl_listen("127.0.0.1:0", "listen", &listener, &address, &err) < 0)
        fail(folder, err.message);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) < 0)
        fail("socketpair", strerror(errno));
    pid = start_gateway(build, channel[1], listener);
    close(channel[1]);
    close(listener);
    sink.fd = channel[0];
    sink.epoch = trawl_store_epoch(store);
    configure(&sink, build, folder, address);
    if (recv(sink.fd, serving, sizeof(serving), MSG_WAITALL) != sizeof(serving))
        fail("the gateway", "does not serve");
    printf("serves %s %d\n", strrchr(address, ':') + 1, (int)pid);
    return sink;
}

/* --- nchan ------------------------------------------------------------------------------------------- */

/* Its answers are not looked at, but must be read. */
static void send_to_nchan(const struct sink *sink, const struct trawl_event *events, size_t count)
{
    struct trawl_buf text, all;
    char answers[65536];

    trawl_buf_init(&text, TRAWL_FRAME_MAX);
    trawl_buf_init(&all, TRAWL_FRAME_MAX);
    for (size_t i = 0; i < count; i++) {
        trawl_buf_clear(&text);
        trawl_event_write(&events[i], sink->epoch, &text);
        trawl_buf_printf(&all,
                         "POST /pub HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
                         "Content-Length: %zu\r\n\r\n%s",
                         text.len, trawl_buf_text(&text));
    }
    write_all(sink->fd, all.data, all.len);
    while (recv(sink->fd, answers, sizeof(answers), MSG_DONTWAIT) > 0)
        ;
    trawl_buf_finish(&text);
    trawl_buf_finish(&all);
}

static struct sink open_nchan(const char *port)
{
    struct sink sink = {.send = send_to_nchan, .epoch = 0x5f3a9c01u};
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    sink.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(sink.fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        fail(port, strerror(errno));
    printf("serves %s\n", port);
    return sink;
}

/* --- events ------------------------------------------------------------------------------------------ */

/* How many more may be sent now. */
static uint64_t due(uint64_t sent, uint64_t since_ns)
{
    uint64_t through = feed.shared->through;
    uint64_t may;

    if (feed.rate)
        may = (trawl_mono_ns() - since_ns) * feed.rate / 1000000000u - sent;
    else
        may = through + feed.window - sent;
    return may < BATCH ? may : BATCH;
}

static void make_event(uint64_t seq, struct trawl_event *ret_event, char data[DATA_BYTES])
{
    snprintf(data, DATA_BYTES,
             "{\"run_id\":1,\"platform\":\"bench\",\"key\":\"%0*llu\",\"change\":\"new\"}",
             KEY_BYTES, (unsigned long long)seq);
    *ret_event = (struct trawl_event){
        .seq = seq,
        .type = TRAWL_EVENT_ITEM,
        .run_id = 1,
        .timestamp_ms = trawl_now_ms(),
        .platform = trawl_str_of("bench"),
        .data = trawl_str_of(data),
    };
}

static _Noreturn void run(const struct sink *sink)
{
    struct timespec pause = {.tv_nsec = PAUSE_NS};
    struct trawl_event events[BATCH];
    char data[BATCH][DATA_BYTES];
    uint64_t sent = 0, begin_ns;

    while (!feed.shared->ready)
        nanosleep(&pause, NULL);
    begin_ns = trawl_mono_ns();
    for (;;) {
        uint64_t count = due(sent, begin_ns);

        for (size_t i = 0; i < count; i++)
            make_event(++sent, &events[i], data[i]);
        if (count > 0)
            sink->send(sink, events, count);
        else
            nanosleep(&pause, NULL);
    }
}

static _Noreturn void usage(void)
{
    fail("usage", "feed [--rate N] [--window N] --shared FILE gateway BUILD FOLDER | nchan PORT");
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"rate", required_argument, NULL, 'r'},
                                            {"window", required_argument, NULL, 'w'},
                                            {"shared", required_argument, NULL, 's'},
                                            {0}};
    struct sink sink;
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'r')
            feed.rate = strtoull(optarg, NULL, 10);
        else if (option == 'w')
            feed.window = strtoull(optarg, NULL, 10);
        else if (option == 's')
            feed.shared = shared_open(optarg);
        else
            usage();
    }
    if (feed.shared && argc - optind == 3 && strcmp(argv[optind], "gateway") == 0)
        sink = open_gateway(argv[optind + 1], argv[optind + 2]);
    else if (feed.shared && argc - optind == 2 && strcmp(argv[optind], "nchan") == 0)
        sink = open_nchan(argv[optind + 1]);
    else
        usage();
    fflush(stdout);
    run(&sink);
}
