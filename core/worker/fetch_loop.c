#include <errno.h>

#include "util/alloc.h"
#include "worker/fetch_priv.h"

struct trawl__fetch_watcher {
    uv_poll_t poll;
    struct trawl__fetch_loop *owner;
    int fd;
};

static void report_done(struct trawl__fetch_loop *fetch_loop)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(fetch_loop->multi, &left))) {
        CURL *easy = message->easy_handle;
        CURLcode code = message->data.result;

        if (message->msg != CURLMSG_DONE)
            continue;
        curl_multi_remove_handle(fetch_loop->multi, easy); /* `message` is gone with it */
        fetch_loop->on_done(fetch_loop, easy, code);
        if (fetch_loop->closing)
            return;
    }
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct trawl__fetch_watcher *watcher = poll->data;
    int flags = 0;
    int running;

    /* With CURL_CSELECT_ERR libcurl would say no more than that; by reading it finds out what is wrong. */
    if (status < 0)
        flags = CURL_CSELECT_IN | CURL_CSELECT_OUT;
    if (events & UV_READABLE)
        flags |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        flags |= CURL_CSELECT_OUT;
    curl_multi_socket_action(watcher->owner->multi, watcher->fd, flags, &running);
    report_done(watcher->owner);
}

static void on_timer(uv_timer_t *timer)
{
    struct trawl__fetch_loop *fetch_loop = timer->data;
    int running;

    curl_multi_socket_action(fetch_loop->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    report_done(fetch_loop);
}

static int set_timer(CURLM *multi, long timeout_ms, void *user)
{
    struct trawl__fetch_loop *fetch_loop = user;

    (void)multi;
    if (timeout_ms < 0)
        uv_timer_stop(&fetch_loop->timer);
    else
        uv_timer_start(&fetch_loop->timer, on_timer, (uint64_t)timeout_ms, 0);
    return 0;
}

static void on_watcher_closed(uv_handle_t *handle);

static struct trawl__fetch_watcher *watcher_of(struct trawl__fetch_loop *fetch_loop, int fd)
{
    struct trawl__fetch_watcher *watcher;
    size_t at = (size_t)fd;

    if (at >= fetch_loop->watcher_count) {
        size_t count = (at + 1) * 2;

        fetch_loop->watchers =
            trawl_xrealloc(fetch_loop->watchers, count * sizeof(*fetch_loop->watchers));
        for (size_t i = fetch_loop->watcher_count; i < count; i++)
            fetch_loop->watchers[i] = NULL;
        fetch_loop->watcher_count = count;
    }
    if (fetch_loop->watchers[at])
        return fetch_loop->watchers[at];
    watcher = TRAWL_NEW(struct trawl__fetch_watcher);
    watcher->owner = fetch_loop;
    watcher->fd = fd;
    watcher->poll.data = watcher;
    if (uv_poll_init(fetch_loop->loop, &watcher->poll, fd) < 0) {
        free(watcher);
        return NULL;
    }
    fetch_loop->open_handles++;
    fetch_loop->watchers[at] = watcher;
    return watcher;
}

static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *known)
{
    struct trawl__fetch_loop *fetch_loop = user;
    struct trawl__fetch_watcher *watcher;
    int events = 0;

    (void)easy;
    (void)known;
    if (fetch_loop->closing)
        return 0;
    if (what == CURL_POLL_REMOVE) {
        if ((size_t)fd < fetch_loop->watcher_count && fetch_loop->watchers[fd])
            uv_poll_stop(&fetch_loop->watchers[fd]->poll);
        return 0;
    }
    watcher = watcher_of(fetch_loop, fd);
    if (!watcher)
        return -1;
    if (what & CURL_POLL_IN)
        events |= UV_READABLE;
    if (what & CURL_POLL_OUT)
        events |= UV_WRITABLE;
    return uv_poll_start(&watcher->poll, events, on_poll) < 0 ? -1 : 0;
}

int trawl__fetch_loop_init(struct trawl__fetch_loop *fetch_loop, uv_loop_t *loop)
{
    fetch_loop->multi = curl_multi_init();
    if (!fetch_loop->multi)
        return -ENOMEM;
    fetch_loop->loop = loop;
    uv_timer_init(loop, &fetch_loop->timer);
    fetch_loop->timer.data = fetch_loop;
    fetch_loop->open_handles = 1;
    curl_multi_setopt(fetch_loop->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    curl_multi_setopt(fetch_loop->multi, CURLMOPT_SOCKETDATA, fetch_loop);
    curl_multi_setopt(fetch_loop->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(fetch_loop->multi, CURLMOPT_TIMERDATA, fetch_loop);
    return 0;
}

static void handle_gone(struct trawl__fetch_loop *fetch_loop)
{
    if (--fetch_loop->open_handles == 0) {
        free(fetch_loop->watchers);
        fetch_loop->on_closed(fetch_loop);
    }
}

static void on_watcher_closed(uv_handle_t *handle)
{
    struct trawl__fetch_watcher *watcher = handle->data;
    struct trawl__fetch_loop *fetch_loop = watcher->owner;

    free(watcher);
    handle_gone(fetch_loop);
}

static void on_timer_closed(uv_handle_t *handle)
{
    handle_gone(handle->data);
}

void trawl__fetch_loop_close(struct trawl__fetch_loop *fetch_loop)
{
    fetch_loop->closing = true;
    for (size_t i = 0; i < fetch_loop->watcher_count; i++) {
        if (fetch_loop->watchers[i])
            uv_close((uv_handle_t *)&fetch_loop->watchers[i]->poll, on_watcher_closed);
    }
    uv_close((uv_handle_t *)&fetch_loop->timer, on_timer_closed);
    /* libcurl says farewell to its connections, which may set the timer once more; `closing` and this turn it off. */
    curl_multi_setopt(fetch_loop->multi, CURLMOPT_TIMERFUNCTION, NULL);
    curl_multi_cleanup(fetch_loop->multi);
}
