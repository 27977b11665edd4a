/* Finding plugins: which folders, which files. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "plugin/loader.h"
#include "util/alloc.h"
#include "util/fs.h"
#include "util/suggest.h"

#define PLUGIN_SUFFIX ".so"

/* A growing NULL-terminated list of strings. */
struct list {
    char **items;
    size_t count;
};

static void list_add(struct list *list, char *item)
{
    list->items = trawl_xrealloc(list->items, (list->count + 2) * sizeof(*list->items));
    list->items[list->count++] = item;
    list->items[list->count] = NULL;
}

static char **list_take(struct list *list)
{
    return list->items ? list->items : trawl_xalloc(sizeof(char *));
}

static void add_from_environment(struct list *list)
{
    const char *at = getenv("TRAWL_PLUGIN_PATH");

    while (at && *at) {
        size_t len = strcspn(at, ":");

        if (len > 0)
            list_add(list, trawl_xstrndup(at, len));
        at += len;
        if (*at == ':')
            at++;
    }
}

char **trawl_plugin_paths(char *const *extra)
{
    struct list list = {0};
    char *folder = NULL;

    for (; extra && *extra; extra++)
        list_add(&list, trawl_xstrdup(*extra));
    add_from_environment(&list);
    if (trawl_fs_self_folder(&folder) == 0)
        list_add(&list, trawl_fs_join(folder, "plugins"));
    free(folder);
    list_add(&list, trawl_xstrdup(TRAWL_PLUGIN_FOLDER));
    return list_take(&list);
}

void trawl_plugin_paths_free(char **paths)
{
    if (!paths)
        return;
    for (size_t i = 0; paths[i]; i++)
        free(paths[i]);
    free(paths);
}

static bool is_file(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

static bool has_suffix(const char *name)
{
    size_t len = strlen(name);
    size_t suffix = sizeof(PLUGIN_SUFFIX) - 1;

    return len > suffix && strcmp(name + len - suffix, PLUGIN_SUFFIX) == 0;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static bool is_listed(const struct list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(base_name(list->items[i]), name) == 0)
            return true;
    }
    return false;
}

static int by_base_name(const void *a, const void *b)
{
    return strcmp(base_name(*(char *const *)a), base_name(*(char *const *)b));
}

char **trawl_plugin_list(char *const *paths)
{
    struct list list = {0};

    for (; *paths; paths++) {
        DIR *folder = opendir(*paths);
        struct dirent *entry;

        /* Most of the places do not exist, which is no mistake. */
        while (folder && (entry = readdir(folder))) {
            char *file;

            if (!has_suffix(entry->d_name) || is_listed(&list, entry->d_name))
                continue;
            file = trawl_fs_join(*paths, entry->d_name);
            if (is_file(file))
                list_add(&list, file);
            else
                free(file);
        }
        if (folder)
            closedir(folder);
    }
    if (list.count > 0)
        qsort(list.items, list.count, sizeof(*list.items), by_base_name);
    return list_take(&list);
}

static int not_found(const char *name, char *const *paths, struct trawl_err *err)
{
    char **files = trawl_plugin_list(paths);
    char **names = files;
    const char *nearest;
    size_t count = 0;
    int r;

    for (; files[count]; count++) {
        char *plain = trawl_xstrndup(base_name(files[count]),
                                     strlen(base_name(files[count])) - strlen(PLUGIN_SUFFIX));

        free(files[count]);
        names[count] = plain;
    }
    nearest = trawl_suggest(name, (const char *const *)names, count);
    if (nearest)
        r = trawl_err_set(err, -ENOENT, "", "there is no plugin '%s'; did you mean '%s'?", name,
                          nearest);
    else
        r = trawl_err_set(err, -ENOENT, "",
                          "there is no plugin '%s'; `trawl plugin list` shows those that there are",
                          name);
    trawl_plugin_paths_free(files);
    return r;
}

static int absolute(const char *path, char **ret_file, struct trawl_err *err)
{
    char *file = realpath(path, NULL);

    if (!file)
        return trawl_err_set(err, -errno, "", "the plugin file '%s' cannot be read: %s", path,
                             strerror(errno));
    *ret_file = file;
    return 0;
}

int trawl_plugin_find(const char *name, char *const *paths, char **ret_file, struct trawl_err *err)
{
    if (strchr(name, '/'))
        return absolute(name, ret_file, err);
    for (char *const *path = paths; *path; path++) {
        TRAWL_AUTO_FREE char *base = trawl_xasprintf("%s" PLUGIN_SUFFIX, name);
        TRAWL_AUTO_FREE char *file = trawl_fs_join(*path, base);

        if (is_file(file))
            return absolute(file, ret_file, err);
    }
    return not_found(name, paths, err);
}
