/* Where the configuration file is. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "util/alloc.h"
#include "util/buf.h"
#include "util/fs.h"

#define TRIED_MAX 1024

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

/* Whoever names a file means that one. */
static int find_named(const char *path, const char *by, char **ret_path, struct trawl_err *err)
{
    if (!exists(path))
        return trawl_err_set(err, -ENOENT, path,
                             "there is no such configuration file (named by %s)", by);
    *ret_path = trawl_xstrdup(path);
    return 0;
}

/* The user's own configuration file, NULL without a home. */
static char *user_file(void)
{
    const char *base = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");

    if (base && *base)
        return trawl_fs_join(base, "trawl/trawl.json");
    return home && *home ? trawl_fs_join(home, ".config/trawl/trawl.json") : NULL;
}

int trawl_config_find(const char *given, char **ret_path, struct trawl_err *err)
{
    const char *named = getenv("TRAWL_CONFIG");
    TRAWL_AUTO_FREE char *user = NULL;
    struct trawl_buf tried;

    if (given)
        return find_named(given, "--config", ret_path, err);
    if (named && *named)
        return find_named(named, "$TRAWL_CONFIG", ret_path, err);

    user = user_file();
    const char *const places[] = {"config/trawl.json", user, "/etc/trawl/trawl.json"};

    trawl_buf_init(&tried, TRIED_MAX);
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(places); i++) {
        if (!places[i])
            continue;
        if (exists(places[i])) {
            *ret_path = trawl_xstrdup(places[i]);
            trawl_buf_finish(&tried);
            return 0;
        }
        (void)trawl_buf_printf(&tried, "%s%s", tried.len > 0 ? ", " : "", places[i]);
    }
    trawl_err_set(err, 0, "", "no configuration file: looked for %s; --config names another",
                  trawl_buf_text(&tried));
    trawl_buf_finish(&tried);
    return -ENOENT;
}
