/* Crashes in create(), if its option says so. */
#include <signal.h>

#include "good.h"

static const struct trawl_option options[] = {
    {.name = "crash", .type = TRAWL_OPTION_BOOL, .default_json = "true"},
    {.type = TRAWL_OPTION_END},
};

static int create(const struct trawl_scraper_host *host, struct trawl_job *job, json_t *given,
                  void **ret_scraper, struct trawl_err *err)
{
    if (json_is_true(json_object_get(given, "crash"))) {
        signal(SIGSEGV, SIG_DFL); /* also under a sanitizer */
        raise(SIGSEGV);
    }
    return good_create(host, job, given, ret_scraper, err);
}

static const struct trawl_scraper_ops ops = {
    .create = create,
    .start = good_start,
    .on_response = good_on_response,
    .destroy = good_destroy,
};

TRAWL_EXPORT const struct trawl_plugin trawl_plugin = {
    TRAWL_PLUGIN_HEADER, .name = "crash-create", .version = "1.0.0",
    .options = options,  .scraper = &ops,
};
