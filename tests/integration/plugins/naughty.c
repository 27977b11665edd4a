/* A scraper that follows no links and does what its option says at the page whose address ends so. Built by the tests
 * against the installed headers; what is broken about the plugin itself comes from the macros. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <trawl/plugin.h>
#include <trawl/scraper.h>

#ifndef MAJOR
#define MAJOR TRAWL_ABI_MAJOR
#endif
#ifndef MINOR
#define MINOR TRAWL_ABI_MINOR
#endif
#ifndef SIZE
#define SIZE sizeof(struct trawl_plugin)
#endif
#ifndef SYMBOL
#define SYMBOL trawl_plugin
#endif

struct naughty {
    const struct trawl_scraper_host *host;
    struct trawl_job *job;
    const json_t *pages;
    const char *mode;
    const char *at;
    const char *once; /* a file: misbehave only as long as it does not exist */
};

static int naughty_create(const struct trawl_scraper_host *host, struct trawl_job *job,
                          json_t *options, void **ret_scraper, struct trawl_err *err)
{
    struct naughty *self = calloc(1, sizeof(*self));

#ifdef CRASH_IN_CREATE
    raise(SIGSEGV);
#endif
#ifdef SPIN_IN_CREATE
    for (volatile int forever = 1; forever;)
        ;
#endif
    if (!self)
        return trawl_err_set(err, -ENOMEM, "", "no memory");
    self->host = host;
    self->job = job;
    self->pages = json_incref(json_object_get(options, "pages"));
    self->mode = strdup(json_string_value(json_object_get(options, "mode")));
    self->at = strdup(json_string_value(json_object_get(options, "at")));
    self->once = strdup(json_string_value(json_object_get(options, "once")));
    *ret_scraper = self;
    return 0;
}

static int naughty_start(void *scraper, struct trawl_err *err)
{
    struct naughty *self = scraper;
    size_t i;
    json_t *page;

#ifdef CRASH_IN_START
    raise(SIGSEGV);
#endif
    json_array_foreach (self->pages, i, page) {
        struct trawl_request request = {.size = sizeof(request), .url = json_string_value(page)};
        int r = self->host->request(self->job, &request);

        if (r < 0)
            return trawl_err_set(err, r, "pages", "refused '%s'", request.url);
    }
    return 0;
}

/* As code does that never asks whether there was memory. */
static void eat(void)
{
    for (;;)
        memset(malloc(1 << 20), 1, 1 << 20);
}

static void misbehave(const struct naughty *self)
{
    if (*self->once) {
        if (access(self->once, F_OK) == 0)
            return;
        fclose(fopen(self->once, "w"));
    }
    if (strcmp(self->mode, "spin") == 0) {
        for (volatile int forever = 1; forever;)
            ;
    }
    if (strcmp(self->mode, "crash") == 0)
        raise(SIGSEGV);
    if (strcmp(self->mode, "exit") == 0)
        _exit(0);
    if (strcmp(self->mode, "eat") == 0)
        eat();
}

static int naughty_on_response(void *scraper, const struct trawl_response *response,
                               struct trawl_err *err)
{
    struct naughty *self = scraper;
    size_t len = strlen(response->url);
    size_t at_len = strlen(self->at);
    json_t *item;
    int r;

    if (len >= at_len && strcmp(response->url + len - at_len, self->at) == 0) {
        misbehave(self);
        if (strcmp(self->mode, "fail") == 0)
            return trawl_err_set(err, -EINVAL, "", "no liking for this page");
    }
    item = json_pack("{s:s, s:i}", "url", response->url, "bytes", (int)response->body_len);
    r = self->host->item(self->job, response->url, item);
    json_decref(item);
    return r;
}

static void naughty_destroy(void *scraper)
{
    struct naughty *self = scraper;

    json_decref((json_t *)self->pages);
    free((char *)self->mode);
    free((char *)self->at);
    free((char *)self->once);
    free(self);
}

static const struct trawl_option url_option[] = {{.type = TRAWL_OPTION_STRING},
                                                 {.type = TRAWL_OPTION_END}};

static const struct trawl_option options[] = {
    {.name = "pages",
     .type = TRAWL_OPTION_LIST,
     .required = true,
     .fields = url_option,
     .help = "what to fetch"},
    {.name = "mode",
     .type = TRAWL_OPTION_ENUM,
     .choices = "good|spin|crash|exit|fail|eat",
     .default_json = "\"good\"",
     .help = "what to do"},
    {.name = "at",
     .type = TRAWL_OPTION_STRING,
     .default_json = "\"/bad\"",
     .help = "where to do it"},
    {.name = "once",
     .type = TRAWL_OPTION_STRING,
     .default_json = "\"\"",
     .help = "a file that stops it"},
    {.type = TRAWL_OPTION_END},
};

static const struct trawl_scraper_ops naughty_ops = {
    .create = naughty_create,
    .start = naughty_start,
    .on_response = naughty_on_response,
    .destroy = naughty_destroy,
};

TRAWL_EXPORT const struct trawl_plugin SYMBOL = {
    .abi_major = MAJOR,
    .abi_minor = MINOR,
    .size = SIZE,
    .option_size = sizeof(struct trawl_option),
    .name = "naughty",
    .version = "1.0.0",
    .summary = "does what it should not",
    .options = options,
    .scraper = &naughty_ops,
};
