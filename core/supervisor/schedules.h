/* The schedules of a server's platforms: a timer, what schedule.h says, and the runs that come of it.
 *
 * A platform that is enabled and has a "schedule" has one. The store keeps how far each has come (store.h); what is here
 * follows it. While the store deals with one due time of a platform, the platform's next ones wait.
 */
#ifndef TRAWL_SUPERVISOR_SCHEDULES_H
#define TRAWL_SUPERVISOR_SCHEDULES_H

#include "supervisor/supervisor_priv.h"
#include "util/errlist.h"

/* Runs of one platform that wait or go on. At so many its schedule makes no more, whatever `overlap` says. */
#define TRAWL_SCHEDULE_RUNS_MAX 100

/* Read them and tell the store; before it is started. Mistakes go to `errs`. */
int trawl__schedules_open(struct trawl_supervisor *supervisor, struct trawl_errlist *errs);
/* Look at them from now on; or look again soon. */
void trawl__schedules_start(struct trawl_supervisor *supervisor);

void trawl__schedules_free(struct trawl_supervisor *supervisor);

/* Make no more runs until it is resumed, over restarts too. `reason` (NULL: a person wanted it) is shown. `done` may be NULL.
 * 0, or -ENOENT: the platform has no schedule; then `done` is not called. */
int trawl__schedule_pause(struct trawl_supervisor *supervisor, const char *platform,
                          const char *reason, trawl_store_on_done *done, void *user);

/* A run of the platform is suspect. True if its schedule rests for that reason from now on; the caller tells it to the store, in
 * the transaction that ends the run. */
bool trawl__schedule_suspect(struct trawl_supervisor *supervisor, const char *platform,
                             const char *reason);

/* Go on with what is due from now on. */
int trawl__schedule_resume(struct trawl_supervisor *supervisor, const char *platform,
                           trawl_store_on_done *done, void *user);

#endif
