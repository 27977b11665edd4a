#include "util/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/alloc.h"
#include "util/buf.h"

#define FS_READ_STEP 65536

static int read_all(int fd, struct trawl_buf *buf)
{
    for (;;) {
        size_t step = buf->max - buf->len;
        char *room;
        ssize_t got;
        int r;

        if (step == 0)
            break;
        if (step > FS_READ_STEP)
            step = FS_READ_STEP;
        r = trawl_buf_reserve(buf, step, &room);
        if (r < 0)
            return r;
        got = read(fd, room, step);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0) {
            trawl_buf_grew(buf, 0); /* the closing NUL, also of an empty file */
            break;
        }
        trawl_buf_grew(buf, (size_t)got);
    }
    return 0;
}

int trawl_fs_read(const char *path, size_t max, char **ret_text, size_t *ret_len)
{
    struct trawl_buf buf;
    int fd;
    int r;

    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    trawl_buf_init(&buf, max + 1); /* one more than allowed, to see that there is more */
    r = read_all(fd, &buf);
    close(fd);
    if (r == 0 && buf.len > max)
        r = -EFBIG;
    if (r < 0) {
        trawl_buf_finish(&buf);
        return r;
    }
    *ret_text = trawl_buf_steal(&buf, ret_len);
    return 0;
}

static int make_one(const char *path)
{
    struct stat status;

    if (mkdir(path, 0700) == 0)
        return 0;
    if (errno != EEXIST)
        return -errno;
    if (stat(path, &status) < 0)
        return -errno;
    return S_ISDIR(status.st_mode) ? 0 : -ENOTDIR;
}

int trawl_fs_make_folder(const char *path)
{
    TRAWL_AUTO_FREE char *copy = trawl_xstrdup(path);

    if (!*copy)
        return -ENOENT;
    for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        int r;

        *slash = '\0';
        r = make_one(copy);
        if (r < 0)
            return r;
        *slash = '/';
    }
    return make_one(copy);
}

int trawl_fs_make_temporary(char **ret_path)
{
    const char *base = getenv("TMPDIR");
    char *path = trawl_fs_join(base && *base ? base : "/tmp", "trawl-XXXXXX");
    int r;

    if (!mkdtemp(path)) {
        r = -errno;
        free(path);
        return r;
    }
    *ret_path = path;
    return 0;
}

void trawl_fs_remove_folder(const char *path)
{
    DIR *folder = opendir(path);
    struct dirent *entry;

    if (!folder)
        return;
    while ((entry = readdir(folder))) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlinkat(dirfd(folder), entry->d_name, 0);
    }
    closedir(folder);
    rmdir(path);
}

int trawl_fs_self(char **ret_path)
{
    char path[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path));

    if (len < 0)
        return -errno;
    if ((size_t)len == sizeof(path))
        return -ENAMETOOLONG;
    *ret_path = trawl_xstrndup(path, (size_t)len);
    return 0;
}

int trawl_fs_self_folder(char **ret_path)
{
    char *path;
    char *slash;
    int r;

    r = trawl_fs_self(&path);
    if (r < 0)
        return r;
    slash = strrchr(path, '/'); /* NOLINT: set, as errno is never 0 after a failure */
    if (slash)
        slash[slash == path ? 1 : 0] = '\0';
    *ret_path = path;
    return 0;
}

char *trawl_fs_join(const char *folder, const char *name)
{
    size_t len = strlen(folder);
    bool slash = len > 0 && folder[len - 1] != '/';

    if (name[0] == '/' || len == 0)
        return trawl_xstrdup(name);
    return trawl_xasprintf("%s%s%s", folder, slash ? "/" : "", name);
}
