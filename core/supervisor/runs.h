/* Runs that are not over, and the tasks in them: a task is one platform's part in one run.
 *
 * A run is in memory from its creation in the store until all its tasks have ended there. Tasks wait until no earlier run
 * holds one of the run's platforms (unless overlap is "allow") and a worker is free.
 */
#ifndef TRAWL_SUPERVISOR_RUNS_H
#define TRAWL_SUPERVISOR_RUNS_H

#include <jansson.h>

#include "supervisor/blame.h"
#include "supervisor/policy.h"
#include "supervisor/supervisor_priv.h"

struct trawl_shard;

enum trawl_task_state {
    TRAWL_TASK_WAITING,
    TRAWL_TASK_PREPARING, /* of a run that is taken up: its options are being looked at */
    TRAWL_TASK_ACTIVE,    /* has a shard */
    TRAWL_TASK_ENDING,    /* its last phase is on the way to the store */
    TRAWL_TASK_ENDED,
};

struct trawl_task {
    struct trawl_run *run;
    char *platform;
    json_t *job; /* {plugin: {name, file}, options, fetch} of TRAWL_MSG_JOB */
    enum trawl_task_state state;
    enum trawl_phase phase; /* as last given to the store */
    bool overridden;        /* it runs with options of its own */
    bool limited;           /* max_pages kept it from fetching all that it knew of */
    bool begun;             /* the page of start() was given to the store: a new worker continues */
    struct trawl_tally tally;
    struct trawl_blame blame; /* for the crashes of its workers */
    struct trawl_shard *shard;
};

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

/* The oldest run not over that holds a platform of that name, or NULL. */
struct trawl_run *trawl__run_of_platform(struct trawl_supervisor *supervisor, const char *platform);

/* Must wait for an earlier run. */
bool trawl__run_is_blocked(const struct trawl_run *run);

/* No new pages; the tasks end as cancelled, or as interrupted where a server shuts down. */
void trawl__run_stop(struct trawl_run *run);
void trawl__runs_stop_all(struct trawl_supervisor *supervisor);

/* Start the tasks that may start. */
void trawl__runs_schedule(struct trawl_supervisor *supervisor);

/* A task that was PREPARING may start, or, with a `problem`, ends as failed. Nothing happens if it has ended meanwhile. */
void trawl__task_prepared(struct trawl_task *task, const char *problem);

/* A task's phase changed on its way (starting, scraping). */
void trawl__task_set_phase(struct trawl_task *task, enum trawl_phase phase, const char *message);

/* The shard has ended and is gone. `message` may be NULL. */
void trawl__task_over(struct trawl_task *task, enum trawl_over over, const char *message);

#endif
