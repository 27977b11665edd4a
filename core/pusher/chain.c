#include "pusher/chain.h"

#include <stdlib.h>
#include <string.h>

#include "plugin/transport.h"
#include "pusher/chain_priv.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/json.h"

#define NS_PER_MS UINT64_C(1000000)

/* When the journal could not be read. */
#define READ_AGAIN_MS 1000

static void pump(struct trawl_chain *chain);

/* --- making --------------------------------------------------------------------------------------- */

static void on_timer(uv_timer_t *timer)
{
    pump(timer->data);
}

struct trawl_chain *trawl_chain_create(uv_loop_t *loop, const char *name, const json_t *config,
                                       const char *folder, uint32_t epoch, const json_t *place,
                                       const struct trawl_chain_ops *ops, void *user)
{
    struct trawl_chain *chain = TRAWL_NEW(struct trawl_chain);

    chain->name = trawl_xstrdup(name);
    chain->journal.chain = chain->name;
    trawl_log_init(&chain->log, "chain %.40s", name);
    chain->ops = ops;
    chain->user = user;
    chain->loop = loop;
    chain->journal.folder = trawl_xstrdup(folder);
    chain->journal.epoch = epoch;
    chain->seq = (uint64_t)trawl_json_int(place, "seq", 0);
    chain->saved = chain->seq;
    chain->lost = (uint64_t)trawl_json_int(place, "lost", 0);
    chain->journal.filter.events = json_incref(json_object_get(config, "events"));
    chain->journal.filter.platforms = json_incref(json_object_get(config, "platforms"));
    chain->limits.failures = (unsigned)trawl_json_int(config, "failures", 3);
    chain->limits.retry_after_ms = (uint64_t)trawl_json_int(config, "retry_after", 30000);
    chain->rate = (uint64_t)trawl_json_int(config, "rate", 0);
    uv_timer_init(loop, &chain->timer);
    chain->timer.data = chain;
    return chain;
}

void trawl_chain_add(struct trawl_chain *chain, const char *transport, struct trawl_sender *sender,
                     uint64_t stall_ms, const char *reason, const char *disabled)
{
    struct trawl_chain_member *member;

    chain->members =
        trawl_xrealloc(chain->members, (chain->member_count + 1) * sizeof(*chain->members));
    member = &chain->members[chain->member_count++];
    *member = (struct trawl_chain_member){
        .name = trawl_xstrdup(transport),
        .sender = sender,
        .stall_ms = stall_ms,
        .reason = reason ? trawl_xstrdup(reason) : NULL,
    };
    if (disabled)
        snprintf(member->error, sizeof(member->error), "%s", disabled);
    if (disabled || !sender)
        trawl_breaker_disable(&member->breaker);
}

/* --- reading -------------------------------------------------------------------------------------- */

/* While it has a piece or more to catch up with, it keeps to its rate. */
static void pace(struct trawl_chain *chain, uint64_t now_ns)
{
    bool behind = chain->head > chain->piece.through;

    chain->next_read_ns = now_ns;
    if (behind && chain->rate > 0)
        chain->next_read_ns += chain->piece.events * UINT64_C(1000000000) / chain->rate;
}

static void wait_until(struct trawl_chain *chain, uint64_t at_ns, uv_timer_cb then)
{
    uint64_t now_ns = trawl_mono_ns();

    uv_update_time(chain->loop);
    uv_timer_start(&chain->timer, then,
                   at_ns > now_ns ? (at_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS : 0, 0);
}

static void on_piece(struct trawl_piece *piece)
{
    struct trawl_chain *chain = TRAWL_CONTAINER_OF(piece, struct trawl_chain, piece);

    chain->reading = false;
    if (chain->stopping) {
        chain->ops->changed(chain->user);
        return;
    }
    if (piece->status < 0) {
        trawl_error(&chain->log, "the journal cannot be read, trying again: %s",
                    piece->err.message);
        trawl_piece_clear(piece);
        wait_until(chain, trawl_mono_ns() + READ_AGAIN_MS * NS_PER_MS, on_timer);
        return;
    }
    if (piece->lost > 0) {
        trawl_warning(&chain->log,
                      "%llu events were dropped from the journal before they were sent",
                      (unsigned long long)piece->lost);
    }
    pace(chain, trawl_mono_ns());
    pump(chain);
}

static void read_piece(struct trawl_chain *chain)
{
    uint64_t now_ns = trawl_mono_ns();

    if (chain->next_read_ns > now_ns) {
        wait_until(chain, chain->next_read_ns, on_timer);
        return;
    }
    chain->at = 0;
    chain->reading = true;
    trawl_piece_read(chain->loop, &chain->piece, &chain->journal, chain->seq, chain->head,
                     on_piece);
}

/* --- the place ------------------------------------------------------------------------------------ */

static void save(struct trawl_chain *chain)
{
    if (chain->saving > 0 || chain->saved == chain->seq)
        return;
    chain->saving = chain->seq;
    chain->ops->save(chain->user, chain->name, chain->seq, chain->lost);
}

void trawl_chain_saved(struct trawl_chain *chain, bool saved)
{
    if (saved)
        chain->saved = chain->saving;
    chain->saving = 0;
    if (saved)
        save(chain);
}

static void advance(struct trawl_chain *chain, uint64_t seq)
{
    if (seq == chain->seq)
        return;
    chain->seq = seq;
    save(chain);
    chain->ops->changed(chain->user);
}

/* --- sending -------------------------------------------------------------------------------------- */

/* The first of the order that may be tried now. NULL: none may, before *ret_until_ns. */
static struct trawl_chain_member *choose(struct trawl_chain *chain, uint64_t now_ns,
                                         uint64_t *ret_until_ns)
{
    *ret_until_ns = UINT64_MAX;
    for (size_t i = 0; i < chain->member_count; i++) {
        struct trawl_chain_member *member = &chain->members[i];

        if (trawl_breaker_try(&member->breaker, now_ns))
            return member;
        if (member->breaker.state == TRAWL_BREAKER_DISABLED)
            continue;
        if (member->breaker.until_ns < *ret_until_ns)
            *ret_until_ns = member->breaker.until_ns;
        if (!trawl_breaker_is_passed_over(&member->breaker))
            return NULL;
    }
    return NULL;
}

static void log_change(const struct trawl_chain *chain, const struct trawl_chain_member *member,
                       enum trawl_breaker_state before)
{
    enum trawl_breaker_state state = member->breaker.state;

    if (state == before)
        return;
    if (state == TRAWL_BREAKER_CLOSED)
        trawl_info(&chain->log, "transport '%s' works again", member->name);
    else if (state == TRAWL_BREAKER_DISABLED)
        trawl_warning(&chain->log, "transport '%s' is disabled until it is enabled by command: %s",
                      member->name, member->error);
    else if (before == TRAWL_BREAKER_CLOSED)
        trawl_warning(&chain->log, "transport '%s' is left alone for now: %s", member->name,
                      member->error);
}

static void note_error(struct trawl_chain_member *member, const char *detail)
{
    char room[sizeof(member->error)];

    trawl_log_quote(room, sizeof(room), *detail ? detail : "it says no more");
    snprintf(member->error, sizeof(member->error), "%s", trawl_transport_words(room));
    member->error_ms = trawl_now_ms();
}

static void hear(struct trawl_chain *chain, struct trawl_chain_member *member,
                 const struct trawl_sender_job *job)
{
    enum trawl_breaker_state before = member->breaker.state;

    /* Meanwhile another chain has heard that its receiver wants no more; or it was told to come back, which is no failure. */
    if (before == TRAWL_BREAKER_DISABLED || (chain->stopping && job->outcome == TRAWL_PUSH_FAILED))
        return;
    if (job->outcome != TRAWL_PUSH_DELIVERED)
        note_error(member, job->result.detail);
    /* What went well before it failed ends the row of failures. */
    if (job->result.delivered > 0)
        trawl_breaker_enable(&member->breaker);
    trawl_breaker_hear(&member->breaker, &chain->limits, job->outcome, job->result.retry_after_ms,
                       trawl_mono_ns());
    /* What is probed was open before. */
    log_change(chain, member, before == TRAWL_BREAKER_HALF_OPEN ? TRAWL_BREAKER_OPEN : before);
    if (job->outcome == TRAWL_PUSH_GONE)
        chain->ops->disabled(chain->user, member->name, member->error);
}

static void job_done(struct trawl_sender_job *job)
{
    struct trawl_chain *chain = TRAWL_CONTAINER_OF(job, struct trawl_chain, job);
    struct trawl_chain_member *member = chain->sending;
    size_t delivered = job->result.delivered;

    chain->sending = NULL;
    if (delivered > 0) {
        if (chain->at == 0)
            chain->lost += chain->piece.lost;
        chain->at += delivered;
        chain->delivered += delivered;
        member->delivered += delivered;
        chain->last = member;
        advance(chain, chain->piece.seqs[chain->at - 1]);
    }
    hear(chain, member, job);
    chain->ops->changed(chain->user);
    pump(chain);
}

/* A call that began when it was asked for has taken too long by now. The timer is free to watch it: nothing else is due before it
 * comes back. */
static void on_watch(uv_timer_t *timer)
{
    struct trawl_chain *chain = timer->data;
    const struct trawl_chain_member *member = chain->sending;
    uint64_t began_ns = chain->job.began_ns;
    uint64_t now_ns = trawl_mono_ns();
    uint64_t end_ns;

    /* It is the turn of another chain that has the same transport, or the call has come back just now. */
    if (began_ns == 0)
        began_ns = now_ns;
    end_ns = began_ns + member->stall_ms * NS_PER_MS;
    if (now_ns < end_ns)
        wait_until(chain, end_ns, on_watch);
    else
        chain->ops->stalled(chain->user, chain->name, member->name,
                            (now_ns - began_ns) / NS_PER_MS);
}

static void send_messages(struct trawl_chain *chain)
{
    uint64_t until_ns;
    struct trawl_chain_member *member = choose(chain, trawl_mono_ns(), &until_ns);

    if (!member) {
        if (until_ns != UINT64_MAX)
            wait_until(chain, until_ns, on_timer);
        return;
    }
    chain->sending = member;
    chain->job = (struct trawl_sender_job){
        .messages = chain->piece.messages + chain->at,
        .count =
            member->breaker.state == TRAWL_BREAKER_HALF_OPEN ? 1 : chain->piece.count - chain->at,
        .done = job_done,
    };
    trawl_sender_push(member->sender, &chain->job);
    wait_until(chain, trawl_mono_ns() + member->stall_ms * NS_PER_MS, on_watch);
}

/* Do what is next, if nothing is under way. */
static void pump(struct trawl_chain *chain)
{
    if (chain->reading || chain->sending || chain->stopping)
        return;
    uv_timer_stop(&chain->timer);
    if (chain->at < chain->piece.count) {
        send_messages(chain);
        return;
    }
    if (chain->piece.journal) {
        advance(chain, chain->piece.through);
        trawl_piece_clear(&chain->piece);
        chain->at = 0;
    }
    if (chain->head > chain->seq)
        read_piece(chain);
}

/* --- from outside --------------------------------------------------------------------------------- */

void trawl_chain_head(struct trawl_chain *chain, uint64_t head)
{
    chain->head = head;
    if (!uv_is_active((uv_handle_t *)&chain->timer))
        pump(chain);
}

static struct trawl_chain_member *find(struct trawl_chain *chain, const char *transport)
{
    for (size_t i = 0; i < chain->member_count; i++) {
        if (strcmp(chain->members[i].name, transport) == 0)
            return &chain->members[i];
    }
    return NULL;
}

void trawl_chain_enable(struct trawl_chain *chain, const char *transport)
{
    struct trawl_chain_member *member = find(chain, transport);

    if (!member || !member->sender)
        return;
    trawl_breaker_enable(&member->breaker);
    trawl_info(&chain->log, "transport '%s' is enabled", transport);
    chain->ops->changed(chain->user);
    pump(chain);
}

void trawl_chain_disable(struct trawl_chain *chain, const char *transport, const char *reason)
{
    struct trawl_chain_member *member = find(chain, transport);

    if (!member || member->breaker.state == TRAWL_BREAKER_DISABLED)
        return;
    note_error(member, reason);
    trawl_breaker_disable(&member->breaker);
    chain->ops->changed(chain->user);
}

void trawl_chain_stop(struct trawl_chain *chain)
{
    chain->stopping = true;
    uv_timer_stop(&chain->timer);
}

bool trawl_chain_is_quiet(const struct trawl_chain *chain)
{
    return !chain->reading && !chain->sending && chain->saving == 0;
}

/* --- the end -------------------------------------------------------------------------------------- */

static void on_closed(uv_handle_t *handle)
{
    struct trawl_chain *chain = handle->data;

    for (size_t i = 0; i < chain->member_count; i++) {
        free(chain->members[i].name);
        free(chain->members[i].reason);
    }
    free(chain->members);
    trawl_piece_clear(&chain->piece);
    trawl_reader_close(chain->journal.reader);
    json_decref(chain->journal.filter.events);
    json_decref(chain->journal.filter.platforms);
    free(chain->journal.folder);
    free(chain->name);
    free(chain);
}

void trawl_chain_close(struct trawl_chain *chain)
{
    uv_close((uv_handle_t *)&chain->timer, on_closed);
}
