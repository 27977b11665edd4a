/* The worker's breadcrumb (ipc/breadcrumb.h): which request is with the plugin, in which call. There is one for the process,
 * as not all calls of the host say whose they are; where there is none, in tests and in the inspector, nothing is written. */
#ifndef TRAWL_WORKER_TRAIL_H
#define TRAWL_WORKER_TRAIL_H

#include "ipc/breadcrumb.h"
#include "worker/task.h"

/* Take the memory that the supervisor handed over. Where the process's data is limited, a crash within the last part of the
 * limit is marked as one for want of memory. */
void trawl__trail_open(void);

/* A call into the plugin begins; `task` is the request that it is about, or NULL. */
void trawl__trail_enter(enum trawl_call call, const struct trawl_task *task);
void trawl__trail_leave(void);

/* The plugin has called the host; returns what it was at before, to go back to. */
enum trawl_help trawl__trail_help(enum trawl_help help);

#endif
