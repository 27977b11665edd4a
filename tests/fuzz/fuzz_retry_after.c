/* Any Retry-After: no fault, and a wait within its limit or none. */
#include <stdint.h>
#include <stdlib.h>

#include "util/alloc.h"
#include "worker/retry_after.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t nows_ms[] = {0, 784111777250, 253402300799999};
    TRAWL_AUTO_FREE char *value = trawl_xstrndup((const char *)data, size);

    for (size_t i = 0; i < TRAWL_ARRAY_SIZE(nows_ms); i++) {
        int64_t ms = trawl_retry_after_ms(value, nows_ms[i]);

        if (ms != TRAWL_RETRY_AFTER_NONE && (ms < 0 || ms > TRAWL_RETRY_AFTER_MAX_MS))
            abort();
    }
    return 0;
}
