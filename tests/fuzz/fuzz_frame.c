/* Any bytes as the stream of a channel: frames are inside what was read, and reading always comes to an end. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "ipc/channel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct trawl_frame frame;
    size_t at = 0;
    size_t used;

    while (trawl_frame_parse(data + at, size - at, &frame, &used) > 0) {
        const char *end = frame.payload + frame.len;

        if (used == 0 || frame.type == 0 || end > (const char *)data + size)
            abort();
        at += used;
    }
    return 0;
}
