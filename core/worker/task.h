/* A request inside the worker: queued, being fetched, or waiting for its next try. Owned by the frontier. */
#ifndef TRAWL_WORKER_TASK_H
#define TRAWL_WORKER_TASK_H

#include <stdbool.h>
#include <stdint.h>

#include "ipc/page.h"
#include "util/hash.h"
#include "worker/heap.h"

/* What few requests have; kept apart, because millions are queued. */
struct trawl_task_extra {
    char *method;  /* NULL: GET */
    char *headers; /* JSON object, or NULL */
    char *body;
    size_t body_len;
    char *meta;               /* JSON, or NULL */
    struct trawl_hash *chain; /* the requests that were redirected to this one */
    size_t chain_len;
};

struct trawl_host;

struct trawl_task {
    struct trawl_heap_node queued;  /* in its host's queue */
    struct trawl_heap_node waiting; /* in the retry queue */
    struct trawl_task *prev;        /* among the active ones */
    struct trawl_task *next;
    struct trawl_host *host;        /* while queued or active */
    struct trawl_task_extra *extra; /* or NULL */
    struct trawl_hash fingerprint;
    uint64_t order;  /* of arrival */
    uint64_t due_ns; /* of the next try */
    int32_t priority;
    uint16_t depth;
    uint8_t redirects;
    uint8_t attempts; /* that were started */
    bool active;
    bool once;   /* goes by a slot for one request */
    bool robots; /* asks for a robots.txt; not of the frontier */
    bool late;   /* its host is told when it is really started */
    bool whole;  /* is to be fetched without asking whether it has changed */
    bool again;  /* was a page of max_pages before, at a greater depth */
    uint16_t url_len;
    char url[];
};

/* Copies what `request` has. */
struct trawl_task *trawl_task_create(const struct trawl_page_request *request);
void trawl_task_destroy(struct trawl_task *task);

/* By depth, then priority, then arrival; those that were begun and wait for another try come before all, and then those that
 * are pages again, as what was found behind them is to be found anew. */
bool trawl_task_before(const struct trawl_task *a, const struct trawl_task *b);

/* "GET" unless it has another. */
const char *trawl_task_method(const struct trawl_task *task);

/* The same fields, borrowed from the task. */
struct trawl_page_request trawl_task_request(const struct trawl_task *task);

/* The bytes of the chain of a request that `task` was redirected to: its own, and itself. The caller frees them. */
char *trawl_task_next_chain(const struct trawl_task *task, size_t *ret_len);

/* True if the task or a request before it in its chain has this fingerprint. */
bool trawl_task_in_chain(const struct trawl_task *task, struct trawl_hash fingerprint);

#endif
