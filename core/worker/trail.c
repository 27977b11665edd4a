#include "worker/trail.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "ipc/messages.h"

/* A process that crashes with less than this part of its memory left was, as far as anyone can tell, out of memory. */
#define SPARE_PART 16

static struct trawl_breadcrumb *crumb;
static size_t spare_bytes;

/* Whether that much memory could still be had. The signal is then raised anew, for its own effect: it comes when this
 * returns, as the handler was for once. */
static void on_crash(int number)
{
    if (mmap(NULL, spare_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
        MAP_FAILED)
        atomic_store(&crumb->out_of_memory, 1);
    (void)raise(number);
}

static void watch_memory(void)
{
    static const int numbers[] = {SIGSEGV, SIGBUS, SIGABRT};
    struct sigaction action = {.sa_handler = on_crash, .sa_flags = (int)SA_RESETHAND};
    struct rlimit limit;

    if (getrlimit(RLIMIT_DATA, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY)
        return;
    spare_bytes = (size_t)limit.rlim_cur / SPARE_PART;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        sigaction(numbers[i], &action, NULL);
}

void trawl__trail_open(void)
{
    crumb = trawl_breadcrumb_open(TRAWL_BREADCRUMB_FD);
    if (!crumb)
        return;
    close(TRAWL_BREADCRUMB_FD);
    watch_memory();
}

void trawl__trail_enter(enum trawl_call call, const struct trawl_task *task)
{
    trawl_breadcrumb_enter(crumb, call, task ? &task->fingerprint : NULL, task ? task->url : NULL);
}

void trawl__trail_leave(void)
{
    trawl_breadcrumb_leave(crumb);
}

enum trawl_help trawl__trail_help(enum trawl_help help)
{
    return trawl_breadcrumb_help(crumb, help);
}
