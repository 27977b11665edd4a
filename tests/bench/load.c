/* The subscribers of `make bench`: many connections to one server of events, by epoll, in one process.
 *
 * load [--shared FILE] [--pids PID,PID…] [--warm-up S] [--seconds S] websocket|sse|nchan PORT CONNECTIONS
 *
 * Opens the connections, says "ready", and from the first event on warms up, then measures: deliveries, what processor
 * time the processes PID used meanwhile, and how old events were on arrival. Every event of every connection must follow
 * the one before: a gap, a repeat or a lost connection ends it with a sentence and status 1. Prints one JSON line.
 *
 * It must never be what limits: one read takes all that a connection holds, nothing is copied but the piece of a message
 * that a read cut off, and `client_cpu` says what part of its core it used. Near 1, the server was not measured.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "cpu.h"
#include "message.h"
#include "shared.h"
#include "util/alloc.h"
#include "util/clock.h"

#define EPOLL_BATCH 256
#define READ_BYTES  (1u << 20)
#define PIDS_MAX    16
/* An age is looked at for every so many events of a subscriber; which these are differs between them. */
#define AGE_SAMPLE  16
#define AGE_MAX_MS  10000
#define PATIENCE_MS 20000

static const struct protocol {
    const char *name;
    const char *request;
    const char *subscribe; /* said once the connection is open, or NULL */
    size_t (*take)(const char *bytes, size_t len, struct message *ret_message);
    bool snapshot; /* a snapshot says that the subscription stands */
} protocols[] = {
    {"websocket", "GET /api/ws",
     "{\"type\":\"subscribe\",\"topics\":[\"scrape_progress\",\"items\",\"logs\"]}",
     message_from_frame, true},
    {"sse", "GET /api/scrape/stream?topics=scrape_progress,items,logs", NULL, message_from_line,
     true},
    {"nchan", "GET /sub", NULL, message_from_frame, false},
};

struct client {
    int fd;
    bool open;  /* the head of the answer has come */
    bool ready; /* and what follows is every event */
    char *rest; /* the beginning of a message */
    size_t rest_len;
    size_t rest_room;
    uint64_t last; /* the event before the next one */
};

static struct {
    const struct protocol *protocol;
    struct shared *shared;
    const char *pids;
    double warm_up_s;
    double seconds;
    struct client *clients;
    size_t count;
    size_t ready;
    int epoll;
    uint64_t through; /* the event that is watched for, */
    size_t reached;   /* and how many have it */
    bool measuring;
    uint64_t deliveries;
    uint64_t bytes;
    uint64_t ages[AGE_MAX_MS + 1];
    uint64_t first_ns; /* of the first event, 0 until then */
    int64_t now_ms;
} load = {.warm_up_s = 1, .seconds = 5};

static char room[READ_BYTES];

static _Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
static _Noreturn void fail(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fputs("load: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(EXIT_FAILURE);
}

static size_t number_of(const struct client *client)
{
    return (size_t)(client - load.clients);
}

/* --- saying ---------------------------------------------------------------------------------------- */

static void say(const struct client *client, const char *text, size_t len)
{
    if (send(client->fd, text, len, MSG_NOSIGNAL) != (ssize_t)len)
        fail("connection %zu cannot be written to: %s", number_of(client), strerror(errno));
}

/* A client's frames are masked; zeroes are a mask. */
static void say_frame(const struct client *client, unsigned opcode, const char *text, size_t len)
{
    char frame[256] = {(char)(0x80 | opcode), (char)(0x80 | len)};

    if (len > 125)
        fail("%zu bytes are too many for a short frame", len);
    memcpy(frame + 6, text, len);
    say(client, frame, len + 6);
}

static void request(const struct client *client, int port)
{
    char text[512];
    bool upgrade = load.protocol->take == message_from_frame;
    int len = snprintf(text, sizeof(text), "%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n%s\r\n",
                       load.protocol->request, port,
                       upgrade ? "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                                 "Sec-WebSocket-Version: 13\r\n"
                                 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                               : "Accept: text/event-stream\r\n");

    say(client, text, (size_t)len);
}

/* --- reading --------------------------------------------------------------------------------------- */

static void become_ready(struct client *client)
{
    client->ready = true;
    if (client->last >= load.through)
        load.through = client->last + 1;
    if (++load.ready < load.count)
        return;
    puts("ready");
    fflush(stdout);
    if (load.shared)
        load.shared->ready = 1;
}

/* Tell the feed where the slowest one is, each time that it has moved on. */
static void note_reached(void)
{
    uint64_t slowest = UINT64_MAX;

    if (++load.reached < load.count)
        return;
    for (size_t i = 0; i < load.count; i++)
        slowest = load.clients[i].last < slowest ? load.clients[i].last : slowest;
    if (load.shared)
        load.shared->through = slowest;
    load.through = slowest + 1;
    load.reached = 0;
    for (size_t i = 0; i < load.count; i++)
        load.reached += load.clients[i].last >= load.through;
}

static void on_event(struct client *client, const struct message *message)
{
    if (message->seq != client->last + 1)
        fail("connection %zu got event %llu after %llu", number_of(client),
             (unsigned long long)message->seq, (unsigned long long)client->last);
    client->last = message->seq;
    if (!load.first_ns)
        load.first_ns = trawl_mono_ns();
    if (message->seq == load.through)
        note_reached();
    if (!load.measuring)
        return;
    load.deliveries++;
    load.bytes += message->len;
    if ((message->seq + number_of(client)) % AGE_SAMPLE == 0) {
        int age_ms = message_age_ms(message, load.now_ms);

        if (age_ms >= 0)
            load.ages[age_ms < AGE_MAX_MS ? age_ms : AGE_MAX_MS]++;
    }
}

static void on_state(struct client *client, const struct message *message)
{
    if (client->ready && message->seq != client->last)
        fail("connection %zu was told that it has all up to %llu after %llu", number_of(client),
             (unsigned long long)message->seq, (unsigned long long)client->last);
    client->last = message->seq;
    if (!client->ready)
        become_ready(client);
}

static void on_message(struct client *client, const struct message *message)
{
    switch (message->kind) {
    case MESSAGE_EVENT:
        on_event(client, message);
        break;
    case MESSAGE_STATE:
        on_state(client, message);
        break;
    case MESSAGE_PING:
        say_frame(client, 10, message->text, message->len);
        break;
    case MESSAGE_END:
        fail("the server closed connection %zu", number_of(client));
    case MESSAGE_NONE:
        break;
    }
}

/* The head of the answer; its length, 0 if it is not there as a whole. */
static size_t take_head(struct client *client, const char *bytes, size_t len)
{
    const char *end = memmem(bytes, len, "\r\n\r\n", 4);

    if (!end)
        return 0;
    if (memcmp(bytes, "HTTP/1.1 101", 12) != 0 && memcmp(bytes, "HTTP/1.1 200", 12) != 0)
        fail("connection %zu was refused: %.*s", number_of(client), (int)(end - bytes), bytes);
    client->open = true;
    if (load.protocol->subscribe)
        say_frame(client, 1, load.protocol->subscribe, strlen(load.protocol->subscribe));
    if (!load.protocol->snapshot)
        become_ready(client);
    return (size_t)(end - bytes) + 4;
}

static void keep_rest(struct client *client, const char *bytes, size_t len)
{
    if (len > client->rest_room) {
        client->rest_room = len < 4096 ? 4096 : len;
        client->rest = trawl_xrealloc(client->rest, client->rest_room);
    }
    memcpy(client->rest, bytes, len);
    client->rest_len = len;
}

static void on_readable(struct client *client)
{
    struct message message;
    size_t at = 0, len, used = 1;
    ssize_t n;

    memcpy(room, client->rest, client->rest_len);
    n = recv(client->fd, room + client->rest_len, sizeof(room) - client->rest_len, 0);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0)
        fail("connection %zu was lost: %s", number_of(client),
             n < 0 ? strerror(errno) : "it ended");
    len = client->rest_len + (size_t)n;
    while (used > 0 && at < len) {
        if (client->open) {
            used = load.protocol->take(room + at, len - at, &message);
            if (used > 0)
                on_message(client, &message);
        } else {
            used = take_head(client, room, len);
        }
        at += used;
    }
    if (at == 0 && len == sizeof(room))
        fail("connection %zu got a message that does not end", number_of(client));
    keep_rest(client, room + at, len - at);
}

static void turn(int timeout_ms)
{
    struct epoll_event events[EPOLL_BATCH];
    int count = epoll_wait(load.epoll, events, EPOLL_BATCH, timeout_ms);

    load.now_ms = trawl_now_ms();
    for (int i = 0; i < count; i++)
        on_readable(events[i].data.ptr);
}

/* --- measuring ------------------------------------------------------------------------------------- */

static size_t cpu_of_all(double cpu[PIDS_MAX])
{
    size_t count = 0;
    char *end;

    for (const char *at = load.pids; *at && count < PIDS_MAX; at = *end == ',' ? end + 1 : end) {
        cpu[count] = cpu_of(strtol(at, &end, 10));
        if (cpu[count++] < 0)
            fail("a process of '%s' is gone", load.pids);
    }
    return count;
}

/* The age that `part` of all events do not exceed. */
static int age_at(double part)
{
    uint64_t all = 0, sum = 0;

    for (int i = 0; i <= AGE_MAX_MS; i++)
        all += load.ages[i];
    for (int i = 0; i <= AGE_MAX_MS; i++) {
        sum += load.ages[i];
        if (sum > 0 && (double)sum >= part * (double)all)
            return i;
    }
    return -1;
}

static void run_for(double seconds)
{
    uint64_t end_ns = trawl_mono_ns() + (uint64_t)(seconds * 1e9);

    for (uint64_t now_ns = trawl_mono_ns(); now_ns < end_ns; now_ns = trawl_mono_ns())
        turn((int)((end_ns - now_ns) / 1000000) + 1);
}

static void measure(void)
{
    double cpu[PIDS_MAX], cpu_end[PIDS_MAX], own = cpu_own(), seconds;
    size_t pids = cpu_of_all(cpu);
    uint64_t begin_ns = trawl_mono_ns();

    load.measuring = true;
    run_for(load.seconds);
    seconds = (double)(trawl_mono_ns() - begin_ns) / 1e9;
    cpu_of_all(cpu_end);
    printf("{\"connections\":%zu,\"seconds\":%.3f,\"deliveries\":%llu,\"bytes\":%llu,"
           "\"client_cpu\":%.3f,\"age_ms\":{\"p50\":%d,\"p99\":%d,\"max\":%d},\"cpu_seconds\":[",
           load.count, seconds, (unsigned long long)load.deliveries, (unsigned long long)load.bytes,
           (cpu_own() - own) / seconds, age_at(0.5), age_at(0.99), age_at(1));
    for (size_t i = 0; i < pids; i++)
        printf("%s%.2f", i ? "," : "", cpu_end[i] - cpu[i]);
    puts("]}");
}

/* Whatever we wait for must come within PATIENCE_MS. */
static void wait_until(bool (*come)(void), const char *what)
{
    uint64_t end_ns = trawl_mono_ns() + PATIENCE_MS * 1000000ull;

    while (!come()) {
        if (trawl_mono_ns() > end_ns)
            fail("%s did not come; %zu of %zu connections are ready", what, load.ready, load.count);
        turn(100);
    }
}

static bool all_ready(void)
{
    return load.ready == load.count;
}

static bool first_event(void)
{
    return load.first_ns != 0;
}

/* --- beginning ------------------------------------------------------------------------------------- */

static void open_client(struct client *client, int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};

    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client->fd < 0 || connect(client->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        fail("cannot connect to port %d: %s", port, strerror(errno));
    fcntl(client->fd, F_SETFL, O_NONBLOCK);
    keep_rest(client, "", 0);
    request(client, port);
    if (epoll_ctl(load.epoll, EPOLL_CTL_ADD, client->fd, &event) < 0)
        fail("epoll: %s", strerror(errno));
}

static void raise_descriptors(size_t wanted)
{
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur < wanted)
        fail("%zu open files are needed, the system allows %llu", wanted,
             (unsigned long long)limit.rlim_cur);
}

static _Noreturn void usage(void)
{
    fail("usage: load [--shared FILE] [--pids PID,PID…] [--warm-up S] [--seconds S] "
         "websocket|sse|nchan PORT CONNECTIONS");
}

static int read_options(int argc, char **argv)
{
    static const struct option options[] = {{"shared", required_argument, NULL, 'h'},
                                            {"pids", required_argument, NULL, 'p'},
                                            {"warm-up", required_argument, NULL, 'w'},
                                            {"seconds", required_argument, NULL, 's'},
                                            {0}};
    int option;

    load.pids = "";
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'h')
            load.shared = shared_open(optarg);
        else if (option == 'p')
            load.pids = optarg;
        else if (option == 'w')
            load.warm_up_s = strtod(optarg, NULL);
        else if (option == 's')
            load.seconds = strtod(optarg, NULL);
        else
            usage();
    }
    if (argc - optind != 3)
        usage();
    return optind;
}

int main(int argc, char **argv)
{
    int at = read_options(argc, argv);
    int port = (int)strtol(argv[at + 1], NULL, 10);

    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(protocols); i++) {
        if (strcmp(protocols[i].name, argv[at]) == 0)
            load.protocol = &protocols[i];
    }
    load.count = strtoul(argv[at + 2], NULL, 10);
    if (!load.protocol || port <= 0 || load.count == 0)
        usage();
    raise_descriptors(load.count + 64);
    load.epoll = epoll_create1(EPOLL_CLOEXEC);
    load.clients = trawl_xalloc(load.count * sizeof(*load.clients));
    for (size_t i = 0; i < load.count; i++)
        open_client(&load.clients[i], port);
    wait_until(all_ready, "the subscriptions");
    wait_until(first_event, "the first event");
    run_for(load.warm_up_s);
    measure();
    return EXIT_SUCCESS;
}
