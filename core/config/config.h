/* The configuration file: found, read, its variables replaced, validated against the core's own option tables.
 *
 * What only a plugin can judge (the "options" of platforms and transports) is left as it is here and validated in the
 * inspector (plugin/inspect.h).
 */
#ifndef TRAWL_CONFIG_CONFIG_H
#define TRAWL_CONFIG_CONFIG_H

#include <jansson.h>

#include "trawl/option.h"
#include "util/errlist.h"

/* Largest configuration, and largest secret, that is read. */
#define TRAWL_CONFIG_MAX (4u << 20)
#define TRAWL_SECRET_MAX (64u << 10)

struct trawl_config {
    char *path;      /* the file, NULL if there is none (`trawl run --plugin`) */
    char *folder;    /* the file's folder: what relative paths start from */
    json_t *root;    /* resolved by trawl_config_table; borrowed by the accessors below */
    json_t *secrets; /* texts that must not be shown, as names of an object; may be NULL */
};

/* The core's own sections:
 *
 *   data        folder of the store, default "data"
 *   server      {listen: ["127.0.0.1:8080"], hosts: [names that the Host header may have besides the addresses],
 *                origins: [], web: folder of the dashboard (else the built or installed one), heartbeat: "20s", gateways: 1, max_connections, ring: "4M", max_body, max_message, idle_timeout, pong_timeout}
 *   plugins     {paths: [folders to look in before the installed one]}
 *   workers     {max: at once, grace: "10s" to finish pages in flight on a stop, restarts: for a platform's run, silence: "10s", memory: "2G", resume: "auto", "manual" or "never"}
 *   journal     {keep_events, keep: "30d"}
 *   fetch       defaults for every platform; headers are put together one by one
 *   platforms   {NAME: {plugin, options: {…}, fetch: {…}, overridable: [option names], shards: 1 or "auto", enabled, suspect: "auto" or "off",
 *                schedule: {cron, timezone, jitter, misfire, overlap, on_suspect}}}
 *   transports  {NAME: {plugin: defaults to NAME, options: {…}, required}}
 *   chains      {NAME: {order: [transports], failures: 3, retry_after: "30s"}}
 *
 * fetch: {concurrency: 8 a host, total_concurrency, delay: "0s", timeout, connect_timeout, max_body, max_pages,
 *   max_depth, max_redirects, max_item, retries, retry_base, retry_max, user_agent, headers: {…}, http2, conditional: true,
 *   private_networks: "start", "allow" or "deny", cookies: false, proxies: [URLs],
 *   auth: {type: "none", "basic", "digest" or "bearer", user, password, token}}
 */
extern const struct trawl_option trawl_config_table[];
extern const struct trawl_option trawl_fetch_table[];

/* The first that exists of `given` (--config) and $TRAWL_CONFIG (where one is named, nothing else is tried), ./config/trawl.json,
 * $XDG_CONFIG_HOME/trawl/trawl.json (or ~/.config), /etc/trawl/trawl.json. The caller frees *ret_path. -ENOENT with the
 * places that were tried in `err`. */
int trawl_config_find(const char *given, char **ret_path, struct trawl_err *err);

/* Read and resolve. All mistakes go to `errs` (then *ret_config is NULL and the result -EINVAL). A platform's "fetch" is
 * resolved over the top-level one. */
int trawl_config_load(const char *path, struct trawl_config **ret_config,
                      struct trawl_errlist *errs);

/* The same, for whoever goes on to look for further mistakes: *ret_config is set as well when some were found, as long as
 * the file is JSON, and holds what is right. */
int trawl_config_load_partly(const char *path, struct trawl_config **ret_config,
                             struct trawl_errlist *errs);

/* One made of a value in memory (borrowed), for `trawl run --plugin`. `folder`: for relative paths. */
int trawl_config_from_json(const json_t *root, const char *folder, struct trawl_config **ret_config,
                           struct trawl_errlist *errs);
void trawl_config_destroy(struct trawl_config *config);

/* Absolute path of the data folder; the caller frees it. */
char *trawl_config_data_folder(const struct trawl_config *config);

/* Borrowed; NULL if there is no such platform. */
json_t *trawl_config_platform(const struct trawl_config *config, const char *name);

/* The hosts that a platform's configured options name: every string among them that is an http(s) URL, as [origin with a "/"],
 * canonical, each once. New reference. */
json_t *trawl_config_starts(const json_t *options);

/* Take those out of a platform's "headers" that are secret: such as are not known to be harmless, and such whose value came from
 * a file or a variable. New reference to them. */
json_t *trawl_config_take_secret_headers(const struct trawl_config *config, json_t *headers);

/* A copy of settings, as they are in `root`, for people to see: "***" stands in place of secrets that came from a file or a
 * variable, values whose name says that they are secret, headers that are not known to be harmless, and user, password and
 * secret parameters in URLs. New reference. */
json_t *trawl_config_shown(const struct trawl_config *config, const json_t *value);

/* The JSON Schema of the whole file. `plugins`: [{name, kind, options: table as JSON}] adds those of the plugins; may be
 * NULL. New reference. */
json_t *trawl_config_schema(const json_t *plugins);

#endif
