/* A scraper that does nothing, for plugins whose fault lies elsewhere. */
#ifndef TESTS_PLUGINS_GOOD_H
#define TESTS_PLUGINS_GOOD_H

#include "trawl/plugin.h"
#include "trawl/scraper.h"

__attribute__((unused)) static int good_create(const struct trawl_scraper_host *host,
                                               struct trawl_job *job, json_t *options,
                                               void **ret_scraper, struct trawl_err *err)
{
    (void)host;
    (void)options;
    (void)err;
    *ret_scraper = job;
    return 0;
}

__attribute__((unused)) static int good_start(void *scraper, struct trawl_err *err)
{
    (void)scraper;
    (void)err;
    return 0;
}

__attribute__((unused)) static int
good_on_response(void *scraper, const struct trawl_response *response, struct trawl_err *err)
{
    (void)scraper;
    (void)response;
    (void)err;
    return 0;
}

__attribute__((unused)) static void good_destroy(void *scraper)
{
    (void)scraper;
}

__attribute__((unused)) static const struct trawl_scraper_ops good_ops = {
    .create = good_create,
    .start = good_start,
    .on_response = good_on_response,
    .destroy = good_destroy,
};

#endif
