/* Dealing a host's slots among the workers that use it: to who has the fewest, of those to who has waited longest. Where
 * requests are kept apart a slot is for one request, and the next is dealt once that has started. */
#include <stdio.h>
#include <utlist.h>

#include "ipc/messages.h"
#include "supervisor/hosts_priv.h"
#include "util/clock.h"

#define NS_PER_MS 1000000u

static bool is_waiting(const struct trawl_host_user *user)
{
    return user->ready && user->wanted > user->held &&
           user->host->robots != TRAWL_HOST_ROBOTS_LOADING;
}

static struct trawl_host_user *poorest(struct trawl_host *host)
{
    struct trawl_host_user *found = NULL;
    struct trawl_host_user *user;

    DL_FOREACH (host->users, user) {
        if (is_waiting(user) && (!found || user->held < found->held))
            found = user;
    }
    return found;
}

/* What it has once it has given back all that was recalled. */
static unsigned left_to(const struct trawl_host_user *user)
{
    return user->held - user->recalled;
}

static struct trawl_host_user *richest(struct trawl_host *host)
{
    struct trawl_host_user *found = NULL;
    struct trawl_host_user *user;

    DL_FOREACH (host->users, user) {
        if (left_to(user) > 0 && (!found || left_to(user) > left_to(found)))
            found = user;
    }
    return found;
}

static void grant(struct trawl_host *host, struct trawl_host_user *user)
{
    user->held++;
    user->granted++;
    host->held++;
    DL_DELETE(host->users, user);
    DL_APPEND(host->users, user);
}

static void tell_grants(struct trawl_host *host, bool once)
{
    struct trawl_host_user *user;

    DL_FOREACH (host->users, user) {
        if (user->granted > 0)
            trawl__host_tell(user, TRAWL_MSG_HOST_GRANT,
                             json_pack("{s:s, s:i, s:b}", "host", host->name, "slots",
                                       (int)user->granted, "once", once));
        user->granted = 0;
    }
}

static void recall(struct trawl_host *host, struct trawl_host_user *user, unsigned slots)
{
    user->recalled += slots;
    trawl__host_tell(user, TRAWL_MSG_HOST_RECALL,
                     json_pack("{s:s, s:i}", "host", host->name, "slots", (int)slots));
}

static void recall_all(struct trawl_host *host)
{
    struct trawl_host_user *user;

    DL_FOREACH (host->users, user) {
        if (user != host->starting && left_to(user) > 0)
            recall(host, user, left_to(user));
    }
}

static unsigned recalled(const struct trawl_host *host)
{
    unsigned sum = 0;
    struct trawl_host_user *user;

    DL_FOREACH (host->users, user)
        sum += user->recalled;
    return sum;
}

/* Less is allowed than is held: take from the richest. */
static void recall_surplus(struct trawl_host *host, unsigned slots)
{
    unsigned left = host->held - recalled(host);

    for (; left > slots; left--)
        recall(host, richest(host), 1);
}

/* Others wait while one has more than its share. What was recalled already is on its way to them. */
static void recall_for_others(struct trawl_host *host)
{
    const struct trawl_host_user *poor = poorest(host);
    unsigned coming = recalled(host);
    struct trawl_host_user *rich = richest(host);

    while (poor && rich && rich != poor &&
           (left_to(rich) > poor->held + coming + 1 || (poor->held + coming == 0))) {
        recall(host, rich, 1);
        coming++;
        rich = richest(host);
    }
}

static void deal_freely(struct trawl_host *host, unsigned slots)
{
    struct trawl_host_user *user;

    while (host->held < slots && (user = poorest(host)))
        grant(host, user);
    tell_grants(host, false);
    recall_surplus(host, slots);
    recall_for_others(host);
}

static void wait_until(struct trawl_host *host, uint64_t at_ns, uint64_t now_ns)
{
    trawl__host_wait(host, (at_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS);
}

/* Slots that were dealt freely before are taken back first. */
static void deal_paced(struct trawl_host *host, unsigned slots, uint64_t now_ns)
{
    uint64_t next_ns = trawl_budget_next_ns(&host->budget, now_ns);
    struct trawl_host_user *user = poorest(host);

    if (!user || host->starting || host->held >= slots)
        return;
    if (next_ns > now_ns) {
        wait_until(host, next_ns, now_ns);
        return;
    }
    host->starting = user;
    grant(host, user);
    tell_grants(host, true);
}

void trawl__host_shut(struct trawl_host *host, bool heeding_only, const char *kind,
                      const char *reason)
{
    struct trawl_host_user *user;

    DL_FOREACH (host->users, user) {
        if (user->heeds || !heeding_only)
            trawl__host_tell(
                user, TRAWL_MSG_HOST_SHUT,
                json_pack("{s:s, s:s, s:s}", "host", host->name, "kind", kind, "reason", reason));
    }
}

static void give_up(struct trawl_host *host, uint64_t now_ns)
{
    char reason[128];

    snprintf(reason, sizeof(reason),
             "the host did not answer well in %u tries in a row, and is left alone for %llu s",
             TRAWL_BUDGET_RESTS_MAX,
             (unsigned long long)((host->budget.rest_until_ns - now_ns) / 1000000000u));
    recall_all(host);
    trawl__host_shut(host, false, "host", reason);
    wait_until(host, host->budget.rest_until_ns, now_ns);
}

void trawl__host_deal(struct trawl_host *host)
{
    uint64_t now_ns = trawl_mono_ns();
    unsigned slots = trawl_budget_slots(&host->budget);

    if (!host->users) /* the timer is for when it is forgotten */
        return;
    uv_timer_stop(&host->timer);
    uv_update_time(&host->supervisor->loop);
    if (trawl_budget_is_given_up(&host->budget, now_ns)) {
        give_up(host, now_ns);
    } else if (trawl_budget_is_paced(&host->budget, now_ns)) {
        if (!host->paced)
            recall_all(host);
        host->paced = true;
        deal_paced(host, slots, now_ns);
    } else {
        host->paced = false;
        deal_freely(host, slots);
    }
}
