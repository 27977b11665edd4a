/* Any bytes as a time zone: refused, or a zone whose changes follow one another and whose clocks get everywhere. */
#include <stdint.h>
#include <stdlib.h>

#include "util/alloc.h"
#include "util/timezone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_at(const struct trawl_timezone *zone, int64_t utc_s)
{
    int64_t until_s;
    int32_t offset_s = trawl_timezone_offset(zone, utc_s, &until_s);
    int64_t first_s = trawl_timezone_first(zone, utc_s + offset_s);

    if (abs(offset_s) > TRAWL_TIMEZONE_OFFSET_MAX_S || until_s <= utc_s || first_s > utc_s)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t times_s[] = {-62135596800, -3000000000, 0,           1711846800,
                                      1730000000,   4102444800,  253402300799};
    struct trawl_timezone *zone = NULL;

    if (trawl_timezone_parse(data, size, &zone) < 0)
        return 0;
    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(times_s); i++) {
        int64_t utc_s = times_s[i];

        for (int n = 0; n < 8 && utc_s <= times_s[TRAWL_ARRAY_SIZE(times_s) - 1]; n++) {
            check_at(zone, utc_s);
            trawl_timezone_offset(zone, utc_s, &utc_s);
        }
    }
    trawl_timezone_free(zone);
    return 0;
}
