/* Events as lines of JSON to the stdin of a program, which is started when it is needed and again when it has ended. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "output.h"
#include "process.h"
#include "trawl/plugin.h"
#include "trawl/transport.h"

/* How often a wait looks whether the server ends, or the program has. */
#define LOOK_MS 50
/* For the end of stdout, after the program's own: a child of it may keep that open. */
#define REST_MS 1000
/* Calls that come back so soon get more messages, those that come back so late get fewer. */
#define FAST_MS     1000
#define SLOW_MS     5000
#define BATCH_FIRST 16
#define BATCH_MAX   512

struct command {
    const struct trawl_transport_host *host;
    struct trawl_hub *hub;
    char **argv;
    char **env;
    int64_t timeout_ms;
    int64_t restart_ms;
    size_t batch; /* messages of one call, as fits the program */
    bool acknowledge;
    struct process process; /* pid 0: none */
    struct output *output;
    int64_t start_ms; /* no sooner is it started again */
    char how[64];     /* it has ended */
};

/* One call of push(). */
struct work {
    struct command *command;
    const struct trawl_message *messages;
    size_t count;
    char *text; /* all lines */
    size_t len;
    size_t written;
    size_t arrived;      /* messages that it has acknowledged */
    int64_t progress_ms; /* when something went on last */
};

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- making --------------------------------------------------------------------------------------- */

static void strings_free(char **strings)
{
    for (size_t i = 0; strings && strings[i]; i++)
        free(strings[i]);
    free(strings);
}

static void end_program(struct command *command)
{
    if (command->process.pid == 0)
        return;
    process_end(&command->process, command->how, sizeof(command->how));
    output_stop(command->output);
    command->output = NULL;
}

static void command_destroy(void *transport)
{
    struct command *command = transport;

    end_program(command);
    strings_free(command->argv);
    strings_free(command->env);
    free(command);
}

static int no_memory(struct trawl_err *err)
{
    return trawl_err_set(err, -ENOMEM, "", "no memory");
}

static int read_argv(struct command *command, const json_t *words, struct trawl_err *err)
{
    json_t *word;
    size_t i;

    if (json_string_length(json_array_get(words, 0)) == 0)
        return trawl_err_set(err, -EINVAL, "command",
                             "expected a list of a program and its arguments");
    command->argv = calloc(json_array_size(words) + 1, sizeof(*command->argv));
    if (!command->argv)
        return no_memory(err);
    json_array_foreach ((json_t *)(uintptr_t)words, i, word) {
        command->argv[i] = strdup(json_string_value(word));
        if (!command->argv[i])
            return no_memory(err);
    }
    return 0;
}

static char *entry_of(const char *name, const char *value)
{
    size_t size = strlen(name) + strlen(value) + 2;
    char *entry = malloc(size);

    if (entry)
        snprintf(entry, size, "%s=%s", name, value);
    return entry;
}

static bool is_set(const json_t *given, const char *entry)
{
    size_t len = strcspn(entry, "=");
    const char *name;
    json_t *value;

    json_object_foreach ((json_t *)(uintptr_t)given, name, value) {
        if (strlen(name) == len && strncmp(name, entry, len) == 0)
            return true;
    }
    return false;
}

/* The server's environment, but for what the options set. */
static int read_env(struct command *command, const json_t *given, struct trawl_err *err)
{
    size_t count = 0;
    const char *name;
    json_t *value;

    while (environ[count])
        count++;
    command->env = calloc(count + json_object_size(given) + 1, sizeof(*command->env));
    if (!command->env)
        return no_memory(err);
    count = 0;
    for (char **entry = environ; *entry; entry++) {
        if (is_set(given, *entry))
            continue;
        command->env[count] = strdup(*entry);
        if (!command->env[count++])
            return no_memory(err);
    }
    json_object_foreach ((json_t *)(uintptr_t)given, name, value) {
        if (*name == '\0' || strchr(name, '='))
            return trawl_err_set(err, -EINVAL, "env", "expected names without '=', found '%.64s'",
                                 name);
        command->env[count] = entry_of(name, json_string_value(value));
        if (!command->env[count++])
            return no_memory(err);
    }
    return 0;
}

static int command_create(const struct trawl_transport_host *host, struct trawl_hub *hub,
                          json_t *options, void **ret_transport, struct trawl_err *err)
{
    struct command *command = calloc(1, sizeof(*command));
    int r;

    if (!command)
        return no_memory(err);
    command->host = host;
    command->hub = hub;
    command->timeout_ms = json_integer_value(json_object_get(options, "timeout"));
    command->batch = BATCH_FIRST;
    command->restart_ms = json_integer_value(json_object_get(options, "restart"));
    command->acknowledge = json_is_true(json_object_get(options, "acknowledge"));
    r = read_argv(command, json_object_get(options, "command"), err);
    if (r == 0)
        r = read_env(command, json_object_get(options, "env"), err);
    if (r < 0) {
        command_destroy(command);
        return r;
    }
    *ret_transport = command;
    return 0;
}

/* --- the program ---------------------------------------------------------------------------------- */

static void say(const struct command *command, enum trawl_log_level level, const char *what)
{
    char message[128];

    snprintf(message, sizeof(message), "the program %s", what);
    command->host->log(command->hub, level, message);
}

static int start_program(struct command *command, struct trawl_err *err)
{
    int r = process_start(command->argv, command->env, &command->process, err);

    if (r < 0)
        return r;
    command->output =
        output_start(command->host, command->hub, command->process.out, command->process.err);
    if (!command->output) {
        end_program(command);
        return no_memory(err);
    }
    return 0;
}

/* It has ended by itself, between two calls or in one. */
static void bury_program(struct command *command)
{
    end_program(command);
    say(command, TRAWL_LOG_WARNING, command->how);
}

/* 0 if it runs. */
static int get_running(struct command *command, struct trawl_err *err)
{
    if (command->process.pid != 0 && process_has_ended(&command->process))
        bury_program(command);
    if (command->process.pid != 0)
        return 0;
    if (now_ms() < command->start_ms)
        return trawl_err_set(err, -EAGAIN, "", "the program %s, and is not started again yet",
                             command->how);
    command->start_ms = now_ms() + command->restart_ms;
    return start_program(command, err);
}

/* --- work ----------------------------------------------------------------------------------------- */

static int work_write_lines(struct work *work)
{
    char *at;

    for (size_t i = 0; i < work->count; i++)
        work->len += work->messages[i].json_len + 1;
    work->text = malloc(work->len + 1);
    at = work->text;
    if (!at)
        return -ENOMEM;
    for (size_t i = 0; i < work->count; i++) {
        at = mempcpy(at, work->messages[i].json, work->messages[i].json_len);
        *at++ = '\n'; /* JSON as Trawl writes it has no line breaks */
    }
    return 0;
}

/* How many messages are whole within so many bytes of the lines. */
static size_t work_count_whole(const struct work *work, size_t bytes)
{
    size_t whole = 0;

    for (size_t end = 0; whole < work->count; whole++) {
        end += work->messages[whole].json_len + 1;
        if (end > bytes)
            break;
    }
    return whole;
}

/* While nothing goes on: 0, or why there is no more waiting. */
static int work_look(const struct work *work)
{
    const struct command *command = work->command;

    if (command->host->stopping(command->hub))
        return -ECANCELED;
    if (process_has_ended(&command->process))
        return -EPIPE;
    return now_ms() - work->progress_ms > command->timeout_ms ? -ETIMEDOUT : 0;
}

static int work_send(struct work *work)
{
    int in = work->command->process.in;

    while (work->written < work->len) {
        struct pollfd fd = {.fd = in, .events = POLLOUT};
        ssize_t written = write(in, work->text + work->written, work->len - work->written);
        int r = 0;

        if (written > 0) {
            work->written += (size_t)written;
            work->progress_ms = now_ms();
        } else if (errno == EAGAIN) {
            poll(&fd, 1, LOOK_MS);
            r = work_look(work);
        } else if (errno != EINTR) {
            r = -errno;
        }
        if (r < 0)
            return r;
    }
    return 0;
}

static int work_await(struct work *work)
{
    while (work->arrived < work->count) {
        size_t arrived = output_arrived(work->command->output, work->arrived, LOOK_MS);
        int r = 0;

        if (arrived > work->arrived)
            work->progress_ms = now_ms();
        else
            r = work_look(work);
        work->arrived = arrived;
        if (r < 0)
            return r;
    }
    return 0;
}

static int work_do(struct work *work)
{
    struct command *command = work->command;
    int r = work_write_lines(work);

    if (r < 0)
        return r;
    work->progress_ms = now_ms();
    if (!command->acknowledge)
        return work_send(work);
    output_expect(command->output, work->messages, work->count);
    r = work_send(work);
    if (r == 0)
        r = work_await(work);
    if (r < 0) /* what it has said may still be on its way */
        work->arrived = output_arrived_at_end(command->output, r == -EPIPE ? REST_MS : LOOK_MS);
    output_expect(command->output, NULL, 0);
    return r;
}

/* Without acknowledgements what it has read counts, for what is left in the pipe will be lost with it. */
static size_t work_delivered(const struct work *work, int r)
{
    size_t unread = process_unread(&work->command->process);

    if (work->command->acknowledge)
        return work->arrived;
    if (r == 0)
        return work->count;
    return work_count_whole(work, work->written > unread ? work->written - unread : 0);
}

static void describe(const struct command *command, int r, char *detail, size_t size)
{
    if (r == -ECANCELED)
        snprintf(detail, size, "the server is ending");
    else if (r == -ETIMEDOUT)
        snprintf(detail, size, "the program has %s nothing for %lld ms, and was ended",
                 command->acknowledge ? "acknowledged" : "read", (long long)command->timeout_ms);
    else if (r == -EPIPE)
        snprintf(detail, size, "the program %s", command->how);
    else
        snprintf(detail, size, "%s", strerror(-r));
}

/* A program that may have got part of a line, or half of an answer out, is of no more use. */
static void give_up(struct command *command, int r, struct trawl_push_result *result)
{
    int64_t wait_ms;

    if (r == -EPIPE)
        bury_program(command);
    else if (r != -ECANCELED)
        end_program(command);
    describe(command, r, result->detail, sizeof(result->detail));
    wait_ms = command->start_ms - now_ms();
    result->retry_after_ms = wait_ms > 0 ? wait_ms : -1;
}

/* A call is to come back soon, however slow the program is. */
static void adapt_batch(struct command *command, int64_t took_ms)
{
    if (took_ms < FAST_MS && command->batch < BATCH_MAX)
        command->batch *= 2;
    else if (took_ms > SLOW_MS && command->batch > 1)
        command->batch /= 2;
}

static enum trawl_push_outcome command_push(void *transport, const struct trawl_message *messages,
                                            size_t count, struct trawl_push_result *result)
{
    struct command *command = transport;
    struct work work = {.command = command, .messages = messages};
    struct trawl_err err = {0};
    int64_t began_ms = now_ms();
    int r = get_running(command, &err);

    if (r < 0) {
        give_up(command, r, result);
        snprintf(result->detail, sizeof(result->detail), "%.255s", err.message);
        return TRAWL_PUSH_FAILED;
    }
    work.count = count < command->batch ? count : command->batch;
    r = work_do(&work);
    result->delivered = work_delivered(&work, r);
    free(work.text);
    adapt_batch(command, now_ms() - began_ms);
    if (r == 0)
        return TRAWL_PUSH_DELIVERED;
    give_up(command, r, result);
    return TRAWL_PUSH_FAILED;
}

static const struct trawl_option words[] = {{.type = TRAWL_OPTION_STRING}};

static const struct trawl_option command_options[] = {
    {.name = "command",
     .type = TRAWL_OPTION_LIST,
     .fields = words,
     .required = true,
     .help = "the program and its arguments; no shell has a look at them"},
    {.name = "env",
     .type = TRAWL_OPTION_MAP,
     .fields = words,
     .default_json = "{}",
     .help = "variables of its environment besides those of the server"},
    {.name = "timeout",
     .type = TRAWL_OPTION_DURATION,
     .default_json = "\"10s\"",
     .min = 100,
     .max = 3600000,
     .help = "a program that reads or acknowledges nothing for so long is ended"},
    {.name = "restart",
     .type = TRAWL_OPTION_DURATION,
     .default_json = "\"1s\"",
     .min = 0,
     .max = 3600000,
     .help = "least time from one start of the program to the next"},
    {.name = "acknowledge",
     .type = TRAWL_OPTION_BOOL,
     .default_json = "false",
     .help = "whether an event has arrived only when the program has written its id to stdout"},
    {.type = TRAWL_OPTION_END},
};

static const struct trawl_transport_ops command_ops = {
    .create = command_create,
    .destroy = command_destroy,
    .push = command_push,
};

TRAWL_EXPORT const struct trawl_plugin trawl_plugin = {
    TRAWL_PLUGIN_HEADER,        .name = "command",
    .version = "1.0.0",         .summary = "brings events to the stdin of a program",
    .options = command_options, .transport = &command_ops,
};
