#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* How long it has to end by itself, and then by SIGTERM. Together less than the end of the server waits. */
#define GRACE_MS      500
#define GRACE_LOOK_MS 10

enum pipe_of { PIPE_IN, PIPE_OUT, PIPE_ERR, PIPE_STATUS, PIPES };

/* --- starting ------------------------------------------------------------------------------------- */

/* What a child of a process with several threads may do is little: no memory, no locks. */
_Noreturn static void run_program(int pipes[PIPES][2], pid_t parent, char *const *argv,
                                  char *const *env)
{
    sigset_t none;
    int code;

    setpgid(0, 0);
    /* Death signal first, look at the parent then: in this order there is no moment at which it can die unseen. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
        _exit(127);
    dup2(pipes[PIPE_IN][0], STDIN_FILENO);
    dup2(pipes[PIPE_OUT][1], STDOUT_FILENO);
    dup2(pipes[PIPE_ERR][1], STDERR_FILENO);
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    execvpe(argv[0], argv, env);
    code = errno;
    if (write(pipes[PIPE_STATUS][1], &code, sizeof(code)) < 0)
        _exit(126);
    _exit(127);
}

static void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void close_pipes(int pipes[PIPES][2])
{
    for (int i = 0; i < PIPES; i++) {
        close_end(&pipes[i][0]);
        close_end(&pipes[i][1]);
    }
}

static int open_pipes(int pipes[PIPES][2])
{
    for (int i = 0; i < PIPES; i++) {
        if (pipe2(pipes[i], O_CLOEXEC) < 0)
            return -errno;
    }
    return 0;
}

/* 0 once it runs the program: then the pipe was closed without a word. */
static int read_status(int fd)
{
    int code = 0;
    ssize_t got;

    do
        got = read(fd, &code, sizeof(code));
    while (got < 0 && errno == EINTR);
    return got == 0 ? 0 : -(got == sizeof(code) ? code : EIO);
}

static int start_child(char *const *argv, char *const *env, int pipes[PIPES][2], pid_t *ret_pid)
{
    pid_t parent = getpid();
    pid_t pid;
    int r = open_pipes(pipes);

    if (r < 0)
        return r;
    pid = fork();
    if (pid < 0)
        return -errno;
    if (pid == 0)
        run_program(pipes, parent, argv, env);
    close_end(&pipes[PIPE_STATUS][1]);
    r = read_status(pipes[PIPE_STATUS][0]);
    if (r < 0)
        waitpid(pid, NULL, 0);
    *ret_pid = pid;
    return r;
}

int process_start(char *const *argv, char *const *env, struct process *ret_process,
                  struct trawl_err *err)
{
    int pipes[PIPES][2] = {{-1, -1}, {-1, -1}, {-1, -1}, {-1, -1}};
    pid_t pid = 0;
    int r = start_child(argv, env, pipes, &pid);

    if (r < 0) {
        close_pipes(pipes);
        return trawl_err_set(err, r, "", "'%s' cannot be started: %s", argv[0], strerror(-r));
    }
    *ret_process = (struct process){
        .pid = pid,
        .in = pipes[PIPE_IN][1],
        .out = pipes[PIPE_OUT][0],
        .err = pipes[PIPE_ERR][0],
    };
    pipes[PIPE_IN][1] = -1;
    pipes[PIPE_OUT][0] = -1;
    pipes[PIPE_ERR][0] = -1;
    close_pipes(pipes);
    fcntl(ret_process->in, F_SETFL, O_NONBLOCK);
    return 0;
}

/* --- ending --------------------------------------------------------------------------------------- */

/* It is not reaped: until then its number, and its group's, is nobody else's. */
bool process_has_ended(const struct process *process)
{
    siginfo_t info = {0};

    return waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid != 0;
}

size_t process_unread(const struct process *process)
{
    int unread = 0;

    return ioctl(process->in, FIONREAD, &unread) == 0 && unread > 0 ? (size_t)unread : 0;
}

static bool ends_within(const struct process *process, int ms)
{
    for (; ms > 0; ms -= GRACE_LOOK_MS) {
        if (process_has_ended(process))
            return true;
        poll(NULL, 0, GRACE_LOOK_MS);
    }
    return process_has_ended(process);
}

void process_end(struct process *process, char *how, size_t size)
{
    int status = 0;

    close_end(&process->in);
    if (!ends_within(process, GRACE_MS)) {
        kill(-process->pid, SIGTERM);
        ends_within(process, GRACE_MS);
    }
    kill(-process->pid, SIGKILL);
    while (waitpid(process->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    process->pid = 0;
    if (WIFSIGNALED(status))
        snprintf(how, size, "was ended by SIG%s", sigabbrev_np(WTERMSIG(status)));
    else
        snprintf(how, size, "exited with status %d", WEXITSTATUS(status));
}
