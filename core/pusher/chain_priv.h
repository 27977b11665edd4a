/* A chain, shared by chain.c (what it does next) and chain_state.c (what is told of it). */
#ifndef TRAWL_PUSHER_CHAIN_PRIV_H
#define TRAWL_PUSHER_CHAIN_PRIV_H

#include "plugin/breaker.h"
#include "pusher/chain.h"
#include "pusher/piece.h"
#include "util/log.h"

/* A transport in its order. */
struct trawl_chain_member {
    char *name;
    struct trawl_sender *sender; /* NULL: it could not be made */
    char *reason;                /* why */
    uint64_t stall_ms;
    struct trawl_breaker breaker;
    uint64_t delivered; /* since the process began */
    int64_t error_ms;   /* 0: none */
    char error[256];
};

struct trawl_chain {
    char *name;
    struct trawl_log log;
    const struct trawl_chain_ops *ops;
    void *user;
    uv_loop_t *loop;
    uv_timer_t timer;
    struct trawl_piece_journal journal;
    struct trawl_breaker_limits limits;
    uint64_t rate; /* events a second while it catches up; 0: no limit */

    struct trawl_chain_member *members;
    size_t member_count;

    uint64_t head;
    uint64_t seq;   /* all through this has arrived, or is not taken */
    uint64_t saved; /* as the supervisor knows it */
    uint64_t saving;
    uint64_t lost;
    uint64_t delivered;
    uint64_t next_read_ns;

    struct trawl_piece piece;
    size_t at; /* in the piece: the next message to be sent */
    bool reading;
    struct trawl_sender_job job;
    struct trawl_chain_member *sending; /* NULL: nothing is under way */
    struct trawl_chain_member *last;    /* that something was sent by */
    bool stopping;
};

#endif
