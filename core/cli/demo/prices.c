/* The price API: JSON, ten products a page, with the address of the next page in each answer. */
#include <stdio.h>

#include "cli/demo/demo.h"
#include "util/alloc.h"

#define PER_PAGE 10u
#define PAGES    ((DEMO_PRICES + PER_PAGE - 1) / PER_PAGE)

static const char *const kinds[] = {"Kettle",  "Lamp",     "Toaster",  "Radio",
                                    "Blanket", "Backpack", "Notebook", "Bottle",
                                    "Clock",   "Chair",    "Teapot",   "Keyboard"};
static const char *const makes[] = {"Aster", "Birk", "Corvo", "Dala", "Enso", "Fjell", "Gala"};

static void add_product(struct demo_page *page, unsigned number, unsigned edition)
{
    uint64_t seed = demo_mix(number, 11);
    unsigned change = demo_last_change(number + 10000, edition);
    unsigned cents = 999 + 100 * (unsigned)(seed % 180);

    if (change > 0)
        cents = cents * (75 + (unsigned)(demo_mix(number, 11 + (uint64_t)change) % 50)) / 100;
    demo_add(page,
             "{\"id\": %u, \"product\": \"%s %s %u\", \"price\": %u.%02u, \"currency\": \"EUR\", "
             "\"available\": %s}",
             1000 + number, makes[seed / 256 % TRAWL_ARRAY_SIZE(makes)],
             kinds[number % TRAWL_ARRAY_SIZE(kinds)],
             100 + 10 * (number / (unsigned)TRAWL_ARRAY_SIZE(kinds)), cents / 100, cents % 100,
             seed % 9 == 0 ? "false" : "true");
}

static bool prices_is_first(const char *path, const char *query)
{
    return *path == '\0' && demo_query_number(query, "page", 1) == 1;
}

static void prices_page(struct demo_page *page, const char *path, const char *query,
                        unsigned edition)
{
    unsigned number = demo_query_number(query, "page", 1);

    page->content_type = "application/json";
    if (*path != '\0' || number < 1 || number > PAGES) {
        page->status = 404;
        demo_add(page, "{\"error\": \"there is no such page\"}\n");
        return;
    }
    demo_add(page, "{\"page\": %u, \"pages\": %u, \"total\": %u, \"next\": ", number, PAGES,
             DEMO_PRICES);
    if (number < PAGES)
        demo_add(page, "\"/api/prices?page=%u\"", number + 1);
    else
        demo_add(page, "null");
    demo_add(page, ", \"prices\": [\n");
    for (unsigned i = (number - 1) * PER_PAGE + 1; i <= number * PER_PAGE && i <= DEMO_PRICES;
         i++) {
        demo_add(page, "  ");
        add_product(page, i, edition);
        demo_add(page, i < number * PER_PAGE && i < DEMO_PRICES ? ",\n" : "\n");
    }
    demo_add(page, "]}\n");
}

const struct demo_site demo_prices = {
    .prefix = "/api/prices",
    .title = "Price API",
    .about = "JSON: 200 products, ten a page, each page names the next",
    .delay_min_ms = 300,
    .delay_max_ms = 600,
    .is_first = prices_is_first,
    .page = prices_page,
};
