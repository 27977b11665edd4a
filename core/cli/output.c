#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/alloc.h"

/* A pipe, a terminal or /dev/null cannot be replaced by a file: it is written to as it is. */
static bool output_is_special(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && !S_ISREG(info.st_mode);
}

int trawl_output_open(struct trawl_output *output, const char *path, struct trawl_err *err)
{
    int fd;

    memset(output, 0, sizeof(*output));
    if (!path || strcmp(path, "-") == 0) {
        output->to = stdout;
        return 0;
    }
    if (!output_is_special(path)) {
        output->path = trawl_xstrdup(path);
        output->temporary = trawl_xasprintf("%s.%ld.part", path, (long)getpid());
    }
    fd = open(output->path ? output->temporary : path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
              0666);
    output->to = fd < 0 ? NULL : fdopen(fd, "w");
    if (!output->to) {
        int r = -errno;

        if (fd >= 0)
            close(fd);
        trawl_output_close(output);
        return trawl_err_set(err, r, path, "cannot be written: %s", strerror(-r));
    }
    return 0;
}

int trawl_output_commit(struct trawl_output *output, struct trawl_err *err)
{
    FILE *to = output->to;
    const char *where = output->path ? output->path : "";
    int r = 0;

    if (to == stdout) {
        if (fflush(stdout) != 0)
            r = -errno;
    } else {
        output->to = NULL;
        if (fclose(to) != 0)
            r = -errno;
    }
    if (r == 0 && output->path && rename(output->temporary, output->path) < 0)
        r = -errno;
    if (r < 0)
        return trawl_err_set(err, r, where, "the items cannot be written: %s", strerror(-r));
    free(output->temporary);
    output->temporary = NULL;
    return 0;
}

void trawl_output_close(struct trawl_output *output)
{
    if (output->to && output->to != stdout)
        fclose(output->to);
    if (output->temporary)
        unlink(output->temporary);
    free(output->temporary);
    free(output->path);
    memset(output, 0, sizeof(*output));
}
