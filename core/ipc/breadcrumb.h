/* What a worker is doing, in memory that it shares with the supervisor: written before each call into a plugin and before
 * each call that the plugin makes back into extraction, so that after a crash it is known where, however many pages were
 * under way.
 *
 * The worker's side may be scribbled over by whatever crashed it: the supervisor reads it once, after the process is gone,
 * and believes nothing that it cannot check.
 */
#ifndef TRAWL_IPC_BREADCRUMB_H
#define TRAWL_IPC_BREADCRUMB_H

#include <stdbool.h>
#include <stdint.h>

#include "util/hash.h"

/* What is kept of a URL, for people; a request is known by its fingerprint. */
#define TRAWL_BREADCRUMB_URL 512

/* Calls into a scraper. */
enum trawl_call {
    TRAWL_CALL_NONE,
    TRAWL_CALL_CREATE,
    TRAWL_CALL_START,
    TRAWL_CALL_ON_RESPONSE,
    TRAWL_CALL_ON_FAILURE,
    TRAWL_CALL_FINISH,
    TRAWL_CALL_DESTROY,
};

/* Functions of the host that a scraper calls and that may take long or go wrong. */
enum trawl_help {
    TRAWL_HELP_NONE,
    TRAWL_HELP_PLAN_COMPILE,
    TRAWL_HELP_PLAN_RUN,
    TRAWL_HELP_JQ_COMPILE,
    TRAWL_HELP_JQ_RUN,
    TRAWL_HELP_JSON_PARSE,
    TRAWL_HELP_TEXT,
    TRAWL_HELP_SITEMAP_READ,
    TRAWL_HELP_PATTERNS_COMPILE,
    TRAWL_HELP_PATTERNS_MATCH,
};

const char *trawl_call_name(enum trawl_call call); /* "on_response", … */
const char *trawl_help_name(enum trawl_help help);

/* Laid out alike in both processes, which are one executable. */
struct trawl_breadcrumb {
    _Atomic uint32_t call; /* enum trawl_call; all else means nothing while it is NONE */
    _Atomic uint32_t help; /* enum trawl_help */
    _Atomic uint32_t out_of_memory;
    uint32_t has_request;
    struct trawl_hash fingerprint;
    char url[TRAWL_BREADCRUMB_URL];
};

/* --- the supervisor's side ----------------------------------------------------------------------- */

/* Memory for one worker: *ret_fd is handed over to it and then closed, *ret_crumb read until trawl_breadcrumb_close(). Its
 * size is sealed, so that a worker cannot take it away from under the reader. */
int trawl_breadcrumb_create(int *ret_fd, const struct trawl_breadcrumb **ret_crumb);
void trawl_breadcrumb_close(const struct trawl_breadcrumb *crumb); /* NULL is fine */

/* What a process that is gone was doing. */
struct trawl_trail {
    enum trawl_call call; /* NONE: it was not in a plugin */
    enum trawl_help help;
    bool out_of_memory;
    bool has_request;
    struct trawl_hash fingerprint;
    char url[TRAWL_BREADCRUMB_URL]; /* of the request; printable ASCII */
};
void trawl_breadcrumb_read(const struct trawl_breadcrumb *crumb, struct trawl_trail *ret_trail);

/* --- the worker's side --------------------------------------------------------------------------- */

/* NULL if there is none at that descriptor. */
struct trawl_breadcrumb *trawl_breadcrumb_open(int fd);

/* A call begins; `fingerprint` and `url` are those of the request that it is about, or NULL. A NULL crumb is fine for all
 * of these. */
void trawl_breadcrumb_enter(struct trawl_breadcrumb *crumb, enum trawl_call call,
                            const struct trawl_hash *fingerprint, const char *url);
void trawl_breadcrumb_leave(struct trawl_breadcrumb *crumb);

/* The plugin calls the host for help; what it was at before is returned, to go back to. */
enum trawl_help trawl_breadcrumb_help(struct trawl_breadcrumb *crumb, enum trawl_help help);

#endif
