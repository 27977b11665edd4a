/* The figures of a platform in one run: how many items it met, and how many of them have each top-level field filled, which is
 * with anything but null, "", [] and {}. Later runs are compared by them. */
#ifndef TRAWL_STORE_FIGURES_H
#define TRAWL_STORE_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where names of fields are data, an item brings new ones again and again. Of so many fields nobody has written the rules, and
 * none has a longer name: what goes beyond is not counted. */
#define TRAWL_FIGURES_FIELDS_MAX 256
#define TRAWL_FIGURES_NAME_MAX   128

struct trawl_filled {
    char *name;
    uint64_t items; /* that have it filled; never 0 */
};

struct trawl_figures {
    uint64_t items;
    struct trawl_filled *fields; /* sorted by name */
    size_t field_count;
    bool more; /* there were fields beyond the limits */
};

void trawl_figures_finish(struct trawl_figures *figures);

/* One more item has this field filled. */
void trawl_figures_count(struct trawl_figures *figures, const char *name);

/* How many items have it filled. */
uint64_t trawl_figures_filled(const struct trawl_figures *figures, const char *name);

/* The fields as a JSON object, {name: items}; never NULL, free with free(). And back, into figures that have none:
 * 0 or -EINVAL. `more` is not told. */
char *trawl_figures_text(const struct trawl_figures *figures);
int trawl_figures_read(struct trawl_figures *figures, const char *text, size_t len);

/* Most of one record. */
#define TRAWL_RECORD_NORMAL_MAX  10
#define TRAWL_RECORD_SUSPECT_MAX 2

/* What a run has met, and what it is compared with. */
struct trawl_record {
    struct trawl_figures now;
    struct trawl_figures
        normal[TRAWL_RECORD_NORMAL_MAX]; /* of the last runs that were not suspect, newest first */
    size_t normal_count;
    struct trawl_figures suspect
        [TRAWL_RECORD_SUSPECT_MAX]; /* of the last of those that were, since then; newest first */
    size_t suspect_count;
};

void trawl_record_finish(struct trawl_record *record);

#endif
