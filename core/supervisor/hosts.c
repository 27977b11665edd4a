#include "supervisor/hosts.h"

#include <string.h>
#include <utlist.h>

#include "ipc/messages.h"
#include "supervisor/hosts_priv.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/json.h"

#define MS UINT64_C(1000000)

/* --- users --------------------------------------------------------------------------------------- */

static const json_t *fetch_of(const struct trawl_shard *shard)
{
    return json_object_get(shard->task->job, "fetch");
}

static struct trawl_budget_limits limits_of(const struct trawl_host_user *user)
{
    const json_t *fetch = fetch_of(user->shard);
    uint64_t delay_ns = (uint64_t)trawl_json_int(fetch, "delay", 0) * MS;

    return (struct trawl_budget_limits){
        .concurrency = (unsigned)trawl_json_int(fetch, "concurrency", 8),
        .delay_ns = delay_ns > user->crawl_delay_ns ? delay_ns : user->crawl_delay_ns,
        .rate = json_number_value(json_object_get(fetch, "rate")),
        .burst = (unsigned)trawl_json_int(fetch, "burst", 1),
        .rest_ns = (uint64_t)trawl_json_int(fetch, "rest", 1000) * MS,
        .rest_max_ns = (uint64_t)trawl_json_int(fetch, "rest_max", 60000) * MS,
        .throttle = strcmp(trawl_json_string(fetch, "throttle", "auto"), "auto") == 0,
    };
}

void trawl__host_limit(struct trawl_host *host)
{
    const struct trawl_host_user *user = host->users;
    struct trawl_budget_limits limits;

    if (!user)
        return;
    limits = limits_of(user);
    for (user = user->next; user; user = user->next) {
        const struct trawl_budget_limits others = limits_of(user);

        trawl_budget_limits_merge(&limits, &others);
    }
    trawl_budget_limit(&host->budget, &limits);
    host->changed = true;
}

static struct trawl_host_user *user_find(const struct trawl_host *host,
                                         const struct trawl_shard *shard)
{
    struct trawl_host_user *user = host->users;

    while (user && user->shard != shard)
        user = user->next;
    return user;
}

static struct trawl_host_user *user_add(struct trawl_host *host, struct trawl_shard *shard)
{
    struct trawl_host_user *user = TRAWL_NEW(struct trawl_host_user);

    user->host = host;
    user->shard = shard;
    user->heeds = trawl_json_bool(fetch_of(shard), "robots", true);
    user->ready = !user->heeds;
    DL_APPEND(host->users, user);
    DL_APPEND2(shard->hosts, user, shard_prev, shard_next);
    trawl__host_limit(host);
    return user;
}

void trawl__host_tell(const struct trawl_host_user *user, uint16_t type, json_t *message)
{
    trawl__shard_tell(user->shard, type, message);
    json_decref(message);
}

/* --- hosts --------------------------------------------------------------------------------------- */

struct trawl_host *trawl__host_ref(struct trawl_host *host)
{
    host->refs++;
    return host;
}

static void host_on_closed(uv_handle_t *handle)
{
    struct trawl_host *host = handle->data;

    trawl__host_record_finish(&host->record);
    free(host);
}

void trawl__host_unref(struct trawl_host *host)
{
    if (--host->refs == 0)
        uv_close((uv_handle_t *)&host->timer, host_on_closed);
}

/* What is saved before it was loaded would write over what is there. */
static void host_save(struct trawl_host *host)
{
    if (host->changed && host->robots != TRAWL_HOST_ROBOTS_LOADING)
        trawl__host_record_save(host, NULL, 0);
}

/* It is used again, or forgotten. */
static void host_leave_idle(struct trawl_host *host)
{
    if (!host->idle)
        return;
    host->idle = false;
    host->supervisor->idle_host_count--;
    DL_DELETE(host->supervisor->idle_hosts, host);
}

static void host_forget(struct trawl_host *host)
{
    struct trawl_supervisor *supervisor = host->supervisor;

    host_save(host);
    host_leave_idle(host);
    HASH_DEL(supervisor->hosts, host);
    trawl__host_unref(host);
}

static void host_on_timer(uv_timer_t *timer)
{
    struct trawl_host *host = timer->data;

    if (host->users)
        trawl__host_deal(host);
    else
        host_forget(host);
}

void trawl__host_wait(struct trawl_host *host, uint64_t wait_ms)
{
    uv_timer_start(&host->timer, host_on_timer, wait_ms, 0);
}

/* Nobody uses it. It is remembered until its rest is over, and a while. */
static void host_rest(struct trawl_host *host)
{
    struct trawl_supervisor *supervisor = host->supervisor;
    uint64_t now_ns = trawl_mono_ns();
    uint64_t next_ns = trawl_budget_next_ns(&host->budget, now_ns);
    uint64_t wait_ms = next_ns > now_ns ? (next_ns - now_ns) / MS : 0;

    host->idle = true;
    DL_APPEND(supervisor->idle_hosts, host);
    trawl__host_wait(host, wait_ms + TRAWL_HOSTS_LINGER_MS);
    if (++supervisor->idle_host_count > TRAWL_HOSTS_IDLE_MAX)
        host_forget(supervisor->idle_hosts);
}

static struct trawl_host *host_find(struct trawl_supervisor *supervisor, const char *name)
{
    struct trawl_host *host;

    HASH_FIND_STR(supervisor->hosts, name, host);
    return host;
}

static struct trawl_host *host_add(struct trawl_supervisor *supervisor, const char *name)
{
    static const struct trawl_budget_limits none = {.concurrency = 1, .burst = 1};
    size_t len = strlen(name);
    struct trawl_host *host = trawl_xalloc(sizeof(*host) + len + 1);

    memcpy(host->name, name, len);
    host->supervisor = supervisor;
    host->refs = 1;
    trawl_budget_init(&host->budget, &none, trawl_mono_ns());
    uv_timer_init(&supervisor->loop, &host->timer);
    host->timer.data = host;
    HASH_ADD_KEYPTR(hh, supervisor->hosts, host->name, len, host);
    trawl__host_load(host);
    return host;
}

/* --- what workers say ---------------------------------------------------------------------------- */

static void user_drop(struct trawl_host_user *user)
{
    struct trawl_host *host = user->host;

    host->held -= user->held;
    if (host->starting == user)
        host->starting = NULL;
    DL_DELETE(host->users, user);
    DL_DELETE2(user->shard->hosts, user, shard_prev, shard_next);
    if (host->fetcher == user)
        trawl__host_robots_lost(host);
    free(user);
    if (!host->users) {
        host_rest(host);
        return;
    }
    trawl__host_limit(host);
    trawl__host_see_robots(host);
    trawl__host_deal(host);
}

static bool on_want(struct trawl_shard *shard, const char *name, const json_t *want)
{
    struct trawl_host *host = host_find(shard->supervisor, name);
    struct trawl_host_user *user = host ? user_find(host, shard) : NULL;
    json_int_t slots = trawl_json_int(want, "slots", -1);

    if (slots < 0 || slots > UINT16_MAX)
        return false;
    if (user && slots == 0 && user->held == 0) {
        user_drop(user);
        return true;
    }
    if (!host)
        host = host_add(shard->supervisor, name);
    host_leave_idle(host);
    if (!user)
        user = user_add(host, shard);
    user->wanted = (unsigned)slots;
    trawl__host_see_robots(host);
    trawl__host_deal(host);
    return true;
}

static struct trawl_budget_news news_of(const json_t *report)
{
    return (struct trawl_budget_news){
        .fine = (unsigned)trawl_json_int(report, "fine", 0),
        .fine_ms = (uint64_t)trawl_json_int(report, "fine_ms", 0),
        .failed = (unsigned)trawl_json_int(report, "failed", 0),
        .busy = (unsigned)trawl_json_int(report, "busy", 0),
        .retry_after_ms = trawl_json_int(report, "retry_after_ms", -1),
    };
}

static bool take_back(struct trawl_host_user *user, json_int_t back)
{
    struct trawl_host *host = user->host;

    if (back < 0 || back > user->held)
        return false;
    user->held -= (unsigned)back;
    host->held -= (unsigned)back;
    user->recalled -= back < user->recalled ? (unsigned)back : user->recalled;
    return true;
}

static bool on_report(struct trawl_shard *shard, const char *name, const json_t *report)
{
    struct trawl_host *host = host_find(shard->supervisor, name);
    struct trawl_host_user *user = host ? user_find(host, shard) : NULL;
    const struct trawl_budget_news news = news_of(report);
    json_int_t started_ns = trawl_json_int(report, "started_ns", 0);
    uint64_t now_ns = trawl_mono_ns();

    if (!user) /* it said that it is done with the host, and tells the rest */
        return trawl_json_int(report, "back", 0) == 0;
    if (!take_back(user, trawl_json_int(report, "back", 0)))
        return false;
    if (host->starting == user && (started_ns > 0 || user->held == 0))
        host->starting = NULL;
    if (started_ns > 0)
        trawl_budget_start(&host->budget,
                           (uint64_t)started_ns < now_ns ? (uint64_t)started_ns : now_ns);
    trawl_budget_hear(&host->budget, &news, now_ns);
    trawl__host_record_hear(host, report);
    if (user->wanted == 0 && user->held == 0)
        user_drop(user);
    else
        trawl__host_deal(host);
    return true;
}

static bool on_rules(struct trawl_shard *shard, const char *name, const json_t *rules)
{
    struct trawl_host *host = host_find(shard->supervisor, name);
    struct trawl_host_user *user = host ? user_find(host, shard) : NULL;
    json_int_t delay_ms = trawl_json_int(rules, "crawl_delay_ms", 0);

    if (delay_ms < 0)
        return false;
    if (!user)
        return true;
    user->ready = true;
    user->crawl_delay_ns = (uint64_t)delay_ms * MS;
    host->record.crawl_delay_ms = (uint64_t)delay_ms;
    trawl__host_limit(host);
    trawl__host_deal(host);
    return true;
}

bool trawl__hosts_on_words(struct trawl_shard *shard, uint16_t type, const json_t *words)
{
    const char *name = trawl_json_string(words, "host", "");

    if (*name == '\0' || strlen(name) > TRAWL_HOST_NAME_MAX)
        return false;
    if (type == TRAWL_MSG_HOST_WANT)
        return on_want(shard, name, words);
    return type == TRAWL_MSG_HOST_REPORT ? on_report(shard, name, words)
                                         : on_rules(shard, name, words);
}

bool trawl__hosts_on_robots(struct trawl_shard *shard, const struct trawl_frame *frame)
{
    struct trawl_robots_answer answer;
    struct trawl_host *host;

    if (trawl_robots_answer_decode(frame->payload, frame->len, &answer) < 0)
        return false;
    host = host_find(shard->supervisor, answer.host.ptr);
    if (!host || !host->fetcher || host->fetcher->shard != shard)
        return false;
    trawl__host_on_robots(host, &answer);
    return true;
}

/* --- all of them --------------------------------------------------------------------------------- */

void trawl__hosts_forget(struct trawl_shard *shard)
{
    struct trawl_host_user *user;
    struct trawl_host_user *next;

    DL_FOREACH_SAFE2(shard->hosts, user, next, shard_next)
    {
        user_drop(user);
    }
}

void trawl__hosts_save(struct trawl_supervisor *supervisor)
{
    struct trawl_host *host;
    struct trawl_host *next;

    HASH_ITER (hh, supervisor->hosts, host, next)
        host_save(host);
}

void trawl__hosts_finish(struct trawl_supervisor *supervisor)
{
    struct trawl_host *host;
    struct trawl_host *next;

    HASH_ITER (hh, supervisor->hosts, host, next)
        host_forget(host);
}
