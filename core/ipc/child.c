#include "ipc/child.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "util/alloc.h"

/* Death signal first, look at the parent then: in this order there is no moment at which it can die unseen. */
static int child_bind_to_parent(void)
{
    const char *expected = getenv(TRAWL_PARENT_PID_VARIABLE);

    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
        return -errno;
    if (expected && strtol(expected, NULL, 10) != (long)getppid())
        return -ESRCH;
    /* Programs that this process starts have another parent. */
    unsetenv(TRAWL_PARENT_PID_VARIABLE);
    return 0;
}

int trawl_child_begin(const char *title)
{
    int r;

    r = child_bind_to_parent();
    if (r < 0)
        return r;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    prctl(PR_SET_NAME, title);
    return 0;
}

char *trawl_child_parent_entry(void)
{
    return trawl_xasprintf("%s=%ld", TRAWL_PARENT_PID_VARIABLE, (long)getpid());
}

char **trawl_child_environment(void)
{
    static const char prefix[] = TRAWL_PARENT_PID_VARIABLE "=";
    char **environment;
    size_t count = 0;
    size_t out = 0;

    while (environ[count])
        count++;
    environment = trawl_xalloc((count + 2) * sizeof(*environment));
    for (size_t i = 0; i < count; i++) {
        if (strncmp(environ[i], prefix, sizeof(prefix) - 1) != 0)
            environment[out++] = trawl_xstrdup(environ[i]);
    }
    environment[out] = trawl_child_parent_entry();
    return environment;
}

void trawl_child_environment_free(char **environment)
{
    if (!environment)
        return;
    for (size_t i = 0; environment[i]; i++)
        free(environment[i]);
    free(environment);
}
