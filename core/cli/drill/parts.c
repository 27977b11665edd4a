/* The parts of a drill: made, attached to one another, and taken apart again. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/client.h"
#include "cli/drill/drill_priv.h"
#include "cli/drill/settings.h"
#include "util/alloc.h"
#include "util/fs.h"
#include "util/json.h"

/* Ways of a live chain that are walked. */
#define WAYS_MAX 64u
/* A server that logs more than this in a minute is not one whose log is read. */
#define LOG_MAX (1u << 20)

/* --- the server's configuration ------------------------------------------------------------------ */

static int write_file(const char *path, const char *text)
{
    size_t len = strlen(text);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    ssize_t written;

    if (fd < 0)
        return -errno;
    written = write(fd, text, len);
    if (close(fd) < 0 || written < 0)
        return -errno;
    return (size_t)written == len ? 0 : -ENOSPC;
}

static int write_settings(struct drill *drill)
{
    const char *webhook = drill->receiver ? drill_receiver_url(drill->receiver) : NULL;
    json_auto_t *settings = drill_settings_make(drill->options->config, drill->data,
                                                drill_site_url(drill->site), webhook);
    TRAWL_AUTO_FREE char *text = trawl_json_text(settings, TRAWL_JSON_INDENTED);
    int r = write_file(drill->config, text);

    if (r < 0)
        return trawl_err_set(&drill->err, r, drill->config, "cannot be written: %s", strerror(-r));
    return 0;
}

static int make_folder(struct drill *drill)
{
    int r = trawl_fs_make_temporary(&drill->folder);

    if (r < 0)
        return trawl_err_set(&drill->err, r, "", "no temporary folder: %s", strerror(-r));
    drill->data = trawl_fs_join(drill->folder, "data");
    drill->config = trawl_fs_join(drill->folder, "trawl.json");
    if (!drill->options->show_log)
        drill->log = trawl_fs_join(drill->folder, "log");
    return 0;
}

int drill_parts_open(struct drill *drill, const struct drill_server_ops *ops)
{
    int r = make_folder(drill);

    if (r == 0)
        r = drill_site_create(&drill->loop, &drill->site, &drill->err);
    if (r == 0)
        r = drill_proxy_create(&drill->loop, &drill->proxy, &drill->err);
    if (r == 0 && drill_settings_has_webhook(drill->options->config))
        r = drill_receiver_create(&drill->loop, &drill->receiver, &drill->err);
    if (r == 0)
        r = write_settings(drill);
    if (r < 0)
        return r;
    drill->server = drill_server_create(&drill->loop, drill->config, drill->log, ops, drill);
    return drill_server_start(drill->server, &drill->err);
}

/* --- what the server tells ----------------------------------------------------------------------- */

/* The path for one run, where there is one; with the run in it. */
static char *path_of(const json_t *paths, int64_t run_id)
{
    static const char hole[] = "{id}";
    const char *found = json_string_value(json_array_get(paths, 0));
    const char *at = NULL;
    json_t *path;
    size_t i;

    json_array_foreach ((json_t *)(uintptr_t)paths, i, path) {
        at = strstr(json_string_value(path), hole);
        if (at) {
            found = json_string_value(path);
            break;
        }
    }
    if (!at)
        return trawl_xstrdup(found ? found : "/");
    return trawl_xasprintf("%.*s%lld%s", (int)(at - found), found, (long long)run_id,
                           at + strlen(hole));
}

/* One that is left out, or of a kind that is not known here, has no client. */
static void add_way(struct drill *drill, const json_t *transport)
{
    const char *name = trawl_json_string(transport, "name", "");
    enum drill_kind kind;

    if (!trawl_json_bool(transport, "ok", false) || drill->chain.count == WAYS_MAX ||
        drill_kind_parse(trawl_json_string(transport, "kind", ""), &kind) < 0) {
        fprintf(stderr, "trawl drill: transport '%s' is left out: %s\n", name,
                trawl_json_string(transport, "reason", "it cannot be used here"));
        return;
    }
    drill->ways[drill->chain.count++] = (struct drill_way){
        .name = trawl_xstrdup(name),
        .kind = kind,
        .path = path_of(json_object_get(transport, "paths"), drill->target.run_id),
    };
}

static int read_chain(struct drill *drill, const json_t *told)
{
    json_t *transport;
    size_t i;

    drill->ways = trawl_xalloc(WAYS_MAX * sizeof(*drill->ways));
    drill->chain.ways = drill->ways;
    drill->chain.failures = (unsigned)trawl_json_int(told, "failures", DRILL_FAILURES);
    drill->chain.retry_after_ms = (unsigned)trawl_json_int(told, "retry_after_ms", 1000);
    json_array_foreach (json_object_get(told, "transports"), i, transport)
        add_way(drill, transport);
    if (drill->chain.count == 0)
        return trawl_err_set(&drill->err, -ENOENT, "chains.live.order",
                             "expected a transport that works");
    return 0;
}

static int ask(struct drill *drill, struct trawl_client *client, const char *path,
               const json_t *body, json_t **ret_answer)
{
    long status = 0;
    int r = trawl_client_ask(client, path, body, &status, ret_answer, &drill->err);

    if (r == 0 && status >= 400)
        r = trawl_err_set(&drill->err, -EPROTO, "", "the server answers %s with status %ld", path,
                          status);
    return r;
}

static int begin_run(struct drill *drill)
{
    TRAWL_AUTO_FREE char *url = trawl_xasprintf("http://%s", drill_server_address(drill->server));
    struct trawl_client *client = trawl_client_create(url);
    json_auto_t *body = json_object();
    json_auto_t *started = NULL;
    json_auto_t *told = NULL;
    int r = ask(drill, client, "/api/scrape/runs", body, &started);

    drill->target.run_id = trawl_json_int(started, "run_id", 0);
    if (r == 0)
        r = ask(drill, client, "/api/transports", NULL, &told);
    if (r == 0)
        r = read_chain(drill, told);
    trawl_client_destroy(client);
    return r;
}

int drill_parts_attach(struct drill *drill)
{
    int r;

    drill_proxy_set_target(drill->proxy, drill_server_port(drill->server));
    drill->target.port = drill_proxy_port(drill->proxy);
    drill->target.host = drill_server_address(drill->server);
    r = begin_run(drill);
    if (r < 0)
        return r;
    drill->client_count = drill->chain.count;
    drill->clients = trawl_xalloc(drill->client_count * sizeof(*drill->clients));
    for (size_t i = 0; i < drill->client_count; i++) {
        struct drill_chain from_here = drill->chain;

        from_here.ways += i;
        from_here.count -= i;
        drill_client_start(&drill->clients[i], &drill->loop, &drill->target, &from_here);
    }
    return 0;
}

void drill_parts_replay(struct drill *drill)
{
    drill->has_replay = true;
    drill_client_start(&drill->replay, &drill->loop, &drill->target, &drill->chain);
}

/* --- the end ------------------------------------------------------------------------------------- */

void drill_parts_show_log(const struct drill *drill)
{
    TRAWL_AUTO_FREE char *text = NULL;
    size_t len = 0;

    if (drill->log && trawl_fs_read(drill->log, LOG_MAX, &text, &len) == 0)
        fwrite(text, 1, len, stderr);
}

void drill_parts_close(struct drill *drill)
{
    for (size_t i = 0; i < drill->client_count; i++)
        drill_client_close(&drill->clients[i]);
    if (drill->has_replay)
        drill_client_close(&drill->replay);
    drill_server_close(drill->server);
    drill_proxy_close(drill->proxy);
    drill_receiver_close(drill->receiver);
    drill_site_close(drill->site);
}

static void remove_folders(const struct drill *drill)
{
    if (drill->data)
        trawl_fs_remove_folder(drill->data);
    if (drill->folder)
        trawl_fs_remove_folder(drill->folder);
}

void drill_parts_free(struct drill *drill)
{
    for (size_t i = 0; i < drill->client_count; i++)
        drill_client_finish(&drill->clients[i]);
    if (drill->has_replay)
        drill_client_finish(&drill->replay);
    for (size_t i = 0; i < drill->chain.count; i++) {
        free(drill->ways[i].name);
        free(drill->ways[i].path);
    }
    remove_folders(drill);
    free(drill->ways);
    free(drill->clients);
    free(drill->folder);
    free(drill->data);
    free(drill->config);
    free(drill->log);
}
