#include "config/config.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "config/config_priv.h"
#include "config/options.h"
#include "util/alloc.h"
#include "util/fs.h"
#include "util/json.h"
#include "util/suggest.h"

#define NAME_LEN_MAX   64
#define TRANSPORTS_MAX 256

/* Names appear in URLs, in logs and in the store. */
static bool name_is_good(const char *name)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    size_t len = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    return len > 0 && len <= NAME_LEN_MAX && !name[len] && strchr(letters, name[0]);
}

static void check_names(const json_t *root, const char *section, struct trawl_errlist *errs)
{
    const char *name;
    json_t *value;

    json_object_foreach (json_object_get(root, section), name, value) {
        TRAWL_AUTO_FREE char *where = trawl_xasprintf("%s.%s", section, name);

        if (!name_is_good(name))
            trawl_errlist_add(errs, where,
                              "expected a name of 1 to %d letters, digits, '.', '_' and '-' that "
                              "begins with a letter or digit",
                              NAME_LEN_MAX);
    }
}

/* A platform's fetch options are the top level's, with what the platform names put over them. Headers are put
 * together one by one. */
static void merge_fetch(json_t *platform, const json_t *defaults)
{
    json_t *merged = json_deep_copy(defaults);
    json_t *own = json_object_get(platform, "fetch");
    json_t *headers = json_object_get(own, "headers");

    json_object_update(json_object_get(merged, "headers"), headers);
    json_object_del(own, "headers");
    json_object_update(merged, own);
    json_object_set_new(platform, "fetch", merged);
}

static bool is_shipped_transport(const char *name)
{
    for (const char *const *known = trawl__config_transports; *known; known++) {
        if (strcmp(*known, name) == 0)
            return true;
    }
    return false;
}

static void complain_transport(const json_t *transports, const char *where, const char *name,
                               struct trawl_errlist *errs)
{
    const char *names[TRANSPORTS_MAX];
    const char *nearest;
    size_t count = 0;
    const char *known;
    json_t *value;

    for (; trawl__config_transports[count]; count++)
        names[count] = trawl__config_transports[count];
    json_object_foreach ((json_t *)transports, known, value) {
        if (count < TRANSPORTS_MAX)
            names[count++] = known;
    }
    nearest = trawl_suggest(name, names, count);
    trawl_errlist_add(errs, where, "there is no transport '%.64s'%s%s%s", name,
                      nearest ? "; did you mean '" : "", nearest ? nearest : "",
                      nearest ? "'?" : "; \"transports\" lists them");
}

/* Those that every build has need no section of their own; they serve, so only `live` can name them. */
static void check_transport(json_t *transports, const char *where, const char *name, bool is_live,
                            struct trawl_errlist *errs)
{
    if (json_object_get(transports, name) && (is_live || !is_shipped_transport(name)))
        return;
    if (!is_shipped_transport(name))
        complain_transport(transports, where, name, errs);
    else if (is_live)
        json_object_set_new(transports, name, json_pack("{s:{}, s:b}", "options", "required", 0));
    else
        trawl_errlist_add(errs, where, "'%.64s' serves those who watch: only \"live\" can name it",
                          name);
}

static void check_order(json_t *transports, const char *chain, const json_t *order,
                        struct trawl_errlist *errs)
{
    bool is_live = strcmp(chain, "live") == 0;
    char where[128];
    json_t *value;
    size_t i;

    snprintf(where, sizeof(where), "chains.%.64s.order", chain);
    if (json_is_array(order) && json_array_size(order) == 0)
        trawl_errlist_add(errs, where, "expected at least one transport");
    json_array_foreach ((json_t *)(uintptr_t)order, i, value) {
        const char *name = json_string_value(value);

        snprintf(where, sizeof(where), "chains.%.64s.order[%zu]", chain, i);
        for (size_t k = 0; k < i; k++) {
            if (json_equal(json_array_get(order, k), value))
                trawl_errlist_add(errs, where, "'%.64s' stands there twice", name);
        }
        check_transport(transports, where, name, is_live, errs);
    }
}

/* What only makes sense where events are pushed. */
static void check_live(const json_t *live, struct trawl_errlist *errs)
{
    static const char *const names[] = {"events", "platforms"};

    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(names); i++) {
        char where[32];

        snprintf(where, sizeof(where), "chains.live.%s", names[i]);
        if (json_array_size(json_object_get(live, names[i])) > 0)
            trawl_errlist_add(
                errs, where,
                "those who watch choose for themselves; only chains that push have it");
    }
}

static void check_chains(json_t *root, struct trawl_errlist *errs)
{
    json_t *transports = json_object_get(root, "transports");
    json_t *chains = json_object_get(root, "chains");
    const char *name;
    json_t *chain;

    check_live(json_object_get(chains, "live"), errs);
    json_object_foreach (chains, name, chain) {
        if (transports)
            check_order(transports, name, json_object_get(chain, "order"), errs);
    }
}

/* Those who watch are always served. New reference. */
static json_t *with_live(const json_t *written)
{
    json_t *root = json_copy((json_t *)(uintptr_t)written);
    json_t *chains = json_object_get(root, "chains");
    json_t *copy;

    if (!json_is_object(root) || (chains && !json_is_object(chains)) ||
        json_object_get(chains, "live"))
        return root;
    copy = chains ? json_copy(chains) : json_object();
    json_object_set_new(copy, "live",
                        json_pack("{s:[s, s, s]}", "order", "websocket", "sse", "poll"));
    json_object_set_new(root, "chains", copy);
    return root;
}

/* As browsers write it: scheme://host or scheme://host:port. Anything else would never match; "*" and "null" would let in
 * pages that nobody named. */
static bool origin_is_good(const char *origin)
{
    size_t scheme =
        strspn(origin, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+.-");
    const char *host = origin + scheme + 3;

    return scheme > 0 && strncmp(origin + scheme, "://", 3) == 0 && *host &&
           strcspn(host, "/?#@*\\ \t\r\n") == strlen(host);
}

static void check_origins(const json_t *root, struct trawl_errlist *errs)
{
    const json_t *origins = json_object_get(json_object_get(root, "server"), "origins");
    json_t *value;
    char where[64];
    size_t i;

    json_array_foreach (origins, i, value) {
        if (!json_is_string(value) || origin_is_good(json_string_value(value)))
            continue;
        snprintf(where, sizeof(where), "server.origins[%zu]", i);
        trawl_errlist_add(errs, where,
                          "expected an origin as browsers send it, such as https://example.org or "
                          "http://127.0.0.1:3000, with nothing behind it");
    }
}

static void name_plugins(json_t *transports)
{
    const char *name;
    json_t *transport;

    json_object_foreach (transports, name, transport) {
        if (!json_object_get(transport, "plugin"))
            json_object_set_new(transport, "plugin", json_string(name));
    }
}

/* Let the path at `name` of `object`, if there is one, start from `folder`. */
static void make_absolute(json_t *object, const char *name, const char *folder)
{
    const char *path = trawl_json_string(object, name, NULL);
    TRAWL_AUTO_FREE char *joined = path ? trawl_fs_join(folder, path) : NULL;

    if (joined)
        json_object_set_new(object, name, json_string(joined));
}

static void make_plugins_absolute(json_t *section, const char *folder)
{
    const char *name;
    json_t *entry;

    json_object_foreach (section, name, entry) {
        if (strchr(trawl_json_string(entry, "plugin", ""), '/')) /* else it is a name */
            make_absolute(entry, "plugin", folder);
    }
}

/* Paths start from the folder of the file that they are written in. */
static void make_paths_absolute(json_t *root, const char *folder)
{
    json_t *paths = json_object_get(json_object_get(root, "plugins"), "paths");
    json_t *path;
    size_t i;

    make_absolute(root, "data", folder);
    make_absolute(json_object_get(root, "server"), "web", folder);
    json_array_foreach (paths, i, path) {
        TRAWL_AUTO_FREE char *joined = trawl_fs_join(folder, json_string_value(path));

        json_array_set_new(paths, i, json_string(joined));
    }
    make_plugins_absolute(json_object_get(root, "platforms"), folder);
    make_plugins_absolute(json_object_get(root, "transports"), folder);
}

/* Platforms that do not say their plugin: that was told, and nothing more can be said of them. */
static void drop_pluginless(json_t *platforms)
{
    const char *name;
    json_t *platform;
    void *next;

    json_object_foreach_safe (platforms, next, name, platform) {
        if (!json_object_get(platform, "plugin"))
            json_object_del(platforms, name);
    }
}

/* The folder as an absolute path, so that it means the same to every process. */
static char *absolute_folder(const char *folder)
{
    char *real = realpath(*folder ? folder : ".", NULL);

    return real ? real : trawl_xstrdup(folder);
}

/* A configuration of what makes sense in `written`, whatever else is wrong with it. */
static struct trawl_config *resolve(const json_t *written, const char *folder,
                                    struct trawl_errlist *errs)
{
    struct trawl_config *config = TRAWL_NEW(struct trawl_config);
    json_auto_t *whole = with_live(written);
    json_t *root = trawl_options_resolve(trawl_config_table, whole, "", errs);
    json_t *platforms = json_object_get(root, "platforms");
    const char *name;
    json_t *platform;

    check_names(root, "platforms", errs);
    check_names(root, "transports", errs);
    check_names(root, "chains", errs);
    check_chains(root, errs);
    trawl__config_check_filters(root, errs);
    check_origins(root, errs);
    trawl__config_check_schedules(platforms, errs);
    trawl__config_check_fetch(root, errs);
    drop_pluginless(platforms);
    json_object_foreach (platforms, name, platform) {
        merge_fetch(platform, json_object_get(root, "fetch"));
    }
    config->root = root;
    config->folder = absolute_folder(folder);
    name_plugins(json_object_get(root, "transports"));
    make_paths_absolute(root, config->folder);
    return config;
}

int trawl_config_from_json(const json_t *root, const char *folder, struct trawl_config **ret_config,
                           struct trawl_errlist *errs)
{
    size_t before = errs->count + errs->dropped;
    struct trawl_config *config = resolve(root, folder, errs);

    if (errs->count + errs->dropped > before) {
        trawl_config_destroy(config);
        return -EINVAL;
    }
    *ret_config = config;
    return 0;
}

static int read_file(const char *path, json_t **ret_written, struct trawl_errlist *errs)
{
    TRAWL_AUTO_FREE char *text = NULL;
    struct trawl_err err = {0};
    size_t len = 0;
    int r;

    r = trawl_fs_read(path, TRAWL_CONFIG_MAX, &text, &len);
    if (r == -EFBIG)
        trawl_errlist_add(errs, path, "is larger than %u MiB", TRAWL_CONFIG_MAX >> 20);
    else if (r < 0)
        trawl_errlist_add(errs, path, "cannot be read: %s", strerror(-r));
    if (r < 0)
        return r;
    r = trawl_json_parse(text, len, ret_written, &err);
    if (r < 0) {
        TRAWL_AUTO_FREE char *where = trawl_xasprintf("%s:%s", path, err.where);

        trawl_errlist_add(errs, where, "%s", err.message);
    }
    return r;
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        return trawl_xstrdup(".");
    return trawl_xstrndup(path, slash == path ? 1 : (size_t)(slash - path));
}

static bool is_told(const struct trawl_errlist *errs, const char *where)
{
    for (size_t i = 0; i < errs->count; i++) {
        if (strcmp(errs->errs[i].where, where) == 0)
            return true;
    }
    return false;
}

/* Add the second list to the first, except for places that the first has named: a variable that is not set is no whole
 * number either. */
static void add_untold(struct trawl_errlist *errs, struct trawl_errlist *more)
{
    size_t count = errs->count;

    for (size_t i = 0; i < more->count; i++) {
        struct trawl_errlist told = {.errs = errs->errs, .count = count};

        if (!is_told(&told, more->errs[i].where))
            trawl_errlist_add(errs, more->errs[i].where, "%s", more->errs[i].message);
    }
    errs->dropped += more->dropped;
    trawl_errlist_finish(more);
}

int trawl_config_load_partly(const char *path, struct trawl_config **ret_config,
                             struct trawl_errlist *errs)
{
    TRAWL_AUTO_FREE char *folder = folder_of(path);
    struct trawl_errlist unset = {0};
    struct trawl_errlist invalid = {0};
    struct trawl_config *config;
    json_t *secrets = json_object();
    json_t *written = NULL;
    json_t *expanded;
    bool good;

    if (read_file(path, &written, errs) < 0) {
        json_decref(secrets);
        return -EINVAL;
    }
    expanded = trawl__config_expand(written, secrets, &unset);
    json_decref(written);
    config = resolve(expanded, folder, &invalid);
    json_decref(expanded);
    config->path = trawl_xstrdup(path);
    config->secrets = secrets;
    good = unset.count == 0 && invalid.count == 0;
    add_untold(&unset, &invalid);
    add_untold(errs, &unset);
    *ret_config = config;
    return good ? 0 : -EINVAL;
}

int trawl_config_load(const char *path, struct trawl_config **ret_config,
                      struct trawl_errlist *errs)
{
    struct trawl_config *config = NULL;
    int r = trawl_config_load_partly(path, &config, errs);

    if (r < 0)
        trawl_config_destroy(config);
    else
        *ret_config = config;
    return r;
}

void trawl_config_destroy(struct trawl_config *config)
{
    if (!config)
        return;
    free(config->path);
    free(config->folder);
    json_decref(config->root);
    json_decref(config->secrets);
    free(config);
}

char *trawl_config_data_folder(const struct trawl_config *config)
{
    return trawl_fs_join(config->folder, trawl_json_string(config->root, "data", "data"));
}

json_t *trawl_config_platform(const struct trawl_config *config, const char *name)
{
    return json_object_get(json_object_get(config->root, "platforms"), name);
}
