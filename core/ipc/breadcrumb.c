#include "ipc/breadcrumb.h"

#include <stdatomic.h>
#include <string.h>

#include "ipc/sealed.h"
#include "util/alloc.h"

const char *trawl_call_name(enum trawl_call call)
{
    static const char *const names[] = {
        [TRAWL_CALL_NONE] = "nothing",          [TRAWL_CALL_CREATE] = "create",
        [TRAWL_CALL_START] = "start",           [TRAWL_CALL_ON_RESPONSE] = "on_response",
        [TRAWL_CALL_ON_FAILURE] = "on_failure", [TRAWL_CALL_FINISH] = "finish",
        [TRAWL_CALL_DESTROY] = "destroy",
    };

    return (size_t)call < TRAWL_ARRAY_SIZE(names) ? names[call] : "unknown";
}

const char *trawl_help_name(enum trawl_help help)
{
    static const char *const names[] = {
        [TRAWL_HELP_NONE] = "nothing",
        [TRAWL_HELP_PLAN_COMPILE] = "plan_compile",
        [TRAWL_HELP_PLAN_RUN] = "plan_run",
        [TRAWL_HELP_JQ_COMPILE] = "jq_compile",
        [TRAWL_HELP_JQ_RUN] = "jq_run",
        [TRAWL_HELP_JSON_PARSE] = "json_parse",
        [TRAWL_HELP_TEXT] = "text",
        [TRAWL_HELP_SITEMAP_READ] = "sitemap_read",
        [TRAWL_HELP_PATTERNS_COMPILE] = "patterns_compile",
        [TRAWL_HELP_PATTERNS_MATCH] = "patterns_match",
    };

    return (size_t)help < TRAWL_ARRAY_SIZE(names) ? names[help] : "unknown";
}

/* --- the supervisor's side ----------------------------------------------------------------------- */

int trawl_breadcrumb_create(int *ret_fd, const struct trawl_breadcrumb **ret_crumb)
{
    const void *memory;
    int r =
        trawl_sealed_create("trawl-breadcrumb", sizeof(struct trawl_breadcrumb), ret_fd, &memory);

    if (r >= 0)
        *ret_crumb = memory;
    return r;
}

void trawl_breadcrumb_close(const struct trawl_breadcrumb *crumb)
{
    trawl_sealed_close(crumb, sizeof(*crumb));
}

void trawl_breadcrumb_read(const struct trawl_breadcrumb *crumb, struct trawl_trail *ret_trail)
{
    uint32_t call = atomic_load(&crumb->call);
    uint32_t help = atomic_load(&crumb->help);

    *ret_trail = (struct trawl_trail){.out_of_memory = atomic_load(&crumb->out_of_memory) != 0};
    if (call == TRAWL_CALL_NONE || call > TRAWL_CALL_DESTROY || help > TRAWL_HELP_PATTERNS_MATCH)
        return;
    ret_trail->call = (enum trawl_call)call;
    ret_trail->help = (enum trawl_help)help;
    ret_trail->has_request = crumb->has_request == 1;
    if (ret_trail->has_request) {
        ret_trail->fingerprint = crumb->fingerprint;
        trawl_sealed_text(ret_trail->url, crumb->url, TRAWL_BREADCRUMB_URL);
    }
}

/* --- the worker's side --------------------------------------------------------------------------- */

struct trawl_breadcrumb *trawl_breadcrumb_open(int fd)
{
    return trawl_sealed_open(fd, sizeof(struct trawl_breadcrumb));
}

/* The call is named last and withdrawn first, so whenever the process dies, a call that is named has its request beside
 * it. */
void trawl_breadcrumb_enter(struct trawl_breadcrumb *crumb, enum trawl_call call,
                            const struct trawl_hash *fingerprint, const char *url)
{
    size_t len;

    if (!crumb)
        return;
    crumb->has_request = fingerprint != NULL;
    if (fingerprint) {
        len = strnlen(url, TRAWL_BREADCRUMB_URL - 1);
        crumb->fingerprint = *fingerprint;
        memcpy(crumb->url, url, len);
        crumb->url[len] = '\0';
    }
    atomic_store(&crumb->help, TRAWL_HELP_NONE);
    atomic_store(&crumb->call, call);
}

void trawl_breadcrumb_leave(struct trawl_breadcrumb *crumb)
{
    if (crumb)
        atomic_store(&crumb->call, TRAWL_CALL_NONE);
}

enum trawl_help trawl_breadcrumb_help(struct trawl_breadcrumb *crumb, enum trawl_help help)
{
    return crumb ? (enum trawl_help)atomic_exchange(&crumb->help, help) : TRAWL_HELP_NONE;
}
