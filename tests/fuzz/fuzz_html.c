/* Pages of any kind, run through rules of every kind. */
#include <stdint.h>
#include <stdlib.h>

#include "extract/plan.h"
#include "util/alloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int on_item(void *user, const char *key, json_t *item)
{
    (void)user;
    return *key && json_is_object(item) ? 0 : -1;
}

static int on_link(void *user, const char *url)
{
    (void)user;
    return *url ? 0 : -1;
}

static struct trawl_plan *make_plan(void)
{
    static const char rules_text[] =
        "{\"follow\": [{\"select\": \"a, link\", \"same\": \"any\", \"deny\": [\"x\"]}],"
        " \"rows\": \"p, li, tr:nth-of-type(2n+1), div:has(> b)\","
        " \"fields\": {\"text\": \".\", \"html\": {\"select\": \"*\", \"get\": \"html\"},"
        "  \"all\": {\"select\": \"::text\", \"all\": true},"
        "  \"url\": {\"select\": \"[href^=h i]\", \"attr\": \"href\", \"url\": true}},"
        " \"key\": [\"html\"]}";
    json_auto_t *rules = json_loads(rules_text, 0, NULL);
    struct trawl_plan *plan = NULL;
    struct trawl_err err = {0};

    trawl_extract_init();
    if (trawl_plan_compile(rules, &plan, &err) < 0)
        abort();
    return plan;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct trawl_plan *plan;
    const struct trawl_sink sink = {.item = on_item, .link = on_link};
    TRAWL_AUTO_FREE char *body = trawl_xalloc(size + 1);
    struct trawl_response response = {
        .size = sizeof(response), .url = "https://a.example/", .content_type = ""};
    struct trawl_err err = {0};

    if (!plan)
        plan = make_plan();
    /* A body may hold NULs, and is followed by one. */
    for (size_t i = 0; i < size; i++)
        body[i] = (char)data[i];
    response.body = body;
    response.body_len = size;
    trawl_plan_run(plan, &response, &sink, &err);
    return 0;
}
