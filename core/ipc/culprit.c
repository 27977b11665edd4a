#include "ipc/culprit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* For a handler when the stack itself has run out. */
static char handler_stack[64 << 10];

static const int fatal[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

static struct trawl_culprit *left;
static _Thread_local const char *volatile present;

/* --- the supervisor's side ----------------------------------------------------------------------- */

int trawl_culprit_create(int *ret_fd, const struct trawl_culprit **ret_culprit)
{
    int fd = memfd_create("trawl-culprit", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    void *map = MAP_FAILED;
    int r;

    if (fd < 0)
        return -errno;
    if (ftruncate(fd, sizeof(struct trawl_culprit)) == 0 &&
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
        map = mmap(NULL, sizeof(struct trawl_culprit), PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) {
        r = -errno;
        close(fd);
        return r;
    }
    *ret_fd = fd;
    *ret_culprit = map;
    return 0;
}

void trawl_culprit_close(const struct trawl_culprit *culprit)
{
    if (culprit)
        munmap((void *)(uintptr_t)culprit, sizeof(*culprit));
}

void trawl_culprit_read(const struct trawl_culprit *culprit, char name[TRAWL_CULPRIT_MAX])
{
    size_t len = strnlen(culprit->name, TRAWL_CULPRIT_MAX - 1);

    for (size_t i = 0; i < len; i++)
        name[i] =
            (char)(culprit->name[i] > ' ' && culprit->name[i] < 0x7f ? culprit->name[i] : '?');
    name[len] = '\0';
}

/* --- the process's side -------------------------------------------------------------------------- */

/* Called in a handler: byte by byte, since little else is allowed there. */
static void leave_name(void)
{
    const char *name = present;

    for (size_t i = 0; name && name[i] && i < TRAWL_CULPRIT_MAX - 1; i++)
        left->name[i] = name[i];
}

static void on_fatal(int number)
{
    leave_name();
    raise(number); /* the default action, as the handler was for one time */
}

void trawl_culprit_open(int fd)
{
    struct sigaction action = {.sa_handler = on_fatal, .sa_flags = SA_RESETHAND | SA_ONSTACK};
    const stack_t stack = {.ss_sp = handler_stack, .ss_size = sizeof(handler_stack)};
    struct stat stat;
    void *map;

    if (fstat(fd, &stat) < 0 || stat.st_size != (off_t)sizeof(struct trawl_culprit))
        return;
    map = mmap(NULL, sizeof(struct trawl_culprit), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (map == MAP_FAILED)
        return;
    left = map;
    (void)sigaltstack(&stack, NULL);
    for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
        (void)sigaction(fatal[i], &action, NULL);
    (void)atexit(leave_name);
}

const char *trawl_culprit_enter(const char *name)
{
    const char *before = present;

    present = name;
    return before;
}
