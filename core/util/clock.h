/* Time. Wall time for what people read, monotonic time for what is measured or waited for. */
#ifndef TRAWL_UTIL_CLOCK_H
#define TRAWL_UTIL_CLOCK_H

#include <stdint.h>

/* Milliseconds since 1970-01-01T00:00:00Z. */
int64_t trawl_now_ms(void);

/* Nanoseconds of a clock that never goes back; its zero means nothing. */
uint64_t trawl_mono_ns(void);

/* "2026-01-31T12:00:00.123Z" (RFC 3339, UTC, milliseconds) and its NUL. */
#define TRAWL_TIMESTAMP_SIZE 32
void trawl_timestamp(char stamp[TRAWL_TIMESTAMP_SIZE], int64_t ms);

#endif
