/* The writer's journal: building events, giving them their places, thinning progress. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/state.h"
#include "store/store.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/json.h"

void trawl__event_own(struct trawl_event *event)
{
    char *bytes = trawl_xalloc(event->platform.len + event->data.len + 2);

    memcpy(bytes, event->platform.ptr, event->platform.len);
    memcpy(bytes + event->platform.len + 1, event->data.ptr, event->data.len);
    event->platform.ptr = bytes;
    event->data.ptr = bytes + event->platform.len + 1;
}

void trawl__events_free(struct trawl_event *events, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free((char *)(uintptr_t)events[i].platform.ptr);
    free(events);
}

static int insert_event(struct trawl_journal *journal, const struct trawl_event *event)
{
    sqlite3_stmt *insert = journal->statements[STATEMENT_EVENT];

    sqlite3_bind_int64(insert, 1, (int64_t)event->seq);
    sqlite3_bind_int(insert, 2, event->type);
    sqlite3_bind_int(insert, 3, event->flags);
    sqlite3_bind_int64(insert, 4, event->run_id);
    trawl__db_bind_str(insert, 5, event->platform);
    sqlite3_bind_int64(insert, 6, event->timestamp_ms);
    trawl__db_bind_str(insert, 7, event->data);
    return trawl__db_done(insert);
}

static int add_event(struct trawl_journal *journal, struct trawl_run_state *run, uint8_t type,
                     uint8_t flags, const char *platform)
{
    struct trawl_event *event;

    if (journal->event_count == journal->event_cap) {
        journal->event_cap = journal->event_cap ? journal->event_cap * 2 : 64;
        journal->events =
            trawl_xrealloc(journal->events, journal->event_cap * sizeof(*journal->events));
    }
    event = &journal->events[journal->event_count++];
    *event = (struct trawl_event){
        .seq = ++journal->head,
        .type = type,
        .flags = flags,
        .run_id = run->id,
        .timestamp_ms = trawl_now_ms(),
        .platform = trawl_str_of(platform),
        .data = {.ptr = journal->data.data, .len = journal->data.len},
    };
    trawl__event_own(event);
    if (run->first_seq == 0)
        run->first_seq = event->seq;
    run->last_seq = event->seq;
    if (flags & TRAWL_EVENT_RUN_END)
        run->end_seq = event->seq;
    run->dirty = true;
    return insert_event(journal, event);
}

/* Begin {"run_id":…  The buffer cannot overflow: what goes in was bounded by the frame's reader. */
static void begin(struct trawl_journal *journal, const struct trawl_run_state *run)
{
    trawl_buf_clear(&journal->data);
    trawl_buf_printf(&journal->data, "{\"run_id\":%lld", (long long)run->id);
}

static void member_text(struct trawl_journal *journal, const char *name, const char *text,
                        size_t len)
{
    trawl_buf_printf(&journal->data, ",\"%s\":", name);
    trawl_json_write_string(&journal->data, text, len);
}

static void member_platform(struct trawl_journal *journal, const char *platform)
{
    if (platform)
        member_text(journal, "platform", platform, strlen(platform));
    else
        trawl_buf_append_text(&journal->data, ",\"platform\":null");
}

static int end(struct trawl_journal *journal, struct trawl_run_state *run, uint8_t type,
               uint8_t flags, const char *platform)
{
    int r = trawl_buf_append_char(&journal->data, '}');

    if (r < 0)
        return r;
    return add_event(journal, run, type, flags, platform ? platform : "");
}

/* The figures of one platform, or the sums of all. */
static struct trawl_platform_state figures_of(const struct trawl_run_state *run,
                                              const struct trawl_platform_state *platform)
{
    struct trawl_platform_state sum = {.phase = run->phase};
    unsigned first = platform ? (unsigned)(platform - run->platforms) : 0;
    unsigned last = platform ? first + 1 : run->platform_count;

    if (platform)
        sum.phase = platform->phase;
    for (unsigned i = first; i < last; i++) {
        const struct trawl_platform_state *each = &run->platforms[i];

        sum.own_current += each->has_own ? each->own_current : each->pages;
        sum.own_total += each->has_own ? each->own_total : each->known;
        sum.items += each->items;
        sum.new_items += each->new_items;
        sum.changed += each->changed;
        sum.gone += each->gone;
        sum.failed += each->failed;
    }
    return sum;
}

int trawl__journal_progress(struct trawl_journal *journal, struct trawl_run_state *run,
                            struct trawl_platform_state *platform, uint8_t flags)
{
    struct trawl_platform_state sum = figures_of(run, platform);
    const char *message = platform ? platform->message : "";

    begin(journal, run);
    trawl_buf_printf(&journal->data, ",\"n\":%llu", (unsigned long long)++run->n);
    member_platform(journal, platform ? platform->name : NULL);
    trawl_buf_printf(
        &journal->data,
        ",\"phase\":\"%s\",\"current\":%llu,\"total\":%llu,\"items\":%llu,\"new\":%llu,"
        "\"changed\":%llu,\"gone\":%llu,\"failed\":%llu",
        trawl_phase_name(sum.phase), (unsigned long long)sum.own_current,
        (unsigned long long)sum.own_total, (unsigned long long)sum.items,
        (unsigned long long)sum.new_items, (unsigned long long)sum.changed,
        (unsigned long long)sum.gone, (unsigned long long)sum.failed);
    member_text(journal, "message", message, strlen(message));
    if (platform) {
        platform->told_ns = trawl_mono_ns();
        platform->held = false;
    }
    return end(journal, run, TRAWL_EVENT_PROGRESS, flags, platform ? platform->name : NULL);
}

int trawl__journal_item(struct trawl_journal *journal, struct trawl_run_state *run,
                        struct trawl_platform_state *platform, struct trawl_str key,
                        const char *change)
{
    begin(journal, run);
    member_platform(journal, platform->name);
    member_text(journal, "key", key.ptr, key.len);
    member_text(journal, "change", change, strlen(change));
    return end(journal, run, TRAWL_EVENT_ITEM, 0, platform->name);
}

int trawl__journal_log(struct trawl_journal *journal, struct trawl_run_state *run,
                       const char *platform, const char *level, const char *message)
{
    begin(journal, run);
    member_platform(journal, platform);
    member_text(journal, "level", level, strlen(level));
    member_text(journal, "message", message, strlen(message));
    return end(journal, run, TRAWL_EVENT_LOG, 0, platform);
}

int trawl__journal_thinned(struct trawl_journal *journal, struct trawl_run_state *run,
                           struct trawl_platform_state *platform)
{
    uint64_t interval_ns = TRAWL_PROGRESS_INTERVAL_MS * (uint64_t)1000000;

    platform->dirty = true;
    if (trawl_mono_ns() - platform->told_ns < interval_ns) {
        platform->held = true;
        return 0;
    }
    return trawl__journal_progress(journal, run, platform, 0);
}

/* --- phases -------------------------------------------------------------------------------------- */

static enum trawl_phase phase_of_run(const struct trawl_run_state *run)
{
    TRAWL_AUTO_FREE enum trawl_phase *phases = trawl_xalloc(run->platform_count * sizeof(*phases));

    for (unsigned i = 0; i < run->platform_count; i++)
        phases[i] = run->platforms[i].phase;
    return trawl_phase_of_run(phases, run->platform_count);
}

static int drop_frontier(struct trawl_journal *journal, const struct trawl_platform_state *platform)
{
    char sql[96];

    snprintf(sql, sizeof(sql), "DELETE FROM frontier WHERE run_platform = %lld",
             (long long)platform->id);
    return trawl__db_exec(journal->db, sql);
}

static int change_run_phase(struct trawl_journal *journal, struct trawl_run_state *run)
{
    enum trawl_phase phase = phase_of_run(run);
    bool over = trawl_phase_is_end(phase);

    if (phase == run->phase)
        return 0;
    run->phase = phase;
    run->dirty = true;
    if (phase != TRAWL_PHASE_QUEUED && run->started_ms == 0)
        run->started_ms = trawl_now_ms();
    if (over)
        run->ended_ms = trawl_now_ms();
    return trawl__journal_progress(journal, run, NULL, over ? TRAWL_EVENT_RUN_END : 0);
}

int trawl__journal_phase(struct trawl_journal *journal, struct trawl_run_state *run,
                         struct trawl_platform_state *platform, enum trawl_phase phase,
                         const char *message)
{
    int r;

    platform->phase = phase;
    platform->dirty = true;
    free(platform->message);
    platform->message = trawl_xstrdup(message ? message : "");
    if (phase == TRAWL_PHASE_STARTING && platform->started_ms == 0)
        platform->started_ms = trawl_now_ms();
    if (trawl_phase_is_end(phase)) {
        platform->ended_ms = trawl_now_ms();
        r = drop_frontier(journal, platform);
        if (r < 0)
            return r;
    }
    r = trawl__journal_progress(journal, run, platform, 0);
    if (r < 0)
        return r;
    return change_run_phase(journal, run);
}
