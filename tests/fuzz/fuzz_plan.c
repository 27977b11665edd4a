/* A selector on the first line, and a page: run in one pass and over the tree, which must give the same. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "extract/plan.h"
#include "extract/plan_priv.h"
#include "util/alloc.h"
#include "util/buf.h"
#include "util/json.h"

/* More than what any plan makes of a page as large as the fuzzer's. */
#define SAID_MAX (64u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int on_item(void *user, const char *key, json_t *item)
{
    trawl_buf_printf(user, "%s ", key);
    return trawl_json_write(user, item, TRAWL_JSON_COMPACT);
}

static int on_link(void *user, const char *url)
{
    return trawl_buf_printf(user, "-> %s\n", url);
}

/* The selector in all its uses, and next to some others. NULL if it is none. */
static struct trawl_plan *make_plan(const char *select)
{
    json_auto_t *rules = json_pack(
        "{s:[s,{s:s,s:s}], s:s, s:{s:s, s:{s:s,s:b}, s:{s:s,s:s}, s:s, s:{s:s,s:b,s:b}}, s:[s]}",
        "follow", select, "select", "a, link", "same", "any", "rows", select, "fields", "first",
        select, "all", "select", select, "all", 1, "class", "select", select, "attr", "class",
        "self", ".", "urls", "select", "::attr(href)", "all", 1, "url", 1, "key", "self");
    struct trawl_plan *plan = NULL;
    struct trawl_err err = {0};

    if (rules && trawl_plan_compile(rules, &plan, &err) == 0)
        return plan;
    return NULL;
}

static int run(struct trawl_plan *plan, const struct trawl_response *response,
               struct trawl_buf *said, struct trawl_err *err)
{
    const struct trawl_sink sink = {.item = on_item, .link = on_link, .user = said};

    trawl_buf_init(said, SAID_MAX);
    return trawl_plan_run(plan, response, &sink, err);
}

static void compare(struct trawl_plan *plan, const struct trawl_response *response)
{
    struct plan_select *select = plan->select;
    struct trawl_err pass_err = {0};
    struct trawl_err tree_err = {0};
    struct trawl_buf pass;
    struct trawl_buf tree;
    int pass_r = run(plan, response, &pass, &pass_err);
    int tree_r;

    plan->select = NULL;
    tree_r = run(plan, response, &tree, &tree_err);
    plan->select = select;
    if (pass_r != tree_r || strcmp(pass_err.message, tree_err.message) != 0 ||
        strcmp(trawl_buf_text(&pass), trawl_buf_text(&tree)) != 0) {
        fprintf(stderr, "one pass: %d %s\n%s\ntree: %d %s\n%s\n", pass_r, pass_err.message,
                trawl_buf_text(&pass), tree_r, tree_err.message, trawl_buf_text(&tree));
        abort();
    }
    trawl_buf_finish(&pass);
    trawl_buf_finish(&tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool ready;
    TRAWL_AUTO_FREE char *input = trawl_xalloc(size + 1);
    struct trawl_response response = {
        .size = sizeof(response), .url = "https://a.example/b/", .content_type = ""};
    struct trawl_plan *plan;
    char *page;

    if (!ready)
        trawl_extract_init();
    ready = true;
    memcpy(input, data, size);
    page = memchr(input, '\n', size);
    if (!page)
        return 0;
    *page++ = '\0';
    plan = make_plan(input);
    if (!plan)
        return 0;
    response.body = page;
    response.body_len = size - (size_t)(page - input);
    if (plan->select)
        compare(plan, &response);
    trawl_plan_free(plan);
    return 0;
}
