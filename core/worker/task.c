#include "worker/task.h"

#include <string.h>

#include "util/alloc.h"

static char *copy_text(struct trawl_str text)
{
    return text.len > 0 ? trawl_xstrndup(text.ptr, text.len) : NULL;
}

static struct trawl_task_extra *extra_create(const struct trawl_page_request *request)
{
    struct trawl_task_extra *extra;

    if (request->method.len == 0 && request->headers.len == 0 && request->body.len == 0 &&
        request->meta.len == 0 && request->chain.len == 0)
        return NULL;
    extra = TRAWL_NEW(struct trawl_task_extra);
    extra->method = copy_text(request->method);
    extra->headers = copy_text(request->headers);
    extra->meta = copy_text(request->meta);
    if (request->body.len > 0) {
        extra->body = trawl_xalloc(request->body.len + 1);
        memcpy(extra->body, request->body.ptr, request->body.len);
        extra->body_len = request->body.len;
    }
    if (request->chain.len > 0) {
        extra->chain = trawl_xalloc(request->chain.len);
        memcpy(extra->chain, request->chain.ptr, request->chain.len);
        extra->chain_len = request->chain.len / sizeof(*extra->chain);
    }
    return extra;
}

struct trawl_task *trawl_task_create(const struct trawl_page_request *request)
{
    struct trawl_task *task = trawl_xalloc(sizeof(*task) + request->url.len + 1);

    task->fingerprint = request->fingerprint;
    task->depth = request->depth;
    task->redirects = request->redirects;
    task->priority = request->priority;
    task->url_len = (uint16_t)request->url.len; /* at most TRAWL_URL_MAX */
    memcpy(task->url, request->url.ptr, request->url.len);
    task->extra = extra_create(request);
    return task;
}

void trawl_task_destroy(struct trawl_task *task)
{
    if (!task)
        return;
    if (task->extra) {
        free(task->extra->method);
        free(task->extra->headers);
        free(task->extra->body);
        free(task->extra->meta);
        free(task->extra->chain);
        free(task->extra);
    }
    free(task);
}

bool trawl_task_before(const struct trawl_task *a, const struct trawl_task *b)
{
    if (a->active != b->active)
        return a->active;
    if (a->again != b->again)
        return a->again;
    if (a->depth != b->depth)
        return a->depth < b->depth;
    if (a->priority != b->priority)
        return a->priority > b->priority;
    return a->order < b->order;
}

const char *trawl_task_method(const struct trawl_task *task)
{
    return task->extra && task->extra->method ? task->extra->method : "GET";
}

struct trawl_page_request trawl_task_request(const struct trawl_task *task)
{
    const struct trawl_task_extra none = {0};
    const struct trawl_task_extra *extra = task->extra ? task->extra : &none;

    return (struct trawl_page_request){
        .fingerprint = task->fingerprint,
        .depth = task->depth,
        .redirects = task->redirects,
        .priority = task->priority,
        .url = {.ptr = task->url, .len = task->url_len},
        .method = trawl_str_of(extra->method),
        .headers = trawl_str_of(extra->headers),
        .body = {.ptr = extra->body ? extra->body : "", .len = extra->body_len},
        .meta = trawl_str_of(extra->meta),
        .chain = {.ptr = (const char *)extra->chain,
                  .len = extra->chain_len * sizeof(*extra->chain)},
    };
}

char *trawl_task_next_chain(const struct trawl_task *task, size_t *ret_len)
{
    size_t len = task->extra ? task->extra->chain_len : 0;
    struct trawl_hash *chain = trawl_xalloc((len + 1) * sizeof(*chain));

    if (len > 0)
        memcpy(chain, task->extra->chain, len * sizeof(*chain));
    chain[len] = task->fingerprint;
    *ret_len = (len + 1) * sizeof(*chain);
    return (char *)chain;
}

bool trawl_task_in_chain(const struct trawl_task *task, struct trawl_hash fingerprint)
{
    if (trawl_hash_equal(task->fingerprint, fingerprint))
        return true;
    for (size_t i = 0; task->extra && i < task->extra->chain_len; i++) {
        if (trawl_hash_equal(task->extra->chain[i], fingerprint))
            return true;
    }
    return false;
}
