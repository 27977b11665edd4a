/* Finding, checking and loading a .so. Only workers, gateways and inspectors do so. */
#ifndef TRAWL_PLUGIN_LOADER_H
#define TRAWL_PLUGIN_LOADER_H

#include <stdbool.h>

#include "trawl/err.h"
#include "trawl/plugin.h"
#include "trawl/transport.h"

struct trawl_loaded {
    void *handle;
    struct trawl_plugin
        plugin; /* what this build does not know of cut off, what the plugin's does not know zero */
    struct trawl_option *options; /* likewise; `plugin.options` points here */
};

/* The folders that plugins are looked for in, in order: `extra` (NULL-terminated, may be NULL), $TRAWL_PLUGIN_PATH
 * (colon-separated), plugins/ beside the executable, PREFIX/lib/trawl/plugins. NULL-terminated; free with
 * trawl_plugin_paths_free(). */
char **trawl_plugin_paths(char *const *extra);
void trawl_plugin_paths_free(char **paths);

/* `name` is a plugin's name ("html" is html.so in one of the folders) or a path (holds a '/'). *ret_file is the
 * caller's. -ENOENT with the nearest name that is there. */
int trawl_plugin_find(const char *name, char *const *paths, char **ret_file, struct trawl_err *err);

/* Every .so in the folders, the first of each file name: NULL-terminated list of files, as above. */
char **trawl_plugin_list(char *const *paths);

/* dlopen(RTLD_NOW | RTLD_LOCAL), find the symbol, check the numbers. A refusal names what was found and what was
 * wanted. A plugin is never unloaded: its process ends. */
int trawl_plugin_load(const char *file, struct trawl_loaded **ret_loaded, struct trawl_err *err);

/* "websocket", "stream", "poll" */
const char *trawl_endpoint_kind_name(enum trawl_endpoint_kind kind);

/* True for a transport that pushes events. */
bool trawl_plugin_pushes(const struct trawl_plugin *plugin);

#endif
