#include "plugin/breaker.h"

#define NS_PER_MS UINT64_C(1000000)

bool trawl_breaker_try(struct trawl_breaker *breaker, uint64_t now_ns)
{
    if (breaker->state == TRAWL_BREAKER_DISABLED || breaker->until_ns > now_ns)
        return false;
    if (breaker->state == TRAWL_BREAKER_OPEN)
        breaker->state = TRAWL_BREAKER_HALF_OPEN;
    return true;
}

bool trawl_breaker_is_passed_over(const struct trawl_breaker *breaker)
{
    return breaker->state == TRAWL_BREAKER_OPEN || breaker->state == TRAWL_BREAKER_DISABLED;
}

static uint64_t pause_ms(unsigned failures)
{
    uint64_t pause = TRAWL_BREAKER_PAUSE_MS;

    while (--failures > 0 && pause < TRAWL_BREAKER_PAUSE_MAX_MS)
        pause *= 2;
    return pause < TRAWL_BREAKER_PAUSE_MAX_MS ? pause : TRAWL_BREAKER_PAUSE_MAX_MS;
}

static uint64_t within(int64_t ms, int64_t min, int64_t max)
{
    if (ms < min)
        return (uint64_t)min;
    return (uint64_t)(ms < max ? ms : max);
}

static void fail(struct trawl_breaker *breaker, const struct trawl_breaker_limits *limits,
                 int64_t retry_after_ms, uint64_t now_ns)
{
    uint64_t at_least_ms = within(retry_after_ms, 0, TRAWL_BREAKER_LATER_MAX_MS);
    uint64_t wait_ms;

    breaker->failures++;
    if (breaker->state == TRAWL_BREAKER_HALF_OPEN || breaker->failures >= limits->failures)
        breaker->state = TRAWL_BREAKER_OPEN;
    wait_ms =
        breaker->state == TRAWL_BREAKER_OPEN ? limits->retry_after_ms : pause_ms(breaker->failures);
    breaker->until_ns = now_ns + (wait_ms > at_least_ms ? wait_ms : at_least_ms) * NS_PER_MS;
}

/* It answers, so this is no failure; the others have their turn meanwhile. */
static void leave_alone(struct trawl_breaker *breaker, const struct trawl_breaker_limits *limits,
                        int64_t retry_after_ms, uint64_t now_ns)
{
    uint64_t wait_ms = retry_after_ms < 0 ? limits->retry_after_ms
                                          : within(retry_after_ms, TRAWL_BREAKER_LATER_MIN_MS,
                                                   TRAWL_BREAKER_LATER_MAX_MS);

    breaker->state = TRAWL_BREAKER_OPEN;
    breaker->until_ns = now_ns + wait_ms * NS_PER_MS;
}

void trawl_breaker_hear(struct trawl_breaker *breaker, const struct trawl_breaker_limits *limits,
                        enum trawl_push_outcome outcome, int64_t retry_after_ms, uint64_t now_ns)
{
    switch (outcome) {
    case TRAWL_PUSH_DELIVERED:
        trawl_breaker_enable(breaker);
        break;
    case TRAWL_PUSH_LATER:
        leave_alone(breaker, limits, retry_after_ms, now_ns);
        break;
    case TRAWL_PUSH_GONE:
        trawl_breaker_disable(breaker);
        break;
    case TRAWL_PUSH_FAILED:
    default: /* what a plugin made up */
        fail(breaker, limits, retry_after_ms, now_ns);
        break;
    }
}

void trawl_breaker_disable(struct trawl_breaker *breaker)
{
    *breaker = (struct trawl_breaker){.state = TRAWL_BREAKER_DISABLED};
}

void trawl_breaker_enable(struct trawl_breaker *breaker)
{
    *breaker = (struct trawl_breaker){.state = TRAWL_BREAKER_CLOSED};
}

const char *trawl_breaker_state_name(enum trawl_breaker_state state)
{
    static const char *const names[] = {
        [TRAWL_BREAKER_CLOSED] = "closed",
        [TRAWL_BREAKER_OPEN] = "open",
        [TRAWL_BREAKER_HALF_OPEN] = "half-open",
        [TRAWL_BREAKER_DISABLED] = "disabled",
    };

    return names[state];
}
