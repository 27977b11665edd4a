/* The command `start`: which platforms, with which options, then the store makes the run. */
#include <errno.h>
#include <string.h>

#include "store/store.h"
#include "supervisor/commands.h"
#include "supervisor/jobs.h"
#include "util/alloc.h"
#include "util/json.h"
#include "util/suggest.h"

/* Most platforms in one run. */
#define START_PLATFORMS_MAX 10000

static const char *const overlap_names[] = {
    [TRAWL_OVERLAP_REJECT] = "reject",
    [TRAWL_OVERLAP_QUEUE] = "queue",
    [TRAWL_OVERLAP_REPLACE] = "replace",
    [TRAWL_OVERLAP_ALLOW] = "allow",
};

struct start {
    struct trawl_supervisor *supervisor;
    trawl_command_done *done;
    void *user;
    json_t *args;
    struct trawl_run *run; /* until it is entered */
    unsigned inspected;    /* tasks whose options are known to be good */
    int64_t due_ms;        /* of the platform's schedule, or 0 */
};

static void start_inspect_next(struct start *start);

static void start_free(struct start *start)
{
    json_decref(start->args);
    trawl__run_unref(start->run);
    free(start);
}

#define start_refuse(start, status, title, ...)                                                    \
    trawl__command_refuse((start)->done, (start)->user, status, title, __VA_ARGS__)

/* What this run overrides of a platform's options, or NULL. */
static json_t *start_overrides(const struct start *start, const char *platform)
{
    return json_object_get(json_object_get(start->args, "options"), platform);
}

/* --- platforms ----------------------------------------------------------------------------------- */

static void start_refuse_platform(struct start *start, const char *name)
{
    json_t *platforms = json_object_get(start->supervisor->options->config->root, "platforms");
    size_t count = json_object_size(platforms);
    TRAWL_AUTO_FREE const char **names = trawl_xalloc((count + 1) * sizeof(*names));
    json_auto_t *problem = NULL;
    const char *known;
    const char *nearest;
    json_t *platform;
    char detail[512];
    char room[128];
    size_t i = 0;

    json_object_foreach (platforms, known, platform) {
        names[i++] = known;
    }
    nearest = trawl_suggest(name, names, count);
    trawl_log_quote(room, sizeof(room), name);
    if (nearest)
        snprintf(detail, sizeof(detail), "There is no platform '%s'; did you mean '%.128s'?", room,
                 nearest);
    else
        snprintf(detail, sizeof(detail), "There is no platform '%s'", room);
    problem = json_pack("{s:s, s:s, s:s, s:s*}", "title", "Unknown platform", "detail", detail,
                        "platform", room, "nearest", nearest);
    start->done(start->user, 422, problem);
}

/* The names that are asked for, each once; all enabled platforms when none are. New reference, or NULL after a refusal. */
static json_t *start_names(struct start *start)
{
    json_t *platforms = json_object_get(start->supervisor->options->config->root, "platforms");
    json_t *asked = json_object_get(start->args, "platforms");
    json_t *names = json_object(); /* ordered, so doubles fall together */
    const char *name;
    json_t *value;
    size_t i;

    if (!asked || json_is_null(asked)) {
        json_object_foreach (platforms, name, value) {
            if (trawl_json_bool(value, "enabled", true))
                json_object_set_new(names, name, json_null());
        }
    }
    json_array_foreach (asked, i, value) {
        name = json_string_value(value);
        if (!name || !json_object_get(platforms, name)) {
            start_refuse_platform(start, name ? name : "");
            json_decref(names);
            return NULL;
        }
        json_object_set_new(names, name, json_null());
    }
    if (json_object_size(names) > 0 && json_object_size(names) <= START_PLATFORMS_MAX)
        return names;
    start_refuse(start, 422, "No platform",
                 "There is nothing to start: no platform is named, or none is enabled");
    json_decref(names);
    return NULL;
}

static bool start_make_tasks(struct start *start)
{
    json_auto_t *names = start_names(start);
    const char *name;
    json_t *value;
    unsigned i = 0;

    if (!names)
        return false;
    start->run = trawl__run_create(start->supervisor, (unsigned)json_object_size(names));
    json_object_foreach (names, name, value) {
        start->run->tasks[i].platform = trawl_xstrdup(name);
        start->run->tasks[i++].job = trawl__job_make(start->supervisor, name);
    }
    return true;
}

/* --- options ------------------------------------------------------------------------------------- */

static bool start_may_override(struct start *start, const char *platform, const char *option)
{
    json_t *allowed = json_object_get(
        trawl_config_platform(start->supervisor->options->config, platform), "overridable");
    json_t *name;
    char room[128];
    size_t i;

    json_array_foreach (allowed, i, name) {
        if (json_is_string(name) && strcmp(json_string_value(name), option) == 0)
            return true;
    }
    start_refuse(start, 422, "Option not overridable",
                 "Platform '%.128s' does not list '%s' as overridable", platform,
                 trawl_log_quote(room, sizeof(room), option));
    return false;
}

/* Every override must be of a platform of this run, and listed as overridable there. */
static bool start_check_overrides(struct start *start)
{
    json_t *options = json_object_get(start->args, "options");
    const char *platform;
    const char *option;
    json_t *overrides;
    json_t *value;
    char room[128];

    json_object_foreach (options, platform, overrides) {
        bool found = false;

        for (unsigned i = 0; i < start->run->task_count; i++)
            found = found || strcmp(start->run->tasks[i].platform, platform) == 0;
        if (!found || !json_is_object(overrides)) {
            start_refuse(start, 422, "Options without platform",
                         "'options' names '%s', which is not among the platforms to start, or "
                         "holds no object for it",
                         trawl_log_quote(room, sizeof(room), platform));
            return false;
        }
        json_object_foreach (overrides, option, value) {
            if (!start_may_override(start, platform, option))
                return false;
        }
    }
    return true;
}

/* --- the run ------------------------------------------------------------------------------------- */

static void start_refuse_conflict(struct start *start, const struct trawl_created_run *made)
{
    const char *platform = made && made->conflict ? made->conflict : "";
    const struct trawl_run *other = trawl__run_of_platform(start->supervisor, platform);
    json_int_t run_id = made && made->run_id ? made->run_id : other ? other->id : 0;
    json_auto_t *problem = NULL;
    char detail[256];

    snprintf(detail, sizeof(detail), "Platform '%.128s' is running already", platform);
    problem = json_pack("{s:s, s:s, s:s, s:I}", "title", "Already running", "detail", detail,
                        "platform", platform, "run_id", run_id);
    start->done(start->user, 409, problem);
}

static void start_on_run(void *user, int status, const struct trawl_created_run *made)
{
    struct start *start = user;
    struct trawl_supervisor *supervisor = start->supervisor;
    json_auto_t *result = NULL;

    supervisor->creating--;
    if (status == -EBUSY) {
        start_refuse_conflict(start, made);
    } else if (status == -EEXIST) {
        start_refuse(start, 422, "Idempotency-Key used before",
                     "The Idempotency-Key was used with another body");
    } else if (status < 0) {
        start_refuse(start, 500, "Not stored", "The run could not be stored: %s",
                     strerror(-status));
    } else {
        result = json_pack("{s:I, s:b}", "run_id", (json_int_t)made->run_id, "existed",
                           (int)made->existed);
        if (!made->existed) {
            trawl__run_enter(start->run, made->run_id);
            start->run = NULL; /* handed over */
        }
        start->done(start->user, 0, result);
    }
    start_free(start);
    if (trawl__stopping(supervisor)) { /* told to stop while the store was making it */
        trawl__runs_stop_all(supervisor);
        trawl__shutdown_advance(supervisor);
    }
}

static enum trawl_overlap start_overlap(const json_t *args)
{
    const char *overlap = trawl_json_string(args, "overlap", "reject");
    size_t i = TRAWL_ARRAY_SIZE(overlap_names);

    while (--i > TRAWL_OVERLAP_REJECT && strcmp(overlap, overlap_names[i]) != 0)
        continue;
    return (enum trawl_overlap)i;
}

/* 32 hex digits, high half first. */
static struct trawl_hash start_hash(const char *hex)
{
    struct trawl_hash hash = {0};

    for (size_t i = 0; i < 32 && hex[i] != '\0'; i++) {
        uint64_t *half = i < 16 ? &hash.hi : &hash.lo;
        char c = hex[i];

        *half = (*half << 4) | (uint64_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return hash;
}

static void start_create(struct start *start)
{
    struct trawl_run *run = start->run;
    TRAWL_AUTO_FREE struct trawl_new_run_platform *platforms =
        trawl_xalloc(run->task_count * sizeof(*platforms));
    TRAWL_AUTO_FREE char **texts = trawl_xalloc(run->task_count * sizeof(*texts));
    struct trawl_new_run made = {
        .trigger = trawl_json_string(start->args, "trigger", "api"),
        .platforms = platforms,
        .platform_count = run->task_count,
        .overlap = start_overlap(start->args),
        .idempotency_key = trawl_json_string(start->args, "idempotency_key", NULL),
        .due_ms = start->due_ms,
        .idempotency_body = start_hash(trawl_json_string(start->args, "idempotency_body", "")),
    };

    for (unsigned i = 0; i < run->task_count; i++) {
        struct trawl_task *task = &run->tasks[i];
        const json_t *overrides = start_overrides(start, task->platform);

        platforms[i].name = task->platform;
        platforms[i].plugin = trawl_json_string(json_object_get(task->job, "plugin"), "name", "");
        texts[i] = overrides ? trawl_json_text(overrides, TRAWL_JSON_SORTED) : trawl_xstrdup("{}");
        platforms[i].options_json = texts[i];
    }
    run->overlap = made.overlap;
    start->supervisor->creating++;
    trawl_store_create_run(start->supervisor->store, &made, start_on_run, start);
    for (unsigned i = 0; i < run->task_count; i++)
        free(texts[i]);
}

/* --- inspection ---------------------------------------------------------------------------------- */

static void start_on_inspected(void *user, const json_t *problem)
{
    struct start *start = user;

    if (problem) {
        start->done(start->user, 422, problem);
        start_free(start);
        return;
    }
    start->inspected++;
    start_inspect_next(start);
}

static void start_inspect_next(struct start *start)
{
    struct trawl_run *run = start->run;
    struct trawl_task *task;

    while (start->inspected < run->task_count &&
           json_object_size(start_overrides(start, run->tasks[start->inspected].platform)) == 0)
        start->inspected++;
    if (trawl__stopping(start->supervisor)) {
        start_refuse(start, 503, "Shutting down", "The server is shutting down");
        start_free(start);
    } else if (start->inspected == run->task_count) {
        start_create(start);
    } else {
        task = &run->tasks[start->inspected];
        trawl__job_override(task, start_overrides(start, task->platform), start_on_inspected,
                            start);
    }
}

/* `args` is stolen. */
static void start_begin(struct trawl_supervisor *supervisor, json_t *args, int64_t due_ms,
                        trawl_command_done *done, void *user)
{
    struct start *start = TRAWL_NEW(struct start);

    start->supervisor = supervisor;
    start->done = done;
    start->user = user;
    start->args = args;
    start->due_ms = due_ms;
    if (start_make_tasks(start) && start_check_overrides(start))
        start_inspect_next(start);
    else
        start_free(start);
}

void trawl__command_start(struct trawl_supervisor *supervisor, const json_t *args,
                          trawl_command_done *done, void *user)
{
    start_begin(supervisor, args ? json_deep_copy(args) : json_object(), 0, done, user);
}

void trawl__start_due(struct trawl_supervisor *supervisor, const char *platform,
                      enum trawl_overlap overlap, int64_t due_ms, trawl_command_done *done,
                      void *user)
{
    json_t *args = json_pack("{s:[s], s:s, s:s}", "platforms", platform, "trigger", "schedule",
                             "overlap", overlap_names[overlap]);

    start_begin(supervisor, args, due_ms, done, user);
}
