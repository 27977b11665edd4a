/* What is known of a worker's end: how it ended, in which call, and whether a page is to blame. */
#ifndef TRAWL_SUPERVISOR_CRASH_H
#define TRAWL_SUPERVISOR_CRASH_H

#include <stdbool.h>
#include <stdint.h>

#include "ipc/breadcrumb.h"

/* What whoever watched the process knows. */
struct trawl_crash_facts {
    const char *how;       /* "was ended by signal 11 (Segmentation fault)" */
    const char *plugin;    /* as the configuration calls it */
    int signal;            /* that ended it, or 0 */
    bool killed;           /* by us, and `how` says why */
    bool silent;           /* that was why */
    bool kernel_killed;    /* the kernel killed something for want of memory while it lived */
    uint64_t memory_bytes; /* workers.memory, 0: none */
};

struct trawl_crash {
    char what[384];   /* "was ended by … in on_response() of plugin 'x'"; printable ASCII */
    bool blames_page; /* `page` and `url` are those of the page that is to blame */
    struct trawl_hash page;
    char url[TRAWL_BREADCRUMB_URL];
};

void trawl_crash_judge(const struct trawl_crash_facts *facts, const struct trawl_trail *trail,
                       struct trawl_crash *ret_crash);

/* Processes that the kernel has killed for want of memory since it began; 0 where it does not tell. */
uint64_t trawl_crash_kernel_kills(void);

#endif
