/* What goes between a shard's process and the store: its part of the frontier, and its pages. */
#include <errno.h>
#include <string.h>

#include "ipc/messages.h"
#include "ipc/page.h"
#include "supervisor/shard_priv.h"
#include "util/alloc.h"
#include "util/json.h"

/* Requests in one frame. */
#define REQUESTS_PER_FRAME 1000

/* --- calls to the store -------------------------------------------------------------------------- */

/* A call on behalf of one process of a shard. By the time of its answer that process may have a successor, or the shard may
 * be over, but the run is held. */
struct shard_call {
    struct trawl_task *task;
    unsigned shard;
    uint32_t lease;
    uint64_t serial;
    bool is_response;
    bool begins; /* it is the page of start() */
    char *host;  /* whose requests are asked for */
};

static struct shard_call *shard_call(struct trawl_shard *shard)
{
    struct shard_call *call = TRAWL_NEW(struct shard_call);

    trawl__run_ref(shard->task->run);
    call->task = shard->task;
    call->shard = shard->number;
    call->lease = shard->lease;
    return call;
}

/* The shard, if the process that the call was made for is still its process. */
static struct trawl_shard *shard_call_shard(const struct shard_call *call)
{
    struct trawl_shard *shard = call->task->shards[call->shard];

    return shard && shard->lease == call->lease && shard->process && !shard->broken ? shard : NULL;
}

static void shard_call_free(struct shard_call *call)
{
    trawl__run_unref(call->task->run);
    free(call->host);
    free(call);
}

/* --- requests ------------------------------------------------------------------------------------ */

/* One frame, or two halves where bodies make it too large. */
static int shard_send_frame(struct trawl_channel *channel, uint16_t type,
                            const struct trawl_page_request *requests, size_t count, bool last,
                            unsigned *frames)
{
    struct trawl_buf buf;
    int r;

    trawl_buf_init(&buf, TRAWL_FRAME_MAX);
    r = trawl_page_requests_encode(requests, count, &buf);
    if (r == -EFBIG && count > 1) {
        r = shard_send_frame(channel, type, requests, count / 2, false, frames);
        if (r < 0)
            return r;
        return shard_send_frame(channel, type, requests + count / 2, count - count / 2, last,
                                frames);
    }
    if (r == 0)
        r = trawl_channel_send_flags(channel, type, last ? TRAWL_FLAG_LAST : 0,
                                     trawl_buf_text(&buf), buf.len);
    trawl_buf_finish(&buf);
    ++*frames;
    return r;
}

/* At least one frame; how many it took is counted. */
static int shard_send_requests(struct trawl_shard *shard, uint16_t type,
                               const struct trawl_page_request *requests, size_t count,
                               unsigned *frames)
{
    struct trawl_channel *channel = trawl_process_channel(shard->process);
    int r = channel ? 0 : -EPIPE;

    while (r == 0 && count > REQUESTS_PER_FRAME) {
        r = shard_send_frame(channel, type, requests, REQUESTS_PER_FRAME, false, frames);
        requests += REQUESTS_PER_FRAME;
        count -= REQUESTS_PER_FRAME;
    }
    return r < 0 ? r : shard_send_frame(channel, type, requests, count, true, frames);
}

void trawl__shard_forward(struct trawl_shard *shard, const struct trawl_page_request *requests,
                          size_t count)
{
    unsigned frames = 0;
    int r;

    /* What was committed before its frontier is read is in it, and one that is broken will have a successor. */
    if (shard->state != TRAWL_SHARD_RUNNING || shard->broken || shard->stopping)
        return;
    shard->idle = false;
    r = shard_send_requests(shard, TRAWL_MSG_REQUESTS, requests, count, &frames);
    shard->sent += frames;
    if (r < 0)
        trawl__shard_broken(shard, strerror(-r));
}

static void shard_begin(struct trawl_shard *shard, const struct trawl_page_request *requests,
                        size_t count)
{
    unsigned frames = 0;
    int r = shard_send_requests(shard, TRAWL_MSG_REQUESTS, requests, count, &frames);

    if (r < 0) {
        trawl__shard_broken(shard, strerror(-r));
        return;
    }
    shard->state = TRAWL_SHARD_RUNNING;
    trawl__task_set_phase(shard->task, TRAWL_PHASE_SCRAPING, NULL);
}

static void shard_on_frontier(void *user, int status, const struct trawl_page_request *requests,
                              size_t count)
{
    struct shard_call *call = user;
    struct trawl_shard *shard = shard_call_shard(call);

    if (shard && status < 0)
        trawl__shard_broken(shard, "its frontier could not be read");
    else if (shard && trawl_process_channel(shard->process))
        shard_begin(shard, requests, count);
    shard_call_free(call);
}

void trawl__shard_load(struct trawl_shard *shard)
{
    if (shard->state != TRAWL_SHARD_STARTING) {
        trawl__shard_broken(shard, "it was ready twice");
        return;
    }
    shard->state = TRAWL_SHARD_LOADING;
    trawl_store_load_frontier(shard->supervisor->store, shard->task->run->id, shard->task->platform,
                              shard->number, shard->task->shard_count, shard_on_frontier,
                              shard_call(shard));
}

static void shard_give_more(struct trawl_shard *shard, const char *host,
                            const struct trawl_page_request *requests, size_t count)
{
    json_auto_t *words = json_pack("{s:s}", "host", host);
    unsigned frames = 0;
    int r = shard_send_requests(shard, TRAWL_MSG_STORED, requests, count, &frames);

    if (r < 0)
        trawl__shard_broken(shard, strerror(-r));
    else
        trawl__shard_tell(shard, TRAWL_MSG_MORE_CAME, words);
}

static void shard_on_more(void *user, int status, const struct trawl_page_request *requests,
                          size_t count)
{
    struct shard_call *call = user;
    struct trawl_shard *shard = shard_call_shard(call);

    if (shard)
        shard->more--;
    if (shard && status < 0)
        trawl__shard_broken(shard, "its frontier could not be read");
    else if (shard)
        shard_give_more(shard, call->host, requests, count);
    shard_call_free(call);
}

void trawl__shard_more(struct trawl_shard *shard, const json_t *words)
{
    const char *host = trawl_json_string(words, "host", "");
    json_int_t count = trawl_json_int(words, "count", 0);
    struct shard_call *call;

    if (shard->state != TRAWL_SHARD_RUNNING || *host == '\0' || count <= 0 ||
        shard->more >= TRAWL_SHARD_MORE_MAX) {
        trawl__shard_broken(shard, "it asked for requests in a way that it may not");
        return;
    }
    shard->more++;
    call = shard_call(shard);
    call->host = trawl_xstrdup(host);
    trawl_store_load_more(shard->supervisor->store, shard->task->run->id, shard->task->platform,
                          shard->number, shard->task->shard_count, host, (size_t)count,
                          shard_on_more, call);
}

/* --- pages --------------------------------------------------------------------------------------- */

static void shard_on_committed(void *user, int status, const struct trawl_committed *committed)
{
    struct shard_call *call = user;
    struct trawl_supervisor *supervisor = call->task->run->supervisor;
    struct trawl_shard *shard;

    if (status < 0 && call->begins)
        call->task->begun = false;
    trawl__task_on_committed(call->task, call->shard, call->is_response,
                             status < 0 ? NULL : committed);
    shard = shard_call_shard(call);
    if (shard && status < 0) {
        trawl__shard_broken(shard, "a page of it could not be stored");
    } else if (shard) {
        shard->committed = call->serial;
        if (!uv_is_active((uv_handle_t *)&supervisor->ack_idle))
            uv_idle_start(&supervisor->ack_idle, trawl__shards_on_idle);
    }
    shard_call_free(call);
}

/* NULL, or why the page is refused. */
static const char *shard_check_page(const struct trawl_shard *shard, const struct trawl_page *page)
{
    if (shard->state != TRAWL_SHARD_RUNNING)
        return "it sent a page before it had begun";
    if (page->lease != shard->lease)
        return "it sent a page with an old lease";
    if (page->serial != shard->serial + 1)
        return "it sent pages out of order";
    if (page->kind == TRAWL_PAGE_START && (shard->number != 0 || shard->task->begun))
        return "it began a run that had begun";
    if (page->counts && shard->task->max_pages > 0 && shard->granted == 0)
        return "it fetched more pages than it may";
    return NULL;
}

void trawl__shard_on_page(struct trawl_shard *shard, const struct trawl_frame *frame)
{
    struct trawl_page page = {0};
    struct shard_call *call;
    const char *refused;

    if (trawl_page_decode(frame->payload, frame->len, &page) < 0) {
        trawl__shard_broken(shard, "it sent a page that cannot be read");
        return;
    }
    refused = shard_check_page(shard, &page);
    trawl_page_finish(&page); /* its strings point into the frame, and its own fields stay */
    if (refused) {
        trawl__shard_broken(shard, refused);
        return;
    }
    shard->serial = page.serial;
    shard->task->begun |= page.kind == TRAWL_PAGE_START;
    if (page.counts && shard->task->max_pages > 0)
        shard->granted--;
    call = shard_call(shard);
    call->serial = page.serial;
    call->is_response = page.kind == TRAWL_PAGE_RESPONSE;
    call->begins = page.kind == TRAWL_PAGE_START;
    trawl__task_on_commit(shard->task);
    trawl_store_commit_page(shard->supervisor->store, shard->task->run->id, shard->task->platform,
                            frame->payload, frame->len, shard_on_committed, call);
}

/* --- validators ---------------------------------------------------------------------------------- */

static void shard_answer(struct trawl_shard *shard, const struct trawl_validators *found,
                         size_t count, bool any)
{
    struct trawl_channel *channel = trawl_process_channel(shard->process);
    struct trawl_buf buf;
    int r;

    shard->asking = false;
    shard->task->has_none = !any;
    trawl_buf_init(&buf, TRAWL_FRAME_MAX);
    r = trawl_validators_encode(found, count, &buf);
    if (r == 0)
        r = channel
                ? trawl_channel_send_flags(channel, TRAWL_MSG_VALIDATORS, any ? 0 : TRAWL_FLAG_NONE,
                                           trawl_buf_text(&buf), buf.len)
                : -EPIPE;
    trawl_buf_finish(&buf);
    if (r < 0)
        trawl__shard_broken(shard, strerror(-r));
}

static void shard_on_validators(void *user, int status, const struct trawl_validators *found,
                                size_t count, bool any)
{
    struct shard_call *call = user;
    struct trawl_shard *shard = shard_call_shard(call);

    if (shard && status < 0)
        trawl__shard_broken(shard, "it asked for validators that cannot be read");
    else if (shard)
        shard_answer(shard, found, count, any);
    shard_call_free(call);
}

void trawl__shard_on_ask(struct trawl_shard *shard, const struct trawl_frame *frame)
{
    if (shard->state != TRAWL_SHARD_RUNNING || shard->asking) {
        trawl__shard_broken(shard, "it asked for validators out of turn");
        return;
    }
    if (shard->task->has_none) {
        shard_answer(shard, NULL, 0, false);
        return;
    }
    shard->asking = true;
    trawl_store_find_validators(shard->supervisor->store, shard->task->platform, frame->payload,
                                frame->len, shard_on_validators, shard_call(shard));
}

/* --- poison -------------------------------------------------------------------------------------- */

static void shard_on_poisoned(void *user, int status, const struct trawl_committed *committed)
{
    struct shard_call *call = user;

    trawl__task_on_committed(call->task, call->shard, true, status < 0 ? NULL : committed);
    shard_call_free(call);
}

void trawl__shard_poison(struct trawl_shard *shard, const struct trawl_hash *page,
                         const char *evidence)
{
    trawl__task_on_commit(shard->task);
    trawl_store_give_up_request(shard->supervisor->store, shard->task->run->id,
                                shard->task->platform, page, "poison", evidence, shard_on_poisoned,
                                shard_call(shard));
}
