/* A shard, shared by shard.c (its life) and shard_frames.c (what its process says). */
#ifndef TRAWL_SUPERVISOR_SHARD_PRIV_H
#define TRAWL_SUPERVISOR_SHARD_PRIV_H

#include "ipc/breadcrumb.h"
#include "supervisor/shard.h"

enum trawl_shard_state {
    TRAWL_SHARD_STARTING, /* spawned, the scraper is being made */
    TRAWL_SHARD_LOADING,  /* ready; its frontier is being read */
    TRAWL_SHARD_RUNNING,
    TRAWL_SHARD_PAUSED, /* no process; the timer will start one */
};

struct trawl_shard {
    struct trawl_supervisor *supervisor;
    struct trawl_task *task; /* NULL once it has ended */
    struct trawl_log log;
    enum trawl_shard_state state;
    struct trawl_process *process;        /* NULL while paused */
    const struct trawl_breadcrumb *crumb; /* of the process, or of the one before it */
    uint64_t kernel_kills;                /* when it was spawned */
    uv_timer_t timer;                     /* a pause, or the grace of a stop */
    bool stopping;
    bool broken; /* was killed, for what `why` says */
    bool silent; /* that is why */
    char why[96];
    unsigned silent_ticks;

    uint32_t lease;
    uint64_t serial;    /* of the last page that came */
    uint64_t committed; /* of the last page that the store has */
    uint64_t acknowledged;

    bool has_progress; /* the scraper's own, not handed on yet */
    uint64_t progress_current;
    uint64_t progress_total;
    char *progress_message;

    uint64_t logs_second; /* the second that `logs` counts in */
    unsigned logs;
    unsigned logs_dropped;
};

/* Its process broke the rules: it is killed, and what it still sends is not looked at. */
void trawl__shard_broken(struct trawl_shard *shard, const char *why);

/* Give up a page of it: it was the end of too many processes, as `evidence` says. */
void trawl__shard_poison(struct trawl_shard *shard, const struct trawl_hash *page,
                         const char *evidence);

/* Its work has ended; the shard is gone afterwards. */
void trawl__shard_finished(struct trawl_shard *shard, bool completed, const char *message);
void trawl__shard_stopped(struct trawl_shard *shard);

#endif
