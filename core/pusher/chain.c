#include "pusher/chain.h"

#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"
#include "util/clock.h"
#include "util/json.h"

#define NS_PER_MS UINT64_C(1000000)

/* When the journal could not be read. */
#define READ_AGAIN_MS 1000

struct member {
    char *name;
    struct trawl_sender *sender; /* NULL: it could not be made */
    char *reason;                /* why */
    struct trawl_breaker breaker;
    uint64_t delivered; /* since the process began */
    int64_t error_ms;   /* 0: none */
    char error[256];
};

/* What was read of the journal. */
struct piece {
    uv_work_t work;
    struct trawl_chain *chain;
    uint64_t since;
    uint64_t until;
    int status;
    struct trawl_err err;

    struct trawl_buf text; /* of all messages */
    struct trawl_message *messages;
    uint64_t *seqs; /* of each */
    char (*ids)[TRAWL_EVENT_ID_SIZE];
    size_t count;
    uint64_t through; /* the last event that was looked at */
    uint64_t lost;    /* events before the first, that are there no more */
    uint64_t events;  /* that were read, taken or not */
};

struct trawl_chain {
    char *name;
    struct trawl_log log;
    const struct trawl_chain_ops *ops;
    void *user;
    uv_loop_t *loop;
    uv_timer_t timer;
    char *folder;
    uint32_t epoch;
    struct trawl_reader *reader; /* opened by the first piece */
    struct trawl_filter filter;
    struct trawl_breaker_limits limits;
    uint64_t rate; /* events a second while it catches up; 0: no limit */

    struct member *members;
    size_t member_count;

    uint64_t head;
    uint64_t seq;   /* all through this has arrived, or is not taken */
    uint64_t saved; /* as the supervisor knows it */
    uint64_t saving;
    uint64_t lost;
    uint64_t delivered;
    uint64_t next_read_ns;

    struct piece piece;
    size_t at; /* in the piece: the next message to be sent */
    bool reading;
    struct trawl_sender_job job;
    struct member *sending; /* NULL: nothing is under way */
    struct member *last;    /* that something was sent by */
    bool stopping;
};

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
    trawl_log_init(&chain->log, "chain %.40s", name);
    chain->ops = ops;
    chain->user = user;
    chain->loop = loop;
    chain->folder = trawl_xstrdup(folder);
    chain->epoch = epoch;
    chain->seq = (uint64_t)trawl_json_int(place, "seq", 0);
    chain->saved = chain->seq;
    chain->lost = (uint64_t)trawl_json_int(place, "lost", 0);
    chain->filter.events = json_incref(json_object_get(config, "events"));
    chain->filter.platforms = json_incref(json_object_get(config, "platforms"));
    chain->limits.failures = (unsigned)trawl_json_int(config, "failures", 3);
    chain->limits.retry_after_ms = (uint64_t)trawl_json_int(config, "retry_after", 30000);
    chain->rate = (uint64_t)trawl_json_int(config, "rate", 0);
    uv_timer_init(loop, &chain->timer);
    chain->timer.data = chain;
    return chain;
}

/* What a plugin says becomes part of JSON. */
static const char *utf8_or_not(const char *text)
{
    json_auto_t *probe = json_string(text);

    return probe ? text : "its own words are not UTF-8";
}

void trawl_chain_add(struct trawl_chain *chain, const char *transport, struct trawl_sender *sender,
                     const char *reason, const char *disabled)
{
    struct member *member;

    chain->members =
        trawl_xrealloc(chain->members, (chain->member_count + 1) * sizeof(*chain->members));
    member = &chain->members[chain->member_count++];
    *member = (struct member){
        .name = trawl_xstrdup(transport),
        .sender = sender,
        .reason = reason ? trawl_xstrdup(utf8_or_not(reason)) : NULL,
    };
    if (disabled)
        snprintf(member->error, sizeof(member->error), "%s", disabled);
    if (disabled || !sender)
        trawl_breaker_disable(&member->breaker);
}

/* --- reading -------------------------------------------------------------------------------------- */

static void piece_clear(struct piece *piece)
{
    trawl_buf_finish(&piece->text);
    free(piece->messages);
    free(piece->seqs);
    free(piece->ids);
    piece->messages = NULL;
    piece->seqs = NULL;
    piece->ids = NULL;
    piece->count = 0;
}

static void piece_alloc(struct piece *piece, size_t count)
{
    trawl_buf_init(&piece->text, TRAWL_CHAIN_PIECE_BYTES);
    piece->messages = trawl_xalloc(count * sizeof(*piece->messages));
    piece->seqs = trawl_xalloc(count * sizeof(*piece->seqs));
    piece->ids = trawl_xalloc(count * sizeof(*piece->ids));
}

/* The text at `begin` becomes a message; its place is filled in when all are there, since the text may still move. */
static void piece_add(struct piece *piece, const char *type, const char *id, uint64_t seq,
                      size_t begin)
{
    struct trawl_message *message = &piece->messages[piece->count];

    *message = (struct trawl_message){
        .size = sizeof(*message),
        .type = type,
        .json = (const char *)(uintptr_t)begin,
        .json_len = piece->text.len - begin,
    };
    if (id) {
        snprintf(piece->ids[piece->count], sizeof(piece->ids[0]), "%s", id);
        message->id = piece->ids[piece->count];
    }
    piece->seqs[piece->count++] = seq;
}

/* It stands for the events that are lost, at the place of the last of them. */
static void piece_add_gap(struct piece *piece)
{
    const struct trawl_chain *chain = piece->chain;
    uint64_t seq = piece->since + piece->lost;
    json_auto_t *message = NULL;
    TRAWL_AUTO_FREE char *text = NULL;
    char id[TRAWL_EVENT_ID_SIZE];
    char stamp[TRAWL_TIMESTAMP_SIZE];

    trawl_event_id(id, chain->epoch, seq);
    trawl_timestamp(stamp, trawl_now_ms());
    message = json_pack("{s:s, s:s, s:s, s:{s:s, s:I}}", "id", id, "type", "gap", "timestamp",
                        stamp, "data", "chain", chain->name, "lost", (json_int_t)piece->lost);
    text = trawl_json_text(message, TRAWL_JSON_COMPACT);
    (void)trawl_buf_append(&piece->text, text, strlen(text) + 1);
    piece_add(piece, "gap", id, seq, 0);
    piece->messages[0].json_len--;
}

/* 0, or -EFBIG: the piece has no room for it, the next one begins with it. */
static int piece_add_event(struct piece *piece, const struct trawl_event *event)
{
    char id[TRAWL_EVENT_ID_SIZE];
    struct trawl_buf text;
    size_t begin = piece->text.len;
    int r;

    trawl_buf_init(&text, TRAWL_CHAIN_PIECE_BYTES);
    r = trawl_event_write(event, piece->chain->epoch, &text);
    if (r == 0)
        r = trawl_buf_append(&text, "", 1);
    if (r == 0 && begin + text.len > TRAWL_CHAIN_PIECE_BYTES && piece->count > 0)
        r = -EFBIG;
    if (r == 0)
        r = trawl_buf_append(&piece->text, text.data, text.len);
    trawl_buf_finish(&text);
    if (r < 0)
        return r;
    trawl_event_id(id, piece->chain->epoch, event->seq);
    piece_add(piece, trawl_event_type_name(event->type), id, event->seq, begin);
    piece->messages[piece->count - 1].json_len--;
    return 0;
}

static void piece_settle(struct piece *piece)
{
    for (size_t i = 0; i < piece->count; i++)
        piece->messages[i].json = piece->text.data + (uintptr_t)piece->messages[i].json;
}

static int piece_read_events(struct piece *piece, struct trawl_reader *reader)
{
    const struct trawl_event_filter all = {.topics = TRAWL_TOPIC_PROGRESS | TRAWL_TOPIC_ITEMS |
                                                     TRAWL_TOPIC_LOGS};
    struct trawl_event *events = NULL;
    size_t count = 0;
    int r = trawl_reader_events(reader, &all, piece->since, piece->until, TRAWL_CHAIN_PIECE,
                                &events, &count, &piece->err);

    if (r < 0)
        return r;
    /* Seen by what is there, so that nothing can be dropped between two looks: the journal has no holes but at its begin. */
    piece->lost = (count > 0 ? events[0].seq - 1 : piece->until) - piece->since;
    if (piece->lost > 0)
        piece_add_gap(piece);
    piece->through = piece->since + piece->lost;
    for (size_t i = 0; r == 0 && i < count; i++) {
        if (trawl_filter_takes(&piece->chain->filter, &events[i]))
            r = piece_add_event(piece, &events[i]);
        if (r == 0)
            piece->through = events[i].seq;
    }
    if (r == 0 && count < TRAWL_CHAIN_PIECE)
        piece->through = piece->until;
    piece->events = count;
    trawl_reader_events_free(events, count);
    return r == -EFBIG && piece->count > 0 ? 0 : r;
}

static int piece_read(struct piece *piece)
{
    struct trawl_reader **reader = &piece->chain->reader;
    int r = 0;

    if (!*reader)
        r = trawl_reader_open(piece->chain->folder, reader, &piece->err);
    if (r < 0)
        return r;
    piece_alloc(piece, TRAWL_CHAIN_PIECE + 1);
    r = piece_read_events(piece, *reader);
    piece_settle(piece);
    return r;
}

static void piece_run(uv_work_t *work)
{
    struct piece *piece = TRAWL_CONTAINER_OF(work, struct piece, work);

    piece->status = piece_read(piece);
}

/* While it has a piece or more to catch up with, it keeps to its rate. */
static void pace(struct trawl_chain *chain, uint64_t now_ns)
{
    bool behind = chain->head > chain->piece.through;

    chain->next_read_ns = now_ns;
    if (behind && chain->rate > 0)
        chain->next_read_ns += chain->piece.events * UINT64_C(1000000000) / chain->rate;
}

static void wait_until(struct trawl_chain *chain, uint64_t at_ns)
{
    uint64_t now_ns = trawl_mono_ns();

    uv_update_time(chain->loop);
    uv_timer_start(&chain->timer, on_timer,
                   at_ns > now_ns ? (at_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS : 0, 0);
}

static void piece_done(uv_work_t *work, int status)
{
    struct piece *piece = TRAWL_CONTAINER_OF(work, struct piece, work);
    struct trawl_chain *chain = piece->chain;

    chain->reading = false;
    if (chain->stopping) {
        chain->ops->changed(chain->user);
        return;
    }
    if (status < 0 || piece->status < 0) {
        trawl_error(&chain->log, "the journal cannot be read, trying again: %s",
                    piece->err.message);
        piece_clear(piece);
        piece->chain = NULL;
        wait_until(chain, trawl_mono_ns() + READ_AGAIN_MS * NS_PER_MS);
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
        wait_until(chain, chain->next_read_ns);
        return;
    }
    chain->piece = (struct piece){
        .chain = chain,
        .since = chain->seq,
        .until = chain->head,
    };
    chain->at = 0;
    chain->reading = true;
    uv_queue_work(chain->loop, &chain->piece.work, piece_run, piece_done);
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
static struct member *choose(struct trawl_chain *chain, uint64_t now_ns, uint64_t *ret_until_ns)
{
    *ret_until_ns = UINT64_MAX;
    for (size_t i = 0; i < chain->member_count; i++) {
        struct member *member = &chain->members[i];

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

static void log_change(const struct trawl_chain *chain, const struct member *member,
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

static void note_error(struct member *member, const char *detail)
{
    char room[sizeof(member->error)];

    trawl_log_quote(room, sizeof(room), *detail ? detail : "it says no more");
    snprintf(member->error, sizeof(member->error), "%s", utf8_or_not(room));
    member->error_ms = trawl_now_ms();
}

static void hear(struct trawl_chain *chain, struct member *member,
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
    struct member *member = chain->sending;
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

static void send_messages(struct trawl_chain *chain)
{
    uint64_t until_ns;
    struct member *member = choose(chain, trawl_mono_ns(), &until_ns);

    if (!member) {
        if (until_ns != UINT64_MAX)
            wait_until(chain, until_ns);
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
    if (chain->piece.chain) {
        advance(chain, chain->piece.through);
        piece_clear(&chain->piece);
        chain->piece.chain = NULL;
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

static struct member *find(struct trawl_chain *chain, const char *transport)
{
    for (size_t i = 0; i < chain->member_count; i++) {
        if (strcmp(chain->members[i].name, transport) == 0)
            return &chain->members[i];
    }
    return NULL;
}

void trawl_chain_enable(struct trawl_chain *chain, const char *transport)
{
    struct member *member = find(chain, transport);

    if (!member || !member->sender)
        return;
    trawl_breaker_enable(&member->breaker);
    trawl_info(&chain->log, "transport '%s' is enabled", transport);
    chain->ops->changed(chain->user);
    pump(chain);
}

void trawl_chain_disable(struct trawl_chain *chain, const char *transport, const char *reason)
{
    struct member *member = find(chain, transport);

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

/* --- state ---------------------------------------------------------------------------------------- */

static json_t *stamp_json(int64_t ms)
{
    char stamp[TRAWL_TIMESTAMP_SIZE];

    if (ms == 0)
        return json_null();
    trawl_timestamp(stamp, ms);
    return json_string(stamp);
}

static json_t *member_state(const struct member *member)
{
    uint64_t now_ns = trawl_mono_ns();
    int64_t retry_ms = 0;
    json_t *error = json_null();

    if (member->breaker.until_ns > now_ns)
        retry_ms = trawl_now_ms() + (int64_t)((member->breaker.until_ns - now_ns) / NS_PER_MS);
    if (*member->error)
        error =
            json_pack("{s:o, s:s}", "at", stamp_json(member->error_ms), "message", member->error);
    return json_pack("{s:s, s:b, s:s?, s:s, s:i, s:I, s:o, s:o}", "name", member->name, "ok",
                     member->sender != NULL, "reason", member->reason, "state",
                     trawl_breaker_state_name(member->breaker.state), "failures",
                     (int)member->breaker.failures, "delivered", (json_int_t)member->delivered,
                     "retry_at", stamp_json(retry_ms), "error", error);
}

json_t *trawl_chain_state(const struct trawl_chain *chain)
{
    json_t *transports = json_array();
    char id[TRAWL_EVENT_ID_SIZE];

    for (size_t i = 0; i < chain->member_count; i++)
        json_array_append_new(transports, member_state(&chain->members[i]));
    trawl_event_id(id, chain->epoch, chain->seq);
    return json_pack(
        "{s:s, s:O?, s:O?, s:i, s:I, s:s, s:I, s:I, s:I, s:s?, s:o}", "name", chain->name, "events",
        chain->filter.events, "platforms", chain->filter.platforms, "failures",
        (int)chain->limits.failures, "retry_after_ms", (json_int_t)chain->limits.retry_after_ms,
        "sent_id", id, "lag", (json_int_t)(chain->head > chain->seq ? chain->head - chain->seq : 0),
        "lost", (json_int_t)chain->lost, "delivered", (json_int_t)chain->delivered,
        "last_transport", chain->last ? chain->last->name : NULL, "transports", transports);
}

static void on_closed(uv_handle_t *handle)
{
    struct trawl_chain *chain = handle->data;

    for (size_t i = 0; i < chain->member_count; i++) {
        free(chain->members[i].name);
        free(chain->members[i].reason);
    }
    free(chain->members);
    piece_clear(&chain->piece);
    trawl_reader_close(chain->reader);
    json_decref(chain->filter.events);
    json_decref(chain->filter.platforms);
    free(chain->folder);
    free(chain->name);
    free(chain);
}

void trawl_chain_close(struct trawl_chain *chain)
{
    uv_close((uv_handle_t *)&chain->timer, on_closed);
}
