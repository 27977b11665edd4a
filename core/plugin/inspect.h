/* The inspector: a short-lived process that loads one plugin file and says what the supervisor must know of it, so
 * that a broken .so or rule harms nobody. It is asked with one JSON value on stdin and answers with one on stdout.
 *
 *   ask:    {file, subjects: [{path: "platforms.books.options", options: {…}}]}
 *   answer: {plugin: {name, version, summary, kind: "scraper" | "transport", file, abi: "1.0", options: [table],
 *                     endpoints: [{kind, path}]},
 *            subjects: [{options: resolved, errors: [{where, message}]}],
 *            error: {where, message} if it cannot be loaded}
 *
 * (Before the answer come lines that begin with '#': what is being done, so that a crash can be blamed on it.)
 *
 * Every subject's options are resolved, and the plugin's create() and destroy() are run with them, which compiles
 * its selectors and jq programs.
 */
#ifndef TRAWL_PLUGIN_INSPECT_H
#define TRAWL_PLUGIN_INSPECT_H

#include <jansson.h>
#include <uv.h>

#include "config/config.h"
#include "util/errlist.h"

/* Longest that one plugin may take to answer, unless $TRAWL_INSPECT_TIMEOUT ("30s") says otherwise. */
#define TRAWL_INSPECT_TIMEOUT_MS 10000

/* Longest ask and longest answer. */
#define TRAWL_INSPECT_MAX (16u << 20)

/* Run an inspector process for `ask` and wait for it (start-up, CLI: not on a loop that serves). A plugin that crashes,
 * hangs or prints rubbish is -EPROTO with a sentence that says which. */
int trawl_inspect(const json_t *ask, json_t **ret_answer, struct trawl_err *err);

/* What it says of the plugin in one file, new reference; also -EINVAL, where it cannot be loaded. */
int trawl_inspect_file(const char *file, json_t **ret_plugin, struct trawl_err *err);

/* The same on a loop. `done` borrows answer and err; `answer` is NULL on failure, and err->where then is the path of the
 * subject that was being looked at, or the plugin's file. A negative result: nothing was started, `done` is not called. */
typedef void trawl_inspect_done(void *user, const json_t *answer, const struct trawl_err *err);
int trawl_inspect_async(uv_loop_t *loop, const json_t *ask, trawl_inspect_done *done, void *user);

/* Inspect all that a configuration uses. Resolved options replace the written ones in config->root, and each platform and
 * transport gets "plugin_file". Mistakes go to `errs`, except those of transports that are not `required`: these are
 * listed under `broken`, an array, as {name, reason}. *ret_plugins: [answer.plugin of each], new reference. */
int trawl_inspect_config(struct trawl_config *config, json_t **ret_plugins, json_t *broken,
                         struct trawl_errlist *errs);

/* The folders that a configuration's plugins are looked for in (plugin/loader.h); `config` may be NULL. Free with
 * trawl_plugin_paths_free(). */
char **trawl_inspect_paths(const struct trawl_config *config);

#endif
