#include "cli/prepare.h"

#include <string.h>

#include "cli/cli.h"
#include "cli/common.h"
#include "plugin/inspect.h"
#include "util/alloc.h"
#include "util/json.h"

static json_t *prepare_written(const struct trawl_config *config)
{
    json_t *written = json_object();
    const char *name;
    json_t *platform;

    json_object_foreach (json_object_get(config->root, "platforms"), name, platform) {
        json_t *options = json_object_get(platform, "options");

        json_object_set_new(written, name, options ? json_deep_copy(options) : json_object());
    }
    return written;
}

/* `errs`: what was found before, and is said together with what the inspection finds. */
static int prepare(struct trawl_config *config, struct trawl_errlist *errs,
                   struct trawl_cli_prepared *ret_prepared)
{
    struct trawl_cli_prepared prepared = {.config = config, .broken = json_array()};
    json_t *broken;
    size_t i;
    int r;

    prepared.written = prepare_written(config);
    r = trawl_inspect_config(config, &prepared.plugins, prepared.broken, errs);
    if (r < 0 || errs->count > 0) {
        trawl_cli_print_errors(config->path, errs);
        trawl_cli_prepared_finish(&prepared);
        return TRAWL_EXIT_FAILED;
    }
    json_array_foreach (prepared.broken, i, broken) {
        fprintf(stderr, "trawl: warning: transport '%s' is left out: %s\n",
                trawl_json_string(broken, "name", ""), trawl_json_string(broken, "reason", ""));
    }
    *ret_prepared = prepared;
    return TRAWL_EXIT_COMPLETED;
}

int trawl_cli_prepare(struct trawl_config *config, struct trawl_cli_prepared *ret_prepared)
{
    struct trawl_errlist errs = {0};
    int code = prepare(config, &errs, ret_prepared);

    trawl_errlist_finish(&errs);
    return code;
}

int trawl_cli_prepare_file(const char *given, trawl_cli_adjust *adjust, void *user,
                           struct trawl_cli_prepared *ret_prepared)
{
    TRAWL_AUTO_FREE char *path = NULL;
    struct trawl_config *config = NULL;
    struct trawl_errlist errs = {0};
    struct trawl_err err = {0};
    int code = TRAWL_EXIT_FAILED;

    if (trawl_config_find(given, &path, &err) < 0) {
        trawl_cli_print_err(NULL, &err);
        return code;
    }
    (void)trawl_config_load_partly(path, &config, &errs);
    if (!config) {
        trawl_cli_print_errors(path, &errs);
    } else {
        code = adjust(user, config);
        if (code == TRAWL_EXIT_COMPLETED)
            code = prepare(config, &errs, ret_prepared);
        else
            trawl_config_destroy(config);
    }
    trawl_errlist_finish(&errs);
    return code;
}

void trawl_cli_prepared_finish(struct trawl_cli_prepared *prepared)
{
    json_decref(prepared->written);
    json_decref(prepared->plugins);
    json_decref(prepared->broken);
    trawl_config_destroy(prepared->config);
    memset(prepared, 0, sizeof(*prepared));
}
