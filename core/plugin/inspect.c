/* Asking: start an inspector process, give it the question, wait for its answer, and judge how it ended. */
#include "plugin/inspect.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config/options.h"
#include "ipc/child.h"
#include "plugin/inspect_priv.h"
#include "util/alloc.h"
#include "util/fs.h"
#include "util/json.h"

#define READ_BYTES (64u << 10)

const char *trawl__inspect_executable;

/* Freed when the last of its handles has closed. */
struct inspection {
    uv_process_t process;
    uv_pipe_t out;
    uv_timer_t timer;
    unsigned open_handles;
    bool exited;
    bool out_ended;
    bool timed_out;
    bool too_long;
    bool closing;
    int64_t exit_status;
    int signal;
    int64_t timeout_ms;
    char *file;
    struct trawl_buf answer;
    trawl_inspect_done *done; /* NULL: nobody waits */
    void *user;
};

static int64_t inspect_timeout(void)
{
    const char *text = getenv("TRAWL_INSPECT_TIMEOUT");
    int64_t ms;

    return text && trawl_duration_parse(text, &ms) == 0 && ms > 0 ? ms : TRAWL_INSPECT_TIMEOUT_MS;
}

/* --- judging ------------------------------------------------------------------------------------- */

/* What the last progress line says: *ret_where is the subject's path, or the file; both borrowed from `lines`. */
static const char *what_it_did(char *lines, const char *file, const char **ret_where)
{
    char *last = NULL;
    char *space;

    *ret_where = file;
    for (char *line = lines; line && *line;
         line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        if (*line == TRAWL_INSPECT_PROGRESS)
            last = line + 1;
    }
    if (!last)
        return "before it was loaded";
    last[strcspn(last, "\n")] = '\0';
    space = strchr(last, ' ');
    if (space) {
        *space = '\0';
        *ret_where = space + 1;
    }
    if (strcmp(last, TRAWL_INSPECT_LOAD) == 0)
        return "while it was being loaded";
    if (strcmp(last, TRAWL_INSPECT_CREATE) == 0)
        return "in create()";
    if (strcmp(last, TRAWL_INSPECT_DESTROY) == 0)
        return "in destroy()";
    return "while its options were being read";
}

static int judge_end(const struct inspection *inspection, struct trawl_err *err)
{
    TRAWL_AUTO_FREE char *lines = trawl_xstrdup(trawl_buf_text(&inspection->answer));
    const char *file = inspection->file;
    const char *where;
    const char *doing = what_it_did(lines, file, &where);

    if (inspection->timed_out)
        return trawl_err_set(err, -EPROTO, where, "the plugin '%s' did not answer within %g s %s",
                             file, (double)inspection->timeout_ms / 1000, doing);
    if (inspection->too_long)
        return trawl_err_set(err, -EPROTO, where,
                             "the plugin '%s' says more than %u bytes of itself", file,
                             TRAWL_INSPECT_MAX);
    if (inspection->signal != 0)
        return trawl_err_set(err, -EPROTO, where, "the plugin '%s' crashed with SIG%s %s", file,
                             sigabbrev_np(inspection->signal), doing);
    return trawl_err_set(err, -EPROTO, where,
                         "the plugin '%s' ended the process with exit code %d %s", file,
                         (int)inspection->exit_status, doing);
}

static int judge_answer(const struct inspection *inspection, json_t **ret_answer,
                        struct trawl_err *err)
{
    const char *line = trawl_buf_text(&inspection->answer);
    struct trawl_err inner = {0};
    json_t *answer = NULL;
    int r;

    while (*line == TRAWL_INSPECT_PROGRESS) {
        const char *end = strchr(line, '\n');

        line = end ? end + 1 : line + strlen(line);
    }
    if (inspection->timed_out || inspection->too_long || inspection->signal != 0 ||
        inspection->exit_status != 0 || !*line)
        return judge_end(inspection, err);
    r = trawl_json_parse(line, strlen(line), &answer, &inner);
    if (r < 0 || !json_is_object(answer)) {
        json_decref(answer);
        return trawl_err_set(err, -EPROTO, inspection->file,
                             "the plugin '%s' gives an answer that makes no sense: %s",
                             inspection->file, r < 0 ? inner.message : "it is no object");
    }
    *ret_answer = answer;
    return 0;
}

/* --- the process --------------------------------------------------------------------------------- */

static void inspection_free(struct inspection *inspection)
{
    struct trawl_err err = {0};
    json_t *answer = NULL;

    if (inspection->done) {
        judge_answer(inspection, &answer, &err);
        inspection->done(inspection->user, answer, &err);
        json_decref(answer);
    }
    trawl_buf_finish(&inspection->answer);
    free(inspection->file);
    free(inspection);
}

static void inspection_on_handle_closed(uv_handle_t *handle)
{
    struct inspection *inspection = handle->data;

    if (--inspection->open_handles == 0)
        inspection_free(inspection);
}

static void inspection_close(struct inspection *inspection)
{
    if (inspection->closing)
        return;
    inspection->closing = true;
    uv_close((uv_handle_t *)&inspection->process, inspection_on_handle_closed);
    uv_close((uv_handle_t *)&inspection->out, inspection_on_handle_closed);
    uv_close((uv_handle_t *)&inspection->timer, inspection_on_handle_closed);
}

static void inspection_step(struct inspection *inspection)
{
    if (inspection->exited && inspection->out_ended)
        inspection_close(inspection);
}

static void inspection_kill(struct inspection *inspection)
{
    if (!inspection->exited)
        uv_process_kill(&inspection->process, SIGKILL);
    /* A program that the plugin has started may hold the other end for ever. */
    uv_read_stop((uv_stream_t *)&inspection->out);
    inspection->out_ended = true;
    inspection_step(inspection);
}

static void inspection_on_exit(uv_process_t *process, int64_t exit_status, int signal)
{
    struct inspection *inspection = process->data;

    inspection->exited = true;
    inspection->exit_status = exit_status;
    inspection->signal = signal;
    inspection_step(inspection);
}

static void inspection_on_timer(uv_timer_t *timer)
{
    struct inspection *inspection = timer->data;

    inspection->timed_out = true;
    inspection_kill(inspection);
}

static void inspection_on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buf)
{
    struct inspection *inspection = handle->data;
    char *room = NULL;

    (void)suggested;
    if (trawl_buf_reserve(&inspection->answer, READ_BYTES, &room) < 0)
        *ret_buf = uv_buf_init(NULL, 0);
    else
        *ret_buf = uv_buf_init(room, READ_BYTES);
}

static void inspection_on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
    struct inspection *inspection = stream->data;

    (void)buf;
    if (count > 0)
        trawl_buf_grew(&inspection->answer, (size_t)count);
    if (count >= 0)
        return;
    inspection->out_ended = true;
    if (count == UV_ENOBUFS) {
        inspection->too_long = true;
        inspection_kill(inspection);
    }
    uv_read_stop(stream);
    inspection_step(inspection);
}

/* The question as a file, so that nothing has to be written to a process that may be dead. */
static int question_file(const json_t *ask)
{
    struct trawl_buf text;
    int fd;
    int r;

    trawl_buf_init(&text, TRAWL_INSPECT_MAX);
    r = trawl_json_write(&text, ask, TRAWL_JSON_COMPACT);
    if (r < 0)
        return r;
    fd = memfd_create("trawl-ask", MFD_CLOEXEC);
    if (fd < 0)
        r = -errno;
    else if (write(fd, text.data, text.len) != (ssize_t)text.len || lseek(fd, 0, SEEK_SET) < 0)
        r = -EIO;
    trawl_buf_finish(&text);
    if (r < 0 && fd >= 0)
        close(fd);
    return r < 0 ? r : fd;
}

static int inspection_spawn(struct inspection *inspection, uv_loop_t *loop, const char *executable,
                            int question)
{
    char name[] = "trawl";
    char role[] = "--role=inspector";
    char *arguments[] = {name, role, NULL};
    uv_process_options_t options = {0};
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_INHERIT_FD, .data.fd = question},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
         .data.stream = (uv_stream_t *)&inspection->out},
        {.flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO},
    };
    int r;

    options.file = executable;
    options.args = arguments;
    options.env = trawl_child_environment();
    options.stdio = stdio;
    options.stdio_count = 3;
    options.exit_cb = inspection_on_exit;
    r = uv_spawn(loop, &inspection->process, &options);
    trawl_child_environment_free(options.env);
    if (r == 0)
        r = uv_read_start((uv_stream_t *)&inspection->out, inspection_on_alloc, inspection_on_read);
    return r;
}

static int inspection_start(struct inspection *inspection, uv_loop_t *loop, const json_t *ask)
{
    TRAWL_AUTO_FREE char *self = NULL;
    int question;
    int r;

    if (trawl__inspect_executable)
        self = trawl_xstrdup(trawl__inspect_executable);
    else if ((r = trawl_fs_self(&self)) < 0)
        return r;
    question = question_file(ask);
    if (question < 0)
        return question;
    r = inspection_spawn(inspection, loop, self, question);
    close(question);
    if (r < 0)
        return r;
    return uv_timer_start(&inspection->timer, inspection_on_timer, (uint64_t)inspection->timeout_ms,
                          0);
}

int trawl_inspect_async(uv_loop_t *loop, const json_t *ask, trawl_inspect_done *done, void *user)
{
    struct inspection *inspection = TRAWL_NEW(struct inspection);
    int r;

    inspection->process.data = inspection;
    inspection->out.data = inspection;
    inspection->timer.data = inspection;
    inspection->timeout_ms = inspect_timeout();
    inspection->file = trawl_xstrdup(trawl_json_string(ask, "file", ""));
    trawl_buf_init(&inspection->answer, TRAWL_INSPECT_MAX);
    uv_pipe_init(loop, &inspection->out, 0);
    uv_timer_init(loop, &inspection->timer);
    /* uv_spawn() makes its handle one that can be closed only once it is called. */
    inspection->process.type = UV_UNKNOWN_HANDLE;
    r = inspection_start(inspection, loop, ask);
    inspection->open_handles = 3;
    if (r < 0) {
        if (inspection->process.type == UV_UNKNOWN_HANDLE) {
            inspection->open_handles = 2;
            inspection->closing = true;
            uv_close((uv_handle_t *)&inspection->out, inspection_on_handle_closed);
            uv_close((uv_handle_t *)&inspection->timer, inspection_on_handle_closed);
        } else {
            inspection_close(inspection);
        }
        return r;
    }
    inspection->done = done;
    inspection->user = user;
    return 0;
}

/* --- waiting for it ------------------------------------------------------------------------------ */

struct wait {
    json_t *answer;
    struct trawl_err err;
};

static void wait_on_done(void *user, const json_t *answer, const struct trawl_err *err)
{
    struct wait *wait = user;

    wait->answer = json_incref((json_t *)(uintptr_t)answer);
    wait->err = *err;
}

int trawl_inspect(const json_t *ask, json_t **ret_answer, struct trawl_err *err)
{
    struct wait wait = {0};
    uv_loop_t loop;
    int r;

    r = uv_loop_init(&loop);
    if (r < 0)
        return trawl_err_set(err, r, "", "no event loop: %s", uv_strerror(r));
    r = trawl_inspect_async(&loop, ask, wait_on_done, &wait);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    if (r < 0)
        return trawl_err_set(err, r, "", "the inspector process cannot be started: %s",
                             uv_strerror(r));
    if (!wait.answer)
        return trawl_err_set(err, -EPROTO, wait.err.where, "%s", wait.err.message);
    *ret_answer = wait.answer;
    return 0;
}

int trawl_inspect_file(const char *file, json_t **ret_plugin, struct trawl_err *err)
{
    json_auto_t *ask = json_pack("{s:s, s:[]}", "file", file, "subjects");
    json_auto_t *answer = NULL;
    const json_t *error;
    int r;

    if (!ask)
        return trawl_err_set(err, -EINVAL, "", "the file's name is not UTF-8");
    r = trawl_inspect(ask, &answer, err);
    if (r < 0)
        return r;
    error = json_object_get(answer, "error");
    if (error)
        return trawl_err_set(err, -EINVAL, trawl_json_string(error, "where", file), "%s",
                             trawl_json_string(error, "message", "cannot be loaded"));
    *ret_plugin = json_incref(json_object_get(answer, "plugin"));
    return 0;
}
