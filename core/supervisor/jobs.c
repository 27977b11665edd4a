#include "supervisor/jobs.h"

#include <string.h>

#include "util/alloc.h"
#include "util/json.h"

/* The platform's "fetch", and apart from it the headers that not everyone may see. */
static json_t *job_fetch(const struct trawl_supervisor *supervisor, const json_t *section,
                         json_t **ret_secret_headers)
{
    json_t *fetch = json_deep_copy(json_object_get(section, "fetch"));

    *ret_secret_headers = trawl_config_take_secret_headers(supervisor->options->config,
                                                           json_object_get(fetch, "headers"));
    return fetch ? fetch : json_object();
}

json_t *trawl__job_make(const struct trawl_supervisor *supervisor, const char *platform)
{
    json_t *section = trawl_config_platform(supervisor->options->config, platform);
    json_t *options = json_object_get(section, "options");
    json_t *secret_headers;
    json_t *fetch;

    if (!section)
        return NULL;
    fetch = job_fetch(supervisor, section, &secret_headers);
    return json_pack("{s:{s:s, s:s}, s:o, s:o, s:o, s:o}", "plugin", "name",
                     trawl_json_string(section, "plugin", ""), "file",
                     trawl_json_string(section, "plugin_file", ""), "options",
                     options ? json_incref(options) : json_object(), "fetch", fetch,
                     "secret_headers", secret_headers, "starts", trawl_config_starts(options));
}

/* --- overriding ---------------------------------------------------------------------------------- */

struct override {
    struct trawl_task *task;
    trawl_job_done *done;
    void *user;
};

static void override_refuse(struct override *override, const char *detail, json_t *errors)
{
    json_auto_t *problem = json_pack("{s:s, s:s, s:O*}", "title", "Invalid options", "detail",
                                     detail, "errors", errors);

    override->done(override->user, problem);
}

/* The first mistake as the detail, all of them beside it. */
static void override_refuse_errors(struct override *override, json_t *errors)
{
    const json_t *first = json_array_get(errors, 0);
    char detail[1400];

    snprintf(detail, sizeof(detail), "%.256s: %.1024s", trawl_json_string(first, "where", ""),
             trawl_json_string(first, "message", ""));
    override_refuse(override, detail, errors);
}

static void override_on_inspected(void *user, const json_t *answer, const struct trawl_err *err)
{
    struct override *override = user;
    struct trawl_task *task = override->task;
    const json_t *error = json_object_get(answer, "error");
    const json_t *subject = json_array_get(json_object_get(answer, "subjects"), 0);
    json_t *errors = json_object_get(subject, "errors");
    char detail[1024];

    if (!answer || error || !subject) {
        snprintf(detail, sizeof(detail), "Platform '%.128s': %.768s", task->platform,
                 answer ? trawl_json_string(error, "message", "the plugin said nothing")
                        : err->message);
        override_refuse(override, detail, NULL);
    } else if (json_array_size(errors) > 0) {
        override_refuse_errors(override, errors);
    } else {
        json_object_set(task->job, "options", json_object_get(subject, "options"));
        task->overridden = true;
        override->done(override->user, NULL);
    }
    free(override);
}

/* Written options with the run's own merged into them: objects member by member, all else replaced. */
static json_t *override_merge(const struct trawl_task *task, const json_t *overrides)
{
    const struct trawl_supervisor_options *options = task->run->supervisor->options;
    json_t *written = json_object_get(options->written, task->platform);
    json_t *merged = written ? json_deep_copy(written) : json_object();

    json_object_update_recursive(merged, (json_t *)overrides);
    return merged;
}

void trawl__job_override(struct trawl_task *task, const json_t *overrides, trawl_job_done *done,
                         void *user)
{
    struct trawl_supervisor *supervisor = task->run->supervisor;
    struct override *override = TRAWL_NEW(struct override);
    json_auto_t *ask = NULL;
    char path[192];
    int r;

    *override = (struct override){.task = task, .done = done, .user = user};
    snprintf(path, sizeof(path), "options.%.160s", task->platform);
    ask = json_pack("{s:s, s:[{s:s, s:o}]}", "file",
                    trawl_json_string(json_object_get(task->job, "plugin"), "file", ""), "subjects",
                    "path", path, "options", override_merge(task, overrides));
    r = supervisor->options->inspect(&supervisor->loop, ask, override_on_inspected, override);
    if (r < 0) {
        snprintf(path, sizeof(path), "The options could not be inspected: %s", strerror(-r));
        override_refuse(override, path, NULL);
        free(override);
    }
}
