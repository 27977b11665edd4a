/* Scraper "html": starts at some pages, follows links and extracts items by rules (docs/extraction.md). All the work is the
 * host's: this plugin turns its options into a plan and brings what the plan finds to the host. */
#include <errno.h>
#include <stdlib.h>

#include "trawl/plugin.h"
#include "trawl/rules.h"
#include "trawl/scraper.h"

struct html {
    const struct trawl_scraper_host *host;
    struct trawl_job *job;
    json_t *start;
    struct trawl_plan *plan;
};

static const struct trawl_option start_url[] = {
    {.type = TRAWL_OPTION_STRING, .help = "a URL"},
};

static const struct trawl_option options[] = {
    {.name = "start",
     .type = TRAWL_OPTION_LIST,
     .fields = start_url,
     .required = true,
     .help = "URLs of the pages to begin with"},
    TRAWL_RULES_OPTIONS,
    {.type = TRAWL_OPTION_END},
};

static void html_destroy(void *scraper)
{
    struct html *html = scraper;

    if (html->plan)
        html->host->plan_free(html->plan);
    json_decref(html->start);
    free(html);
}

static int html_create(const struct trawl_scraper_host *host, struct trawl_job *job, json_t *given,
                       void **ret_scraper, struct trawl_err *err)
{
    struct html *html = calloc(1, sizeof(*html));
    int r;

    if (!html)
        return trawl_err_set(err, -ENOMEM, "", "no memory");
    html->host = host;
    html->job = job;
    html->start = json_incref(json_object_get(given, "start"));
    r = host->plan_compile(job, given, &html->plan, err);
    if (r < 0) {
        html_destroy(html);
        return r;
    }
    *ret_scraper = html;
    return 0;
}

static int html_start(void *scraper, struct trawl_err *err)
{
    struct html *html = scraper;
    const json_t *url;
    size_t i;

    json_array_foreach (html->start, i, url) {
        struct trawl_request request = {.size = sizeof(request), .url = json_string_value(url)};
        int r = html->host->request(html->job, &request);
        if (r < 0)
            return trawl_err_set(err, r, "start", "'%s' cannot be requested", request.url);
    }
    return 0;
}

static int on_item(void *user, const char *key, json_t *item)
{
    struct html *html = user;

    return html->host->item(html->job, key, item);
}

static int on_link(void *user, const char *url)
{
    struct html *html = user;
    struct trawl_request request = {.size = sizeof(request), .url = url};
    int r = html->host->request(html->job, &request);

    return r == -EINVAL ? 0 : r; /* one bad link spoils no page */
}

static int html_on_response(void *scraper, const struct trawl_response *response,
                            struct trawl_err *err)
{
    struct html *html = scraper;
    const struct trawl_sink sink = {.item = on_item, .link = on_link, .user = html};

    return html->host->plan_run(html->plan, response, &sink, err);
}

static const struct trawl_scraper_ops html_ops = {
    .create = html_create,
    .start = html_start,
    .on_response = html_on_response,
    .destroy = html_destroy,
};

TRAWL_EXPORT const struct trawl_plugin trawl_plugin = {
    TRAWL_PLUGIN_HEADER,
    .name = "html",
    .version = "1.0.0",
    .summary = "follows links through HTML pages and extracts items by CSS or XPath",
    .options = options,
    .scraper = &html_ops,
    .traits = TRAWL_SCRAPER_PAGEWISE,
};
