/* What is known of a host, as JSON: as it is saved, loaded, and shown by GET /api/hosts (docs/http-api.md); but that times are
 * numbers here (`…_at`: milliseconds since 1970, 0: never). */
#include <string.h>

#include "supervisor/hosts_priv.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/json.h"

#define MS UINT64_C(1000000)

void trawl__host_record_finish(struct trawl_host_record *record)
{
    free(record->excluded_url);
    free(record->excluded_rule);
    free(record->robots_problem);
}

static void replace(char **text, const char *with)
{
    if (!with)
        return;
    free(*text);
    *text = trawl_xstrdup(with);
}

void trawl__host_record_hear(struct trawl_host *host, const json_t *report)
{
    struct trawl_host_record *record = &host->record;
    json_int_t retry_after_ms = trawl_json_int(report, "retry_after_ms", -1);
    uint64_t excluded = (uint64_t)trawl_json_int(report, "excluded", 0);

    record->fine += (uint64_t)trawl_json_int(report, "fine", 0);
    record->failed += (uint64_t)trawl_json_int(report, "failed", 0);
    record->busy += (uint64_t)trawl_json_int(report, "busy", 0);
    if (retry_after_ms >= 0) {
        record->retry_afters++;
        record->retry_after_ms = retry_after_ms;
        record->retry_after_at_ms = trawl_now_ms();
    }
    if (excluded > 0) {
        record->excluded += excluded;
        record->excluded_ms = trawl_now_ms();
        replace(&record->excluded_url, trawl_json_string(report, "excluded_url", NULL));
        replace(&record->excluded_rule, trawl_json_string(report, "excluded_rule", NULL));
    }
    host->changed = true;
}

/* --- saving -------------------------------------------------------------------------------------- */

static const char *robots_state(const struct trawl_host_record *record)
{
    if (record->robots_ms == 0)
        return "unknown";
    return record->robots_state == TRAWL_ROBOTS_RULES ? "rules" : "none";
}

static json_t *robots_json(const struct trawl_host_record *record)
{
    char hash[33] = "";

    if (record->robots_ms > 0)
        snprintf(hash, sizeof(hash), "%016llx%016llx", (unsigned long long)record->robots_hash.hi,
                 (unsigned long long)record->robots_hash.lo);
    return json_pack("{s:I, s:s, s:i, s:I, s:s, s:I, s:s*}", "fetched_at",
                     (json_int_t)record->robots_ms, "state", robots_state(record), "status",
                     (int)record->robots_status, "bytes", (json_int_t)record->robots_bytes, "hash",
                     hash, "crawl_delay_ms", (json_int_t)record->crawl_delay_ms, "problem",
                     record->robots_problem);
}

/* A moment by the other clock. */
static int64_t wall_ms(uint64_t at_ns)
{
    uint64_t now_ns = trawl_mono_ns();

    return at_ns > now_ns ? trawl_now_ms() + (int64_t)((at_ns - now_ns) / MS) : 0;
}

static json_t *pace_json(const struct trawl_budget *budget)
{
    const struct trawl_budget_limits *limits = &budget->limits;
    uint64_t apart_ns =
        limits->throttle && budget->pace_ns > limits->delay_ns ? budget->pace_ns : limits->delay_ns;

    return json_pack("{s:i, s:i, s:I, s:f, s:s, s:f, s:I, s:b}", "concurrency",
                     (int)limits->concurrency, "now", (int)trawl_budget_slots(budget), "delay_ms",
                     (json_int_t)(apart_ns / MS), "rate", limits->rate, "throttle",
                     limits->throttle ? "auto" : "off", "usual_ms", budget->usual_ms,
                     "resting_until_at", (json_int_t)wall_ms(budget->rest_until_ns), "given_up",
                     (int)trawl_budget_is_given_up(budget, trawl_mono_ns()));
}

static json_t *record_json(const struct trawl_host *host)
{
    const struct trawl_host_record *record = &host->record;
    uint64_t requests = record->fine + record->failed + record->busy;

    return json_pack(
        "{s:s, s:I, s:I, s:I, s:I, s:I, s:{s:I, s:I, s:s*, s:s*}, s:{s:I, s:I, s:I}, s:o, s:o}",
        "name", host->name, "first_seen_at", (json_int_t)record->first_ms, "requests",
        (json_int_t)requests, "answered", (json_int_t)record->fine, "failed",
        (json_int_t)record->failed, "busy", (json_int_t)record->busy, "excluded", "count",
        (json_int_t)record->excluded, "last_at", (json_int_t)record->excluded_ms, "last_url",
        record->excluded_url, "last_rule", record->excluded_rule, "retry_after", "count",
        (json_int_t)record->retry_afters, "last_ms", (json_int_t)record->retry_after_ms, "last_at",
        (json_int_t)record->retry_after_at_ms, "robots", robots_json(record), "pace",
        pace_json(&host->budget));
}

void trawl__host_record_save(struct trawl_host *host, const void *robots, size_t robots_len)
{
    json_auto_t *json = NULL;
    TRAWL_AUTO_FREE char *text = NULL;

    if (host->record.first_ms == 0)
        host->record.first_ms = trawl_now_ms();
    json = record_json(host);
    text = json ? trawl_json_text(json, TRAWL_JSON_COMPACT) : NULL;
    if (text)
        trawl_store_save_host(host->supervisor->store, host->name, text, robots, robots_len);
    host->changed = false;
}

/* --- loading ------------------------------------------------------------------------------------- */

static void robots_load(struct trawl_host_record *record, const json_t *robots)
{
    const char *hash = trawl_json_string(robots, "hash", "");
    unsigned long long hi = 0;
    unsigned long long lo = 0;

    record->robots_ms = trawl_json_int(robots, "fetched_at", 0);
    record->robots_state = strcmp(trawl_json_string(robots, "state", ""), "rules") == 0
                               ? TRAWL_ROBOTS_RULES
                               : TRAWL_ROBOTS_NONE;
    record->robots_status = (uint16_t)trawl_json_int(robots, "status", 0);
    record->robots_bytes = (uint64_t)trawl_json_int(robots, "bytes", 0);
    record->crawl_delay_ms = (uint64_t)trawl_json_int(robots, "crawl_delay_ms", 0);
    if (sscanf(hash, "%16llx%16llx", &hi, &lo) == 2)
        record->robots_hash = (struct trawl_hash){.hi = hi, .lo = lo};
    replace(&record->robots_problem, trawl_json_string(robots, "problem", NULL));
}

void trawl__host_record_load(struct trawl_host *host, const char *json)
{
    struct trawl_host_record *record = &host->record;
    json_auto_t *saved = NULL;
    const json_t *excluded;
    const json_t *retry_after;

    if (!json || trawl_json_parse(json, strlen(json), &saved, NULL) < 0)
        return;
    excluded = json_object_get(saved, "excluded");
    retry_after = json_object_get(saved, "retry_after");
    record->first_ms = trawl_json_int(saved, "first_seen_at", 0);
    record->fine += (uint64_t)trawl_json_int(saved, "answered", 0);
    record->failed += (uint64_t)trawl_json_int(saved, "failed", 0);
    record->busy += (uint64_t)trawl_json_int(saved, "busy", 0);
    record->excluded += (uint64_t)trawl_json_int(excluded, "count", 0);
    record->excluded_ms = trawl_json_int(excluded, "last_at", 0);
    replace(&record->excluded_url, trawl_json_string(excluded, "last_url", NULL));
    replace(&record->excluded_rule, trawl_json_string(excluded, "last_rule", NULL));
    record->retry_afters += (uint64_t)trawl_json_int(retry_after, "count", 0);
    record->retry_after_ms = trawl_json_int(retry_after, "last_ms", 0);
    record->retry_after_at_ms = trawl_json_int(retry_after, "last_at", 0);
    robots_load(record, json_object_get(saved, "robots"));
}
