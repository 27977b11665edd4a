#include "cli/drill/processes.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"
#include "util/fs.h"

#define PROC_FILE_MAX (1u << 20)

/* False if there is no such process, or it has ended. */
static bool read_parent(pid_t pid, pid_t *ret_parent)
{
    char path[64];
    TRAWL_AUTO_FREE char *stat = NULL;
    const char *at;
    size_t len;

    snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
    if (trawl_fs_read(path, PROC_FILE_MAX, &stat, &len) < 0)
        return false;
    at = strrchr(stat, ')'); /* behind the name, which may hold anything: ") S 4711 …" */
    if (!at || strlen(at) < 5 || at[2] == 'Z' || at[2] == 'X')
        return false;
    *ret_parent = (pid_t)strtol(at + 4, NULL, 10);
    return true;
}

static bool has_role(pid_t pid, const char *role)
{
    char path[64];
    char wanted[64];
    TRAWL_AUTO_FREE char *line = NULL;
    size_t len;

    snprintf(path, sizeof(path), "/proc/%ld/cmdline", (long)pid);
    snprintf(wanted, sizeof(wanted), "--role=%s", role);
    if (trawl_fs_read(path, PROC_FILE_MAX, &line, &len) < 0)
        return false;
    for (const char *word = line; word < line + len; word += strlen(word) + 1) {
        if (strcmp(word, wanted) == 0)
            return true;
    }
    return false;
}

size_t drill_children(pid_t parent, const char *role, pid_t children[DRILL_CHILDREN_MAX])
{
    DIR *folder = opendir("/proc");
    const struct dirent *entry;
    size_t count = 0;

    while (folder && count < DRILL_CHILDREN_MAX && (entry = readdir(folder))) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        pid_t its_parent;

        if (pid > 0 && read_parent(pid, &its_parent) && its_parent == parent &&
            (!role || has_role(pid, role)))
            children[count++] = pid;
    }
    if (folder)
        closedir(folder);
    return count;
}

bool drill_is_alive(pid_t pid)
{
    pid_t parent;

    return read_parent(pid, &parent);
}
