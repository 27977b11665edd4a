#include "worker/check_host.h"

#include <errno.h>
#include <stdlib.h>

#include "extract/charset.h"
#include "extract/jq.h"
#include "extract/pattern.h"
#include "extract/plan.h"
#include "trawl/plugin.h"
#include "util/json.h"
#include "util/log.h"
#include "worker/sitemap.h"

static const struct trawl_log check_log = {.origin = "inspector"};

/* Handles that nobody looks into: only their addresses are handed out. */
static char check_job;
static char check_hub;

struct trawl_job *trawl__check_job(void)
{
    return (struct trawl_job *)(void *)&check_job;
}

struct trawl_hub *trawl__check_hub(void)
{
    return (struct trawl_hub *)(void *)&check_hub;
}

static void log_quoted(enum trawl_log_level level, const char *message)
{
    char room[1024];

    trawl_log_write(&check_log, level, "%s", trawl_log_quote(room, sizeof(room), message));
}

/* --- scrapers ------------------------------------------------------------------------------------ */

/* create() must not ask for requests or emit items. */
static int check_request(struct trawl_job *job, const struct trawl_request *request)
{
    (void)job;
    (void)request;
    return -EPERM;
}

static int check_item(struct trawl_job *job, const char *key, json_t *item)
{
    (void)job;
    (void)key;
    (void)item;
    return -EPERM;
}

static void check_progress(struct trawl_job *job, uint64_t current, uint64_t total,
                           const char *message)
{
    (void)job;
    (void)current;
    (void)total;
    (void)message;
}

static void check_job_log(struct trawl_job *job, enum trawl_log_level level, const char *message)
{
    (void)job;
    log_quoted(level, message);
}

static int check_plan_compile(struct trawl_job *job, const json_t *rules,
                              struct trawl_plan **ret_plan, struct trawl_err *err)
{
    (void)job;
    return trawl_plan_compile(rules, ret_plan, err);
}

static int check_jq_compile(struct trawl_job *job, const char *program, struct trawl_jq **ret_jq,
                            struct trawl_err *err)
{
    (void)job;
    return trawl_jq_compile(program, ret_jq, err);
}

static int check_jq_run(struct trawl_jq *jq, json_t *input,
                        int (*result)(void *user, json_t *value), void *user, struct trawl_err *err)
{
    return trawl_jq_run(jq, input, result, user, err);
}

static int check_json_parse(struct trawl_job *job, const char *bytes, size_t len,
                            json_t **ret_value, struct trawl_err *err)
{
    (void)job;
    return trawl_json_parse(bytes, len, ret_value, err);
}

static int check_text(struct trawl_job *job, const struct trawl_response *response, char **ret_text,
                      size_t *ret_len, struct trawl_err *err)
{
    int r;

    (void)job;
    r = trawl_charset_to_utf8(
        response->body, response->body_len,
        trawl_charset_detect(response->body, response->body_len, response->content_type), ret_text,
        ret_len);
    return r < 0 ? trawl_err_set(err, r, "", "there is no memory for the text") : 0;
}

static void check_text_free(char *text)
{
    free(text);
}

static int check_sitemap_read(struct trawl_job *job, const struct trawl_response *response,
                              const struct trawl_sitemap_sink *sink, struct trawl_err *err)
{
    struct trawl_sitemap_faults faults;

    (void)job;
    return trawl__sitemap_or_robots_read(response, sink, &faults, err);
}

static int check_patterns_compile(struct trawl_job *job, const json_t *list,
                                  struct trawl_patterns **ret_patterns, struct trawl_err *err)
{
    (void)job;
    return trawl_patterns_compile(list, ret_patterns, err);
}

const struct trawl_scraper_host *trawl__check_scraper_host(void)
{
    static const struct trawl_scraper_host host = {
        .abi_major = TRAWL_ABI_MAJOR,
        .abi_minor = TRAWL_ABI_MINOR,
        .size = sizeof(host),
        .request = check_request,
        .item = check_item,
        .progress = check_progress,
        .log = check_job_log,
        .plan_compile = check_plan_compile,
        .plan_run = trawl_plan_run,
        .plan_free = trawl_plan_free,
        .jq_compile = check_jq_compile,
        .jq_run = check_jq_run,
        .jq_free = trawl_jq_free,
        .json_parse = check_json_parse,
        .text = check_text,
        .text_free = check_text_free,
        .sitemap_read = check_sitemap_read,
        .patterns_compile = check_patterns_compile,
        .patterns_match = trawl_patterns_match,
        .patterns_free = trawl_patterns_free,
    };

    return &host;
}

/* --- transports ---------------------------------------------------------------------------------- */

static int check_append(struct trawl_out *out, const void *bytes, size_t len)
{
    (void)out;
    (void)bytes;
    (void)len;
    return 0;
}

static const char *check_lookup(struct trawl_conn *conn, const char *name)
{
    (void)conn;
    (void)name;
    return NULL;
}

static int check_parse_topics(const char *names, uint32_t *ret_topics, struct trawl_err *err)
{
    (void)names;
    (void)err;
    *ret_topics = TRAWL_TOPIC_PROGRESS;
    return 0;
}

static int check_subscribe(struct trawl_conn *conn, const struct trawl_subscription *subscription,
                           struct trawl_err *err)
{
    (void)conn;
    (void)subscription;
    return trawl_err_set(err, -ENOENT, "", "there is no client while a configuration is checked");
}

static void check_unsubscribe(struct trawl_conn *conn)
{
    (void)conn;
}

static void check_reply(struct trawl_conn *conn, const char *type, json_t *data)
{
    (void)conn;
    (void)type;
    json_decref(data);
}

static void check_acknowledged(struct trawl_conn *conn, const char *id)
{
    (void)conn;
    (void)id;
}

static void check_close(struct trawl_conn *conn, uint16_t code, const char *reason)
{
    (void)conn;
    (void)code;
    (void)reason;
}

static void check_hub_log(struct trawl_hub *hub, enum trawl_log_level level, const char *message)
{
    (void)hub;
    log_quoted(level, message);
}

static bool check_stopping(struct trawl_hub *hub)
{
    (void)hub;
    return false;
}

const struct trawl_transport_host *trawl__check_transport_host(void)
{
    static const struct trawl_transport_host host = {
        .abi_major = TRAWL_ABI_MAJOR,
        .abi_minor = TRAWL_ABI_MINOR,
        .size = sizeof(host),
        .append = check_append,
        .path_param = check_lookup,
        .query = check_lookup,
        .header = check_lookup,
        .parse_topics = check_parse_topics,
        .subscribe = check_subscribe,
        .unsubscribe = check_unsubscribe,
        .reply = check_reply,
        .acknowledged = check_acknowledged,
        .close = check_close,
        .log = check_hub_log,
        .stopping = check_stopping,
    };

    return &host;
}
