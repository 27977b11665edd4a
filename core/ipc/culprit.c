#include "ipc/culprit.h"

#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "ipc/sealed.h"

/* For a handler when the stack itself has run out. */
static char handler_stack[64 << 10];

static const int fatal[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

static struct trawl_culprit *left;
static _Thread_local const char *volatile present;

/* --- the supervisor's side ----------------------------------------------------------------------- */

int trawl_culprit_create(int *ret_fd, const struct trawl_culprit **ret_culprit)
{
    const void *memory;
    int r = trawl_sealed_create("trawl-culprit", sizeof(struct trawl_culprit), ret_fd, &memory);

    if (r >= 0)
        *ret_culprit = memory;
    return r;
}

void trawl_culprit_close(const struct trawl_culprit *culprit)
{
    trawl_sealed_close(culprit, sizeof(*culprit));
}

bool trawl_culprit_read(const struct trawl_culprit *culprit, char name[TRAWL_CULPRIT_MAX])
{
    trawl_sealed_text(name, culprit->name, TRAWL_CULPRIT_MAX);
    return culprit->hangs == 1;
}

/* --- the process's side -------------------------------------------------------------------------- */

/* Called in a handler: byte by byte, since little else is allowed there. */
static void write_name(const char *name)
{
    for (size_t i = 0; name && name[i] && i < TRAWL_CULPRIT_MAX - 1; i++)
        left->name[i] = name[i];
}

static void leave_name(void)
{
    write_name(present);
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

    left = trawl_sealed_open(fd, sizeof(*left));
    if (!left)
        return;
    close(fd);
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

void trawl_culprit_hangs(const char *name)
{
    if (!left)
        return;
    write_name(name);
    left->hangs = 1;
}
