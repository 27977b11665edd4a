/* A shard, shared by shard.c (its life), shard_words.c (what its process says) and shard_pages.c (what goes between its process
 * and the store). */
#ifndef TRAWL_SUPERVISOR_SHARD_PRIV_H
#define TRAWL_SUPERVISOR_SHARD_PRIV_H

#include "ipc/breadcrumb.h"
#include "ipc/channel.h"
#include "supervisor/process.h"
#include "supervisor/runs.h"
#include "supervisor/shard.h"
#include "util/rate.h"

/* Hosts whose requests one process asks for at once. */
#define TRAWL_SHARD_MORE_MAX 100000

enum trawl_shard_state {
    TRAWL_SHARD_PAUSED,   /* no process; the timer will start one */
    TRAWL_SHARD_STARTING, /* spawned, the scraper is being made */
    TRAWL_SHARD_LOADING,  /* ready; its frontier is being read */
    TRAWL_SHARD_RUNNING,
};

struct trawl_shard {
    struct trawl_supervisor *supervisor;
    struct trawl_task *task; /* NULL once it has ended */
    unsigned number;
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

    unsigned more; /* calls for requests that were left in the store, and are not answered yet */
    bool asking;   /* for validators, and not answered yet */

    bool idle;           /* says its process, and nothing was sent to it since */
    uint64_t sent;       /* of what may end that: see TRAWL_MSG_IDLE */
    bool told_to_finish; /* the process, when the task had so many responses: */
    uint64_t finished_at;
    bool starving;
    uint64_t granted; /* of max_pages, and not fetched or given back yet */

    bool has_progress; /* the scraper has spoken of its own */
    bool new_progress; /* and again since it was handed on */
    uint64_t progress_current;
    uint64_t progress_total;
    char *progress_message;

    struct trawl_host_user *hosts; /* that its process uses (hosts.c) */

    struct trawl_rate logs;
    unsigned logs_dropped;
};

/* --- shard.c ------------------------------------------------------------------------------------- */

/* Its process broke the rules: it is killed, and what it still sends is not looked at. */
void trawl__shard_broken(struct trawl_shard *shard, const char *why);

/* --- shard_words.c ------------------------------------------------------------------------------- */

void trawl__shard_on_frame(void *user, const struct trawl_frame *frame);

/* --- shard_pages.c ------------------------------------------------------------------------------- */

/* Its process is ready for its part of the frontier. */
void trawl__shard_load(struct trawl_shard *shard);

/* Its process has room again for requests that it left in the store. */
void trawl__shard_more(struct trawl_shard *shard, const json_t *words);

void trawl__shard_on_page(struct trawl_shard *shard, const struct trawl_frame *frame);

/* Its process asks which pages it may ask the server about. */
void trawl__shard_on_ask(struct trawl_shard *shard, const struct trawl_frame *frame);

/* Give up a page of it: it was the end of too many processes, as `evidence` says. */
void trawl__shard_poison(struct trawl_shard *shard, const struct trawl_hash *page,
                         const char *evidence);

#endif
