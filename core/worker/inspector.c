/* The inspector process: `trawl --role=inspector`. It loads one plugin, makes a scraper or transport of it for each
 * subject, and says what it saw. What goes wrong here goes wrong nowhere else. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/options.h"
#include "extract/plan.h"
#include "ipc/child.h"
#include "plugin/inspect.h"
#include "plugin/inspect_priv.h"
#include "plugin/loader.h"
#include "trawl/scraper.h"
#include "trawl/transport.h"
#include "util/alloc.h"
#include "util/json.h"
#include "util/log.h"
#include "worker/check_host.h"
#include "worker/worker.h"

/* Where the answer goes: not descriptor 1, on which a plugin may print what it likes. */
static int answer_fd = -1;

static int say(const char *text, size_t len)
{
    while (len > 0) {
        ssize_t written = write(answer_fd, text, len);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -errno;
        text += written;
        len -= (size_t)written;
    }
    return 0;
}

/* Told before it is done, so that the asker knows what a crash came of. */
static void say_progress(const char *step, const char *path)
{
    TRAWL_AUTO_FREE char *line = trawl_xasprintf("%c%s%s%s\n", TRAWL_INSPECT_PROGRESS, step,
                                                 path ? " " : "", path ? path : "");

    say(line, strlen(line));
}

/* What a plugin says may be no UTF-8, and a sentence of ours may quote it. */
static json_t *error_json(const struct trawl_err *err)
{
    json_t *where = json_string(err->where);
    json_t *message = json_string(err->message);

    return json_pack("{s:o, s:o}", "where", where ? where : json_string(""), "message",
                     message ? message : json_string("the plugin's own words are not UTF-8"));
}

/* A plugin knows its own options' names, not where they stand in the configuration. */
static void add_plugin_error(json_t *errors, const char *path, const char *name,
                             const struct trawl_err *err)
{
    TRAWL_AUTO_FREE char *where =
        strncmp(err->where, path, strlen(path)) == 0
            ? trawl_xstrdup(err->where)
            : trawl_xasprintf("%s%s%s", path, err->where[0] && *path ? "." : "", err->where);
    struct trawl_err placed = {0};

    if (err->message[0])
        trawl_err_set(&placed, 0, where, "%s", err->message);
    else
        trawl_err_set(&placed, 0, where, "the plugin '%s' refuses these options", name);
    json_array_append_new(errors, error_json(&placed));
}

/* --- subjects ------------------------------------------------------------------------------------ */

static int create_and_destroy(const struct trawl_plugin *plugin, const char *path, json_t *options,
                              struct trawl_err *err)
{
    void *made = NULL;
    int r;

    say_progress(TRAWL_INSPECT_CREATE, path);
    if (plugin->scraper)
        r = plugin->scraper->create(trawl__check_scraper_host(), trawl__check_job(), options, &made,
                                    err);
    else
        r = plugin->transport->create(trawl__check_transport_host(), trawl__check_hub(), options,
                                      &made, err);
    if (r < 0)
        return r;
    say_progress(TRAWL_INSPECT_DESTROY, path);
    if (plugin->scraper)
        plugin->scraper->destroy(made);
    else
        plugin->transport->destroy(made);
    return 0;
}

static json_t *inspect_subject(const struct trawl_plugin *plugin, const json_t *subject)
{
    const char *path = trawl_json_string(subject, "path", "");
    struct trawl_errlist mistakes = {0};
    struct trawl_err err = {0};
    json_t *errors = json_array();
    json_t *options;

    say_progress(TRAWL_INSPECT_OPTIONS, path);
    options = trawl_options_resolve(plugin->options, json_object_get(subject, "options"), path,
                                    &mistakes);
    for (size_t i = 0; i < mistakes.count; i++)
        json_array_append_new(errors, error_json(&mistakes.errs[i]));
    /* The plugin has its say too unless what it would get is not whole. It gets a copy: it may change what it is given. */
    if (mistakes.count + mistakes.dropped == mistakes.passed_over) {
        json_auto_t *copy = json_deep_copy(options);

        if (create_and_destroy(plugin, path, copy, &err) < 0)
            add_plugin_error(errors, path, plugin->name, &err);
    }
    trawl_errlist_finish(&mistakes);
    return json_pack("{s:o, s:o}", "options", options ? options : json_object(), "errors", errors);
}

/* --- the plugin ---------------------------------------------------------------------------------- */

static json_t *endpoints_json(const struct trawl_transport_ops *ops)
{
    json_t *endpoints = json_array();

    for (const struct trawl_endpoint *endpoint = ops ? ops->endpoints : NULL;
         endpoint && endpoint->kind != TRAWL_ENDPOINT_END; endpoint++)
        json_array_append_new(endpoints, json_pack("{s:s, s:s}", "kind",
                                                   trawl_endpoint_kind_name(endpoint->kind), "path",
                                                   endpoint->path));
    return endpoints;
}

static json_t *plugin_json(const char *file, const struct trawl_plugin *plugin)
{
    char abi[32];

    snprintf(abi, sizeof(abi), "%u.%u", plugin->abi_major, plugin->abi_minor);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:o, s:o}", "name", plugin->name,
                     "version", plugin->version, "summary", plugin->summary ? plugin->summary : "",
                     "kind", plugin->scraper ? "scraper" : "transport", "file", file, "abi", abi,
                     "pushes", (int)trawl_plugin_pushes(plugin), "options",
                     trawl_options_to_json(plugin->options), "endpoints",
                     endpoints_json(plugin->transport));
}

static json_t *answer_to(const json_t *ask)
{
    const char *file = trawl_json_string(ask, "file", "");
    struct trawl_loaded *loaded;
    struct trawl_err err = {0};
    json_t *subjects;
    json_t *plugin;
    json_t *subject;
    size_t i;

    say_progress(TRAWL_INSPECT_LOAD, NULL);
    if (trawl_plugin_load(file, &loaded, &err) < 0)
        return json_pack("{s:o}", "error", error_json(&err));
    plugin = plugin_json(file, &loaded->plugin);
    if (!plugin) {
        trawl_err_set(&err, -EINVAL, file, "its name, version or summary is not UTF-8");
        return json_pack("{s:o}", "error", error_json(&err));
    }
    subjects = json_array();
    json_array_foreach (json_object_get(ask, "subjects"), i, subject)
        json_array_append_new(subjects, inspect_subject(&loaded->plugin, subject));
    return json_pack("{s:o, s:o}", "plugin", plugin, "subjects", subjects);
}

/* --- the process --------------------------------------------------------------------------------- */

static int read_ask(json_t **ret_ask)
{
    struct trawl_err err = {0};
    struct trawl_buf text;
    char piece[4096];
    ssize_t got;
    int r = 0;

    trawl_buf_init(&text, TRAWL_INSPECT_MAX);
    while (r == 0 && (got = read(STDIN_FILENO, piece, sizeof(piece))) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        r = got < 0 ? -errno : trawl_buf_append(&text, piece, (size_t)got);
    }
    if (r == 0)
        r = trawl_json_parse(trawl_buf_text(&text), text.len, ret_ask, &err);
    trawl_buf_finish(&text);
    return r;
}

/* The answer's descriptor is put away; stdout becomes stderr and stdin empty for all that plugins do. */
static int arrange_descriptors(void)
{
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);

    answer_fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10);
    if (answer_fd < 0 || nothing < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0 ||
        dup2(nothing, STDIN_FILENO) < 0)
        return -errno;
    close(nothing);
    return 0;
}

static void apply_log_level(void)
{
    enum trawl_log_level level;
    const char *name = getenv("TRAWL_LOG_LEVEL");

    if (name && trawl_log_level_parse(name, &level) == 0)
        trawl_log_set_level(level);
}

int trawl_inspector_main(void)
{
    TRAWL_AUTO_FREE char *text = NULL;
    json_t *ask = NULL;
    json_t *answer;
    int r;

    if (trawl_child_begin("trawl-inspector") < 0)
        return 1;
    apply_log_level();
    r = read_ask(&ask);
    if (r == 0)
        r = arrange_descriptors();
    if (r < 0) {
        fprintf(stderr, "trawl: the inspector was asked nothing: %s\n", strerror(-r));
        return 1;
    }
    trawl_extract_init();
    answer = answer_to(ask);
    text = trawl_json_text(answer, TRAWL_JSON_COMPACT);
    r = say(text, strlen(text));
    json_decref(answer);
    json_decref(ask);
    fflush(stdout);
    /* At once: what a plugin has left behind (threads, destructors) must not hold the answer up. */
    _exit(r < 0 ? 1 : 0);
}
