/* A plugin that is as it should be, with options of several kinds. */
#include <errno.h>
#include <string.h>

#include "good.h"

static const struct trawl_option element[] = {{.type = TRAWL_OPTION_STRING}};

static const struct trawl_option members[] = {
    {.name = "inner", .type = TRAWL_OPTION_INT, .default_json = "8"},
    {.type = TRAWL_OPTION_END},
};

static const struct trawl_option options[] = {
    {.name = "start", .type = TRAWL_OPTION_LIST, .fields = element, .default_json = "[]"},
    {.name = "wait", .type = TRAWL_OPTION_DURATION, .default_json = "\"30s\"", .help = "how long"},
    {.name = "outer", .type = TRAWL_OPTION_OBJECT, .fields = members},
    {.name = "refuse", .type = TRAWL_OPTION_BOOL, .default_json = "false"},
    {.type = TRAWL_OPTION_END},
};

/* Refuses its options where it is told to, as a plugin does with a bad selector. */
static int create(const struct trawl_scraper_host *host, struct trawl_job *job, json_t *given,
                  void **ret_scraper, struct trawl_err *err)
{
    if (json_is_true(json_object_get(given, "refuse")))
        return trawl_err_set(err, -EINVAL, "refuse", "says no");
    return good_create(host, job, given, ret_scraper, err);
}

static const struct trawl_scraper_ops ops = {
    .create = create,
    .start = good_start,
    .on_response = good_on_response,
    .destroy = good_destroy,
};

TRAWL_EXPORT const struct trawl_plugin trawl_plugin = {
    TRAWL_PLUGIN_HEADER, .name = "good",  .version = "1.2.3", .summary = "does nothing, well",
    .options = options,  .scraper = &ops,
};
