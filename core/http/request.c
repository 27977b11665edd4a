/* Taking a request out of libwebsockets: its headers are dropped there as soon as a stream or WebSocket begins. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http/http_priv.h"
#include "util/alloc.h"

/* Longest header value, path or query that is taken; libwebsockets holds all of them in 8 KB. */
#define HTTP_VALUE_MAX 8192

/* Headers that libwebsockets has no token for; names in its own form, with the colon. */
static const char *const custom_headers[] = {"last-event-id:", "idempotency-key:"};

static const struct {
    enum lws_token_indexes token;
    const char *name;
} methods[] = {
    {WSI_TOKEN_GET_URI, "GET"},         {WSI_TOKEN_POST_URI, "POST"},
    {WSI_TOKEN_HEAD_URI, "HEAD"},       {WSI_TOKEN_PUT_URI, "PUT"},
    {WSI_TOKEN_DELETE_URI, "DELETE"},   {WSI_TOKEN_PATCH_URI, "PATCH"},
    {WSI_TOKEN_OPTIONS_URI, "OPTIONS"},
};

static bool is_plain(unsigned char c, bool path)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
        return true;
    return c && strchr(path ? "-._~/:@!$'()*,;=" : "-._~", c);
}

/* libwebsockets has decoded what came, so the raw form is made again. */
static void append_encoded(struct trawl_buf *buf, const char *bytes, size_t len, bool path)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)bytes[i];

        if (is_plain(c, path))
            trawl_buf_append_char(buf, (char)c);
        else
            trawl_buf_printf(buf, "%%%02X", c);
    }
}

static char *request_path(struct lws *wsi, enum lws_token_indexes token)
{
    char value[HTTP_VALUE_MAX];
    struct trawl_buf buf;
    int len = lws_hdr_copy(wsi, value, sizeof(value), token);

    trawl_buf_init(&buf, (size_t)4 * HTTP_VALUE_MAX);
    append_encoded(&buf, value, len > 0 ? (size_t)len : 0, true);
    return trawl_buf_steal(&buf, NULL);
}

/* Fragments of the query are its name=value pairs, each decoded; an encoded '&' is inside one. */
static char *request_query(struct lws *wsi)
{
    char value[HTTP_VALUE_MAX];
    struct trawl_buf buf;
    int len;

    trawl_buf_init(&buf, (size_t)4 * HTTP_VALUE_MAX);
    for (int i = 0;
         (len = lws_hdr_copy_fragment(wsi, value, sizeof(value), WSI_TOKEN_HTTP_URI_ARGS, i)) >= 0;
         i++) {
        const char *equals = memchr(value, '=', (size_t)len);
        size_t name_len = equals ? (size_t)(equals - value) : (size_t)len;

        if (i > 0)
            trawl_buf_append_char(&buf, '&');
        append_encoded(&buf, value, name_len, false);
        if (equals) {
            trawl_buf_append_char(&buf, '=');
            append_encoded(&buf, equals + 1, (size_t)len - name_len - 1, false);
        }
    }
    return trawl_buf_steal(&buf, NULL);
}

static void add_field(struct http_field **list, const char *name, size_t name_len,
                      const char *value, size_t value_len)
{
    struct http_field *field = trawl_xalloc(sizeof(*field) + name_len + value_len + 2);

    memcpy(field->name, name, name_len);
    memcpy(field->name + name_len + 1, value, value_len);
    field->value = field->name + name_len + 1;
    field->next = *list;
    *list = field;
}

void trawl_http_add_header(struct trawl_http_conn *conn, const char *name, const char *value)
{
    add_field(&conn->added, name, strlen(name), value, strlen(value));
}

static void free_fields(struct http_field *field)
{
    struct http_field *next;

    for (; field; field = next) {
        next = field->next;
        free(field);
    }
}

static void take_headers(struct trawl_http_conn *conn)
{
    char value[HTTP_VALUE_MAX];
    int len;

    for (int token = 0; token < WSI_TOKEN_COUNT; token++) {
        const char *name = (const char *)lws_token_to_string((enum lws_token_indexes)token);
        size_t name_len = name ? strlen(name) : 0;

        if (name_len < 2 || name[name_len - 1] != ':' || name[0] == ':')
            continue;
        len = lws_hdr_copy(conn->wsi, value, sizeof(value), (enum lws_token_indexes)token);
        if (len > 0)
            add_field(&conn->asked->fields, name, name_len - 1, value, (size_t)len);
    }
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(custom_headers); i++) {
        size_t name_len = strlen(custom_headers[i]);

        len =
            lws_hdr_custom_copy(conn->wsi, value, sizeof(value), custom_headers[i], (int)name_len);
        if (len > 0)
            add_field(&conn->asked->fields, custom_headers[i], name_len - 1, value, (size_t)len);
    }
}

static bool may_keep_alive(struct trawl_http_conn *conn)
{
    const char *connection = trawl_http_header(conn, "connection");

    if (connection && strcasestr(connection, "close"))
        return false;
    return !conn->old || (connection && strcasestr(connection, "keep-alive"));
}

static struct http_asked *read_asked(struct lws *wsi)
{
    struct http_asked *asked = TRAWL_NEW(struct http_asked);

    asked->method = "";
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(methods); i++) {
        if (lws_hdr_total_length(wsi, methods[i].token) > 0) {
            asked->method = methods[i].name;
            asked->path = request_path(wsi, methods[i].token);
            break;
        }
    }
    if (!asked->path)
        asked->path = trawl_xstrdup("");
    asked->query = request_query(wsi);
    return asked;
}

struct trawl_http_conn *trawl__http_conn_create(struct trawl_http_server *server, struct lws *wsi)
{
    struct trawl_http_conn *conn = TRAWL_NEW(struct trawl_http_conn);
    char version[16] = "";

    conn->server = server;
    conn->wsi = wsi;
    conn->asked = read_asked(wsi);
    take_headers(conn);
    lws_hdr_copy(wsi, version, sizeof(version), WSI_TOKEN_HTTP);
    conn->old = strcmp(version, "HTTP/1.0") == 0;
    conn->head = strcmp(conn->asked->method, "HEAD") == 0;
    conn->keep_alive = may_keep_alive(conn);
    return conn;
}

struct http_bufs *trawl__http_bufs(struct trawl_http_conn *conn)
{
    const struct trawl_http_limits *limits = &conn->server->limits;

    if (conn->bufs)
        return conn->bufs;
    conn->bufs = TRAWL_NEW(struct http_bufs);
    trawl_buf_init(&conn->bufs->in,
                   conn->kind == HTTP_WEBSOCKET ? limits->max_message : limits->max_body);
    trawl_buf_init(&conn->bufs->out, HTTP_ANSWER_MAX);
    return conn->bufs;
}

void trawl__http_bufs_free(struct trawl_http_conn *conn)
{
    if (!conn->bufs)
        return;
    trawl_buf_finish(&conn->bufs->in);
    trawl_buf_finish(&conn->bufs->out);
    free(conn->bufs);
    conn->bufs = NULL;
}

bool trawl__http_has_out(const struct trawl_http_conn *conn)
{
    return conn->bufs && conn->bufs->out.len > 0;
}

void trawl_http_forget_request(struct trawl_http_conn *conn)
{
    struct http_asked *asked = conn->asked;

    if (!asked)
        return;
    conn->asked = NULL;
    free_fields(asked->fields);
    free(asked->path);
    free(asked->query);
    free(asked);
}

void trawl__http_conn_free(struct trawl_http_conn *conn)
{
    if (!conn)
        return;
    trawl__http_watch_stop(conn);
    trawl_http_forget_request(conn);
    free_fields(conn->added);
    trawl__http_bufs_free(conn);
    free(conn);
}

int trawl__http_body_length(struct lws *wsi, size_t *ret_len)
{
    char text[32] = "";
    unsigned long long len;

    *ret_len = 0;
    if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) == 0)
        return 0;
    if (lws_hdr_copy(wsi, text, sizeof(text), WSI_TOKEN_HTTP_CONTENT_LENGTH) <= 0 ||
        text[strspn(text, "0123456789")] != '\0')
        return -EINVAL;
    len = strtoull(text, NULL, 10);
    *ret_len = len > SIZE_MAX ? SIZE_MAX : (size_t)len;
    return 0;
}

const char *trawl_http_method(const struct trawl_http_conn *conn)
{
    return conn->asked ? conn->asked->method : "";
}

const char *trawl_http_path(const struct trawl_http_conn *conn)
{
    return conn->asked ? conn->asked->path : "";
}

const char *trawl_http_query(const struct trawl_http_conn *conn)
{
    return conn->asked ? conn->asked->query : "";
}

const char *trawl_http_header(const struct trawl_http_conn *conn, const char *name)
{
    const struct http_field *field = conn->asked ? conn->asked->fields : NULL;

    for (; field; field = field->next) {
        if (strcasecmp(field->name, name) == 0)
            return field->value;
    }
    return NULL;
}

const char *trawl_http_body(const struct trawl_http_conn *conn, size_t *ret_len)
{
    if (ret_len)
        *ret_len = conn->bufs ? conn->bufs->in.len : 0;
    return conn->bufs ? trawl_buf_text(&conn->bufs->in) : "";
}

void trawl_http_peer(const struct trawl_http_conn *conn, char peer[TRAWL_HTTP_PEER_SIZE])
{
    if (!lws_get_peer_simple(conn->wsi, peer, TRAWL_HTTP_PEER_SIZE))
        peer[0] = '\0';
}

void trawl_http_set_data(struct trawl_http_conn *conn, void *data)
{
    conn->data = data;
}

void *trawl_http_data(const struct trawl_http_conn *conn)
{
    return conn->data;
}
