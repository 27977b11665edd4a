/* Time zones by their IANA names ("Europe/Berlin"): the offset from UTC at any moment.
 *
 * The C library knows one zone for the whole process; this reads the same files (TZif, RFC 8536) into objects, which
 * are never changed and so can be used from several threads.
 */
#ifndef TRAWL_UTIL_TIMEZONE_H
#define TRAWL_UTIL_TIMEZONE_H

#include <stddef.h>
#include <stdint.h>

#include "trawl/err.h"

/* 26 hours: no zone is further from UTC (RFC 8536 section 3.2). */
#define TRAWL_TIMEZONE_OFFSET_MAX_S 93600

/* The largest file that is read. Real ones have below 4 KiB. */
#define TRAWL_TIMEZONE_FILE_MAX 65536

/* The offset changes no more. */
#define TRAWL_TIMEZONE_NEVER INT64_MAX

struct trawl_timezone;

/* Read a zone of the system's zoneinfo folder; "UTC" needs none. *ret_zone is the caller's. -EINVAL: no such name;
 * -ENOENT: no such zone here; -EBADMSG: a broken file; else what reading gave. */
int trawl_timezone_load(const char *name, struct trawl_timezone **ret_zone, struct trawl_err *err);

/* The same from the bytes of such a file: version 2 or later, without leap seconds. 0 or -EBADMSG. */
int trawl_timezone_parse(const void *bytes, size_t len, struct trawl_timezone **ret_zone);

void trawl_timezone_free(struct trawl_timezone *zone);

/* Seconds to add to `utc_s` (since 1970, in the years 1 to 9999) for local time. The offset holds until just before
 * *ret_until_s, which may be TRAWL_TIMEZONE_NEVER; it may then be the same again, as where only the name changes. */
int32_t trawl_timezone_offset(const struct trawl_timezone *zone, int64_t utc_s,
                              int64_t *ret_until_s);

/* When clocks first show a local time, given in seconds as if it were UTC: of a time that comes twice, the first; for a time
 * that is skipped, the moment of the skip. */
int64_t trawl_timezone_first(const struct trawl_timezone *zone, int64_t local_s);

#endif
