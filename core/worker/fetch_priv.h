/* Inside fetching: fetch.c makes exchanges, fetch_loop.c turns libcurl on libuv, fetch_head.c reads heads. */
#ifndef TRAWL_WORKER_FETCH_PRIV_H
#define TRAWL_WORKER_FETCH_PRIV_H

#include <curl/curl.h>

#include "worker/fetch.h"

/* libcurl's multi handle on the loop. Its watchers stay with their descriptor numbers when libcurl lets a connection
 * rest: making one for each request costs a system call and an allocation. */
struct trawl__fetch_loop {
    CURLM *multi;
    uv_loop_t *loop;
    uv_timer_t timer;
    struct trawl__fetch_watcher **watchers; /* by descriptor */
    size_t watcher_count;
    unsigned open_handles;
    bool closing;
    void (*on_done)(struct trawl__fetch_loop *loop, CURL *easy, CURLcode code);
    void (*on_closed)(struct trawl__fetch_loop *loop);
};

int trawl__fetch_loop_init(struct trawl__fetch_loop *fetch_loop, uv_loop_t *loop);

/* All easy handles must have been removed. on_closed is called once the last handle has closed. */
void trawl__fetch_loop_close(struct trawl__fetch_loop *fetch_loop);

/* One line of a response's head. A status line empties what came before it (1xx answers). 0 or -EFBIG. */
int trawl__fetch_head_add(struct trawl_buf *head, const char *line, size_t len);

/* {name in lower case: last value} of the gathered lines, new reference. */
json_t *trawl__fetch_head_json(const struct trawl_buf *head);

/* The headers of a request: the platform's, overridden by the request's own (JSON text or NULL). *ret_list is freed with
 * curl_slist_free_all(). */
int trawl__fetch_head_make(const json_t *platform, const char *own, struct curl_slist **ret_list);

#endif
