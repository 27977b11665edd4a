/* Inspecting all that a configuration uses: one inspector process for each plugin file, all at the same time. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/inspect.h"
#include "plugin/loader.h"
#include "util/alloc.h"
#include "util/fs.h"
#include "util/json.h"
#include "util/suggest.h"

/* More options than any plugin has; a suggestion looks no further. */
#define NAMES_MAX 128

/* One entry of "platforms" or "transports" that uses a plugin. */
struct use {
    struct use *next; /* of the same file */
    json_t *entry;    /* borrowed from the configuration */
    char *path;       /* "platforms.books" */
    const char *name; /* "books" */
    bool is_platform;
    bool required;
};

/* One plugin file and who uses it. */
struct group {
    struct group *next;
    struct work *work;
    char *file;
    struct use *uses;
};

struct work {
    uv_loop_t loop;
    struct trawl_config *config;
    char **paths;
    struct group *groups;
    json_t *plugins;
    json_t *broken;
    struct trawl_errlist *errs;
};

static void use_free(struct use *use)
{
    free(use->path);
    free(use);
}

static void group_free(struct group *group)
{
    while (group->uses) {
        struct use *use = group->uses;

        group->uses = use->next;
        use_free(use);
    }
    free(group->file);
    free(group);
}

/* A platform without its plugin is a mistake; a transport that is not required is merely left out. */
static void use_fails(struct work *work, const struct use *use, const char *where,
                      const char *message)
{
    json_t *known;
    size_t i;

    if (use->is_platform || use->required) {
        trawl_errlist_add(work->errs, where, "%s", message);
        return;
    }
    /* One entry for each, with the first of its reasons. */
    json_array_foreach (work->broken, i, known) {
        if (strcmp(trawl_json_string(known, "name", ""), use->name) == 0)
            return;
    }
    json_array_append_new(work->broken, json_pack("{s:s, s:o}", "name", use->name, "reason",
                                                  json_sprintf("%s: %s", where, message)));
}

static void use_fails_at(struct work *work, const struct use *use, const char *key,
                         const char *message)
{
    TRAWL_AUTO_FREE char *where = trawl_xasprintf("%s.%s", use->path, key);

    use_fails(work, use, where, message);
}

/* --- who uses what ------------------------------------------------------------------------------- */

static struct group *group_of(struct work *work, const char *file)
{
    struct group **end = &work->groups;
    struct group *group;

    for (; *end; end = &(*end)->next) {
        if (strcmp((*end)->file, file) == 0)
            return *end;
    }
    group = TRAWL_NEW(struct group);
    group->work = work;
    group->file = trawl_xstrdup(file);
    *end = group;
    return group;
}

static void group_add(struct group *group, struct use *use)
{
    struct use **end = &group->uses;

    while (*end)
        end = &(*end)->next;
    use->next = NULL;
    *end = use;
}

/* A path starts from the configuration's folder. */
static int find_file(struct work *work, const char *plugin, char **ret_file, struct trawl_err *err)
{
    TRAWL_AUTO_FREE char *path = NULL;

    if (strchr(plugin, '/') && work->config->folder)
        path = trawl_fs_join(work->config->folder, plugin);
    return trawl_plugin_find(path ? path : plugin, work->paths, ret_file, err);
}

static void add_use(struct work *work, const char *section, const char *name, json_t *entry)
{
    bool is_platform = strcmp(section, "platforms") == 0;
    const char *plugin = trawl_json_string(entry, "plugin", is_platform ? NULL : name);
    TRAWL_AUTO_FREE char *file = NULL;
    struct trawl_err err = {0};
    struct use *use;

    /* What is no object, or names no plugin, was complained of when the configuration was read. */
    if (!json_is_object(entry) || !plugin)
        return;
    use = TRAWL_NEW(struct use);
    use->entry = entry;
    use->path = trawl_xasprintf("%s.%s", section, name);
    use->name = name;
    use->is_platform = is_platform;
    use->required = trawl_json_bool(entry, "required", false);
    if (find_file(work, plugin, &file, &err) < 0) {
        use_fails_at(work, use, "plugin", err.message);
        use_free(use);
        return;
    }
    group_add(group_of(work, file), use);
}

/* A transport that a chain names needs no entry of its own; the rest of the program finds one all the same. */
static void add_named_transports(json_t *root)
{
    json_t *transports = json_object_get(root, "transports");
    const char *chain_name;
    json_t *chain;

    if (!transports) {
        transports = json_object();
        json_object_set_new(root, "transports", transports);
    }
    json_object_foreach (json_object_get(root, "chains"), chain_name, chain) {
        json_t *name;
        size_t i;

        json_array_foreach (json_object_get(chain, "order"), i, name) {
            if (json_is_string(name) && !json_object_get(transports, json_string_value(name)))
                json_object_set_new(
                    transports, json_string_value(name),
                    json_pack("{s:O, s:{}, s:b}", "plugin", name, "options", "required", 0));
        }
    }
}

static void find_uses(struct work *work)
{
    static const char *const sections[] = {"platforms", "transports"};
    json_t *root = work->config->root;

    add_named_transports(root);
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(sections); i++) {
        const char *name;
        json_t *entry;

        json_object_foreach (json_object_get(root, sections[i]), name, entry)
            add_use(work, sections[i], name, entry);
    }
}

char **trawl_inspect_paths(const struct trawl_config *config)
{
    const json_t *root = config ? config->root : NULL;
    const json_t *written = json_object_get(json_object_get(root, "plugins"), "paths");
    char **extra = trawl_xalloc((json_array_size(written) + 1) * sizeof(*extra));
    size_t count = 0;
    const char *folder = config && config->folder ? config->folder : ".";
    json_t *path;
    char **paths;
    size_t i;

    json_array_foreach (written, i, path) {
        if (json_is_string(path))
            extra[count++] = trawl_fs_join(folder, json_string_value(path));
    }
    paths = trawl_plugin_paths(extra);
    trawl_plugin_paths_free(extra);
    return paths;
}

/* --- what the inspector says --------------------------------------------------------------------- */

/* The name of each option, borrowed; their count. */
static size_t option_names(const json_t *table, const char *names[NAMES_MAX])
{
    size_t count = 0;
    json_t *option;
    size_t i;

    json_array_foreach (table, i, option) {
        const char *name = trawl_json_string(option, "name", NULL);

        if (name && count < NAMES_MAX)
            names[count++] = name;
    }
    return count;
}

static void check_overridable(struct work *work, const struct use *use, const json_t *plugin)
{
    const char *names[NAMES_MAX];
    size_t count = option_names(json_object_get(plugin, "options"), names);
    json_t *value;
    size_t i;

    json_array_foreach (json_object_get(use->entry, "overridable"), i, value) {
        const char *name = json_string_value(value);
        bool known = !name; /* complained of already */
        const char *nearest;

        for (size_t n = 0; n < count && !known; n++)
            known = strcmp(names[n], name) == 0;
        if (known)
            continue;
        nearest = trawl_suggest(name, names, count);
        trawl_errlist_add(work->errs, use->path,
                          "overridable names '%s', but plugin '%s' has no such "
                          "option%s%s%s",
                          name, trawl_json_string(plugin, "name", ""),
                          nearest ? "; did you mean '" : "", nearest ? nearest : "",
                          nearest ? "'?" : "");
    }
}

/* The plugin is of the kind that this place wants. */
static bool check_kind(struct work *work, const struct use *use, const json_t *plugin)
{
    const char *found = trawl_json_string(plugin, "kind", "");
    const char *wanted = use->is_platform ? "scraper" : "transport";
    TRAWL_AUTO_FREE char *message = NULL;

    if (strcmp(found, wanted) == 0)
        return true;
    message = trawl_xasprintf("plugin '%s' is a %s; a %s is wanted here",
                              trawl_json_string(plugin, "name", ""), found, wanted);
    use_fails_at(work, use, "plugin", message);
    return false;
}

static void take_subject(struct work *work, const struct use *use, const char *file,
                         const json_t *plugin, const json_t *subject)
{
    const json_t *errors = json_object_get(subject, "errors");
    json_t *options = json_object_get(subject, "options");
    json_t *error;
    size_t i;

    if (!check_kind(work, use, plugin))
        return;
    json_array_foreach (errors, i, error)
        use_fails(work, use, trawl_json_string(error, "where", use->path),
                  trawl_json_string(error, "message", "is refused by the plugin"));
    if (use->is_platform)
        check_overridable(work, use, plugin);
    if (json_array_size(errors) > 0)
        return;
    if (json_is_object(options))
        json_object_set(use->entry, "options", options);
    json_object_set_new(use->entry, "plugin_file", json_string(file));
}

/* Sorted, as they answer in any order. */
static void add_plugin(struct work *work, json_t *plugin)
{
    const char *name = trawl_json_string(plugin, "name", "");
    const json_t *file = json_object_get(plugin, "file");
    size_t place = 0;
    json_t *known;
    size_t i;

    json_array_foreach (work->plugins, i, known) {
        if (json_equal(json_object_get(known, "file"), file))
            return;
        if (strcmp(trawl_json_string(known, "name", ""), name) <= 0)
            place = i + 1;
    }
    json_array_insert(work->plugins, place, plugin);
}

static void take_answer(struct group *group, const json_t *answer)
{
    json_t *plugin = json_object_get(answer, "plugin");
    const json_t *subjects = json_object_get(answer, "subjects");
    const json_t *error = json_object_get(answer, "error");
    size_t i = 0;

    if (error || !json_is_object(plugin)) {
        TRAWL_AUTO_FREE char *message =
            trawl_xasprintf("the plugin '%s' %s", group->file,
                            trawl_json_string(error, "message", "gives no answer"));

        for (struct use *use = group->uses; use; use = use->next)
            use_fails_at(group->work, use, "plugin", message);
        return;
    }
    add_plugin(group->work, plugin);
    for (struct use *use = group->uses; use; use = use->next)
        take_subject(group->work, use, group->file, plugin, json_array_get(subjects, i++));
}

/* --- asking -------------------------------------------------------------------------------------- */

static void group_ask(struct group *group);

/* Which of several subjects brought the process down is seen by asking about each alone. */
static void group_ask_each(struct group *group)
{
    while (group->uses) {
        struct group *alone = TRAWL_NEW(struct group);
        struct use *use = group->uses;

        group->uses = use->next;
        alone->work = group->work;
        alone->file = trawl_xstrdup(group->file);
        group_add(alone, use);
        group_ask(alone);
    }
}

static void group_on_answer(void *user, const json_t *answer, const struct trawl_err *err)
{
    struct group *group = user;

    if (answer)
        take_answer(group, answer);
    else if (group->uses->next)
        group_ask_each(group);
    else
        use_fails_at(group->work, group->uses, "plugin", err->message);
    group_free(group);
}

static json_t *group_question(const struct group *group)
{
    json_t *subjects = json_array();

    for (const struct use *use = group->uses; use; use = use->next) {
        json_t *options = json_object_get(use->entry, "options");

        json_array_append_new(subjects,
                              json_pack("{s:o, s:o}", "path", json_sprintf("%s.options", use->path),
                                        "options", options ? json_incref(options) : json_object()));
    }
    return json_pack("{s:s, s:o}", "file", group->file, "subjects", subjects);
}

/* Takes the group over. */
static void group_ask(struct group *group)
{
    json_auto_t *question = group_question(group);
    TRAWL_AUTO_FREE char *message = NULL;
    int r;

    r = trawl_inspect_async(&group->work->loop, question, group_on_answer, group);
    if (r == 0)
        return;
    message = trawl_xasprintf("the inspector process cannot be started: %s", uv_strerror(r));
    for (struct use *use = group->uses; use; use = use->next)
        use_fails_at(group->work, use, "plugin", message);
    group_free(group);
}

/* --- chains -------------------------------------------------------------------------------------- */

/* What the inspector said of the plugin of a file, or NULL. */
static const json_t *plugin_of(const struct work *work, const json_t *file)
{
    json_t *plugin;
    size_t i;

    json_array_foreach (work->plugins, i, plugin) {
        if (json_equal(json_object_get(plugin, "file"), file))
            return plugin;
    }
    return NULL;
}

static void check_link(struct work *work, const char *chain, size_t place, const char *name)
{
    const json_t *transports = json_object_get(work->config->root, "transports");
    const json_t *entry = json_object_get(transports, name);
    const json_t *plugin = plugin_of(work, json_object_get(entry, "plugin_file"));
    bool is_live = strcmp(chain, "live") == 0;
    char where[128];

    if (!plugin || trawl_json_bool(plugin, "pushes", false) != is_live)
        return;
    snprintf(where, sizeof(where), "chains.%.64s.order[%zu]", chain, place);
    trawl_errlist_add(work->errs, where,
                      is_live ? "'%.64s' pushes events: other chains than \"live\" can name it"
                              : "'%.64s' serves those who watch: only \"live\" can name it",
                      name);
}

static void check_chains(struct work *work)
{
    const char *name;
    json_t *chain;

    json_object_foreach (json_object_get(work->config->root, "chains"), name, chain) {
        json_t *transport;
        size_t i;

        json_array_foreach (json_object_get(chain, "order"), i, transport)
            check_link(work, name, i, json_string_value(transport));
    }
}

int trawl_inspect_config(struct trawl_config *config, json_t **ret_plugins, json_t *broken,
                         struct trawl_errlist *errs)
{
    struct work work = {.config = config, .broken = broken, .errs = errs};
    size_t before = errs->count + errs->dropped;
    int r;

    r = uv_loop_init(&work.loop);
    if (r < 0) {
        trawl_errlist_add(errs, "", "no event loop: %s", uv_strerror(r));
        return r;
    }
    work.plugins = json_array();
    work.paths = trawl_inspect_paths(config);
    find_uses(&work);
    while (work.groups) {
        struct group *group = work.groups;

        work.groups = group->next;
        group_ask(group);
    }
    uv_run(&work.loop, UV_RUN_DEFAULT);
    check_chains(&work);
    uv_loop_close(&work.loop);
    trawl_plugin_paths_free(work.paths);
    if (errs->count + errs->dropped > before) {
        json_decref(work.plugins);
        return -EINVAL;
    }
    *ret_plugins = work.plugins;
    return 0;
}
