#include "util/rate.h"

#include "util/clock.h"

bool trawl_rate_take(struct trawl_rate *rate, uint32_t most)
{
    uint32_t second = (uint32_t)(trawl_mono_ns() / 1000000000u);

    if (rate->second != second)
        *rate = (struct trawl_rate){.second = second};
    if (rate->count >= most)
        return false;
    rate->count++;
    return true;
}
