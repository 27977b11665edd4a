/* Heads of WebSocket frames (RFC 6455, 5.2), as a server sends them: final, unmasked text. */
#ifndef TRAWL_GATEWAY_FRAME_H
#define TRAWL_GATEWAY_FRAME_H

#include <stddef.h>
#include <stdint.h>

#define FRAME_HEAD_MAX 10

/* Write the head of a text message of `len` bytes; its length, 2 to 10. */
static inline size_t frame_head(uint8_t head[FRAME_HEAD_MAX], size_t len)
{
    head[0] = 0x81; /* FIN, text */
    if (len < 126) {
        head[1] = (uint8_t)len;
        return 2;
    }
    if (len < 65536) {
        head[1] = 126;
        head[2] = (uint8_t)(len >> 8);
        head[3] = (uint8_t)len;
        return 4;
    }
    head[1] = 127;
    for (int i = 0; i < 8; i++)
        head[2 + i] = (uint8_t)((uint64_t)len >> (56 - 8 * i));
    return 10;
}

#endif
