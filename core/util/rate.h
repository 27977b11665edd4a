/* At most so many in a second. */
#ifndef TRAWL_UTIL_RATE_H
#define TRAWL_UTIL_RATE_H

#include <stdbool.h>
#include <stdint.h>

/* {0} has counted none. */
struct trawl_rate {
    uint32_t second; /* of the monotonic clock, that `count` counts in */
    uint32_t count;
};

/* Count one more, and say whether it is within `most` of this second. */
bool trawl_rate_take(struct trawl_rate *rate, uint32_t most);

#endif
