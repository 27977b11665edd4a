/* Fetching: libcurl's multi interface on the loop. One struct trawl_fetch is one HTTP exchange; redirects and retries are
 * exchanges of their own, decided by the caller.
 *
 * The caller owns a finished fetch from on_done until it releases it, and may keep it: that is how a worker that waits
 * for its store holds responses without reading more.
 */
#ifndef TRAWL_WORKER_FETCH_H
#define TRAWL_WORKER_FETCH_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "ipc/validators.h"
#include "util/buf.h"
#include "worker/settings.h"
#include "worker/task.h"

/* The head of a response; a real one has some hundred bytes. */
#define TRAWL_HEAD_MAX (256u << 10)

struct trawl_fetcher;
struct trawl_fetch;

struct trawl_fetch_result {
    const char
        *error_kind;   /* NULL: an answer came, complete; else static: "timeout", "connect", … */
    const char *error; /* what happened, in words; static or the fetch's */
    bool transient;    /* of an error: it may go better next time */
    uint16_t status;   /* 0: no answer came */
    const char *body;  /* of a 2xx answer, else ""; followed by a NUL */
    size_t body_len;
    uint64_t bytes; /* of the body, decoded, whatever the status */
    uint32_t elapsed_ms;
    uint32_t first_byte_ms;   /* from the request to the answer's first byte: what the host took */
    const char *content_type; /* or "" */
    const char *location;     /* or "" */
    json_t *headers;          /* borrowed: names in lower case, the last value of each */
    const struct trawl_validators *asked_by; /* NULL: the request was not conditional */
};

/* Whether these headers (or NULL) ask for less than the whole page as it is. */
bool trawl_fetch_has_condition(const json_t *headers);

/* A date of HTTP in seconds since 1970, or -1. */
int64_t trawl_fetch_date(const char *text);

/* Called from the loop, never from within trawl_fetch_start(). The fetch is the caller's now. */
typedef void trawl_fetch_on_done(void *user, struct trawl_fetch *fetch);

int trawl_fetcher_create(uv_loop_t *loop, const struct trawl_settings *settings,
                         trawl_fetch_on_done *on_done, void *user,
                         struct trawl_fetcher **ret_fetcher);

/* Abandons what is under way; its memory goes as the loop turns on. All finished fetches must have been released. NULL
 * is fine. */
void trawl_fetcher_close(struct trawl_fetcher *fetcher);

/* Begin. `task` is borrowed until the fetch is released. 0, or negative errno if it cannot even be tried. */
int trawl_fetch_start(struct trawl_fetcher *fetcher, struct trawl_task *task);

/* The same for a page only if it has changed since `validators` (copied; NULL: whether it has or not), else status 304. */
int trawl_fetch_start_if(struct trawl_fetcher *fetcher, struct trawl_task *task,
                         const struct trawl_validators *validators);

struct trawl_task *trawl_fetch_task(const struct trawl_fetch *fetch);
const struct trawl_fetch_result *trawl_fetch_result(const struct trawl_fetch *fetch);

/* A place for the caller to chain the fetches that it keeps. */
struct trawl_fetch **trawl_fetch_next(struct trawl_fetch *fetch);

void trawl_fetch_release(struct trawl_fetch *fetch);

#endif
