/* The supervisor: owns the store, decides what runs, starts and restarts the other processes. It loads no plugin,
 * parses no remote byte and accepts no connection. */
#ifndef TRAWL_SUPERVISOR_SUPERVISOR_H
#define TRAWL_SUPERVISOR_SUPERVISOR_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "config/config.h"
#include "journal/event.h"
#include "trawl/err.h"

struct trawl_supervisor_options {
    struct trawl_config
        *config;           /* inspected: plugin files and resolved options are in it; borrowed */
    const json_t *plugins; /* of trawl_inspect_config() */
    const json_t *broken;
    const char *data_folder;
    bool durable; /* see store.h */
    bool serve;   /* bind the addresses and start gateways */

    /* {platform: its options as they were written, before they were resolved}: what a run overrides is merged into these
     * and judged by `inspect`, which is trawl_inspect_async(); a pointer, because this room does not include `plugin`. */
    const json_t *written;
    int (*inspect)(uv_loop_t *loop, const json_t *ask,
                   void (*done)(void *user, const json_t *answer, const struct trawl_err *err),
                   void *user);

    /* `trawl run`: these platforms are started once, and the supervisor ends with that run. NULL: run until SIGTERM. */
    const char *const *run_platforms;
    size_t run_platform_count;

    /* Committed events, for the terminal. May be NULL. */
    void (*on_event)(void *user, uint32_t epoch, const struct trawl_event *event);
    /* An address was bound, numeric. May be NULL. */
    void (*on_listening)(void *user, const char *address);
    /* All children serve and the addresses are bound (serve), or the run is created (run_id). May be NULL. */
    void (*on_ready)(void *user, int64_t run_id);
    /* A second signal ends the process at once, after this. May be NULL. */
    void (*on_abort)(void *user);
    void *user;
};

/* Run to the end: 0 completed or stopped in order, else one of the exit codes of docs/cli.md. *ret_run_id: the run that
 * was started, 0 if none. `errs`: what kept it from starting (a port in use, an unwritable folder). */
int trawl_supervisor_run(const struct trawl_supervisor_options *options, int64_t *ret_run_id,
                         struct trawl_errlist *errs);

#endif
