/* The supervisor's state, shared by the files of this folder. Everything runs on its loop's thread. */
#ifndef TRAWL_SUPERVISOR_PRIV_H
#define TRAWL_SUPERVISOR_PRIV_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "store/store.h"
#include "supervisor/culprits.h"
#include "supervisor/supervisor.h"
#include "util/log.h"

struct trawl_run;
struct trawl_gateway;
struct trawl_host;

struct trawl_scheduled;
struct trawl_watchers_query;

/* How far the end has come; each stage waits for what the one before it still had to do. */
enum trawl_stage {
    TRAWL_STAGE_SERVING,
    TRAWL_STAGE_WORKERS,  /* no new work; workers finish their pages */
    TRAWL_STAGE_GATEWAYS, /* clients have seen the ends, and are told to come back */
    TRAWL_STAGE_STORE,    /* what is queued is committed, the file closed */
    TRAWL_STAGE_OVER,
};

/* workers.resume: what becomes of runs that were interrupted. */
enum trawl_resume {
    TRAWL_RESUME_AUTO,
    TRAWL_RESUME_MANUAL,
    TRAWL_RESUME_NEVER,
};

#define TRAWL_SIGNALS 3 /* SIGINT, SIGTERM, SIGHUP */

struct trawl_supervisor {
    const struct trawl_supervisor_options *options;
    struct trawl_log log;
    uv_loop_t loop;
    enum trawl_stage stage;
    int exit_code;

    struct trawl_store *store;
    char *stalled;       /* why the store cannot write, or NULL */
    uint64_t stalled_ns; /* since when */
    uint64_t head;       /* the last event that we were told of; gateways begin after it */

    struct trawl_run *runs; /* those not over, oldest first */
    unsigned creating;      /* runs that the store is making, or takes up again */
    unsigned busy_workers;  /* of workers.max */
    unsigned max_workers;
    unsigned max_restarts;
    uint64_t grace_ms;
    uint64_t silence_ms;   /* workers.silence */
    uint64_t memory_bytes; /* workers.memory, 0: no limit */
    enum trawl_resume resume;
    int64_t run_id; /* of `trawl run` */
    enum trawl_phase run_phase;

    struct trawl_host *hosts; /* uthash, by name */
    struct trawl_host *idle_hosts;
    unsigned idle_host_count;

    struct trawl_scheduled *schedules; /* NULL without `serve` */
    size_t schedule_count;

    struct trawl_gateway *gateways;               /* NULL without `serve` */
    uint64_t gateway_generations;                 /* processes started so far */
    struct trawl_watchers_query *watcher_queries; /* that are not answered yet */
    json_int_t watcher_seq;
    int *listen_fds;
    char **listen_addresses;
    size_t listen_count;
    bool ready;
    json_t *places;                 /* {chain: {seq, lost}} of the pushing chains */
    json_t *disabled;               /* {transport: reason} of pushing transports */
    json_t *chains;                 /* as the pusher told last, or NULL */
    struct trawl_culprits culprits; /* transports that crash */
    json_t *moves;                  /* [{from, to, reason, count}] of clients (commands_moves.c) */

    uv_signal_t signals[TRAWL_SIGNALS];
    unsigned signals_seen;
    uv_timer_t progress_timer;
    uint64_t ticks; /* of it */
    uv_timer_t prune_timer;
    uv_timer_t schedule_timer;
    uv_idle_t ack_idle; /* active while acknowledgements are due */
};

/* --- shutdown.c ---------------------------------------------------------------------------------- */

int trawl__shutdown_watch_signals(struct trawl_supervisor *supervisor);

/* Begin to end in order; `why` for the log. Repeated calls change nothing. */
void trawl__shutdown_begin(struct trawl_supervisor *supervisor, const char *why);

/* Something that the present stage may have waited for is done. */
void trawl__shutdown_advance(struct trawl_supervisor *supervisor);

static inline bool trawl__stopping(const struct trawl_supervisor *supervisor)
{
    return supervisor->stage != TRAWL_STAGE_SERVING;
}

#endif
