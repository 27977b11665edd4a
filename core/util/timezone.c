#include "util/timezone.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/alloc.h"
#include "util/fs.h"
#include "util/timezone_priv.h"

#define ZONEINFO "/usr/share/zoneinfo"

/* The longest name in use has 32 characters. */
#define NAME_MAX_LEN 64

/* Longer rules are refused; the longest in use has 44 characters. */
#define RULE_MAX_LEN 128

struct change {
    int64_t at_s;
    int32_t offset_s; /* from then on */
};

struct trawl_timezone {
    int32_t first_offset_s; /* before all changes */
    size_t count;
    struct change *changes;
    bool has_rule; /* behind the last of them; else that one holds for ever */
    struct trawl__timezone_rule rule;
};

/* --- TZif (RFC 8536 section 3) ----------------------------------------------------------------------- */

struct reader {
    const uint8_t *at;
    const uint8_t *end;
};

/* How many of each the data block holds. */
struct counts {
    uint32_t ut_flags;
    uint32_t standard_flags;
    uint32_t leap_seconds;
    uint32_t changes;
    uint32_t types;
    uint32_t name_chars;
};

/* The next `len` bytes, or NULL if there are not so many left. */
static const uint8_t *take(struct reader *reader, uint64_t len)
{
    const uint8_t *taken = reader->at;

    if (len > (uint64_t)(reader->end - reader->at))
        return NULL;
    reader->at += len;
    return taken;
}

static uint32_t get_u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static int64_t get_i64(const uint8_t *at)
{
    return (int64_t)((uint64_t)get_u32(at) << 32 | get_u32(at + 4));
}

/* "TZif", the version, 15 reserved bytes, six counts. */
static int take_header(struct reader *reader, struct counts *ret_counts)
{
    const uint8_t *at = take(reader, 44);

    if (!at || memcmp(at, "TZif", 4) != 0 || at[4] < '2')
        return -EBADMSG;
    ret_counts->ut_flags = get_u32(at + 20);
    ret_counts->standard_flags = get_u32(at + 24);
    ret_counts->leap_seconds = get_u32(at + 28);
    ret_counts->changes = get_u32(at + 32);
    ret_counts->types = get_u32(at + 36);
    ret_counts->name_chars = get_u32(at + 40);
    return 0;
}

/* Times have four bytes in the first data block, for readers of version 1, and eight in the second. */
static uint64_t block_bytes(const struct counts *counts, unsigned time_bytes)
{
    return (uint64_t)counts->changes * (time_bytes + 1) + (uint64_t)counts->types * 6 +
           counts->name_chars + (uint64_t)counts->leap_seconds * (time_bytes + 4) +
           counts->standard_flags + counts->ut_flags;
}

/* A type is an offset, a flag and the place of its name. */
static int get_offset(const uint8_t *types, const struct counts *counts, uint32_t type,
                      int32_t *ret_offset_s)
{
    int32_t offset_s;

    if (type >= counts->types)
        return -EBADMSG;
    offset_s = (int32_t)get_u32(types + (size_t)type * 6);
    if (offset_s < -TRAWL_TIMEZONE_OFFSET_MAX_S || offset_s > TRAWL_TIMEZONE_OFFSET_MAX_S)
        return -EBADMSG;
    *ret_offset_s = offset_s;
    return 0;
}

static int parse_block(struct trawl_timezone *zone, const uint8_t *times,
                       const struct counts *counts)
{
    const uint8_t *indices = times + (size_t)counts->changes * 8;
    const uint8_t *types = indices + counts->changes;
    int r;

    r = get_offset(types, counts, 0, &zone->first_offset_s);
    if (r < 0)
        return r;
    zone->changes = trawl_xalloc(counts->changes * sizeof(*zone->changes));
    for (; zone->count < counts->changes; zone->count++) {
        struct change *change = &zone->changes[zone->count];

        change->at_s = get_i64(times + zone->count * 8);
        if (zone->count > 0 && change->at_s <= change[-1].at_s)
            return -EBADMSG;
        r = get_offset(types, counts, indices[zone->count], &change->offset_s);
        if (r < 0)
            return r;
    }
    return 0;
}

/* A line with the rule, or an empty one. */
static int parse_footer(struct trawl_timezone *zone, struct reader *reader)
{
    const uint8_t *begin = take(reader, 1);
    const uint8_t *end =
        begin ? memchr(reader->at, '\n', (size_t)(reader->end - reader->at)) : NULL;
    char rule[RULE_MAX_LEN + 1] = "";
    size_t len;

    if (!begin || *begin != '\n' || !end)
        return -EBADMSG;
    len = (size_t)(end - reader->at);
    if (len == 0)
        return 0;
    if (len > RULE_MAX_LEN)
        return -EBADMSG;
    memcpy(rule, reader->at, len);
    zone->has_rule = true;
    return trawl__timezone_rule_parse(rule, &zone->rule);
}

static int parse_file(struct trawl_timezone *zone, struct reader *reader)
{
    struct counts counts;
    const uint8_t *block;
    int r;

    r = take_header(reader, &counts);
    if (r < 0)
        return r;
    if (!take(reader, block_bytes(&counts, 4)))
        return -EBADMSG;
    r = take_header(reader, &counts);
    if (r < 0)
        return r;
    block = take(reader, block_bytes(&counts, 8));
    /* Files with leap seconds ("right/…") count time in another way than all other clocks here. */
    if (!block || counts.leap_seconds > 0)
        return -EBADMSG;
    r = parse_block(zone, block, &counts);
    if (r < 0)
        return r;
    return parse_footer(zone, reader);
}

int trawl_timezone_parse(const void *bytes, size_t len, struct trawl_timezone **ret_zone)
{
    struct trawl_timezone *zone = TRAWL_NEW(struct trawl_timezone);
    struct reader reader = {.at = bytes, .end = (const uint8_t *)bytes + len};
    int r;

    r = parse_file(zone, &reader);
    if (r < 0) {
        trawl_timezone_free(zone);
        return r;
    }
    *ret_zone = zone;
    return 0;
}

void trawl_timezone_free(struct trawl_timezone *zone)
{
    if (!zone)
        return;
    free(zone->changes);
    free(zone);
}

/* --- finding a file ---------------------------------------------------------------------------------- */

/* No dots, so no name leaves the folder. */
static bool is_name(const char *name)
{
    static const char known[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";
    size_t len = strlen(name);

    return len > 0 && len <= NAME_MAX_LEN && strspn(name, known) == len && name[0] != '/' &&
           name[len - 1] != '/' && !strstr(name, "//");
}

static int explain(int r, const char *name, struct trawl_err *err)
{
    if (access(ZONEINFO, R_OK) < 0)
        return trawl_err_set(err, -ENOENT, "",
                             "the time zone '%s' needs the files of the package tzdata in " ZONEINFO
                             "; without them there is only 'UTC'",
                             name);
    if (r == -ENOENT || r == -ENOTDIR || r == -EISDIR)
        return trawl_err_set(err, -ENOENT, "",
                             "there is no time zone '%s' in " ZONEINFO
                             "; expected an IANA name such as 'Europe/Berlin', in its own case",
                             name);
    return trawl_err_set(err, r, "", "the time zone '%s' cannot be read: " ZONEINFO "/%s: %s", name,
                         name, strerror(-r));
}

int trawl_timezone_load(const char *name, struct trawl_timezone **ret_zone, struct trawl_err *err)
{
    TRAWL_AUTO_FREE char *path = NULL;
    TRAWL_AUTO_FREE char *bytes = NULL;
    size_t len = 0;
    int r;

    if (strcmp(name, "UTC") == 0) {
        *ret_zone = TRAWL_NEW(struct trawl_timezone);
        return 0;
    }
    if (!is_name(name))
        return trawl_err_set(err, -EINVAL, "",
                             "'%.64s' is no name of a time zone; expected an IANA name such as "
                             "'Europe/Berlin', or 'UTC'",
                             name);
    path = trawl_fs_join(ZONEINFO, name);
    r = trawl_fs_read(path, TRAWL_TIMEZONE_FILE_MAX, &bytes, &len);
    if (r < 0)
        return explain(r, name, err);
    if (trawl_timezone_parse(bytes, len, ret_zone) < 0)
        return trawl_err_set(err, -EBADMSG, "",
                             "%s is no time zone; expected a TZif file of version 2 or later, "
                             "without leap seconds",
                             path);
    return 0;
}

/* --- using it ---------------------------------------------------------------------------------------- */

/* How many changes have been made by then. */
static size_t changes_until(const struct trawl_timezone *zone, int64_t utc_s)
{
    size_t low = 0;
    size_t high = zone->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (zone->changes[middle].at_s <= utc_s)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int32_t trawl_timezone_offset(const struct trawl_timezone *zone, int64_t utc_s,
                              int64_t *ret_until_s)
{
    size_t done = changes_until(zone, utc_s);

    if (done == zone->count && zone->has_rule)
        return trawl__timezone_rule_offset(&zone->rule, utc_s, ret_until_s);
    *ret_until_s = done < zone->count ? zone->changes[done].at_s : TRAWL_TIMEZONE_NEVER;
    return done > 0 ? zone->changes[done - 1].offset_s : zone->first_offset_s;
}

int64_t trawl_timezone_first(const struct trawl_timezone *zone, int64_t local_s)
{
    int64_t from_s = local_s - TRAWL_TIMEZONE_OFFSET_MAX_S; /* no clock shows it earlier */

    for (;;) {
        int64_t until_s;
        int64_t utc_s = local_s - trawl_timezone_offset(zone, from_s, &until_s);

        if (utc_s < from_s) /* the change at from_s went beyond it */
            return from_s;
        if (utc_s < until_s)
            return utc_s;
        from_s = until_s;
    }
}
