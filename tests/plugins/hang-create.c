/* Never comes back from create(). */
#include <unistd.h>

#include "good.h"

static int create(const struct trawl_scraper_host *host, struct trawl_job *job, json_t *given,
                  void **ret_scraper, struct trawl_err *err)
{
    for (;;)
        pause();
    return good_create(host, job, given, ret_scraper, err);
}

static const struct trawl_scraper_ops ops = {
    .create = create,
    .start = good_start,
    .on_response = good_on_response,
    .destroy = good_destroy,
};

TRAWL_EXPORT const struct trawl_plugin trawl_plugin = {
    TRAWL_PLUGIN_HEADER,
    .name = "hang-create",
    .version = "1.0.0",
    .scraper = &ops,
};
