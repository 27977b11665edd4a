/* Whether what a run has met of a platform is unlike its last runs, though every page of it was fine: the site's markup has
 * changed, or it shows us something else. A rule, with no state and no clock.
 *
 * The number of items, and the part of them that has a field filled, are held against the lowest and the highest of the last runs
 * that were not suspect. A run may be far off without reason, so the bands are wide: what they are for is breakage, which is not
 * subtle. A site that has really changed is normal again at the third run in a row that says the same.
 */
#ifndef TRAWL_SUPERVISOR_SUSPICION_H
#define TRAWL_SUPERVISOR_SUSPICION_H

#include "store/figures.h"

/* Of fewer runs nobody can tell how far they are apart. */
#define TRAWL_SUSPICION_RUNS_MIN 3

/* Suspect runs in a row, this one included, that agree with each other: that is how the site is now. One may be an accident, and a
 * second the same accident on the next day. */
#define TRAWL_SUSPICION_RUNS_AGREED 3

/* Fewer items than the lowest divided by it, or more than the highest times it. Shops and news change by a third from one day to the
 * next, and a selector that has broken for one part of the pages loses more than half of them. */
#define TRAWL_SUSPICION_ITEMS_FACTOR 2

/* And more apart than this: a list of three items may have one tomorrow. */
#define TRAWL_SUSPICION_ITEMS_SLACK 5

/* A field is filled in a smaller part of the items than the lowest, by more than so many percent of all of them. Optional
 * fields come and go with the items, by some percent. */
#define TRAWL_SUSPICION_FILLED_DROP 20

/* And in more than so many items too few: of five items, two are forty percent. */
#define TRAWL_SUSPICION_FILLED_SLACK 2

/* Fields that are told; a new markup loses them all at once. */
#define TRAWL_SUSPICION_FIELDS_TOLD 5

enum trawl_suspicion {
    TRAWL_SUSPICION_NONE,
    TRAWL_SUSPICION_SUSPECT,
    TRAWL_SUSPICION_AGREED, /* it would be, but so were the runs before it, and like this one: it is normal now */
};

/* *ret_why: what is unlike, with figures, which the caller frees; NULL for NONE. */
enum trawl_suspicion trawl_suspicion_judge(const struct trawl_record *record, char **ret_why);

#endif
