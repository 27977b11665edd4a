#include "output.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { STREAM_OUT, STREAM_ERR, STREAMS };

#define READ_SIZE 4096
/* A full pipe, and its end. */
#define REST_READS (65536 / READ_SIZE + 1)

struct stream {
    int fd; /* -1: it has ended */
    enum trawl_log_level level;
    char line[OUTPUT_LINE_MAX + 1];
    size_t len;
};

struct output {
    const struct trawl_transport_host *host;
    struct trawl_hub *hub;
    pthread_t thread;
    int stop; /* an eventfd */

    struct stream streams[STREAMS]; /* of the thread, as is the rest up to the mutex */
    time_t second;
    unsigned lines; /* in that second */
    unsigned left_out;

    pthread_mutex_t mutex; /* for all below */
    pthread_cond_t cond;
    const struct trawl_message *messages;
    size_t count;
    size_t arrived;
    bool ended; /* no more answers will come */
};

/* --- lines ---------------------------------------------------------------------------------------- */

static time_t second_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

static void tell_left_out(struct output *output)
{
    char message[64];

    if (output->left_out == 0)
        return;
    snprintf(message, sizeof(message), "%u lines of the program were left out", output->left_out);
    output->left_out = 0;
    output->host->log(output->hub, TRAWL_LOG_WARNING, message);
}

static void begin_second(struct output *output)
{
    if (output->second == second_now())
        return;
    output->second = second_now();
    output->lines = 0;
    tell_left_out(output);
}

static void log_line(struct output *output, const struct stream *stream)
{
    begin_second(output);
    if (output->lines++ < OUTPUT_LINES_PER_SECOND)
        output->host->log(output->hub, stream->level, stream->line);
    else
        output->left_out++;
}

/* The line is the id of one that is awaited. */
static bool is_answer(struct output *output, const char *line)
{
    bool found = false;

    pthread_mutex_lock(&output->mutex);
    for (size_t i = 0; !found && i < output->count; i++) {
        found = output->messages[i].id && strcmp(output->messages[i].id, line) == 0;
        if (found && i >= output->arrived)
            output->arrived = i + 1;
    }
    if (found)
        pthread_cond_signal(&output->cond);
    pthread_mutex_unlock(&output->mutex);
    return found;
}

static void end_line(struct output *output, struct stream *stream)
{
    if (stream->len > 0 && stream->line[stream->len - 1] == '\r')
        stream->len--;
    stream->line[stream->len] = '\0';
    if (stream->len > 0 &&
        (stream != &output->streams[STREAM_OUT] || !is_answer(output, stream->line)))
        log_line(output, stream);
    stream->len = 0;
}

static void take(struct output *output, struct stream *stream, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == '\n')
            end_line(output, stream);
        else if (stream->len < OUTPUT_LINE_MAX)
            stream->line[stream->len++] = bytes[i];
    }
}

/* --- the thread ----------------------------------------------------------------------------------- */

static void end_stream(struct output *output, struct stream *stream)
{
    end_line(output, stream);
    close(stream->fd);
    stream->fd = -1;
    if (stream != &output->streams[STREAM_OUT])
        return;
    pthread_mutex_lock(&output->mutex);
    output->ended = true;
    pthread_cond_signal(&output->cond);
    pthread_mutex_unlock(&output->mutex);
}

static void read_stream(struct output *output, struct stream *stream)
{
    char bytes[READ_SIZE];
    ssize_t got = read(stream->fd, bytes, sizeof(bytes));

    if (got > 0)
        take(output, stream, bytes, (size_t)got);
    else if (got == 0 || errno != EINTR)
        end_stream(output, stream);
}

/* What the program had said when it ended. A child of its own may still hold the pipe, and talk on. */
static void read_rest(struct output *output, struct stream *stream)
{
    struct pollfd fd = {.fd = stream->fd, .events = POLLIN};

    for (int i = 0; i < REST_READS && stream->fd >= 0 && poll(&fd, 1, 0) > 0; i++)
        read_stream(output, stream);
    if (stream->fd >= 0)
        end_stream(output, stream);
}

/* False: it is to end. A stream that has ended has descriptor -1, which poll() passes over. */
static bool wait_for_some(struct output *output)
{
    struct pollfd fds[STREAMS + 1];
    int ready;

    for (int i = 0; i < STREAMS; i++)
        fds[i] = (struct pollfd){.fd = output->streams[i].fd, .events = POLLIN};
    fds[STREAMS] = (struct pollfd){.fd = output->stop, .events = POLLIN};
    ready = poll(fds, STREAMS + 1, output->left_out > 0 ? 1000 : -1);
    if (ready == 0)
        begin_second(output);
    if (ready <= 0)
        return true;
    for (int i = 0; i < STREAMS; i++) {
        if (fds[i].revents != 0)
            read_stream(output, &output->streams[i]);
    }
    return fds[STREAMS].revents == 0;
}

static void *read_all(void *user)
{
    struct output *output = user;

    while (wait_for_some(output))
        continue;
    for (int i = 0; i < STREAMS; i++)
        read_rest(output, &output->streams[i]);
    tell_left_out(output);
    return NULL;
}

/* --- from outside --------------------------------------------------------------------------------- */

static void output_free(struct output *output)
{
    for (int i = 0; i < STREAMS; i++) {
        if (output->streams[i].fd >= 0)
            close(output->streams[i].fd);
    }
    if (output->stop >= 0)
        close(output->stop);
    pthread_cond_destroy(&output->cond);
    pthread_mutex_destroy(&output->mutex);
    free(output);
}

struct output *output_start(const struct trawl_transport_host *host, struct trawl_hub *hub, int out,
                            int err)
{
    struct output *output = calloc(1, sizeof(*output));

    if (!output) {
        close(out);
        close(err);
        return NULL;
    }
    output->host = host;
    output->hub = hub;
    output->streams[STREAM_OUT] = (struct stream){.fd = out, .level = TRAWL_LOG_INFO};
    output->streams[STREAM_ERR] = (struct stream){.fd = err, .level = TRAWL_LOG_WARNING};
    output->stop = eventfd(0, EFD_CLOEXEC);
    pthread_mutex_init(&output->mutex, NULL);
    pthread_cond_init(&output->cond, NULL);
    if (output->stop < 0 || pthread_create(&output->thread, NULL, read_all, output) != 0) {
        output_free(output);
        return NULL;
    }
    return output;
}

void output_stop(struct output *output)
{
    if (!output)
        return;
    if (eventfd_write(output->stop, 1) == 0)
        pthread_join(output->thread, NULL);
    output_free(output);
}

void output_expect(struct output *output, const struct trawl_message *messages, size_t count)
{
    pthread_mutex_lock(&output->mutex);
    output->messages = messages;
    output->count = count;
    output->arrived = 0;
    pthread_mutex_unlock(&output->mutex);
}

static struct timespec after(int ms)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    time.tv_nsec += (long)ms * 1000000;
    time.tv_sec += time.tv_nsec / 1000000000;
    time.tv_nsec %= 1000000000;
    return time;
}

/* Waits for more than `known`, or for the end. */
static size_t wait_for(struct output *output, size_t known, bool end, int ms)
{
    struct timespec until = after(ms);
    size_t arrived;
    int r = 0;

    pthread_mutex_lock(&output->mutex);
    while (r == 0 && !(end ? output->ended : output->arrived > known))
        r = pthread_cond_clockwait(&output->cond, &output->mutex, CLOCK_MONOTONIC, &until);
    arrived = output->arrived;
    pthread_mutex_unlock(&output->mutex);
    return arrived;
}

size_t output_arrived(struct output *output, size_t known, int ms)
{
    return wait_for(output, known, false, ms);
}

size_t output_arrived_at_end(struct output *output, int ms)
{
    return wait_for(output, 0, true, ms);
}
