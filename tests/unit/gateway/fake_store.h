/* A journal in place of the store's: event `seq` is made from its number, so that a test knows what a gateway must send.
 * Run r has the events 100 (r - 1) + 1 … 100 r; every fourth is a log line, the others are progress; the last one is the
 * run's end. Shared with the gateway's process. */
#ifndef TESTS_GATEWAY_FAKE_STORE_H
#define TESTS_GATEWAY_FAKE_STORE_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/reader.h"
#include "util/alloc.h"

#define FAKE_EPOCH 0x5f3a9c01u
#define FAKE_ITEMS 1000

struct fake_store {
    volatile uint64_t head; /* what is committed */
    volatile uint64_t tail;
    volatile bool broken;
};

static struct fake_store *fake;

static void fake_event(uint64_t seq, struct trawl_event *ret_event, char data[128])
{
    bool log = seq % 4 == 1;

    snprintf(data, 128, "{\"run_id\":%llu,\"seq\":%llu}", (unsigned long long)(seq - 1) / 100 + 1,
             (unsigned long long)seq);
    *ret_event = (struct trawl_event){
        .seq = seq,
        .type = log ? TRAWL_EVENT_LOG : TRAWL_EVENT_PROGRESS,
        .flags = seq % 100 == 0 ? TRAWL_EVENT_RUN_END : 0,
        .run_id = (int64_t)(seq - 1) / 100 + 1,
        .timestamp_ms = 1700000000000,
        .platform = trawl_str_of("books"),
        .data = trawl_str_of(data),
    };
}

int trawl_reader_open(const char *folder, struct trawl_reader **ret_reader, struct trawl_err *err)
{
    (void)folder;
    if (fake->broken)
        return trawl_err_set(err, -EIO, "", "broken on purpose");
    *ret_reader = trawl_xalloc(1);
    return 0;
}

void trawl_reader_close(struct trawl_reader *reader)
{
    free(reader);
}

static json_t *fake_run(int64_t run_id)
{
    return json_pack("{s:I, s:s}", "id", (json_int_t)run_id, "status", "completed");
}

int trawl_reader_runs(struct trawl_reader *reader, const struct trawl_run_filter *filter,
                      json_t **ret_runs, struct trawl_err *err)
{
    (void)reader;
    (void)err;
    *ret_runs = json_array();
    for (unsigned i = 0; i < filter->limit && i < 3; i++)
        json_array_append_new(*ret_runs, fake_run(3 - i));
    return 0;
}

int trawl_reader_run(struct trawl_reader *reader, int64_t run_id, json_t **ret_run,
                     struct trawl_err *err)
{
    (void)reader;
    if (run_id > 3)
        return trawl_err_set(err, -ENOENT, "", "there is no run %lld", (long long)run_id);
    *ret_run = fake_run(run_id);
    return 0;
}

int trawl_reader_active_runs(struct trawl_reader *reader, json_t **ret_runs, struct trawl_err *err)
{
    (void)reader;
    (void)err;
    *ret_runs = json_array();
    return 0;
}

static int fake_rows(json_t **ret_rows)
{
    *ret_rows = json_pack("[{s:i}]", "row", 1);
    return 0;
}

int trawl_reader_run_errors(struct trawl_reader *reader, int64_t run_id, int64_t after,
                            unsigned limit, json_t **ret_errors, struct trawl_err *err)
{
    (void)reader;
    (void)run_id;
    (void)after;
    (void)limit;
    (void)err;
    return fake_rows(ret_errors);
}

int trawl_reader_run_error_groups(struct trawl_reader *reader, int64_t run_id, unsigned limit,
                                  json_t **ret_groups, struct trawl_err *err)
{
    (void)reader;
    (void)err;
    *ret_groups = json_pack("[{s:i, s:i}]", "run", (int)run_id, "limit", (int)limit);
    return 0;
}

int trawl_reader_run_logs(struct trawl_reader *reader, int64_t run_id, int64_t after,
                          unsigned limit, json_t **ret_logs, struct trawl_err *err)
{
    return trawl_reader_run_errors(reader, run_id, after, limit, ret_logs, err);
}

int trawl_reader_days(struct trawl_reader *reader, int64_t now_ms, unsigned count,
                      json_t **ret_days, struct trawl_err *err)
{
    (void)reader;
    (void)now_ms;
    (void)err;
    *ret_days = json_pack("[{s:i}]", "asked", (int)count);
    return 0;
}

int trawl_reader_hosts(struct trawl_reader *reader, const struct trawl_host_filter *filter,
                       json_t **ret_hosts, struct trawl_err *err)
{
    (void)reader;
    (void)err;
    *ret_hosts = json_pack("[{s:s?, s:s?, s:i}]", "name", filter->after, "asked", filter->search,
                           "limit", (int)filter->limit);
    return 0;
}

/* One that is dealt with to 30000-01-01, beyond which it is due no more, and one of 1970. */
int trawl_reader_schedules(struct trawl_reader *reader, json_t **ret_schedules,
                           struct trawl_err *err)
{
    (void)reader;
    (void)err;
    *ret_schedules = json_pack(
        "[{s:s, s:s, s:s, s:I}, {s:s, s:s, s:s, s:I}]", "platform", "late", "cron", "@daily",
        "timezone", "UTC", "due_ms", (json_int_t)884541340800000, "platform", "leap", "cron",
        "0 0 29 2 *", "timezone", "UTC", "due_ms", (json_int_t)4102444800000 /* 2100-01-01 */);
    return 0;
}

int trawl_reader_items(struct trawl_reader *reader, const struct trawl_item_filter *filter,
                       int (*row)(void *user, const struct trawl_item_row *item), void *user,
                       struct trawl_err *err)
{
    (void)reader;
    (void)err;
    for (int64_t i = filter->after + 1; i <= FAKE_ITEMS && i <= filter->after + filter->limit;
         i++) {
        char key[32], json[128];
        struct trawl_item_row item = {
            .row = i, .platform = "books", .key = key, .url = "http://x/"};
        int r;

        snprintf(key, sizeof(key), "k%lld", (long long)i);
        snprintf(json, sizeof(json), "{\"n\":%lld,\"big\":9007199254740993,\"price\":19.99%s}",
                 (long long)i, i == FAKE_ITEMS ? ",\"late\":1" : "");
        item.json = json;
        r = row(user, &item);
        if (r < 0)
            return r;
    }
    return 0;
}

int trawl_reader_item(struct trawl_reader *reader, const char *platform, const char *key,
                      json_t **ret_item, struct trawl_err *err)
{
    (void)reader;
    if (strcmp(key, "https://x.org/a/../b&c") != 0)
        return trawl_err_set(err, -ENOENT, "", "there is no such item");
    *ret_item = json_pack("{s:s, s:s}", "platform", platform, "key", key);
    return 0;
}

int trawl_reader_item_history(struct trawl_reader *reader, const char *platform, const char *key,
                              json_t **ret_versions, struct trawl_err *err)
{
    (void)platform;
    (void)key;
    (void)err;
    (void)reader;
    return fake_rows(ret_versions);
}

int trawl_reader_events(struct trawl_reader *reader, const struct trawl_event_filter *filter,
                        uint64_t since, uint64_t until, size_t limit,
                        struct trawl_event **ret_events, size_t *ret_count, struct trawl_err *err)
{
    struct trawl_event *events = trawl_xalloc((limit + 1) * sizeof(*events));
    size_t count = 0;

    (void)reader;
    (void)err;
    for (uint64_t seq = since + 1; seq <= until && seq <= fake->head && count < limit; seq++) {
        char data[128];
        struct trawl_event event;

        fake_event(seq, &event, data);
        if (!(trawl_event_topic(event.type) & filter->topics) ||
            (filter->run_id && filter->run_id != event.run_id))
            continue;
        event.data.ptr = trawl_xstrdup(data);
        events[count++] = event;
    }
    *ret_events = events;
    *ret_count = count;
    return 0;
}

void trawl_reader_events_free(struct trawl_event *events, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free((char *)(uintptr_t)events[i].data.ptr);
    free(events);
}

int trawl_reader_bounds(struct trawl_reader *reader, uint64_t *ret_tail, uint64_t *ret_head,
                        struct trawl_err *err)
{
    (void)reader;
    (void)err;
    *ret_tail = fake->tail;
    *ret_head = fake->head;
    return 0;
}

int trawl_reader_snapshot(struct trawl_reader *reader, uint64_t since, int64_t run_id,
                          json_t **ret_data, uint64_t *ret_through, struct trawl_err *err)
{
    (void)reader;
    (void)since;
    (void)run_id;
    (void)err;
    *ret_data = json_pack("{s:[]}", "runs");
    *ret_through = fake->head;
    return 0;
}

int trawl_reader_run_span(struct trawl_reader *reader, int64_t run_id, uint64_t *ret_before_first,
                          uint64_t *ret_last, struct trawl_err *err)
{
    uint64_t first = 100 * (uint64_t)(run_id - 1);

    (void)reader;
    if (first >= fake->head)
        return trawl_err_set(err, -ENOENT, "", "there is no run %lld", (long long)run_id);
    *ret_before_first = first;
    *ret_last = first + 100 <= fake->head ? first + 100 : 0;
    return 0;
}

#endif
