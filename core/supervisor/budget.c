#include "supervisor/budget.h"

#define MS     UINT64_C(1000000)
#define SECOND 1e9

/* The throttle's first word: two at once are no burden, and tell more than one. */
#define THROTTLED_FIRST 2

/* An answer is slow when it takes so many times as long as usual, and a little: what a busy machine of our own adds. */
#define SLOW_TIMES   2.0
#define SLOW_MORE_MS 100.0
#define EASY_TIMES   1.5
#define EASY_MORE_MS 50.0

/* How fast a host that has become slower for good is taken as it is: with ten reports a second, within a minute. */
#define USUAL_DRIFT 0.002

/* The first pace, and below which it is none any more. It doubles, so that one slow answer does not stop all. */
#define PACE_FIRST_NS (100 * MS)
#define PACE_LAST_NS  (10 * MS)

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

void trawl_budget_init(struct trawl_budget *budget, const struct trawl_budget_limits *limits,
                       uint64_t now_ns)
{
    *budget = (struct trawl_budget){
        .limits = *limits,
        .throttled = THROTTLED_FIRST,
        .tokens = limits->burst,
        .tokens_ns = now_ns,
    };
}

void trawl_budget_limit(struct trawl_budget *budget, const struct trawl_budget_limits *limits)
{
    budget->limits = *limits;
}

void trawl_budget_limits_merge(struct trawl_budget_limits *limits,
                               const struct trawl_budget_limits *other)
{
    if (other->concurrency < limits->concurrency)
        limits->concurrency = other->concurrency;
    if (other->delay_ns > limits->delay_ns)
        limits->delay_ns = other->delay_ns;
    if (limits->rate <= 0 || (other->rate > 0 && other->rate < limits->rate))
        limits->rate = other->rate;
    if (other->burst < limits->burst)
        limits->burst = other->burst;
    if (other->rest_ns > limits->rest_ns)
        limits->rest_ns = other->rest_ns;
    if (other->rest_max_ns > limits->rest_max_ns)
        limits->rest_max_ns = other->rest_max_ns;
    limits->throttle |= other->throttle;
}

/* --- asking -------------------------------------------------------------------------------------- */

unsigned trawl_budget_slots(const struct trawl_budget *budget)
{
    if (budget->probing)
        return 1;
    return budget->limits.throttle ? (unsigned)least(budget->throttled, budget->limits.concurrency)
                                   : budget->limits.concurrency;
}

static uint64_t apart_ns(const struct trawl_budget *budget)
{
    uint64_t pace_ns = budget->limits.throttle ? budget->pace_ns : 0;

    return pace_ns > budget->limits.delay_ns ? pace_ns : budget->limits.delay_ns;
}

bool trawl_budget_is_paced(const struct trawl_budget *budget, uint64_t now_ns)
{
    return budget->probing || budget->limits.rate > 0 || apart_ns(budget) > 0 ||
           budget->rest_until_ns > now_ns;
}

static double tokens_at(const struct trawl_budget *budget, uint64_t now_ns)
{
    double passed = now_ns > budget->tokens_ns ? (double)(now_ns - budget->tokens_ns) / SECOND : 0;
    double tokens = budget->tokens + passed * budget->limits.rate;

    return tokens < budget->limits.burst ? tokens : budget->limits.burst;
}

uint64_t trawl_budget_next_ns(const struct trawl_budget *budget, uint64_t now_ns)
{
    uint64_t next_ns = budget->next_ns;
    double missing;

    if (budget->rest_until_ns > next_ns)
        next_ns = budget->rest_until_ns;
    if (budget->limits.rate <= 0)
        return next_ns;
    missing = 1 - tokens_at(budget, now_ns);
    if (missing > 0) {
        uint64_t token_ns = now_ns + (uint64_t)(missing / budget->limits.rate * SECOND) + 1;

        if (token_ns > next_ns)
            next_ns = token_ns;
    }
    return next_ns;
}

void trawl_budget_start(struct trawl_budget *budget, uint64_t at_ns)
{
    budget->next_ns = at_ns + apart_ns(budget);
    if (budget->limits.rate > 0) {
        budget->tokens = tokens_at(budget, at_ns) - 1;
        budget->tokens_ns = at_ns;
    }
}

bool trawl_budget_is_given_up(const struct trawl_budget *budget, uint64_t now_ns)
{
    return budget->rests > TRAWL_BUDGET_RESTS_MAX && budget->rest_until_ns > now_ns;
}

/* --- hearing ------------------------------------------------------------------------------------- */

static void rest(struct trawl_budget *budget, int64_t retry_after_ms, uint64_t now_ns)
{
    uint64_t rest_ns = budget->limits.rest_ns;

    /* What was under way when the rest began says nothing new. */
    if (budget->rest_until_ns <= now_ns) {
        for (unsigned i = 0; i < budget->rests && rest_ns < budget->limits.rest_max_ns; i++)
            rest_ns *= 2;
        rest_ns = least(rest_ns, budget->limits.rest_max_ns);
        if (++budget->rests > TRAWL_BUDGET_RESTS_MAX)
            rest_ns = TRAWL_BUDGET_GIVE_UP_NS;
        budget->rest_until_ns = now_ns + rest_ns;
        budget->probing = true;
    }
    if (retry_after_ms >= 0 && now_ns + (uint64_t)retry_after_ms * MS > budget->rest_until_ns)
        budget->rest_until_ns = now_ns + (uint64_t)retry_after_ms * MS;
}

static void grow_pace(struct trawl_budget *budget, uint64_t most_ns)
{
    budget->pace_ns = least(budget->pace_ns ? 2 * budget->pace_ns : PACE_FIRST_NS, most_ns);
}

static void slow_down(struct trawl_budget *budget)
{
    budget->past_first_slow = true;
    budget->pace_asked = true;
    if (budget->throttled > 1)
        budget->throttled /= 2;
    else
        grow_pace(budget, TRAWL_BUDGET_PACE_MAX_NS);
}

static void speed_up(struct trawl_budget *budget)
{
    if (budget->pace_ns > 0) {
        budget->pace_ns -= budget->pace_ns / (budget->pace_asked ? 10 : 2);
        if (budget->pace_ns >= PACE_LAST_NS)
            return;
        budget->pace_ns = 0;
        budget->pace_asked = false;
        return;
    }
    budget->throttled = budget->past_first_slow ? budget->throttled + 1 : 2 * budget->throttled;
    if (budget->throttled > budget->limits.concurrency)
        budget->throttled = budget->limits.concurrency;
}

static void ease_off(struct trawl_budget *budget, double ms)
{
    budget->past_first_slow = true;
    if (budget->throttled > 1)
        budget->throttled -= (budget->throttled + 3) / 4;
    else
        grow_pace(budget, least((uint64_t)(ms * (double)MS), TRAWL_BUDGET_PACE_MAX_NS));
}

static void follow_latency(struct trawl_budget *budget, double ms, bool only_fine)
{
    double usual = budget->usual_ms;

    if (usual <= 0 || ms < usual)
        budget->usual_ms = ms > 0 ? ms : 1;
    else
        budget->usual_ms += (ms - usual) * USUAL_DRIFT;
    if (usual <= 0)
        return;
    if (ms > usual * SLOW_TIMES + SLOW_MORE_MS)
        ease_off(budget, ms);
    else if (only_fine && ms <= usual * EASY_TIMES + EASY_MORE_MS)
        speed_up(budget);
}

void trawl_budget_hear(struct trawl_budget *budget, const struct trawl_budget_news *news,
                       uint64_t now_ns)
{
    bool only_fine = news->failed == 0 && news->busy == 0;

    if (news->fine > 0) {
        budget->failed_in_row = 0;
        if (only_fine && budget->rest_until_ns <= now_ns) {
            budget->rests = 0;
            budget->probing = false;
        }
        follow_latency(budget, (double)news->fine_ms / news->fine, only_fine);
    }
    budget->failed_in_row += news->failed;
    if (news->busy > 0 && budget->rest_until_ns <= now_ns)
        slow_down(budget);
    if (news->busy > 0 || news->retry_after_ms >= 0) {
        rest(budget, news->retry_after_ms, now_ns);
    } else if (news->failed > 0 &&
               (budget->failed_in_row >= TRAWL_BUDGET_FAILURES || budget->probing)) {
        rest(budget, -1, now_ns);
    }
}
