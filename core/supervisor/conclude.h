/* The end of a task that has met all that there is of its platform, and without a failure.
 *
 * What it has met is held against the last runs (suspicion.h), which is read on the thread pool; then what it has not met is gone,
 * unless it is suspect, and it ends with its figures in one transaction. Until then nothing is decided: a server that is killed
 * meanwhile takes the run up again, finds nothing left to fetch, and comes to the same.
 */
#ifndef TRAWL_SUPERVISOR_CONCLUDE_H
#define TRAWL_SUPERVISOR_CONCLUDE_H

#include "supervisor/task.h"

void trawl__conclude(struct trawl_task *task);

#endif
