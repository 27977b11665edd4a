/* Runs a plan in one pass and over the tree: both must give the same to the byte, also when they fail. */
#ifndef TRAWL_TESTS_BOTH_WAYS_H
#define TRAWL_TESTS_BOTH_WAYS_H

#include "extract/plan_priv.h"
#include "fake_host.h"

static inline int both_ways_on_item(void *user, const char *key, json_t *item)
{
    return fake_item(user, key, item);
}

static inline int both_ways_on_link(void *user, const char *url)
{
    struct trawl_request request = {.size = sizeof(request), .url = url};

    return fake_request(user, &request);
}

static const struct trawl_sink both_ways_sink = {
    .item = both_ways_on_item, .link = both_ways_on_link, .user = &fake_job};

/* What was emitted and then "where: message". Borrowed until the next call. */
static inline const char *fake_plan_run(struct trawl_plan *plan,
                                        const struct trawl_response *response)
{
    struct trawl_err err = {0};

    fake_reset();
    if (trawl_plan_run(plan, response, &both_ways_sink, &err) < 0)
        trawl_buf_printf(&fake_job.said, "%s: %s", err.where, err.message);
    return trawl_buf_text(&fake_job.said);
}

/* The same over the tree, whatever the plan could do. */
static inline const char *fake_plan_run_over_tree(struct trawl_plan *plan,
                                                  const struct trawl_response *response)
{
    struct plan_select *select = plan->select;
    const char *said;

    plan->select = NULL;
    said = fake_plan_run(plan, response);
    plan->select = select;
    return said;
}

/* The test fails if the two ways differ. Borrowed until the next call. */
static inline const char *fake_plan_run_both_ways(struct trawl_plan *plan,
                                                  const struct trawl_response *response)
{
    char *over_tree = strdup(fake_plan_run_over_tree(plan, response));
    size_t skipped = trawl_plan_skipped(plan);
    const char *said = fake_plan_run(plan, response);

    if (strcmp(said, over_tree) != 0)
        fail_msg("over\n%.*s\none pass gives\n%s\nand the tree\n%s", (int)response->body_len,
                 response->body, said, over_tree);
    assert_int_equal(trawl_plan_skipped(plan), skipped);
    free(over_tree);
    return said;
}

#endif
