/* Inside fetching: fetch.c makes exchanges, fetch_request.c tells libcurl of each, fetch_errors.c says what went wrong, fetch_guard.c looks at the addresses that
 * it connects to, fetch_loop.c turns libcurl on libuv, fetch_head.c reads heads. */
#ifndef TRAWL_WORKER_FETCH_PRIV_H
#define TRAWL_WORKER_FETCH_PRIV_H

#include <curl/curl.h>

#include "worker/fetch.h"
#include "worker/proxies.h"

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

/* Who looks at the addresses that one exchange would connect to. */
struct trawl__fetch_guard {
    const struct trawl_settings *settings;
    const char *url;
    bool proxied;      /* what is connected to is the proxy, which resolves names */
    unsigned opened;   /* addresses that it let pass */
    char refusal[512]; /* why another one was not, or "" */
};

struct trawl_fetch {
    struct trawl_fetcher *fetcher;
    struct trawl_fetch *next; /* in the pool, or wherever the caller keeps it */
    struct trawl_fetch *prev_under_way;
    struct trawl_fetch *next_under_way;
    struct trawl_task *task;
    CURL *easy;
    struct curl_slist *headers;         /* the request's own, or NULL */
    struct trawl_validators validators; /* with memory of its own, texts NULL if there are none */
    struct trawl_buf head;
    struct trawl_buf body;
    bool too_large;
    bool cut; /* on purpose */
    char error[CURL_ERROR_SIZE];
    char proxy_error[CURL_ERROR_SIZE + 512];
    struct trawl_proxy *proxy; /* or NULL */
    struct trawl__fetch_guard guard;
    struct trawl_fetch_result result;
};

struct trawl_fetcher {
    struct trawl__fetch_loop fetch_loop;
    struct trawl_settings settings;
    CURLSH *cookies; /* NULL: none are kept */
    struct trawl_proxies proxies;
    json_t *open_headers;         /* the platform's, for everyone */
    json_t *trusted_headers;      /* the same, and the secret ones */
    struct curl_slist *open_list; /* and as libcurl wants them */
    struct curl_slist *trusted_list;
    char *user_agent;
    struct trawl_fetch *pool;
    struct trawl_fetch *under_way; /* utlist */
    trawl_fetch_on_done *on_done;
    void *user;
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

/* Begin an exchange with that canonical URL. Both are borrowed until the next. False if it is refused already: it goes by a
 * proxy to what is written as a private address. */
bool trawl__fetch_guard_begin(struct trawl__fetch_guard *guard,
                              const struct trawl_settings *settings, const char *url, bool proxied);

/* libcurl's callback, called with each address of a name that it tries: the socket, or CURL_SOCKET_BAD. */
curl_socket_t trawl__fetch_guard_open(void *guard, curlsocktype purpose,
                                      struct curl_sockaddr *address);

/* All addresses that the name has were refused. */
bool trawl__fetch_guard_refused(const struct trawl__fetch_guard *guard);

/* Make a request conditional. 0 or -ENOMEM. */
int trawl__fetch_head_add_validators(const struct trawl_validators *validators,
                                     struct curl_slist **list);

/* What an exchange came to if that was no answer: the kind, with its words; NULL if it was one. */
const char *trawl__fetch_error(struct trawl_fetch *fetch, CURLcode code, const char **ret_error,
                               bool *ret_transient);

/* Once for a handle; and for each request. 0 or -ENOMEM. */
void trawl__fetch_set_options(struct trawl_fetch *fetch);
int trawl__fetch_set_request(struct trawl_fetch *fetch);

#endif
