/* Conditional requests. Before a page is fetched the store is asked, by way of the supervisor, whether what came of it last
 * time is known, and by which validators the server can be asked whether it has changed. Requests wait for the answer in
 * their host's budget; all that wait are asked for at once. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ipc/messages.h"
#include "trawl/plugin.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/json.h"
#include "worker/worker_priv.h"

/* A Last-Modified says nothing of a second change within its second: it is trusted once that is over. */
#define LAST_MODIFIED_AGE_S 2

/* --- scopes ---------------------------------------------------------------------------------------- */

/* Tells one build of a file from the next. */
static json_t *file_json(const char *path)
{
    struct stat status;

    if (stat(path, &status) < 0)
        return json_null();
    return json_pack("[I, I, I]", (json_int_t)status.st_size, (json_int_t)status.st_mtim.tv_sec,
                     (json_int_t)status.st_mtim.tv_nsec);
}

/* All that decides what comes of a page besides its request and its content. */
static struct trawl_hash scope_of_job(const struct trawl_worker *worker,
                                      const struct trawl_plugin *plugin)
{
    const json_t *fetch = json_object_get(worker->task, "fetch");
    const char *file =
        trawl_json_string(json_object_get(worker->task, "plugin"), "file", plugin->name);
    json_auto_t *value = json_pack(
        "{s:s, s:s, s:o, s:o, s:O*, s:O*, s:O*, s:O*, s:O*}", "plugin", plugin->name, "version",
        plugin->version, "file", file_json(file), "host", file_json("/proc/self/exe"), "options",
        json_object_get(worker->task, "options"), "user_agent",
        json_object_get(fetch, "user_agent"), "headers", json_object_get(fetch, "headers"),
        "max_depth", json_object_get(fetch, "max_depth"), "max_item",
        json_object_get(fetch, "max_item"));
    TRAWL_AUTO_FREE char *text = trawl_json_text(value, TRAWL_JSON_SORTED);

    return trawl_hash_bytes(text, strlen(text));
}

struct trawl_hash trawl__validate_scope(const struct trawl_worker *worker,
                                        const struct trawl_task *task)
{
    const struct trawl_task_extra *extra = task->extra;
    struct trawl_hash scope;
    struct trawl_buf buf;

    trawl_buf_init(&buf, TRAWL_FRAME_MAX); /* headers and meta crossed in one */
    (void)trawl_buf_append(&buf, &worker->validate.scope, sizeof(worker->validate.scope));
    (void)trawl_buf_append(&buf, &task->depth, sizeof(task->depth));
    if (extra && extra->headers)
        (void)trawl_buf_append(&buf, extra->headers, strlen(extra->headers) + 1);
    if (extra && extra->meta)
        (void)trawl_buf_append(&buf, extra->meta, strlen(extra->meta) + 1);
    scope = trawl_hash_bytes(buf.data, buf.len);
    trawl_buf_finish(&buf);
    return scope;
}

/* What waits for an answer is not started yet, which its host's pace goes by. */
static void set_ask(struct trawl_worker *worker, bool ask)
{
    worker->validate.ask = ask;
    trawl_hosts_start_late(trawl_frontier_hosts(worker->frontier), ask);
}

void trawl__validate_open(struct trawl_worker *worker, const struct trawl_plugin *plugin)
{
    struct trawl_validate *validate = &worker->validate;

    validate->on = worker->settings.conditional && (plugin->traits & TRAWL_SCRAPER_PAGEWISE) != 0 &&
                   !trawl_fetch_has_condition(worker->settings.headers) &&
                   !trawl_fetch_has_condition(worker->settings.secret_headers);
    if (!validate->on)
        return;
    set_ask(worker, true);
    validate->scope = scope_of_job(worker, plugin);
    worker->job.emission.links.noted = true;
    worker->job.max_depth = worker->settings.frontier.max_depth;
}

void trawl__validate_finish(struct trawl_worker *worker)
{
    free(worker->validate.tasks);
}

/* --- pages ----------------------------------------------------------------------------------------- */

/* Only a plain GET: its fingerprint says all of it but the headers and meta, which are in the scope. */
static bool is_plain(const struct trawl_task *task)
{
    const struct trawl_task_extra *extra = task->extra;
    json_auto_t *headers = NULL;

    if (!extra)
        return true;
    if (extra->method || extra->body_len > 0)
        return false;
    if (extra->headers)
        trawl_json_parse(extra->headers, strlen(extra->headers), &headers, NULL);
    return !trawl_fetch_has_condition(headers);
}

static struct trawl_str validator(const struct trawl_fetch_result *result, const char *name)
{
    struct trawl_str text = trawl_str_of(trawl_json_string(result->headers, name, ""));

    return text.len <= TRAWL_VALIDATOR_MAX ? text : trawl_str_of("");
}

static bool may_still_change(const struct trawl_fetch_result *result)
{
    int64_t modified_s = trawl_fetch_date(trawl_json_string(result->headers, "last-modified", ""));
    int64_t date_s = trawl_fetch_date(trawl_json_string(result->headers, "date", ""));

    return modified_s < 0 || date_s < 0 || date_s - modified_s < LAST_MODIFIED_AGE_S;
}

void trawl__validate_page(const struct trawl_worker *worker, const struct trawl_task *task,
                          const struct trawl_fetch_result *result, struct trawl_page *page)
{
    const struct trawl_emission_links *links = &worker->job.emission.links;

    if (!worker->validate.on || result->status != 200 || !links->are_all || !is_plain(task))
        return;
    page->scope = trawl__validate_scope(worker, task);
    page->etag = validator(result, "etag");
    if (page->etag.len > 0 || !may_still_change(result))
        page->last_modified = validator(result, "last-modified");
    page->links = (struct trawl_str){.ptr = (const char *)links->hashes,
                                     .len = links->count * sizeof(*links->hashes)};
}

/* --- asking ---------------------------------------------------------------------------------------- */

bool trawl__validate_wants(const struct trawl_worker *worker, const struct trawl_task *task)
{
    return worker->validate.ask && !task->whole && is_plain(task);
}

void trawl__validate_add(struct trawl_worker *worker, struct trawl_task *task)
{
    struct trawl_validate *validate = &worker->validate;

    if (validate->count == validate->cap) {
        validate->cap = validate->cap ? validate->cap * 2 : 64;
        validate->tasks = trawl_xrealloc(validate->tasks, validate->cap * sizeof(*validate->tasks));
    }
    validate->tasks[validate->count++] = task;
}

void trawl__validate_send(struct trawl_worker *worker)
{
    struct trawl_validate *validate = &worker->validate;
    TRAWL_AUTO_FREE struct trawl_validators *asked = NULL;
    struct trawl_buf buf;

    if (validate->asked > 0 || validate->count == 0)
        return;
    asked = trawl_xalloc(validate->count * sizeof(*asked));
    for (size_t i = 0; i < validate->count; i++) {
        asked[i].fingerprint = validate->tasks[i]->fingerprint;
        asked[i].scope = trawl__validate_scope(worker, validate->tasks[i]);
    }
    trawl_buf_init(&buf, TRAWL_FRAME_MAX);
    (void)trawl_validators_encode(asked, validate->count, &buf);
    trawl_channel_send_buf(worker->channel, TRAWL_MSG_ASK, &buf);
    trawl_buf_finish(&buf);
    validate->asked = validate->count;
}

/* One that meanwhile was met nearer to the start is to be fetched as a whole. */
static void begin(struct trawl_worker *worker, struct trawl_task *task,
                  const struct trawl_validators *found)
{
    if (found && !trawl_hash_equal(found->scope, trawl__validate_scope(worker, task)))
        found = NULL;
    trawl__crawl_fetch(worker, task, found);
}

int trawl__validate_on_answer(struct trawl_worker *worker, const struct trawl_frame *frame)
{
    struct trawl_validate *validate = &worker->validate;
    struct trawl_validators *found = NULL;
    size_t asked = validate->asked;
    size_t count = 0;
    size_t at = 0;
    int r = trawl_validators_decode(frame->payload, frame->len, &found, &count);

    if (r < 0)
        return r;
    if (frame->flags & TRAWL_FLAG_NONE)
        set_ask(worker, false);
    validate->asked = 0;
    for (size_t i = 0; i < asked; i++) {
        struct trawl_task *task = validate->tasks[i];
        bool is_found = at < count && trawl_hash_equal(found[at].fingerprint, task->fingerprint);

        if (worker->state == TRAWL_WORKER_RUNNING)
            begin(worker, task, is_found ? &found[at] : NULL);
        else
            trawl__crawl_leave(worker, task);
        at += is_found;
    }
    free(found);
    validate->count -= asked;
    memmove(validate->tasks, validate->tasks + asked, validate->count * sizeof(*validate->tasks));
    return 0;
}
