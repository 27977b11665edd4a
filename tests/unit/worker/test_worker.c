/* A whole worker in a child process: the test is its supervisor and the site that it scrapes. The plugin is linked in:
 * this file's trawl_plugin_load() stands in for the loader's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ipc/channel.h"
#include "ipc/child.h"
#include "ipc/messages.h"
#include "ipc/page.h"
#include "plugin/loader.h"
#include "site.h"
#include "trawl/scraper.h"
#include "util/clock.h"
#include "util/json.h"
#include "util/url.h"
#include "worker/worker.h"
#include "worker/worker_priv.h"

/* --- the plugin -------------------------------------------------------------------------------------- */

/* Follows each line of a body as a link and emits one item a page. Options: start, and what shall fail. */
struct lines {
    const struct trawl_scraper_host *host;
    struct trawl_job *job;
    json_t *options;
    bool asked_more;
};

static int lines_create(const struct trawl_scraper_host *host, struct trawl_job *job,
                        json_t *options, void **ret_scraper, struct trawl_err *err)
{
    struct lines *lines;

    if (trawl_json_bool(options, "bad", false))
        return trawl_err_set(err, -EINVAL, "bad", "these options are bad");
    lines = TRAWL_NEW(struct lines);
    lines->host = host;
    lines->job = job;
    lines->options = json_incref(options);
    *ret_scraper = lines;
    return 0;
}

static int lines_ask(struct lines *lines, const char *url)
{
    const struct trawl_request request = {.size = sizeof(request), .url = url};

    return lines->host->request(lines->job, &request);
}

static int lines_start(void *scraper, struct trawl_err *err)
{
    struct lines *lines = scraper;
    const char *start = trawl_json_string(lines->options, "start", NULL);

    if (!start)
        return trawl_err_set(err, -EINVAL, "", "nowhere to start");
    lines->host->progress(lines->job, 0, 0, "begun");
    return lines_ask(lines, start);
}

static int lines_emit(struct lines *lines, const char *key, const char *body)
{
    json_auto_t *item = json_pack("{s:s}", "body", body);

    return lines->host->item(lines->job, key, item);
}

static int lines_on_response(void *scraper, const struct trawl_response *response,
                             struct trawl_err *err)
{
    struct lines *lines = scraper;
    char *text = trawl_xstrdup(response->body);
    char *rest = text;
    char *line;

    lines_emit(lines, response->url, response->body);
    while ((line = strsep(&rest, "\n"))) {
        if (*line)
            lines_ask(lines, line);
    }
    free(text);
    if (strstr(response->body, "wreck"))
        return trawl_err_set(err, -EINVAL, "", "the page is broken");
    return 0;
}

static int lines_on_failure(void *scraper, const struct trawl_failure *failure,
                            struct trawl_err *err)
{
    struct lines *lines = scraper;

    (void)err;
    return lines_emit(lines, failure->url, failure->reason);
}

static int lines_finish(void *scraper, struct trawl_err *err)
{
    struct lines *lines = scraper;
    const char *more = trawl_json_string(lines->options, "more", NULL);

    (void)err;
    if (more && !lines->asked_more) {
        lines->asked_more = true;
        return lines_ask(lines, more);
    }
    return lines_emit(lines, "finish", "");
}

static void lines_destroy(void *scraper)
{
    struct lines *lines = scraper;

    json_decref(lines->options);
    free(lines);
}

static const struct trawl_scraper_ops lines_ops = {
    .create = lines_create,
    .start = lines_start,
    .on_response = lines_on_response,
    .on_failure = lines_on_failure,
    .finish = lines_finish,
    .destroy = lines_destroy,
};

int trawl_plugin_load(const char *file, struct trawl_loaded **ret_loaded, struct trawl_err *err)
{
    static struct trawl_loaded loaded = {
        .plugin = {TRAWL_PLUGIN_HEADER, .name = "lines", .version = "1", .scraper = &lines_ops}};

    if (strcmp(file, "pagewise") == 0)
        loaded.plugin.traits = TRAWL_SCRAPER_PAGEWISE;
    else if (strcmp(file, "lines") != 0)
        return trawl_err_set(err, -ENOENT, file, "there is no such file");
    *ret_loaded = &loaded;
    return 0;
}

/* --- the site ---------------------------------------------------------------------------------------- */

#define PAGE(path_, body_)                                                                         \
    {                                                                                              \
        .path = (path_), .bytes = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" body_             \
    }
#define MOVED(path_, status_, location_)                                                           \
    {                                                                                              \
        .path = (path_), .bytes = "HTTP/1.1 " status_ " Moved\r\nConnection: close\r\n"            \
                                  "Location: " location_ "\r\nContent-Length: 0\r\n\r\n"           \
    }

enum { MANY = 300 };

static char many_answer[MANY * 20];

static const struct site_route routes[] = {
    PAGE("/tree", "/tree/a\n/tree/b\n/tree/a\n"),
    PAGE("/tree/a", "/tree/b\n/tree\n/tree/c#x\n"),
    PAGE("/tree/b", ""),
    PAGE("/tree/c", ""),
    PAGE("/bad", "/broken\n/missing\n/down\n"),
    {.path = "/many", .bytes = many_answer},
    PAGE("/broken", "wreck\n/lost\n"),
    {.path = "/missing",
     .bytes = "HTTP/1.1 404 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"},
    {.path = "/down", .bytes = "HTTP/1.1 503 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"},
    PAGE("/turns", "/moved\n/self\n/ping\n/far0\n/odd\n"),
    MOVED("/moved", "302", "/tree/b"),
    MOVED("/self", "301", "self#x"),
    MOVED("/ping", "307", "/pong"),
    MOVED("/pong", "308", "/ping"),
    MOVED("/far0", "302", "/far1"),
    MOVED("/far1", "302", "/far2"),
    MOVED("/far2", "302", "/far3"),
    MOVED("/far3", "302", "/far4"),
    MOVED("/odd", "302", "ftp://x/"),
    {.path = "/stall", .bytes = "", .stall = true},
    {.path = "/tagged",
     .bytes = "HTTP/1.1 200 OK\r\nConnection: close\r\nETag: \"t\"\r\n\r\n/tree/b\n/tagged\n"},
    {.path = "/dated",
     .bytes = "HTTP/1.1 200 OK\r\nConnection: close\r\nDate: Tue, 15 Nov 1994 08:12:31 GMT\r\n"
              "Last-Modified: Tue, 15 Nov 1994 08:12:29 GMT\r\n\r\n/fresh\n"},
    {.path = "/fresh",
     .bytes = "HTTP/1.1 200 OK\r\nConnection: close\r\nDate: Tue, 15 Nov 1994 08:12:31 GMT\r\n"
              "Last-Modified: Tue, 15 Nov 1994 08:12:30 GMT\r\n\r\n"},
    {.path = "/same", .bytes = "HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n"},
    PAGE(NULL, ""),
};

/* --- the supervisor ---------------------------------------------------------------------------------- */

/* Pages as lines of text, "outcome status path error_kind [requests] {items}", in the order of their arrival. */
struct scene {
    uv_loop_t loop;
    struct site site;
    struct trawl_channel *channel;
    pid_t pid;
    bool ready;
    bool over; /* it has failed, has stopped, or was idle a second time since its last page */
    bool stopped;
    bool told_to_finish; /* since its last page */
    unsigned sent;       /* that it counts as heard */
    unsigned grants;     /* of so many pages each, that are left for it */
    unsigned grant_pages;
    const struct trawl_page_request *forward; /* what it gets when it is idle, once */
    char *host;                               /* the only one, of which it */
    unsigned wanted;
    unsigned held; /* slots */
    bool hold_acks;
    bool hold_finish; /* it is over when it is idle */
    uint64_t serial;
    size_t page_count;
    char pages[8192];
    char outcome[256];
    unsigned starved; /* how often it has said so */
    char idle[128];   /* what it said last */
    char progress[256];
    const char *etag;                        /* what is answered to every ASK, or NULL */
    const struct trawl_page_request *nearer; /* what it gets before that, once */
    int closed;
};

static const char *path_of(const struct trawl_str *url)
{
    struct trawl_url_parts parts;

    if (url->len == 0)
        return "-";
    trawl_url_split(url->ptr, &parts);
    return parts.path;
}

static void note(struct scene *scene, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void note(struct scene *scene, const char *format, ...)
{
    size_t len = strlen(scene->pages);
    va_list args;

    va_start(args, format);
    vsnprintf(scene->pages + len, sizeof(scene->pages) - len, format, args);
    va_end(args);
}

static void note_page(struct scene *scene, const struct trawl_page *page)
{
    static const char *const outcomes[] = {"ok", "redirected", "failed", "excluded", "same"};
    static const char *const kinds[] = {"start", "", "finish", "retry"};

    if (page->kind == TRAWL_PAGE_RESPONSE)
        note(scene, "%s %u %s", outcomes[page->outcome], page->status, path_of(&page->url));
    else
        note(scene, "%s", kinds[page->kind]);
    if (page->kind == TRAWL_PAGE_RETRY)
        note(scene, " %u", page->attempts);
    if (page->error_kind.len > 0)
        note(scene, " !%s", page->error_kind.ptr);
    for (size_t i = 0; i < page->request_count; i++)
        note(scene, " >%s@%u", path_of(&page->requests[i].url), page->requests[i].depth);
    for (size_t i = 0; i < page->item_count; i++)
        note(scene, " *");
    if (page->etag.len + page->last_modified.len > 0)
        note(scene, " =%s%s:%zu", page->etag.ptr, page->last_modified.ptr,
             page->links.len / sizeof(struct trawl_hash));
    note(scene, "\n");
}

static void note_idle(struct scene *scene, const json_t *idle)
{
    snprintf(scene->idle, sizeof(scene->idle), "%d unused%s",
             (int)trawl_json_int(idle, "unused", -1),
             trawl_json_bool(idle, "starved", false) ? ", starved" : "");
}

static void send_ack(struct scene *scene)
{
    json_auto_t *ack = json_pack("{s:I}", "serial", (json_int_t)scene->serial);

    trawl_channel_send_json(scene->channel, TRAWL_MSG_ACK, ack);
}

static void on_page(struct scene *scene, const struct trawl_frame *frame)
{
    struct trawl_page page;

    assert_int_equal(trawl_page_decode(frame->payload, frame->len, &page), 0);
    assert_int_equal(page.serial, scene->serial + 1);
    assert_int_equal(page.lease, 7);
    scene->serial = page.serial;
    scene->told_to_finish &= page.kind == TRAWL_PAGE_FINISH;
    scene->page_count++;
    note_page(scene, &page);
    trawl_page_finish(&page);
    if (!scene->hold_acks)
        send_ack(scene);
}

static void on_ask(struct scene *scene, const struct trawl_frame *frame)
{
    struct trawl_validators *asked;
    struct trawl_buf buf;
    size_t count;

    assert_int_equal(trawl_validators_decode(frame->payload, frame->len, &asked, &count), 0);
    note(scene, "ask %zu\n", count);
    for (size_t i = 0; i < count; i++)
        asked[i].etag = trawl_str_of(scene->etag);
    trawl_buf_init(&buf, TRAWL_FRAME_MAX);
    assert_int_equal(trawl_validators_encode(asked, scene->etag ? count : 0, &buf), 0);
    trawl_channel_send_flags(scene->channel, TRAWL_MSG_VALIDATORS,
                             scene->etag ? 0 : TRAWL_FLAG_NONE, trawl_buf_text(&buf), buf.len);
    trawl_buf_finish(&buf);
    free(asked);
}

static void send_more(struct scene *scene, uint16_t type, json_t *message)
{
    scene->sent++;
    trawl_channel_send_json(scene->channel, type, message);
    json_decref(message);
}

static void send_requests(struct scene *scene, const struct trawl_page_request *requests,
                          size_t count)
{
    struct trawl_buf buf;

    trawl_buf_init(&buf, TRAWL_FRAME_MAX);
    assert_int_equal(trawl_page_requests_encode(requests, count, &buf), 0);
    trawl_channel_send_flags(scene->channel, TRAWL_MSG_REQUESTS, TRAWL_FLAG_LAST,
                             trawl_buf_text(&buf), buf.len);
    trawl_buf_finish(&buf);
}

/* As the supervisor of a task with one shard does it. */
static void on_idle(struct scene *scene, const json_t *idle)
{
    note_idle(scene, idle);
    if (scene->forward) {
        send_requests(scene, scene->forward, 1);
        scene->forward = NULL;
        scene->sent++;
        return;
    }
    if (trawl_json_int(idle, "heard", -1) != (json_int_t)scene->sent)
        return;
    if (scene->told_to_finish || scene->hold_finish) {
        scene->over = true;
        return;
    }
    scene->told_to_finish = true;
    send_more(scene, TRAWL_MSG_FINISH, json_object());
}

static void on_starved(struct scene *scene)
{
    scene->starved++;
    if (scene->grants == 0)
        return;
    scene->grants--;
    send_more(scene, TRAWL_MSG_GRANT, json_pack("{s:i}", "pages", (int)scene->grant_pages));
}

/* It gets all the slots that it asks for. */
static void grant(struct scene *scene)
{
    json_auto_t *words = NULL;

    if (scene->wanted <= scene->held)
        return;
    words =
        json_pack("{s:s, s:i}", "host", scene->host, "slots", (int)(scene->wanted - scene->held));
    scene->held = scene->wanted;
    trawl_channel_send_json(scene->channel, TRAWL_MSG_HOST_GRANT, words);
}

static void on_want(struct scene *scene, const json_t *want)
{
    free(scene->host);
    scene->host = trawl_xstrdup(trawl_json_string(want, "host", ""));
    scene->wanted = (unsigned)trawl_json_int(want, "slots", 0);
    grant(scene);
}

static void on_report(struct scene *scene, const json_t *report)
{
    scene->held -= (unsigned)trawl_json_int(report, "back", 0);
    grant(scene);
}

static void on_frame(void *user, const struct trawl_frame *frame)
{
    struct scene *scene = user;
    json_auto_t *value = NULL;

    if (frame->type == TRAWL_MSG_PAGE) {
        on_page(scene, frame);
        return;
    }
    if (frame->type == TRAWL_MSG_ASK) {
        if (scene->nearer) {
            send_requests(scene, scene->nearer, 1);
            scene->sent++;
            scene->nearer = NULL;
        }
        on_ask(scene, frame);
        return;
    }
    assert_int_equal(trawl_json_parse(frame->payload, frame->len, &value, NULL), 0);
    scene->ready |= frame->type == TRAWL_MSG_READY;
    scene->stopped |= frame->type == TRAWL_MSG_STOPPED;
    scene->over |= frame->type == TRAWL_MSG_STOPPED || frame->type == TRAWL_MSG_FAILED;
    if (frame->type == TRAWL_MSG_STARVED)
        on_starved(scene);
    if (frame->type == TRAWL_MSG_HOST_WANT)
        on_want(scene, value);
    if (frame->type == TRAWL_MSG_HOST_REPORT)
        on_report(scene, value);
    if (frame->type == TRAWL_MSG_IDLE)
        on_idle(scene, value);
    if (frame->type == TRAWL_MSG_FAILED)
        snprintf(scene->outcome, sizeof(scene->outcome), "failed: %s",
                 trawl_json_string(value, "message", ""));
    if (frame->type == TRAWL_MSG_PROGRESS)
        snprintf(scene->progress, sizeof(scene->progress), "%s",
                 trawl_json_string(value, "message", ""));
}

static void on_closed(void *user, int reason)
{
    struct scene *scene = user;

    scene->closed = reason < 0 ? reason : 1;
}

static const struct trawl_channel_ops channel_ops = {
    .on_frame = on_frame,
    .on_closed = on_closed,
};

static pid_t start_worker(const int fds[2])
{
    char *parent = trawl_child_parent_entry();
    pid_t pid;

    fflush(stdout);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        putenv(parent);
        close(fds[0]); /* or it would never see the other end close */
        if (dup2(fds[1], TRAWL_CHANNEL_FD) < 0)
            _exit(99);
        exit(trawl_worker_main());
    }
    free(parent);
    return pid;
}

static int setup(void **state)
{
    /* The worker is a fork and has a copy of the scene: where its leak checker can see it. */
    static struct scene *scene;
    int fds[2];

    scene = TRAWL_NEW(struct scene);
    assert_int_equal(uv_loop_init(&scene->loop), 0);
    assert_int_equal(trawl_channel_pair(fds), 0);
    scene->pid = start_worker(fds);
    close(fds[1]);
    site_open(&scene->site, &scene->loop, routes);
    assert_int_equal(trawl_channel_open(&scene->loop, fds[0], &channel_ops, scene, &scene->channel),
                     0);
    *state = scene;
    return 0;
}

/* Close the channel; the worker's exit code, or minus the signal that ended it. */
static int end_worker(struct scene *scene)
{
    int status = 0;

    trawl_channel_close(scene->channel);
    scene->channel = NULL;
    uv_run(&scene->loop, UV_RUN_NOWAIT);
    assert_int_equal(waitpid(scene->pid, &status, 0), scene->pid);
    scene->pid = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int teardown(void **state)
{
    struct scene *scene = *state;

    if (scene->pid)
        end_worker(scene);
    site_close(&scene->site);
    uv_run(&scene->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&scene->loop), 0);
    free(scene->host);
    free(scene);
    return 0;
}

/* `more` is put into the message, and decref'd. */
static void send_job_with(struct scene *scene, json_t *options, const char *plugin, json_t *more)
{
    json_auto_t *job = json_pack(
        "{s:i, s:s, s:i, s:i, s:i, s:{s:s, s:s}, s:o, s:b, s:{s:i, s:i, s:i, s:i, s:i, s:i, s:s}}",
        "run_id", 1, "platform", "test", "shard", 0, "shards", 1, "lease", 7, "plugin", "name",
        plugin, "file", plugin, "options", options, "fresh", 1, "fetch", "concurrency", 1,
        "retries", 1, "retry_base", 1, "retry_max", 1, "timeout", 20000, "max_redirects", 3,
        "private_networks", "allow");

    assert_non_null(job);
    json_object_update_recursive(job, more);
    json_decref(more);
    trawl_channel_send_json(scene->channel, TRAWL_MSG_JOB, job);
}

static void send_job(struct scene *scene, json_t *options, const char *plugin)
{
    send_job_with(scene, options, plugin, json_object());
}

static json_t *options_from(const struct scene *scene, const char *start)
{
    char url[256];

    snprintf(url, sizeof(url), "%s%s", scene->site.root, start);
    return json_pack("{s:s}", "start", url);
}

static void run_until_over(struct scene *scene)
{
    while (!scene->over && !scene->closed)
        uv_run(&scene->loop, UV_RUN_ONCE);
    assert_true(scene->over);
}

static void run_from(struct scene *scene, const char *start)
{
    send_job(scene, options_from(scene, start), "lines");
    send_requests(scene, NULL, 0);
    run_until_over(scene);
}

/* --- the tests --------------------------------------------------------------------------------------- */

static void worker__fetches_a_site_to_its_end(void **state)
{
    struct scene *scene = *state;

    run_from(scene, "/tree");
    assert_true(scene->ready);
    assert_string_equal(scene->pages, "start >/tree@0\n"
                                      "ok 200 /tree >/tree/a@1 >/tree/b@1 *\n"
                                      "ok 200 /tree/a >/tree/c@2 *\n"
                                      "ok 200 /tree/b *\n"
                                      "ok 200 /tree/c *\n"
                                      "finish *\n");
    assert_string_equal(scene->idle, "0 unused");
    assert_string_equal(scene->progress, "begun");
    assert_int_equal(end_worker(scene), 0);
}

static void worker__records_failures_and_goes_on(void **state)
{
    struct scene *scene = *state;

    run_from(scene, "/bad");
    assert_string_equal(scene->pages, "start >/bad@0\n"
                                      "ok 200 /bad >/broken@1 >/missing@1 >/down@1 *\n"
                                      "failed 200 /broken !extract\n"
                                      "failed 404 /missing !http *\n"
                                      "retry 1\n"
                                      "failed 503 /down !http *\n"
                                      "finish *\n");
    assert_int_equal(scene->site.hits, 5); /* /down was tried twice */
    assert_string_equal(scene->idle, "0 unused");
    assert_int_equal(end_worker(scene), 0);
}

static void worker__makes_a_request_of_each_redirect(void **state)
{
    struct scene *scene = *state;

    run_from(scene, "/turns");
    assert_string_equal(scene->pages,
                        "start >/turns@0\n"
                        "ok 200 /turns >/moved@1 >/self@1 >/ping@1 >/far0@1 >/odd@1 *\n"
                        "redirected 302 /moved >/tree/b@1\n"
                        "failed 301 /self !redirects *\n"
                        "redirected 307 /ping >/pong@1\n"
                        "redirected 302 /far0 >/far1@1\n"
                        "failed 302 /odd !redirects *\n"
                        "ok 200 /tree/b *\n"
                        "failed 308 /pong !redirects *\n"
                        "redirected 302 /far1 >/far2@1\n"
                        "redirected 302 /far2 >/far3@1\n"
                        "failed 302 /far3 !redirects *\n"
                        "finish *\n");
    assert_int_equal(end_worker(scene), 0);
}

static void worker__finish_may_ask_for_more(void **state)
{
    struct scene *scene = *state;
    json_t *options = options_from(scene, "/tree/b");
    char url[256];

    snprintf(url, sizeof(url), "%s/tree/c", scene->site.root);
    json_object_set_new(options, "more", json_string(url));
    send_job(scene, options, "lines");
    send_requests(scene, NULL, 0);
    run_until_over(scene);
    assert_string_equal(scene->pages, "start >/tree/b@0\n"
                                      "ok 200 /tree/b *\n"
                                      "finish >/tree/c@0\n"
                                      "ok 200 /tree/c *\n"
                                      "finish *\n");
}

static struct trawl_page_request known_request(const struct scene *scene, const char *path,
                                               enum trawl_request_state request_state,
                                               char url[256])
{
    snprintf(url, 256, "%s%s", scene->site.root, path);
    return (struct trawl_page_request){
        .fingerprint = trawl_url_fingerprint(NULL, url, NULL, 0),
        .state = (uint8_t)request_state,
        .depth = 1,
        .url = trawl_str_of(url),
    };
}

static void worker__continues_without_starting_again(void **state)
{
    struct scene *scene = *state;
    char urls[2][256];
    const struct trawl_page_request requests[] = {
        known_request(scene, "/tree/b", TRAWL_REQUEST_DONE, urls[0]),
        known_request(scene, "/tree/a", TRAWL_REQUEST_PENDING, urls[1]),
    };

    send_job_with(scene, options_from(scene, "/nowhere"), "lines", json_pack("{s:b}", "fresh", 0));
    send_requests(scene, requests, 2);
    run_until_over(scene);
    assert_string_equal(scene->pages, "ok 200 /tree/a >/tree@2 >/tree/c@2 *\n"
                                      "ok 200 /tree *\n"
                                      "ok 200 /tree/c *\n"
                                      "finish *\n");
}

static void worker__continues_a_request_with_its_tries(void **state)
{
    struct scene *scene = *state;
    char url[256];
    struct trawl_page_request request = known_request(scene, "/down", TRAWL_REQUEST_PENDING, url);

    request.attempts = 1;
    request.not_before_ms = trawl_now_ms() + 20;
    send_job_with(scene, options_from(scene, "/nowhere"), "lines", json_pack("{s:b}", "fresh", 0));
    send_requests(scene, &request, 1);
    run_until_over(scene);
    assert_string_equal(scene->pages, "failed 503 /down !http *\n"
                                      "finish *\n");
    assert_int_equal(scene->site.hits, 1);
}

/* Of two shards, the one that a path of the site belongs to. */
static int shard_of(const struct scene *scene, const char *path)
{
    char url[256];

    snprintf(url, sizeof(url), "%s%s", scene->site.root, path);
    return (int)trawl_shard_of(trawl_url_fingerprint(NULL, url, NULL, 0), 2);
}

static void worker__leaves_to_other_shards_what_is_theirs(void **state)
{
    struct scene *scene = *state;
    int shard = 1 - shard_of(scene, "/tree");

    send_job_with(scene, options_from(scene, "/tree"), "lines",
                  json_pack("{s:i, s:i}", "shard", shard, "shards", 2));
    send_requests(scene, NULL, 0);
    run_until_over(scene);
    assert_string_equal(scene->pages, "start >/tree@0\n"
                                      "finish *\n");
    assert_int_equal(scene->site.hits, 0);
}

static void worker__takes_over_what_other_shards_have_found(void **state)
{
    struct scene *scene = *state;
    char url[256];
    struct trawl_page_request request = known_request(scene, "/tree/c", TRAWL_REQUEST_PENDING, url);

    scene->forward = &request;
    send_job_with(
        scene, options_from(scene, "/nowhere"), "lines",
        json_pack("{s:b, s:i, s:i}", "fresh", 0, "shard", shard_of(scene, "/tree/c"), "shards", 2));
    send_requests(scene, NULL, 0);
    run_until_over(scene);
    assert_string_equal(scene->pages, "ok 200 /tree/c *\n"
                                      "finish *\n");
}

static void worker__says_what_a_later_run_can_ask_by(void **state)
{
    struct scene *scene = *state;

    send_job(scene, options_from(scene, "/tagged"), "pagewise");
    send_requests(scene, NULL, 0);
    run_until_over(scene);
    assert_string_equal(scene->pages, "start >/tagged@0\n"
                                      "ask 1\n"
                                      "ok 200 /tagged >/tree/b@1 * =\"t\":2\n"
                                      "ok 200 /tree/b *\n"
                                      "finish *\n");
}

static void worker__trusts_a_date_once_its_second_is_over(void **state)
{
    struct scene *scene = *state;

    send_job(scene, options_from(scene, "/dated"), "pagewise");
    send_requests(scene, NULL, 0);
    run_until_over(scene);
    assert_string_equal(scene->pages, "start >/dated@0\n"
                                      "ask 1\n"
                                      "ok 200 /dated >/fresh@1 * =Tue, 15 Nov 1994 08:12:29 GMT:1\n"
                                      "ok 200 /fresh *\n"
                                      "finish *\n");
}

static void worker__asks_whether_a_page_has_changed(void **state)
{
    struct scene *scene = *state;

    scene->etag = "\"s\"";
    send_job(scene, options_from(scene, "/same"), "pagewise");
    send_requests(scene, NULL, 0);
    run_until_over(scene);
    assert_string_equal(scene->pages, "start >/same@0\n"
                                      "ask 1\n"
                                      "same 304 /same =\"s\":0\n"
                                      "finish *\n");
    assert_non_null(strstr(scene->site.last_request, "If-None-Match: \"s\"\r\n"));
}

static void worker__does_not_ask_for_a_plugin_that_goes_by_more_than_the_page(void **state)
{
    struct scene *scene = *state;

    scene->etag = "\"s\"";
    run_from(scene, "/tagged");
    assert_null(strstr(scene->pages, "ask"));
    assert_null(strstr(scene->pages, "="));
    assert_null(strstr(scene->site.last_request, "If-None-Match"));
}

static void worker__fetches_what_it_meets_nearer_while_it_asks(void **state)
{
    struct scene *scene = *state;
    char url[256];
    struct trawl_page_request request = known_request(scene, "/tagged", TRAWL_REQUEST_PENDING, url);
    struct trawl_page_request nearer = request;

    request.depth = 2;
    nearer.depth = 1;
    scene->etag = "\"s\"";
    scene->nearer = &nearer;
    send_job_with(scene, options_from(scene, "/nowhere"), "pagewise",
                  json_pack("{s:b}", "fresh", 0));
    send_requests(scene, &request, 1);
    while (scene->page_count == 0)
        uv_run(&scene->loop, UV_RUN_ONCE);
    assert_non_null(strstr(scene->pages, "ask 1\nok 200 /tagged >/tree/b@2 * =\"t\":2\n"));
    assert_null(strstr(scene->site.last_request, "If-None-Match"));
}

static void worker__fetches_as_many_pages_as_it_is_granted(void **state)
{
    struct scene *scene = *state;

    scene->grants = 2;
    scene->grant_pages = 1;
    send_job_with(scene, options_from(scene, "/tree"), "lines",
                  json_pack("{s:{s:i}}", "fetch", "max_pages", 100));
    send_requests(scene, NULL, 0);
    run_until_over(scene);
    assert_string_equal(scene->pages, "start >/tree@0\n"
                                      "ok 200 /tree >/tree/a@1 >/tree/b@1 *\n"
                                      "ok 200 /tree/a >/tree/c@2 *\n"
                                      "finish *\n");
    assert_int_equal(scene->starved, 3);
    assert_string_equal(scene->idle, "0 unused, starved");
}

static void worker__gives_back_what_it_does_not_need(void **state)
{
    struct scene *scene = *state;

    scene->grants = 1;
    scene->grant_pages = 5;
    scene->hold_finish = true;
    send_job_with(scene, options_from(scene, "/tree/b"), "lines",
                  json_pack("{s:{s:i}}", "fetch", "max_pages", 100));
    send_requests(scene, NULL, 0);
    run_until_over(scene);
    assert_string_equal(scene->idle, "4 unused");
}

static void worker__is_idle_only_when_all_is_acknowledged(void **state)
{
    struct scene *scene = *state;

    scene->hold_acks = true;
    send_job(scene, options_from(scene, "/tree/b"), "lines");
    send_requests(scene, NULL, 0);
    while (scene->page_count < 2)
        uv_run(&scene->loop, UV_RUN_ONCE);
    for (int i = 0; i < 20; i++)
        uv_run(&scene->loop, UV_RUN_NOWAIT);
    assert_string_equal(scene->idle, "");
    scene->hold_acks = false;
    send_ack(scene);
    run_until_over(scene);
    assert_int_equal(end_worker(scene), 0);
}

static void worker__waits_for_a_store_that_is_slow(void **state)
{
    struct scene *scene = *state;
    size_t len = (size_t)snprintf(many_answer, sizeof(many_answer),
                                  "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");

    for (int i = 0; i < MANY; i++)
        len += (size_t)snprintf(many_answer + len, sizeof(many_answer) - len, "/leaf/%d\n", i);
    scene->hold_acks = true;
    send_job(scene, options_from(scene, "/many"), "lines");
    send_requests(scene, NULL, 0);
    while (scene->page_count < TRAWL_UNACKED_PAGES_MAX)
        uv_run(&scene->loop, UV_RUN_ONCE);
    for (int i = 0; i < 100; i++)
        uv_run(&scene->loop, UV_RUN_NOWAIT);
    assert_int_equal(scene->page_count, TRAWL_UNACKED_PAGES_MAX);
    scene->hold_acks = false;
    send_ack(scene);
    run_until_over(scene);
    assert_int_equal(scene->page_count, MANY + 3);
    assert_int_equal(end_worker(scene), 0);
}

static void worker__stops_after_what_is_under_way(void **state)
{
    struct scene *scene = *state;
    json_auto_t *nothing = json_object();

    send_job(scene, options_from(scene, "/tree"), "lines");
    send_requests(scene, NULL, 0);
    while (scene->page_count < 1)
        uv_run(&scene->loop, UV_RUN_ONCE);
    trawl_channel_send_json(scene->channel, TRAWL_MSG_STOP, nothing);
    run_until_over(scene);
    assert_true(scene->stopped);
    assert_null(strstr(scene->pages, "finish"));
    assert_int_equal(end_worker(scene), 0);
}

static void worker__says_what_is_wrong_with_its_job(void **state)
{
    struct scene *scene = *state;

    send_job(scene, json_pack("{s:b}", "bad", 1), "lines");
    run_until_over(scene);
    assert_false(scene->ready);
    assert_string_equal(scene->outcome, "failed: bad: these options are bad");
    assert_int_equal(end_worker(scene), 0);
}

static void worker__says_that_a_plugin_is_missing(void **state)
{
    struct scene *scene = *state;

    send_job(scene, json_object(), "absent");
    send_requests(scene, NULL, 0);
    run_until_over(scene);
    assert_string_equal(scene->outcome, "failed: absent: there is no such file");
    assert_int_equal(end_worker(scene), 0);
}

static void worker__says_why_a_scraper_does_not_start(void **state)
{
    struct scene *scene = *state;

    send_job(scene, json_object(), "lines");
    send_requests(scene, NULL, 0);
    run_until_over(scene);
    assert_string_equal(scene->outcome, "failed: the scraper did not start: nowhere to start");
    assert_int_equal(scene->page_count, 0);
}

static void worker__leaves_when_its_supervisor_is_gone(void **state)
{
    struct scene *scene = *state;

    send_job(scene, options_from(scene, "/stall"), "lines");
    send_requests(scene, NULL, 0);
    while (scene->site.hits == 0)
        uv_run(&scene->loop, UV_RUN_ONCE);
    assert_int_equal(end_worker(scene), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(worker__fetches_a_site_to_its_end),
        TEST(worker__records_failures_and_goes_on),
        TEST(worker__makes_a_request_of_each_redirect),
        TEST(worker__finish_may_ask_for_more),
        TEST(worker__continues_without_starting_again),
        TEST(worker__continues_a_request_with_its_tries),
        TEST(worker__leaves_to_other_shards_what_is_theirs),
        TEST(worker__takes_over_what_other_shards_have_found),
        TEST(worker__says_what_a_later_run_can_ask_by),
        TEST(worker__trusts_a_date_once_its_second_is_over),
        TEST(worker__asks_whether_a_page_has_changed),
        TEST(worker__does_not_ask_for_a_plugin_that_goes_by_more_than_the_page),
        TEST(worker__fetches_what_it_meets_nearer_while_it_asks),
        TEST(worker__fetches_as_many_pages_as_it_is_granted),
        TEST(worker__gives_back_what_it_does_not_need),
        TEST(worker__is_idle_only_when_all_is_acknowledged),
        TEST(worker__waits_for_a_store_that_is_slow),
        TEST(worker__stops_after_what_is_under_way),
        TEST(worker__says_what_is_wrong_with_its_job),
        TEST(worker__says_that_a_plugin_is_missing),
        TEST(worker__says_why_a_scraper_does_not_start),
        TEST(worker__leaves_when_its_supervisor_is_gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
