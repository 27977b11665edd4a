/* Events by HTTP POST, many at once, signed as Standard Webhooks has it. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <curl/curl.h>

#include "sign.h"
#include "trawl/plugin.h"
#include "trawl/transport.h"

#define VERSION_TEXT "1.0.0"

/* What is read of an answer's body, which says nothing to us; a longer one costs the connection. */
#define ANSWER_MAX ((size_t)64 << 10)

/* "ID.TIMESTAMP." in front of what is signed. */
#define HEAD_MAX 256

struct webhook {
    const struct trawl_transport_host *host;
    struct trawl_hub *hub;
    char *url;
    struct webhook_keys *keys;
    size_t batch;
    long timeout_ms;
    struct curl_slist *headers; /* of each request */
    CURL *easy;                 /* made by the first push(); it keeps the connection */
    char error[CURL_ERROR_SIZE];
    size_t answer_bytes;
};

/* What is sent: the body, with what is signed in front of it. */
struct batch {
    char id[HEAD_MAX / 2];
    char timestamp[24];
    char *text; /* "ID.TIMESTAMP.BODY" */
    size_t len;
    const char *body; /* in it */
    struct curl_slist *headers;
};

/* --- making --------------------------------------------------------------------------------------- */

static void webhook_destroy(void *transport)
{
    struct webhook *webhook = transport;

    curl_easy_cleanup(webhook->easy);
    curl_slist_free_all(webhook->headers);
    webhook_keys_destroy(webhook->keys);
    free(webhook->url);
    free(webhook);
    curl_global_cleanup();
}

static int no_memory(struct trawl_err *err)
{
    return trawl_err_set(err, -ENOMEM, "", "no memory");
}

static int check_url(const char *text, struct trawl_err *err)
{
    CURLU *url = curl_url();
    char *scheme = NULL;
    int r = 0;

    if (!url)
        return no_memory(err);
    if (curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK ||
        curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
        (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0))
        r = trawl_err_set(err, -EINVAL, "url", "expected the URL of an http or https server");
    curl_free(scheme);
    curl_url_cleanup(url);
    return r;
}

/* 0 too if there is no memory for it: then the list is no longer there. */
static int add_header(struct curl_slist **list, const char *name, const char *value)
{
    size_t size = strlen(name) + strlen(value) + 3;
    char *line = malloc(size);
    struct curl_slist *longer;

    if (!line)
        return -ENOMEM;
    snprintf(line, size, "%s: %s", name, value);
    longer = curl_slist_append(*list, line);
    free(line);
    if (!longer)
        return -ENOMEM;
    *list = longer;
    return 0;
}

static int check_header(const char *name, const char *value, struct trawl_err *err)
{
    static const char *const ours[] = {"content-length", "content-type", "expect",
                                       "transfer-encoding"};
    char where[128];

    snprintf(where, sizeof(where), "headers.%.100s", name);
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
        if (strcasecmp(name, ours[i]) == 0)
            return trawl_err_set(err, -EINVAL, where, "cannot be chosen");
    }
    if (strncasecmp(name, "webhook-", strlen("webhook-")) == 0)
        return trawl_err_set(err, -EINVAL, where, "cannot be chosen: it is part of the signature");
    for (const char *at = name; *at || at == name; at++) {
        if (!isalnum((unsigned char)*at) && (!*at || !strchr("!#$%&'*+-.^_`|~", *at)))
            return trawl_err_set(err, -EINVAL, where, "expected the name of a header");
    }
    for (const char *at = value; *at || at == value; at++) {
        if (iscntrl((unsigned char)*at))
            return trawl_err_set(err, -EINVAL, where,
                                 "expected text without line breaks, and some of it");
    }
    return 0;
}

static int read_headers(struct webhook *webhook, const json_t *headers, struct trawl_err *err)
{
    const char *name;
    json_t *value;
    int r = add_header(&webhook->headers, "Content-Type", "application/json");

    if (r == 0) /* not to wait for a "100 Continue" that may never come */
        r = add_header(&webhook->headers, "Expect", "");
    json_object_foreach ((json_t *)(uintptr_t)headers, name, value) {
        if (r == 0)
            r = check_header(name, json_string_value(value), err);
        if (r == 0)
            r = add_header(&webhook->headers, name, json_string_value(value));
    }
    return r == -ENOMEM ? no_memory(err) : r;
}

static int read_options(struct webhook *webhook, const json_t *options, struct trawl_err *err)
{
    const char *url = json_string_value(json_object_get(options, "url"));
    int r = check_url(url, err);

    webhook->batch = (size_t)json_integer_value(json_object_get(options, "batch"));
    webhook->timeout_ms = (long)json_integer_value(json_object_get(options, "timeout"));
    if (r == 0)
        r = webhook_keys_create(json_object_get(options, "secret"), &webhook->keys, err);
    if (r == 0)
        r = read_headers(webhook, json_object_get(options, "headers"), err);
    if (r < 0)
        return r;
    webhook->url = strdup(url);
    return webhook->url ? 0 : no_memory(err);
}

static int webhook_create(const struct trawl_transport_host *host, struct trawl_hub *hub,
                          json_t *options, void **ret_transport, struct trawl_err *err)
{
    struct webhook *webhook = calloc(1, sizeof(*webhook));
    int r;

    if (!webhook)
        return no_memory(err);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(webhook);
        return trawl_err_set(err, -ENOSYS, "", "curl cannot be used");
    }
    webhook->host = host;
    webhook->hub = hub;
    r = read_options(webhook, options, err);
    if (r < 0) {
        webhook_destroy(webhook);
        return r;
    }
    *ret_transport = webhook;
    return 0;
}

/* --- a batch -------------------------------------------------------------------------------------- */

static const char *id_of(const struct trawl_message *message)
{
    return message->id ? message->id : message->type;
}

/* {"events":[…]}; what does not change from one try to the next makes the id, by which a receiver knows a repeat. */
static int batch_write(struct batch *batch, const struct trawl_message *messages, size_t count)
{
    static const char open[] = "{\"events\":[";
    static const char close[] = "]}";
    size_t size = HEAD_MAX + sizeof(open) + sizeof(close);
    char *at;

    for (size_t i = 0; i < count; i++)
        size += messages[i].json_len + 1;
    batch->text = malloc(size);
    if (!batch->text)
        return -ENOMEM;
    snprintf(batch->id, sizeof(batch->id), "msg_%.40s_%.40s_%zu", id_of(&messages[0]),
             id_of(&messages[count - 1]), count);
    snprintf(batch->timestamp, sizeof(batch->timestamp), "%lld", (long long)time(NULL));
    at = batch->text + snprintf(batch->text, HEAD_MAX, "%s.%s.", batch->id, batch->timestamp);
    batch->body = at;
    for (size_t i = 0; i < count; i++) {
        at = stpcpy(at, i == 0 ? open : ",");
        at = mempcpy(at, messages[i].json, messages[i].json_len);
    }
    at = stpcpy(at, close);
    batch->len = (size_t)(at - batch->text);
    return 0;
}

static int batch_sign(struct batch *batch, const struct webhook *webhook)
{
    char *signatures = webhook_sign(webhook->keys, batch->text, batch->len);
    int r = signatures ? 0 : -ENOMEM;

    for (const struct curl_slist *header = webhook->headers; r == 0 && header;
         header = header->next) {
        struct curl_slist *longer = curl_slist_append(batch->headers, header->data);

        r = longer ? 0 : -ENOMEM;
        if (longer)
            batch->headers = longer;
    }
    if (r == 0)
        r = add_header(&batch->headers, "webhook-id", batch->id);
    if (r == 0)
        r = add_header(&batch->headers, "webhook-timestamp", batch->timestamp);
    if (r == 0 && *signatures)
        r = add_header(&batch->headers, "webhook-signature", signatures);
    free(signatures);
    return r;
}

static void batch_finish(struct batch *batch)
{
    curl_slist_free_all(batch->headers);
    free(batch->text);
}

/* --- sending -------------------------------------------------------------------------------------- */

static size_t on_answer(char *bytes, size_t size, size_t count, void *user)
{
    struct webhook *webhook = user;

    (void)bytes;
    webhook->answer_bytes += size * count;
    return webhook->answer_bytes <= ANSWER_MAX ? size * count : 0;
}

static int on_progress(void *user, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                       curl_off_t up)
{
    struct webhook *webhook = user;

    (void)down_total;
    (void)down;
    (void)up_total;
    (void)up;
    return webhook->host->stopping(webhook->hub);
}

/* One for all requests, so that the connection is kept. */
static CURL *easy_create(struct webhook *webhook)
{
    CURL *easy = curl_easy_init();

    if (!easy)
        return NULL;
    curl_easy_setopt(easy, CURLOPT_URL, webhook->url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "Trawl-Webhook/" VERSION_TEXT);
    curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* variables of the environment are not looked at */
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, webhook->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, webhook->error);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_answer);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, webhook);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, webhook);
    return easy;
}

static CURLcode batch_send(struct webhook *webhook, const struct batch *batch)
{
    CURLcode code;

    webhook->error[0] = '\0';
    webhook->answer_bytes = 0;
    curl_easy_setopt(webhook->easy, CURLOPT_HTTPHEADER, batch->headers);
    curl_easy_setopt(webhook->easy, CURLOPT_POSTFIELDS, batch->body);
    curl_easy_setopt(webhook->easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     (curl_off_t)(batch->text + batch->len - batch->body));
    code = curl_easy_perform(webhook->easy);
    /* The answer was there; only its body was cut. */
    return code == CURLE_WRITE_ERROR && webhook->answer_bytes > ANSWER_MAX ? CURLE_OK : code;
}

/* --- the answer ----------------------------------------------------------------------------------- */

/* What Retry-After says, seconds or a date, in ms; -1 if it is not there, or makes no sense. The host bounds it. */
static int64_t retry_after_ms(CURL *easy)
{
    struct curl_header *header;
    const char *value;
    size_t digits;
    time_t date;

    if (curl_easy_header(easy, "Retry-After", 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
        return -1;
    value = header->value;
    digits = strspn(value, "0123456789");
    if (digits > 0 && value[digits] == '\0')
        return digits < 10 ? strtoll(value, NULL, 10) * 1000 : INT64_MAX;
    date = curl_getdate(value, NULL);
    if (date == -1)
        return -1;
    return date > time(NULL) ? (int64_t)(date - time(NULL)) * 1000 : 0;
}

static enum trawl_push_outcome failed(struct trawl_push_result *result, const char *why)
{
    snprintf(result->detail, sizeof(result->detail), "%.255s", why);
    return TRAWL_PUSH_FAILED;
}

static enum trawl_push_outcome judge_status(struct webhook *webhook, size_t count,
                                            struct trawl_push_result *result)
{
    long status = 0;

    curl_easy_getinfo(webhook->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status >= 200 && status < 300) {
        result->delivered = count;
        return TRAWL_PUSH_DELIVERED;
    }
    snprintf(result->detail, sizeof(result->detail), "it answers with status %ld%s", status,
             status >= 300 && status < 400 ? ", and redirects are not followed" : "");
    if (status == 410)
        return TRAWL_PUSH_GONE;
    if (status == 429 || status == 503) {
        result->retry_after_ms = retry_after_ms(webhook->easy);
        if (status == 429 || result->retry_after_ms >= 0)
            return TRAWL_PUSH_LATER;
    }
    return TRAWL_PUSH_FAILED;
}

static enum trawl_push_outcome judge(struct webhook *webhook, CURLcode code, size_t count,
                                     struct trawl_push_result *result)
{
    if (code == CURLE_OK)
        return judge_status(webhook, count, result);
    if (code == CURLE_ABORTED_BY_CALLBACK)
        return failed(result, "the server is ending");
    return failed(result, webhook->error[0] ? webhook->error : curl_easy_strerror(code));
}

static enum trawl_push_outcome webhook_push(void *transport, const struct trawl_message *messages,
                                            size_t count, struct trawl_push_result *result)
{
    struct webhook *webhook = transport;
    struct batch batch = {0};
    enum trawl_push_outcome outcome;
    int r;

    if (count > webhook->batch)
        count = webhook->batch;
    if (!webhook->easy)
        webhook->easy = easy_create(webhook);
    r = webhook->easy ? batch_write(&batch, messages, count) : -ENOMEM;
    if (r == 0)
        r = batch_sign(&batch, webhook);
    outcome = r == 0 ? judge(webhook, batch_send(webhook, &batch), count, result)
                     : failed(result, "no memory");
    batch_finish(&batch);
    return outcome;
}

static const struct trawl_option words[] = {{.type = TRAWL_OPTION_STRING}};

static const struct trawl_option webhook_options[] = {
    {.name = "url",
     .type = TRAWL_OPTION_STRING,
     .required = true,
     .help = "where events are sent to, http or https"},
    {.name = "secret",
     .type = TRAWL_OPTION_LIST,
     .fields = words,
     .default_json = "[]",
     .help =
         "keys to sign with, \"whsec_\" and base64, or any text; with several, by each of them"},
    {.name = "batch",
     .type = TRAWL_OPTION_INT,
     .default_json = "100",
     .min = 1,
     .max = 500,
     .help = "events in one request, at most"},
    {.name = "timeout",
     .type = TRAWL_OPTION_DURATION,
     .default_json = "\"10s\"",
     .min = 100,
     .max = 600000,
     .help = "longest that one request may take in all"},
    {.name = "headers",
     .type = TRAWL_OPTION_MAP,
     .fields = words,
     .default_json = "{}",
     .help = "further headers of every request"},
    {.type = TRAWL_OPTION_END},
};

static const struct trawl_transport_ops webhook_ops = {
    .create = webhook_create,
    .destroy = webhook_destroy,
    .push = webhook_push,
};

TRAWL_EXPORT const struct trawl_plugin trawl_plugin = {
    TRAWL_PLUGIN_HEADER,        .name = "webhook",
    .version = VERSION_TEXT,    .summary = "brings events to a server by HTTP, signed",
    .options = webhook_options, .transport = &webhook_ops,
};
