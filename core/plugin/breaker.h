/* A transport in a chain: whether it is to be tried now. A rule alone; the caller brings the clock, nanoseconds that
 * never go back.
 *
 * It is closed while it works. A number of failures in a row opens it: it is passed over for a time, after which one message
 * probes it (half-open); if that arrives it is closed again. A receiver that asks for peace is left alone for as long as it
 * says, and one that wants no more is disabled until somebody enables it.
 */
#ifndef TRAWL_PLUGIN_BREAKER_H
#define TRAWL_PLUGIN_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#include "trawl/transport.h"

/* Between two tries of a transport whose breaker is closed: it doubles with each failure. */
#define TRAWL_BREAKER_PAUSE_MS     100
#define TRAWL_BREAKER_PAUSE_MAX_MS 5000

/* What a receiver may ask for: one that says "at once" while it refuses is not asked in a loop, and nobody waits for longer. */
#define TRAWL_BREAKER_LATER_MIN_MS 1000
#define TRAWL_BREAKER_LATER_MAX_MS (INT64_C(24) * 3600 * 1000)

enum trawl_breaker_state {
    TRAWL_BREAKER_CLOSED,
    TRAWL_BREAKER_OPEN,
    TRAWL_BREAKER_HALF_OPEN,
    TRAWL_BREAKER_DISABLED,
};

struct trawl_breaker_limits {
    unsigned failures;       /* in a row that open it, at least 1 */
    uint64_t retry_after_ms; /* how long it stays open */
};

/* A plain value; {0} is closed. */
struct trawl_breaker {
    enum trawl_breaker_state state;
    unsigned failures; /* in a row */
    uint64_t until_ns; /* it is not to be tried before */
};

/* True if it is to be tried now; one that is open is then half-open. */
bool trawl_breaker_try(struct trawl_breaker *breaker, uint64_t now_ns);

/* True if those after it in the chain have their turn: it is open, or disabled. One that only pauses between two tries is
 * waited for. */
bool trawl_breaker_is_passed_over(const struct trawl_breaker *breaker);

/* What became of a try. */
void trawl_breaker_hear(struct trawl_breaker *breaker, const struct trawl_breaker_limits *limits,
                        enum trawl_push_outcome outcome, int64_t retry_after_ms, uint64_t now_ns);

void trawl_breaker_disable(struct trawl_breaker *breaker);

/* As if it had never failed. */
void trawl_breaker_enable(struct trawl_breaker *breaker);

/* "closed", "open", "half-open", "disabled" */
const char *trawl_breaker_state_name(enum trawl_breaker_state state);

#endif
