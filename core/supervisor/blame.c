#include "supervisor/blame.h"

#include <string.h>

static void forget(struct trawl_blame *blame, size_t i)
{
    blame->page_count--;
    memmove(&blame->pages[i], &blame->pages[i + 1],
            (blame->page_count - i) * sizeof(blame->pages[0]));
}

static size_t find(struct trawl_blame *blame, const struct trawl_hash *page)
{
    size_t i = 0;

    while (i < blame->page_count && !trawl_hash_equal(blame->pages[i].page, *page))
        i++;
    if (i < blame->page_count)
        return i;
    if (i == TRAWL_BLAME_PAGES_MAX) {
        forget(blame, 0);
        i--;
    }
    blame->pages[i] = (struct trawl_blamed){.page = *page};
    blame->page_count++;
    return i;
}

static enum trawl_verdict crash_of_page(struct trawl_blame *blame, unsigned most,
                                        const struct trawl_hash *page)
{
    size_t i = find(blame, page);

    if (++blame->blamed_in_row > TRAWL_BLAME_POISON * most)
        return TRAWL_VERDICT_GIVE_UP;
    if (++blame->pages[i].crashes < TRAWL_BLAME_POISON)
        return TRAWL_VERDICT_RESTART;
    forget(blame, i);
    return TRAWL_VERDICT_POISON;
}

enum trawl_verdict trawl_blame_crash(struct trawl_blame *blame, unsigned most,
                                     const struct trawl_hash *page)
{
    blame->in_row++;
    if (page)
        return crash_of_page(blame, most, page);
    if (blame->restarts >= most)
        return TRAWL_VERDICT_GIVE_UP;
    blame->restarts++;
    return TRAWL_VERDICT_RESTART;
}

void trawl_blame_good_page(struct trawl_blame *blame)
{
    blame->in_row = 0;
    blame->blamed_in_row = 0;
}
