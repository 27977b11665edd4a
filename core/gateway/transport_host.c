/* The functions that a transport plugin is given. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/gateway_priv.h"
#include "trawl/plugin.h"
#include "util/alloc.h"
#include "util/suggest.h"

static const struct {
    const char *name;
    uint32_t topic;
} topics[] = {
    {"scrape_progress", TRAWL_TOPIC_PROGRESS},
    {"items", TRAWL_TOPIC_ITEMS},
    {"logs", TRAWL_TOPIC_LOGS},
};

json_t *topics_to_json(uint32_t set)
{
    json_t *names = json_array();

    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(topics); i++) {
        if (set & topics[i].topic)
            json_array_append_new(names, json_string(topics[i].name));
    }
    return names;
}

static int host_append(struct trawl_out *out, const void *bytes, size_t len)
{
    return trawl_buf_append(out->buf, bytes, len);
}

static const char *host_path_param(struct trawl_conn *conn, const char *name)
{
    return conn->asked ? query_get(&conn->asked->path, name) : NULL;
}

static const char *host_query(struct trawl_conn *conn, const char *name)
{
    return conn->asked ? query_get(&conn->asked->query, name) : NULL;
}

static const char *host_header(struct trawl_conn *conn, const char *name)
{
    return conn->http ? trawl_http_header(conn->http, name) : NULL;
}

static int topic_of(const char *name, size_t len, uint32_t *ret_topic)
{
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(topics); i++) {
        if (strlen(topics[i].name) == len && memcmp(topics[i].name, name, len) == 0) {
            *ret_topic = topics[i].topic;
            return 0;
        }
    }
    return -EINVAL;
}

static int unknown_topic(const char *name, size_t len, struct trawl_err *err)
{
    const char *names[TRAWL_ARRAY_SIZE(topics)];
    TRAWL_AUTO_FREE char *given = trawl_xstrndup(name, len < 64 ? len : 64);
    char room[128];
    const char *nearest;

    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(topics); i++)
        names[i] = topics[i].name;
    nearest = trawl_suggest(given, names, TRAWL_ARRAY_SIZE(names));
    return trawl_err_set(err, -EINVAL, "topics", "there is no topic '%s'%s%s%s",
                         trawl_log_quote(room, sizeof(room), given),
                         nearest ? ", did you mean '" : "", nearest ? nearest : "",
                         nearest ? "'?" : "; there are scrape_progress, items and logs");
}

static int host_parse_topics(const char *names, uint32_t *ret_topics, struct trawl_err *err)
{
    uint32_t set = 0, topic;

    while (*names) {
        size_t len = strcspn(names, ",");

        if (len > 0 && topic_of(names, len, &topic) < 0)
            return unknown_topic(names, len, err);
        if (len > 0)
            set |= topic;
        names += len;
        if (*names == ',')
            names++;
    }
    *ret_topics = set;
    return 0;
}

static void host_unsubscribe(struct trawl_conn *conn)
{
    conn_unsubscribe(conn);
}

static void host_reply(struct trawl_conn *conn, const char *type, json_t *data)
{
    conn_message(conn, NULL, type, data);
    conn_pump(conn);
}

static void host_acknowledged(struct trawl_conn *conn, const char *id)
{
    uint32_t epoch;
    uint64_t seq;

    if (trawl_event_id_parse(id, &epoch, &seq) == 0 && epoch == conn_gateway(conn)->epoch)
        conn->shown = seq;
}

static void host_close(struct trawl_conn *conn, uint16_t code, const char *reason)
{
    conn_close(conn, code, reason);
}

static void host_log(struct trawl_hub *hub, enum trawl_log_level level, const char *message)
{
    char room[1024];

    trawl_log_write(&hub->log, level, "%s", trawl_log_quote(room, sizeof(room), message));
}

const struct trawl_transport_host transport_host = {
    .abi_major = TRAWL_ABI_MAJOR,
    .abi_minor = TRAWL_ABI_MINOR,
    .size = sizeof(struct trawl_transport_host),
    .append = host_append,
    .path_param = host_path_param,
    .query = host_query,
    .header = host_header,
    .parse_topics = host_parse_topics,
    .subscribe = conn_subscribe,
    .unsubscribe = host_unsubscribe,
    .reply = host_reply,
    .acknowledged = host_acknowledged,
    .close = host_close,
    .log = host_log,
};
