#include "supervisor/process.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <utlist.h>

#include "ipc/child.h"
#include "ipc/messages.h"
#include "util/alloc.h"
#include "util/fs.h"

/* Most descriptors that a child gets besides stdin, stdout and stderr. */
#define PROCESS_FDS_MAX 64

struct trawl_process {
    struct trawl_process *prev, *next; /* in `processes` */
    uv_process_t handle;
    uv_timer_t timer; /* to linger, or to kill */
    unsigned open_handles;
    struct trawl_channel *channel;
    const struct trawl_process_ops *ops; /* NULL: released */
    void *user;
    bool exited;
    int signal;
    char how[64];
};

/* Those not reaped: a process has one supervisor, and killing all must not depend on what it still knows. */
static struct trawl_process *processes;

static void process_on_closed(uv_handle_t *handle)
{
    struct trawl_process *process = handle->data;

    if (--process->open_handles == 0)
        free(process);
}

/* The end of a process that was reaped: tell, close, and it is freed. */
static void process_finish(struct trawl_process *process)
{
    const struct trawl_process_ops *ops = process->ops;

    process->ops = NULL;
    trawl_channel_close(process->channel);
    process->channel = NULL;
    uv_close((uv_handle_t *)&process->handle, process_on_closed);
    uv_close((uv_handle_t *)&process->timer, process_on_closed);
    if (ops)
        ops->on_gone(process->user, process->how);
}

static void process_on_timer(uv_timer_t *timer)
{
    struct trawl_process *process = timer->data;

    if (process->exited)
        process_finish(process);
    else
        trawl_process_kill(process);
}

static void process_on_exit(uv_process_t *handle, int64_t status, int signal)
{
    struct trawl_process *process = handle->data;

    DL_DELETE(processes, process);
    process->exited = true;
    process->signal = signal;
    if (signal != 0)
        snprintf(process->how, sizeof(process->how), "was ended by signal %d (%s)", signal,
                 strsignal(signal));
    else
        snprintf(process->how, sizeof(process->how), "exited with status %d", (int)status);
    if (!process->channel)
        process_finish(process);
    else
        uv_timer_start(&process->timer, process_on_timer, TRAWL_PROCESS_LINGER_MS, 0);
}

static void process_on_frame(void *user, const struct trawl_frame *frame)
{
    struct trawl_process *process = user;

    if (process->ops)
        process->ops->on_frame(process->user, frame);
}

static void process_on_channel_closed(void *user, int reason)
{
    struct trawl_process *process = user;

    trawl_channel_close(process->channel);
    process->channel = NULL;
    if (process->exited)
        process_finish(process);
    else if (reason < 0)
        trawl_process_kill(process); /* it broke the rules */
    else
        uv_timer_start(&process->timer, process_on_timer, TRAWL_PROCESS_EXIT_MS, 0);
}

static int process_start(struct trawl_process *process, const char *role, int channel_fd,
                         const int *fds, size_t fd_count)
{
    TRAWL_AUTO_FREE char *self = NULL;
    uv_stdio_container_t stdio[TRAWL_LISTEN_FD + PROCESS_FDS_MAX];
    uv_process_options_t options = {0};
    char program[] = "trawl";
    char argument[32];
    int r;

    r = trawl_fs_self(&self);
    if (r < 0)
        return r;
    snprintf(argument, sizeof(argument), "--role=%s", role);
    stdio[0].flags = UV_IGNORE;
    for (int i = 1; i < TRAWL_LISTEN_FD + (int)fd_count; i++) {
        stdio[i].flags = UV_INHERIT_FD;
        stdio[i].data.fd = i < TRAWL_CHANNEL_FD    ? STDERR_FILENO
                           : i == TRAWL_CHANNEL_FD ? channel_fd
                                                   : fds[i - TRAWL_LISTEN_FD];
    }
    options.file = self;
    options.args = (char *[]){program, argument, NULL};
    options.env = trawl_child_environment();
    options.stdio = stdio;
    options.stdio_count = TRAWL_LISTEN_FD + (int)fd_count;
    options.exit_cb = process_on_exit;
    r = uv_spawn(process->timer.loop, &process->handle, &options);
    trawl_child_environment_free(options.env);
    return r;
}

int trawl_process_spawn(uv_loop_t *loop, const char *role, const int *fds, size_t fd_count,
                        const struct trawl_process_ops *ops, void *user,
                        struct trawl_process **ret_process)
{
    static const struct trawl_channel_ops channel_ops = {
        .on_frame = process_on_frame,
        .on_closed = process_on_channel_closed,
    };
    struct trawl_process *process;
    int ends[2];
    int r;

    if (fd_count > PROCESS_FDS_MAX)
        return -E2BIG;
    r = trawl_channel_pair(ends);
    if (r < 0)
        return r;

    process = TRAWL_NEW(struct trawl_process);
    process->handle.data = process;
    process->timer.data = process;
    uv_timer_init(loop, &process->timer);
    r = process_start(process, role, ends[1], fds, fd_count);
    close(ends[1]);
    process->open_handles = 2; /* uv_spawn() has initialised its handle even where it failed */
    if (r < 0) {
        close(ends[0]);
        if (process->handle.type == UV_PROCESS)
            uv_close((uv_handle_t *)&process->handle, process_on_closed);
        else
            process->open_handles = 1;
        uv_close((uv_handle_t *)&process->timer, process_on_closed);
        return r;
    }
    DL_APPEND(processes, process);
    process->ops = ops;
    process->user = user;
    r = trawl_channel_open(loop, ends[0], &channel_ops, process, &process->channel);
    if (r < 0) {
        process->ops = NULL;
        trawl_process_kill(process);
        return r;
    }
    *ret_process = process;
    return 0;
}

pid_t trawl_process_pid(const struct trawl_process *process)
{
    return process->handle.pid;
}

int trawl_process_signal(const struct trawl_process *process)
{
    return process->signal;
}

int trawl_process_limit_memory(struct trawl_process *process, uint64_t bytes)
{
    const struct rlimit limit = {.rlim_cur = bytes, .rlim_max = bytes};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return 0;
#endif
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    return 0;
#endif
#endif
    return prlimit(process->handle.pid, RLIMIT_DATA, &limit, NULL) < 0 ? -errno : 0;
}

struct trawl_channel *trawl_process_channel(const struct trawl_process *process)
{
    return process->channel;
}

void trawl_process_kill(struct trawl_process *process)
{
    if (!process->exited)
        uv_process_kill(&process->handle, SIGKILL);
}

void trawl_process_release(struct trawl_process *process)
{
    if (!process)
        return;
    process->ops = NULL;
    trawl_channel_close(process->channel);
    process->channel = NULL;
    if (process->exited)
        process_finish(process);
    else
        uv_timer_start(&process->timer, process_on_timer, TRAWL_PROCESS_EXIT_MS, 0);
}

void trawl_process_kill_all(void)
{
    struct trawl_process *process;

    DL_FOREACH (processes, process)
        trawl_process_kill(process);
}
