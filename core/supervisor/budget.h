/* What the whole server may ask of one host: how many requests at once, how far apart, and when at all. A rule alone: the
 * caller brings the clock (nanoseconds that never go back) and what the host's answers told.
 *
 * Three things set the pace.
 * - The limits: what the configuration and robots.txt allow; of several platforms the strictest.
 * - The throttle, between one request at a time and those limits. It begins with a few at once, doubles them while the answers
 *   come as fast as before, and takes some back when they get slower; with one at a time, it keeps requests apart for as long
 *   as the host took. Errors never make it faster.
 * - Rests, throttle or not: as long as Retry-After asks for, and after 429, 503 or several failures in a row a pause that
 *   doubles each time; one request then tries whether the host is back. A host that is not after many rests is given up for a
 *   while.
 */
#ifndef TRAWL_SUPERVISOR_BUDGET_H
#define TRAWL_SUPERVISOR_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

/* Failures in a row that make a host rest. */
#define TRAWL_BUDGET_FAILURES 5

/* Rests in a row after which it is given up, and for how long. */
#define TRAWL_BUDGET_RESTS_MAX  10
#define TRAWL_BUDGET_GIVE_UP_NS UINT64_C(600000000000)

/* The throttle keeps requests no further apart than this. */
#define TRAWL_BUDGET_PACE_MAX_NS UINT64_C(60000000000)

struct trawl_budget_limits {
    unsigned concurrency; /* at least 1 */
    uint64_t delay_ns;    /* between the starts of two requests */
    double rate;          /* requests per second over time, 0: no limit */
    unsigned burst; /* of them, that may come at once where the rate was not used up; at least 1 */
    uint64_t rest_ns;     /* the first of a row */
    uint64_t rest_max_ns; /* and the longest */
    bool throttle;
};

/* What a number of requests told, since the last time. */
struct trawl_budget_news {
    unsigned fine;
    uint64_t fine_ms; /* that they took together */
    unsigned failed;
    unsigned busy;          /* 429 and 503 */
    int64_t retry_after_ms; /* negative: none asked */
};

/* A plain value. */
struct trawl_budget {
    struct trawl_budget_limits limits;

    unsigned throttled;   /* requests at once that the throttle allows */
    uint64_t pace_ns;     /* and how far apart */
    bool pace_asked;      /* by 429 or 503, so that it ends slowly */
    bool past_first_slow; /* it grows one by one from now on */
    double usual_ms;      /* what an answer takes when the host is at ease; 0: not known yet */

    double tokens; /* of the rate */
    uint64_t tokens_ns;
    uint64_t next_ns; /* no start before */

    uint64_t rest_until_ns;
    unsigned rests; /* in a row */
    unsigned failed_in_row;
    bool probing; /* one at a time, until an answer comes */
};

void trawl_budget_init(struct trawl_budget *budget, const struct trawl_budget_limits *limits,
                       uint64_t now_ns);

/* Other limits; the rest stays. */
void trawl_budget_limit(struct trawl_budget *budget, const struct trawl_budget_limits *limits);

/* The stricter of two, in each respect. */
void trawl_budget_limits_merge(struct trawl_budget_limits *limits,
                               const struct trawl_budget_limits *other);

/* Requests that may be under way. */
unsigned trawl_budget_slots(const struct trawl_budget *budget);

/* Whether requests are to be kept apart, so that each start is to be asked for. */
bool trawl_budget_is_paced(const struct trawl_budget *budget, uint64_t now_ns);

/* When the next request may start; `now_ns` or earlier: at once. */
uint64_t trawl_budget_next_ns(const struct trawl_budget *budget, uint64_t now_ns);

/* A request was started then. */
void trawl_budget_start(struct trawl_budget *budget, uint64_t at_ns);

void trawl_budget_hear(struct trawl_budget *budget, const struct trawl_budget_news *news,
                       uint64_t now_ns);

/* It is left alone until rest_until_ns, and what is asked of it meanwhile is not worth waiting for. */
bool trawl_budget_is_given_up(const struct trawl_budget *budget, uint64_t now_ns);

#endif
