/* robots.txt: fetched by a worker, kept in the store, told to every worker that heeds it. What stands in it only workers read. */
#include <stdio.h>
#include <utlist.h>

#include "ipc/messages.h"
#include "supervisor/hosts_priv.h"
#include "util/alloc.h"
#include "util/clock.h"

/* RFC 9309 section 2.4: not to be used for longer than a day, unless there is no other. */
#define FRESH_MS ((int64_t)24 * 3600 * 1000)

/* While it cannot be fetched an old one is used for so long (section 2.3.1.4), else nothing is fetched; how soon it is tried
 * again. */
#define STALE_MS     (30 * FRESH_MS)
#define TRY_AGAIN_NS UINT64_C(300000000000)

static void send_robots(struct trawl_host_user *user, const struct trawl_robots_answer *answer)
{
    struct trawl_buf buf;

    trawl_buf_init(&buf, TRAWL_FRAME_MAX);
    if (trawl_robots_answer_encode(answer, &buf) == 0)
        trawl__shard_tell_bytes(user->shard, TRAWL_MSG_ROBOTS, trawl_buf_text(&buf), buf.len);
    trawl_buf_finish(&buf);
    user->told = true;
}

static void send_to_all(struct trawl_host *host, const struct trawl_robots_answer *answer)
{
    struct trawl_host_user *user;

    DL_FOREACH (host->users, user) {
        if (user->heeds)
            send_robots(user, answer);
    }
}

/* --- from the store ------------------------------------------------------------------------------ */

static struct trawl_robots_answer kept(const struct trawl_host *host, const void *robots,
                                       size_t robots_len)
{
    return (struct trawl_robots_answer){
        .host = trawl_str_of(host->name),
        .state = robots ? host->record.robots_state : TRAWL_ROBOTS_NONE,
        .status = host->record.robots_status,
        .kind = trawl_str_of(""),
        .reason = trawl_str_of(""),
        .body = {.ptr = robots ? robots : "", .len = robots_len},
    };
}

static void on_kept(void *user, const char *json, const void *robots, size_t robots_len)
{
    struct trawl_host *host = user;
    const struct trawl_robots_answer answer = kept(host, robots, robots_len);
    struct trawl_host_user *each;

    (void)json;
    DL_FOREACH (host->users, each) {
        if (each->heeds && !each->told && host->robots == TRAWL_HOST_ROBOTS_KNOWN)
            send_robots(each, &answer);
    }
    trawl__host_unref(host);
}

static void send_kept(struct trawl_host *host)
{
    trawl_store_load_host(host->supervisor->store, host->name, on_kept, trawl__host_ref(host));
}

static bool is_younger(const struct trawl_host *host, int64_t age_ms)
{
    int64_t robots_ms = host->record.robots_ms;
    int64_t now_ms = trawl_now_ms();

    return robots_ms > 0 && robots_ms <= now_ms && now_ms - robots_ms < age_ms;
}

static void on_loaded(void *user, const char *json, const void *robots, size_t robots_len)
{
    struct trawl_host *host = user;

    (void)robots;
    (void)robots_len;
    trawl__host_record_load(host, json);
    host->robots = is_younger(host, FRESH_MS) ? TRAWL_HOST_ROBOTS_KNOWN : TRAWL_HOST_ROBOTS_STALE;
    trawl__host_see_robots(host);
    trawl__host_deal(host);
    trawl__host_unref(host);
}

void trawl__host_load(struct trawl_host *host)
{
    trawl_store_load_host(host->supervisor->store, host->name, on_loaded, trawl__host_ref(host));
}

/* --- from the host ------------------------------------------------------------------------------- */

static struct trawl_host_user *first_heeding(struct trawl_host *host)
{
    struct trawl_host_user *user = host->users;

    while (user && !(user->heeds && user->wanted > 0))
        user = user->next;
    return user;
}

static bool some_untold(struct trawl_host *host)
{
    struct trawl_host_user *user = host->users;

    while (user && (!user->heeds || user->told))
        user = user->next;
    return user != NULL;
}

static void fetch(struct trawl_host *host, struct trawl_host_user *user)
{
    host->robots = TRAWL_HOST_ROBOTS_FETCHING;
    host->fetcher = user;
    trawl_budget_start(&host->budget, trawl_mono_ns());
    trawl__host_tell(user, TRAWL_MSG_ROBOTS_FETCH, json_pack("{s:s}", "host", host->name));
}

static void tell_problem(struct trawl_host *host)
{
    char reason[768];

    snprintf(reason, sizeof(reason), "robots.txt could not be read, so nothing may be: %s",
             host->record.robots_problem);
    trawl__host_shut(host, true, host->robots_kind, reason);
}

static void expire(struct trawl_host *host)
{
    struct trawl_host_user *user;
    bool over = host->robots == TRAWL_HOST_ROBOTS_UNKNOWN
                    ? trawl_mono_ns() >= host->robots_until_ns
                    : host->robots == TRAWL_HOST_ROBOTS_KNOWN && !is_younger(host, FRESH_MS) &&
                          trawl_mono_ns() >= host->robots_until_ns;

    if (!over)
        return;
    host->robots = TRAWL_HOST_ROBOTS_STALE;
    DL_FOREACH (host->users, user)
        user->told = false;
}

void trawl__host_see_robots(struct trawl_host *host)
{
    struct trawl_host_user *user = first_heeding(host);

    expire(host);
    if (!user)
        return;
    switch (host->robots) {
    case TRAWL_HOST_ROBOTS_LOADING:
    case TRAWL_HOST_ROBOTS_FETCHING:
        break;
    case TRAWL_HOST_ROBOTS_STALE:
        fetch(host, user);
        break;
    case TRAWL_HOST_ROBOTS_KNOWN:
        if (some_untold(host))
            send_kept(host);
        break;
    case TRAWL_HOST_ROBOTS_UNKNOWN:
        tell_problem(host);
        break;
    }
}

void trawl__host_robots_lost(struct trawl_host *host)
{
    host->fetcher = NULL;
    host->robots = TRAWL_HOST_ROBOTS_STALE;
}

static void take_rules(struct trawl_host *host, const struct trawl_robots_answer *answer)
{
    struct trawl_host_record *record = &host->record;

    record->robots_ms = trawl_now_ms();
    record->robots_status = answer->status;
    record->robots_state = answer->state;
    record->robots_bytes = answer->body.len;
    record->robots_hash = trawl_hash_bytes(answer->body.ptr, answer->body.len);
    record->crawl_delay_ms = 0; /* who reads it will say */
    free(record->robots_problem);
    record->robots_problem = NULL;
    host->robots = TRAWL_HOST_ROBOTS_KNOWN;
    host->robots_until_ns = 0;
    trawl__host_record_save(host, answer->body.ptr, answer->body.len);
    send_to_all(host, answer);
}

static void take_problem(struct trawl_host *host, const struct trawl_robots_answer *answer)
{
    free(host->record.robots_problem);
    host->record.robots_problem = trawl_xstrdup(answer->reason.ptr);
    host->robots_until_ns = trawl_mono_ns() + TRY_AGAIN_NS;
    host->changed = true;
    snprintf(host->robots_kind, sizeof(host->robots_kind), "%s", answer->kind.ptr);
    host->robots = is_younger(host, STALE_MS) ? TRAWL_HOST_ROBOTS_KNOWN : TRAWL_HOST_ROBOTS_UNKNOWN;
    trawl__host_see_robots(host);
}

/* Its own platform keeps this user from the host; the next one tries for itself. */
static void take_refusal(struct trawl_host *host, struct trawl_host_user *user,
                         const struct trawl_robots_answer *answer)
{
    host->robots = TRAWL_HOST_ROBOTS_STALE;
    user->wanted = 0;
    trawl__host_tell(user, TRAWL_MSG_HOST_SHUT,
                     json_pack("{s:s, s:s, s:s}", "host", host->name, "kind", answer->kind.ptr,
                               "reason", answer->reason.ptr));
    trawl__host_see_robots(host);
}

void trawl__host_on_robots(struct trawl_host *host, const struct trawl_robots_answer *answer)
{
    struct trawl_host_user *user = host->fetcher;

    host->fetcher = NULL;
    if (answer->state == TRAWL_ROBOTS_REFUSED)
        take_refusal(host, user, answer);
    else if (answer->state == TRAWL_ROBOTS_UNKNOWN)
        take_problem(host, answer);
    else
        take_rules(host, answer);
}
