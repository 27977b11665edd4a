/* Whose fault the crashes of a task's workers are, and when it is enough. No clock, no processes.
 *
 * A crash within a plugin's call for a page is that page's fault. A page that is blamed twice is poison: it is set aside,
 * and the work goes on. What cannot be blamed on a page uses up workers.restarts. Blamed crashes do not, but when too many
 * of them come in a row, with no good page between, the plugin is broken rather than the pages.
 */
#ifndef TRAWL_SUPERVISOR_BLAME_H
#define TRAWL_SUPERVISOR_BLAME_H

#include <stddef.h>

#include "util/hash.h"

/* Crashes of one page that make it poison. */
#define TRAWL_BLAME_POISON 2

/* Pages with a crash to their name that are remembered; the oldest is forgotten for a new one. */
#define TRAWL_BLAME_PAGES_MAX 64

enum trawl_verdict {
    TRAWL_VERDICT_RESTART,
    TRAWL_VERDICT_POISON, /* set the page aside, then restart */
    TRAWL_VERDICT_GIVE_UP,
};

struct trawl_blamed {
    struct trawl_hash page;
    unsigned crashes;
};

/* Initialise with {0}; holds nothing that has to be freed. */
struct trawl_blame {
    unsigned restarts;      /* that no page is to blame for */
    unsigned in_row;        /* crashes of any kind since the last good page */
    unsigned blamed_in_row; /* those of them that a page is to blame for */
    struct trawl_blamed pages[TRAWL_BLAME_PAGES_MAX]; /* the first `page_count`, oldest first */
    size_t page_count;
};

/* A worker has crashed, through `page` or (NULL) for no known reason. `most`: workers.restarts. */
enum trawl_verdict trawl_blame_crash(struct trawl_blame *blame, unsigned most,
                                     const struct trawl_hash *page);

/* A page was fetched and extracted. */
void trawl_blame_good_page(struct trawl_blame *blame);

#endif
