/* Loading one plugin file, and every reason not to. */
#include "plugin/loader.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "plugin/table.h"
#include "trawl/scraper.h"
#include "trawl/transport.h"
#include "util/alloc.h"

#define PLUGIN_SYMBOL "trawl_plugin"

/* What a plugin of ABI 1.0 has at least, and the numbers in front that say how much there is. */
#define PLUGIN_BYTES_MIN (offsetof(struct trawl_plugin, transport) + sizeof(void *))
#define PLUGIN_HEAD      offsetof(struct trawl_plugin, option_size)

/* What was loaded stays for as long as the process does. */
struct kept {
    struct trawl_loaded loaded;
    struct kept *next;
};
static struct kept *kept;

/* dlerror() begins with the file, which the caller has said already. */
static const char *dlerror_cut(const char *file)
{
    const char *text = dlerror();
    size_t len = strlen(file);

    if (!text)
        return "unknown reason";
    if (strncmp(text, file, len) == 0 && strncmp(text + len, ": ", 2) == 0)
        return text + len + 2;
    return text;
}

static int open_file(const char *file, void **ret_handle, struct trawl_err *err)
{
    TRAWL_AUTO_FREE char *path = realpath(file, NULL);
    struct stat status;
    void *handle;

    if (!path || stat(path, &status) < 0)
        return trawl_err_set(err, -errno, file, "cannot be read: %s", strerror(errno));
    /* To open a FIFO would wait for its writer. */
    if (!S_ISREG(status.st_mode))
        return trawl_err_set(err, -EINVAL, file, "is not a file");
    /* Now or never: a missing function is to be found here, not in the middle of a run. */
    handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        return trawl_err_set(err, -ENOEXEC, file, "cannot be loaded: %s", dlerror_cut(path));
    *ret_handle = handle;
    return 0;
}

/* The symbol as the file's symbol table has it: a variable, and large enough for the numbers in front. */
static const struct trawl_plugin *find_symbol(const char *file, void *handle, struct trawl_err *err)
{
    const void *symbol = dlsym(handle, PLUGIN_SYMBOL);
    const ElfW(Sym) *entry = NULL;
    Dl_info info;

    if (!symbol) {
        trawl_err_set(err, -ENOEXEC, file, "is no plugin: it has no symbol '" PLUGIN_SYMBOL "'");
        return NULL;
    }
    if (dladdr1(symbol, &info, (void **)(uintptr_t)&entry, RTLD_DL_SYMENT) != 0 && entry &&
        ((entry->st_info & 0xf) != STT_OBJECT || entry->st_size < PLUGIN_HEAD)) {
        trawl_err_set(err, -ENOEXEC, file,
                      "is no plugin: its symbol '" PLUGIN_SYMBOL "' is no struct trawl_plugin");
        return NULL;
    }
    return symbol;
}

static int check_numbers(const char *file, const struct trawl_plugin *found, struct trawl_err *err)
{
    if (found->abi_major != TRAWL_ABI_MAJOR)
        return trawl_err_set(
            err, -EPROTO, file,
            "was built for ABI %u.%u, this Trawl has ABI %u.%u: major %u was found, %u is wanted",
            found->abi_major, found->abi_minor, TRAWL_ABI_MAJOR, TRAWL_ABI_MINOR, found->abi_major,
            TRAWL_ABI_MAJOR);
    if (found->abi_minor > TRAWL_ABI_MINOR)
        return trawl_err_set(err, -EPROTO, file,
                             "was built for ABI %u.%u, this Trawl has ABI %u.%u: minor %u was "
                             "found, at most %u is wanted",
                             found->abi_major, found->abi_minor, TRAWL_ABI_MAJOR, TRAWL_ABI_MINOR,
                             found->abi_minor, TRAWL_ABI_MINOR);
    if (found->size < PLUGIN_BYTES_MIN)
        return trawl_err_set(err, -EPROTO, file,
                             "has a struct trawl_plugin of %u bytes, that of ABI %u.0 has %zu",
                             found->size, TRAWL_ABI_MAJOR, PLUGIN_BYTES_MIN);
    return 0;
}

static bool is_name(const char *name)
{
    if (!name || *name < 'a' || *name > 'z')
        return false;
    for (; *name; name++) {
        if (!(*name >= 'a' && *name <= 'z') && !(*name >= '0' && *name <= '9') && *name != '-')
            return false;
    }
    return true;
}

static int missing(const char *file, const char *what, struct trawl_err *err)
{
    return trawl_err_set(err, -EINVAL, file, "its %s is missing", what);
}

static int check_scraper(const char *file, const struct trawl_scraper_ops *ops,
                         struct trawl_err *err)
{
    if (!ops->create)
        return missing(file, "scraper's create()", err);
    if (!ops->start)
        return missing(file, "scraper's start()", err);
    if (!ops->on_response)
        return missing(file, "scraper's on_response()", err);
    if (!ops->destroy)
        return missing(file, "scraper's destroy()", err);
    return 0;
}

/* push() joined the struct of a transport with this minor. */
#define PUSH_ABI_MINOR 3

bool trawl_plugin_pushes(const struct trawl_plugin *plugin)
{
    return plugin->transport && plugin->abi_minor >= PUSH_ABI_MINOR && plugin->transport->push;
}

static int check_endpoint(const char *file, const struct trawl_endpoint *endpoint,
                          const struct trawl_transport_ops *ops, struct trawl_err *err)
{
    if (endpoint->kind != TRAWL_ENDPOINT_WEBSOCKET && endpoint->kind != TRAWL_ENDPOINT_STREAM &&
        endpoint->kind != TRAWL_ENDPOINT_POLL)
        return trawl_err_set(err, -EINVAL, file, "has an endpoint of unknown kind %d",
                             (int)endpoint->kind);
    if (!endpoint->path || endpoint->path[0] != '/')
        return trawl_err_set(err, -EINVAL, file,
                             "has an endpoint whose path does not begin with /");
    if (endpoint->kind == TRAWL_ENDPOINT_WEBSOCKET && !ops->received)
        return missing(file, "transport's received()", err);
    if (endpoint->kind != TRAWL_ENDPOINT_WEBSOCKET && !endpoint->content_type)
        return missing(file, "endpoint's content type", err);
    return 0;
}

static int check_serving(const char *file, const struct trawl_transport_ops *ops,
                         struct trawl_err *err)
{
    int r = 0;

    if (!ops->encode)
        return missing(file, "transport's encode()", err);
    if (!ops->opened)
        return missing(file, "transport's opened()", err);
    if (!ops->endpoints || ops->endpoints[0].kind == TRAWL_ENDPOINT_END)
        return missing(file, "transport's endpoint", err);
    for (const struct trawl_endpoint *endpoint = ops->endpoints;
         r == 0 && endpoint->kind != TRAWL_ENDPOINT_END; endpoint++)
        r = check_endpoint(file, endpoint, ops, err);
    return r;
}

/* One that pushes has no endpoints. */
static int check_transport(const char *file, const struct trawl_plugin *plugin,
                           struct trawl_err *err)
{
    const struct trawl_transport_ops *ops = plugin->transport;

    if (!ops->create)
        return missing(file, "transport's create()", err);
    if (!ops->destroy)
        return missing(file, "transport's destroy()", err);
    if (!trawl_plugin_pushes(plugin))
        return check_serving(file, ops, err);
    if (ops->endpoints)
        return trawl_err_set(err, -EINVAL, file, "both serves and pushes: one of it is wanted");
    return 0;
}

static int check_plugin(const char *file, const struct trawl_plugin *plugin, struct trawl_err *err)
{
    if (!is_name(plugin->name))
        return trawl_err_set(err, -EINVAL, file,
                             "has the name '%.64s': a letter a-z and then letters, digits and "
                             "hyphens are wanted",
                             plugin->name ? plugin->name : "");
    if (!plugin->version || !*plugin->version)
        return missing(file, "version", err);
    if (!plugin->scraper == !plugin->transport)
        return trawl_err_set(err, -EINVAL, file, "is %s a scraper %s a transport",
                             plugin->scraper ? "both" : "neither", plugin->scraper ? "and" : "nor");
    return plugin->scraper ? check_scraper(file, plugin->scraper, err)
                           : check_transport(file, plugin, err);
}

static int copy_options(const char *file, struct trawl_loaded *loaded, struct trawl_err *err)
{
    struct trawl_err inner;
    int r;

    r = trawl__table_copy(loaded->plugin.options, loaded->plugin.option_size, &loaded->options,
                          &inner);
    if (r < 0)
        return trawl_err_set(err, r, file, "%s", inner.message);
    loaded->plugin.options = loaded->options;
    return 0;
}

int trawl_plugin_load(const char *file, struct trawl_loaded **ret_loaded, struct trawl_err *err)
{
    const struct trawl_plugin *found;
    struct trawl_loaded loaded = {0};
    struct kept *keep;
    int r;

    r = open_file(file, &loaded.handle, err);
    if (r < 0)
        return r;
    /* From here on the file stays loaded also when it is refused: to unload it would run more of its code. */
    found = find_symbol(file, loaded.handle, err);
    if (!found)
        return -ENOEXEC;
    r = check_numbers(file, found, err);
    if (r < 0)
        return r;
    memcpy(&loaded.plugin, found,
           found->size < sizeof(loaded.plugin) ? found->size : sizeof(loaded.plugin));
    r = check_plugin(file, &loaded.plugin, err);
    if (r < 0)
        return r;
    r = copy_options(file, &loaded, err);
    if (r < 0)
        return r;
    keep = TRAWL_NEW(struct kept);
    keep->loaded = loaded;
    keep->next = kept;
    kept = keep;
    *ret_loaded = &keep->loaded;
    return 0;
}

const char *trawl_endpoint_kind_name(enum trawl_endpoint_kind kind)
{
    static const char *const names[] = {
        [TRAWL_ENDPOINT_WEBSOCKET] = "websocket",
        [TRAWL_ENDPOINT_STREAM] = "stream",
        [TRAWL_ENDPOINT_POLL] = "poll",
    };

    return (size_t)kind < TRAWL_ARRAY_SIZE(names) && names[kind] ? names[kind] : "unknown";
}
