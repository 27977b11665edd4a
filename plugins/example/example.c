/* Scraper "example": one item for each page that is listed, with its title and size. It does little on purpose: this is
 * the file to copy when you write a scraper of your own. It needs no build system:
 *
 *     cc -shared -fPIC -o mine.so example.c -I/usr/local/include -ljansson
 *     trawl plugin check ./mine.so
 *
 * A scraper never opens a connection. It asks its host for requests, and is called back with each response; what it emits
 * while it is called is stored together with that page, or not at all. See trawl/scraper.h for the whole contract.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trawl/plugin.h"
#include "trawl/scraper.h"

/* One of these for each run of a platform. What a later response needs should not be kept here, but in the request's
 * `meta`: after a crash the host makes a new scraper, which goes on where the last one stopped. */
struct example {
    const struct trawl_scraper_host *host;
    struct trawl_job *job;
    json_t *pages;
    size_t longest_title;
    struct trawl_plan *plan;
};

/* What a configuration may say. By the time create() sees it, it has been validated, and defaults are filled in. */
static const struct trawl_option page_url[] = {
    {.type = TRAWL_OPTION_STRING, .help = "a URL"},
};

static const struct trawl_option options[] = {
    {.name = "pages",
     .type = TRAWL_OPTION_LIST,
     .fields = page_url,
     .required = true,
     .help = "URLs of the pages to look at"},
    {.name = "longest_title",
     .type = TRAWL_OPTION_SIZE,
     .default_json = "\"1K\"",
     .min = 1,
     .max = 65536,
     .help = "titles are cut at this many bytes"},
    {.type = TRAWL_OPTION_END},
};

static void example_destroy(void *scraper)
{
    struct example *example = scraper;

    if (example->plan)
        example->host->plan_free(example->plan);
    json_decref(example->pages);
    free(example);
}

/* Make the scraper. This is also called to check a configuration, so nothing may be requested yet. */
static int example_create(const struct trawl_scraper_host *host, struct trawl_job *job,
                          json_t *given, void **ret_scraper, struct trawl_err *err)
{
    struct example *example = calloc(1, sizeof(*example));
    json_t *rules;
    int r;

    if (!example)
        return trawl_err_set(err, -ENOMEM, "", "no memory");
    example->host = host;
    example->job = job;
    example->pages = json_incref(json_object_get(given, "pages"));
    example->longest_title = (size_t)json_integer_value(json_object_get(given, "longest_title"));

    /* Extraction rules are compiled once, and run over each page (docs/extraction.md). */
    rules = json_pack("{s{ss}}", "fields", "title", "title");
    r = host->plan_compile(job, rules, &example->plan, err);
    json_decref(rules);
    if (r < 0) {
        example_destroy(example);
        return r;
    }
    *ret_scraper = example;
    return 0;
}

static int example_start(void *scraper, struct trawl_err *err)
{
    struct example *example = scraper;
    const json_t *url;
    size_t i;

    json_array_foreach (example->pages, i, url) {
        /* `size` tells the host how much of the struct this build knows, so that it can grow. */
        struct trawl_request request = {.size = sizeof(request), .url = json_string_value(url)};
        int r = example->host->request(example->job, &request);
        if (r < 0)
            return trawl_err_set(err, r, "pages", "'%s' cannot be requested", request.url);
    }
    return 0;
}

/* A page that is being looked at, for the functions that the plan calls back. */
struct page {
    struct example *example;
    const struct trawl_response *response;
};

/* Cut after a whole character: bytes of the form 10xxxxxx continue one. */
static size_t cut(const char *text, size_t len, size_t longest)
{
    if (len <= longest)
        return len;
    while (longest > 0 && ((unsigned char)text[longest] & 0xc0) == 0x80)
        longest--;
    return longest;
}

/* The plan found an item; it is the plan's, so what is added here is a part of it until this returns. */
static int on_item(void *user, const char *key, json_t *item)
{
    const struct page *page = user;
    const struct example *example = page->example;
    const json_t *title = json_object_get(item, "title");
    size_t len = cut(json_string_value(title), json_string_length(title), example->longest_title);

    json_object_set_new(item, "title", json_stringn(json_string_value(title), len));
    json_object_set_new(item, "bytes", json_integer((json_int_t)page->response->body_len));

    /* The key says which item this is when it is met again: here the page's URL. */
    return example->host->item(example->job, key, item);
}

/* These rules follow no links, but a plan may always call this. */
static int on_link(void *user, const char *url)
{
    (void)user;
    (void)url;
    return 0;
}

/* Returning an error makes this page failed, with `err` as the reason; the run goes on. */
static int example_on_response(void *scraper, const struct trawl_response *response,
                               struct trawl_err *err)
{
    struct example *example = scraper;
    struct page page = {.example = example, .response = response};
    const struct trawl_sink sink = {.item = on_item, .link = on_link, .user = &page};

    return example->host->plan_run(example->plan, response, &sink, err);
}

/* Optional: the host has recorded the failure in any case. */
static int example_on_failure(void *scraper, const struct trawl_failure *failure,
                              struct trawl_err *err)
{
    struct example *example = scraper;

    (void)failure;
    (void)err;
    example->host->log(example->job, TRAWL_LOG_WARNING, "a page could not be fetched, skipping it");
    return 0;
}

static const struct trawl_scraper_ops example_ops = {
    .create = example_create,
    .start = example_start,
    .on_response = example_on_response,
    .on_failure = example_on_failure,
    .destroy = example_destroy,
};

/* The one symbol that the host looks for. */
TRAWL_EXPORT const struct trawl_plugin trawl_plugin = {
    TRAWL_PLUGIN_HEADER, .name = "example",
    .version = "1.0.0",  .summary = "title and size of listed pages; a scraper to copy from",
    .options = options,  .scraper = &example_ops,
};
