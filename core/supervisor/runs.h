/* Runs that are not over.
 *
 * A run is in memory from its creation in the store until all its tasks have ended there. Tasks wait until no earlier run
 * holds one of the run's platforms (unless overlap is "allow") and their workers are free.
 */
#ifndef TRAWL_SUPERVISOR_RUNS_H
#define TRAWL_SUPERVISOR_RUNS_H

#include "supervisor/task.h"

struct trawl_run {
    struct trawl_run *prev, *next; /* in supervisor->runs */
    struct trawl_supervisor *supervisor;
    unsigned refs; /* the list, and each call to the store that will come back */
    int64_t id;
    enum trawl_overlap overlap;
    bool cancelled;
    struct trawl_task *tasks;
    unsigned task_count;
};

/* A run whose tasks are still to be filled in; not in the list yet. */
struct trawl_run *trawl__run_create(struct trawl_supervisor *supervisor, unsigned task_count);
struct trawl_run *trawl__run_ref(struct trawl_run *run);
void trawl__run_unref(struct trawl_run *run); /* NULL is fine */

/* The store has it: put it into the list (which takes the caller's reference) and start what may start. With "replace" the
 * runs in its way are cancelled. */
void trawl__run_enter(struct trawl_run *run, int64_t id);

struct trawl_run *trawl__run_find(struct trawl_supervisor *supervisor, int64_t id);

/* It has not ended that platform. */
bool trawl__run_holds(const struct trawl_run *run, const char *platform);

/* The oldest run not over that holds a platform of that name, or NULL. */
struct trawl_run *trawl__run_of_platform(struct trawl_supervisor *supervisor, const char *platform);

/* Must wait for an earlier run. */
bool trawl__run_is_blocked(const struct trawl_run *run);

/* No new pages; the tasks end as cancelled, or as interrupted where a server shuts down. */
void trawl__run_stop(struct trawl_run *run);
void trawl__runs_stop_all(struct trawl_supervisor *supervisor);

/* Start the tasks that may start. */
void trawl__runs_schedule(struct trawl_supervisor *supervisor);

/* A task of it has ended in the store; gives up the reference that was held for the call. */
void trawl__run_on_task_ended(struct trawl_run *run);

#endif
