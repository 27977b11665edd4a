/* A host in the supervisor, shared by hosts.c (who uses it), hosts_deal.c (slots), hosts_robots.c and hosts_record.c. */
#ifndef TRAWL_SUPERVISOR_HOSTS_PRIV_H
#define TRAWL_SUPERVISOR_HOSTS_PRIV_H

#include <uthash.h>

#include "ipc/robots.h"
#include "supervisor/budget.h"
#include "supervisor/hosts.h"
#include "supervisor/shard_priv.h"
#include "util/hash.h"

/* Hosts that nobody uses are remembered for this, and no more than so many of them. */
#define TRAWL_HOSTS_LINGER_MS 60000
#define TRAWL_HOSTS_IDLE_MAX  10000

enum trawl_host_robots {
    TRAWL_HOST_ROBOTS_LOADING,  /* is being read from the store */
    TRAWL_HOST_ROBOTS_STALE,    /* there is none, or it is too old: someone has to fetch it */
    TRAWL_HOST_ROBOTS_FETCHING, /* a worker does */
    TRAWL_HOST_ROBOTS_KNOWN,
    TRAWL_HOST_ROBOTS_UNKNOWN, /* it could not be fetched; for now nothing may be */
};

/* A worker that uses a host. */
struct trawl_host_user {
    struct trawl_host_user *prev, *next; /* of the host; who has waited longest comes first */
    struct trawl_host_user *shard_prev, *shard_next;
    struct trawl_host *host;
    struct trawl_shard *shard;
    unsigned wanted;
    unsigned held;
    unsigned recalled; /* of those */
    unsigned granted;  /* in this deal, and not told yet */
    bool heeds;        /* its platform heeds robots.txt */
    bool told;         /* robots.txt was sent to it */
    bool ready;        /* and it knows the rules; one that does not heed them always is */
    uint64_t crawl_delay_ns;
};

/* What is counted for its owner. Times are milliseconds since 1970, 0: never. */
struct trawl_host_record {
    int64_t first_ms;
    uint64_t fine;
    uint64_t failed;
    uint64_t busy;
    uint64_t excluded;
    int64_t excluded_ms; /* the last of them */
    char *excluded_url;
    char *excluded_rule;
    uint64_t retry_afters;
    int64_t retry_after_ms;    /* what the last of them asked for, */
    int64_t retry_after_at_ms; /* and when */
    int64_t robots_ms;         /* its robots.txt was fetched */
    uint16_t robots_status;
    uint8_t robots_state; /* enum trawl_robots_state */
    uint64_t robots_bytes;
    struct trawl_hash robots_hash;
    char *robots_problem; /* NULL, or why the last try to fetch it failed */
    uint64_t crawl_delay_ms;
};

struct trawl_host {
    UT_hash_handle hh;              /* in supervisor->hosts */
    struct trawl_host *prev, *next; /* in supervisor->idle_hosts */
    struct trawl_supervisor *supervisor;
    unsigned refs;    /* the table, and each call to the store that will come back */
    uv_timer_t timer; /* when it may be asked again, or is forgotten */
    bool idle;
    struct trawl_host_user *users;
    struct trawl_budget budget;
    unsigned held;                    /* by all users */
    bool paced;                       /* slots are for one request each */
    struct trawl_host_user *starting; /* has a slot for one request, which it has not started yet */
    enum trawl_host_robots robots;
    struct trawl_host_user *fetcher; /* while FETCHING */
    uint64_t robots_until_ns;        /* it is not tried again before */
    char robots_kind[32];            /* of what kept it from us */
    struct trawl_host_record record;
    bool changed; /* since it was saved */
    char name[];
};

/* --- hosts.c ------------------------------------------------------------------------------------- */

/* A call to the store holds the host. */
struct trawl_host *trawl__host_ref(struct trawl_host *host);
void trawl__host_unref(struct trawl_host *host);

/* The limits have changed: those of its users, and what they found in robots.txt. */
void trawl__host_limit(struct trawl_host *host);

/* Deal when so much time has passed; without users it is forgotten then. */
void trawl__host_wait(struct trawl_host *host, uint64_t wait_ms);

/* To a user's process. */
void trawl__host_tell(const struct trawl_host_user *user, uint16_t type, json_t *message);

/* --- hosts_deal.c -------------------------------------------------------------------------------- */

/* Grant, recall, or come back when it is time. Nothing happens where there are no users. */
void trawl__host_deal(struct trawl_host *host);

/* Users who heed robots.txt refuse all that is asked of the host; NULL: all users. */
void trawl__host_shut(struct trawl_host *host, bool heeding_only, const char *kind,
                      const char *reason);

/* --- hosts_robots.c ------------------------------------------------------------------------------ */

/* Read what the store has of a host that is new. */
void trawl__host_load(struct trawl_host *host);

/* See that everybody who heeds robots.txt gets it. */
void trawl__host_see_robots(struct trawl_host *host);

/* Its fetcher is gone. */
void trawl__host_robots_lost(struct trawl_host *host);

void trawl__host_on_robots(struct trawl_host *host, const struct trawl_robots_answer *answer);

/* --- hosts_record.c ------------------------------------------------------------------------------ */

void trawl__host_record_load(struct trawl_host *host, const char *json);
void trawl__host_record_save(struct trawl_host *host, const void *robots, size_t robots_len);
void trawl__host_record_hear(struct trawl_host *host, const json_t *report);
void trawl__host_record_finish(struct trawl_host_record *record);

#endif
