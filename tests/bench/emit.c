/* Scraper of `make bench`: many small items from pages that say nothing, so that events are dense whatever pages cost. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "trawl/plugin.h"
#include "trawl/scraper.h"

struct emit {
    const struct trawl_scraper_host *host;
    struct trawl_job *job;
    const char *site;
    json_int_t pages;
    json_int_t items;
    json_t *item;
};

static const struct trawl_option options[] = {
    {.name = "site",
     .type = TRAWL_OPTION_STRING,
     .required = true,
     .help = "a server that has something to say to any path"},
    {.name = "pages", .type = TRAWL_OPTION_INT, .required = true, .help = "pages to ask for"},
    {.name = "items", .type = TRAWL_OPTION_INT, .required = true, .help = "items of each page"},
    {.type = TRAWL_OPTION_END},
};

static void emit_destroy(void *scraper)
{
    struct emit *emit = scraper;

    json_decref(emit->item);
    free(emit);
}

static int emit_create(const struct trawl_scraper_host *host, struct trawl_job *job, json_t *given,
                       void **ret_scraper, struct trawl_err *err)
{
    struct emit *emit = calloc(1, sizeof(*emit));

    if (!emit)
        return trawl_err_set(err, -ENOMEM, "", "no memory");
    emit->host = host;
    emit->job = job;
    emit->site = json_string_value(json_object_get(given, "site"));
    emit->pages = json_integer_value(json_object_get(given, "pages"));
    emit->items = json_integer_value(json_object_get(given, "items"));
    emit->item = json_object();
    *ret_scraper = emit;
    return 0;
}

static int emit_start(void *scraper, struct trawl_err *err)
{
    struct emit *emit = scraper;
    char url[256];
    int r;

    for (json_int_t i = 0; i < emit->pages; i++) {
        struct trawl_request request = {.size = sizeof(request), .url = url};

        snprintf(url, sizeof(url), "%s/?%lld", emit->site, (long long)i);
        r = emit->host->request(emit->job, &request);
        if (r < 0)
            return trawl_err_set(err, r, "site", "'%s' cannot be asked for", url);
    }
    return 0;
}

/* Keys as long as the events of feed.c are, so that messages have the same size everywhere. */
static int emit_on_response(void *scraper, const struct trawl_response *response,
                            struct trawl_err *err)
{
    struct emit *emit = scraper;
    char key[256];
    int r = 0;

    for (json_int_t i = 0; i < emit->items && r >= 0; i++) {
        snprintf(key, sizeof(key), "%-50s%06lld", response->url, (long long)i);
        r = emit->host->item(emit->job, key, emit->item);
    }
    return r < 0 ? trawl_err_set(err, r, "", "an item was not taken") : 0;
}

static const struct trawl_scraper_ops emit_ops = {
    .create = emit_create,
    .start = emit_start,
    .on_response = emit_on_response,
    .destroy = emit_destroy,
};

TRAWL_EXPORT const struct trawl_plugin trawl_plugin = {
    TRAWL_PLUGIN_HEADER, .name = "emit",
    .version = "1.0.0",  .summary = "many items without work",
    .options = options,  .scraper = &emit_ops,
};
