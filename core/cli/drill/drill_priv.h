/* What the drill's files share: the parts of one drill, and the fault that is going on. */
#ifndef TRAWL_CLI_DRILL_DRILL_PRIV_H
#define TRAWL_CLI_DRILL_DRILL_PRIV_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "cli/drill/client.h"
#include "cli/drill/drill.h"
#include "cli/drill/processes.h"
#include "cli/drill/proxy.h"
#include "cli/drill/receiver.h"
#include "cli/drill/server.h"
#include "cli/drill/site.h"

enum drill_stage {
    DRILL_STARTING,  /* the server is not up yet */
    DRILL_WARMING,   /* clients are attaching */
    DRILL_HOLDING,   /* a fault is on */
    DRILL_WAITING,   /* it was healed, or needs no healing: the server puts it right */
    DRILL_SETTLING,  /* the clients put it right */
    DRILL_PAUSING,   /* before the next one */
    DRILL_ENDING,    /* the run comes to its end */
    DRILL_REPLAYING, /* a new client gets all of it again */
    DRILL_OVER,
};

struct drill {
    const struct drill_options *options;
    uv_loop_t loop;
    uv_timer_t timer;
    uv_signal_t interrupt;
    uv_signal_t terminate;
    char *folder; /* temporary */
    char *data;   /* in it */
    char *config; /* likewise */
    char *log;    /* likewise; NULL: it is shown */
    struct drill_site *site;
    struct drill_receiver *receiver; /* NULL if there is no webhook */
    struct drill_proxy *proxy;
    struct drill_server *server;

    struct drill_target target;
    struct drill_chain chain;
    struct drill_way *ways;
    struct drill_client *clients; /* the i-th begins at the i-th way */
    size_t client_count;
    struct drill_client replay;
    bool has_replay;

    enum drill_stage stage;
    size_t fault;
    uint64_t began_ns;  /* the fault */
    uint64_t healed_ns; /* what we did to it ended */
    uint64_t stage_ns;  /* the stage began */
    uint64_t behind;    /* the place that all must get beyond */
    pid_t victims[DRILL_CHILDREN_MAX];
    size_t victim_count;
    bool is_restarting;

    int code;
    struct trawl_err err;
};

/* --- faults.c ------------------------------------------------------------------------------------ */

struct drill_fault {
    const char *name;
    const char *title;
    unsigned hold_ms;   /* at least */
    bool about_clients; /* whom the time to the next event is of */
    bool about_receiver;

    /* Why it cannot be tried, or NULL. May be NULL. */
    const char *(*missing)(const struct drill *drill);
    int (*begin)(struct drill *drill, struct trawl_err *err);

    /* Whether all whom it is about have done what they do against it; until then it is held. May be NULL. */
    bool (*is_felt)(const struct drill *drill);

    /* After that. May be NULL. */
    int (*heal)(struct drill *drill, struct trawl_err *err);

    /* Whether the server has put right what is its part. NULL: it has none. */
    bool (*is_over)(struct drill *drill);
};

extern const struct drill_fault drill_faults[];
extern const size_t drill_fault_count;

/* --- parts.c ------------------------------------------------------------------------------------- */

/* Make everything that is needed, and start the server. Negative with drill->err. */
int drill_parts_open(struct drill *drill, const struct drill_server_ops *ops);

/* The server is up: ask it for its transports, start the run, attach a client by each transport. */
int drill_parts_attach(struct drill *drill);

/* A new client that gets the run from its beginning. */
void drill_parts_replay(struct drill *drill);

/* What the server has logged, to standard error, unless it was shown already. */
void drill_parts_show_log(const struct drill *drill);

/* Close all; the loop has to run on. And free, once it has. */
void drill_parts_close(struct drill *drill);
void drill_parts_free(struct drill *drill);

/* --- rows.c -------------------------------------------------------------------------------------- */

/* Begin a row: what comes behind the place `behind` is what is waited for. */
void drill_rows_begin(struct drill *drill, uint64_t behind);

/* In the same row, wait for what comes behind another place. */
void drill_rows_wait(struct drill *drill, uint64_t behind);

/* Hold all listeners against the journal, and print the row of the fault. */
void drill_rows_end(struct drill *drill, const struct drill_fault *fault, bool ended);
void drill_rows_skip(const struct drill *drill, const struct drill_fault *fault, const char *why);

/* The last row: the whole run, through the place `last`, also as the new client got it. */
void drill_rows_finish(struct drill *drill, uint64_t last, bool ended);

#endif
