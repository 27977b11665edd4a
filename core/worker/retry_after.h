/* The Retry-After header (RFC 9110 section 10.2.3): how long a site asks to be left alone. */
#ifndef TRAWL_WORKER_RETRY_AFTER_H
#define TRAWL_WORKER_RETRY_AFTER_H

#include <stdint.h>

/* A longer wish is cut to this: what is asked for next week is no retry of this run. */
#define TRAWL_RETRY_AFTER_MAX_MS 86400000

/* The header asks for nothing that can be understood. */
#define TRAWL_RETRY_AFTER_NONE (-1)

/* The milliseconds from `now_ms` (since 1970) that `value`, seconds or an HTTP-date, asks for: 0 if the date is over, at most
 * TRAWL_RETRY_AFTER_MAX_MS, or TRAWL_RETRY_AFTER_NONE. As the site's clock may differ from ours, `now_ms` is best taken from
 * the response's own Date, where it has one. */
int64_t trawl_retry_after_ms(const char *value, int64_t now_ms);

#endif
