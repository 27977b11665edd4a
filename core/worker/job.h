/* The host's side of a scraper: struct trawl_job, the handle that create() is given, and the table of functions behind
 * it. The worker opens a job for emission around each callback and takes what was emitted; where nothing may be emitted
 * (create(), the inspector) request() and item() say -EPERM.
 */
#ifndef TRAWL_WORKER_JOB_H
#define TRAWL_WORKER_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "trawl/scraper.h"
#include "util/hash.h"
#include "util/url.h"
#include "worker/emission.h"

/* The table that create() is given. */
extern const struct trawl_scraper_host trawl_scraper_host;

/* Where the job's owner hears of things. All may be NULL. */
struct trawl_job_ops {
    /* Whether this request is worth emitting; NULL: all are. */
    bool (*wants)(void *user, struct trawl_hash fingerprint, uint16_t depth);
    void (*on_progress)(void *user, uint64_t current, uint64_t total, const char *message);
    void (*on_log)(void *user, enum trawl_log_level level, const char *message);
};

struct trawl_job {
    const struct trawl_job_ops *ops;
    void *user;
    bool open;
    bool has_page; /* requests are relative to it and one deeper */
    struct trawl_url_base page;
    uint16_t depth;
    uint64_t max_depth; /* deeper links are none */
    struct trawl_emission emission;
};

/* `ops` is borrowed for the job's life. */
void trawl_job_init(struct trawl_job *job, const struct trawl_job_ops *ops, void *user,
                    size_t max_item);
void trawl_job_finish(struct trawl_job *job);

/* What is called next may emit: for the page of that canonical URL (borrowed until the close) and depth, or, where `url`
 * is NULL (start, finish), for none. */
void trawl_job_open(struct trawl_job *job, const char *url, uint16_t depth);

/* It was called. Its emission stays until the next open. */
void trawl_job_close(struct trawl_job *job);

#endif
