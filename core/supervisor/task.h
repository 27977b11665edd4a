/* A task: one platform's part in one run, done by one or more shards.
 *
 * A shard says that it is idle when it has nothing left and all its pages are committed; what these asked for of other shards
 * has then been sent to those. So when all shards are idle, and none was sent anything since it said so, nothing is left
 * anywhere. Then the scrapers are told to finish, which may ask for more; once nothing was fetched since all have finished,
 * the task is over. It is over as well when a shard cannot go on, or when it is told to stop: the other shards then end
 * their pages under way.
 */
#ifndef TRAWL_SUPERVISOR_TASK_H
#define TRAWL_SUPERVISOR_TASK_H

#include <jansson.h>

#include "supervisor/blame.h"
#include "supervisor/policy.h"
#include "supervisor/supervisor_priv.h"

struct trawl_run;
struct trawl_shard;

enum trawl_task_state {
    TRAWL_TASK_WAITING,
    TRAWL_TASK_PREPARING, /* of a run that is taken up: its options are being looked at */
    TRAWL_TASK_ACTIVE,    /* has shards */
    TRAWL_TASK_ENDING,    /* its last phase is on the way to the store */
    TRAWL_TASK_ENDED,
};

struct trawl_task {
    struct trawl_run *run;
    char *platform;
    json_t
        *job; /* {plugin: {name, file}, options, fetch, secret_headers, starts} of TRAWL_MSG_JOB */
    enum trawl_task_state state;
    enum trawl_phase phase; /* as last given to the store */
    bool overridden;        /* it runs with options of its own */
    bool begun;             /* the page of start() was given to the store: a new worker continues */
    bool has_none;          /* the platform had no validators when it began */
    struct trawl_tally tally;
    struct trawl_blame blame; /* for the crashes of its workers */

    struct trawl_shard **shards; /* NULL where one has ended */
    unsigned shard_count;
    unsigned live_shards;
    unsigned commits;   /* pages of them that are on the way to the store */
    uint64_t responses; /* pages of requests that were committed since it became active */

    uint64_t counted;    /* pages of max_pages that were fetched before it became active */
    uint64_t max_pages;  /* 0: no limit */
    uint64_t pages_left; /* of them, that no shard has */

    bool over; /* its shards are ending, and this is how: */
    enum trawl_over over_how;
    char *over_message;
    bool cut_short; /* max_pages kept it from fetching all that it knew of */
};

void trawl__task_finish(struct trawl_task *task); /* frees what it holds, not the task */

/* A task that was PREPARING may start, or, with a `problem`, ends as failed. Nothing happens if it has ended meanwhile. */
void trawl__task_prepared(struct trawl_task *task, const char *problem);

/* How many workers it takes. */
unsigned trawl__task_workers(const struct trawl_task *task);
void trawl__task_start(struct trawl_task *task);

/* It ends as cancelled, or as interrupted where a server shuts down. */
void trawl__task_stop(struct trawl_task *task);

/* Its phase changed on its way (starting, scraping). */
void trawl__task_set_phase(struct trawl_task *task, enum trawl_phase phase, const char *message);

/* It ends in that phase. `message` may be NULL. */
void trawl__task_end(struct trawl_task *task, enum trawl_phase phase, const char *message);

/* The two halves of it, for who tells it to the store in another way: before that, so that whoever sees the end sees as well
 * what the hosts have told until then; and as the callback, with the task. */
void trawl__task_ends(struct trawl_task *task, enum trawl_phase phase);
void trawl__task_on_ended(void *user, int status);

/* What it becomes if it was told to stop: a server's run is interrupted by its shutdown, not ended. */
enum trawl_phase trawl__task_stopped_phase(const struct trawl_task *task);

/* Give the sum of the scrapers' own progress to the store, if one has spoken. */
void trawl__task_flush_progress(struct trawl_task *task);

/* --- what its shards tell it --------------------------------------------------------------------- */

/* `shard` has become idle. */
void trawl__task_on_idle(struct trawl_task *task);

/* A shard has come to its end and is gone. `message` may be NULL. */
void trawl__task_on_shard_end(struct trawl_task *task, unsigned shard, enum trawl_over how,
                              const char *message);

/* A shard would like more of max_pages. */
void trawl__task_on_starved(struct trawl_task *task);

/* A shard gives back so many of max_pages. */
void trawl__task_take_back(struct trawl_task *task, uint64_t pages);

/* A page of the shard `from` goes to the store; it came back, and if it was committed (else NULL) what it asks for goes to the
 * shards that it belongs to; what was recalled of a page that was not modified is new to that shard, too. */
void trawl__task_on_commit(struct trawl_task *task);
void trawl__task_on_committed(struct trawl_task *task, unsigned from, bool is_response,
                              const struct trawl_committed *committed);

#endif
