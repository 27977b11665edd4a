#include "supervisor/suspicion.h"

#include "util/alloc.h"
#include "util/buf.h"
#include "util/log.h"

#define WHY_MAX 4096

/* Parts are compared as they come out of a division: what is equal may differ by this. */
#define ROUNDING 1e-9

_Static_assert(TRAWL_RECORD_SUSPECT_MAX >= TRAWL_SUSPICION_RUNS_AGREED - 1, "they are all read");

struct past {
    const struct trawl_figures *runs;
    size_t count;
};

/* From the lowest to the highest of the past runs. */
struct band {
    double low;
    double high;
};

/* --- items --------------------------------------------------------------------------------------- */

static struct band band_of_items(struct past past)
{
    struct band band = {(double)past.runs[0].items, (double)past.runs[0].items};

    for (size_t i = 1; i < past.count; i++) {
        double items = (double)past.runs[i].items;

        band.low = items < band.low ? items : band.low;
        band.high = items > band.high ? items : band.high;
    }
    return band;
}

static bool items_suspicious(const struct trawl_figures *now, struct past past)
{
    struct band band = band_of_items(past);
    double items = (double)now->items;

    if (now->items == 0)
        return band.low > 0;
    if (items < band.low)
        return items * TRAWL_SUSPICION_ITEMS_FACTOR < band.low &&
               band.low - items > TRAWL_SUSPICION_ITEMS_SLACK;
    return items > band.high * TRAWL_SUSPICION_ITEMS_FACTOR &&
           items - band.high > TRAWL_SUSPICION_ITEMS_SLACK;
}

/* --- fields -------------------------------------------------------------------------------------- */

static double part_filled(const struct trawl_figures *figures, const char *name)
{
    return (double)trawl_figures_filled(figures, name) / (double)figures->items;
}

/* A run without items says nothing of their fields. */
static struct band band_of_field(struct past past, const char *name)
{
    struct band band = {1, 0};

    for (size_t i = 0; i < past.count; i++) {
        double part;

        if (past.runs[i].items == 0)
            continue;
        part = part_filled(&past.runs[i], name);
        band.low = part < band.low ? part : band.low;
        band.high = part > band.high ? part : band.high;
    }
    return band;
}

/* A field that no item has is missing, however few items there are; unless it may be among those that were not counted. */
static bool field_suspicious(const struct trawl_figures *now, struct past past, const char *name)
{
    double low = band_of_field(past, name).low;
    double filled = (double)trawl_figures_filled(now, name);
    double part = filled / (double)now->items;

    if (low - part <= TRAWL_SUSPICION_FILLED_DROP / 100.0 + ROUNDING)
        return false;
    if (filled == 0)
        return !now->more;
    return low * (double)now->items - filled > TRAWL_SUSPICION_FILLED_SLACK + ROUNDING;
}

/* A field that is missed is in all past runs: those of any one of them that has items. NULL if none has. */
static const struct trawl_figures *fields_of(const struct trawl_figures *now, struct past past)
{
    for (size_t i = 0; now->items > 0 && i < past.count; i++) {
        if (past.runs[i].items > 0)
            return &past.runs[i];
    }
    return NULL;
}

static bool is_suspicious(const struct trawl_figures *now, struct past past)
{
    const struct trawl_figures *known = fields_of(now, past);

    if (items_suspicious(now, past))
        return true;
    for (size_t i = 0; known && i < known->field_count; i++) {
        if (field_suspicious(now, past, known->fields[i].name))
            return true;
    }
    return false;
}

/* --- what is said -------------------------------------------------------------------------------- */

/* "98 to 100 % in the last 5 runs", and then, as that is known, "98 to 100 % before". */
static void say_band(struct trawl_buf *why, struct band band, const char *unit, struct past past,
                     bool first)
{
    long long low = (long long)(band.low + ROUNDING);
    long long high = (long long)(band.high + ROUNDING);

    if (low == high)
        trawl_buf_printf(why, ", %lld%s", low, unit);
    else
        trawl_buf_printf(why, ", %lld to %lld%s", low, high, unit);
    if (first)
        trawl_buf_printf(why, " in the last %zu runs", past.count);
    else
        trawl_buf_append_text(why, " before");
}

static void say_items(struct trawl_buf *why, const struct trawl_figures *now, struct past past)
{
    trawl_buf_printf(why, "%llu item%s", (unsigned long long)now->items,
                     now->items == 1 ? "" : "s");
    say_band(why, band_of_items(past), "", past, true);
}

static void say_field(struct trawl_buf *why, const struct trawl_figures *now, struct past past,
                      const char *name, bool first)
{
    struct band band = band_of_field(past, name);
    char room[80];

    trawl_buf_printf(why, "%s\"%s\" is filled in %d %%", first ? "" : "; ",
                     trawl_log_quote(room, sizeof(room), name),
                     (int)(part_filled(now, name) * 100 + ROUNDING));
    say_band(why, (struct band){band.low * 100, band.high * 100}, " %", past, first);
}

static void say(struct trawl_buf *why, const struct trawl_figures *now, struct past past)
{
    const struct trawl_figures *known = fields_of(now, past);
    bool items = items_suspicious(now, past);
    size_t fields = 0;

    if (items)
        say_items(why, now, past);
    for (size_t i = 0; known && i < known->field_count; i++) {
        const char *name = known->fields[i].name;

        if (field_suspicious(now, past, name) && fields++ < TRAWL_SUSPICION_FIELDS_TOLD)
            say_field(why, now, past, name, !items && fields == 1);
    }
    if (fields > TRAWL_SUSPICION_FIELDS_TOLD)
        trawl_buf_printf(why, "; and so with %zu more fields",
                         fields - TRAWL_SUSPICION_FIELDS_TOLD);
}

/* --- the verdict --------------------------------------------------------------------------------- */

static bool is_agreed(const struct trawl_record *record)
{
    size_t before = TRAWL_SUSPICION_RUNS_AGREED - 1;

    if (record->suspect_count < before)
        return false;
    for (size_t i = 0; i < before; i++) {
        if (is_suspicious(&record->now, (struct past){&record->suspect[i], 1}))
            return false;
    }
    return true;
}

enum trawl_suspicion trawl_suspicion_judge(const struct trawl_record *record, char **ret_why)
{
    struct past past = {record->normal, record->normal_count};
    struct trawl_buf why;
    bool agreed;

    if (past.count < TRAWL_SUSPICION_RUNS_MIN || !is_suspicious(&record->now, past)) {
        *ret_why = NULL;
        return TRAWL_SUSPICION_NONE;
    }
    agreed = is_agreed(record);
    trawl_buf_init(&why, WHY_MAX);
    say(&why, &record->now, past);
    if (agreed)
        trawl_buf_printf(&why, "; so it was in the %d runs before, and is normal now",
                         TRAWL_SUSPICION_RUNS_AGREED - 1);
    *ret_why = trawl_buf_steal(&why, NULL);
    return agreed ? TRAWL_SUSPICION_AGREED : TRAWL_SUSPICION_SUSPECT;
}
