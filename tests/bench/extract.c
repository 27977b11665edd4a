/* What extraction alone costs: reads all HTML files below some folders and runs one plan over each of them, in one pass
 * and over the tree by turns, so that whatever else the machine does falls on both alike.
 *
 *   build/tests/bench_extract /usr/share/doc/python3.11/html …
 */
#include <fts.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "extract/plan.h"
#include "extract/plan_priv.h"
#include "util/alloc.h"
#include "util/fs.h"

/* The largest page of Debian's documentation packages has 6 MB. */
#define PAGE_MAX (64u << 20)

static const char rules_text[] = "{\"follow\": [{\"select\": \"a\"}],"
                                 " \"fields\": {\"title\": \"title\", \"h1\": \"h1\"}}";

struct cost {
    double seconds;
    size_t items;
    size_t links;
};

static int on_item(void *user, const char *key, json_t *item)
{
    struct cost *cost = user;

    (void)key;
    (void)item;
    cost->items++;
    return 0;
}

static int on_link(void *user, const char *url)
{
    struct cost *cost = user;

    (void)url;
    cost->links++;
    return 0;
}

static double cpu_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void run(struct trawl_plan *plan, const struct trawl_response *response, struct cost *cost)
{
    const struct trawl_sink sink = {.item = on_item, .link = on_link, .user = cost};
    struct trawl_err err = {0};
    double start = cpu_seconds();

    if (trawl_plan_run(plan, response, &sink, &err) < 0)
        fprintf(stderr, "%s: %s: %s\n", response->url, err.where, err.message);
    cost->seconds += cpu_seconds() - start;
}

static void run_over_tree(struct trawl_plan *plan, const struct trawl_response *response,
                          struct cost *cost)
{
    struct plan_select *select = plan->select;

    plan->select = NULL;
    run(plan, response, cost);
    plan->select = select;
}

static bool is_page(const FTSENT *entry)
{
    const char *dot = strrchr(entry->fts_name, '.');

    return entry->fts_info == FTS_F && dot &&
           (strcmp(dot, ".html") == 0 || strcmp(dot, ".htm") == 0);
}

static void report(const char *way, const struct cost *cost, size_t pages, size_t bytes)
{
    printf("%s: %.2f ms/MB, %.3f s per 1,000 pages; %zu items, %zu links\n", way,
           cost->seconds * 1e9 / (double)bytes, cost->seconds * 1e3 / (double)pages, cost->items,
           cost->links);
}

int main(int argc, char **argv)
{
    json_auto_t *rules = json_loads(rules_text, 0, NULL);
    struct trawl_plan *plan = NULL;
    struct trawl_err err = {0};
    struct cost pass = {0};
    struct cost tree = {0};
    size_t pages = 0;
    size_t bytes = 0;
    FTSENT *entry;
    FTS *files;

    trawl_extract_init();
    if (argc < 2 || trawl_plan_compile(rules, &plan, &err) < 0)
        return 2;
    files = fts_open(argv + 1, FTS_LOGICAL | FTS_NOCHDIR, NULL);
    while (files && (entry = fts_read(files))) {
        TRAWL_AUTO_FREE char *url = NULL;
        TRAWL_AUTO_FREE char *body = NULL;
        struct trawl_response response = {.size = sizeof(response), .content_type = "text/html"};

        if (!is_page(entry) ||
            trawl_fs_read(entry->fts_path, PAGE_MAX, &body, &response.body_len) < 0)
            continue;
        url = trawl_xasprintf("http://127.0.0.1%s", entry->fts_path);
        response.url = url;
        response.body = body;
        pages++;
        bytes += response.body_len;
        run(plan, &response, &pass);
        run_over_tree(plan, &response, &tree);
    }
    if (files)
        fts_close(files);
    trawl_plan_free(plan);
    if (pages == 0)
        return 1;
    printf("%zu pages, %.1f MB\n", pages, (double)bytes / 1e6);
    report("one pass", &pass, pages, bytes);
    report("tree", &tree, pages, bytes);
    return 0;
}
