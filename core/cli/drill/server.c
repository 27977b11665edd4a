#include "cli/drill/server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/drill/processes.h"
#include "util/alloc.h"
#include "util/buf.h"
#include "util/fs.h"

#define SAYS "trawl serves http://"
/* The kernel kills its children with it, which takes no time that one notices. */
#define CHILDREN_END_STEPS   200
#define CHILDREN_END_STEP_US 5000

struct drill_server {
    uv_loop_t *loop;
    const struct drill_server_ops *ops;
    void *user;
    char *config;
    char *log;
    char *address; /* NULL before it was ready for the first time */
    uv_signal_t child_signal;
    uv_pipe_t *output; /* NULL while there is none */
    struct trawl_buf says;
    pid_t pid;                          /* 0: none */
    pid_t children[DRILL_CHILDREN_MAX]; /* of the one that was killed */
    size_t child_count;
    bool is_ready;
    bool is_killed;
    char room[DRILL_SERVER_SAYS_MAX];
};

/* --- its output ---------------------------------------------------------------------------------- */

static void on_pipe_closed(uv_handle_t *handle)
{
    free(handle);
}

static void close_output(struct drill_server *server)
{
    if (server->output)
        uv_close((uv_handle_t *)server->output, on_pipe_closed);
    server->output = NULL;
    trawl_buf_finish(&server->says);
}

static void take_line(struct drill_server *server)
{
    const char *text = trawl_buf_text(&server->says);
    const char *at = strstr(text, SAYS);

    if (server->is_ready || !at || !strchr(at, '\n'))
        return;
    at += strlen(SAYS);
    if (!server->address) /* it is started again at the same one */
        server->address = trawl_xstrndup(at, strcspn(at, "\n/ "));
    server->is_ready = true;
    server->ops->on_ready(server->user);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct drill_server *server = handle->data;

    (void)suggested;
    *buf = uv_buf_init(server->room, sizeof(server->room));
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
    struct drill_server *server = stream->data;

    if (len < 0)
        close_output(server);
    else if (trawl_buf_append(&server->says, buf->base, (size_t)len) == 0)
        take_line(server);
}

static int open_output(struct drill_server *server, int fd)
{
    int r;

    close_output(server);
    server->output = TRAWL_NEW(uv_pipe_t);
    uv_pipe_init(server->loop, server->output, 0);
    server->output->data = server;
    trawl_buf_init(&server->says, DRILL_SERVER_SAYS_MAX);
    r = uv_pipe_open(server->output, fd);
    if (r < 0) {
        close(fd);
        return r;
    }
    return uv_read_start((uv_stream_t *)server->output, on_alloc, on_read);
}

/* --- its beginning ------------------------------------------------------------------------------- */

/* In the child: it must not outlive us, however we die. */
static _Noreturn void become_server(const char *self, char *const *argv, int output, int log,
                                    pid_t parent)
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent &&
        dup2(output, STDOUT_FILENO) >= 0 && (log < 0 || dup2(log, STDERR_FILENO) >= 0))
        execv(self, argv);
    _exit(127);
}

/* -1 where it has none. */
static int open_log(const struct drill_server *server, int *ret_fd)
{
    *ret_fd = -1;
    if (!server->log)
        return 0;
    *ret_fd = open(server->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    return *ret_fd < 0 ? -errno : 0;
}

static pid_t fork_server(struct drill_server *server, const char *self, int output, int log)
{
    char program[] = "trawl", serve[] = "serve", config[] = "--config", listen[] = "--listen";
    char *const argv[] = {
        program,         serve, config, server->config, server->address ? listen : NULL,
        server->address, NULL};
    pid_t parent = getpid();
    pid_t pid = fork();

    if (pid == 0)
        become_server(self, argv, output, log, parent);
    return pid;
}

static int spawn(struct drill_server *server, const char *self)
{
    int ends[2];
    int log;
    int r = open_log(server, &log);

    if (r < 0)
        return r;
    r = pipe2(ends, O_CLOEXEC) < 0 ? -errno : 0;
    if (r == 0) {
        server->pid = fork_server(server, self, ends[1], log);
        r = server->pid < 0 ? -errno : 0;
        close(ends[1]);
    }
    if (log >= 0)
        close(log);
    if (r == 0)
        return open_output(server, ends[0]);
    if (server->pid < 0)
        close(ends[0]);
    server->pid = 0;
    return r;
}

int drill_server_start(struct drill_server *server, struct trawl_err *err)
{
    TRAWL_AUTO_FREE char *self = NULL;
    int r = trawl_fs_self(&self);

    server->is_ready = false;
    server->is_killed = false;
    if (r == 0)
        r = spawn(server, self);
    if (r < 0)
        return trawl_err_set(err, r, "", "the server cannot be started: %s", strerror(-r));
    return 0;
}

/* --- its end ------------------------------------------------------------------------------------- */

static void on_child_signal(uv_signal_t *handle, int number)
{
    struct drill_server *server = handle->data;

    (void)number;
    if (server->pid == 0 || waitpid(server->pid, NULL, WNOHANG) != server->pid)
        return;
    server->pid = 0;
    server->is_ready = false;
    if (!server->is_killed)
        server->ops->on_gone(server->user);
}

void drill_server_kill(struct drill_server *server)
{
    if (server->pid == 0)
        return;
    server->child_count = drill_children(server->pid, NULL, server->children);
    server->is_killed = true;
    server->is_ready = false;
    kill(server->pid, SIGKILL);
}

bool drill_server_is_gone(const struct drill_server *server)
{
    if (server->pid != 0)
        return false;
    for (size_t i = 0; i < server->child_count; i++) {
        if (drill_is_alive(server->children[i]))
            return false;
    }
    return true;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void drill_server_close(struct drill_server *server)
{
    if (!server)
        return;
    drill_server_kill(server);
    if (server->pid != 0)
        waitpid(server->pid, NULL, 0);
    server->pid = 0;
    for (int i = 0; i < CHILDREN_END_STEPS && !drill_server_is_gone(server); i++)
        usleep(CHILDREN_END_STEP_US);
    close_output(server);
    free(server->config);
    free(server->log);
    free(server->address);
    uv_close((uv_handle_t *)&server->child_signal, on_closed);
}

/* --- for the drill ------------------------------------------------------------------------------- */

struct drill_server *drill_server_create(uv_loop_t *loop, const char *config, const char *log,
                                         const struct drill_server_ops *ops, void *user)
{
    struct drill_server *server = TRAWL_NEW(struct drill_server);

    server->loop = loop;
    server->config = trawl_xstrdup(config);
    server->log = trawl_xstrdup(log);
    server->ops = ops;
    server->user = user;
    uv_signal_init(loop, &server->child_signal);
    server->child_signal.data = server;
    uv_signal_start(&server->child_signal, on_child_signal, SIGCHLD);
    return server;
}

bool drill_server_is_ready(const struct drill_server *server)
{
    return server->is_ready;
}

pid_t drill_server_pid(const struct drill_server *server)
{
    return server->pid;
}

const char *drill_server_address(const struct drill_server *server)
{
    return server->address;
}

int drill_server_port(const struct drill_server *server)
{
    return (int)strtol(strrchr(server->address, ':') + 1, NULL, 10);
}
