/* What a scraper plugin implements, and what the worker that runs it offers.
 *
 * A scraper runs in a worker process of its own, on one thread. It never does networking: it asks for
 * requests and is given responses, so that limits, retries, politeness and resuming hold for all
 * scrapers alike. Everything that one callback emits (items, requests) is stored together with the
 * outcome of the page that it was called for, or not at all.
 *
 * Order of calls: create; start (only by the first worker of a platform's run, not by its other shards,
 * nor by one that continues after a crash); on_response and on_failure in any order; finish once nothing
 * is left to fetch in any shard; destroy. A scraper therefore keeps nothing in memory that it could not do
 * without: what a later response needs travels in the request's `meta`.
 *
 * Strings are UTF-8. JSON crosses as jansson's json_t. Arguments are borrowed for the call.
 * Callbacks return 0, or a negative errno with `err` filled in; from on_response, on_failure this makes
 * the page failed (what it had emitted is dropped), from the others it ends the platform's run.
 */
#ifndef TRAWL_SCRAPER_H
#define TRAWL_SCRAPER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "trawl/err.h"
#include "trawl/log_level.h"

struct trawl_job;      /* the host's handle of this scraper's work */
struct trawl_plan;     /* compiled extraction rules */
struct trawl_jq;       /* a compiled jq program */
struct trawl_patterns; /* compiled regular expressions */

/* A request to be made. Initialise with {.size = sizeof(struct trawl_request)}. */
struct trawl_request {
    uint32_t size;
    const char *url; /* http(s), absolute or relative to the page at hand; a fragment is dropped */
    const char *method; /* NULL: GET */
    json_t *headers;    /* object of strings, or NULL */
    const void *body;   /* or NULL */
    size_t body_len;
    int32_t priority;    /* among requests of one depth, higher goes first */
    uint32_t same_depth; /* 1: counts as deep as its parent (paging); 0: one deeper */
    json_t *meta;        /* handed back with the response, or NULL */
};

/* A response with status 2xx, complete, its transfer and content encodings undone. */
struct trawl_response {
    uint32_t size;
    uint16_t status;
    uint16_t depth;           /* 0 for start requests */
    const char *url;          /* as it was requested, canonical */
    const char *content_type; /* the header as it came, or "" */
    const char *body;         /* followed by a NUL that is not counted */
    size_t body_len;
    const json_t *headers; /* object, names in lower case, the last value of each */
    const json_t *meta;    /* the request's, or NULL */
};

/* A request that was given up: after its retries, or because it cannot be retried. */
struct trawl_failure {
    uint32_t size;
    uint16_t status; /* 0: there was no HTTP answer */
    uint16_t depth;
    const char *url;
    const char *reason;
    const json_t *meta;
};

/* Where a plan puts what it finds. A negative return stops the plan and is passed on. */
struct trawl_sink {
    int (*item)(void *user, const char *key, json_t *item);
    int (*link)(void *user, const char *url); /* absolute */
    void *user;
};

/* Where the URLs go that a sitemap lists, absolute and canonical. Initialise with {.size = sizeof(struct
 * trawl_sitemap_sink)}. A negative return stops the reading and is passed on. */
struct trawl_sitemap_sink {
    uint32_t size;
    int (*page)(void *user, const char *url);
    int (*sitemap)(void *user, const char *url); /* a further one to be read */
    void *user;
};

/* The worker's side. Functions take the job that create() was given. */
struct trawl_scraper_host {
    uint16_t abi_major;
    uint16_t abi_minor;
    uint32_t size;

    /* Ask for a request. 0: accepted, or known already; -EINVAL: not an http(s) URL (the page is told in
     * the log; the scraper may ignore it); -E2BIG: this page asks for more than a page may. */
    int (*request)(struct trawl_job *job, const struct trawl_request *request);

    /* Emit an item. `key` is stable within the platform, 1 to 2048 bytes; `item` is an object and stays
     * the caller's. 0, -EINVAL (no object, bad key) or -E2BIG (limits max_item, items of a page). */
    int (*item)(struct trawl_job *job, const char *key, json_t *item);

    /* Say where the work stands when pages do not tell it. total 0: unknown. */
    void (*progress)(struct trawl_job *job, uint64_t current, uint64_t total, const char *message);

    void (*log)(struct trawl_job *job, enum trawl_log_level level, const char *message);

    /* Compile extraction rules for HTML (docs/configuration.md, "html"): {"follow": [...], "rows": ...,
     * "fields": {...}, "key": [...]}. On success *ret_plan is the plugin's until plan_free(). */
    int (*plan_compile)(struct trawl_job *job, const json_t *rules, struct trawl_plan **ret_plan,
                        struct trawl_err *err);
    int (*plan_run)(struct trawl_plan *plan, const struct trawl_response *response,
                    const struct trawl_sink *sink, struct trawl_err *err);
    void (*plan_free)(struct trawl_plan *plan);

    /* Compile a jq program. jq_run() calls `result` for each output, in order; `result` borrows it. */
    int (*jq_compile)(struct trawl_job *job, const char *program, struct trawl_jq **ret_jq,
                      struct trawl_err *err);
    int (*jq_run)(struct trawl_jq *jq, json_t *input, int (*result)(void *user, json_t *value),
                  void *user, struct trawl_err *err);
    void (*jq_free)(struct trawl_jq *jq);

    /* Parse a JSON body. Numbers as the design says: integers exact to 2^63, anything larger as text; lone
     * surrogates and bad UTF-8 become U+FFFD. On success *ret_value is a new reference. */
    int (*json_parse)(struct trawl_job *job, const char *bytes, size_t len, json_t **ret_value,
                      struct trawl_err *err);

    /* The body as UTF-8, by byte order mark, Content-Type, then <meta>. On success *ret_text is the plugin's
     * and goes back through text_free(). */
    int (*text)(struct trawl_job *job, const struct trawl_response *response, char **ret_text,
                size_t *ret_len, struct trawl_err *err);
    void (*text_free)(char *text);

    /* Since 1.2. Read a sitemap (docs/extraction.md, "Sitemaps"): XML or a list of URLs, either of them perhaps in gzip, or a
     * robots.txt, which names sitemaps. What is damaged is left out, and told in the log. -EINVAL: nothing could be read;
     * -E2BIG, -EFBIG: it has more entries, or bytes, than a sitemap may have. */
    int (*sitemap_read)(struct trawl_job *job, const struct trawl_response *response,
                        const struct trawl_sitemap_sink *sink, struct trawl_err *err);

    /* Since 1.2. Compile a list of regular expressions (PCRE2), or a lone one. patterns_match(): is any of them found in the
     * text? One that would take too long on it is not. */
    int (*patterns_compile)(struct trawl_job *job, const json_t *list,
                            struct trawl_patterns **ret_patterns, struct trawl_err *err);
    bool (*patterns_match)(const struct trawl_patterns *patterns, const char *text);
    void (*patterns_free)(struct trawl_patterns *patterns);
};

struct trawl_scraper_ops {
    /* Make the scraper from its validated options. Must not ask for requests or emit items: it is also
     * called to check a configuration. `host` and `job` outlive the scraper. */
    int (*create)(const struct trawl_scraper_host *host, struct trawl_job *job, json_t *options,
                  void **ret_scraper, struct trawl_err *err);

    /* Ask for the first requests. */
    int (*start)(void *scraper, struct trawl_err *err);

    int (*on_response)(void *scraper, const struct trawl_response *response, struct trawl_err *err);

    /* Optional: a request was given up. The failure is recorded in any case. */
    int (*on_failure)(void *scraper, const struct trawl_failure *failure, struct trawl_err *err);

    /* Optional: nothing is left to fetch; may emit items, and requests, after which it is called again. */
    int (*finish)(void *scraper, struct trawl_err *err);

    void (*destroy)(void *scraper);
};

#endif
