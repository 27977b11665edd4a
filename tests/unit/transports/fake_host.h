/* A host for one pushing transport: it keeps what is logged. Include after the plugin's source. */
#ifndef TRAWL_TESTS_TRANSPORTS_FAKE_HOST_H
#define TRAWL_TESTS_TRANSPORTS_FAKE_HOST_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "trawl/plugin.h"
#include "trawl/transport.h"
#include "util/alloc.h"
#include "util/buf.h"

#define FAKE_LOG_MAX (1u << 20)

static struct {
    pthread_mutex_t mutex;
    struct trawl_buf text; /* "level line\n" of each */
    atomic_bool stopping;
} fake = {.mutex = PTHREAD_MUTEX_INITIALIZER};

/* A transport may log on a thread of its own. */
static inline void fake_log(struct trawl_hub *hub, enum trawl_log_level level, const char *message)
{
    (void)hub;
    pthread_mutex_lock(&fake.mutex);
    trawl_buf_printf(&fake.text, "%d %s\n", (int)level, message);
    pthread_mutex_unlock(&fake.mutex);
}

static inline bool fake_stopping(struct trawl_hub *hub)
{
    (void)hub;
    return fake.stopping;
}

static const struct trawl_transport_host fake_host = {
    .abi_major = TRAWL_ABI_MAJOR,
    .abi_minor = TRAWL_ABI_MINOR,
    .size = sizeof(fake_host),
    .log = fake_log,
    .stopping = fake_stopping,
};

/* What was logged has this in it. */
static inline bool fake_has_logged(const char *part)
{
    bool has;

    pthread_mutex_lock(&fake.mutex);
    has = strstr(trawl_buf_text(&fake.text), part) != NULL;
    pthread_mutex_unlock(&fake.mutex);
    return has;
}

static inline void fake_reset(void)
{
    trawl_buf_finish(&fake.text);
    trawl_buf_init(&fake.text, FAKE_LOG_MAX);
    fake.stopping = false;
}

/* --- messages ------------------------------------------------------------------------------------- */

#define FAKE_MESSAGES_MAX 500

struct fake_messages {
    struct trawl_message list[FAKE_MESSAGES_MAX];
    char ids[FAKE_MESSAGES_MAX][32];
    char *texts[FAKE_MESSAGES_MAX];
    size_t count;
};

/* `count` messages, the first of which is number `first`, each with `filling` bytes of text. */
static inline void fake_messages_init(struct fake_messages *messages, unsigned first, size_t count,
                                      size_t filling)
{
    TRAWL_AUTO_FREE char *text = trawl_xalloc(filling + 1);

    memset(text, 'x', filling);
    messages->count = count;
    for (size_t i = 0; i < count; i++) {
        unsigned number = first + (unsigned)i;

        snprintf(messages->ids[i], sizeof(messages->ids[i]), "5f3a9c01-%u", number);
        messages->texts[i] = trawl_xasprintf("{\"id\":\"%s\",\"type\":\"log\",\"text\":\"%s\"}",
                                             messages->ids[i], text);
        messages->list[i] = (struct trawl_message){
            .size = sizeof(messages->list[i]),
            .id = messages->ids[i],
            .type = "log",
            .json = messages->texts[i],
            .json_len = strlen(messages->texts[i]),
        };
    }
}

static inline void fake_messages_finish(struct fake_messages *messages)
{
    for (size_t i = 0; i < messages->count; i++)
        free(messages->texts[i]);
    messages->count = 0;
}

/* --- the transport -------------------------------------------------------------------------------- */

/* Options are written with ' for ". */
static inline json_t *fake_options(const char *text)
{
    TRAWL_AUTO_FREE char *json = trawl_xstrdup(text);
    json_t *options;

    for (char *at = json; *at; at++) {
        if (*at == '\'')
            *at = '"';
    }
    options = json_loads(json, 0, NULL);
    assert_non_null(options);
    return options;
}

/* What create() says of these options, as "where: message"; "" if it takes them. */
static inline const char *fake_refusal(const char *options_text, struct trawl_err *err,
                                       char said[1400])
{
    json_auto_t *options = fake_options(options_text);
    void *transport = NULL;
    int r;

    *err = (struct trawl_err){0};
    r = trawl_plugin.transport->create(&fake_host, NULL, options, &transport, err);
    said[0] = '\0';
    if (r < 0)
        snprintf(said, 1400, "%s: %s", err->where, err->message);
    else
        trawl_plugin.transport->destroy(transport);
    return said;
}

static inline void *fake_create(const char *options_text)
{
    json_auto_t *options = fake_options(options_text);
    struct trawl_err err = {0};
    void *transport = NULL;

    if (trawl_plugin.transport->create(&fake_host, NULL, options, &transport, &err) < 0)
        fail_msg("%s: %s", err.where, err.message);
    return transport;
}

static inline enum trawl_push_outcome fake_push(void *transport,
                                                const struct fake_messages *messages, size_t from,
                                                struct trawl_push_result *result)
{
    *result = (struct trawl_push_result){.size = sizeof(*result), .retry_after_ms = -1};
    return trawl_plugin.transport->push(transport, messages->list + from, messages->count - from,
                                        result);
}

#endif
