/* A transport that pushes to a file, and does what a script says: each word is for one call, "ok", "ok:3" (three of the
 * messages), "part:3" (three of them, then it fails), "fail", "later:50" (ms), "gone", "slow:50" (all of them, after so many ms),
 * "hang" (the file is made, but the call never comes back), "crash"; after the last all is well. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "trawl/plugin.h"
#include "trawl/transport.h"

struct scripted {
    char *path;
    json_t *script;
    size_t at;
};

static int scripted_create(const struct trawl_transport_host *host, struct trawl_hub *hub,
                           json_t *options, void **ret_transport, struct trawl_err *err)
{
    struct scripted *scripted = calloc(1, sizeof(*scripted));

    (void)host;
    (void)hub;
    if (!scripted)
        return trawl_err_set(err, -ENOMEM, "", "no memory");
    scripted->path = strdup(json_string_value(json_object_get(options, "path")));
    scripted->script = json_incref(json_object_get(options, "script"));
    *ret_transport = scripted;
    return 0;
}

static void scripted_destroy(void *transport)
{
    struct scripted *scripted = transport;

    json_decref(scripted->script);
    free(scripted->path);
    free(scripted);
}

static int keep(const struct scripted *scripted, const struct trawl_message *messages, size_t count)
{
    FILE *file = fopen(scripted->path, "a");

    if (!file)
        return -errno;
    for (size_t i = 0; i < count; i++)
        fprintf(file, "%s%s ", messages[i].id, strcmp(messages[i].type, "gap") == 0 ? "(gap)" : "");
    return fclose(file);
}

/* It does not care that the process is to end. */
static void hang(const struct scripted *scripted)
{
    (void)keep(scripted, NULL, 0);
    for (;;)
        pause();
}

static enum trawl_push_outcome scripted_push(void *transport, const struct trawl_message *messages,
                                             size_t count, struct trawl_push_result *result)
{
    struct scripted *scripted = transport;
    const char *word = json_string_value(json_array_get(scripted->script, scripted->at++));
    const char *colon = word ? strchr(word, ':') : NULL;
    long number = colon ? strtol(colon + 1, NULL, 10) : 0;

    snprintf(result->detail, sizeof(result->detail), "the script says %s", word ? word : "nothing");
    if (word && strncmp(word, "crash", 5) == 0)
        abort();
    if (word && strcmp(word, "hang") == 0)
        hang(scripted);
    if (word && strncmp(word, "slow", 4) == 0) {
        usleep((useconds_t)number * 1000);
        number = 0;
    }
    if (word && strncmp(word, "gone", 4) == 0)
        return TRAWL_PUSH_GONE;
    if (word && strncmp(word, "fail", 4) == 0)
        return TRAWL_PUSH_FAILED;
    if (word && strncmp(word, "later", 5) == 0) {
        result->retry_after_ms = number;
        return TRAWL_PUSH_LATER;
    }
    result->delivered = number > 0 && (size_t)number < count ? (size_t)number : count;
    if (keep(scripted, messages, result->delivered) < 0)
        return TRAWL_PUSH_FAILED;
    return word && strncmp(word, "part", 4) == 0 ? TRAWL_PUSH_FAILED : TRAWL_PUSH_DELIVERED;
}

static const struct trawl_option word[] = {{.type = TRAWL_OPTION_STRING}};

static const struct trawl_option options_table[] = {
    {.name = "path", .type = TRAWL_OPTION_STRING, .required = true, .help = "where they go"},
    {.name = "script",
     .type = TRAWL_OPTION_LIST,
     .fields = word,
     .default_json = "[]",
     .help = "what it does"},
    {.type = TRAWL_OPTION_END},
};

static const struct trawl_transport_ops ops = {
    .create = scripted_create,
    .destroy = scripted_destroy,
    .push = scripted_push,
};

TRAWL_EXPORT const struct trawl_plugin trawl_plugin = {
    TRAWL_PLUGIN_HEADER,      .name = "scripted", .version = "1.0.0",
    .options = options_table, .transport = &ops,
};
