#include <errno.h>

#include "ipc/channel.h"
#include "ipc/frame.h"
#include "ipc/wire.h"

void trawl__frame_head(uint8_t head[TRAWL_FRAME_HEAD], uint16_t type, uint16_t flags, size_t len)
{
    head = trawl_wire_raw_u32(head, (uint32_t)len);
    head = trawl_wire_raw_u16(head, type);
    trawl_wire_raw_u16(head, flags);
}

int trawl_frame_parse(const void *bytes, size_t len, struct trawl_frame *ret_frame,
                      size_t *ret_used)
{
    struct trawl_wire wire;
    struct trawl_frame frame;

    if (len < TRAWL_FRAME_HEAD) {
        *ret_used = TRAWL_FRAME_HEAD;
        return 0;
    }
    trawl_wire_init(&wire, bytes, TRAWL_FRAME_HEAD);
    frame.len = trawl_wire_get_u32(&wire);
    frame.type = trawl_wire_get_u16(&wire);
    frame.flags = trawl_wire_get_u16(&wire);
    if (frame.len > TRAWL_FRAME_MAX)
        return -EMSGSIZE;
    if (frame.type == 0)
        return -EBADMSG;
    *ret_used = TRAWL_FRAME_HEAD + frame.len;
    if (len < *ret_used)
        return 0;
    frame.payload = (const char *)bytes + TRAWL_FRAME_HEAD;
    *ret_frame = frame;
    return 1;
}
